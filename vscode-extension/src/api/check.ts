import { ServiceError } from "./errors";
import schemas from "./schema.json";
import type { Schemas } from "./schema";

/** The part of JSON Schema that the service's answers need. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | false;
  prefixItems?: Schema[];
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  enum?: unknown[];
  $ref?: string;
  default?: unknown;
}

const TABLE = schemas as unknown as Record<string, Schema>;

/**
 * A value as the struct `name`: of the right types, with defaults filled in; unknown fields stay.
 * Throws ServiceError ("garbage") naming the first place that is wrong.
 */
export function check<N extends keyof Schemas>(name: N, value: unknown): Schemas[N] {
  return walk({ $ref: `#/components/schemas/${name}` }, value, name) as Schemas[N];
}

function walk(schema: Schema, value: unknown, at: string): unknown {
  if (schema.$ref) {
    const found = TABLE[schema.$ref.split("/").pop() ?? ""];
    if (!found) throw wrong(at);
    return walk(found, value, at);
  }
  if (schema.anyOf) return anyOf(schema.anyOf, value, at);
  if (schema.enum) {
    if (!schema.enum.includes(value)) throw wrong(at);
    return value;
  }
  switch (schema.type) {
    case "object":
      return object(schema, value, at);
    case "array":
      return array(schema, value, at);
    case "string":
    case "boolean":
      if (typeof value !== schema.type) throw wrong(at);
      return value;
    case "integer":
      if (!Number.isSafeInteger(value)) throw wrong(at);
      return value;
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(at);
      return value;
    case "null":
      if (value !== null) throw wrong(at);
      return value;
    default:
      return value;
  }
}

function anyOf(schemas: Schema[], value: unknown, at: string): unknown {
  if (value === null && schemas.some((s) => s.type === "null")) return null;
  const [first, ...others] = schemas.filter((s) => s.type !== "null");
  if (!first) throw wrong(at);
  if (!others.length) return walk(first, value, at); // says which place inside is wrong
  for (const schema of [first, ...others]) {
    try {
      return walk(schema, value, at);
    } catch {
      // the next one may do
    }
  }
  throw wrong(at);
}

function object(schema: Schema, value: unknown, at: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(at);
  const out = new Map<string, unknown>(Object.entries(value));
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    if (out.has(key)) out.set(key, walk(inner, out.get(key), `${at}.${key}`));
    else if (schema.required?.includes(key)) throw wrong(`${at}.${key}`);
    else if ("default" in inner) out.set(key, structuredClone(inner.default));
  }
  if (typeof schema.additionalProperties === "object") {
    for (const [key, inner] of out) {
      if (!schema.properties || !(key in schema.properties)) walk(schema.additionalProperties, inner, `${at}.${key}`);
    }
  }
  return Object.fromEntries(out);
}

function array(schema: Schema, value: unknown, at: string): unknown {
  if (!Array.isArray(value)) throw wrong(at);
  if (schema.prefixItems) {
    if (value.length !== schema.prefixItems.length) throw wrong(at);
    return schema.prefixItems.map((inner, i) => walk(inner, value[i], `${at}[${i}]`));
  }
  const items = schema.items;
  return items ? value.map((inner, i) => walk(items, inner, `${at}[${i}]`)) : value;
}

function wrong(at: string): ServiceError {
  return new ServiceError("garbage", `The service's answer is damaged: ${at} is not what it should be.`);
}
