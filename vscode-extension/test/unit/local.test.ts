import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { ServiceError } from "../../src/api/errors";
import { runIndex, startLocal, type Start } from "../../src/core/local";

let folder = "";
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "local-"));
});
after(() => rm(folder, { recursive: true }));

/** A command that does as a script of the shell says. */
async function command(script: string): Promise<Start & { said: string[] }> {
  const file = path.join(folder, "bugatlas");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  const said: string[] = [];
  return { command: file, index: "", folder: path.join(folder, "own"), log: (line) => said.push(line), said };
}

async function trouble(start: Start): Promise<ServiceError> {
  const error: unknown = await startLocal(start).then(() => assert.fail("it started"), (e: unknown) => e);
  assert.ok(error instanceof ServiceError);
  return error;
}

const SERVE = `cp "$3" '$SEEN'
echo '{"said": "Uvicorn running on http://127.0.0.1:4711 (Press CTRL+C to quit)"}' >&2
cat > /dev/null`;

test("a service is started with a token of its own, and ends when its input does", async () => {
  const seen = path.join(folder, "seen.toml");
  const start = await command(SERVE.replace("$SEEN", seen));
  const local = await startLocal(start);
  assert.equal(local.url, "http://127.0.0.1:4711");
  const hash = createHash("sha256").update(local.token).digest("hex");
  const settings = await readFile(seen, "utf8");
  assert.ok(settings.includes(`sha256 = "${hash}"`) && !settings.includes(local.token));
  assert.deepEqual(await readdir(start.folder), [], "the settings are gone once they are read");
  assert.ok(!start.said.join().includes(local.token));
  await local.stop();
  assert.equal(typeof (await local.ended), "string");
});

test("a command that is not there is told apart from one that fails", async () => {
  const start = await command("");
  assert.equal((await trouble({ ...start, command: path.join(folder, "nothing") })).trouble, "noCommand");
  const failing = await command("echo 'error: the service needs fastapi: pip install it' >&2; exit 2");
  const error = await trouble(failing);
  assert.equal(error.trouble, "notStarted");
  assert.match(error.message, /the service needs fastapi/);
  assert.equal((await trouble(await command("exit 0"))).trouble, "notStarted");
});

test("indexing tells its lines, and its error", async () => {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const good = await command('echo "indexed $2"; echo "$PWD"');
  assert.equal(await runIndex(good, ["/src/a b; rm -rf x"], (line) => lines.push(line), signal), "");
  assert.deepEqual(lines, ["indexed /src/a b; rm -rf x", good.folder]);
  const bad = await command("echo 'error: no repository'; exit 1");
  assert.equal(await runIndex(bad, ["x"], () => undefined, signal), "no repository");
});

test("indexing that is given up is interrupted, which is no error", async () => {
  const controller = new AbortController();
  const start = await command("trap 'exit 130' INT; echo begun; while :; do sleep 0.05; done");
  const error = await runIndex(start, ["x"], () => controller.abort(), controller.signal);
  assert.equal(error, "");
});
