import * as vscode from "vscode";
import { node } from "../api/client";
import { tooltip } from "../core/markdown";
import { descriptionOf, idOf, labelOf, rows, spokenOf, type FileRow, type Row } from "../core/tree";
import type { Feedback } from "./feedback";
import type { Service } from "./service";
import type { Session, State } from "./session";
import { concerns, setting } from "./settings";
import { symbolIcon } from "./icons";

const EXPANDED = 3; // files that show their functions from the start

/** The answer as a tree: repository, directory, file, function. */
export class Results implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly listeners: vscode.Disposable;
  private readonly view: vscode.TreeView<Row>;
  private top: Row[] = [];
  private parents = new Map<Row, Row>();
  private current: Row | undefined;
  private busy: Promise<void> | undefined;

  constructor(
    private readonly session: Session,
    private readonly service: Service,
    private readonly feedback: Feedback,
  ) {
    this.view = vscode.window.createTreeView("bugatlas.results", { treeDataProvider: this, showCollapseAll: true });
    this.listeners = vscode.Disposable.from(
      this.view,
      session.onDidChange((state) => this.show(state)),
      feedback.onDidChange(() => this.changed.fire(undefined)),
      vscode.workspace.onDidChangeConfiguration((e) => {
        if (concerns(e, "layout")) this.show(session.state);
      }),
    );
  }

  getChildren(row?: Row): Row[] {
    return row ? row.rows : this.top;
  }

  getParent(row: Row): Row | undefined {
    return this.parents.get(row);
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const item = new vscode.TreeItem(labelOf(row), collapsible(row));
    const layout = setting("layout");
    item.id = `${layout} ${idOf(row)}`;
    item.description = descriptionOf(row, layout);
    item.accessibilityInformation = { label: spokenOf(row) };
    item.contextValue = row.kind;
    if (row.kind === "repository") item.iconPath = new vscode.ThemeIcon("repo");
    else if (row.kind === "directory") item.iconPath = vscode.ThemeIcon.Folder;
    else if (row.kind === "function") item.iconPath = symbolIcon(row.symbol.kind);
    else {
      item.iconPath = vscode.ThemeIcon.File;
      item.resourceUri = vscode.Uri.from({ scheme: "bugatlas-icon", path: `/${row.path}` }); // for the icon only
      const said = this.feedback.of(this.session.state, row);
      if (said) item.contextValue = `file.${said}`;
      if (said) item.description = `${said === "helpful" ? "helpful" : "not helpful"} · ${item.description}`;
    }
    if (row.kind === "file" || row.kind === "function")
      item.command = { command: "bugatlas.openRow", title: "Open", arguments: [row] };
    return item;
  }

  /** Tooltips are made when they are needed; summaries of directories come from the service. */
  async resolveTreeItem(item: vscode.TreeItem, row: Row): Promise<vscode.TreeItem> {
    let summary = "";
    if (row.kind === "repository" || row.kind === "directory") {
      const server = await this.service.running();
      const path = row.kind === "directory" ? row.path : "";
      if (server) summary = await node(server, row.repo, path).then((n) => n.summary, () => "");
    }
    item.tooltip = new vscode.MarkdownString(tooltip(row, summary));
    return item;
  }

  /** The file after or before the one last shown; undefined where there is none. */
  step(by: 1 | -1): FileRow | undefined {
    const files = this.files();
    const at = files.findIndex((f) => this.isAt(f));
    return files[at < 0 ? (by > 0 ? 0 : files.length - 1) : (at + by + files.length) % files.length];
  }

  /** Select a row, so that the next one follows from it. */
  async reveal(row: Row): Promise<void> {
    this.current = row;
    if (this.view.visible) await this.view.reveal(row, { select: true, focus: false, expand: 1 });
  }

  /** Remember which row was opened. */
  opened(row: Row): void {
    this.current = row;
  }

  dispose(): void {
    this.listeners.dispose();
    this.changed.dispose();
  }

  /** File rows, best first: those of the tree, which `reveal` knows. */
  private files(): FileRow[] {
    const found: FileRow[] = [];
    const walk = (all: Row[]): void => {
      for (const row of all) {
        if (row.kind === "file") found.push(row);
        else walk(row.rows);
      }
    };
    walk(this.top);
    return found.sort((a, b) => a.rank - b.rank);
  }

  private isAt(file: FileRow): boolean {
    const at = this.current;
    return at !== undefined && "path" in at && at.repo === file.repo && at.path === file.path;
  }

  private show(state: State): void {
    const { answer, only } = this.session;
    this.top = answer ? rows(answer, setting("layout"), only) : [];
    this.parents = new Map();
    const walk = (row: Row): void => {
      for (const inner of row.rows) {
        this.parents.set(inner, row);
        walk(inner);
      }
    };
    this.top.forEach(walk);
    if (state.phase !== "answered") this.current = undefined;
    this.view.description = answer ? `${answer.verdict}, ${Math.round(100 * answer.confidence)}%` : "";
    this.view.message = message(state, only);
    this.changed.fire(undefined);
    if (state.phase === "running") this.progress();
  }

  /** The bar at the top of the view, for as long as a question is asked. */
  private progress(): void {
    if (this.busy) return;
    this.busy = new Promise((resolve) => {
      const listener = this.session.onDidChange((state) => {
        if (state.phase === "running") return;
        listener.dispose();
        this.busy = undefined;
        resolve();
      });
    });
    const { busy } = this;
    void vscode.window.withProgress({ location: { viewId: "bugatlas.results" } }, () => busy);
  }
}

/** One line above the tree; "" leaves the place to a welcome view. */
function message(state: State, only: ReadonlySet<string>): string {
  if (state.phase !== "answered" || !state.answer.files.length) return "";
  const { answer } = state;
  const parts: string[] = [];
  if (answer.verdict === "no confident match") parts.push("No confident match. The nearest files are:");
  if (only.size) parts.push(`Only ${[...only].join(", ")}.`);
  return [...parts, ...answer.notes.slice(0, 3)].join(" ");
}


function collapsible(row: Row): vscode.TreeItemCollapsibleState {
  if (!row.rows.length) return vscode.TreeItemCollapsibleState.None;
  const open = row.kind !== "file" || row.rank <= EXPANDED;
  return open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}
