import * as vscode from "vscode";
import { cancelJob, job, jobs, startJob, type Job } from "../api/client";
import { asServiceError, ServiceError } from "../api/errors";
import type { Server } from "../api/http";
import { cloneOf } from "../core/clones";
import { freshness, type Freshness } from "../core/freshness";
import { runIndex } from "../core/local";
import type { Service } from "./service";
import type { Session } from "./session";
import type { Workspace } from "./workspace";

const LOOK = 1000; // milliseconds between looks at a job

/** The status item: is the index fresh, stale or building; and the command that brings it up to date. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("bugatlas.status", vscode.StatusBarAlignment.Right, 10);
  private building = false;
  private mayIndex = true; // until the service says that this token may not
  private readonly listeners: vscode.Disposable;

  constructor(
    private readonly service: Service,
    private readonly workspace: Workspace,
    private readonly session: Session,
  ) {
    this.item.name = "Bugatlas";
    this.item.command = "bugatlas.menu";
    this.listeners = vscode.Disposable.from(
      this.item,
      session.onDidChange((state) => {
        if (state.phase === "answered" || state.phase === "failed") void this.refresh();
      }),
      service.onDidChange(() => {
        this.mayIndex = true;
        void this.refresh();
      }),
      vscode.window.onDidChangeWindowState((state) => state.focused && void this.refresh()),
    );
    this.paint("$(telescope) Bugatlas", "Bugatlas has not been asked yet.");
    this.item.show();
  }

  /** What the item says, with its icon. */
  get text(): string {
    return this.item.text;
  }

  /** Ask the service, if one runs, how the index stands. */
  async refresh(): Promise<void> {
    if (this.building) return;
    const server = await this.service.running();
    if (!server) {
      this.paint("$(telescope) Bugatlas", "No service runs. It starts with the first question.");
      return;
    }
    try {
      const found = freshness(await this.workspace.repositories(), await this.workspace.clones());
      this.paint(...texts(found, await this.busy(server)));
    } catch (error) {
      this.paint("$(warning) Bugatlas", asServiceError(error).message);
    }
  }

  /** Index what is open here: by the command where the service is local, else as a job of the service. */
  async index(): Promise<void> {
    if (this.building) return;
    this.paint("$(sync~spin) Bugatlas: indexing", "The index is being built. Questions are answered meanwhile.");
    this.building = true;
    const { state } = this.session;
    try {
      const server = this.service.url ? await this.service.current() : undefined;
      const location = vscode.ProgressLocation.Notification;
      const title = "Bugatlas is indexing this workspace";
      await vscode.window.withProgress({ location, title, cancellable: true }, (progress, cancel) => {
        const signal = signalOf(cancel);
        const say = (message: string): void => {
          progress.report({ message });
          this.item.text = `$(sync~spin) Bugatlas: ${message.slice(0, 40)}`;
        };
        return server ? this.asJob(server, say, signal) : this.byCommand(say, signal);
      });
      if (state.phase === "failed" && state.error.trouble === "noIndex") void this.session.locate(state.request);
    } catch (thrown) {
      const error = asServiceError(thrown);
      void vscode.window.showErrorMessage(`${error.message} ${error.hint}`);
    } finally {
      this.building = false;
      this.workspace.forget();
      await this.refresh();
    }
  }

  dispose(): void {
    this.listeners.dispose();
  }

  /** Whether the service is indexing, as far as this token may know. */
  private async busy(server: Server): Promise<boolean> {
    if (!this.mayIndex) return false;
    try {
      return (await jobs(server)).some((j) => j.state === "running");
    } catch (error) {
      this.mayIndex = asServiceError(error).trouble !== "forbidden";
      return false;
    }
  }

  private async byCommand(say: (message: string) => void, signal: AbortSignal): Promise<void> {
    if (!vscode.workspace.isTrusted) throw new ServiceError("untrusted", "A workspace that is not trusted is not indexed.");
    const clones = await this.workspace.clones();
    if (!clones.length) throw new ServiceError("rejected", "No git repository is open here.", "Open one that has a commit.");
    const error = await runIndex(this.service.how(), clones.map((c) => c.folder), say, signal);
    if (error) throw new ServiceError("fault", `Indexing failed: ${error}.`, "The log of Bugatlas says more.");
  }

  private async asJob(server: Server, say: (message: string) => void, signal: AbortSignal): Promise<void> {
    const clones = await this.workspace.clones();
    const here = (await this.workspace.repositories()).filter((r) => cloneOf(r, clones)).map((r) => r.name);
    if (!here.length)
      throw new ServiceError("rejected", "The service has none of this workspace's repositories.", "Its operator adds them.");
    let now: Job = await startJob(server, here);
    while (!now.ended) {
      if (signal.aborted) {
        await cancelJob(server, now.id);
        return;
      }
      say(now.total ? `${now.done} of ${now.total} files` : now.state);
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      now = await job(server, now.id);
    }
    const failed = now.settled.filter((s) => s.failed).map((s) => `${s.repo}: ${s.reason}`);
    if (now.state === "failed") throw new ServiceError("fault", `Indexing failed: ${[now.error, ...failed].join("; ")}.`);
  }

  private paint(text: string, tooltip: string): void {
    if (this.building) return; // until it has ended
    this.item.text = text;
    const { url } = this.service;
    const index = this.service.how().index;
    tooltip += url ? ` Service: ${url}` : ` Service: on this machine${index ? `, index ${index}` : ""}`;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `${text.replace(/\$\([^)]*\)\s*/g, "")}. ${tooltip}`, role: "button" };
  }
}

function texts(found: Freshness, busy: boolean): [string, string] {
  const { state, repositories, behind, unknown } = found;
  const held = `${repositories} ${repositories === 1 ? "repository is" : "repositories are"} indexed`;
  if (busy) return ["$(sync~spin) Bugatlas: indexing", `The service is indexing. ${held}.`];
  if (state === "empty") return ["$(circle-slash) Bugatlas: no index", "Nothing is indexed yet."];
  if (state === "fresh") return ["$(pass) Bugatlas", `${held}; this workspace is as it was indexed.`];
  const parts = [
    behind.length ? `indexed at another commit: ${behind.join(", ")}` : "",
    unknown.length ? `not indexed: ${unknown.join(", ")}` : "",
  ].filter(Boolean);
  return ["$(history) Bugatlas: stale", `${held}. Of this workspace ${parts.join("; ")}.`];
}

function signalOf(cancel: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  cancel.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
