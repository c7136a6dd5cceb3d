import * as vscode from "vscode";
import type { Evidence, FileHit } from "../api/client";
import { anchor, hasName, sameText } from "../core/anchor";
import { escaped } from "../core/markdown";
import { brief } from "../core/tree";
import { textAt, type Opener } from "./open";
import { placeOf } from "./reader";
import type { Session } from "./session";
import { concerns, setting } from "./settings";

/** Marks the lines that the evidence names, in all editors that show a file of the answer. */
export class Decorations implements vscode.Disposable {
  private readonly style = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("bugatlas.evidenceBackground"),
    borderColor: new vscode.ThemeColor("bugatlas.evidenceBorder"),
    borderStyle: "solid",
    borderWidth: "0 0 0 3px",
    overviewRulerColor: new vscode.ThemeColor("bugatlas.evidenceBorder"),
    overviewRulerLane: vscode.OverviewRulerLane.Right,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private files = new Map<string, FileHit>(); // by address on this machine
  private round = 0;
  private readonly listeners: vscode.Disposable;

  constructor(
    private readonly session: Session,
    private readonly opener: Opener,
  ) {
    this.listeners = vscode.Disposable.from(
      this.style,
      session.onDidChange(() => void this.refresh()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.paint()),
      vscode.workspace.onDidChangeConfiguration((e) => {
        if (concerns(e, "decorations")) this.paint();
      }),
    );
  }

  /** Find the answer's files on this machine, and mark what is open. */
  async refresh(): Promise<void> {
    const round = ++this.round;
    const hits = this.session.answer?.files ?? [];
    const found = await Promise.all(hits.map(async (hit) => [await this.opener.find(hit.repo, hit.path), hit] as const));
    if (round !== this.round) return;
    this.files = new Map(found.flatMap(([uri, hit]) => (uri ? [[uri.toString(), hit] as const] : [])));
    this.paint();
  }

  dispose(): void {
    this.listeners.dispose();
  }

  private paint(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const hit = setting("decorations") ? this.hitOf(editor.document.uri) : undefined;
      editor.setDecorations(this.style, hit ? marks(editor.document, hit) : []);
    }
  }

  private hitOf(uri: vscode.Uri): FileHit | undefined {
    const place = placeOf(uri);
    if (!place) return this.files.get(uri.toString());
    return this.session.answer?.files.find((f) => f.repo === place.repo && f.path === place.path);
  }
}

function marks(document: vscode.TextDocument, hit: FileHit): vscode.DecorationOptions[] {
  const byLine = new Map<number, Evidence[]>();
  for (const evidence of hit.evidence) {
    if (evidence.line < 1) continue;
    const line = findLine(document, hit, evidence.line);
    byLine.set(line, [...(byLine.get(line) ?? []), evidence]);
  }
  return [...byLine].map(([line, all]) => ({
    range: document.lineAt(line - 1).range,
    hoverMessage: new vscode.MarkdownString(all.map((e) => `- ${escaped(e.text)}`).join("\n")),
    renderOptions: {
      after: {
        contentText: brief(all[0]?.text ?? ""),
        color: new vscode.ThemeColor("editorCodeLens.foreground"),
        fontStyle: "italic",
        margin: "0 0 0 2em",
      },
    },
  }));
}

/** Where a line of evidence stands now: by its text, or by the name of the function that begins there. */
function findLine(document: vscode.TextDocument, hit: FileHit, line: number): number {
  const text = textAt(hit, line);
  const symbol = hit.symbols.find((s) => s.start === line);
  const fits = text !== undefined ? sameText(text) : symbol ? hasName(symbol.qualname) : () => true;
  return anchor((n) => document.lineAt(n - 1).text, document.lineCount, line, fits);
}
