import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Answer, LocateRequest } from "../api/client";
import { ago, readHistory, remembered, titleOf, type Past } from "../core/history";
import { escaped } from "../core/markdown";
import { setting } from "./settings";

/** The last reports of this workspace: a file of the extension's own, and the view that lists them. */
export class History implements vscode.TreeDataProvider<Past> {
  list: readonly Past[] = [];
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly file: vscode.Uri;

  constructor(context: vscode.ExtensionContext) {
    this.file = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, "history.json");
  }

  /** Read what earlier windows left. */
  async load(): Promise<void> {
    try {
      this.list = readHistory(new TextDecoder().decode(await vscode.workspace.fs.readFile(this.file)));
    } catch {
      this.list = []; // nothing was asked here yet
    }
    this.changed.fire();
  }

  /** Remember a question that is being asked; the id that it has from then on. */
  async ask(request: LocateRequest): Promise<string> {
    const id = randomBytes(6).toString("hex");
    const past = { id, time: Date.now(), request, answer: null, pending: true };
    await this.keep(remembered(this.list, past, setting("history")));
    return id;
  }

  /** Remember what came of it. */
  async settle(id: string, answer: Answer | null): Promise<void> {
    await this.keep(this.list.map((p) => (p.id === id ? { ...p, answer, pending: false } : p)));
  }


  /** Forget one, or all. */
  async remove(id?: string): Promise<void> {
    await this.keep(id ? this.list.filter((p) => p.id !== id) : []);
  }

  getTreeItem(past: Past): vscode.TreeItem {
    const item = new vscode.TreeItem(titleOf(past.request));
    const verdict = past.answer ? past.answer.verdict : "not answered";
    item.id = past.id;
    item.description = `${verdict} · ${ago(past.time, Date.now())}`;
    item.iconPath = new vscode.ThemeIcon(past.answer ? "bug" : "circle-slash");
    item.contextValue = "past";
    item.tooltip = new vscode.MarkdownString(escaped(past.request.report.slice(0, 1000)));
    item.command = { command: "bugatlas.openPast", title: "Show this answer again", arguments: [past] };
    item.accessibilityInformation = { label: `Report ${titleOf(past.request)}, ${item.description}` };
    return item;
  }

  getChildren(past?: Past): Past[] {
    return past ? [] : [...this.list];
  }

  private async keep(list: readonly Past[]): Promise<void> {
    this.list = list;
    this.changed.fire();
    await vscode.workspace.fs.writeFile(this.file, new TextEncoder().encode(JSON.stringify(list)));
  }
}
