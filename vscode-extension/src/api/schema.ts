// Made by scripts/api.mjs from docs/openapi.json. Do not edit: npm run api
export interface components {
    schemas: {
        Answer: {
            /**
             * @description of models
             * @default []
             */
            calls: components["schemas"]["Call"][];
            /** @description calibrated chance that the first file is among those to change */
            confidence: number;
            directories: components["schemas"]["DirectoryHit"][];
            files: components["schemas"]["FileHit"][];
            /** @default [] */
            notes: string[];
            routes: components["schemas"]["RouteHit"][];
            /** @description files in scope */
            searched: number;
            seconds: number;
            title: string;
            /** @description "confident", "likely", "unsure" or "no confident match" */
            verdict: string;
        };
        Asked: {
            /** @default null */
            at: string | null;
            /** @default 10 */
            limit: number;
            /** @default false */
            tests: boolean;
        };
        Call: {
            model: string;
            /** @description by the configured prices; 0 for what was kept from before */
            money: number;
            /** @description tokens of the prompt */
            read: number;
            seconds: number;
            /** @description "endpoint", "file", "cache" or "replay" */
            source: string;
            /** @description "judge", "judge code", "paper route" ... */
            stage: string;
            /** @description tokens of the answer */
            written: number;
        };
        DirectoryHit: {
            /** @description of those in the answer */
            files: number;
            /** @description "" is the repository's root */
            path: string;
            repo: string;
            score: number;
        };
        Evidence: {
            /**
             * @description in the file, 1-based; 0 where it has no place
             * @default 0
             */
            line: number;
            text: string;
            voter: string;
            /**
             * @description what it added to the score
             * @default 0
             */
            weight: number;
        };
        Excerpt: {
            lines: string[];
            start: number;
        };
        Feedback: {
            /**
             * @description what was searched
             * @default
             */
            commit: string;
            helpful: boolean;
            path: string;
            /**
             * @description the file's place in the answer; 1 is best
             * @default 1
             */
            rank: number;
            repo: string;
            /** @description what was asked */
            report: string;
        };
        FileHit: {
            evidence: components["schemas"]["Evidence"][];
            /** @default null */
            excerpt: components["schemas"]["Excerpt"] | null;
            language: string;
            /**
             * @description what each voter added to the score, before routing; without those of 0
             * @default {}
             */
            parts: {
                [key: string]: number;
            };
            path: string;
            repo: string;
            /** @description fused, 0-1 within the answer */
            score: number;
            /** @default  */
            summary: string;
            /** @default [] */
            symbols: components["schemas"]["SymbolHit"][];
        };
        Filter: {
            /** @default [] */
            files: string[];
            /** @default [] */
            languages: string[];
            /** @default [] */
            not_files: string[];
            /** @default [] */
            not_languages: string[];
            /** @default [] */
            not_paths: string[];
            /** @default [] */
            paths: string[];
        };
        Health: {
            /** @default  */
            detail: string;
            /** @enum {unknown} */
            status: "ok" | "unready";
            version: string;
        };
        Hit: {
            /**
             * @description the symbol asked for that it defines
             * @default
             */
            defines: string;
            language: string;
            lines: components["schemas"]["Line"][];
            /**
             * @description lines with an exact text; 0 where only words were asked
             * @default 0
             */
            matches: number;
            path: string;
            repo: string;
            /** @description 0-1 within the results */
            score: number;
            /**
             * @description the written one, where it has words of the query
             * @default
             */
            summary: string;
            /**
             * @description the function or type around the first line
             * @default null
             */
            symbol: components["schemas"]["SymbolHit"] | null;
        };
        IssueText: {
            key: string;
            /** @description Markdown, with the title as its first line */
            report: string;
            title: string;
            tracker: string;
            url: string;
        };
        Job: {
            /** @description UTC seconds */
            created: number;
            /**
             * @description files parsed
             * @default 0
             */
            done: number;
            /** @default 0 */
            ended: number;
            /** @default  */
            error: string;
            id: string;
            repos: string[];
            /** @default [] */
            settled: components["schemas"]["Settled"][];
            /** @default 0 */
            started: number;
            /** @enum {unknown} */
            state: "cancelled" | "done" | "failed" | "queued" | "running";
            /**
             * @description files to parse, an estimate until all repositories have begun
             * @default 0
             */
            total: number;
        };
        JobRequest: {
            /** @default [] */
            repos: string[];
        };
        Jobs: {
            jobs: components["schemas"]["Job"][];
        };
        Kept: {
            /** @description false where this service keeps none */
            kept: boolean;
        };
        Line: {
            number: number;
            /** @default [] */
            spans: [
                number,
                number
            ][];
            text: string;
        };
        Lines: {
            commit: string;
            language: string;
            lines: string[];
            path: string;
            repo: string;
            /** @description of the first line given, 1-based */
            start: number;
            /** @description lines of the file */
            total: number;
            /**
             * @description the same lines at the code host
             * @default
             */
            url: string;
        };
        LocateRequest: {
            /**
             * @description a ref, commit or date that the index holds
             * @default null
             */
            at: string | null;
            /**
             * @description evidence, functions and lines of code of each file
             * @default true
             */
            details: boolean;
            /**
             * @description all evidence of each file, not only the strongest
             * @default false
             */
            explain: boolean;
            /** @default [] */
            languages: string[];
            /**
             * @description files
             * @default 10
             */
            limit: number;
            /**
             * @description who orders the files; empty: as the service is set
             * @default
             * @enum {unknown}
             */
            mode: "" | "judge" | "offline" | "paper";
            /**
             * @description only paths that contain one of these, or match it as a glob
             * @default []
             */
            paths: string[];
            report: string;
            /**
             * @description names, or their ends; empty: all
             * @default []
             */
            repos: string[];
            /**
             * @description also rank tests
             * @default false
             */
            tests: boolean;
            /**
             * @description where it isn't the report's first line
             * @default null
             */
            title: string | null;
        };
        Node: {
            /** @default [] */
            children: components["schemas"]["Node"][];
            /** @default  */
            commit: string;
            /** @description in it and below */
            files: number;
            /** @default  */
            git_dir: string;
            /** @description "index", "repository", "directory" or "file" */
            kind: string;
            /**
             * @description with the number of files, most first
             * @default []
             */
            languages: [
                string,
                number
            ][];
            /**
             * @description of a file, or of a repository at its head
             * @default 0
             */
            lines: number;
            /** @default  */
            origin: string;
            /** @description "" for a repository and the index */
            path: string;
            /** @description "" for the index */
            repo: string;
            summary: string;
            /** @default [] */
            symbols: components["schemas"]["Outline"][];
            /**
             * @description of the commit, UTC seconds
             * @default 0
             */
            time: number;
            /** @default  */
            url: string;
        };
        Outline: {
            /** @default  */
            doc: string;
            end: number;
            kind: string;
            qualname: string;
            /** @default  */
            signature: string;
            start: number;
        };
        Problem: {
            /** @default  */
            detail: string;
            /**
             * @description what to do next
             * @default
             */
            hint: string;
            /**
             * @description the request, as in the log and in X-Request-Id
             * @default
             */
            instance: string;
            status: number;
            title: string;
            type: string;
        };
        Query: {
            /**
             * @default {
             *       "files": [],
             *       "languages": [],
             *       "not_files": [],
             *       "not_languages": [],
             *       "not_paths": [],
             *       "paths": []
             *     }
             */
            files: components["schemas"]["Filter"];
            /** @default [] */
            not_repos: string[];
            /** @default [] */
            repos: string[];
            /**
             * @description to be defined: a name, or Type.member
             * @default []
             */
            symbols: string[];
            /**
             * @description to be found exactly
             * @default []
             */
            texts: string[];
            /** @default [] */
            words: string[];
        };
        Repositories: {
            /** @description grows by one whenever the service has re-opened the index */
            edition: number;
            files: number;
            lines: number;
            repositories: components["schemas"]["Repository"][];
        };
        Repository: {
            branch: string;
            commit: string;
            files: number;
            /** @description grows by one with every change of the index */
            generation: number;
            /** @description files by language, most first */
            languages: {
                [key: string]: number;
            };
            lines: number;
            name: string;
            /** @description files left out, by reason */
            skipped: {
                [key: string]: number;
            };
            /** @description what `at` may name beside the head */
            snapshots: string[];
            symbols: number;
            /** @description the commit's, UTC seconds */
            time: number;
            /** @description where it was cloned from; "" for a local one */
            url: string;
        };
        Results: {
            asked: components["schemas"]["Asked"];
            files: components["schemas"]["Hit"][];
            /** @description whether `total` is only a lower bound */
            more: boolean;
            /** @default [] */
            notes: string[];
            query: components["schemas"]["Query"];
            repositories: number;
            /** @description files in scope */
            searched: number;
            seconds: number;
            /** @description files that match */
            total: number;
        };
        RouteHit: {
            commit: string;
            evidence: components["schemas"]["Evidence"][];
            repo: string;
            score: number;
            /** @default  */
            summary: string;
        };
        Settled: {
            /**
             * @description files added, changed or removed
             * @default 0
             */
            changed: number;
            /** @default false */
            failed: boolean;
            /**
             * @description files parsed anew
             * @default 0
             */
            parsed: number;
            /** @description "unchanged", "changed", or what went wrong */
            reason: string;
            repo: string;
        };
        Step: {
            /** @default 0 */
            done: number;
            /**
             * @description calls of stack traces found in it
             * @default 0
             */
            frames: number;
            /**
             * @description things that it names
             * @default 0
             */
            mentions: number;
            /**
             * @description what phase 1 found, from `explain` on
             * @default []
             */
            routes: components["schemas"]["RouteHit"][];
            stage: string;
            /**
             * @description of the report as it was read
             * @default
             */
            title: string;
            /** @default 0 */
            total: number;
        };
        SymbolHit: {
            end: number;
            kind: string;
            qualname: string;
            /** @description relative to the best symbol of the answer, 0-1 */
            score: number;
            signature: string;
            start: number;
        };
    };
}
export type Schemas = components["schemas"];
type Nothing = Record<string, never>;
/** What is sent: required fields, and any of those with a default. */
type Given<T> = T extends { report: string } ? Pick<T, "report"> & Partial<T> : Partial<T>;
/** Query, body and the answer's name in Schemas of each operation. */
export interface Operations {
  "GET /healthz": { query: Nothing; body: undefined; answer: "Health" };
  "GET /readyz": { query: Nothing; body: undefined; answer: "Health" };
  "POST /v1/locate": { query: Nothing; body: Given<Schemas["LocateRequest"]>; answer: "Answer" };
  "POST /v1/locate/stream": { query: Nothing; body: Given<Schemas["LocateRequest"]>; answer: undefined };
  "POST /v1/feedback": { query: Nothing; body: Given<Schemas["Feedback"]>; answer: "Kept" };
  "GET /v1/search": { query: { q: string; limit?: number; tests?: boolean; at?: string | null }; body: undefined; answer: "Results" };
  "GET /v1/issue": { query: { ref: string }; body: undefined; answer: "IssueText" };
  "GET /v1/repos": { query: Nothing; body: undefined; answer: "Repositories" };
  "GET /v1/tree/{where}": { query: { at?: string | null; depth?: number }; body: undefined; answer: "Node" };
  "GET /v1/file": { query: { repo: string; path: string; start?: number; end?: number; at?: string | null }; body: undefined; answer: "Lines" };
  "GET /v1/jobs": { query: Nothing; body: undefined; answer: "Jobs" };
  "POST /v1/jobs": { query: Nothing; body: Given<Schemas["JobRequest"]>; answer: "Job" };
  "GET /v1/jobs/{id}": { query: Nothing; body: undefined; answer: "Job" };
  "POST /v1/jobs/{id}/cancel": { query: Nothing; body: undefined; answer: "Job" };
}
