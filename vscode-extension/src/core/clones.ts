import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { lastName } from "./paths";

/** A repository on this machine. */
export interface Clone {
  folder: string;
  remotes: string[]; // as `remoteKey` writes them
  head: string; // the commit checked out; "" where it is unknown
}

/** What of a repository of the index tells which clone it is. */
export interface Wanted {
  name: string;
  url: string;
  commit: string;
}

const DEPTH = 2; // folders below an open one that are looked into
const MOST = 500; // folders looked into
const SKIP = new Set(["node_modules", "target", "dist", "build", "vendor", ".venv", "venv"]);

/** host/owner/name of a remote's address, so that ssh, https and with or without ".git" are one. */
export function remoteKey(url: string): string {
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/.exec(url);
  const full = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/i.exec(url);
  const [, host, name] = full ?? scp ?? [];
  if (!host || !name) return "";
  return `${host}/${name.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "")}`.toLowerCase();
}

/** The repositories that a folder is in, is, or holds a level or two below. */
export async function clonesAt(folder: string): Promise<Clone[]> {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = await readClone(at);
    if (found) return [found];
    if (path.dirname(at) === at) break;
  }
  const found: Clone[] = [];
  let level = [folder];
  for (let depth = 0, seen = 0; depth < DEPTH; depth++) {
    const below: string[] = [];
    for (const parent of level) {
      const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isDirectory() || entry.name.startsWith(".") || SKIP.has(entry.name) || ++seen > MOST) continue;
        const child = path.join(parent, entry.name);
        const clone = await readClone(child);
        if (clone) found.push(clone);
        else below.push(child);
      }
    }
    level = below;
  }
  return found;
}

/** A folder as a clone, if it is one. Reads git's own files: no process, no hook, nothing is run. */
export async function readClone(folder: string): Promise<Clone | undefined> {
  try {
    const dir = await gitDir(folder);
    const common = await readFile(path.join(dir, "commondir"), "utf8").then(
      (text) => path.resolve(dir, text.trim()),
      () => dir,
    );
    const config = await readFile(path.join(common, "config"), "utf8");
    const remotes = [...config.matchAll(/^\s*url\s*=\s*(\S+)\s*$/gm)].map((m) => remoteKey(m[1] ?? ""));
    return { folder, remotes: remotes.filter(Boolean), head: await head(dir, common) };
  } catch {
    return undefined;
  }
}

async function gitDir(folder: string): Promise<string> {
  const dot = path.join(folder, ".git");
  if ((await stat(dot)).isDirectory()) return dot;
  const link = /^gitdir: (.+)$/m.exec(await readFile(dot, "utf8"));
  if (!link?.[1]) throw new Error("no repository");
  return path.resolve(folder, link[1]);
}

async function head(dir: string, common: string): Promise<string> {
  const text = (await readFile(path.join(dir, "HEAD"), "utf8")).trim();
  const ref = /^ref: (refs\/[^\0]+)$/.exec(text)?.[1];
  if (!ref) return text;
  if (ref.split("/").includes("..")) return "";
  const loose = await readFile(path.join(common, ref), "utf8").catch(() => "");
  if (loose) return loose.trim();
  const packed = await readFile(path.join(common, "packed-refs"), "utf8").catch(() => "");
  return packed.split("\n").find((line) => line.endsWith(` ${ref}`))?.split(" ")[0] ?? "";
}

/** The clone of a repository: by remote; by folder name where one of the two has no remote. */
export function cloneOf(wanted: Wanted, clones: readonly Clone[]): Clone | undefined {
  const key = remoteKey(wanted.url);
  const byRemote = key ? clones.filter((c) => c.remotes.includes(key)) : [];
  const short = lastName(wanted.name).toLowerCase();
  const named = clones.filter((c) => path.basename(c.folder).toLowerCase() === short && !(key && c.remotes.length));
  const found = byRemote.length ? byRemote : named;
  return found.find((c) => c.head === wanted.commit) ?? found[0];
}
