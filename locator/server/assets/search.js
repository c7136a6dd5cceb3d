// Code search.

import { get } from "./api.js";
import { byId, count, fill, folder, h, problem, say } from "./dom.js";
import { place } from "./link.js";

export async function search(main, where, signal) {
  const asked = where.query.get("q") ?? "";
  const input = h("input", { id: "query", type: "search", value: asked, maxlength: 2000, "aria-label": "Search the code",
    placeholder: 'retry "timed out after" lang:go -path:vendor' });
  const by = h("select", { "aria-label": "What ranks", title: "What ranks: the words, what summaries mean, or both" },
    ["both", "words", "meaning"].map((value) => h("option", { value }, value === "both" ? "words and meaning" : value)));
  by.value = where.query.get("by") ?? "both";
  const results = h("div", { class: "results" });
  fill(main, h("div", { class: "page" }, h("h1", {}, "Search the code"), h("form", { class: "row asking", onsubmit: (e) => {
    e.preventDefault();
    const next = link(input.value, by.value);
    if (next === location.hash) load(input.value, by.value, results, signal);
    else location.hash = next;
  } }, input, by, h("button", { class: "main" }, "Search")), results));
  if (!asked) input.focus();
  await load(asked, by.value, results, signal);
}

const EXAMPLES = [
  ["retry failed payment", "words, best first"],
  ['"connection refused"', "this exact text"],
  ["symbol:OrderService", "where a name is defined"],
  ["timeout lang:go -path:vendor", "narrowed"],
];
const PAGE = 30;

const link = (query, by = "both") => `#/search?q=${encodeURIComponent(query)}${by === "both" ? "" : `&by=${by}`}`;

async function load(asked, by, results, signal, limit = PAGE) {
  if (!asked.trim()) {
    fill(results, h("div", {}, h("p", { class: "dim" }, "For example:"), h("ul", { class: "entries" }, EXAMPLES.map(([query, what]) =>
      h("li", {}, h("a", { href: link(query) }, query), h("span", { class: "dim" }, what))))));
    return;
  }
  if (limit === PAGE) fill(results, h("p", { class: "dim" }, "…"));
  try {
    const found = await get("/v1/search", { q: asked, limit, by }, signal);
    say(count(found.total, "file"));
    const rest = found.total - found.files.length;
    fill(results,
      h("p", { class: "dim" }, `${found.more ? "at least " : ""}${count(found.total, "file")} of ${found.searched.toLocaleString("en")} in ${found.seconds.toFixed(2)} s`),
      found.notes.map((n) => h("p", { class: "note" }, n)), facets(asked, by, found.files), found.files.map(hit),
      rest > 0 ? h("p", { class: "row" }, limit < 100
        ? h("button", { type: "button", onclick: () => load(asked, by, results, signal, Math.min(100, limit + PAGE)) }, `Show more (${rest.toLocaleString("en")} left)`)
        : h("span", { class: "dim" }, `The best ${found.files.length} are shown: narrow the search to see others.`)) : null,
      found.files.length ? null : h("div", { class: "empty" }, h("h2", {}, "No results"), h("p", {}, "Try fewer words, the words without quotes, or fewer filters; for a whole bug report use ",
        h("a", { href: "#/" }, "Locate"), ".")));
    if (limit === PAGE) byId("query")?.blur();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(results, problem(error));
  }
}

/** What the files shown fall into, each a click that narrows the search. */
function facets(asked, by, files) {
  const rows = [["Repository", "repo:", (f) => f.repo], ["Language", "lang:", (f) => f.language], ["Folder", "path:", (f) => f.path.split("/").slice(0, -1)[0] ?? ""]];
  return rows.map(([title, filter, of]) => {
    const counts = new Map();
    for (const f of files) if (of(f)) counts.set(of(f), (counts.get(of(f)) ?? 0) + 1);
    if (counts.size < 2) return null;
    const best = [...counts].sort((x, y) => y[1] - x[1]).slice(0, 8);
    return h("p", { class: "facets" }, h("span", { class: "name" }, title), best.map(([name, n]) =>
      h("a", { class: "pill", href: link(`${asked} ${filter}${/\s/.test(name) ? `"${name}"` : name}`, by) }, `${name} ${n}`)));
  });
}

function hit(f) {
  const [directory, name] = folder(f.path);
  return h("article", {}, h("h2", {}, h("a", { href: place(f.repo, f.path, f.lines[0]?.number ?? 0) }, name),
    h("span", { class: "where" }, h("b", {}, f.repo), directory ? ` ${directory}/` : "")),
  f.symbol ? h("p", { class: "dim" }, `in ${f.symbol.kind} ${f.symbol.qualname}`) : null,
  f.nearness ? h("p", { class: "dim" }, `near in meaning: ${f.nearness.toFixed(2)}`) : null,
  f.summary ? h("p", { class: "summary" }, f.summary) : null,
  h("div", { class: "code short" }, f.lines.map((l, n) => h("div", { class: n && l.number > f.lines[n - 1].number + 1 ? "line after" : "line" },
    h("a", { class: "number", href: place(f.repo, f.path, l.number) }, l.number), h("code", {}, marked(l))))));
}

/** A line with what was asked for marked. Places are counted in characters, as Python does. */
function marked({ text, spans }) {
  const characters = [...text], out = [];
  let at = 0;
  for (const [start, end] of spans ?? []) {
    if (start < at) continue;
    out.push(characters.slice(at, start).join(""), h("mark", {}, characters.slice(start, end).join("")));
    at = end;
  }
  return [...out, characters.slice(at).join("")];
}
