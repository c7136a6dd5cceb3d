import type * as vscode from "vscode";
import type { Mcp } from "./mcp";
import type { Feedback } from "./feedback";
import type { Form } from "./form";
import type { Opener } from "./open";
import type { History } from "./past";
import type { Results } from "./results";
import type { Searching } from "./searching";
import type { Service } from "./service";
import type { Session } from "./session";
import type { Status } from "./status";
import type { Workspace } from "./workspace";

/** Everything that commands act on. */
export interface Parts {
  session: Session;
  service: Service;
  form: Form;
  results: Results;
  searching: Searching;
  history: History;
  opener: Opener;
  feedback: Feedback;
  status: Status;
  workspace: Workspace;
  mcp: Mcp;
  log: vscode.LogOutputChannel;
}
