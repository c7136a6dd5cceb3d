// A service that misbehaves on demand: it stands in front of the real one.
import http from "node:http";
import type { AddressInfo } from "node:net";

export type Mode = "honest" | "slow" | "busy" | "token" | "garbage" | "old" | "unready" | "fault" | "forbid" | "escape";

export const TOKEN = "bga_letmein";

export interface Proxy {
  url: string;
  mode: Mode;
  delay: number; // milliseconds before an answer, in mode "slow"
  tokens: string[]; // authorizations seen
  stop: () => void;
}

/** Start one, honest at first. */
export async function proxy(target: string): Promise<Proxy> {
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      answer(target, state, request, Buffer.concat(parts), response).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  const state: Proxy = { url, mode: "honest", delay: 1500, tokens: [], stop };
  return state;
}

async function answer(
  target: string,
  state: Proxy,
  request: http.IncomingMessage,
  body: Buffer,
  response: http.ServerResponse,
): Promise<void> {
  const { mode } = state;
  const say = (status: number, type: string, text: string) => response.writeHead(status, { "content-type": type }).end(text);
  const refuse = (status: number, detail: string, hint = "") =>
    say(status, "application/problem+json", JSON.stringify({ type: "urn:bugatlas:problem:x", title: "X", status, detail, hint }));
  const token = request.headers.authorization ?? "";
  state.tokens.push(token);
  if (mode === "token" && token !== `Bearer ${TOKEN}`) return void refuse(401, "a token is needed");
  if (mode === "busy") return void refuse(429, "too many requests");
  if (mode === "garbage") return void say(200, "text/html", "<html>Welcome to the intranet</html>");
  if (mode === "old") return void refuse(404, "Not Found");
  if (mode === "forbid") return void refuse(403, "this token may not read", "ask for a token that may");
  if (mode === "fault") return void refuse(500, "internal error", "see the log of the service, by this instance");
  if (mode === "unready") {
    if (request.url !== "/readyz") return void refuse(503, "there is no index yet");
    return void say(503, "application/json", '{"status":"unready","version":"0.1.0","detail":"IndexMissing"}');
  }
  if (mode === "slow" && request.url?.startsWith("/v1/locate")) {
    const steps = [{ stage: "route", frames: 10, mentions: 8 }];
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const step of steps) response.write(`event: progress\ndata: ${JSON.stringify(step)}\n\n`);
    await new Promise((resolve) => setTimeout(resolve, state.delay));
  }
  const headers: Record<string, string> = { "content-type": "application/json" };
  const init: RequestInit = { method: request.method ?? "GET", headers };
  if (body.length) init.body = new Uint8Array(body);
  const real = await fetch(target + (request.url ?? ""), init);
  let text = await real.text();
  if (mode === "escape") text = text.replaceAll('"path":"src/main', '"path":"../../src/main');
  if (!response.headersSent) response.writeHead(real.status, { "content-type": real.headers.get("content-type") ?? "" });
  response.end(text);
}
