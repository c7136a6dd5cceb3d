// Repositories as areas by their lines (squarified: Bruls, Huizing, van Wijk, 2000).

import { count, h, spoken } from "./dom.js";
import { place } from "./link.js";

const REPOSITORY = 24; // height of a repository's title

// How much room there is, in pixels of a screen of that width: a phone scrolls, so that names can be read on it.
function size(repositories) {
  return matchMedia("(max-width: 899px)").matches
    ? { w: 360, h: Math.min(3600, 220 + 130 * repositories), tall: true } : { w: 1000, h: 560, tall: false };
}

export function treemap(found, scores, hits) {
  const nodes = found.nodes.filter((n) => n.lines > 0).sort((a, b) => b.lines - a.lines || (a.name < b.name ? -1 : 1));
  const total = nodes.reduce((sum, n) => sum + n.lines, 0);
  const room = size(nodes.length);
  // On a phone a small repository keeps a strip that shows its name.
  const least = room.tall ? total / (3 * nodes.length) : 0;
  const shares = nodes.map((n) => Math.max(n.lines, least));
  const scale = (room.w * room.h) / (shares.reduce((sum, n) => sum + n, 0) || 1);
  const cells = squarify(shares.map((n) => n * scale), { x: 0, y: 0, w: room.w, h: room.h });
  const top = Math.max(...scores.values(), 0.01);
  return {
    part: h("div", { class: "treemap", style: room.tall ? { "--tall": `${room.h}px` } : {} }, nodes.map((n, i) => {
      const c = cells[i];
      const share = scores.has(n.name) ? scores.get(n.name) / top : 0;
      return h("section", { class: "cell", style: { ...area(c, room), "--share": `${Math.round(100 * share)}%` } },
        h("h2", {}, h("a", { href: place(n.name), title: `${n.name}: ${count(n.lines, "line")}, ${spoken(n.language)}` }, n.name),
          h("span", { class: "dim" }, count(n.lines, "line"))),
        c.h > 2 * REPOSITORY && c.w > 60 ? inner(n, c, hits.filter((f) => f.repo === n.name)) : null);
    })),
  };
}

const area = (c, room) => ({
  left: `${(100 * c.x) / room.w}%`, top: `${(100 * c.y) / room.h}%`,
  width: `${(100 * c.w) / room.w}%`, height: `${(100 * c.h) / room.h}%`,
});

// Its directories by their files; those that hold files of the answer stand out.
function inner(node, room, hits) {
  const box = { x: 0, y: 0, w: room.w, h: room.h - REPOSITORY };
  const total = node.parts.reduce((sum, p) => sum + p.files, 0);
  const cells = squarify(node.parts.map((p) => (p.files * box.w * box.h) / total), box);
  const longest = [...node.parts].sort((a, b) => b.path.length - a.path.length);
  const held = new Map();
  for (const f of hits) {
    const part = longest.find((p) => !p.path || f.path.startsWith(`${p.path}/`));
    if (part) held.set(part.path, [...(held.get(part.path) ?? []), f]);
  }
  return h("div", { class: "parts" }, node.parts.map((p, i) => {
    const c = cells[i];
    const here = held.get(p.path) ?? [];
    const shown = c.w > 46 && c.h > 22;
    const text = `${p.path || "."}: ${count(p.files, "file")}${here.length ? `, ${here.length} in the answer` : ""}`;
    return h("a", { href: place(node.name, p.path), title: text, "aria-label": text, class: here.length ? "part hit" : "part",
      style: { ...area(c, box), "--share": `${Math.round(100 * Math.max(0, ...here.map((f) => f.score)))}%` } },
    shown ? h("span", {}, p.path.split("/").slice(c.w > 130 ? -2 : -1).join("/") || ".") : null);
  }));
}

export function squarify(areas, room) {
  const out = [];
  let { x, y, w, h: height } = room;
  let row = [];
  const worst = (r, side) => {
    const sum = r.reduce((a, b) => a + b, 0);
    return Math.max(...r.map((a) => Math.max((side * side * a) / (sum * sum), (sum * sum) / (side * side * a))));
  };
  const lay = () => {
    const sum = row.reduce((a, b) => a + b, 0);
    const wide = w >= height;
    const thick = sum / (wide ? height : w);
    let at = wide ? y : x;
    for (const a of row) {
      const long = a / thick;
      out.push(wide ? { x, y: at, w: thick, h: long } : { x: at, y, w: long, h: thick });
      at += long;
    }
    if (wide) { x += thick; w -= thick; } else { y += thick; height -= thick; }
    row = [];
  };
  for (const area of areas) {
    const side = Math.min(w, height);
    if (row.length && worst([...row, area], side) > worst(row, side)) lay();
    row.push(area);
  }
  if (row.length) lay();
  return out;
}
