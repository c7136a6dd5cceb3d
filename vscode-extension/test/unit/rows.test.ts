import assert from "node:assert/strict";
import { test } from "node:test";
import { anchor, hasName, sameText } from "../../src/core/anchor";
import { ago, readHistory, remembered, titleOf, type Past } from "../../src/core/history";
import { readSearch } from "../../src/core/query";
import { brief, descriptionOf, fileRows, idOf, labelOf, lineOf, rows, spokenOf, type Row } from "../../src/core/tree";
import { answer, fileHit } from "../support/answers";

const SYMBOL = { qualname: "Cart.add", kind: "method", start: 12, end: 20, signature: "def add(self)", score: 1 };
const ANSWER = answer([
  fileHit("orders", "src/cart.py", { symbols: [SYMBOL] }),
  fileHit("gateway", "main.go"),
  fileHit("orders", "src/list.py", { evidence: [{ voter: "x", text: "frame 2", line: 7, weight: 1 }] }),
  fileHit("orders", "api/v1/a.py"),
]);

const flat = (all: Row[], depth = 0): string[] => all.flatMap((r) => [`${"  ".repeat(depth)}${labelOf(r)}`, ...flat(r.rows, depth + 1)]);

test("a tree keeps the answer's order at every level", () => {
  assert.deepEqual(flat(rows(ANSWER, "tree")), [
    "orders",
    "  src",
    "    cart.py",
    "      Cart.add",
    "    list.py",
    "  v1",
    "    a.py",
    "gateway",
    "  main.go",
  ]);
});

test("a list is the files, best first, and says where each is", () => {
  const list = rows(ANSWER, "list");
  assert.deepEqual(list.map(labelOf), ["cart.py", "main.go", "list.py", "a.py"]);
  assert.equal(descriptionOf(list[3] as Row, "list"), "#4 · orders/api/v1 · it has words of the report");
});

test("a filter leaves ranks as they are", () => {
  const only = new Set(["orders"]);
  assert.deepEqual(fileRows(ANSWER, only).map((f) => f.rank), [1, 3, 4]);
  assert.deepEqual(rows(ANSWER, "tree", only).map(labelOf), ["orders"]);
});

test("ids are unique, and spoken texts say the place and the reason", () => {
  const all: Row[] = [];
  const walk = (row: Row): void => {
    all.push(row);
    row.rows.forEach(walk);
  };
  rows(ANSWER, "tree").forEach(walk);
  assert.equal(new Set(all.map(idOf)).size, all.length);
  assert.ok(all.map(spokenOf).includes("File list.py, result 3 of 4, in orders: frame 2"));
});

test("what the report points at goes before stronger evidence", () => {
  const evidence = [
    { voter: "units", text: "its words", line: 42, weight: 0.6 },
    { voter: "at:frame", text: "frame 1", line: 80, weight: 0.2 },
  ];
  const [row] = fileRows(answer([fileHit("orders", "src/list.py", { evidence })]));
  assert.equal(lineOf(row as Row), 80);
});

test("a file opens at its strongest evidence with a place, else at its best function", () => {
  const [cart, main, list] = fileRows(ANSWER);
  assert.deepEqual([cart, main, list].map((r) => lineOf(r as Row)), [12, 1, 7]);
  assert.equal(lineOf(cart?.rows[0] as Row), 12);
});

test("an anchor finds a line that moved, the nearest of several, and stays where none fits", () => {
  const lines = ["a", "b", "x()", "c", "d", "x()", "e"];
  const text = (n: number) => lines[n - 1];
  assert.equal(anchor(text, 7, 3, sameText("  x()")), 3);
  assert.equal(anchor(text, 7, 5, sameText("x()")), 6);
  assert.equal(anchor(text, 7, 1, hasName("X.x")), 3);
  assert.equal(anchor(text, 7, 5, sameText("gone")), 5);
  assert.equal(anchor(text, 7, 99, sameText("gone")), 7);
  assert.equal(anchor(text, 7, 0, () => true), 1);
  assert.equal(anchor(() => "", 1, 5, hasName("x")), 1);
});

test("a search's options are told from its query, and exact texts are left alone", () => {
  const read = (text: string) => readSearch(text, false);
  assert.deepEqual(read('retry at:v1.2 tests:yes -path:"a b" "at:x  y"'), { q: 'retry -path:"a b" "at:x  y"', at: "v1.2", tests: true });
  assert.deepEqual(read('at:"2024-05-01 10:00" symbol:Cart'), { q: "symbol:Cart", at: "2024-05-01 10:00", tests: false });
  assert.deepEqual(readSearch("cat:x tests:no", true), { q: "cat:x", tests: false });
  assert.deepEqual(read('an open "quote at:'), { q: 'an open "quote', tests: false });
});

test("names are whole words", () => {
  for (const [line, fits] of [["def add(x):", true], ["address", false], ["readd()", false], ["re add", true], ["$add", false]] as const)
    assert.equal(hasName("Cart.add")(line), fits, line);
});

test("history keeps one of each question, newest first, within its size", () => {
  const past = (id: string, report: string): Past => ({ id, time: 1, request: { report }, answer: null });
  let list: Past[] = [];
  for (const [id, report] of [["1", "a"], ["2", "b"], ["3", "a"], ["4", "c"]] as const) list = remembered(list, past(id, report), 3);
  assert.deepEqual(list.map((p) => p.id), ["4", "3", "2"]);
  assert.deepEqual(remembered(list, past("5", "d"), 0), []);
  const large = "x".repeat(1_000_000);
  for (let i = 0; i < 9; i++) list = remembered(list, past(`l${i}`, `${large}${i}`), 20);
  assert.ok(list.length < 5 && list[0]?.id === "l8");
});

test("a damaged history is as much of it as can be read", () => {
  const good = { id: "1", time: 5, request: { report: "r" }, answer: ANSWER };
  const old = { ...good, id: "2", answer: { files: "?" } };
  const read = readHistory(JSON.stringify([good, old, null, 3, { id: 1 }, { id: "x", time: 1, request: {} }]));
  assert.deepEqual(read.map((p) => [p.id, p.answer !== null]), [["1", true], ["2", false]]);
  for (const text of ["", "{", "{}", "null"]) assert.deepEqual(readHistory(text), []);
});

test("titles are the first line that says something", () => {
  assert.equal(titleOf({ report: "\n\n## **Orders are lost\nmore" }), "Orders are lost");
  assert.equal(titleOf({ report: "x", title: "Given" }), "Given");
  assert.equal(titleOf({ report: " \n" }), "(empty)");
  assert.equal(titleOf({ report: "y".repeat(200) }).length, 80);
  const passed = [20e3, 5 * 60e3, 5 * 3600e3, 72 * 3600e3].map((milliseconds) => ago(0, milliseconds));
  assert.deepEqual(passed, ["just now", "5 min ago", "5 h ago", "3 days ago"]);
});

test("reasons are a few words beside a name", () => {
  assert.equal(brief("frame 4 of the stack trace: OrderService.discounted (OrderService.java:80)"), "frame 4");
  assert.equal(brief('changed by "SHOP-41: Place, find and cancel orders" (2024-04), in words close'), "past change: SHOP-41: Place, find and…");
  assert.equal(brief("short"), "short");
  const long = brief(`it defines ${"x".repeat(300)}`);
  assert.ok(long.length <= 45 && long.endsWith("…"), long);
});
