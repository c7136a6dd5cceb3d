// A server to be rude with: what a service could do wrong, and what something in between could.
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "../../src/api/http";

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** A server for the time of a test; its requests are kept. */
export async function serving<T>(
  handler: Handler,
  use: (server: Server, seen: { line: string; headers: http.IncomingHttpHeaders; body: string }[]) => Promise<T>,
  given: Partial<Server> = {},
): Promise<T> {
  const seen: { line: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  const running = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      seen.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers, body });
      handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => running.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(running.address() as AddressInfo).port}`;
  try {
    return await use({ url, token: "", timeout: 5, local: false, ...given }, seen);
  } finally {
    running.closeAllConnections();
    running.close();
  }
}

/** Answer with JSON. */
export function say(response: http.ServerResponse, status: number, body: unknown, type = "application/json"): void {
  response.writeHead(status, { "content-type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Answer with a problem as the service writes it. */
export function problem(response: http.ServerResponse, status: number, detail: string, hint = ""): void {
  const body = { type: "urn:bugatlas:problem:x", title: "X", status, detail, hint, instance: "cafe" };
  say(response, status, body, "application/problem+json");
}

/** An address at which nothing answers. */
export async function deaf(): Promise<Server> {
  return serving(() => undefined, (server) => Promise.resolve(server));
}
