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
    const next = `#/search?q=${encodeURIComponent(input.value)}${by.value === "both" ? "" : `&by=${by.value}`}`;
    if (next === location.hash) load(input.value, by.value, results, signal);
    else location.hash = next;
  } }, input, by, h("button", { class: "main" }, "Search")), results));
  if (!asked) input.focus();
  await load(asked, by.value, results, signal);
}

async function load(asked, by, results, signal) {
  if (!asked.trim()) {
    fill(results, h("p", { class: "dim" }, "Words and meaning rank; “exact text”, near:REPO/PATH, symbol:, repo:, lang:, path: and - narrow."));
    return;
  }
  fill(results, h("p", { class: "dim" }, "…"));
  try {
    const found = await get("/v1/search", { q: asked, limit: 30, by }, signal);
    say(count(found.total, "file"));
    fill(results,
      h("p", { class: "dim" }, `${found.more ? "at least " : ""}${count(found.total, "file")} of ${found.searched.toLocaleString("en")} in ${found.seconds.toFixed(2)} s`),
      found.notes.map((n) => h("p", { class: "note" }, n)), found.files.map(hit),
      found.files.length ? null : h("div", { class: "empty" }, h("p", {}, "Nothing is written like that. Try fewer words, the words without quotes, or fewer filters; for a whole bug report use ",
        h("a", { href: "#/" }, "Locate"), ".")));
    byId("query")?.blur();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill(results, problem(error));
  }
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
