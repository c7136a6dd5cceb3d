// A place of the tree: its summary and what it holds; for a file, its code.

import { get } from "./api.js";
import { codeView, wrapButton } from "./code.js";
import { copy, count, fill, h, spoken } from "./dom.js";
import { place } from "./link.js";

export async function browse(main, where, signal) {
  const path = where.rest.split("/").map(encodeURIComponent).join("/");
  let node = await get(`/v1/tree/${path}`, { at: where.query.get("at") ?? "", depth: 1 }, signal);
  if (node.kind === "repository") node = await get(`/v1/tree/${path}`, { at: where.query.get("at") ?? "", depth: 2 }, signal);
  document.title = `${node.path || node.repo} · Bugatlas`;
  const body = node.kind === "file" ? await file(node, Number(where.query.get("line")) || 0, signal) : directory(node);
  fill(main, h("div", { class: `page ${node.kind}` }, crumbs(node),
    h("h1", {}, (node.path || node.repo).split("/").pop()),
    h("p", { class: "dim" }, facts(node)), h("p", { class: "summary" }, node.summary), body.picture));
  body.reveal?.();
}

function crumbs(node) {
  const parts = node.path ? node.path.split("/") : [];
  return h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "#/map" }, "All repositories"), " / ",
    h("a", { href: place(node.repo) }, node.repo),
    parts.slice(0, -1).map((p, i) => [" / ", h("a", { href: place(node.repo, parts.slice(0, i + 1).join("/")) }, p)]));
}

function facts(node) {
  const tongues = node.languages.slice(0, 4).map(([name, n]) => (node.kind === "file" ? spoken(name) : `${spoken(name)} ${n}`)).join(", ");
  const size = node.kind === "file" ? count(node.lines, "line") : count(node.files, "file");
  return [size, tongues, node.commit ? `at ${node.commit.slice(0, 10)}` : "",
    node.time ? new Date(1000 * node.time).toISOString().slice(0, 10) : ""].filter(Boolean).join(" · ");
}

function directory(node) {
  const cut = node.path ? node.path.length + 1 : 0;
  return { picture: h("ul", { class: "entries" }, node.children.map((c) => h("li", {},
    h("a", { href: place(c.repo, c.path) }, c.path.slice(cut), c.kind === "directory" ? "/" : ""),
    h("span", { class: "dim" }, c.kind === "directory" ? count(c.files, "file") : spoken(c.languages[0]?.[0] ?? "")),
    h("p", {}, c.summary)))) };
}

async function file(node, line, signal) {
  const ranges = node.symbols.filter((s) => line && s.start <= line && line <= s.end).slice(-1);
  const view = await codeView({ repo: node.repo, path: node.path, at: node.commit, marks: new Map(), ranges, focus: line || 1, words: new Set(), signal });
  const outline = node.symbols.filter((s) => s.kind !== "field").slice(0, 200);
  const picture = h("div", {}, h("p", { class: "row" },
    h("button", { type: "button", onclick: (e) => copy(node.path, e.currentTarget) }, "Copy path"), wrapButton(),
    view.url ? h("a", { class: "button", href: view.url, rel: "noreferrer", target: "_blank" }, "Open at the code host") : null),
  h("div", { class: "with-outline" }, outline.length ? h("nav", { class: "outline", "aria-label": "Outline" }, h("ul", {}, outline.map((s) =>
    h("li", {}, h("button", { type: "button", class: "function", title: s.signature, onclick: () => view.reveal(s.start) }, s.qualname))))) : null, view.box));
  return { picture, reveal: () => { if (line) view.reveal(line); } };
}
