import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { say } from "../api/client";
import { asServiceError } from "../api/errors";
import { line } from "../core/feedback";
import type { FileRow } from "../core/tree";
import type { Service } from "./service";
import type { State } from "./session";

type Word = "helpful" | "notHelpful";

/** Thumbs up and down: lines of a file on this machine, and told to the service that answered. */
export class Feedback {
  private readonly said = new Map<string, Word>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  readonly file: vscode.Uri;

  constructor(
    context: vscode.ExtensionContext,
    private readonly service: Service,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.file = vscode.Uri.joinPath(context.globalStorageUri, "feedback.jsonl");
  }

  /** What was said of a file of the answer that is shown. */
  of(state: State, row: FileRow): Word | undefined {
    return state.phase === "answered" ? this.said.get(key(state.id, row)) : undefined;
  }

  /** Say it, and write it down. */
  async say(state: State, row: FileRow, word: Word): Promise<void> {
    if (state.phase !== "answered") return;
    const commit = state.answer.routes.find((r) => r.repo === row.repo)?.commit ?? "";
    const place = { repo: row.repo, path: row.path, commit, rank: row.rank };
    await mkdir(path.dirname(this.file.fsPath), { recursive: true });
    await appendFile(this.file.fsPath, line(state.request, place, word === "helpful", new Date()));
    this.said.set(key(state.id, row), word);
    this.changed.fire();
    await this.tell({ report: state.request.report, ...place, helpful: word === "helpful" });
  }

  /** Tell the service. One that is older, or away, hears nothing of it: the line on this machine is there. */
  private async tell(said: Parameters<typeof say>[1]): Promise<void> {
    try {
      const server = await this.service.running();
      if (server && !(await say(server, said))) this.log.info("this service keeps no feedback");
    } catch (thrown) {
      this.log.info(`feedback was not sent: ${asServiceError(thrown).message}`);
    }
  }
}

function key(id: string, row: FileRow): string {
  return `${id} ${row.repo}/${row.path}`;
}
