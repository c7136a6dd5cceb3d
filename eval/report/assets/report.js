// Filters the misses, and opens the one that the address names. The page reads well without it.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const all = [...document.querySelectorAll("#miss-list .miss")];
  const texts = all.map((m) => m.textContent.toLowerCase());
  const [words, kind, past, count] = ["words", "kind", "past", "count"].map((id) => document.getElementById(id));
  const apply = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    all.forEach((m, i) => {
      m.hidden = !(
        asked.every((w) => texts[i].includes(w)) &&
        (!kind.value || m.dataset.kind === kind.value) &&
        Number(m.dataset.rank) > Number(past.value)
      );
      shown += !m.hidden;
    });
    count.textContent = `${shown} of ${all.length}`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (e) => e.preventDefault());
  const open = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.classList.contains("miss")) {
      named.open = true;
      named.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  document.addEventListener("toggle", (e) => {
    if (e.target.open && e.target.classList.contains("miss")) history.replaceState(null, "", `#${e.target.id}`);
  }, true);
  document.addEventListener("keydown", (e) => {
    if (!"jk".includes(e.key) || /input|select/i.test(e.target.tagName)) return;
    const visible = all.filter((m) => !m.hidden);
    const at = visible.findIndex((m) => m.open);
    const next = visible[at + (e.key === "j" ? 1 : -1)];
    if (!next) return;
    if (at >= 0) visible[at].open = false;
    next.open = true;
    next.scrollIntoView();
  });
  apply();
  open();
})();
