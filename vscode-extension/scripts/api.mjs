// Makes src/api/schema.ts and src/api/schema.json out of docs/openapi.json: what the extension uses, no more.
// `--check` writes nothing and fails where the files are not what they would become.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const USED = [
  "GET /healthz",
  "GET /readyz",
  "POST /v1/locate",
  "POST /v1/locate/stream",
  "POST /v1/feedback",
  "GET /v1/search",
  "GET /v1/issue",
  "GET /v1/repos",
  "GET /v1/tree/{where}",
  "GET /v1/file",
  "GET /v1/jobs",
  "POST /v1/jobs",
  "GET /v1/jobs/{id}",
  "POST /v1/jobs/{id}/cancel",
];
const ALSO = ["Problem", "Step"]; // in events of a stream, which OpenAPI cannot describe
const OUT = fileURLToPath(new URL("../src/api/schema", import.meta.url));

const spec = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
const all = spec.components.schemas;

const referred = (node) =>
  JSON.stringify(node)
    .match(/#\/components\/schemas\/\w+/g)
    ?.map((r) => r.split("/").pop()) ?? [];
const bodyOf = (content) => content?.["application/json"]?.schema;

function operation(name) {
  const [method, path] = name.split(" ");
  const found = spec.paths[path]?.[method.toLowerCase()];
  if (!found) throw new Error(`docs/openapi.json has no ${name}`);
  const good = Object.entries(found.responses).find(([s, r]) => s < 300 && bodyOf(r.content));
  return {
    query: (found.parameters ?? []).filter((p) => p.in === "query"),
    body: bodyOf(found.requestBody?.content),
    answer: good ? bodyOf(good[1].content) : undefined,
  };
}

const operations = Object.fromEntries(USED.map((name) => [name, operation(name)]));
const kept = {};
for (const waiting = [...referred(operations), ...ALSO.filter((n) => all[n])]; waiting.length; ) {
  const name = waiting.pop();
  if (name in kept) continue;
  kept[name] = all[name];
  waiting.push(...referred(all[name]));
}

const byName = (table) => Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
const bare = ({ title: _t, description: _d, ...schema }) => schema; // fields keep their descriptions
const schemas = byName(Object.fromEntries(Object.entries(kept).map(([name, schema]) => [name, bare(schema)])));
const ast = await openapiTS({ openapi: "3.1.0", info: spec.info, paths: {}, components: { schemas } });
const types = astToString(ast)
  .replace(/\/\*\*\n\s+\* (.*)\n\s+\* (.*)\n\s+\*\//g, "/** $1. $2 */") // one line where one will do
  .replaceAll("@description ", "");

const nameOf = (schema) => (schema ? referred(schema)[0] : undefined);
const typeOf = (s) =>
  ({ integer: "number", number: "number", boolean: "boolean" })[s.type] ??
  (s.anyOf ? s.anyOf.map(typeOf).join(" | ") : s.type === "null" ? "null" : "string");
const lines = Object.entries(operations).map(([name, { query, body, answer }]) => {
  const given = query.map((p) => `${p.name}${p.required ? "" : "?"}: ${typeOf(p.schema)}`).join("; ");
  const parts = [`query: ${given ? `{ ${given} }` : "Nothing"}`];
  parts.push(`body: ${nameOf(body) ? `Given<Schemas["${nameOf(body)}"]>` : "undefined"}`);
  parts.push(`answer: ${nameOf(answer) ? `"${nameOf(answer)}"` : "undefined"}`);
  return `  "${name}": { ${parts.join("; ")} };`;
});
const code = [
  "// Made by scripts/api.mjs from docs/openapi.json. Do not edit: npm run api",
  types
    .slice(types.indexOf("export interface components"))
    .split("    responses: never;")[0]
    .trim() + "\n}",
  'export type Schemas = components["schemas"];',
  "type Nothing = Record<string, never>;",
  "/** What is sent: required fields, and any of those with a default. */",
  'type Given<T> = T extends { report: string } ? Pick<T, "report"> & Partial<T> : Partial<T>;',
  "/** Query, body and the answer's name in Schemas of each operation. */",
  "export interface Operations {",
  ...lines,
  "}",
  "",
].join("\n");

const slim = (node) => {
  if (Array.isArray(node)) return node.map(slim);
  if (node === null || typeof node !== "object") return node;
  const dull = new Set(["description", "title", "maxLength", "minLength", "maximum", "minimum", "maxItems"]);
  const isMap = (key) => key === "properties";
  return Object.fromEntries(
    Object.entries(node)
      .filter(([k]) => !dull.has(k))
      .map(([k, v]) => [k, isMap(k) ? Object.fromEntries(Object.entries(v).map(([n, s]) => [n, slim(s)])) : slim(v)]),
  );
};
const answers = {};
const needed = [...Object.values(operations).map((o) => nameOf(o.answer)), ...ALSO].filter((n) => n in all);
for (const waiting = [...needed]; waiting.length; ) {
  const name = waiting.pop();
  if (name in answers) continue;
  answers[name] = slim(all[name]);
  waiting.push(...referred(all[name]));
}
const rows = Object.entries(byName(answers)).map(([name, schema]) => `"${name}": ${JSON.stringify(schema)}`);
const data = `{\n${rows.join(",\n")}\n}\n`; // one schema a line

const stale = [];
for (const [path, text] of [[`${OUT}.ts`, code], [`${OUT}.json`, data]]) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  stale.push(path);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
}
if (process.argv.includes("--check") && stale.length) {
  console.error(`not as docs/openapi.json says: ${stale.join(", ")}; run npm run api`);
  process.exit(1);
}
