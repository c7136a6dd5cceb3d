import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { inside, segments } from "../../src/core/paths";

const EVIL = [
  "", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "..\\x", "a\\..\\..\\x", "C:/x", "c:\\x", "a\0b",
  ".git/config", ".GIT/hooks/x", "file:///etc/passwd", "a/..", "x".repeat(5000),
]; // prettier-ignore

test("paths that could lead out of a repository have no parts", () => {
  for (const path of EVIL) assert.equal(segments(path), undefined, JSON.stringify(path));
});

test("odd but honest paths pass", () => {
  for (const path of ["a", "a b/c", "...", "a/..b", "dir/.gitignore", ".github/x.yml", "ünï/ço.dé", "a%2e%2e/b"])
    assert.deepEqual(segments(path), path.split("/"));
});

test("a link that leads out of the folder is not followed, one inside it is", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "paths-"));
  try {
    const repo = path.join(folder, "repo");
    await mkdir(path.join(repo, "src"), { recursive: true });
    await writeFile(path.join(folder, "secret"), "x");
    await mkdir(path.join(folder, "repository"));
    await writeFile(path.join(folder, "repository/x"), "x");
    await writeFile(path.join(repo, "src/a.go"), "x");
    await symlink("../secret", path.join(repo, "out"));
    await symlink("..", path.join(repo, "up"));
    await symlink("../repository", path.join(repo, "sibling"));
    await symlink("src/a.go", path.join(repo, "in"));
    assert.ok("file" in (await inside(repo, "src/a.go")));
    assert.ok("file" in (await inside(repo, "in")));
    for (const evil of ["out", "up/secret", "sibling/x", "../secret"])
      assert.deepEqual(await inside(repo, evil), { problem: "outside" }, evil);
    assert.deepEqual(await inside(repo, "src/b.go"), { problem: "missing" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
