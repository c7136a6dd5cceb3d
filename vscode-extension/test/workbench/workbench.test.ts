// The extension as a person meets it: a fresh profile, a real workbench, a real service over the demo shop.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test as plainTest, type TestContext } from "node:test";
import { EXTENSION, service, shop, start, until, type Report, type Shop } from "./machine";
import { proxy, TOKEN, type Proxy } from "./proxy";
import { Window } from "./window";

const RESULTS = "Where It May Be";
const PLAIN = { "workbench.startupEditor": "none", "workbench.colorTheme": "Default Light Modern" };

let folder = "";
let demo: Shop;
let real: Awaited<ReturnType<typeof service>>;
let front: Proxy;
let bench: Awaited<ReturnType<typeof start>>;
let w: Window;
const ends: (() => unknown)[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bugatlas-workbench-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  demo = await shop(folder);
  real = await service(demo);
  ends.push(real.stop);
  front = await proxy(real.url);
  ends.push(front.stop);
  const vsix = path.join(EXTENSION, "bugatlas.vsix");
  bench = await start(path.join(folder, "bench"), { vsix, workspace: demo.workspace, settings: local() });
  ends.push(bench.stop);
  w = await Window.open(bench.url);
  ends.push(() => w.close());
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

const local = () => ({ ...PLAIN, "bugatlas.command": demo.command, "bugatlas.index": demo.index });
const behind = (more: Record<string, string | number> = {}) => ({ ...PLAIN, "bugatlas.serverUrl": front.url, "bugatlas.timeout": 3, ...more });
/** Change the settings, and wait until the extension has heard of it. */
async function set(settings: Record<string, string | number>): Promise<void> {
  await bench.settings(settings);
  const url = settings["bugatlas.serverUrl"] ?? `on this machine, index ${settings["bugatlas.index"] ?? ""}`;
  const item = w.page.locator('.statusbar-item[aria-label^="Bugatlas"]');
  let label = "";
  const heard = async (): Promise<boolean> => {
    label = (await item.getAttribute("aria-label")) ?? "";
    return label.includes(`Service: ${url}`);
  };
  await until(heard, 20, "").catch(() => assert.fail(`${url} is not heard of: ${label}`));
}

const text = (report: Report) => `${report.title}\n\n${report.body}`;
const report = (name: string): Report => {
  const found = demo.reports.find((r) => r.repo === name);
  assert.ok(found);
  return found;
};

interface Hit {
  repo: string;
  path: string;
  evidence: { line: number }[];
  symbols: { qualname: string; start: number }[];
}

/** The service's own answer, to compare with. */
async function answer(of: Report): Promise<Hit[]> {
  const response = await fetch(`${real.url}/v1/locate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ report: text(of) }),
  });
  return ((await response.json()) as { files: Hit[] }).files;
}

/** A test that leaves a picture where it fails. */
function test(name: string, run: (context: TestContext) => Promise<void>): void {
  plainTest(name, async (context) => {
    await run(context).catch(async (error: unknown) => {
      await w.shot(`failed ${name}`);
      throw error;
    });
  });
}

test("a fresh profile: the side bar says what to do", async () => {
  await w.sideBar();
  await w.pane(RESULTS).getByText("Paste a bug report above").waitFor();
  await w.shot("empty");
});

test("a report is pasted, a service starts by itself, the path to the bug is shown, a click opens the line", async () => {
  const asked = report("shop-orders");
  const hits = await answer(asked);
  const hit = hits.find((h) => h.path === asked.path);
  assert.ok(hit && hits.indexOf(hit) < 5, "the planted file is not among the first five");
  await w.locate(text(asked));
  const name = path.basename(asked.path);
  const row = w.row(RESULTS, `File ${name}`);
  await row.waitFor();
  const spoken = await w.rows(RESULTS);
  assert.match(spoken[0] ?? "", /^Repository shop-orders/);
  assert.ok(spoken.some((s) => s.startsWith(`File ${name}, result ${hits.indexOf(hit) + 1} of ${hits.length}`)), spoken.join("\n"));
  await w.shot("results");
  await row.click();
  const line = hit.evidence.find((e) => e.line > 1)?.line ?? hit.symbols[0]?.start;
  await w.editorIs(name, line ?? 0);
  await w.page.locator(".view-overlays .cdr").first().waitFor();
  await w.shot("file");
  const symbol = hit.symbols.find((s) => s.qualname === asked.function);
  assert.ok(symbol, `${asked.function} is not among the functions`);
  await w.row(RESULTS, `method ${asked.function}`).click();
  await w.editorIs(name, symbol.start);
});

test("next and previous step through the files, best first", async () => {
  const hits = await answer(report("shop-orders"));
  const names = hits.map((h) => path.basename(h.path));
  const planted = names.indexOf("DiscountSplitter.java");
  await w.command("Bugatlas: Next Result");
  await w.editorNamed(names[planted + 1] ?? "");
  await w.command("Bugatlas: Previous Result");
  await w.editorNamed("DiscountSplitter.java");
  await w.page.keyboard.press("Control+Alt+,");
  await w.editorNamed(names[planted - 1] ?? "");
});

test("as a list, filtered by repository, called helpful, copied as Markdown", async () => {
  await w.command("Bugatlas: View as List");
  await until(async () => (await w.rows(RESULTS)).every((s) => /^(File|method|class) /.test(s)), 10, "the list");
  const row = w.row(RESULTS, "File DiscountSplitter.java");
  await row.hover();
  await row.locator('.action-label[aria-label="Helpful"]').click();
  await row.getByText("👍").waitFor();
  await w.shot("list");
  await w.command("Bugatlas: View as Tree");
  await w.row(RESULTS, "Repository shop-orders").waitFor();
  await w.command("Bugatlas: Copy as Markdown");
  await until(async () => (await w.clipboard()) !== "", 10, "the copy");
  const copied = await w.clipboard();
  assert.ok(copied.startsWith("### Where it may be: "), copied);
  assert.match(copied, /`shop-orders\/src\/main\/java\/com\/shop\/orders\/pricing\/DiscountSplitter\.java`/);
});

test("a repository that is not open is shown as it was indexed, read-only, at the same line", async () => {
  const asked = report("shop-payments");
  const hits = await answer(asked);
  const hit = hits.find((h) => h.path === asked.path);
  const symbol = hit?.symbols.find((s) => s.qualname === asked.function);
  assert.ok(symbol);
  await w.locate(text(asked));
  const function_ = w.row(RESULTS, `function ${asked.function}, line ${symbol.start}`);
  await w.row(RESULTS, "File convert.go").waitFor();
  if (!(await function_.isVisible())) await w.row(RESULTS, "File convert.go").locator(".monaco-tl-twistie").click();
  await function_.click();
  await w.editorIs("convert.go", symbol.start);
  await w.page.locator(".monaco-editor").first().click();
  await w.page.keyboard.type("x");
  await w.said("Cannot edit in read-only editor");
  await w.shot("read-only");
});

test("code search takes the filters of the command, and opens the line", async () => {
  await w.command("Bugatlas: Search Code…");
  await w.shot("search-prompt");
  await w.answer('symbol:sendWithRetry "attempt >= policy.attempts" lang:typescript');
  const line = w.row("Code Search", "Line ");
  await line.waitFor();
  await w.shot("search");
  assert.match((await w.rows("Code Search")).join("\n"), /^File src\/clients\/retry\.ts in shop-gateway/);
  const number = Number(/^Line (\d+)/.exec((await line.getAttribute("aria-label")) ?? "")?.[1]);
  await line.click();
  await w.editorIs("retry.ts", number);
  await w.command("Bugatlas: Search Code…");
  await w.answer('"nowhere to be found at all"');
  await w.pane("Code Search").getByText("Nothing found in").waitFor();
  await w.fold("Code Search", false);
});

test("earlier reports come back with their answers", async () => {
  await w.fold("Recent Reports", true);
  const asked = report("shop-orders");
  await w.row("Recent Reports", `Report ${asked.title.slice(0, 40)}`).click();
  await w.row(RESULTS, "File DiscountSplitter.java").waitFor();
  assert.equal(await (await w.form()).inputValue("#report"), text(asked));
  await w.shot("history");
  await w.fold("Recent Reports", false);
});

test("a report that nothing matches says so", async () => {
  await w.locate("zxqv wvut");
  await w.pane(RESULTS).getByText("No confident match").first().waitFor();
  await w.shot("no-match");
});

test("while it works, it says at what, and can be given up", async () => {
  await set(behind());
  front.mode = "slow";
  front.delay = 20_000;
  await w.locate(text(report("shop-orders")));
  const form = await w.form();
  await form.getByText("Choosing repositories; the report has 10 stack frames").waitFor();
  await w.shot("searching");
  await form.click("#locate");
  await w.pane(RESULTS).getByText("Paste a bug report above").waitFor();
});

const FAULTS = [
  ["slow", "The service took too long", "was silent for 3 seconds"],
  ["token", "wants a token", "wants a token"],
  ["garbage", "is not a Bugatlas service", "is no Bugatlas service"],
  ["old", "older than this extension", "too old"],
  ["unready", "Nothing is indexed yet", "has no index"],
  ["busy", "The report was not answered", "Too many requests"],
  ["fault", "The report was not answered", "A fault of the service"],
] as const;
for (const [mode, welcome, said] of FAULTS) {
  test(`a calm message for a service that is ${mode}`, async () => {
    front.mode = mode;
    await w.locate(text(report("shop-orders")));
    await w.pane(RESULTS).getByText(welcome).first().waitFor();
    const form = await w.form();
    await form.getByText(said).waitFor();
    assert.notEqual(await form.inputValue("#report"), "");
    await w.shot(`fault-${mode}`);
  });
}

test("a token is asked for, kept secret, and sent", async () => {
  front.mode = "token";
  front.tokens = [];
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("Set token").click();
  await w.shot("token");
  await w.answer(TOKEN);
  await w.said("Connected to Bugatlas");
  await w.row(RESULTS, "File DiscountSplitter.java").waitFor();
  assert.ok(front.tokens.includes(`Bearer ${TOKEN}`));
});

test("a path that leaves its repository is refused", async () => {
  front.mode = "escape";
  await w.command("Bugatlas: Locate Again");
  await w.row(RESULTS, "Directory ../../src/main").waitFor();
  await w.row(RESULTS, "File DiscountSplitter.java").click();
  await w.said("leads out of shop-orders");
  await w.shot("escape");
});

test("an issue is located by its key, where the service has a tracker", async () => {
  front.mode = "honest";
  const asked = report("shop-gateway");
  front.issue = { tracker: "jira", key: "SHOP-12", title: asked.title, report: text(asked), url: "https://x.example" };
  await w.command("Bugatlas: Locate an Issue…");
  await w.answer("SHOP-99");
  await w.said("no tracker of this service has such an issue".slice(3));
  await w.command("Bugatlas: Locate an Issue…");
  await w.answer("SHOP-12");
  await w.row(RESULTS, "File retry.ts").waitFor();
  assert.equal(await (await w.form()).inputValue("#report"), text(asked));
});

test("a selection and the clipboard are located as they are", async () => {
  await w.row(RESULTS, "File retry.ts").click();
  await w.editorNamed("retry.ts");
  await w.page.locator(".monaco-editor .view-lines").first().click();
  await w.page.keyboard.press("Control+a");
  await w.command("Bugatlas: Locate from Selection");
  await until(async () => (await (await w.form()).inputValue("#report")).includes("sendWithRetry"), 10, "the selection");
  const asked = report("shop-orders");
  await w.page.evaluate((given) => navigator.clipboard.writeText(given), text(asked));
  await w.command("Bugatlas: Locate from Clipboard");
  await w.row(RESULTS, "File DiscountSplitter.java").waitFor();
  assert.equal(await (await w.form()).inputValue("#report"), text(asked));
});

test("a service that is down", async () => {
  await set(behind({ "bugatlas.serverUrl": "http://127.0.0.1:9" }));
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("No service answers").waitFor();
  await w.shot("fault-down");
});

test("no command to start a service with", async () => {
  await set({ ...local(), "bugatlas.command": path.join(folder, "nowhere", "bugatlas") });
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("was not found to start one").waitFor();
  await w.shot("fault-noCommand");
});

for (const [name, theme] of [["dark", "Default Dark Modern"], ["contrast", "Default High Contrast"]] as const) {
  test(`legible in ${name}`, async () => {
    front.mode = "honest";
    await set(behind({ "workbench.colorTheme": theme }));
    await w.locate(text(report("shop-orders")));
    await w.row(RESULTS, "File DiscountSplitter.java").click();
    await w.editorNamed("DiscountSplitter.java");
    await w.shot(name);
  });
}

test("the workspace is indexed on demand, and the status item says so", async () => {
  const index = path.join(folder, "own-index");
  await set({ ...local(), "bugatlas.index": index });
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("Nothing is indexed yet").waitFor();
  await w.pane(RESULTS).getByText("Index this workspace").click();
  await w.row(RESULTS, "File DiscountSplitter.java").waitFor();
  await w.page.locator('.statusbar-item[aria-label*="this workspace is as it was indexed"]').waitFor();
  await w.shot("indexed");
});

test("a window that is reloaded in mid-query keeps the report, and asks again when told", async () => {
  front.mode = "slow";
  front.delay = 20_000;
  await set(behind({ "bugatlas.timeout": 30 }));
  await w.locate(text(report("shop-gateway")));
  await (await w.form()).getByText("Choosing repositories").waitFor();
  await w.reload();
  await w.pane(RESULTS).getByText("The window was closed before").waitFor();
  assert.equal(await (await w.form()).inputValue("#report"), text(report("shop-gateway")));
  await w.shot("reloaded");
  front.mode = "honest";
  await w.pane(RESULTS).getByText("Locate again").click();
  await w.row(RESULTS, "Repository").waitFor();
  const before = await w.rows(RESULTS);
  await w.reload();
  await w.row(RESULTS, "Repository").waitFor();
  assert.deepEqual(await w.rows(RESULTS), before);
});

test("the walkthrough has a page for each step", async () => {
  await w.command("Welcome: Open Walkthrough...");
  await w.answer("Get Started with Bugatlas");
  await w.page.getByText("Paste a bug report").first().waitFor();
  await w.shot("walkthrough");
});

test("it began quickly", async (t) => {
  await w.command("Developer: Show Running Extensions");
  const row = w.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "Bugatlas" });
  const said = (await row.locator(".activation-time").textContent()) ?? "";
  const milliseconds = Number(/(\d+)ms/.exec(said)?.[1]);
  t.diagnostic(`activation: ${milliseconds} ms`);
  assert.ok(milliseconds < 500, said);
});

test("in a workspace that is not trusted nothing is started", async () => {
  const quiet = { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" };
  const vsix = path.join(EXTENSION, "bugatlas.vsix");
  const settings = { ...local(), ...quiet };
  const other = await start(path.join(folder, "restricted"), { vsix, workspace: demo.workspace, settings, trust: true });
  ends.push(other.stop);
  const restricted = await Window.open(other.url);
  ends.push(() => restricted.close());
  await restricted.sideBar();
  await restricted.locate(text(report("shop-orders")));
  await restricted.pane(RESULTS).getByText("This workspace is not trusted").waitFor();
  await restricted.shot("restricted");
});
