import type { Answer, FileHit, RouteHit } from "../api/client";
import { descriptionOf, type Row } from "./tree";

/** Text of others as Markdown that shows as it is: no link, image, HTML, icon or heading comes out of it. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$&@:]/g, "\\$&")
    .trim();
}

/** Text of others as inline code. */
export function code(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = flat.startsWith("`") || flat.endsWith("`") ? " " : "";
  return flat ? `${fence}${pad}${flat}${pad}${fence}` : "";
}

/** Lines of others as a code block. */
export function block(lines: readonly string[], language = ""): string {
  const longest = Math.max(2, ...lines.flatMap((x) => [...x.matchAll(/`+/g)].map((m) => m[0].length)));
  const fence = "`".repeat(longest + 1);
  return [fence + language.replace(/[^\w+#-]/g, ""), ...lines.map((x) => x.replace(/[\r\n]/g, " ")), fence].join("\n");
}

/** Why a row is on the list, and what it is: its tooltip. */
export function tooltip(row: Row, summary = ""): string {
  switch (row.kind) {
    case "repository": {
      const { route } = row;
      const share = route ? `${Math.round(100 * route.score)}% of the search` : "";
      const said = summary || route?.summary || "";
      return paragraphs(`**${escaped(row.repo)}**`, share, route ? state(route) : "", escaped(said), bullets(route?.evidence ?? []));
    }
    case "directory":
      return paragraphs(`**${escaped(row.path)}**`, escaped(summary));
    case "file":
      return paragraphs(
        `**${escaped(row.path)}**`,
        escaped(row.hit.summary),
        `Result ${row.rank} of ${row.of}, because`,
        bullets(row.hit.evidence),
        ...whom(row.hit),
        row.hit.excerpt ? block(row.hit.excerpt.lines, row.hit.language) : "",
      );
    case "function":
      return paragraphs(
        block([row.symbol.signature || row.symbol.qualname], row.hit.language),
        `Lines ${row.symbol.start} to ${row.symbol.end}`,
        bullets(row.hit.evidence.filter((e) => e.line >= row.symbol.start && e.line <= row.symbol.end)),
      );
  }
}

/** A whole answer, to paste into an issue. */
export function answerMarkdown(answer: Answer): string {
  const sure = `${answer.verdict}, ${Math.round(100 * answer.confidence)}%`;
  const files = answer.files.map((hit, i) => fileMarkdown(hit, i + 1));
  return (
    paragraphs(
      `### Where it may be: ${escaped(answer.title)}`,
      `Confidence: ${escaped(sure)}. ${answer.searched} files in ${answer.routes.length} repositories searched.`,
      ...(files.length ? files : ["No file matches."]),
      ...answer.notes.map((n) => `_${escaped(n)}_`),
    ) + "\n"
  );
}

/** One file of an answer as an item of a numbered list. */
export function fileMarkdown(hit: FileHit, rank: number): string {
  const functions = hit.symbols.map((s) => `${code(s.qualname)} (lines ${s.start} to ${s.end})`);
  return [
    `${rank}. ${code(`${hit.repo}/${hit.path}`)}`,
    ...(functions.length ? [`   - functions: ${functions.join(", ")}`] : []),
    ...hit.evidence.map((e) => `   - ${escaped(e.text)}${e.line ? `, line ${e.line}` : ""}`),
    ...whom(hit).map((line) => `   - ${line}`),
  ].join("\n");
}

/** A row in one line of plain text. */
export function plain(row: Row): string {
  const place = row.kind === "repository" ? row.repo : `${row.repo}/${row.path}`;
  return row.kind === "function" ? `${place}:${row.symbol.start} ${row.symbol.qualname}` : `${place} ${descriptionOf(row, "tree")}`;
}

/** Whose a file is, and what changed its lines last: commits as links where the code host is known. */
function whom(hit: FileHit): string[] {
  const [change] = hit.changes;
  const owners = hit.owners.length ? `Owners: ${escaped(hit.owners.join(", "))}` : "";
  if (!change) return owners ? [owners] : [];
  const by = change.author ? ` by ${escaped(change.author)}` : "";
  const name = code(change.commit.slice(0, 7));
  const link = /^https:\/\/[\w.-]+\/[\w./-]+$/.test(change.url) ? `[${name}](${change.url})` : name;
  const what = change.lines ? "These lines changed last" : "The file changed last";
  return [owners, `${what} ${ago(change.time)}${by}: ${escaped(change.subject)} (${link})`].filter(Boolean);
}

/** Which state of a repository was searched. */
function state(route: RouteHit): string {
  if (!route.indexed) return "";
  const moved = route.clone === "moved on" ? ", has moved on since" : "";
  return `${code(route.commit.slice(0, 7))}, indexed ${ago(route.indexed)}${moved}`;
}

const AGES = [["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]] as const;

/** "3 weeks ago", of a moment in UTC seconds. */
export function ago(moment: number, now = Date.now() / 1000): string {
  for (const [unit, length] of AGES) {
    const count = Math.floor((now - moment) / length);
    if (count > 0) return `${count.toLocaleString("en")} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

function bullets(evidence: readonly { text: string; line: number }[]): string {
  return evidence.map((e) => `- ${escaped(e.text)}${e.line ? ` (line ${e.line})` : ""}`).join("\n");
}

function paragraphs(...parts: string[]): string {
  return parts.filter(Boolean).join("\n\n");
}
