import assert from "node:assert/strict";
import { test } from "node:test";
import { answerMarkdown, block, code, escaped, tooltip } from "../../src/core/markdown";
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
