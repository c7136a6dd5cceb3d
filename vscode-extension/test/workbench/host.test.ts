// The tests of test/host, inside the extension host of a real workbench.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { chromium as browserType } from "playwright-core";
import { chromium, EXTENSION, service, shop, start } from "./machine";

test("in the extension host", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bugatlas-host-"));
  const ends: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const demo = await shop(folder);
    const real = await service(demo);
    ends.push(real.stop);
    const asked = demo.reports.find((r) => r.repo === "shop-orders");
    const report = `${asked?.title}\n\n${asked?.body}`;
    const { command, index, workspace, repositories } = demo;
    const given = { url: real.url, command, index, workspace, shop: repositories, report };
    const log = path.join(folder, "log");
    const env = { BUGATLAS_HOST_TEST: JSON.stringify(given), BUGATLAS_HOST_LOG: log };
    const settings = { "workbench.startupEditor": "none" };
    const bench = await start(path.join(folder, "bench"), { workspace: demo.roots, settings, env });
    ends.push(bench.stop);
    const browser = await browserType.launch({ executablePath: chromium(), headless: true, args: ["--no-sandbox"] });
    ends.push(() => browser.close());
    const page = await browser.newPage();
    const ended = new Promise<number>((resolve, reject) => {
      setTimeout(() => reject(new Error("the tests did not end within two minutes")), 120_000).unref();
      void page.exposeFunction("codeAutomationExit", resolve);
    });
    await page.exposeFunction("codeAutomationLog", () => undefined); // the editor's own noise
    const at = `vscode-remote://${new URL(bench.url).host}${EXTENSION}`;
    const payload = [["extensionDevelopmentPath", at], ["extensionTestsPath", `${at}/out/host/index.js`]];
    await page.goto(`${bench.url}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    const code = await ended;
    console.log(await readFile(log, "utf8"));
    assert.equal(code, 0);
  } finally {
    for (const end of ends.reverse()) await end();
  }
});
