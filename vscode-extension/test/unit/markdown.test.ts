import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, answerMarkdown, block, code, escaped, tooltip } from "../../src/core/markdown";
import { fileRows, rows, type Row } from "../../src/core/tree";
import { answer, fileHit } from "../support/answers";

const EVIL = "[x](command:workbench.action.quit) <img src=//192.0.2.1> $(bug) ![a](b) **b** `c`\n# h\n- l https://x";

test("text of others stays text", () => {
  const safe = escaped(EVIL);
  assert.ok(!safe.includes("\n"));
  assert.ok(!/(?<!\\)[[\]()<>*`#!$:]/.test(safe), safe);
  assert.equal(safe.replace(/\\(.)/g, "$1"), EVIL.replace(/\s+/g, " "));
});

test("code cannot be left, however many ticks it has", () => {
  assert.equal(code("a"), "`a`");
  assert.equal(code("`a``"), "``` `a`` ```");
  assert.equal(block(["```", "x\r\ny"], "c\n```"), "````c\n```\nx  y\n````");
});

test("tooltips have every piece of evidence, and nothing of others is live in them", () => {
  const hit = fileHit("shop", "src/a.go", {
    summary: EVIL,
    evidence: [{ voter: "x", text: EVIL, line: 3, weight: 1 }],
    symbols: [{ qualname: "f", kind: "function", start: 2, end: 9, signature: "func f() { ``` }", score: 1 }],
    excerpt: { start: 1, lines: ["package a", "```", EVIL] },
  });
  const all = rows(answer([hit]), "tree").flatMap((r) => [r, ...r.rows, ...r.rows.flatMap((d) => [...d.rows, ...d.rows.flatMap((f) => f.rows)])]);
  assert.deepEqual(all.map((r) => r.kind), ["repository", "directory", "file", "function"]);
  for (const row of all) {
    const outside = tooltip(row, EVIL).replace(/^(`{3,})[^]*?^\1$/gm, "");
    assert.ok(!/(?<!\\)\]\(|(?<!\\)<img|(?<!\\)\$\(/.test(outside), outside);
  }
  assert.match(tooltip(fileRows(answer([hit]))[0] as Row), /Result 1 of 1, because\n\n- .*\(line 3\)/);
});

test("an answer copies as a numbered list with reasons", () => {
  const text = answerMarkdown(answer([fileHit("shop", "a.go"), fileHit("shop", "b`.go")], { notes: ["one is left out"] }));
  assert.equal(
    text,
    [
      "### Where it may be: Orders are lost",
      "Confidence: confident, 70%. 100 files in 1 repositories searched.",
      "1. `shop/a.go`\n   - it has words of the report",
      "2. ``shop/b`.go``\n   - it has words of the report",
      "_one is left out_\n",
    ].join("\n\n"),
  );
});

test("whom to ask stands in tooltips and copies, and nothing of it is live but the link to the commit", () => {
  const change = { commit: "c0ffee1234", time: 1, subject: EVIL, author: EVIL, url: "https://github.com/shop/a/commit/c0ffee1234", lines: 2 };
  const hit = fileHit("shop", "a.go", { owners: ["@shop/team", EVIL], changes: [change] });
  const file = fileRows(answer([hit]))[0] as Row;
  for (const text of [tooltip(file), answerMarkdown(answer([hit]))]) {
    assert.match(text, /Owners: \\@shop/);
    assert.match(text, /These lines changed last \d+ years ago by .*\(\[`c0ffee1`\]\(https:\/\/github\.com\/shop\/a\/commit\/c0ffee1234\)\)/);
    assert.equal(text.match(/(?<!\\)\]\(/g)?.length, 1);
  }
  const odd = { ...change, url: "javascript:alert(1)", lines: 0, author: "" };
  assert.doesNotMatch(tooltip(fileRows(answer([fileHit("shop", "a.go", { changes: [odd] })]))[0] as Row), /javascript:|owners/i);
});

test("ages are in the largest unit", () => {
  const [minute, day] = [60, 86_400];
  assert.deepEqual([0, 5 * minute, day, 3 * day, 800 * day].map((s) => ago(1000, 1000 + s)),
    ["just now", "5 minutes ago", "1 day ago", "3 days ago", "2 years ago"]);
});
