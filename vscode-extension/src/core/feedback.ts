import type { LocateRequest } from "../api/client";

/** What somebody said of a file of an answer. Lines of this are written to feedback.jsonl. */
export interface Said {
  time: string; // ISO 8601
  report: string;
  repo: string;
  path: string;
  commit: string;
  rank: number;
  helpful: boolean;
}

/** A line of the file. */
export function line(
  request: LocateRequest,
  place: { repo: string; path: string; commit: string; rank: number },
  helpful: boolean,
  now: Date,
): string {
  const said: Said = { time: now.toISOString(), report: request.report, ...place, helpful };
  return JSON.stringify(said) + "\n";
}
