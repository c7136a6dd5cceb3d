// Who uses whom, callers on the left: layers by longest path, order within them by the middle of the neighbours.

import { breakable, count, fill, h, spoken } from "./dom.js";
import { place } from "./link.js";

const BOX = { w: 176, h: 44, dx: 90, dy: 26 };

export function graph(found, scores) {
  const names = found.nodes.map((n) => n.name);
  const byName = new Map(found.nodes.map((n) => [n.name, n]));
  const edges = merged(found.links.filter((l) => byName.has(l.source) && byName.has(l.target)));
  const used = new Set(edges.flatMap((e) => [e.source, e.target]));
  const layers = order(layered(names.filter((n) => used.has(n)), edges), edges);
  const alone = names.filter((n) => !used.has(n));
  const at = new Map();
  const tallest = Math.max(1, ...layers.map((l) => l.length));
  layers.forEach((layer, i) => layer.forEach((n, j) => at.set(n, {
    x: i * (BOX.w + BOX.dx), y: (j + (tallest - layer.length) / 2) * (BOX.h + BOX.dy),
  })));
  const width = Math.max(1, layers.length) * (BOX.w + BOX.dx) - BOX.dx;
  const height = tallest * (BOX.h + BOX.dy) - BOX.dy;
  const told = h("div", { class: "told-links" }, h("p", { class: "dim" }, "Point at a repository, or move to it with Tab, to see what it uses and where."));
  const top = Math.max(...scores.values(), 0.01);

  const lines = edges.map((e) => {
    const a = at.get(e.source);
    const b = at.get(e.target);
    return h("path", { class: e.called ? "edge" : "edge topic", d: curve(a, b), "marker-end": "url(#arrow)",
      style: { "stroke-width": `${1 + Math.min(3, Math.log2(e.count))}px` } });
  });
  const boxes = [...at].map(([name, p]) => {
    const node = byName.get(name);
    const share = scores.has(name) ? scores.get(name) / top : 0;
    const g = h("g", { class: "node", tabindex: 0, role: "link", "aria-label": describe(name, edges), transform: `translate(${p.x} ${p.y})`,
      style: { "--share": `${Math.round(100 * share)}%` },
      onclick: () => { location.hash = place(name); },
      onkeydown: (e) => { if (e.key === "Enter") location.hash = place(name); },
      onpointerenter: () => mark(name), onfocus: () => mark(name), onpointerleave: () => mark("") , onblur: () => mark("") },
    h("rect", { width: BOX.w, height: BOX.h, rx: 8 }),
    h("text", { x: 12, y: 19, class: "name" }, short(name)),
    h("text", { x: 12, y: 35, class: "sub" }, `${spoken(node.language)} · ${count(node.lines, "line")}`));
    return [name, g];
  });

  function mark(name) {
    const near = new Set([name]);
    edges.forEach((e, i) => {
      const on = e.source === name || e.target === name;
      lines[i].classList.toggle("on", on);
      lines[i].classList.toggle("off", Boolean(name) && !on);
      if (on) near.add(e.source).add(e.target);
    });
    for (const [n, g] of boxes) g.classList.toggle("off", Boolean(name) && !near.has(n));
    if (name) fill(told, sites(name, edges));
  }

  const low = Math.max(0, ...edges.map((e) => lowest(at.get(e.source), at.get(e.target))));
  const svg = h("svg", { class: "graph", viewBox: `-4 -4 ${width + 8} ${Math.max(height, low) + 8}`, style: { "--w": `${width + 8}px` }, role: "group", "aria-label": "Dependencies" },
    h("defs", {}, h("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
      h("path", { d: "M0 0L8 4L0 8z", class: "tip" }))), lines, boxes.map(([, g]) => g));
  return {
    part: h("div", {}, h("div", { class: "scrolling", tabindex: 0, role: "region", "aria-label": "Map of the services" }, svg), told,
      alone.length ? h("p", { class: "dim" }, "No links found: ", alone.map((n, i) => [i ? ", " : "", h("a", { href: place(n) }, n)])) : null),
  };
}

const short = (name) => (name.length > 22 ? `…${name.slice(-21)}` : name);

function describe(name, edges) {
  const uses = edges.filter((e) => e.source === name).map((e) => e.target);
  const users = edges.filter((e) => e.target === name).map((e) => e.source);
  return `${name}${uses.length ? ` uses ${uses.join(", ")}` : " uses nobody"}${users.length ? `. It is used by ${users.join(", ")}` : ""}.`;
}

function sites(name, edges) {
  const around = edges.filter((e) => e.source === name || e.target === name);
  return [h("h2", {}, describe(name, edges)), h("ul", { class: "sites" }, around.flatMap((e) => e.sites.slice(0, 6).map((s) => h("li", {},
    h("b", {}, e.source), " → ", h("b", {}, e.target), h("span", { class: "pill" }, s.kind), " ", h("code", {}, s.detail), " ",
    h("a", { href: place(e.source, s.path, s.line) }, breakable(s.path), s.line ? `:${s.line}` : "")))))];
}

function merged(links) {
  const out = new Map();
  for (const l of links) {
    const key = `${l.source}\n${l.target}`;
    const e = out.get(key) ?? { source: l.source, target: l.target, count: 0, called: 0, sites: [] };
    e.count += l.count;
    if (l.kind !== "topic") e.called = 1;
    e.sites.push(...l.sites.map((s) => ({ ...s, kind: l.kind })));
    out.set(key, e);
  }
  return [...out.values()];
}

// Layers by the longest way from a caller. Calls and imports make the layers; messages only where there is nothing else.
function layered(names, edges) {
  const calls = edges.filter((e) => e.called);
  const bound = new Set(calls.flatMap((e) => [e.source, e.target]));
  const kept = acyclic(names, [...calls, ...edges.filter((e) => !e.called && !(bound.has(e.source) && bound.has(e.target)))]);
  const depth = new Map(names.map((n) => [n, 0]));
  for (let round = 0; round < names.length; round++) {
    let moved = false;
    for (const e of kept) {
      if (depth.get(e.target) <= depth.get(e.source)) {
        depth.set(e.target, depth.get(e.source) + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const layers = [];
  for (const [n, d] of depth) (layers[d] ??= []).push(n);
  return layers.filter(Boolean);
}

// Edges without cycles: strongest first, each that closes no circle.
function acyclic(names, edges) {
  const next = new Map(names.map((n) => [n, []]));
  const reaches = (from, to, seen = new Set()) => from === to
    || next.get(from).some((n) => !seen.has(n) && seen.add(n) && reaches(n, to, seen));
  return [...edges].sort((x, y) => y.called - x.called || y.count - x.count).filter((e) => {
    if (reaches(e.target, e.source)) return false;
    next.get(e.source).push(e.target);
    return true;
  });
}

function order(layers, edges) {
  for (let round = 0; round < 8; round++) {
    const place_ = new Map(layers.flatMap((l) => l.map((n, i) => [n, (i + 0.5) / l.length])));
    for (const layer of layers) {
      const middle = (n) => {
        const near = edges.filter((e) => e.source === n || e.target === n).map((e) => place_.get(e.source === n ? e.target : e.source));
        return near.reduce((a, b) => a + b, 0) / (near.length || 1);
      };
      const value = new Map(layer.map((n) => [n, middle(n)]));
      layer.sort((a, b) => value.get(a) - value.get(b));
    }
  }
  return layers;
}

// How far down an edge reaches: a cubic curve comes within a quarter of its control points.
function lowest(a, b) {
  return b.x > a.x + BOX.w ? 0 : Math.max(a.y, b.y) + BOX.h + 0.75 * dip(a, b);
}

const dip = (a, b) => 26 + Math.abs(a.x + BOX.w - b.x) / 14;

function curve(a, b) {
  const from = { x: a.x + BOX.w, y: a.y + BOX.h / 2 };
  const to = { x: b.x, y: b.y + BOX.h / 2 };
  if (to.x > from.x) {
    const bend = Math.max(30, (to.x - from.x) / 2);
    return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x - 2} ${to.y}`;
  }
  const low = Math.max(a.y, b.y) + BOX.h; // back, or within a layer: round below
  const x = { from: a.x + BOX.w * 0.7, to: b.x + BOX.w * 0.3 };
  return `M${x.from} ${a.y + BOX.h}C${x.from} ${low + dip(a, b)} ${x.to} ${low + dip(a, b)} ${x.to} ${b.y + BOX.h + 2}`;
}
