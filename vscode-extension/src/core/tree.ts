import type { Answer, FileHit, RouteHit, SymbolHit } from "../api/client";
import { lastName, parentOf } from "./paths";

/** What the results are shown as. */
export type Layout = "tree" | "list";

/** A row of the results. `rank` is the file's place in the whole answer, 1 is best. */
export type Row =
  | { kind: "repository"; repo: string; route: RouteHit | undefined; rank: number; rows: Row[] }
  | { kind: "directory"; repo: string; path: string; rows: Row[] }
  | { kind: "file"; repo: string; path: string; hit: FileHit; rank: number; of: number; rows: Row[] }
  | { kind: "function"; repo: string; path: string; hit: FileHit; symbol: SymbolHit; rows: Row[] };

export type FileRow = Extract<Row, { kind: "file" }>;

/** Rows of an answer, in its own order: nothing is ranked here. `only` are the repositories to show; empty: all. */
export function rows(answer: Answer, layout: Layout, only: ReadonlySet<string> = new Set()): Row[] {
  const files = fileRows(answer, only);
  if (layout === "list") return files;
  const top: Row[] = [];
  for (const [repo, inRepo] of grouped(files, (f) => f.repo)) {
    const directories = grouped(inRepo, (f) => parentOf(f.path));
    const route = answer.routes.find((r) => r.repo === repo);
    top.push({
      kind: "repository",
      repo,
      route,
      rank: route ? answer.routes.indexOf(route) + 1 : 0,
      rows: [...directories].flatMap(([path, inside]): Row[] =>
        path ? [{ kind: "directory", repo, path, rows: inside }] : inside,
      ),
    });
  }
  return top;
}

/** The files of an answer, best first. */
export function fileRows(answer: Answer, only: ReadonlySet<string> = new Set()): FileRow[] {
  return answer.files.flatMap((hit, i): FileRow[] => {
    if (only.size && !only.has(hit.repo)) return [];
    const { repo, path } = hit;
    const inside = hit.symbols.map((symbol): Row => ({ kind: "function", repo, path, hit, symbol, rows: [] }));
    return [{ kind: "file", repo, path, hit, rank: i + 1, of: answer.files.length, rows: inside }];
  });
}

/** Stable id of a row, so that its state survives a refresh. */
export function idOf(row: Row): string {
  if (row.kind === "repository") return row.repo;
  const place = `${row.repo}/${row.path}`;
  return row.kind === "function" ? `${place}#${row.symbol.qualname}:${row.symbol.start}` : `${row.kind} ${place}`;
}

/** Name of a row. */
export function labelOf(row: Row): string {
  if (row.kind === "repository") return row.repo;
  if (row.kind === "function") return row.symbol.qualname;
  return lastName(row.path);
}

/** A row's reason in a few words, for beside its name. */
export function descriptionOf(row: Row, layout: Layout): string {
  switch (row.kind) {
    case "repository":
      return row.route?.evidence[0]?.text ?? "";
    case "directory":
      return parentOf(row.path);
    case "file": {
      const where = layout === "list" ? [`${row.repo}/${parentOf(row.path)}`] : [];
      return [`#${row.rank}`, ...where, reason(row.hit)].filter(Boolean).join(" · ");
    }
    case "function":
      return `line ${row.symbol.start}`;
  }
}

/** A row in a sentence, for screen readers. */
export function spokenOf(row: Row): string {
  switch (row.kind) {
    case "repository":
      return `Repository ${row.repo}, ${row.route?.evidence[0]?.text ?? ""}`;
    case "directory":
      return `Directory ${row.path} in ${row.repo}`;
    case "file":
      return `File ${lastName(row.path)}, result ${row.rank} of ${row.of}, in ${row.repo}: ${reason(row.hit)}`;
    case "function":
      return `${row.symbol.kind} ${row.symbol.qualname}, line ${row.symbol.start}`;
  }
}

/** Line of a row to open, 1-based: of the function; of what the report points at; of the strongest evidence that has a place. */
export function lineOf(row: Row): number {
  if (row.kind === "function") return row.symbol.start;
  if (row.kind !== "file") return 1;
  const pointed = row.hit.evidence.find((e) => e.voter.startsWith("at:") && e.line > 0);
  const evidence = pointed ?? row.hit.evidence.find((e) => e.line > 1);
  return evidence?.line ?? row.hit.symbols[0]?.start ?? 1;
}

/** The reason that says most in the fewest words: what the report points at before what it only resembles. */
function reason(hit: FileHit): string {
  const best = hit.evidence.find((e) => /^(at|mark):/.test(e.voter)) ?? hit.evidence[0];
  return best ? brief(best.text) : "";
}

const FEW = 44; // characters beside a name or a line

/** Evidence in a few words; the whole sentence is in the tooltip. */
export function brief(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  const frame = /^frame (\d+) of the stack trace/.exec(flat);
  if (frame) return `frame ${frame[1]}`;
  const change = /^(?:changed by|similar commit message:?) "([^"]{1,200})/.exec(flat);
  if (change) return clipped(`past change: ${change[1]}`);
  return clipped(flat);
}

function clipped(text: string): string {
  if (text.length <= FEW) return text;
  const cut = text.slice(0, FEW - 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), FEW / 2)).replace(/[\s,;:(]+$/, "")}…`;
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
