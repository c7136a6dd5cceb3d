// The extension as a person meets it: a fresh profile, a real workbench, a real service over the demo shop.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test as plainTest, type TestContext } from "node:test";
import { EXTENSION, hits, jira, service, shop, start, until, type Hit, type Report, type Shop } from "./machine";
import { proxy, TOKEN, type Proxy } from "./proxy";
import { Window } from "./window";

const RESULTS = "Likely Locations";
const PLAIN = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Light Modern",
  "editor.minimap.enabled": false, // room for what stands beside lines
  "editor.occurrencesHighlight": "off",
  "workbench.tree.enableStickyScroll": false, // it lies over rows that are to be clicked
};

let folder = "";
let demo: Shop;
let real: Awaited<ReturnType<typeof service>>;
let tracker: Awaited<ReturnType<typeof jira>>;
let front: Proxy;
let bench: Awaited<ReturnType<typeof start>>;
let w: Window;
const ends: (() => unknown)[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bugatlas-workbench-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  demo = await shop(folder);
  tracker = await jira(report("shop-gateway"));
  ends.push(tracker.stop);
  real = await service(demo, tracker.url);
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
const behind = (more: Settings = {}) => ({ ...PLAIN, "bugatlas.serverUrl": front.url, "bugatlas.timeout": 3, ...more });
/** Change the settings, and wait until the extension has heard of it. */
async function set(settings: Settings): Promise<void> {
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

type Settings = Record<string, string | number | boolean>;

const answer = (of: Report): Promise<Hit[]> => hits(real.url, text(of));

/** A test that leaves a picture where it fails. */
function test(name: string, run: (context: TestContext) => Promise<void>): void {
  plainTest(name, async (context) => {
    await run(context).catch(async (error: unknown) => {
      await w.shot(`failed ${name}`);
      await w.page.keyboard.press("Escape"); // what is open would be in the way of the next one
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
  await w.press(RESULTS, `File ${name}`);
  const pointed = hit.evidence.find((e) => e.voter.startsWith("at:") && e.line > 0); // a frame of the report's trace
  assert.ok(pointed);
  const line = pointed.line;
  await w.editorIs(name, line);
  const named = [...new Set(hit.evidence.map((e) => e.line).filter((n) => n > 0))].sort((a, b) => a - b);
  let marks: [number, string][] = [];
  const marked = async (): Promise<boolean> => (marks = await w.marks()).length === named.length;
  await until(marked, 10, "").catch(() => assert.fail(`marked: ${JSON.stringify(marks)}, named: ${named.join()}`));
  assert.deepEqual(marks.map(([n]) => n), named);
  assert.ok(marks.some(([n, said]) => n === line && /^frame \d+$/.test(said)), JSON.stringify(marks));
  await w.page.keyboard.press("Control+1"); // the focus to the editor
  await w.shot("file");
  const symbol = hit.symbols.find((s) => s.qualname === asked.function);
  assert.ok(symbol, `${asked.function} is not among the functions`);
  await w.press(RESULTS, `method ${asked.function}`);
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

test("all evidence hangs under a row", async () => {
  await (await w.find(RESULTS, "File DiscountSplitter.java")).hover();
  const hover = w.page.locator(".monaco-hover:visible", { hasText: "because" });
  await hover.waitFor();
  assert.match(await hover.innerText(), /Result \d+ of \d+, because[^]*frame \d+ of the stack trace[^]*valueOf\(line\.total\(\)\)/);
  await w.shot("tooltip", true);
});

test("as a list, called helpful, copied as Markdown", async () => {
  await w.command("Bugatlas: View as List");
  await until(async () => (await w.rows(RESULTS)).every((s) => /^(File|method|class) /.test(s)), 10, "the list");
  const row = await w.find(RESULTS, "File DiscountSplitter.java");
  await row.hover();
  await row.locator('.action-label[aria-label="Helpful"]').click();
  await row.getByText(/^helpful/).waitFor();
  const told = path.join(demo.index, "service", "feedback.jsonl");
  let kept = "";
  await until(async () => (kept = await readFile(told, "utf8").catch(() => "")) !== "", 10, "the service's line");
  const { said } = JSON.parse(kept) as { said: { path: string; helpful: boolean; report: string } };
  assert.deepEqual([said.path, said.helpful, said.report], [report("shop-orders").path, true, text(report("shop-orders"))]);
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
  const file = await w.find(RESULTS, "File convert.go");
  if ((await file.getAttribute("aria-expanded")) === "false") await file.locator(".monaco-tl-twistie").click();
  await w.press(RESULTS, `function ${asked.function}, line ${symbol.start}`);
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

test("a repository is known by its remote, and its files are found on its code host", async () => {
  await w.command("Bugatlas: Search Code…");
  await w.answer("repo:shop/notifications order lang:csharp");
  const name = "OrdersClient.cs";
  const file = await w.find("Code Search", `File src/Clients/${name} in shop/notifications`);
  await w.leaves(() => w.menu(file, "Open on Code Host")); // for which page: see test/host
  await w.quiet();
  await file.click();
  await w.editorNamed(name);
  await w.page.locator(".breadcrumbs-control", { hasText: "mailer" }).waitFor();
  await w.fold("Code Search", false);
});

test("narrowed to repositories and languages", async () => {
  const form = await w.form();
  await form.click("#narrow summary");
  await form.fill("#repos", "shop-payments");
  await form.fill("#languages", "go");
  await w.locate(text(report("shop-orders")));
  // The answer before this one may name the repository, too, and is being taken away.
  const alone = async (): Promise<boolean> => {
    const shown = (await w.rows(RESULTS)).filter((s) => s.startsWith("Repository "));
    return shown.length === 1 && shown[0]?.startsWith("Repository shop-payments") === true;
  };
  await until(alone, 30, "the repository alone");
  await w.shot("narrowed");
  await form.fill("#repos", "");
  await form.fill("#languages", "");
  await form.click("#narrow summary");
});

test("files of some repositories are shown alone", async () => {
  const asked = report("shop-gateway");
  await w.locate(text(asked));
  await w.find(RESULTS, "File retry.ts");
  await w.command("Bugatlas: Filter by Repository…");
  const boxes = w.page.locator(".quick-input-list .monaco-list-row");
  await boxes.first().waitFor();
  const names = [...new Set((await answer(asked)).map((h) => h.repo))];
  assert.ok(names.length > 1 && names.includes("shop-gateway"));
  assert.equal(await boxes.count(), names.length);
  await w.shot("filter");
  for (const name of names.filter((n) => n !== "shop-gateway")) await boxes.filter({ hasText: name }).click();
  await w.page.locator(".quick-input-action .monaco-button").first().click();
  await w.pane(RESULTS).getByText("Only shop-gateway.").waitFor();
  const spoken = await w.rows(RESULTS);
  assert.deepEqual(spoken.filter((s) => s.startsWith("Repository ")).length, 1);
  await w.command("Bugatlas: Show All Repositories");
  await w.pane(RESULTS).getByText("Only shop-gateway.").waitFor({ state: "hidden" });
});

test("earlier reports come back with their answers", async () => {
  await w.fold("Recent Reports", true);
  const asked = report("shop-orders");
  await w.pane("Recent Reports").locator(`.monaco-list-row[aria-label^="Report ${asked.title.slice(0, 40)}"]`).last().click();
  await w.find(RESULTS, "File DiscountSplitter.java");
  await w.reportIs(text(asked));
  await w.shot("history");
  await w.fold("Recent Reports", false);
});

test("the editor itself finds the service for its agents, starts it, and is told its tools", async () => {
  const list = w.page.locator(".quick-input-list .monaco-list-row");
  await w.command("MCP: List Servers");
  await list.filter({ hasText: "Bugatlas" }).waitFor();
  await w.answer("Bugatlas");
  await list.filter({ hasText: "Start Server" }).waitFor();
  await w.answer("Start Server");
  await w.page.locator(".part.panel", { hasText: "Discovered 6 tools" }).waitFor();
  await w.shot("agents");
  await w.command("View: Toggle Panel Visibility");
});

test("what is being written stays, while another answer is shown and the side bar is away", async () => {
  await (await w.form()).fill("#report", "Half a sent");
  await w.page.locator('.activitybar a[aria-label^="Explorer"]').click();
  await w.pane(RESULTS).waitFor({ state: "hidden" });
  await w.command("Bugatlas: Locate a Bug");
  await w.find(RESULTS, "Repository ");
  await w.reportIs("Half a sent");
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
  await form.locator("#locate", { hasText: "Cancel" }).click();
  await w.pane(RESULTS).getByText("Paste a bug report above").waitFor();
});

const FAULTS = [
  ["slow", "Try again, or narrow the search", "Timed out after 3 s"],
  ["token", "makes a token for you", "wants a token"],
  ["garbage", "Check the address", "is no Bugatlas service"],
  ["old", "Update Bugatlas where it runs", "too old"],
  ["unready", "An index is made once", "has no index"],
  ["busy", "The report is kept", "Too many requests"],
  ["fault", "The report is kept", "Internal error"],
  ["forbid", "The report is kept", "This token may not read"],
] as const;
for (const [mode, welcome, said] of FAULTS) {
  test(`a calm message for a service that is ${mode}`, async () => {
    front.mode = mode;
    await w.locate(text(report("shop-orders")));
    await w.pane(RESULTS).getByText(welcome).first().waitFor();
    const form = await w.form();
    await form.getByText(said).waitFor();
    assert.equal(await w.pane(RESULTS).getByText(said).count(), 0, "what is wrong is said once, above");
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
  await w.find(RESULTS, "File DiscountSplitter.java");
  assert.ok(front.tokens.includes(`Bearer ${TOKEN}`));
});

test("a path that leaves its repository is refused", async () => {
  front.mode = "escape";
  await w.command("Bugatlas: Locate Again");
  await w.row(RESULTS, "Directory ../../src/main").waitFor();
  await w.press(RESULTS, "File DiscountSplitter.java");
  await w.said("leads out of shop-orders");
  await w.shot("escape");
  await w.quiet();
});

test("an issue is located by its key or its address, where the service has a tracker", async () => {
  front.mode = "honest";
  const asked = report("shop-gateway");
  await w.command("Bugatlas: Locate an Issue…");
  await w.answer("SHOP-99");
  await w.said("no tracker of this service has such an issue".slice(3));
  const words = (s: string): string[] => s.trim().split(/\s+/);
  for (const ref of ["SHOP-12", `${tracker.url}/browse/SHOP-12`]) {
    await (await w.form()).fill("#report", "");
    await w.command("Bugatlas: Locate an Issue…");
    await w.answer(ref);
    await until(async () => (await (await w.form()).inputValue("#report")) !== "", 10, "the issue's text");
    assert.deepEqual(words(await (await w.form()).inputValue("#report")), words(text(asked)));
    await w.find(RESULTS, "File retry.ts");
  }
  await w.quiet();
});

test("a selection and the clipboard are located as they are", async () => {
  await w.press(RESULTS, "File retry.ts");
  await w.editorNamed("retry.ts");
  await w.page.locator(".monaco-editor .view-lines").first().click();
  await w.page.keyboard.press("Control+a");
  await w.command("Bugatlas: Locate from Selection");
  await until(async () => (await (await w.form()).inputValue("#report")).includes("sendWithRetry"), 10, "the selection");
  const asked = report("shop-orders");
  await w.page.evaluate((given) => navigator.clipboard.writeText(given), text(asked));
  await w.command("Bugatlas: Locate from Clipboard");
  await w.find(RESULTS, "File DiscountSplitter.java");
  await w.reportIs(text(asked));
});

test("a service that is down", async () => {
  await set(behind({ "bugatlas.serverUrl": "http://127.0.0.1:9" }));
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("its address may be wrong").waitFor();
  await w.shot("fault-down");
});

test("no command to start a service with", async () => {
  await set({ ...local(), "bugatlas.command": path.join(folder, "nowhere", "bugatlas") });
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("Bugatlas answers from a service").waitFor();
  await w.shot("fault-noCommand");
});

test("a local service that does not start", async () => {
  await set({ ...local(), "bugatlas.command": "/bin/false", "bugatlas.index": path.join(folder, "elsewhere") });
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("The log has more").waitFor();
  await w.shot("fault-notStarted");
});

test("where a repository that is not here is opened from is asked, when set so", async () => {
  await set(behind({ "bugatlas.otherRepositories": "ask" }));
  await w.locate(text(report("shop-payments")));
  await w.press(RESULTS, "File convert.go");
  await w.page.locator(".quick-input-list .monaco-list-row", { hasText: "As it was indexed, read-only" }).waitFor();
  await w.shot("open-from");
  await w.page.locator(".quick-input-list .monaco-list-row", { hasText: "On the code host" }).click();
  await w.said("knows no page of shop-payments");
  await w.quiet();
});

const THEMES = [
  ["light", "Default Light Modern"],
  ["dark", "Default Dark Modern"],
  ["contrast", "Default High Contrast"],
  ["contrast-light", "Default High Contrast Light"],
] as const;
for (const [name, theme] of THEMES) {
  test(`legible, and told to screen readers, in ${name}`, async () => {
    front.mode = "honest";
    await set(behind({ "workbench.colorTheme": theme }));
    await w.locate(text(report("shop-orders")));
    await w.press(RESULTS, "File DiscountSplitter.java");
    await w.editorNamed("DiscountSplitter.java");
    await until(async () => (await w.marks()).length > 1, 10, "the marks");
    let wrong: string[] = [];
    const fine = async (): Promise<boolean> => (wrong = await w.violations()).length === 0;
    await until(fine, 10, "").catch(() => assert.deepEqual(wrong, [])); // the colours come a moment after the theme
    await w.page.keyboard.press("Control+1"); // the focus to the editor
    await w.shot(name);
  });
}

test("the workspace is indexed on demand, and the status item says so", async () => {
  const index = path.join(folder, "own-index");
  await set({ ...local(), "bugatlas.index": index });
  await w.locate(text(report("shop-orders")));
  await w.pane(RESULTS).getByText("An index is made once").waitFor();
  const building = w.page.locator('.statusbar-item[aria-label*="The index is being built"]').waitFor();
  await w.pane(RESULTS).getByText("Index this workspace").click();
  await building;
  await w.shot("indexing");
  await w.find(RESULTS, "File DiscountSplitter.java");
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
  await w.reportIs(text(report("shop-gateway")));
  await w.shot("reloaded");
  front.mode = "honest";
  await w.pane(RESULTS).getByText("Locate again").click();
  await w.row(RESULTS, "Repository").waitFor();
  await w.find(RESULTS, "File service.go, result 1");
  const before = await w.rows(RESULTS);
  await w.reload();
  let after: string[] = [];
  const same = async (): Promise<boolean> => (after = await w.rows(RESULTS)).join() === before.join();
  await until(same, 20, "").catch(() => assert.deepEqual(after, before));
  await w.reportIs(text(report("shop-gateway")));
});

test("the walkthrough has a page for each step", async () => {
  await w.command("Welcome: Open Walkthrough...");
  await w.answer("Start with Bugatlas");
  await w.page.getByText("Paste a bug report").first().waitFor();
  await w.shot("walkthrough");
});

test("it began quickly", async (t) => {
  await w.command("Developer: Show Running Extensions");
  const row = w.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "Bugatlas" });
  const said = (await row.locator(".activation-time").textContent()) ?? "";
  const milliseconds = Number(/(\d+)ms/.exec(said)?.[1]);
  t.diagnostic(`activation: ${milliseconds} ms`);
  assert.ok(milliseconds < 5_000, said);
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
  await restricted.pane(RESULTS).getByText("Trust this workspace").waitFor();
  await restricted.shot("restricted");
});
