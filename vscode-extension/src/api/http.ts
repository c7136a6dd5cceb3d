import { check } from "./check";
import { ServiceError } from "./errors";
import type { Operations, Schemas } from "./schema";

/** A service and how to get in. */
export interface Server {
  url: string; // without a slash at the end
  token: string;
  timeout: number; // seconds without a sign of life
  local: boolean; // started by this extension
}

export type Operation = keyof Operations;
type Query<O extends Operation> = Operations[O]["query"];
type Body<O extends Operation> = Operations[O]["body"];
type AnswerOf<O extends Operation> = Operations[O]["answer"] extends keyof Schemas
  ? Schemas[Operations[O]["answer"]]
  : never;

/** What goes with a request. `path` fills the braces of the route. */
export interface Asked<O extends Operation> {
  query?: Query<O>;
  body?: Body<O>;
  path?: string;
  signal?: AbortSignal | undefined;
}

const LARGEST = 32 * 1024 * 1024; // bytes of an answer

/** Ask, and check the answer. Throws ServiceError. */
export async function ask<O extends Operation>(
  server: Server,
  operation: O,
  answer: Operations[O]["answer"] & keyof Schemas,
  asked: Asked<O> = {},
): Promise<AnswerOf<O>> {
  const clock = new Clock(server.timeout, asked.signal);
  try {
    const response = await send(server, operation, asked, clock.signal);
    if (!response.ok) throw await refusal(response, clock);
    return check(answer, parsed(await text(response, clock))) as AnswerOf<O>;
  } catch (error) {
    throw clock.blame(error, server);
  } finally {
    clock.stop();
  }
}

/** Ask for a stream of text; the time-out counts from each sign of life. Throws ServiceError. */
export async function* stream<O extends Operation>(
  server: Server,
  operation: O,
  asked: Asked<O>,
): AsyncGenerator<string> {
  const clock = new Clock(server.timeout, asked.signal);
  try {
    const response = await send(server, operation, asked, clock.signal);
    if (!response.ok) throw await refusal(response, clock);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) throw garbage(server);
    yield* chunks(response, clock);
  } catch (error) {
    throw clock.blame(error, server);
  } finally {
    clock.stop(true);
  }
}

function send<O extends Operation>(server: Server, operation: O, asked: Asked<O>, signal: AbortSignal) {
  const [method = "GET", route = ""] = operation.split(" ");
  const path = (asked.path ?? "").split("/").map(encodeURIComponent).join("/");
  const url = new URL(server.url + route.replace(/\{\w+\}/, () => path));
  for (const [key, value] of Object.entries<unknown>(asked.query ?? {})) {
    if (value !== undefined && value !== null) url.searchParams.set(key, `${value as string | number | boolean}`);
  }
  const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
  if (server.token) headers["authorization"] = `Bearer ${server.token}`;
  if (asked.body !== undefined) headers["content-type"] = "application/json";
  const init: RequestInit = { method, headers, signal, redirect: "error" }; // a token goes nowhere else
  if (asked.body !== undefined) init.body = JSON.stringify(asked.body);
  return fetch(url, init);
}

/** A response that is no success, as an error. The service explains itself by RFC 9457 problems. */
async function refusal(response: Response, clock: Clock): Promise<ServiceError> {
  const said = response.headers.get("content-type")?.includes("json") ? await text(response, clock) : "";
  let problem: Schemas["Problem"] = { type: "", title: "", status: 0, detail: "", hint: "", instance: "" };
  let ours = false;
  try {
    problem = check("Problem", parsed(said));
    ours = problem.type.startsWith("urn:bugatlas:");
  } catch {
    // an error page of something in between
  }
  return ours || response.status === 401
    ? fromProblem({ ...problem, status: response.status })
    : new ServiceError("garbage", `What answers at this address is no Bugatlas service (HTTP ${response.status}).`);
}

/** A problem that the service told, as an error. */
export function fromProblem(problem: Schemas["Problem"]): ServiceError {
  const { status, detail, hint, instance } = problem;
  const sentence = detail ? detail.charAt(0).toUpperCase() + detail.slice(1).replace(/\.?$/, ".") : "";
  const make = (trouble: ServiceError["trouble"], message: string) =>
    new ServiceError(trouble, message, trouble === "unauthorized" ? "" : hint, instance);
  if (status === 401) return make("unauthorized", "The service wants a token that it knows.");
  if (status === 403) return make("forbidden", sentence || "The service does not allow this.");
  if (status === 429 || status === 503) return make("busy", sentence || "The service is busy.");
  if ((status === 404 && /^not found\.?$/i.test(detail)) || status === 405)
    return make("old", "This service is too old for this: it lacks a route.");
  if (status >= 500) return make("fault", sentence || "The service had a fault.");
  return make("rejected", sentence || `The service refused the request (HTTP ${status}).`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError("garbage", "The service's answer is damaged: it is not JSON.");
  }
}

async function text(response: Response, clock: Clock): Promise<string> {
  const parts: string[] = [];
  for await (const chunk of chunks(response, clock)) parts.push(chunk);
  return parts.join("");
}

async function* chunks(response: Response, clock: Clock): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let size = 0;
  for await (const bytes of response.body ?? []) {
    clock.beat();
    size += bytes.byteLength;
    if (size > LARGEST) throw new ServiceError("garbage", "The service's answer is far too large.");
    yield decoder.decode(bytes, { stream: true });
  }
  yield decoder.decode();
}

function garbage(server: Server): ServiceError {
  return new ServiceError("garbage", `What answers at ${server.url} is no Bugatlas service.`);
}

/** Ends a request that shows no life for too long, or that the user gave up. */
class Clock {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private late = false;

  constructor(
    private readonly seconds: number,
    private readonly given: AbortSignal | undefined,
  ) {
    given?.addEventListener("abort", this.giveUp);
    if (given?.aborted) this.giveUp();
    this.beat();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** A sign of life. */
  beat(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.late = true;
      this.controller.abort();
    }, this.seconds * 1000);
  }

  /** The request is over; or, where it is not, is to end. */
  stop(abort = false): void {
    clearTimeout(this.timer);
    this.given?.removeEventListener("abort", this.giveUp);
    if (abort) this.controller.abort();
  }

  /** What a failure of the request comes from. */
  blame(error: unknown, server: Server): ServiceError {
    if (this.given?.aborted) return new ServiceError("cancelled", "Cancelled.");
    if (this.late) return new ServiceError("slow", `Timed out after ${this.seconds} s.`);
    if (error instanceof ServiceError) return error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as { code?: unknown }).code;
    const reason = typeof code === "string" ? code : cause instanceof Error ? cause.message : String(cause);
    if (/redirect/i.test(reason)) return garbage(server);
    return new ServiceError("down", `No service answers at ${server.url} (${reason}).`);
  }

  private readonly giveUp = (): void => this.controller.abort();
}
