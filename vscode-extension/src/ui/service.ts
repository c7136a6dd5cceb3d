import * as vscode from "vscode";
import { ServiceError } from "../api/errors";
import type { Server } from "../api/http";
import { startLocal, type Local, type Start } from "../core/local";
import { concerns, setting } from "./settings";

/** Finds the service to ask: the one that is set, else one that it starts on this machine. */
export class Service implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Another service may answer from now on. */
  readonly onDidChange = this.changed.event;
  private local: Promise<Local> | undefined;
  private readonly listeners: vscode.Disposable;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.listeners = vscode.Disposable.from(
      this.changed,
      vscode.workspace.onDidChangeConfiguration((e) => {
        if (concerns(e, "serverUrl", "command", "index")) void this.restart();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire()),
      context.secrets.onDidChange((e) => e.key.startsWith("token ") && this.changed.fire()),
    );
  }

  /** The address that is set, without slashes at its end; "" where a local service is to answer. */
  get url(): string {
    return setting("serverUrl").trim().replace(/\/+$/, "");
  }

  /** The service; starts a local one where none is set. Throws ServiceError. */
  async current(): Promise<Server> {
    const timeout = Math.max(1, setting("timeout"));
    if (this.url) return { url: checked(this.url), token: await this.token(), timeout, local: false };
    if (!vscode.workspace.isTrusted)
      throw new ServiceError("untrusted", "No service is started for a workspace that is not trusted.");
    const { url, token } = await (this.local ?? this.start());
    return { url, token, timeout, local: true };
  }

  /** The service where it runs already; nothing is started. */
  async running(): Promise<Server | undefined> {
    return this.url || this.local ? this.current().catch(() => undefined) : undefined;
  }

  /** How a local command is started. */
  how(): Start {
    const folder = vscode.Uri.joinPath(this.context.globalStorageUri, "service").fsPath;
    return {
      command: setting("command").trim() || "bugatlas",
      index: setting("index").trim(),
      folder,
      log: (line) => this.log.debug(line),
    };
  }

  /** End the local service, if there is one; the next question starts it anew. */
  async restart(): Promise<void> {
    const local = this.local;
    this.local = undefined;
    await local?.then((l) => l.stop()).catch(() => {});
    this.changed.fire();
  }

  /** Token of the service that is set. It is kept by origin, so that no other address is ever sent it. */
  async token(): Promise<string> {
    return this.url ? ((await this.context.secrets.get(tokenKey(this.url))) ?? "") : "";
  }

  /** Keep a token for the service that is set; "" forgets it. */
  async setToken(token: string): Promise<void> {
    if (token) await this.context.secrets.store(tokenKey(this.url), token);
    else await this.context.secrets.delete(tokenKey(this.url));
  }

  dispose(): void {
    this.listeners.dispose();
  }

  /** End the local service before the window goes. */
  async close(): Promise<void> {
    await this.local?.then((l) => l.stop()).catch(() => {});
  }

  private start(): Promise<Local> {
    const starting = startLocal(this.how());
    this.local = starting;
    const forget = (): void => {
      if (this.local === starting) this.local = undefined; // the next question starts another
    };
    starting.then((local) => {
      this.log.info(`local service at ${local.url}`);
      void local.ended.then((why) => {
        this.log.info(`local service ended: ${why || "as asked"}`);
        forget();
      });
    }, forget);
    const title = "Bugatlas: starting the local service";
    const location = vscode.ProgressLocation.Window;
    return Promise.resolve(vscode.window.withProgress({ location, title }, () => starting));
  }
}

function tokenKey(url: string): string {
  return `token ${new URL(url).origin}`;
}

function checked(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new ServiceError("garbage", `${url} is not the address of a service.`, "Give it as https://host or http://host:port.");
}

/** Whether a token sent there could be read on the way. */
export function isPlain(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
