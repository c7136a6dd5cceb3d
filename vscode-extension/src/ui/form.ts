import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { LocateRequest } from "../api/client";
import { advice, type ServiceError } from "../api/errors";
import { actionsFor, hasWelcome } from "../core/advice";
import type { FromForm, Problem, ToForm } from "../form/protocol";
import type { Session, State } from "./session";
import { setting } from "./settings";
import type { Workspace } from "./workspace";

/** The form in the side bar that a report is pasted into. */
export class Form implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private waiting: ToForm | undefined; // to fill in once the view is there
  private readonly listener: vscode.Disposable;

  constructor(
    private readonly root: vscode.Uri,
    private readonly session: Session,
    private readonly workspace: Workspace,
  ) {
    this.listener = session.onDidChange((state) => this.tell(state));
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    view.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(this.root, "dist"), vscode.Uri.joinPath(this.root, "media")],
    };
    view.webview.onDidReceiveMessage((message: FromForm) => void this.heard(message));
    view.onDidDispose(() => (this.view = undefined));
    view.webview.html = this.html(view.webview);
  }

  /** Put a report into the form, and show it. */
  async fill(request: LocateRequest, focus: boolean): Promise<void> {
    this.waiting = { type: "fill", request, focus };
    await vscode.commands.executeCommand("bugatlas.report.focus");
    this.fillNow();
  }

  dispose(): void {
    this.listener.dispose();
  }

  private async heard(message: FromForm): Promise<void> {
    switch (message.type) {
      case "ready": {
        this.fillNow();
        this.tell(this.session.state);
        await this.offer();
        return;
      }
      case "locate":
        return this.session.locate({ ...message.request, limit: setting("limit") });
      case "filled":
        this.waiting = undefined;
        return;
      case "cancel":
        this.session.cancel();
        return;
      case "action": // only what an error of ours offers
        if (/^(bugatlas\.\w+|workbench\.trust\.manage)$/.test(message.command))
          await vscode.commands.executeCommand(message.command);
    }
  }

  /** Fill in what waits. A form that is hidden or not there yet hears nothing; it asks when it is. */
  private fillNow(): void {
    if (this.waiting) this.post(this.waiting);
  }

  /** Names to choose from, once a service runs; none is started for it. */
  private async offer(): Promise<void> {
    if (this.session.state.phase === "idle" && !setting("serverUrl")) return;
    const found = await this.workspace.repositories().catch(() => []);
    const languages = [...new Set(found.flatMap((r) => Object.keys(r.languages)))].sort();
    this.post({ type: "known", repositories: found.map((r) => r.name), languages });
  }

  private tell(state: State): void {
    if (state.phase === "interrupted" || state.phase === "answered")
      this.post({ type: "fill", request: state.request, focus: false, asked: state.asked });
    const failed = state.phase === "failed" ? state.error : undefined;
    const problem = failed ? problemOf(failed) : null;
    this.post({ type: "state", running: state.phase === "running", status: statusText(state), problem });
    if (state.phase === "answered") void this.offer();
  }

  private post(message: ToForm): void {
    void this.view?.webview.postMessage(message);
  }

  private html(webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("base64");
    const address = (...path: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(this.root, ...path)).toString();
    const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${address("media", "form.css")}">
<title>Bug report</title>
</head>
<body>
<form id="form" aria-label="What to locate">
<div id="whole">
<label for="report" class="heard">Bug report</label>
<textarea id="report" maxlength="1000000" spellcheck="false" aria-describedby="status"
 placeholder="Paste the whole report: headline, what happened, stack traces, logs, versions"></textarea>
</div>
<details id="narrow">
<summary>Narrow the search<span id="narrowed"></span></summary>
<div id="fields">
<div><label for="repos">Repositories</label>
<input type="text" id="repos" list="known-repos" placeholder="all; several with commas"></div>
<div><label for="languages">Languages</label>
<input type="text" id="languages" list="known-languages" placeholder="all; several with commas"></div>
<div><label for="paths">Paths</label>
<input type="text" id="paths" placeholder="that contain this, or match it with *"></div>
<div><label for="at">Version</label>
<input type="text" id="at" maxlength="200" placeholder="a tag, commit or date that is indexed"></div>
<label class="check"><input type="checkbox" id="tests"${setting("includeTests") ? " checked" : ""}> Include tests</label>
</div>
</details>
<button id="locate" type="submit" title="Ctrl+Enter" disabled>Locate</button>
<div id="status" role="status"></div>
<div id="problem" role="alert" hidden></div>
<datalist id="known-repos"></datalist>
<datalist id="known-languages"></datalist>
</form>
<script nonce="${nonce}" src="${address("dist", "form.js")}"></script>
</body>
</html>`;
  }
}

/** What went wrong; what to do about it is said here only where no welcome view of the results says it. */
function problemOf(error: ServiceError): Problem {
  const { message, trouble } = error;
  if (hasWelcome(trouble)) return { message, advice: error.hint, actions: [] };
  return { message, advice: advice(error), actions: actionsFor(error) };
}

function statusText(state: State): string {
  switch (state.phase) {
    case "running":
      return progressText(state);
    case "answered": {
      const { files, searched, seconds } = state.answer;
      const count = files.length === 1 ? "1 file" : `${files.length} files`;
      return `${count} of ${searched.toLocaleString("en")} in ${seconds.toFixed(2)} s`;
    }
    case "interrupted":
      return "The window was closed before this report was answered.";
    default:
      return "";
  }
}

/** What the service is at, in a sentence. */
function progressText({ step }: Extract<State, { phase: "running" }>): string {
  if (!step) return "Asking the service…";
  if (step.stage === "explain") {
    const routes = step.routes.slice(0, 3).join(", ");
    return `Reading code in ${routes || "the likeliest repositories"}: ${step.done} of ${step.total} files…`;
  }
  const seen = [step.frames ? `${step.frames} stack frames` : "", step.mentions ? `${step.mentions} names` : ""];
  const told = seen.filter(Boolean).join(" and ");
  return `Choosing repositories${told ? `; the report has ${told}` : ""}…`;
}
