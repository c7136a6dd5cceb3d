import * as vscode from "vscode";
import { answerMarkdown, fileMarkdown, plain } from "../core/markdown";
import type { Past } from "../core/history";
import type { FileRow, Row } from "../core/tree";
import { connect, forgetToken, howToInstall, setToken } from "./connect";
import type { Parts } from "./parts";
import { targetOf, type Target } from "./open";
import { placeOf } from "./reader";
import { locateIssue, locateText, selected } from "./reports";
import { targetOf as foundAt, type Found } from "./searching";
import { change } from "./settings";

type Leaf = Extract<Row, { kind: "file" | "function" }>;

/** Every command of the extension. */
export function commands(parts: Parts): Record<string, (...given: never[]) => unknown> {
  const { session, service, form, results, searching, history, opener, feedback, status, log } = parts;
  const target = (row: Leaf): Target => {
    const commit = session.answer?.routes.find((r) => r.repo === row.repo)?.commit ?? "";
    return targetOf(row, commit);
  };
  const go = async (by: 1 | -1): Promise<void> => {
    const row = results.step(by);
    if (!row) return;
    await opener.open(target(row), "go");
    await results.reveal(row);
  };
  return {
    // asking
    locate: () => vscode.commands.executeCommand("bugatlas.report.focus"),
    locateSelection: () => locateText(selected(), form, session),
    locateClipboard: async () => locateText(await vscode.env.clipboard.readText(), form, session),
    locateIssue: () => locateIssue(service, form, session),
    rerun: () => ("request" in session.state ? session.locate(session.state.request) : undefined),
    cancel: () => session.cancel(),
    clear: () => session.clear(),
    // results
    openRow: (row: Leaf) => {
      results.opened(row);
      return opener.open(target(row), "peek");
    },
    openFrom: (row: Leaf) => opener.choose(target(row)),
    openOnHost: (row?: Leaf) => {
      const at = row?.kind ? target(row) : here();
      return at ? opener.onHost(at) : undefined;
    },
    nextResult: () => go(1),
    previousResult: () => go(-1),
    copyMarkdown: (row?: Row) => vscode.env.clipboard.writeText(markdownOf(parts, row)),
    copyPlace: (row: Row) => vscode.env.clipboard.writeText(plain(row)),
    filter: () => filter(parts),
    showAll: () => session.filter(new Set()),
    asTree: () => change("layout", "tree"),
    asList: () => change("layout", "list"),
    helpful: (row: FileRow) => feedback.say(session.state, row, "helpful"),
    notHelpful: (row: FileRow) => feedback.say(session.state, row, "notHelpful"),
    showFeedback: () => openFile(feedback.file, "Nothing has been called helpful or not helpful yet."),
    // code search
    searchCode: () => searching.prompt(),
    searchSelection: () => searching.prompt(quoted(selection())),
    "search.again": () => searching.run(searching.query),
    "search.clear": () => searching.clear(),
    openFound: (found: Found) => opener.open(foundAt(found), "peek"),
    openFoundFrom: (found: Found) => opener.choose(foundAt(found)),
    openFoundOnHost: (found: Found) => opener.onHost(foundAt(found)),
    // history
    openPast: async (past: Past) => {
      await form.fill(past.request, false);
      if (past.answer) session.show(past.request, past.answer, past.id);
      else await session.locate(past.request);
    },
    rerunPast: async (past: Past) => {
      await form.fill(past.request, false);
      await session.locate(past.request);
    },
    removePast: (past: Past) => history.remove(past.id),
    clearHistory: () => history.remove(),
    // the service
    indexWorkspace: () => status.index(),
    connect: async () => resume(parts, await connect(service)),
    setToken: async () => resume(parts, await setToken(service)),
    forgetToken: () => forgetToken(service),
    restartService: () => service.restart(),
    howToInstall: () => howToInstall(),
    openSettings: () => vscode.commands.executeCommand("workbench.action.openSettings", "@ext:bugatlas.bugatlas"),
    showLog: () => log.show(),
    menu: () => menu(),
  };
}

/** Ask again what could not be asked before. */
async function resume({ session }: Parts, connected: boolean): Promise<void> {
  if (connected && session.state.phase === "failed") await session.locate(session.state.request);
}

/** The place of the read-only view that is open. */
function here(): Target | undefined {
  const editor = vscode.window.activeTextEditor;
  const place = editor && placeOf(editor.document.uri);
  return place && { repo: place.repo, path: place.path, commit: place.at, line: editor.selection.active.line + 1 };
}

function markdownOf({ session }: Parts, row?: Row): string {
  const { answer } = session;
  if (!answer) return "";
  return row?.kind === "file" ? `${fileMarkdown(row.hit, row.rank)}\n` : answerMarkdown(answer);
}

async function filter({ session }: Parts): Promise<void> {
  const files = session.answer?.files ?? [];
  const names = [...new Set(files.map((f) => f.repo))];
  const items = names.map((label) => ({
    label,
    description: `${files.filter((f) => f.repo === label).length} files`,
    picked: !session.only.size || session.only.has(label),
  }));
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: "Show files of these repositories",
    placeHolder: "All when none is chosen",
  });
  if (picked) session.filter(new Set(picked.length === names.length ? [] : picked.map((p) => p.label)));
}

function selection(): string {
  const editor = vscode.window.activeTextEditor;
  return editor ? editor.document.getText(editor.selection).slice(0, 500) : "";
}

/** A text as a query that finds it exactly; an identifier as it is. */
function quoted(text: string): string {
  const flat = text.trim().replace(/\s+/g, " ");
  return /^[\w.$-]*$/.test(flat) ? flat : `"${flat.replace(/["\\]/g, "\\$&")}"`;
}

async function openFile(uri: vscode.Uri, otherwise: string): Promise<void> {
  try {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  } catch {
    void vscode.window.showInformationMessage(otherwise);
  }
}

async function menu(): Promise<void> {
  const items = [
    { label: "$(bug) Locate a bug", command: "bugatlas.locate" },
    { label: "$(search) Search code", command: "bugatlas.searchCode" },
    { label: "$(database) Index this workspace", command: "bugatlas.indexWorkspace" },
    { label: "$(plug) Connect to a service…", command: "bugatlas.connect" },
    { label: "$(debug-restart) Restart the local service", command: "bugatlas.restartService" },
    { label: "$(output) Show the log", command: "bugatlas.showLog" },
    { label: "$(gear) Settings", command: "bugatlas.openSettings" },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: "Bugatlas" });
  if (picked) await vscode.commands.executeCommand(picked.command);
}
