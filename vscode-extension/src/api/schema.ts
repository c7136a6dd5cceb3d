// Made by scripts/api.mjs from docs/openapi.json. Do not edit: npm run api
export interface components {
    schemas: {
        Answer: {
            /** repositories that were considered, without a file in the list. @default [] */
            also: components["schemas"]["RouteHit"][];
            /** of models. @default [] */
            calls: components["schemas"]["Call"][];
            /** calibrated chance that the first file is among those to change */
            confidence: number;
            directories: components["schemas"]["DirectoryHit"][];
            /** what would settle what is still in doubt, in a model's words. @default */
            doubt: string;
            files: components["schemas"]["FileHit"][];
            /** of a model, where one ordered the files. @default null */
            judgement: components["schemas"]["Judgement"] | null;
            /** what a model looked up, in order. @default [] */
            looks: components["schemas"]["Look"][];
            /** @default [] */
            notes: string[];
            /** for the reporter: whose answers would decide, where a model is unsure. @default [] */
            questions: string[];
            /** those of the files, in their order */
            routes: components["schemas"]["RouteHit"][];
            /** files in scope */
            searched: number;
            seconds: number;
            title: string;
            verdict: components["schemas"]["Verdict"];
        };
        Attachment: {
            content: string;
            name: string;
        };
        Call: {
            model: string;
            /** by the configured prices; 0 for what was kept from before */
            money: number;
            /** tokens of the prompt */
            read: number;
            seconds: number;
            /** "endpoint", "file", "cache" or "replay" */
            source: string;
            /** "judge", "dig", "paper route" ... */
            stage: string;
            /** tokens of the answer */
            written: number;
        };
        Change: {
            /** "" where names are not shown. @default */
            author: string;
            commit: string;
            /** of the place that are from it; 0: all that is known is that it changed the file. @default 0 */
            lines: number;
            subject: string;
            /** the committer's, UTC seconds */
            time: number;
            /** at the code host, where that is known. @default */
            url: string;
        };
        DirectoryHit: {
            /** of those in the answer */
            files: number;
            /** "" is the repository's root */
            path: string;
            repo: string;
            score: number;
        };
        Evidence: {
            /** in the file, 1-based; 0 where it has no place. @default 0 */
            line: number;
            text: string;
            voter: string;
            /** what it added to the score. @default 0 */
            weight: number;
        };
        Excerpt: {
            lines: string[];
            start: number;
        };
        Feedback: {
            /** what was searched. @default */
            commit: string;
            helpful: boolean;
            path: string;
            /** the file's place in the answer; 1 is best. @default 1 */
            rank: number;
            repo: string;
            /** what was asked */
            report: string;
        };
        FeedbackOutcome: {
            /** false where this service keeps none */
            kept: boolean;
        };
        FileHit: {
            /** the last ones of its lines, else of the file; newest first. @default [] */
            changes: components["schemas"]["Change"][];
            evidence: components["schemas"]["Evidence"][];
            /** @default null */
            excerpt: components["schemas"]["Excerpt"] | null;
            language: string;
            /** by the repository's CODEOWNERS. @default [] */
            owners: string[];
            /** what each voter added to the score, before routing; without those of 0. @default {} */
            parts: {
                [key: string]: number;
            };
            path: string;
            repo: string;
            /** fused, 0-1 within the answer */
            score: number;
            /** @default  */
            summary: string;
            /** @default [] */
            symbols: components["schemas"]["SymbolHit"][];
        };
        FileLines: {
            commit: string;
            language: string;
            lines: string[];
            path: string;
            repo: string;
            /** if asked: (start, end, "k|s|n|c") of each line. @default [] */
            spans: [
                number,
                number,
                string
            ][][];
            /** of the first line given, 1-based */
            start: number;
            /** lines of the file */
            total: number;
            /** the same lines at the code host. @default */
            url: string;
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
        IndexedRepository: {
            branch: string;
            commit: string;
            files: number;
            /** grows by one with every change of the index */
            generation: number;
            /** files by language, most first */
            languages: {
                [key: string]: number;
            };
            lines: number;
            name: string;
            /** files left out, by reason */
            skipped: {
                [key: string]: number;
            };
            /** what `at` may name beside the head */
            snapshots: string[];
            symbols: number;
            /** the commit's, UTC seconds */
            time: number;
            /** where it was cloned from; "" for a local one */
            url: string;
        };
        IssueText: {
            key: string;
            /** Markdown, with the title as its first line */
            report: string;
            title: string;
            tracker: string;
            url: string;
        };
        Job: {
            /** UTC seconds */
            created: number;
            /** files parsed. @default 0 */
            done: number;
            /** @default 0 */
            ended: number;
            /** @default  */
            error: string;
            id: string;
            repos: string[];
            /** @default [] */
            settled: components["schemas"]["JobOutcome"][];
            /** @default 0 */
            started: number;
            /** @enum {unknown} */
            state: "cancelled" | "done" | "failed" | "queued" | "running";
            /** files to parse, an estimate until all repositories have begun. @default 0 */
            total: number;
        };
        JobOutcome: {
            /** files added, changed or removed. @default 0 */
            changed: number;
            /** @default false */
            failed: boolean;
            /** files parsed anew. @default 0 */
            parsed: number;
            /** "unchanged", "changed", or what went wrong */
            reason: string;
            repo: string;
        };
        JobRequest: {
            /** @default [] */
            repos: string[];
        };
        Jobs: {
            jobs: components["schemas"]["Job"][];
        };
        Judgement: {
            /** the search had put the same file first */
            agrees: boolean;
            /** it looked things up before its last word. @default false */
            dug: boolean;
            /** confidence before, 0-1 */
            offline: number;
            /** the model's own word: "high", "medium" or "low" */
            sure: string;
        };
        LocateRequest: {
            /** a ref, commit or date that the index holds. @default null */
            at: string | null;
            /** @default [] */
            attachments: components["schemas"]["Attachment"][];
            /** evidence, functions and lines of code of each file. @default true */
            details: boolean;
            /** all evidence of each file, not only the strongest. @default false */
            explain: boolean;
            /** @default [] */
            languages: string[];
            /** files. @default 10 */
            limit: number;
            /** @default. @enum {unknown} */
            mode: "" | "dig" | "judge" | "offline" | "paper";
            /** list the nearest files where nothing matches. @default false */
            nearest: boolean;
            /** only paths that contain one of these, or match it as a glob. @default [] */
            paths: string[];
            report: string;
            /** names, or their ends; empty: all. @default [] */
            repos: string[];
            /** also rank tests. @default false */
            tests: boolean;
            /** where it isn't the report's first line. @default null */
            title: string | null;
        };
        Look: {
            /** what it asked for, as in "Cart.total in shop/cart.py" */
            request: string;
            /** what it was shown, in a line */
            result: string;
            /** "search", "open", "callers", "callees", "history", "siblings" or "summary" */
            tool: string;
            /** which of its turns asked for it, from 1 */
            turn: number;
            /** its own reason; "" where it gave none */
            why: string;
        };
        MatchedLine: {
            number: number;
            /** @default [] */
            spans: [
                number,
                number
            ][];
            text: string;
        };
        Node: {
            /** @default [] */
            children: components["schemas"]["Node"][];
            /** @default  */
            commit: string;
            /** in it and below */
            files: number;
            /** @default  */
            git_dir: string;
            /** "index", "repository", "directory" or "file" */
            kind: string;
            /** with the number of files, most first. @default [] */
            languages: [
                string,
                number
            ][];
            /** of a file, or of a repository at its head. @default 0 */
            lines: number;
            /** @default  */
            origin: string;
            /** "" for a repository and the index */
            path: string;
            /** "" for the index */
            repo: string;
            summary: string;
            /** @default [] */
            symbols: components["schemas"]["Outline"][];
            /** of the commit, UTC seconds. @default 0 */
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
            /** what to do next. @default */
            hint: string;
            /** the request, as in the log and in X-Request-Id. @default */
            instance: string;
            status: number;
            title: string;
            type: string;
        };
        Repositories: {
            /** grows by one whenever the service has re-opened the index */
            edition: number;
            files: number;
            lines: number;
            /** how questions are answered unless they say: offline, judge or paper. @default offline */
            mode: string;
            repositories: components["schemas"]["IndexedRepository"][];
        };
        Results: {
            asked: components["schemas"]["SearchOptions"];
            files: components["schemas"]["SearchHit"][];
            /** whether `total` is only a lower bound */
            more: boolean;
            /** @default [] */
            notes: string[];
            query: components["schemas"]["SearchQuery"];
            repositories: number;
            /** files in scope */
            searched: number;
            seconds: number;
            /** files that match */
            total: number;
        };
        RouteHit: {
            /** files read from the working tree that differ from the commit. @default 0 */
            changed: number;
            /** "current", "moved on", "gone" or "unknown"; "" for a version asked for by name. @default */
            clone: string;
            commit: string;
            evidence: components["schemas"]["Evidence"][];
            /** when it was indexed, UTC seconds. @default 0 */
            indexed: number;
            repo: string;
            score: number;
            /** @default  */
            summary: string;
            /** of the commit, UTC seconds; 0 where nobody looked. @default 0 */
            time: number;
        };
        SearchHit: {
            /** the symbol asked for that it defines. @default */
            defines: string;
            language: string;
            lines: components["schemas"]["MatchedLine"][];
            /** lines with an exact text; 0 where only words were asked. @default 0 */
            matches: number;
            /** cosine of its summary and the query, where it is among the nearest. @default 0 */
            nearness: number;
            path: string;
            repo: string;
            /** 0-1 within the results */
            score: number;
            /** the written one where it has words of the query, or any that is near in meaning. @default */
            summary: string;
            /** the function or type around the first line. @default null */
            symbol: components["schemas"]["SymbolHit"] | null;
        };
        SearchOptions: {
            /** @default null */
            at: string | null;
            /**
             * what ranks: the words of a query, its meaning, or both; `by:` in a query goes before
             * @default both
             * @enum {unknown}
             */
            by: "" | "both" | "meaning" | "words";
            /** @default 10 */
            limit: number;
            /** @default false */
            tests: boolean;
        };
        SearchQuery: {
            /**
             * what ranks; "": as the caller has it
             * @default
             * @enum {unknown}
             */
            by: "" | "both" | "meaning" | "words";
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
            /** REPO/PATH: what is like it in meaning. @default */
            near: string;
            /** @default [] */
            not_repos: string[];
            /** @default [] */
            repos: string[];
            /** to be defined: a name, or Type.member. @default [] */
            symbols: string[];
            /** to be found exactly. @default [] */
            texts: string[];
            /** @default [] */
            words: string[];
        };
        Step: {
            /** @default 0 */
            done: number;
            /** calls of stack traces found in it. @default 0 */
            frames: number;
            /** things that it names. @default 0 */
            mentions: number;
            /** what phase 1 found, from `explain` on. @default [] */
            routes: components["schemas"]["RouteHit"][];
            stage: string;
            /** of the report as it was read. @default */
            title: string;
            /** @default 0 */
            total: number;
        };
        SymbolHit: {
            end: number;
            kind: string;
            qualname: string;
            /** relative to the best symbol of the answer, 0-1 */
            score: number;
            signature: string;
            start: number;
        };
        /** @enum {unknown} */
        Verdict: "confident" | "likely" | "no confident match" | "unsure";
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
  "POST /v1/feedback": { query: Nothing; body: Given<Schemas["Feedback"]>; answer: "FeedbackOutcome" };
  "GET /v1/search": { query: { q: string; limit?: number; tests?: boolean; at?: string | null; by?: string }; body: undefined; answer: "Results" };
  "GET /v1/issue": { query: { ref: string }; body: undefined; answer: "IssueText" };
  "GET /v1/repos": { query: Nothing; body: undefined; answer: "Repositories" };
  "GET /v1/tree/{where}": { query: { at?: string | null; depth?: number }; body: undefined; answer: "Node" };
  "GET /v1/file": { query: { repo: string; path: string; start?: number; end?: number; at?: string | null; highlight?: boolean }; body: undefined; answer: "FileLines" };
  "GET /v1/jobs": { query: Nothing; body: undefined; answer: "Jobs" };
  "POST /v1/jobs": { query: Nothing; body: Given<Schemas["JobRequest"]>; answer: "Job" };
  "GET /v1/jobs/{id}": { query: Nothing; body: undefined; answer: "Job" };
  "POST /v1/jobs/{id}/cancel": { query: Nothing; body: undefined; answer: "Job" };
}
