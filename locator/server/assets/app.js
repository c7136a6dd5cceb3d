// The shell: which view is shown, light and dark, keys.

import { get } from "./api.js";
import { byId, count, fill, h, problem } from "./dom.js";
import { parse } from "./link.js";
import { browse } from "./browse.js";
import { locate } from "./locate.js";
import { map } from "./map.js";
import { search } from "./search.js";

const VIEWS = { "": locate, a: locate, issue: locate, search, map, at: browse };
const NAMES = { "": "locate", a: "locate", issue: "locate", at: "map" };
const TITLES = { locate: "Locate", search: "Search", map: "Map" };
let leave = () => {};

async function show() {
  const where = parse(location.hash);
  const view = VIEWS[where.view] ?? locate;
  const name = NAMES[where.view] ?? where.view;
  for (const a of document.querySelectorAll("nav a")) {
    if (a.dataset.view === name) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  document.title = `${TITLES[name] ?? "Locate"} · Bugatlas`;
  leave();
  const gone = new AbortController();
  leave = () => gone.abort();
  const main = byId("main");
  try {
    await view(main, where, gone.signal);
  } catch (error) {
    if (error.name !== "AbortError") fill(main, h("div", { class: "page" }, problem(error),
      where.view === "at" ? h("p", {}, h("a", { href: "#/map" }, "All repositories")) : null));
  }
}

const THEMES = ["auto", "light", "dark"];
const SHOWN = { auto: "◐", light: "☀", dark: "☾" };

function theme(next) {
  const chosen = THEMES.includes(next) ? next : "auto";
  document.documentElement.dataset.theme = chosen;
  localStorage.setItem("bugatlas.theme", chosen);
  const button = byId("theme");
  button.textContent = SHOWN[chosen];
  button.setAttribute("aria-label", `Colours: ${chosen}`);
}

function keys() {
  const rows = [["Ctrl + Enter", "Locate"], ["j, k", "Next, previous file"], ["n, p", "Next, previous evidence"],
    ["/", "Search"], ["e", "Edit the report"], ["?", "This list"]];
  fill(byId("dialog"), h("form", { method: "dialog" }, h("h2", {}, "Keys"),
    h("dl", { class: "keys" }, rows.map(([k, what]) => [h("dt", {}, h("kbd", {}, k)), h("dd", {}, what)])),
    h("p", { class: "row end" }, h("button", { class: "main" }, "Close"))));
  byId("dialog").showModal();
}

function typed(event) {
  const busy = event.target.closest("input, textarea, select, dialog");
  if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") keys();
  else if (event.key === "/") {
    event.preventDefault();
    if (parse(location.hash).view === "search") byId("query")?.focus();
    else location.hash = "#/search";
  } else document.dispatchEvent(new CustomEvent("bugatlas:key", { detail: event.key }));
}

async function state() {
  const found = await get("/v1/repos");
  byId("state").textContent = `${count(found.repositories.length, "repository", "repositories")} · ${count(found.files, "file")}`;
}

theme(localStorage.getItem("bugatlas.theme"));
byId("theme").addEventListener("click", () =>
  theme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length]));
byId("keys").addEventListener("click", keys);
document.addEventListener("keydown", typed);
window.addEventListener("hashchange", show);
state().catch(() => { byId("state").textContent = "nothing is indexed"; });
show();
