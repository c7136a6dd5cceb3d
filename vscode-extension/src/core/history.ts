import { check } from "../api/check";
import type { Answer, LocateRequest } from "../api/client";

/** A report that was asked, and what came of it. */
export interface Past {
  id: string;
  time: number; // milliseconds since the epoch
  request: LocateRequest;
  answer: Answer | null; // null where none came: cancelled, failed, or the window was closed meanwhile
  pending?: boolean; // asked, and neither answered nor given up when it was written
}

const LARGEST = 4 * 1024 * 1024; // characters of the whole list, as JSON

/** The list with an entry put first. The same question is kept once; what is too much is dropped from the end. */
export function remembered(list: readonly Past[], entry: Past, most: number): Past[] {
  const same = (p: Past) => p.id === entry.id || JSON.stringify(p.request) === JSON.stringify(entry.request);
  const all = [entry, ...list.filter((p) => !same(p))].slice(0, Math.max(0, most));
  let size = 0;
  return all.filter((p) => (size += JSON.stringify(p).length) <= LARGEST);
}

/** What was stored, or as much of it as can be read. */
export function readHistory(text: string): Past[] {
  try {
    const given: unknown = JSON.parse(text);
    return Array.isArray(given) ? given.flatMap(readPast) : [];
  } catch {
    return [];
  }
}

/** The first line of a report that says something, at most 80 characters. */
export function titleOf(request: LocateRequest): string {
  const line = request.title || request.report.split("\n").find((l) => l.replace(/[#*\s]/g, "")) || "";
  const flat = line.replace(/^[#*\s]+/, "").replace(/\s+/g, " ").trim();
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat || "(empty)";
}

/** How long ago, in a word or two. */
export function ago(time: number, now: number): string {
  const minutes = Math.round((now - time) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h ago`;
  return `${Math.round(minutes / 60 / 24)} days ago`;
}

function readPast(value: unknown): Past[] {
  const { id, time, request, answer, pending } = (value ?? {}) as Record<string, unknown>;
  const report = (request as Record<string, unknown> | undefined)?.["report"];
  if (typeof id !== "string" || typeof time !== "number" || typeof report !== "string") return [];
  const past = { id, time, request: request as LocateRequest, answer: null, pending: pending === true };
  try {
    return [{ ...past, answer: answer ? check("Answer", answer) : null }];
  } catch {
    return [past]; // of another version
  }
}
