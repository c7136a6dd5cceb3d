// Paste a report, watch the two phases, follow the answer.

import { get, stream } from "./api.js";
import { answerView } from "./answer.js";
import { byId, count, fill, h, problem, say } from "./dom.js";
import { pack, unpack } from "./link.js";

const DRAFT = "bugatlas.draft";
const EMPTY = { report: "", repos: [], at: "", languages: [], tests: false, plain: false };
let draft = { ...EMPTY, ...JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}") }; // kept over a reload

function keep(next) {
  draft = next;
  try {
    sessionStorage.setItem(DRAFT, JSON.stringify(draft));
  } catch {
    // a report larger than the browser keeps: it lives as long as the page
  }
}

let shown = null; // the answer on the screen: { packed, asked, answer }

export const current = () => shown?.answer ?? null;

export async function locate(main, where, signal) {
  if (where.view === "issue") return issue(main, where.rest, signal);
  if (where.view !== "a") {
    if (where.query.has("report")) keep({ ...draft, report: where.query.get("report") });
    return form(main, signal);
  }
  const file = where.query.get("f") ?? "";
  const line = Number(where.query.get("l")) || 0;
  if (shown?.packed === where.rest) return answerView(main, { ...shown, file, line, edit }, signal);
  try {
    if (where.rest !== "long" || !draft.report) keep({ ...draft, ...await unpack(where.rest) });
  } catch (error) {
    return failed(main, error, "To the form");
  }
  return run(main, draft, where.rest, signal, { file, line });
}

// An issue of a tracker by its key: read by the service, located, and shown under an address of its own.
async function issue(main, ref, signal) {
  const found = await get("/v1/issue", { ref }, signal);
  keep({ ...EMPTY, report: found.report });
  const packed = await pack(draft) ?? "long";
  history.replaceState(null, "", `#/a/${packed}`);
  return run(main, draft, packed, signal, {});
}

function failed(main, error, back) {
  fill(main, h("div", { class: "page" }, problem(error), h("p", {}, h("button", { type: "button", onclick: edit }, back))));
}

function edit() {
  location.hash = "#/";
}

const listed = (text) => text.split(",").map((t) => t.trim()).filter(Boolean);

async function form(main, signal) {
  const report = h("textarea", {
    id: "report", rows: 14, spellcheck: "false", value: draft.report, required: true,
    placeholder: "Orders with two vouchers fail\n\nSince yesterday's release, placing an order with …\n\njava.lang.IllegalStateException: …\n    at com.shop.orders.…",
  });
  const repos = h("input", { id: "repos", list: "known", value: draft.repos.join(", "), placeholder: "all" });
  const at = h("input", { id: "at", value: draft.at, placeholder: "newest", maxlength: 200 });
  const languages = h("input", { id: "languages", value: draft.languages.join(", "), placeholder: "all" });
  const tests = h("input", { id: "tests", type: "checkbox", checked: draft.tests });
  const plain = h("input", { id: "plain", type: "checkbox", checked: draft.plain });
  const judged = h("label", { class: "check", hidden: true }, plain, "At once, without the language model");
  const narrowed = draft.repos.length || draft.at || draft.languages.length || draft.tests || draft.plain;
  const known = h("datalist", { id: "known" });
  const notice = h("div", {});
  const go = h("button", { class: "main", type: "submit" }, "Locate", h("kbd", {}, "Ctrl ↵"));

  const submit = async (event) => {
    event?.preventDefault();
    keep({
      report: report.value, repos: listed(repos.value), at: at.value.trim(),
      languages: listed(languages.value), tests: tests.checked, plain: plain.checked,
    });
    if (!draft.report.trim()) return report.focus();
    const packed = await pack(draft) ?? "long";
    history.pushState(null, "", `#/a/${packed}`);
    document.title = "Locate · Bugatlas";
    await run(main, draft, packed, signal, {});
  };

  fill(main, h("form", { class: "hero", onsubmit: submit },
    h("div", { class: "contours", "aria-hidden": "true" }),
    h("h1", {}, "Where does this bug live?"),
    h("p", { class: "lead" }, "Paste the report whole, with its stack trace and log. You get the repository, the directory, the file and the function, and the reasons."),
    h("label", { for: "report", class: "hidden" }, "Bug report"), report,
    h("div", { class: "row" },
      h("details", { class: "narrow", open: Boolean(narrowed) }, h("summary", {}, "Narrow the search"),
        h("div", { class: "fields" },
          h("label", {}, "Repositories", repos, known), h("label", {}, "Version", at),
          h("label", {}, "Languages", languages),
          h("label", { class: "check" }, tests, "Tests too"), judged)),
      h("span", { class: "grow" }), go), notice));
  report.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) submit(e);
  });
  report.addEventListener("input", () => keep({ ...draft, report: report.value }));
  if (matchMedia("(min-width: 900px)").matches) report.focus();
  const found = await get("/v1/repos", {}, signal).catch((error) => ({ repositories: [], error }));
  if (found.error?.problem) fill(notice, problem(found.error));
  judged.hidden = (found.mode ?? "offline") === "offline";
  fill(known, found.repositories.map((r) => h("option", { value: r.name })));
}

async function run(main, asked, packed, signal, { file = "", line = 0 }) {
  const body = {
    report: asked.report, repos: asked.repos ?? [], languages: asked.languages ?? [], tests: Boolean(asked.tests),
    limit: 20, ...(asked.plain ? { mode: "offline" } : {}), ...(asked.at ? { at: asked.at } : {}),
  };
  const told = h("p", { class: "dim" }, "Reading the report …");
  const first = h("li", { class: "doing" }, h("strong", {}, "Which repository?"), h("div", { id: "phase1" }));
  const second = h("li", {}, h("strong", {}, "Which file?"), h("div", { id: "phase2" }));
  const phases = h("ol", { class: "phases" }, first, second);
  fill(main, h("div", { class: "page working" }, h("h1", {}, "Looking"), told, phases));
  say("Looking for the repository");
  const began = performance.now();
  const on = (event, data) => {
    if (event === "progress" && data.stage === "route") {
      fill(told, `Read: ${count(data.frames, "call", "calls")} of stack traces, ${count(data.mentions, "thing")} named.`);
    } else if (event === "progress" && ["judge", "dig", "paper"].includes(data.stage)) {
      first.className = second.className = "done";
      if (data.total) fill(byId("phase2"), `${count(data.total, "file")} explained`);
      phases.append(h("li", { class: "doing" }, h("strong", {}, "In which order?"), h("div", {}, "A language model reads them")));
      say("Asking a language model");
    } else if (event === "progress" && data.routes.length) {
      first.className = "done";
      second.className = "doing";
      fill(byId("phase1"), data.routes.map((r) => h("span", { class: "pill" }, r.repo)));
      fill(byId("phase2"), `${data.done} of ${count(data.total, "file")} explained`);
    } else if (event === "result") {
      shown = { packed, asked, answer: data };
    } else if (event === "error") {
      throw Object.assign(new Error(data.detail), { problem: data });
    }
  };
  try {
    await stream("/v1/locate/stream", body, on, signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    failed(main, error, "Back to the report");
    return;
  }
  const rest = 350 - (performance.now() - began); // long enough to be seen
  if (rest > 0 && !matchMedia("(prefers-reduced-motion: reduce)").matches) await new Promise((r) => setTimeout(r, rest));
  if (signal.aborted) return;
  say(`${shown.answer.verdict}: ${count(shown.answer.files.length, "file")}`);
  await answerView(main, { ...shown, file, line, edit }, signal);
}
