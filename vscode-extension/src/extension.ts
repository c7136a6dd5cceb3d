import * as vscode from "vscode";
import { commands } from "./ui/commands";
import { Decorations } from "./ui/decorations";
import { Feedback } from "./ui/feedback";
import { Form } from "./ui/form";
import { Mcp } from "./ui/mcp";
import { Opener } from "./ui/open";
import type { Parts } from "./ui/parts";
import { History } from "./ui/past";
import { Reader, SCHEME } from "./ui/reader";
import { Results } from "./ui/results";
import { Searching } from "./ui/searching";
import { Service } from "./ui/service";
import { Session } from "./ui/session";
import { Status } from "./ui/status";
import { Workspace } from "./ui/workspace";

let service: Service | undefined;

/** Begins when a view or command of ours is first used, never with the window; asks nobody anything yet. */
export function activate(context: vscode.ExtensionContext): Parts | undefined {
  const log = vscode.window.createOutputChannel("Bugatlas", { log: true });
  service = new Service(context, log);
  const history = new History(context);
  const session = new Session(service, history);
  const workspace = new Workspace(service);
  const opener = new Opener(workspace, service);
  const feedback = new Feedback(context, service, log);
  const form = new Form(context.extensionUri, session, workspace);
  const results = new Results(session, service, feedback);
  const searching = new Searching(service);
  const status = new Status(service, workspace, session);
  const decorations = new Decorations(session, opener);
  const mcp = new Mcp(service, (context.extension.packageJSON as { version: string }).version);
  const parts: Parts = {
    session, service, workspace, form, results, searching, history, opener, feedback, status, mcp, log,
  }; // prettier-ignore

  context.subscriptions.push(log, service, session, workspace, form, results, searching, status, decorations);
  context.subscriptions.push(
    vscode.window.registerWebviewViewProvider("bugatlas.report", form),
    vscode.window.registerTreeDataProvider("bugatlas.history", history),
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, new Reader(service)),
    vscode.lm.registerMcpServerDefinitionProvider("bugatlas", mcp),
    ...Object.entries(commands(parts)).map(([name, run]) => vscode.commands.registerCommand(`bugatlas.${name}`, run)),
  );
  void history.load().then(() => session.restore());
  return context.extensionMode === vscode.ExtensionMode.Test ? parts : undefined;
}

/** The local service ends with the window. */
export function deactivate(): Promise<void> | undefined {
  return service?.close();
}
