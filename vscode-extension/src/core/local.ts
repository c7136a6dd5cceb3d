import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ServiceError } from "../api/errors";

/** A service that this extension started; only this machine reaches it, and only with the token. */
export interface Local {
  url: string;
  token: string;
  ended: Promise<string>; // the last that it said, once it has ended
  stop: () => Promise<void>;
}

/** How to start one. */
export interface Start {
  command: string; // `bugatlas`, or the path of it
  index: string; // "": the default of the command
  folder: string; // of the extension's own: its settings are written here, and it runs here
  log: (line: string) => void;
}

const PATIENCE = 60_000; // milliseconds until it must answer: the first start compiles Python files
const GRACE = 5_000; // milliseconds to end in
const RUNNING = /running on (http:\/\/127\.0\.0\.1:\d+)/;

/** Start `bugatlas serve` on a free port. Throws ServiceError where it cannot run or ends at once. */
export async function startLocal(start: Start): Promise<Local> {
  const token = `bga_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(token).digest("hex");
  await mkdir(start.folder, { recursive: true });
  const file = path.join(start.folder, `service-${randomBytes(4).toString("hex")}.toml`);
  await writeFile(file, `rate = 0\n\n[[token]]\nname = "vscode"\nsha256 = "${hash}"\nmay = ["read", "index"]\n`, {
    mode: 0o600,
  });
  try {
    const args = ["serve", "--service", file, "--host", "127.0.0.1", "--port", "0", "--until-eof"];
    const child = run(start, args);
    const said: string[] = [];
    const ended = new Promise<string>((resolve) => child.once("close", () => resolve(lastError(said))));
    const url = await firstAddress(child, start, said);
    return { url, token, ended, stop: () => stop(child, ended) };
  } finally {
    await rm(file, { force: true });
  }
}

/** Run `bugatlas index` over folders. Resolves with the error's text, "" where there is none. */
export async function runIndex(
  start: Start,
  folders: readonly string[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(start.folder, { recursive: true });
  const child = run(start, ["index", ...folders]);
  const giveUp = (): void => void child.kill("SIGINT"); // what was finished is kept
  signal.addEventListener("abort", giveUp);
  const said: string[] = [];
  for (const pipe of [child.stdout, child.stderr]) {
    eachLine(pipe, (line) => {
      said.push(line);
      start.log(line);
      progress(line);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(cannotRun(error, start)));
    child.once("close", (code) => {
      signal.removeEventListener("abort", giveUp);
      resolve(code && !signal.aborted ? lastError(said) || `bugatlas index ended with exit code ${code}` : "");
    });
  });
}

function run(start: Start, args: string[]): ChildProcess {
  const command = start.command.replace(/^~(?=$|[\\/])/, os.homedir());
  const all = [...(start.index ? ["--index", start.index.replace(/^~(?=$|[\\/])/, os.homedir())] : []), ...args];
  start.log(`${command} ${all.join(" ")}`);
  // No shell. Its folder is the extension's own: a bugatlas.toml of the workspace has no say.
  return spawn(command, all, { cwd: start.folder, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
}

function firstAddress(child: ChildProcess, start: Start, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill();
      reject(new ServiceError("notStarted", "The local service did not begin to answer within a minute."));
    }, PATIENCE);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(cannotRun(error, start));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      const why = lastError(said) || `exit code ${code}`;
      reject(new ServiceError("notStarted", `The local service did not start: ${why}`, "See the log of Bugatlas."));
    });
    const heard = (line: string): void => {
      start.log(line);
      said.push(line);
      if (said.length > 50) said.shift();
      const url = RUNNING.exec(line)?.[1];
      if (url) {
        clearTimeout(timer);
        resolve(url);
      }
    };
    eachLine(child.stdout, heard);
    eachLine(child.stderr, heard);
  });
}

function cannotRun(error: NodeJS.ErrnoException, start: Start): ServiceError {
  const missing = error.code === "ENOENT" || error.code === "EACCES";
  return missing
    ? new ServiceError("noCommand", `The command ${start.command} cannot be run here.`, "In a clone of its source: uv tool install '.[serve,mcp]'")
    : new ServiceError("notStarted", `The local service did not start: ${error.message}`);
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.end(); // it ends when its standard input does, also where this process dies
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
  await ended;
  clearTimeout(timer);
}

function eachLine(pipe: NodeJS.ReadableStream | null, heard: (line: string) => void): void {
  let rest = "";
  pipe?.setEncoding("utf8");
  pipe?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/[\r\n]+/);
    rest = (lines.pop() ?? "").slice(-10_000);
    for (const line of lines) if (line.trim()) heard(line);
  });
  pipe?.on("end", () => rest.trim() && heard(rest));
}

function lastError(said: readonly string[]): string {
  const line = said.findLast((x) => /error:/i.test(x)) ?? said.at(-1) ?? "";
  return line.replace(/^error:\s*/i, "").slice(0, 500);
}
