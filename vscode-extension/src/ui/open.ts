import * as vscode from "vscode";
import { lines, type FileHit } from "../api/client";
import { anchor, hasName, sameText } from "../core/anchor";
import { inside, lastName, segments } from "../core/paths";
import { lineOf, type Row } from "../core/tree";
import { uriOf } from "./reader";
import type { Service } from "./service";
import { setting } from "./settings";
import type { Workspace } from "./workspace";

/** A line of a file of a repository. `fits` tells the line where the file has changed since it was indexed. */
export interface Target {
  repo: string;
  path: string;
  commit: string;
  line: number;
  fits?: (text: string) => boolean;
}

/** What opening an editor should do with the focus. */
export type Manner = "peek" | "go";

/** The line of a row, found again by its function's name or by its text. */
export function targetOf(row: Extract<Row, { kind: "file" | "function" }>, commit: string): Target {
  const line = lineOf(row);
  const symbol = row.hit.symbols.find((s) => s.start === line);
  const target = { repo: row.repo, path: row.path, commit, line };
  if (symbol) return { ...target, fits: hasName(symbol.qualname) };
  const text = textAt(row.hit, line);
  return text === undefined ? target : { ...target, fits: sameText(text) };
}

/** The indexed text of a line, where the answer has it. */
export function textAt(hit: FileHit, line: number): string | undefined {
  const text = hit.excerpt?.lines[line - hit.excerpt.start];
  return text?.trim() ? text : undefined;
}

/** Opens places of an answer: in the workspace, in a folder that is set, or as the service has them. */
export class Opener {
  constructor(
    private readonly workspace: Workspace,
    private readonly service: Service,
  ) {}

  /** Show a place in an editor. */
  async open(target: Target, manner: Manner): Promise<vscode.TextEditor | undefined> {
    const { repo, path } = target;
    if (!segments(path)) {
      refuse(path, repo);
      return undefined;
    }
    const folder = await this.workspace.folderOf(repo);
    if (folder) {
      const place = await inside(folder, path);
      if ("file" in place) return show(vscode.Uri.file(place.file), target, manner);
      if (place.problem === "outside") {
        refuse(path, repo);
        return undefined;
      }
      vscode.window.setStatusBarMessage(`${lastName(path)} is not in ${folder}: shown as it was indexed`, 8000);
      return this.view(target, manner);
    }
    const how = setting("otherRepositories");
    if (how === "ask") return this.choose(target);
    return how === "host" && (await this.onHost(target)) ? undefined : this.view(target, manner);
  }

  /** Show a place as it was indexed, read-only. */
  view(target: Target, manner: Manner): Promise<vscode.TextEditor | undefined> {
    return show(uriOf(target.repo, target.path, target.commit), target, manner);
  }

  /** Let the user say from where a place is opened. */
  async choose(target: Target): Promise<vscode.TextEditor | undefined> {
    const folder = await this.workspace.folderOf(target.repo);
    const place = folder ? await inside(folder, target.path) : undefined;
    const items: (vscode.QuickPickItem & { run: () => Promise<vscode.TextEditor | undefined> })[] = [];
    if (place && "file" in place) {
      const { file } = place;
      const run = () => show(vscode.Uri.file(file), target, "go");
      items.push({ label: "$(folder-opened) On this machine", description: file, run });
    }
    items.push(
      { label: "$(eye) As it was indexed, read-only", description: "from the service", run: () => this.view(target, "go") },
      {
        label: "$(link-external) On the code host",
        run: async () => {
          await this.onHost(target);
          return undefined;
        },
      },
      {
        label: "$(folder) In a folder that holds it…",
        description: `remembered for ${target.repo}`,
        run: () => this.fromFolder(target),
      },
    );
    const title = `${target.repo}/${target.path}`;
    return (await vscode.window.showQuickPick(items, { title, placeHolder: "Open from where?" }))?.run();
  }

  /** Show a place in the browser. False where the service knows no address of it. */
  async onHost(target: Target): Promise<boolean> {
    const url = await this.pageOf(target);
    if (url) return vscode.env.openExternal(vscode.Uri.parse(url, true));
    void vscode.window.showInformationMessage(`The service knows no page of ${target.repo} on a code host.`);
    return false;
  }

  /** The page of a line on its code host; "" where the service knows none. */
  async pageOf({ repo, path, line }: Target): Promise<string> {
    const { url } = await lines(await this.service.current(), { repo, path, start: line, end: line });
    return /^https?:\/\//.test(url) ? url : "";
  }

  /** Where a file lies on this machine, if it does. */
  async find(repo: string, path: string): Promise<vscode.Uri | undefined> {
    const folder = await this.workspace.folderOf(repo);
    const place = folder ? await inside(folder, path) : undefined;
    return place && "file" in place ? vscode.Uri.file(place.file) : undefined;
  }

  private async fromFolder(target: Target): Promise<vscode.TextEditor | undefined> {
    const [folder] =
      (await vscode.window.showOpenDialog({
        canSelectFolders: true,
        canSelectFiles: false,
        openLabel: `This is ${lastName(target.repo)}`,
      })) ?? [];
    if (!folder) return undefined;
    const folders = { ...setting("folders"), [target.repo]: folder.fsPath };
    await vscode.workspace.getConfiguration("bugatlas").update("folders", folders, vscode.ConfigurationTarget.Global);
    return this.open(target, "go");
  }
}

async function show(uri: vscode.Uri, target: Target, manner: Manner): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(uri);
  const text = (line: number) => document.lineAt(line - 1).text;
  const line = anchor(text, document.lineCount, target.line, target.fits ?? (() => true)) - 1;
  const at = new vscode.Position(line, document.lineAt(line).firstNonWhitespaceCharacterIndex);
  const editor = await vscode.window.showTextDocument(document, {
    selection: new vscode.Range(at, at),
    preview: true,
    preserveFocus: manner === "peek",
  });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

function refuse(path: string, repo: string): void {
  void vscode.window.showWarningMessage(`Not opened: the path ${JSON.stringify(path)} leads out of ${repo}.`);
}
