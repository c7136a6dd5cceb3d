// The form of the side bar. It runs in a webview: no vscode API but messages, and all text as text.
import type { LocateRequest } from "../api/client";
import type { FromForm, Problem, ToForm } from "./protocol";

/** What is in the form when it is closed; `edited`: when, 0 where it was asked since. */
type Kept = LocateRequest & { edited: number };

declare function acquireVsCodeApi(): {
  postMessage(message: FromForm): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
};

const code = acquireVsCodeApi();
const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const report = element("report") as HTMLTextAreaElement;
const repos = element("repos") as HTMLInputElement;
const languages = element("languages") as HTMLInputElement;
const paths = element("paths") as HTMLInputElement;
const at = element("at") as HTMLInputElement;
const tests = element("tests") as HTMLInputElement;
const narrow = element("narrow") as HTMLDetailsElement;
const narrowed = element("narrowed");
const locate = element("locate") as HTMLButtonElement;
const status = element("status");
const problem = element("problem");
let running = false;
let edited = 0; // milliseconds since the epoch

function request(): LocateRequest {
  const list = (input: HTMLInputElement): string[] =>
    input.value.split(",").map((x) => x.trim()).filter(Boolean).slice(0, 100);
  return {
    report: report.value,
    repos: list(repos),
    languages: list(languages),
    paths: list(paths),
    at: at.value.trim() || null,
    tests: tests.checked,
  };
}

function fill(given: LocateRequest): void {
  edited = 0;
  report.value = given.report;
  repos.value = (given.repos ?? []).join(", ");
  languages.value = (given.languages ?? []).join(", ");
  paths.value = (given.paths ?? []).join(", ");
  at.value = given.at ?? "";
  tests.checked = given.tests ?? false;
  changed();
}

function changed(): void {
  code.setState({ ...request(), edited });
  const { repos, languages, paths, at, tests } = request();
  const set = [...(repos ?? []), ...(languages ?? []), ...(paths ?? []), ...(at ? [at] : []), ...(tests ? ["tests"] : [])];
  narrowed.textContent = set.length ? `: ${set.join(", ")}` : "";
  locate.disabled = !running && !report.value.trim();
}

function submit(): void {
  if (running) code.postMessage({ type: "cancel" });
  else if (report.value.trim()) {
    report.scrollTop = 0; // its headline, after a paste
    edited = 0;
    changed();
    code.postMessage({ type: "locate", request: request() });
  }
}

function tell(found: Problem | null): void {
  problem.hidden = !found;
  problem.replaceChildren();
  if (!found) return;
  const message = document.createElement("p");
  message.textContent = found.message;
  const advice = document.createElement("p");
  advice.textContent = found.advice;
  const buttons = found.actions.map(({ title, command }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary";
    button.textContent = title;
    button.addEventListener("click", () => code.postMessage({ type: "action", command }));
    return button;
  });
  problem.append(message, ...(found.advice ? [advice] : []), ...buttons);
}

function offer(id: string, values: readonly string[]): void {
  const options = values.map((value) => Object.assign(document.createElement("option"), { value }));
  element(id).replaceChildren(...options);
}

window.addEventListener("message", ({ data }: MessageEvent<ToForm>) => {
  if (data.type === "fill") {
    const { asked } = data;
    if (asked !== undefined && (edited > asked || report.value === data.request.report)) return;
    fill(data.request);
    if (asked === undefined) code.postMessage({ type: "filled" });
    if (data.focus) report.focus();
  } else if (data.type === "known") {
    offer("known-repos", data.repositories);
    offer("known-languages", data.languages);
  } else {
    running = data.running;
    locate.textContent = running ? "Cancel" : "Locate";
    locate.classList.toggle("secondary", running);
    status.textContent = data.status;
    tell(data.problem);
    changed();
  }
});
for (const input of [report, repos, languages, paths, at, tests]) {
  input.addEventListener("input", () => {
    edited = Date.now();
    changed();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  else if (event.key === "Escape" && running) code.postMessage({ type: "cancel" });
});
(element("form") as HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

const kept = code.getState();
if (kept) {
  fill(kept);
  edited = kept.edited;
  changed();
  narrow.open = narrowed.textContent !== "";
}
code.postMessage({ type: "ready" });
