import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { cloneOf, clonesAt, readClone, remoteKey, type Clone } from "../../src/core/clones";
import { freshness } from "../../src/core/freshness";

let folder = "";
const git = (cwd: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], { cwd, encoding: "utf8" }).trim();

function repository(name: string, remote = ""): string {
  const at = path.join(folder, name);
  mkdirSync(at, { recursive: true });
  git(at, "init", "-qb", "main");
  writeFileSync(path.join(at, "a.txt"), name);
  git(at, "add", ".");
  git(at, "commit", "-qm", "first");
  if (remote) git(at, "remote", "add", "origin", remote);
  return at;
}

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "clones-"));
});
after(() => rmSync(folder, { recursive: true }));

test("addresses of one repository have one key", () => {
  for (const url of [
    "https://git.example.com/Shop/Orders.git",
    "https://user:token@git.example.com/shop/orders",
    "http://git.example.com:8080/shop/orders/",
    "ssh://git@git.example.com:22/shop/orders.git",
    "git@git.example.com:shop/orders.git",
    "git.example.com:shop/orders",
  ])
    assert.equal(remoteKey(url), "git.example.com/shop/orders", url);
  for (const local of ["/srv/git/orders", "../orders", "", "file:///srv/orders"]) assert.equal(remoteKey(local), "", local);
});

test("clones are found in, at and above a folder, worktrees included; their heads are read", async () => {
  const orders = repository("src/shop/orders", "git@git.example.com:shop/orders.git");
  const plain = repository("src/plain");
  git(orders, "worktree", "add", "-q", "-b", "side", path.join(folder, "src/side"));
  mkdirSync(path.join(orders, "deep/er"), { recursive: true });
  const found = await clonesAt(path.join(folder, "src"));
  assert.deepEqual(found.map((c) => path.relative(folder, c.folder)).sort(), ["src/plain", "src/shop/orders", "src/side"]);
  const head = git(orders, "rev-parse", "HEAD");
  for (const clone of found.filter((c) => c.folder !== plain)) {
    assert.deepEqual(clone.remotes, ["git.example.com/shop/orders"]);
    assert.equal(clone.head, head);
  }
  assert.deepEqual((await clonesAt(path.join(orders, "deep/er"))).map((c) => c.folder), [orders]);
  git(orders, "pack-refs", "--all");
  assert.equal((await readClone(orders))?.head, head);
  git(orders, "checkout", "-q", "--detach");
  assert.equal((await readClone(orders))?.head, head);
});

test("what is no repository is none, however odd its .git is", async () => {
  for (const [name, text] of [["empty", ""], ["loop", "gitdir: ."], ["gone", "gitdir: /nowhere"]] as const) {
    mkdirSync(path.join(folder, "odd", name), { recursive: true });
    writeFileSync(path.join(folder, "odd", name, ".git"), text);
  }
  mkdirSync(path.join(folder, "odd/bare/.git"), { recursive: true });
  assert.deepEqual(await clonesAt(path.join(folder, "odd")), []);
});

const clone = (name: string, head: string, ...remotes: string[]): Clone => ({ folder: `/src/${name}`, head, remotes });

test("a remote decides before a name; a name only where there is no remote to compare", () => {
  const url = "https://git.example.com/shop/orders";
  const fork = clone("fork", "b", "git.example.com/me/orders", "git.example.com/shop/orders");
  const other = clone("orders", "c", "git.example.com/else/orders");
  const bare = clone("orders", "d");
  const wanted = { name: "shop/orders", url, commit: "" };
  assert.equal(cloneOf(wanted, [other, fork, bare]), fork);
  assert.equal(cloneOf(wanted, [other]), undefined);
  assert.equal(cloneOf(wanted, [other, bare]), bare);
  assert.equal(cloneOf({ ...wanted, url: "" }, [clone("Orders", "e", "git.example.com/x/y")])?.head, "e");
});

test("of two clones of one repository, the one at the indexed commit is taken", () => {
  const two = [clone("a", "1", "h/x/y"), clone("b", "2", "h/x/y")];
  assert.equal(cloneOf({ name: "x/y", url: "https://h/x/y", commit: "2" }, two)?.folder, "/src/b");
  assert.equal(cloneOf({ name: "x/y", url: "https://h/x/y", commit: "3" }, two)?.folder, "/src/a");
});

test("an index is fresh, stale or empty by what is checked out here", () => {
  const indexed = (name: string, commit: string, snapshots: string[] = []) => ({
    name, url: "", branch: "", commit, time: 0, generation: 1, files: 1, languages: {}, lines: 1, symbols: 1, skipped: {}, snapshots,
  }); // prettier-ignore
  const all = [indexed("a", "1"), indexed("b", "2", ["3"])];
  assert.equal(freshness([], []).state, "empty");
  assert.equal(freshness(all, [clone("a", "1"), clone("b", "3")]).state, "fresh");
  assert.deepEqual(freshness(all, [clone("a", "9")]).behind, ["a"]);
  assert.deepEqual(freshness(all, [clone("new", "1")]).unknown, ["/src/new"]);
});
