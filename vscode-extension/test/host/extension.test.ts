import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import Mocha from "mocha";
import * as vscode from "vscode";
import { jobs } from "../../src/api/client";
import type { Target } from "../../src/ui/open";
import type { Parts } from "../../src/ui/parts";
import { uriOf } from "../../src/ui/reader";

// What the outer test gives by the environment of the extension host.
const GIVEN = JSON.parse(process.env["BUGATLAS_HOST_TEST"] ?? "{}") as {
  url: string;
  command: string;
  index: string;
  workspace: string;
  shop: string;
  report: string;
};
const extension = vscode.extensions.getExtension<Parts>("bugatlas.bugatlas");
const PRICING = "src/main/java/com/shop/orders/pricing/DiscountSplitter.java";
const GO = "internal/money/convert.go";
const manifest = (): { contributes: Record<string, { command: string }[]> } => extension?.packageJSON as never;

let parts: Parts;
let activation = 0; // milliseconds
const settings = () => vscode.workspace.getConfiguration("bugatlas");
const set = (name: string, value: unknown) => settings().update(name, value, vscode.ConfigurationTarget.Global);
const target = (given: Partial<Target>): Target => ({ repo: "shop-orders", path: PRICING, commit: "", line: 27, ...given });
const shown = () => vscode.window.activeTextEditor?.document.uri;

suite("the extension", () => {
  suiteSetup(async () => {
    assert.ok(extension);
    assert.equal(extension.isActive, false, "it must not begin with the window");
    const began = performance.now();
    parts = await extension.activate();
    activation = performance.now() - began;
    await set("serverUrl", GIVEN.url);
  });
  setup(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  test("begins quickly", () => {
    Mocha.reporters.Base.consoleLog(`    activated in ${Math.round(activation)} ms`);
    assert.ok(activation < 10_000, "it waits for nothing; how quick it is is printed, for a busy machine decides that");
  });

  test("has every command that it contributes, and contributes every one that it has", async () => {
    const have = (await vscode.commands.getCommands(true)).filter((c) => /^bugatlas\.(search\.)?[a-zA-Z]+$/.test(c));
    const views = /^bugatlas\.(report|results|search|history)\b(?!\.(again|clear))/;
    const said = manifest().contributes["commands"]?.map((c) => c.command);
    assert.deepEqual(have.filter((c) => !views.test(c) && c !== "bugatlas.start").sort(), said?.sort());
  });

  test("answers a report, and the later of two questions wins", async () => {
    const first = parts.session.locate({ report: "Refunds of foreign orders fail" });
    const second = parts.session.locate({ report: GIVEN.report });
    await Promise.all([first, second]);
    assert.ok(parts.session.answer?.files.some((f) => f.path === PRICING));
    assert.equal(parts.history.list[0]?.request.report, GIVEN.report);
    assert.ok(parts.history.list.every((p) => !p.pending));
  });

  test("a repository of a workspace with several roots is known by its remote, whatever its folder is called", async () => {
    assert.equal(vscode.workspace.workspaceFolders?.length, 3);
    const found = await parts.opener.find("shop/notifications", "README.md");
    assert.equal(found?.fsPath, path.join(GIVEN.workspace, "mailer", "README.md"));
    assert.equal(await parts.opener.find("notifications", "README.md"), undefined);
  });

  test("a place has a page on its code host, as it was indexed", async () => {
    const place = target({ repo: "shop/notifications", path: "README.md", line: 3 });
    const commit = readFileSync(path.join(GIVEN.workspace, "mailer/.git/refs/heads/main"), "utf8").trim();
    assert.equal(
      await parts.opener.pageOf(place),
      `https://gitlab.shop.example/shop/notifications/-/blob/${commit}/README.md#L3`,
    );
    assert.equal(await parts.opener.pageOf(target({})), "", "it was indexed from a folder without a remote");
  });

  test("opens a file of the workspace at its line", async () => {
    const editor = await parts.opener.open(target({}), "go");
    assert.equal(editor?.document.uri.fsPath, path.join(GIVEN.workspace, "shop-orders", PRICING));
    assert.equal(editor.selection.active.line, 26);
  });

  test("finds a line that moved since it was indexed", async () => {
    const uri = vscode.Uri.file(path.join(GIVEN.workspace, "shop-orders", PRICING));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(0, 0), "\n\n\n");
    assert.ok(await vscode.workspace.applyEdit(edit));
    const fits = (text: string): boolean => text.includes("valueOf(line.total())");
    const editor = await parts.opener.open(target({ fits }), "go");
    assert.equal(editor?.selection.active.line, 29);
    await vscode.commands.executeCommand("workbench.action.files.revert");
  });

  test("refuses paths and links that leave the repository", async () => {
    await symlink("/etc/passwd", path.join(GIVEN.workspace, "shop-orders", "passwd"));
    for (const evil of ["../shop-gateway/package.json", "/etc/passwd", "a/../../x", "passwd", ".git/config"])
      assert.equal(await parts.opener.open(target({ path: evil, line: 1 }), "go"), undefined, evil);
    assert.equal(shown(), undefined);
  });

  test("shows a repository that is not here as it was indexed, and cannot be edited", async () => {
    const place = { repo: "shop-payments", path: GO, line: 14 };
    const editor = await parts.opener.open(target(place), "go");
    assert.equal(editor?.document.uri.scheme, "bugatlas");
    assert.equal(editor.document.languageId, "go");
    assert.equal(editor.document.getText(), readFileSync(path.join(GIVEN.shop, place.repo, place.path), "utf8"));
    assert.equal(editor.selection.active.line, 13);
  });

  test("an address that names an unknown commit shows the newest, one that names nothing fails", async () => {
    const text = await vscode.workspace.openTextDocument(uriOf("shop-payments", GO, "0".repeat(40)));
    assert.match(text.getText(), /^package money/);
    await assert.rejects(async () => vscode.workspace.openTextDocument(uriOf("shop-payments", "no.go", "")));
    await assert.rejects(async () => vscode.workspace.openTextDocument(vscode.Uri.parse("bugatlas:/x?repo=y")));
  });

  test("a folder that is set, or that holds clones, is used for a repository that is not open", async () => {
    const place = target({ repo: "shop-payments", path: GO, line: 1 });
    await set("cloneFolder", GIVEN.shop);
    assert.equal((await parts.opener.open(place, "go"))?.document.uri.fsPath, path.join(GIVEN.shop, "shop-payments", GO));
    await set("cloneFolder", "");
    assert.equal((await parts.opener.open(place, "go"))?.document.uri.scheme, "bugatlas");
    await set("folders", { "shop-payments": path.join(GIVEN.shop, "shop-payments") });
    assert.equal((await parts.opener.open(place, "go"))?.document.uri.scheme, "file");
    await set("folders", undefined);
  });

  test("a token is sent to the address that it was given for, and to no other", async () => {
    await parts.service.setToken("secret");
    assert.equal((await parts.service.current()).token, "secret");
    await set("serverUrl", "http://127.0.0.1:9");
    assert.equal((await parts.service.current()).token, "");
    await set("serverUrl", `${GIVEN.url}/`);
    assert.equal((await parts.service.current()).token, "secret");
    await parts.service.setToken("");
    assert.equal((await parts.service.current()).token, "");
  });

  test("an address that is none is said to be none", async () => {
    for (const wrong of ["ftp://x", "nonsense", "javascript:1"]) {
      await set("serverUrl", wrong);
      await assert.rejects(parts.service.current(), { trouble: "garbage" });
    }
    await set("serverUrl", GIVEN.url);
  });

  test("searches, with the exact text's place", async () => {
    await parts.searching.run('"Non-terminating" OR-nothing');
    await parts.searching.run("symbol:Convert lang:go");
    const [found] = parts.searching.getChildren();
    assert.equal(found?.hit.path, GO);
    assert.ok(parts.searching.getChildren(found).length > 0);
  });

  test("what is called helpful is written down", async () => {
    parts.session.show({ report: GIVEN.report }, parts.session.answer ?? assert.fail(), "x");
    const row = parts.results.step(1);
    assert.ok(row);
    await parts.feedback.say(parts.session.state, row, "helpful");
    const line = readFileSync(parts.feedback.file.fsPath, "utf8").trim().split("\n").at(-1) ?? "";
    const said = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([said["repo"], said["path"], said["rank"], said["helpful"]], [row.repo, row.path, row.rank, true]);
    assert.equal(said["report"], GIVEN.report);
    assert.match(String(said["commit"]), /^[0-9a-f]{40}$/);
    const kept = readFileSync(path.join(GIVEN.index, "service/feedback.jsonl"), "utf8").trim().split("\n").at(-1) ?? "";
    const { commit, report, repo, path: file, rank } = said;
    assert.deepEqual((JSON.parse(kept) as { said: unknown }).said, { report, repo, path: file, helpful: true, rank, commit });
  });

  test("what is called helpful where no service hears it is written down all the same", async () => {
    const row = parts.results.step(1);
    assert.ok(row);
    await set("serverUrl", "http://127.0.0.1:9");
    await parts.feedback.say(parts.session.state, row, "notHelpful");
    await set("serverUrl", GIVEN.url);
    const line = readFileSync(parts.feedback.file.fsPath, "utf8").trim().split("\n").at(-1) ?? "";
    assert.equal((JSON.parse(line) as { helpful: boolean }).helpful, false);
  });

  test("a filter hides other repositories, and steps go round what is left", async () => {
    await parts.session.locate({ report: "The amount of an order, its payment and its stock", limit: 40 });
    const repos = new Set(parts.session.answer?.files.map((f) => f.repo));
    assert.ok(repos.size > 1);
    parts.session.filter(new Set(["shop-orders"]));
    assert.deepEqual(parts.results.getChildren().map((r) => r.repo), ["shop-orders"]);
    const count = parts.session.answer?.files.filter((f) => f.repo === "shop-orders").length ?? 0;
    const seen = new Set<string>();
    for (let i = 0; i < count; i++) {
      const row = parts.results.step(1) ?? assert.fail();
      seen.add(row.path);
      parts.results.opened(row);
    }
    assert.equal(seen.size, count);
  });

  test("the status item tells a stale index from a fresh one", async () => {
    parts.workspace.forget();
    await parts.status.refresh();
    assert.match(parts.status.text, /^\$\(pass\)/);
    const head = path.join(GIVEN.workspace, "shop-orders/.git/refs/heads/main");
    const before = readFileSync(head, "utf8");
    await writeFile(head, `${"1".repeat(40)}\n`);
    parts.workspace.forget();
    await parts.status.refresh();
    assert.match(parts.status.text, /stale/);
    await writeFile(head, before);
  });

  test("a team's service indexes the workspace as a job of its own, and the status item says so meanwhile", async () => {
    const server = await parts.service.current();
    const before = (await jobs(server)).length;
    const indexing = parts.status.index();
    assert.match(parts.status.text, /^\$\(sync~spin\) Bugatlas: indexing/);
    await indexing;
    assert.match(parts.status.text, /^\$\(pass\)/);
    const [job, ...others] = await jobs(server);
    assert.deepEqual([job?.state, [...(job?.repos ?? [])].sort()], ["done", ["shop-gateway", "shop-orders", "shop/notifications"]]);
    assert.equal(others.length, before);
  });

  test("agents find the service, with its token", async () => {
    await parts.service.setToken("secret");
    const [offered] = parts.mcp.provideMcpServerDefinitions();
    assert.ok(offered && !JSON.stringify(offered.headers).includes("secret"));
    const resolved = await parts.mcp.resolveMcpServerDefinition();
    assert.equal(resolved.uri.toString(), `${GIVEN.url}/mcp`);
    assert.deepEqual(resolved.headers, { Authorization: "Bearer secret" });
    await parts.service.setToken("");
  });

  test("an agent that follows the definition finds the tools and locates the report, at the local service with its token", async () => {
    await set("command", GIVEN.command);
    await set("index", GIVEN.index);
    await set("serverUrl", "");
    const { uri, headers } = await parts.mcp.resolveMcpServerDefinition();
    assert.match(headers["Authorization"] ?? "", /^Bearer bga_/);
    const url = new URL(uri.toString());
    const client = new Client({ name: "tests", version: "0" });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    const tools = (await client.listTools()).tools.map((t) => t.name);
    assert.deepEqual(tools.sort(), ["explain_result", "index_status", "locate_bug", "read_file", "read_summary", "search_code"]);
    const given = { name: "locate_bug", arguments: { report: GIVEN.report } };
    const [found] = (await client.callTool(given)).content as { type: string; text: string }[];
    assert.ok(found?.text.includes(PRICING), JSON.stringify(found));
    await client.close();
    const stranger = new Client({ name: "stranger", version: "0" });
    await assert.rejects(stranger.connect(new StreamableHTTPClientTransport(url)), /401|Unauthorized/i);
    await set("serverUrl", GIVEN.url);
  });
});
