import * as vscode from "vscode";
import { locate, type Answer, type LocateRequest, type Step } from "../api/client";
import { asServiceError, ServiceError } from "../api/errors";
import { hasWelcome } from "../core/advice";
import type { History } from "./past";
import type { Service } from "./service";

/** Where the question of this window stands. */
export type State =
  | { phase: "idle" }
  | { phase: "running"; request: LocateRequest; step: Step | undefined }
  | { phase: "answered"; request: LocateRequest; answer: Answer; id: string; asked: number }
  | { phase: "failed"; request: LocateRequest; error: ServiceError }
  | { phase: "interrupted"; request: LocateRequest; asked: number }; // when, milliseconds since the epoch

/** Asks the service, one report at a time, and tells whoever shows the answer. */
export class Session implements vscode.Disposable {
  state: State = { phase: "idle" };
  /** Repositories that are shown; empty: all. */
  only: ReadonlySet<string> = new Set();
  private readonly changed = new vscode.EventEmitter<State>();
  readonly onDidChange = this.changed.event;
  private running: AbortController | undefined;

  constructor(
    private readonly service: Service,
    private readonly history: History,
  ) {}

  /** What the last window left: its answer, or a question that it did not see answered. */
  restore(): void {
    if (this.state.phase !== "idle") return; // something was asked meanwhile
    const last = this.history.list[0];
    if (last?.pending) this.set({ phase: "interrupted", request: last.request, asked: last.time });
    else if (last?.answer) this.show(last.request, last.answer, last.id, last.time);
    else this.set({ phase: "idle" });
  }

  /** Ask. What was asked before and is not answered yet is given up. */
  async locate(request: LocateRequest): Promise<void> {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    const current = (): boolean => this.running === mine;
    this.only = new Set();
    const asked = Date.now();
    this.set({ phase: "running", request, step: undefined });
    const id = await this.history.ask(request);
    let answer: Answer | null = null;
    try {
      const server = await this.service.current();
      const progress = (step: Step): void => {
        if (current()) this.set({ phase: "running", request, step });
      };
      answer = await locate(server, request, progress, mine.signal);
      if (current()) this.set({ phase: "answered", request, answer, id, asked });
    } catch (thrown) {
      if (!current()) return;
      const error = asServiceError(thrown);
      this.set(error.trouble === "cancelled" ? { phase: "idle" } : { phase: "failed", request, error });
    } finally {
      if (current()) this.running = undefined;
      await this.history.settle(id, answer);
    }
  }

  /** Give up what is running. */
  cancel(): void {
    this.running?.abort();
  }

  /** Show an answer of the past. */
  show(request: LocateRequest, answer: Answer, id: string, asked = Date.now()): void {
    this.running?.abort();
    this.running = undefined;
    this.only = new Set();
    this.set({ phase: "answered", request, answer, id, asked });
  }

  /** Forget the answer that is shown. */
  clear(): void {
    this.only = new Set();
    this.set({ phase: "idle" });
  }

  /** Show only some repositories; none: all. */
  filter(only: ReadonlySet<string>): void {
    this.only = only;
    this.set(this.state);
  }

  /** The answer that is shown. */
  get answer(): Answer | undefined {
    return this.state.phase === "answered" ? this.state.answer : undefined;
  }

  dispose(): void {
    this.running?.abort();
    this.changed.dispose();
  }

  private set(state: State): void {
    this.state = state;
    void vscode.commands.executeCommand("setContext", "bugatlas.state", contextOf(state));
    void vscode.commands.executeCommand("setContext", "bugatlas.filtered", this.only.size > 0);
    this.changed.fire(state);
  }
}

/** Which welcome view and buttons go with a state. */
function contextOf(state: State): string {
  if (state.phase === "failed") return hasWelcome(state.error.trouble) ? state.error.trouble : "failed";
  if (state.phase === "answered") return state.answer.files.length ? "answered" : "noMatch";
  return state.phase;
}
