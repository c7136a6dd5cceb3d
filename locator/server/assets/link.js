// Addresses within the page. A report travels deflated behind the #, so it reaches no server and no log.

const LONGEST = 8000; // characters that every browser and chat program takes

async function through(bytes, transform) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(transform)).arrayBuffer());
}

export async function pack(asked) {
  const bytes = await through(new TextEncoder().encode(JSON.stringify(asked)), new CompressionStream("deflate-raw"));
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  const packed = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return packed.length > LONGEST ? null : packed;
}

export class BadLink extends Error {
  constructor(detail) {
    super(detail);
    this.problem = { title: "This link holds no report", detail };
  }
}

export async function unpack(packed) {
  if (packed === "long") throw new BadLink("The report was too long for a link. Paste it again.");
  try {
    return await unpacked(packed);
  } catch {
    throw new BadLink("Part of the address is missing: copy it whole, or paste the report.");
  }
}

async function unpacked(packed) {
  const text = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const plain = await through(bytes, new DecompressionStream("deflate-raw"));
  if (plain.length > 4_000_000) throw new Error("too long");
  const asked = JSON.parse(new TextDecoder().decode(plain));
  if (typeof asked?.report !== "string") throw new Error("no report in this link");
  return asked;
}

export const place = (repo, path = "", line = 0) =>
  `#/at/${[repo, path].filter(Boolean).join("/").split("/").map(encodeURIComponent).join("/")}${line ? `?line=${line}` : ""}`;

// "#/at/a/b?line=3" -> { view: "at", rest: "a/b", query }
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", ...rest] = path.split("/");
  const decoded = rest.map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { view, rest: decoded.join("/"), query: new URLSearchParams(query) };
}
