import assert from "node:assert/strict";
import { test } from "node:test";
import { events, type ServerEvent } from "../../src/api/sse";

async function* cut(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

async function read(text: string, size = text.length): Promise<ServerEvent[]> {
  const found: ServerEvent[] = [];
  for await (const event of events(cut(text, size))) found.push(event);
  return found;
}

const STREAM = ": hello\n\nevent: a\ndata: 1\n\ndata:2\r\ndata: 3\r\n\r\nid: 4\nevent: b\rdata: 5\r\revent: c\n\ndata\n\n";

test("events are the same however the stream is cut", async () => {
  const whole = await read(STREAM);
  assert.deepEqual(whole, [
    { name: "a", data: "1" },
    { name: "message", data: "2\n3" },
    { name: "b", data: "5" },
    { name: "message", data: "" },
  ]);
  for (let size = 1; size < STREAM.length; size++) assert.deepEqual(await read(STREAM, size), whole, `in ${size}`);
});

test("what is not ended is no event", async () => {
  assert.deepEqual(await read("event: a\ndata: 1\n"), []);
});

test("a line without an end is given up", async () => {
  const endless = async function* (): AsyncGenerator<string> {
    for (;;) yield await Promise.resolve("x".repeat(1 << 20));
  };
  await assert.rejects(async () => {
    for await (const event of events(endless())) assert.fail(event.name);
  }, RangeError);
});
