// An answer: repositories and directories to narrow it by, files by rank, and the chosen file with its evidence.

import { post } from "./api.js";
import { codeView, wrapButton } from "./code.js";
import { ago, bar, breakable, copy, count, fill, folder, h, percent, problem } from "./dom.js";
import { place } from "./link.js";
import { wordsOf } from "./paint.js";

const SURE = { confident: "good", likely: "fair", unsure: "poor" };

const VAGUE = ["files", "familiar"]; // voters for a repository that have nothing to show: shown only for want of others

const reasons = (evidence) => {
  const told = evidence.filter((e) => !VAGUE.includes(e.voter));
  return (told.length ? told : evidence).map((e) => e.text).join("; ");
};

export async function answerView(main, { packed, asked, answer, file, line, edit }, signal) {
  const state = { repo: "", directory: "", all: false, chosen: null, steps: [], step: -1, view: null };
  const detail = h("section", { class: "detail", "aria-label": "Chosen file" });
  const narrowing = h("div", {});
  const list = h("ol", { class: "files", "aria-label": "Files, best first" });
  const head = h("h2", {}, "Files");
  const words = wordsOf(asked.report);
  document.title = `${answer.title} · Bugatlas`;

  const commit = (repo) => answer.routes.find((r) => r.repo === repo)?.commit;
  const visible = () => answer.files.filter((f) => (!state.repo || f.repo === state.repo)
    && (!state.directory || folder(f.path)[0] === state.directory));

  function narrow(repo, directory = "") {
    Object.assign(state, { repo, directory });
    fill(narrowing, repositories(), directories());
    files();
  }

  function repositories() {
    const held = (r) => answer.files.filter((f) => f.repo === r.repo).length;
    const listed = answer.routes.filter(held);
    const rest = [...answer.routes.filter((r) => !held(r)), ...(answer.also ?? [])];
    if (!listed.length && !rest.length) return null;
    return h("section", {}, h("h2", {}, "Repositories"), h("ul", { class: "routes" }, listed.map((r, i) =>
      h("li", { class: i || state.repo ? null : "first" }, h("button", {
        type: "button", "aria-pressed": state.repo === r.repo ? "true" : "false", onclick: () => narrow(state.repo === r.repo ? "" : r.repo),
      }, h("span", { class: "name" }, r.repo), bar(r.score, `score ${percent(r.score)}`), h("span", { class: "dim" }, held(r))),
      h("p", { class: "why" }, reasons(r.evidence)), fresh(r)))),
    rest.length ? h("p", { class: "dim" }, `Also considered: ${rest.map((r) => r.repo).join(", ")}`) : null);
  }

  function directories() {
    const found = answer.directories.filter((d) => !state.repo || d.repo === state.repo);
    if (!state.repo) return null;
    const about = answer.routes.find((r) => r.repo === state.repo)?.summary;
    return h("section", {}, about ? h("p", { class: "about" }, about) : null, h("h2", {}, "Directories"), h("ul", { class: "routes" }, found.map((d) =>
      h("li", {}, h("button", {
        type: "button", "aria-pressed": state.directory === d.path ? "true" : "false",
        onclick: () => narrow(d.repo, state.directory === d.path ? "" : d.path),
      }, h("span", { class: "name path" }, `${d.path || "."}/`), bar(d.score, `score ${percent(d.score)}`), h("span", { class: "dim" }, d.files))))));
  }

  function files() {
    fill(head, state.repo ? `Files in ${state.directory || state.repo}` : "Files");
    const all = visible();
    const most = state.all ? all.length : matchMedia("(max-width: 899px)").matches ? 5 : 12;
    const rest = all.length - most;
    fill(list, all.slice(0, most).map((f) => {
      const [directory, name] = folder(f.path);
      return h("li", {}, h("button", {
        type: "button", "aria-current": f === state.chosen ? "true" : null, data: { key: key(f) }, onclick: () => choose(f),
      },
      h("span", { class: "rank" }, answer.files.indexOf(f) + 1),
      h("span", { class: "what" }, h("span", { class: "name" }, name),
        h("span", { class: "where" }, h("b", {}, f.repo), " ", breakable(directory ? `${directory}/` : "")),
        h("span", { class: "why" }, f.evidence[0]?.text ?? "")),
      bar(f.score, `score ${percent(f.score)}`)));
    }), rest > 0 ? h("li", {}, h("button", { type: "button", class: "rest", onclick: () => { state.all = true; files(); } },
      h("span"), `${rest} more`)) : null);
  }

  async function choose(f, at = 0, first = false) {
    state.chosen = f;
    for (const b of list.querySelectorAll("button")) {
      if (b.dataset.key === key(f)) b.setAttribute("aria-current", "true");
      else b.removeAttribute("aria-current");
    }
    link(f, at);
    const marks = new Map();
    for (const e of f.evidence) if (e.line > 1) marks.set(e.line, [...(marks.get(e.line) ?? []), e.text]);
    state.steps = [...marks.keys()].sort((a, b) => a - b);
    state.step = -1;
    const pointed = f.evidence.find((e) => e.voter.startsWith("at:") && e.line > 0)?.line;
    const focus = at || pointed || f.symbols[0]?.start || state.steps[0] || 1;
    const code = h("div", { class: "waiting" }, "…");
    fill(detail, heading(f), h("div", { class: "sides" }, code, about(f)));
    if (!first && matchMedia("(max-width: 899px)").matches) detail.scrollIntoView();
    try {
      const view = await codeView({
        repo: f.repo, path: f.path, at: commit(f.repo), marks, ranges: f.symbols.slice(0, 1), focus, words, signal,
      });
      if (state.chosen !== f) return;
      state.view = view;
      code.replaceWith(view.box);
      const host = detail.querySelector(".host");
      if (view.url) fill(host, h("a", { class: "button", href: view.url, rel: "noreferrer", target: "_blank" }, "Open at the code host"));
      await view.reveal(focus, false);
    } catch (error) {
      if (error.name !== "AbortError") code.replaceWith(problem(error));
    }
  }

  function heading(f) {
    const [directory, name] = folder(f.path);
    const best = f.symbols[0];
    return h("header", {},
      h("p", { class: "crumbs" }, h("a", { href: place(f.repo) }, f.repo), " / ",
        directory ? [h("a", { href: place(f.repo, directory) }, breakable(directory)), " / "] : null,
        h("a", { href: place(f.repo, f.path) }, name),
        best ? [" › ", h("button", { type: "button", class: "function", onclick: () => go(f, best.start) }, best.qualname)] : null),
      h("h2", {}, h("a", { href: place(f.repo, f.path) }, name)),
      h("p", { class: "row" }, h("span", { class: "host" }), wrapButton(),
        h("button", { type: "button", onclick: (e) => copy(f.path, e.currentTarget) }, "Copy path")));
  }

  function about(f) {
    const jump = (n) => h("button", { type: "button", class: "jump", onclick: () => go(f, n) }, `line ${n}`);
    const most = Math.max(...f.evidence.map((e) => e.weight), 0.01);
    return h("aside", { class: "notes", "aria-label": "Why this file" },
      h("h3", {}, "Why"),
      f.evidence.length ? null : h("p", { class: "dim" }, "Nothing in the report points here directly."),
      h("ul", { class: "evidence" }, f.evidence.map((e) => h("li", {},
        bar(e.weight / most, `weight ${percent(e.weight)}`), h("span", {}, e.text), e.line > 1 ? jump(e.line) : null))),
      whom(f),
      f.symbols.length ? [h("h3", {}, "Functions"), h("ul", { class: "functions" }, f.symbols.map((s) => h("li", {},
        h("button", { type: "button", class: "function", title: s.signature || s.qualname, onclick: () => go(f, s.start) },
          s.qualname, h("span", { class: "dim" }, ` ${s.start}–${s.end}`)))))] : null,
      f.summary ? [h("h3", {}, "What it is"), h("p", { class: "summary" }, f.summary)] : null,
      helpful(f));
  }

  function helpful(f) {
    const box = h("div", { class: "helpful" });
    const vote = (yes) => async () => {
      try {
        const said = await post("/v1/feedback", { report: asked.report, repo: f.repo, path: f.path, helpful: yes,
          rank: Math.min(100, answer.files.indexOf(f) + 1), commit: commit(f.repo) ?? "" });
        fill(box, said.kept ? "Thank you: it is kept for the next evaluation." : "This service keeps no feedback.");
      } catch (error) {
        fill(box, problem(error));
      }
    };
    return fill(box, "Is this the right file? ", h("button", { type: "button", onclick: vote(true) }, "Yes"),
      h("button", { type: "button", onclick: vote(false) }, "No"));
  }

  function go(f, n) {
    link(f, n);
    state.view?.reveal(n);
  }

  function link(f, n = 0) {
    if (packed === "long") return;
    const query = new URLSearchParams({ f: key(f), ...(n ? { l: n } : {}) });
    history.replaceState(null, "", `#/a/${packed}?${query}`);
  }

  document.addEventListener("bugatlas:key", ({ detail: pressed }) => {
    const shown = visible();
    const at = shown.indexOf(state.chosen);
    if (pressed === "j" || pressed === "k") {
      const next = shown[Math.min(shown.length - 1, Math.max(0, at + (pressed === "j" ? 1 : -1)))];
      if (next && next !== state.chosen) {
        state.all ||= shown.indexOf(next) > 4;
        files();
        choose(next);
        list.querySelector("[aria-current]")?.focus();
      }
    } else if ((pressed === "n" || pressed === "p") && state.steps.length) {
      const many = state.steps.length;
      state.step = (state.step + (pressed === "n" ? 1 : state.step < 0 ? 0 : -1) + many) % many;
      go(state.chosen, state.steps[state.step]);
    } else if (pressed === "e") edit();
  }, { signal });

  fill(main, h("div", { class: "answer" },
    h("aside", { class: "path", "aria-label": "Answer" }, verdict(answer, asked, packed, edit),
      answer.files.length ? h("section", {}, head, list) : null, narrowing), detail));
  narrow("");
  const wanted = answer.files.find((f) => key(f) === file) ?? answer.files[0];
  if (wanted) await choose(wanted, wanted === answer.files.find((f) => key(f) === file) ? line : 0, true);
  else fill(detail, h("div", { class: "empty" }, h("h2", {}, "No match"),
    h("p", {}, HELP)));
}

// Which state of a repository was searched.
function fresh(r) {
  if (!r.indexed) return null;
  const moved = r.clone === "moved on" ? h("b", { class: "behind" }, ", has moved on since") : null;
  return h("p", { class: "dim fresh" }, `${r.commit.slice(0, 7)}, indexed ${ago(r.indexed)}`, moved);
}

// Whose the file is, and the last changes of its lines.
function whom(f) {
  if (!f.owners?.length && !f.changes?.length) return null;
  const change = (c) => h("li", {}, c.url ? h("a", { href: c.url, rel: "noreferrer", target: "_blank" }, c.subject) : c.subject,
    h("p", { class: "dim" }, `${c.commit.slice(0, 7)}, ${ago(c.time)}${c.author ? `, ${c.author}` : ""}`));
  return [h("h3", {}, "Whom to ask"), f.owners?.length ? h("p", {}, f.owners.map((o) => h("span", { class: "pill" }, o))) : null,
    f.changes?.length ? [h("p", { class: "dim" }, f.changes[0].lines ? "These lines were last changed by" : "The file was last changed by"),
      h("ul", { class: "changes" }, f.changes.map(change))] : null];
}

const HELP = "Add what the report lacks: the exact text of an error, a path, the name of a function, a stack trace; or take filters away.";

const key = (f) => `${f.repo}:${f.path}`;

function verdict(answer, asked, packed, edit) {
  const sure = SURE[answer.verdict] ?? "none";
  return h("section", { class: `verdict ${sure}` },
    h("h1", {}, answer.title),
    h("p", { class: "sure" }, h("strong", {}, answer.verdict),
      answer.files.length ? [bar(answer.confidence, percent(answer.confidence)), h("span", {}, percent(answer.confidence))] : null),
    h("p", { class: "dim" }, answer.files.length ? "that file 1 is among those to change. " : "",
      `Searched ${count(answer.searched, "file")} in ${answer.seconds.toFixed(2)} s.`),
    answer.notes.map((n) => h("p", { class: "note" }, n)),
    answer.questions?.length ? h("div", { class: "note" }, h("p", {}, "To ask the reporter:"),
      h("ul", {}, answer.questions.map((q) => h("li", {}, q)))) : null,
    answer.doubt ? h("p", { class: "note" }, `Still in doubt: ${answer.doubt}`) : null,
    answer.looks?.length ? h("details", { class: "note" }, h("summary", {}, `Looked up ${count(answer.looks.length, "thing")}`),
      h("ol", {}, answer.looks.map((l) => h("li", {}, `${l.tool} ${l.request}`, l.why ? ` (${l.why})` : "")))) : null,
    sure === "none" && answer.files.length ? h("p", { class: "note" }, HELP) : null,
    h("p", { class: "row" }, h("button", { type: "button", onclick: edit }, "Edit report"),
      packed === "long" ? h("span", { class: "dim" }, "too long for a link")
        : h("button", { type: "button", onclick: (e) => copy(location.href, e.currentTarget) }, "Copy link"),
      h("button", { type: "button", onclick: (e) => copy(markdown(answer), e.currentTarget) }, "Copy as text")));
}

function markdown(answer) {
  const lines = answer.files.slice(0, 10).map((f, i) =>
    `${i + 1}. ${f.repo}: ${f.path}${f.symbols[0] ? ` (${f.symbols[0].qualname}, line ${f.symbols[0].start})` : ""} – ${f.evidence[0]?.text ?? ""}`);
  return `${answer.title}\n${answer.verdict}, ${percent(answer.confidence)}\n\n${lines.join("\n")}\n`;
}
