import { check } from "./check";
import { ServiceError } from "./errors";
import { ask, fromProblem, stream, type Server } from "./http";
import type { Operations, Schemas } from "./schema";
import { events } from "./sse";

export type Answer = Schemas["Answer"];
export type FileHit = Schemas["FileHit"];
export type RouteHit = Schemas["RouteHit"];
export type SymbolHit = Schemas["SymbolHit"];
export type Evidence = Schemas["Evidence"];
export type Results = Schemas["Results"];
export type Hit = Schemas["SearchHit"];
export type Lines = Schemas["FileLines"];
export type Node = Schemas["Node"];
export type Job = Schemas["Job"];
export type Repository = Schemas["IndexedRepository"];
export type LocateRequest = Operations["POST /v1/locate"]["body"];

/** How far an answer has come. */
export interface Step {
  stage: string;
  done: number;
  total: number;
  frames: number;
  mentions: number;
  routes: string[]; // names of the repositories chosen
}

/** Find where a reported bug lives. A service that cannot stream is asked without progress. */
export async function locate(
  server: Server,
  body: LocateRequest,
  progress: (step: Step) => void = () => {},
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    return await locateStreaming(server, body, progress, signal);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.trouble === "old") return ready(server, ask(server, "POST /v1/locate", "Answer", { body, signal }));
    return ready(server, Promise.reject(error));
  }
}

async function locateStreaming(
  server: Server,
  body: LocateRequest,
  progress: (step: Step) => void,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for await (const event of events(stream(server, "POST /v1/locate/stream", { body, signal }))) {
    if (event.name === "progress") progress(step(json(event.data)));
    else if (event.name === "result") return check("Answer", json(event.data));
    else if (event.name === "error") throw fromProblem(check("Problem", json(event.data)));
  }
  throw new ServiceError("down", "The connection to the service broke before it had answered.", "Try again.");
}

/** Search the code. */
export function search(
  server: Server,
  query: Operations["GET /v1/search"]["query"],
  signal?: AbortSignal,
): Promise<Results> {
  return ready(server, ask(server, "GET /v1/search", "Results", { query, signal }));
}

/** An issue of a tracker that the service has, by its key or address. */
export function issue(server: Server, ref: string): Promise<Schemas["IssueText"]> {
  return ask(server, "GET /v1/issue", "IssueText", { query: { ref } });
}

/** Say whether a file of an answer was helpful; whether the service keeps it. */
export async function say(server: Server, said: Operations["POST /v1/feedback"]["body"]): Promise<boolean> {
  return (await ask(server, "POST /v1/feedback", "FeedbackOutcome", { body: said })).kept;
}

/** What is indexed. */
export async function repositories(server: Server, signal?: AbortSignal): Promise<Repository[]> {
  const found = await ready(server, ask(server, "GET /v1/repos", "Repositories", { signal }));
  return found.repositories;
}

/** A repository, directory or file with its summary. */
export function node(server: Server, repo: string, path: string, signal?: AbortSignal): Promise<Node> {
  return ask(server, "GET /v1/tree/{where}", "Node", { path: path ? `${repo}/${path}` : repo, signal });
}

/** Lines of a file as it was indexed. */
export function lines(
  server: Server,
  query: Operations["GET /v1/file"]["query"],
  signal?: AbortSignal,
): Promise<Lines> {
  return ask(server, "GET /v1/file", "FileLines", { query, signal });
}

const MOST_PAGES = 25; // of 2,000 lines each

/** A whole file as it was indexed, and whether its end had to be left out. */
export async function file(
  server: Server,
  query: { repo: string; path: string; at?: string },
): Promise<{ text: string; whole: boolean }> {
  const found: string[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const part = await lines(server, { ...query, start: found.length + 1 });
    found.push(...part.lines);
    if (found.length >= part.total || !part.lines.length) return { text: found.join("\n") + "\n", whole: true };
  }
  return { text: found.join("\n") + "\n", whole: false };
}

/** Whether something answers, and what it is. */
export function health(server: Server): Promise<Schemas["Health"]> {
  return ask(server, "GET /healthz", "Health");
}

/** Jobs of the indexer, newest first. */
export async function jobs(server: Server): Promise<Job[]> {
  return (await ask(server, "GET /v1/jobs", "Jobs")).jobs;
}

/** Bring repositories up to date. */
export function startJob(server: Server, repos: string[]): Promise<Job> {
  return ask(server, "POST /v1/jobs", "Job", { body: { repos } });
}

/** How far a job is. */
export function job(server: Server, id: string): Promise<Job> {
  return ask(server, "GET /v1/jobs/{id}", "Job", { path: id });
}

/** End a job. */
export function cancelJob(server: Server, id: string): Promise<Job> {
  return ask(server, "POST /v1/jobs/{id}/cancel", "Job", { path: id });
}

/** An answer; where the service has none because it has no index, that error instead of its own. */
async function ready<T>(server: Server, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const may = error instanceof ServiceError && (error.trouble === "busy" || /index at|index is empty/.test(error.message));
    if (may && !(await hasIndex(server))) throw new ServiceError("noIndex", "The service has no index to search yet.");
    throw error;
  }
}

async function hasIndex(server: Server): Promise<boolean> {
  try {
    await ask(server, "GET /readyz", "Health");
    return (await ask(server, "GET /v1/repos", "Repositories")).repositories.length > 0;
  } catch (error) {
    return !(error instanceof ServiceError && error.trouble === "garbage"); // "unready" is no problem document
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError("garbage", "The service's answer is damaged: it is not JSON.");
  }
}

/** Progress is for the eye: what is missing or odd is left out. */
function step(value: unknown): Step {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const count = (key: string) => (Number.isSafeInteger(given[key]) ? (given[key] as number) : 0);
  const routes: unknown[] = Array.isArray(given["routes"]) ? given["routes"] : [];
  return {
    stage: typeof given["stage"] === "string" ? given["stage"] : "",
    done: count("done"),
    total: count("total"),
    frames: count("frames"),
    mentions: count("mentions"),
    routes: routes.flatMap((r) => (hasRepo(r) ? [r.repo] : [])),
  };
}

function hasRepo(value: unknown): value is { repo: string } {
  return typeof value === "object" && value !== null && "repo" in value && typeof value.repo === "string";
}
