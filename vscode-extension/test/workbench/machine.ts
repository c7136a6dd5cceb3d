// What the tests run on: a workbench from npm, a demo system, a service. All in folders of their own.
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const VERSION = "4.103.2"; // of code-server: VS Code 1.103.2, for Node 20 and newer
export const EXTENSION = path.resolve(__dirname, "../..");
const PROJECT = path.dirname(EXTENSION);
// whole, because the workbench starts commands with a PATH of its own
const PYTHON = execFileSync(process.env["BUGATLAS_PYTHON"] ?? "python3", ["-c", "import sys; print(sys.executable)"]).toString().trim();

/** The browser to drive. */
export function chromium(): string {
  const given = process.env["CHROMIUM"];
  const found = [given, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const path = found.find((p) => p && existsSync(p));
  if (!path) throw new Error("no Chromium here: apt-get install chromium, or name one in $CHROMIUM");
  return path;
}

/** The workbench's server, installed once from npm: no script of a package is run, nothing else is downloaded. */
export async function workbench(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
  const home = process.env["BUGATLAS_WORKBENCH"] ?? path.join(cache, "bugatlas", `workbench-${VERSION}`);
  const vscode = path.join(home, "node_modules/code-server/lib/vscode");
  const done = path.join(vscode, "node_modules.asar"); // made last
  if (!existsSync(done)) {
    console.log(`installing code-server ${VERSION} from npm into ${home}`);
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    const npm = (cwd: string, ...args: string[]) =>
      run("npm", ["install", ...args, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd, maxBuffer: 1 << 26 });
    await writeFile(path.join(home, "package.json"), "{}");
    await npm(home, `code-server@${VERSION}`);
    await npm(vscode, "--omit=dev");
    await npm(path.join(vscode, "extensions"), "--omit=dev");
    await symlink("node_modules", done);
  }
  return path.join(vscode, "out/server-main.js");
}

/**
 * The demo shop: all of it indexed; three of its repositories cloned into the workspace that is opened, one of them
 * under a name of its own, so that only its remote tells what it is.
 */
export interface Shop {
  command: string; // `bugatlas`
  index: string;
  workspace: string;
  roots: string; // the same workspace as a file that names each repository as a folder
  repositories: string; // where all of them lie
  reports: Report[];
}

export interface Report {
  title: string;
  body: string;
  repo: string;
  path: string;
  function: string;
}

export async function shop(folder: string): Promise<Shop> {
  const command = path.join(folder, "bugatlas");
  await writeFile(command, `#!/bin/sh\nPYTHONPATH='${PROJECT}' exec '${PYTHON}' -m bugatlas "$@"\n`);
  await chmod(command, 0o755);
  const script = [
    "import json, pathlib, sys",
    "from indexer.demo import REPORTS, build",
    "build(pathlib.Path(sys.argv[1]))",
    "print(json.dumps([r._asdict() for r in REPORTS]))",
  ].join("\n");
  const { stdout } = await run(PYTHON, ["-c", script, path.join(folder, "shop")], { cwd: PROJECT });
  const index = path.join(folder, "index");
  const workspace = path.join(folder, "workspace");
  const remote = (at: string, verb: string, url: string) => run("git", ["-C", at, "remote", verb, "origin", url]);
  const repositories = path.join(folder, "shop");
  await remote(path.join(repositories, "shop-notifications"), "add", "https://gitlab.shop.example/shop/notifications.git");
  await run(command, ["--index", index, "index", repositories], { cwd: folder });
  const clones = { "shop-orders": "shop-orders", "shop-gateway": "shop-gateway", "shop-notifications": "mailer" };
  for (const [name, here] of Object.entries(clones))
    await cp(path.join(repositories, name), path.join(workspace, here), { recursive: true });
  await remote(path.join(workspace, "mailer"), "set-url", "git@gitlab.shop.example:shop/notifications");
  const roots = path.join(folder, "shop.code-workspace");
  await writeFile(roots, JSON.stringify({ folders: Object.values(clones).map((c) => ({ path: `workspace/${c}` })) }));
  return { command, index, workspace, roots, repositories, reports: JSON.parse(stdout) as Report[] };
}

/** A Jira server of the Python tests with one issue, SHOP-12. */
export async function jira(issue: Report): Promise<{ url: string; stop: () => void }> {
  const script = [
    "import json, sys",
    "from kits.jira import Jira, adf, listening",
    "jira, given = Jira(), json.loads(sys.argv[1])",
    "jira.add('SHOP-12', given['title'], adf(given['body']))",
    "with listening(jira) as url:",
    "    print(url, flush=True)",
    "    sys.stdin.read()",
  ].join("\n");
  const env = { ...process.env, PYTHONPATH: [path.join(PROJECT, "tests"), PROJECT].join(path.delimiter) };
  const child = spawn(PYTHON, ["-c", script, JSON.stringify(issue)], { stdio: ["pipe", "pipe", "inherit"], env });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (said: Buffer) => resolve(said.toString().trim()));
    child.once("close", () => reject(new Error("the Jira of the tests did not begin")));
  });
  return { url, stop: () => child.stdin.end() };
}

/** A real service over an index, with a tracker where one is given. */
export async function service(shop: Shop, tracker = ""): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const settings = path.join(path.dirname(shop.index), "service.toml");
  const account = 'token = "env:SHOP_JIRA"\nuser = "bot@shop.example"\nsecret = "env:SHOP_HOOK"\nprojects = ["SHOP"]';
  const table = `\n[[tracker]]\nname = "jira"\nkind = "jira"\nurl = "${tracker}"\n${account}\n`;
  await writeFile(settings, `rate = 0\n${tracker && table}`);
  const args = ["--index", shop.index, "serve", "--service", settings, "--port", String(port), "--until-eof", "--quiet"];
  const child = spawn(shop.command, args, {
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, PYTHONWARNINGS: "ignore", SHOP_JIRA: "jira-token", SHOP_HOOK: "hook-secret" },
  });
  const url = `http://127.0.0.1:${port}`;
  await until(() => answers(`${url}/readyz`), 60, "the service");
  return { url, stop: () => child.stdin.end() };
}

export interface Hit {
  repo: string;
  path: string;
  evidence: { voter: string; line: number }[];
  symbols: { qualname: string; start: number }[];
}

/** The service's own answer to a report, to compare with. */
export async function hits(url: string, report: string): Promise<Hit[]> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/locate`, { method: "POST", headers, body: JSON.stringify({ report }) });
  return ((await response.json()) as { files: Hit[] }).files;
}

/** A workbench with the extension installed in a fresh profile. `settings` are the user's. */
export async function start(
  folder: string,
  given: { vsix?: string; workspace: string; settings: object; trust?: boolean; env?: Record<string, string> },
): Promise<{ url: string; settings: (all: object) => Promise<void>; stop: () => void }> {
  const server = await workbench();
  const extensions = path.join(folder, "extensions");
  const data = path.join(folder, "data");
  const own = ["--extensions-dir", extensions, "--server-data-dir", data];
  await mkdir(extensions, { recursive: true });
  if (given.vsix) await run("node", [server, "--install-extension", given.vsix, ...own]);
  const write = async (all: object): Promise<void> => {
    for (const kind of ["User", "Machine"]) {
      const file = path.join(data, "data", kind, "settings.json");
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, JSON.stringify(all));
    }
  };
  await write(given.settings);
  const port = await freePort();
  const args = ["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", ...own];
  args.push("--accept-server-license-terms", "--telemetry-level", "off", "--enable-smoke-test-driver");
  if (!given.trust) args.push("--disable-workspace-trust");
  const env = { ...process.env, ...given.env, HOME: path.join(folder, "home") };
  const child = spawn("node", [server, ...args], { detached: true, stdio: "ignore", env });
  const base = `http://127.0.0.1:${port}`;
  await until(() => answers(base), 60, "the workbench");
  const kind = given.workspace.endsWith(".code-workspace") ? "workspace" : "folder";
  return { url: `${base}/?${kind}=${given.workspace}`, settings: write, stop: () => stopGroup(child) };
}

/** End a process and all that it started: extension hosts outlive their parent otherwise. */
function stopGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

export async function until(what: () => Promise<boolean>, seconds: number, name: string): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} did not come within ${seconds} s`);
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then((r) => r.status < 500, () => false);
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
