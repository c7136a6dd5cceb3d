// Elements, made without HTML strings: whatever comes from reports or repositories stays text.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["svg", "g", "path", "rect", "circle", "text", "title", "line", "marker", "defs", "tspan"]);

export function h(tag, props = {}, ...children) {
  const el = SHAPES.has(tag) && tag !== "title" ? document.createElementNS(SVG, tag) : tag === "title"
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
    else if (name === "data") Object.assign(el.dataset, value);
    else if (name === "value" || name === "checked") el[name] = value;
    else el.setAttribute(name, value === true ? "" : String(value));
  }
  add(el, children);
  return el;
}

function add(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    el.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(el, ...children) {
  el.replaceChildren();
  add(el, children);
  return el;
}

export const byId = (id) => document.getElementById(id);

export function say(text) {
  byId("live").textContent = text;
}

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

const LANGUAGES = { csharp: "C#", cpp: "C++", fsharp: "F#", css: "CSS", scss: "SCSS", graphql: "GraphQL", hcl: "HCL", html: "HTML",
  javascript: "JavaScript", json: "JSON", objc: "Objective-C", php: "PHP", proto: "Protocol Buffers", rst: "reStructuredText",
  sql: "SQL", toml: "TOML", tsx: "TSX", typescript: "TypeScript", xml: "XML", yaml: "YAML" };

// The name of a language as people write it.
export const spoken = (name) => LANGUAGES[name] ?? `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;

const AGES = [["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

// "3 weeks ago", of a moment in UTC seconds.
export function ago(moment) {
  const seconds = Date.now() / 1000 - moment;
  const [unit, length] = AGES.find(([, n]) => seconds >= n) ?? [];
  return unit ? `${count(Math.floor(seconds / length), unit)} ago` : "just now";
}

export const percent = (x) => `${Math.round(100 * x)}%`;

export function bar(share, label) {
  return h("span", { class: "meter", role: "img", "aria-label": label ?? percent(share) },
    h("span", { style: { width: `${Math.max(2, Math.round(100 * Math.min(1, share)))}%` } }));
}

export function folder(path) {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}

export const breakable = (path) => path.split(/(?<=\/)/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here";
  }
  say(button.textContent);
  setTimeout(() => { button.textContent = before; }, 1500);
}

// Names of HTTP statuses are for programs: what a person reads instead.
const PLAIN = { 404: "Not found", 413: "Too long", 422: "That can't be searched", 429: "Too many requests", 503: "Not available now" };

export function problem(error) {
  const p = error.problem ?? { detail: error.message };
  return h("div", { class: "notice bad", role: "alert" },
    h("strong", {}, PLAIN[p.status] ?? p.title ?? "That did not work"), p.detail ? h("p", {}, p.detail) : null,
    p.hint ? h("p", { class: "dim" }, p.hint.replaceAll("`", "")) : null,
    p.retry ? h("p", {}, h("button", { type: "button", onclick: () => location.reload() }, "Try again")) : null);
}
