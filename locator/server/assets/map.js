// The whole system: who uses whom, and what is how large. Coloured by the answer that was found last.

import { get } from "./api.js";
import { count, fill, h, spoken } from "./dom.js";
import { graph } from "./graph.js";
import { place } from "./link.js";
import { current } from "./locate.js";
import { treemap } from "./treemap.js";

export async function map(main, where, signal) {
  const [found, system] = await Promise.all([get("/v1/map", {}, signal), get("/v1/system", {}, signal)]);
  const answer = current();
  const scores = new Map((answer?.routes ?? []).map((r) => [r.repo, r.score]));
  const hits = answer?.files ?? [];
  const linked = found.links.length > 0;
  const kind = where.query.get("as") ?? (linked ? "services" : "sizes");
  const tab = (name, text) => h("a", { href: `#/map?as=${name}`, class: "tab", "aria-current": kind === name ? "page" : null }, text);
  const picture = kind === "services" && linked ? graph(found, scores) : treemap(found, scores, hits);
  fill(main, h("div", { class: "page wide" },
    h("div", { class: "row" }, h("h1", {}, "All repositories"), h("span", { class: "grow" }),
      linked ? h("nav", { class: "tabs", "aria-label": "Kind of map" }, tab("services", "Dependencies"), tab("sizes", "Sizes")) : null),
    h("p", { class: "dim", role: "status" }, found.looking ? "Still looking for dependencies … " : "",
      `${count(found.nodes.length, "repository", "repositories")}, ${count(found.links.length, "link")}. `,
      answer ? ["Coloured by ", h("q", {}, answer.title), "."] : "Locate a bug to colour it by the answer."),
    overview(system.summary), picture.part, list(found)));
  picture.after?.();
  if (found.looking) setTimeout(() => { if (!signal.aborted) map(main, where, signal).catch(() => {}); }, 1500);
}

// What the system is: a line for the whole and its layers, and one for each repository.
function overview(text) {
  const lines = text.split("\n").filter(Boolean);
  const whole = lines.filter((l) => !l.startsWith("- ") && !/^A system of \d+ repositories\.$/.test(l)); // it is said above
  const each = lines.filter((l) => l.startsWith("- ")).map((l) => [l.slice(2, l.indexOf(": ")), l.slice(l.indexOf(": ") + 2)]);
  if (!lines.length) return null;
  const named = (name) => h("a", { href: place(name) }, name);
  return h("section", { class: "system", "aria-label": "The system" }, whole.map((l) => h("p", {}, linked(l, each.map(([n]) => n)))),
    each.length ? h("details", {}, h("summary", {}, "What each repository is for"),
      h("ul", { class: "entries" }, each.map(([name, what]) => h("li", {}, named(name), h("p", {}, what))))) : null);
}

// A line with the names of repositories in it as links.
function linked(line, names) {
  return line.split(/([\w./-]+)/).map((part) => {
    const name = part.replace(/\.$/, "");
    return names.includes(name) ? [h("a", { href: place(name) }, name), part.slice(name.length)] : part;
  });
}

function list(found) {
  const out = new Map();
  for (const l of found.links) out.set(l.source, [...(out.get(l.source) ?? []), l]);
  return h("details", { class: "as-list" }, h("summary", {}, "As a list"),
    h("ul", { class: "entries" }, found.nodes.map((n) => h("li", {}, h("a", { href: place(n.name) }, n.name),
      h("span", { class: "dim" }, `${count(n.files, "file")}, ${count(n.lines, "line")}, ${spoken(n.language)}`),
      h("p", {}, (out.get(n.name) ?? []).map((l) => `uses ${l.target} (${l.kind}: ${l.sites.map((s) => s.detail).join(", ")})`).join("; "))))));
}
