import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { repositories, type Repository } from "../api/client";
import { cloneOf, clonesAt, readClone, type Clone, type Wanted } from "../core/clones";
import { lastName, segments } from "../core/paths";
import type { Service } from "./service";
import { setting } from "./settings";

const FRESH = 30_000; // milliseconds that a look at the disk or at the service is good for

/** Which repositories lie where: those of the index, and those on this machine. */
export class Workspace implements vscode.Disposable {
  private scanned: Promise<Clone[]> | undefined;
  private indexed: Promise<Repository[]> | undefined;
  private at = { scanned: 0, indexed: 0 };
  private readonly listeners: vscode.Disposable;

  constructor(private readonly service: Service) {
    this.listeners = vscode.Disposable.from(
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.forget()),
      service.onDidChange(() => this.forget()),
    );
  }

  /** Clones in the folders that are open. */
  clones(): Promise<Clone[]> {
    if (!this.scanned || Date.now() - this.at.scanned > FRESH) {
      this.at.scanned = Date.now();
      const folders = (vscode.workspace.workspaceFolders ?? []).filter((f) => f.uri.scheme === "file");
      this.scanned = Promise.all(folders.map((f) => clonesAt(f.uri.fsPath))).then((found) => found.flat());
    }
    return this.scanned;
  }

  /** Repositories of the index. Throws ServiceError. */
  async repositories(): Promise<Repository[]> {
    if (!this.indexed || Date.now() - this.at.indexed > FRESH) {
      this.at.indexed = Date.now();
      this.indexed = this.service.current().then((server) => repositories(server));
      this.indexed.catch(() => (this.indexed = undefined));
    }
    return this.indexed;
  }

  /** What the index says of a repository; only its name where the service cannot be asked. */
  async wanted(name: string): Promise<Wanted> {
    const known = await this.repositories().catch(() => []);
    return known.find((r) => r.name === name) ?? { name, url: "", commit: "" };
  }

  /** The folder of a repository on this machine: as set, else open here, else in the folder of clones. */
  async folderOf(name: string): Promise<string | undefined> {
    const set = setting("folders")[name];
    if (typeof set === "string" && set) return expanded(set);
    const wanted = await this.wanted(name);
    const open = cloneOf(wanted, await this.clones());
    if (open) return open.folder;
    const parent = setting("cloneFolder");
    if (!parent || !segments(name)) return undefined;
    const candidates = [path.join(expanded(parent), name), path.join(expanded(parent), lastName(name))];
    const found = (await Promise.all(candidates.map(readClone))).filter((c) => c !== undefined);
    return cloneOf(wanted, found)?.folder;
  }

  /** Look again. */
  forget(): void {
    this.scanned = this.indexed = undefined;
  }

  dispose(): void {
    this.listeners.dispose();
  }
}

function expanded(folder: string): string {
  return folder.replace(/^~(?=$|[\\/])/, os.homedir());
}
