import type { Answer, FileHit } from "../../src/api/client";

export function fileHit(repo: string, path: string, more: Partial<FileHit> = {}): FileHit {
  return {
    repo,
    path,
    language: "go",
    score: 1,
    evidence: [{ voter: "body", text: "it has words of the report", line: 0, weight: 0.5 }],
    symbols: [],
    excerpt: null,
    summary: "",
    parts: {},
    owners: [],
    changes: [],
    ...more,
  };
}

export function answer(files: FileHit[], more: Partial<Answer> = {}): Answer {
  const repos = [...new Set(files.map((f) => f.repo))];
  return {
    title: "Orders are lost",
    routes: repos.map((repo) => ({ repo, commit: "c0ffee", score: 0.5, evidence: [], summary: "", time: 0, indexed: 0, clone: "", changed: 0 })),
    directories: [],
    files,
    confidence: 0.7,
    verdict: "confident",
    searched: 100,
    seconds: 0.01,
    notes: [],
    calls: [],
    judgement: null,
    looks: [],
    doubt: "",
    questions: [],
    also: [],
    ...more,
  };
}
