// Lines of a file, with the evidence in them marked and explained below the line.

import { get } from "./api.js";
import { h, say } from "./dom.js";
import { paint as painted } from "./paint.js";

const AROUND = 60; // lines shown on either side of what matters
const MORE = 200;
const SHORT = 500; // files up to here are shown whole

const WRAP = "bugatlas.wrap";

const wrapped = () => localStorage.getItem(WRAP) === "1";

/** The button that wraps long lines or not, of all code shown. */
export function wrapButton() {
  const label = () => (wrapped() ? "Don't wrap" : "Wrap lines");
  const button = h("button", { type: "button", "aria-pressed": String(wrapped()), onclick: () => {
    localStorage.setItem(WRAP, wrapped() ? "0" : "1");
    for (const code of document.querySelectorAll(".code")) code.classList.toggle("wrap", wrapped());
    button.textContent = label();
    button.setAttribute("aria-pressed", String(wrapped()));
  } }, label());
  return button;
}

// marks: Map of line -> texts; ranges: [{start, end}] of functions; focus: line to begin at
export async function codeView({ repo, path, at, marks, ranges, focus, words, signal }) {
  const asked = { repo, path, at, highlight: true };
  const lines = [...marks.keys(), focus].filter(Boolean);
  const first = Math.max(1, Math.min(...lines, focus || 1) - AROUND);
  let found = await get("/v1/file", { ...asked, start: 1, end: SHORT }, signal);
  if (found.total > SHORT) {
    const last = Math.max(...lines, focus || 1) + AROUND;
    found = await get("/v1/file", { ...asked, start: first, end: Math.min(last, first + 1000) }, signal);
  }
  const box = h("div", { class: wrapped() ? "code wrap" : "code", tabindex: 0, role: "region", "aria-label": `Code of ${path}` });
  const rows = new Map();
  let from = found.start;
  let to = found.start + found.lines.length - 1;

  function row(number, text, spans) {
    const told = marks.get(number);
    const inside = ranges.find((r) => number >= r.start && number <= r.end);
    const line = h("div", { class: `line${told ? " hit" : ""}${inside ? " inside" : ""}`, id: `L${number}` },
      h("span", { class: "number", "aria-hidden": "true" }, number),
      h("code", {}, painted(text, spans, words)));
    rows.set(number, line);
    if (!told) return line;
    return [line, h("div", { class: "told" }, told.map((t) => h("p", {}, t)))];
  }

  function paint(part) {
    return part.lines.map((text, i) => row(part.start + i, text, part.spans[i]));
  }

  const above = h("button", { class: "more", type: "button", onclick: () => extend(-1) });
  const below = h("button", { class: "more", type: "button", onclick: () => extend(1) });

  function label() {
    above.hidden = from <= 1;
    below.hidden = to >= found.total;
    above.textContent = `Show lines before ${from}`;
    below.textContent = `Show lines after ${to} of ${found.total}`;
  }

  async function extend(way) {
    const range = way < 0 ? { start: Math.max(1, from - MORE), end: from - 1 } : { start: to + 1, end: to + MORE };
    const part = await get("/v1/file", { ...asked, ...range }, signal);
    const made = paint(part).flat();
    if (way < 0) {
      const height = box.scrollHeight;
      above.after(...made);
      box.scrollTop += box.scrollHeight - height;
      from = part.start;
    } else {
      below.before(...made);
      to = part.start + part.lines.length - 1;
    }
    label();
  }

  box.append(above, ...paint(found).flat(), below);
  label();

  async function reveal(number, move = true) {
    for (let tries = 0; tries < 50 && !rows.has(number) && number >= 1 && number <= found.total; tries++) {
      await extend(number < from ? -1 : 1);
    }
    const line = rows.get(number);
    if (!line) return;
    for (const old of box.querySelectorAll(".here")) old.classList.remove("here");
    line.classList.add("here");
    let first = line; // the view begins with a whole line
    while (first.previousElementSibling && line.offsetTop - first.previousElementSibling.offsetTop < box.clientHeight / 3) {
      first = first.previousElementSibling;
    }
    box.scrollTop = first.offsetTop - box.clientTop;
    if (move) {
      if (box.getBoundingClientRect().top > innerHeight * 0.7) box.scrollIntoView({ block: "start" });
      say(`Line ${number}${marks.has(number) ? `: ${marks.get(number).join("; ")}` : ""}`);
    }
  }

  return { box, reveal, url: found.url, total: found.total };
}
