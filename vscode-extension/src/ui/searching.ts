import * as vscode from "vscode";
import { search, type Hit, type Results } from "../api/client";
import { advice, asServiceError } from "../api/errors";
import { actionsFor } from "../core/advice";
import { escaped } from "../core/markdown";
import { lastName, parentOf } from "../core/paths";
import { readSearch } from "../core/query";
import { sameText } from "../core/anchor";
import type { Target } from "./open";
import type { Service } from "./service";
import { setting } from "./settings";

type Line = Hit["lines"][number];
export type Found = { hit: Hit; line?: Line };

const HINT =
  'words · "exact text" · symbol:NAME · near:REPO/PATH · by:words|meaning · repo: lang: path: file: narrow, - before them leaves out · at:v1.2 · tests:yes';
const LIMIT = 50; // files
const WIDE = 200; // characters of a line shown

/** Code search over everything indexed: files, and the lines that match. */
export class Searching implements vscode.TreeDataProvider<Found>, vscode.Disposable {
  query = "";
  private results: Results | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Found>;
  private running: AbortController | undefined;

  constructor(private readonly service: Service) {
    this.view = vscode.window.createTreeView("bugatlas.search", { treeDataProvider: this, showCollapseAll: true });
  }

  /** Ask for a query, beginning with what was asked before or with what is given, and search. */
  async prompt(given = this.query): Promise<void> {
    const query = await vscode.window.showInputBox({
      title: "Search the code of all indexed repositories",
      prompt: HINT,
      value: given,
      valueSelection: [0, given.length],
    });
    if (query?.trim()) await this.run(query.trim());
  }

  /** Search. */
  async run(query: string): Promise<void> {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    this.query = query;
    void vscode.commands.executeCommand("bugatlas.search.focus");
    try {
      await vscode.window.withProgress({ location: { viewId: "bugatlas.search" } }, async () => {
        const asked = { ...readSearch(query, setting("includeTests")), limit: LIMIT };
        const found = await search(await this.service.current(), asked, mine.signal);
        if (this.running === mine) this.show(found);
      });
    } catch (thrown) {
      if (this.running === mine) await this.fail(thrown);
    }
  }

  /** Forget the results. */
  clear(): void {
    this.running?.abort();
    this.show(undefined);
  }

  getChildren(found?: Found): Found[] {
    if (!found) return (this.results?.files ?? []).map((hit) => ({ hit }));
    return found.line ? [] : found.hit.lines.map((line) => ({ hit: found.hit, line }));
  }

  getTreeItem({ hit, line }: Found): vscode.TreeItem {
    return line ? lineItem(hit, line) : fileItem(hit);
  }

  dispose(): void {
    this.running?.abort();
    this.view.dispose();
    this.changed.dispose();
  }

  private show(results: Results | undefined): void {
    this.results = results;
    void vscode.commands.executeCommand("setContext", "bugatlas.searched", results !== undefined);
    this.view.description = results ? this.query : "";
    this.view.message = results ? summary(results) : "";
    this.changed.fire();
  }

  private async fail(thrown: unknown): Promise<void> {
    const error = asServiceError(thrown);
    if (error.trouble === "cancelled") return;
    this.show(undefined);
    this.view.message = `${error.message} ${advice(error)}`;
    const actions = actionsFor(error);
    const said = await vscode.window.showWarningMessage(`${error.message} ${advice(error)}`, ...actions.map((a) => a.title));
    const action = actions.find((a) => a.title === said);
    if (action) await vscode.commands.executeCommand(action.command === "bugatlas.rerun" ? "bugatlas.search.again" : action.command);
  }
}

/** The place of a match. */
export function targetOf({ hit, line }: Found): Target {
  const at = line ?? hit.lines[0];
  const target = { repo: hit.repo, path: hit.path, commit: "", line: at?.number ?? hit.symbol?.start ?? 1 };
  return at?.text.trim() ? { ...target, fits: sameText(at.text) } : target;
}

function summary(results: Results): string {
  const count = `${results.more ? "over " : ""}${results.total.toLocaleString("en")}`;
  const shown = results.files.length < results.total ? `, the best ${results.files.length} shown` : "";
  const head = results.files.length
    ? `${count} ${results.total === 1 ? "file" : "files"}${shown}.`
    : `Nothing found in ${results.searched.toLocaleString("en")} files of ${results.repositories} repositories.`;
  return [head, ...results.notes].join(" ");
}

function fileItem(hit: Hit): vscode.TreeItem {
  const open = hit.lines.length ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(lastName(hit.path), open);
  item.id = `${hit.repo}/${hit.path}`;
  item.description = [hit.defines && `defines ${hit.defines}`, `${hit.repo}/${parentOf(hit.path)}`].filter(Boolean).join(" · ");
  item.iconPath = vscode.ThemeIcon.File;
  item.resourceUri = vscode.Uri.from({ scheme: "bugatlas-icon", path: `/${hit.path}` });
  item.tooltip = new vscode.MarkdownString(escaped(`${hit.repo}/${hit.path}`));
  item.contextValue = "found";
  item.command = { command: "bugatlas.openFound", title: "Open", arguments: [{ hit }] };
  item.accessibilityInformation = { label: `File ${hit.path} in ${hit.repo}, ${hit.lines.length} lines shown` };
  return item;
}

function lineItem(hit: Hit, line: Line): vscode.TreeItem {
  const blank = line.text.length - line.text.trimStart().length;
  const text = line.text.slice(blank, blank + WIDE);
  const units = (n: number): number => Array.from(line.text).slice(0, n).join("").length; // spans count characters
  const highlights = line.spans
    .map(([a, b]): [number, number] => [Math.max(0, units(a) - blank), Math.min(text.length, units(b) - blank)])
    .filter(([a, b]) => a < b);
  const item = new vscode.TreeItem({ label: text || " ", highlights });
  item.id = `${hit.repo}/${hit.path}:${line.number}`;
  item.description = String(line.number);
  item.contextValue = "foundLine";
  item.command = { command: "bugatlas.openFound", title: "Open", arguments: [{ hit, line }] };
  item.accessibilityInformation = { label: `Line ${line.number}: ${text}` };
  return item;
}
