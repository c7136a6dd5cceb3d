import type { ServiceError, Trouble } from "../api/errors";

/** A button beside a message. */
export interface Action {
  title: string;
  command: string;
}

const LOG: Action = { title: "Show log", command: "bugatlas.showLog" };
const AGAIN: Action = { title: "Try again", command: "bugatlas.rerun" };
const CONNECT: Action = { title: "Connect to a service…", command: "bugatlas.connect" };
const INDEX: Action = { title: "Index this workspace", command: "bugatlas.indexWorkspace" };
const INSTALL: Action = { title: "How to install", command: "bugatlas.howToInstall" };
const TOKEN: Action = { title: "Set token…", command: "bugatlas.setToken" };
const TRUST: Action = { title: "Manage workspace trust", command: "workbench.trust.manage" };

const ACTIONS: Record<Trouble, Action[]> = {
  noCommand: [INSTALL, CONNECT],
  untrusted: [TRUST, CONNECT],
  notStarted: [LOG, AGAIN, INSTALL],
  down: [AGAIN, CONNECT],
  slow: [AGAIN, LOG],
  unauthorized: [TOKEN],
  forbidden: [TOKEN],
  noIndex: [INDEX],
  busy: [AGAIN],
  rejected: [],
  old: [INSTALL, CONNECT],
  garbage: [CONNECT, LOG],
  fault: [AGAIN, LOG],
  cancelled: [],
};

/** What a person can do about an error, most useful first. */
export function actionsFor(error: ServiceError): Action[] {
  return ACTIONS[error.trouble];
}

/** Whether an error has a welcome view of its own; others are told in the form. */
export function hasWelcome(trouble: Trouble): boolean {
  return !["rejected", "cancelled", "busy", "fault", "forbidden"].includes(trouble);
}
