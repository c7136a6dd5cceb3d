import assert from "node:assert/strict";
import type http from "node:http";
import { test } from "node:test";
import { file, locate, repositories, search, type Step } from "../../src/api/client";
import { ServiceError, type Trouble } from "../../src/api/errors";
import { answer, fileHit } from "../support/answers";
import { deaf, problem, say, serving, type Handler } from "../support/server";

const ASKED = { report: "Orders are lost" };
const FOUND = answer([fileHit("shop", "a.go")]);

function streaming(response: http.ServerResponse, ...events: [string, unknown][]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of events) response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  response.end();
}

async function trouble(promise: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await promise.then(() => assert.fail("it was answered"), (e: unknown) => e);
  assert.ok(error instanceof ServiceError, String(error));
  return error;
}

test("an answer comes with its progress, over one request that carries the token", async () => {
  const steps: Step[] = [];
  await serving(
    (_, response) => {
      const routes = [{ repo: "shop" }, { odd: 1 }, null];
      streaming(response, ["progress", { stage: "route", frames: 2 }], ["progress", { stage: "explain", routes }], ["result", FOUND]);
    },
    async (server, seen) => {
      assert.deepEqual(await locate(server, ASKED, (s) => steps.push(s)), FOUND);
      assert.equal(seen.length, 1);
      assert.equal(seen[0]?.line, "POST /v1/locate/stream");
      assert.equal(seen[0].headers.authorization, "Bearer secret");
      assert.deepEqual(JSON.parse(seen[0].body), ASKED);
    },
    { token: "secret" },
  );
  assert.deepEqual(steps.map((s) => [s.stage, s.frames, s.routes]), [["route", 2, []], ["explain", 0, ["shop"]]]);
});

test("fields that a newer service adds are kept out of the way, defaults that it leaves out are filled in", async () => {
  const bare = { ...FOUND, news: [1], files: [{ repo: "shop", path: "a.go", language: "go", score: 1, evidence: [], more: 1 }] };
  await serving(
    (_, response) => streaming(response, ["result", bare]),
    async (server) => {
      const [hit] = (await locate(server, ASKED)).files;
      assert.deepEqual([hit?.symbols, hit?.excerpt, hit?.summary], [[], null, ""]);
    },
  );
});

test("a service that cannot stream is asked plainly", async () => {
  await serving(
    (request, response) =>
      request.url === "/v1/locate" ? say(response, 200, FOUND) : problem(response, 404, "Not Found"),
    async (server, seen) => {
      assert.deepEqual(await locate(server, ASKED), FOUND);
      assert.deepEqual(seen.map((s) => s.line), ["POST /v1/locate/stream", "POST /v1/locate"]);
    },
  );
});

const REFUSALS: [string, Trouble, Handler][] = [
  ["401 of the service", "unauthorized", (_, r) => problem(r, 401, "a token is needed")],
  ["401 of a proxy", "unauthorized", (_, r) => say(r, 401, "<html>log in</html>", "text/html")],
  ["403", "forbidden", (_, r) => problem(r, 403, "this token may not read")],
  ["422", "rejected", (_, r) => problem(r, 422, "no indexed repository is called x", "did you mean y?")],
  ["429", "busy", (_, r) => problem(r, 429, "too many requests")],
  ["500", "fault", (_, r) => problem(r, 500, "internal error")],
  ["404 of all routes", "old", (_, r) => problem(r, 404, "Not Found")],
  ["another program's 404", "garbage", (_, r) => say(r, 404, "<html>nginx</html>", "text/html")],
  ["another program's page", "garbage", (_, r) => say(r, 200, "<html>hello</html>", "text/html")],
  ["an answer of the wrong shape", "garbage", (_, r) => streaming(r, ["result", { ...FOUND, files: [{ repo: 1 }] }])],
  ["a number that is none", "garbage", (_, r) => streaming(r, ["result", { ...FOUND, confidence: "high" }])],
  ["an event that is not JSON", "garbage", (_, r) => {
    r.writeHead(200, { "content-type": "text/event-stream" });
    r.end("event: result\ndata: {\n\n");
  }],
  ["an error in the stream", "rejected", (_, r) =>
    streaming(r, ["error", { type: "urn:bugatlas:problem:stream", title: "X", status: 422, detail: "empty" }])],
  ["a stream that ends early", "down", (_, r) => streaming(r, ["progress", {}])],
  ["a connection that breaks", "down", (_, r) => void r.destroy()],
  ["a redirect to elsewhere", "garbage", (_, r) => void r.writeHead(302, { location: "http://192.0.2.1/" }).end()],
  ["silence", "slow", () => undefined],
  ["a stream that falls silent", "slow", (_, r) => {
    r.writeHead(200, { "content-type": "text/event-stream" });
    r.write(": working\n\n");
  }],
];
for (const [name, expected, handler] of REFUSALS) {
  test(`${name}: ${expected}`, async () => {
    const error = await serving(handler, (server) => trouble(locate(server, ASKED)), { timeout: 0.5 });
    assert.equal(error.trouble, expected, error.message);
    assert.match(error.message, /^\S.*[.)]$/s);
  });
}

test("nothing at the address: down, and says where", async () => {
  const server = await deaf();
  const error = await trouble(locate(server, ASKED));
  assert.equal(error.trouble, "down");
  assert.ok(error.message.includes(server.url));
});

test("the service's own words and hint are passed on", async () => {
  const handler: Handler = (_, r) => problem(r, 422, "no indexed repository is called x", "did you mean y?");
  const error = await serving(handler, (server) => trouble(locate(server, ASKED)));
  assert.deepEqual([error.message, error.hint, error.instance], ["No indexed repository is called x.", "did you mean y?", "cafe"]);
});

test("a service without an index is told apart from a busy one", async () => {
  for (const [ready, expected] of [[false, "noIndex"], [true, "busy"]] as const) {
    const handler: Handler = (request, response) => {
      if (request.url === "/readyz") say(response, ready ? 200 : 503, { status: ready ? "ok" : "unready", version: "1" });
      else if (request.url === "/v1/repos") say(response, 200, { repositories: [REPOSITORY], edition: 1, files: 1, lines: 1 });
      else problem(response, 503, "there is none");
    };
    const error = await serving(handler, (server) => trouble(locate(server, ASKED)));
    assert.equal(error.trouble, expected);
  }
});

test("giving up ends the request at once", async () => {
  const controller = new AbortController();
  const pending = serving(
    () => setTimeout(() => controller.abort(), 20),
    (server) => trouble(locate(server, ASKED, () => undefined, controller.signal)),
  );
  assert.equal((await pending).trouble, "cancelled");
});

test("a stream that shows signs of life may take longer than the time-out", async () => {
  const handler: Handler = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const beat = setInterval(() => response.write(": working\n\n"), 100);
    setTimeout(() => {
      clearInterval(beat);
      response.end(`event: result\ndata: ${JSON.stringify(FOUND)}\n\n`);
    }, 900);
  };
  assert.deepEqual(await serving(handler, (server) => locate(server, ASKED), { timeout: 0.4 }), FOUND);
});

test("an answer that never ends is given up", async () => {
  const handler: Handler = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const flood = (): void => {
      while (!response.destroyed && response.write("[".repeat(1 << 20)));
    };
    response.on("drain", flood);
    flood();
  };
  const error = await serving(handler, (server) => trouble(repositories(server)));
  assert.equal(error.trouble, "garbage");
});

test("a search sends its query as it is", async () => {
  await serving(
    (_, response) => problem(response, 422, "x"),
    async (server, seen) => {
      await trouble(search(server, { q: 'a&b "c d"', limit: 5, tests: false }));
      assert.equal(seen[0]?.line, "GET /v1/search?q=a%26b+%22c+d%22&limit=5&tests=false");
    },
  );
});

test("a long file is read page by page", async () => {
  const all = Array.from({ length: 4321 }, (_, i) => `line ${i + 1}`);
  const handler: Handler = (request, response) => {
    const start = Number(new URL(request.url ?? "", "http://x").searchParams.get("start"));
    const lines = all.slice(start - 1, start + 1999);
    say(response, 200, { repo: "r", path: "p", commit: "c", language: "go", start, lines, total: all.length });
  };
  const found = await serving(handler, (server) => file(server, { repo: "r", path: "p" }));
  assert.equal(found.text, all.join("\n") + "\n");
  assert.ok(found.whole);
});

const REPOSITORY = {
  name: "shop", url: "", branch: "", commit: "c", time: 1, generation: 1, files: 1,
  languages: {}, lines: 1, symbols: 1, skipped: {}, snapshots: [],
}; // prettier-ignore
