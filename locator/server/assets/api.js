// The service: JSON, server-sent events over POST, and the token where one is needed.

import { byId, fill, h } from "./dom.js";

const KEY = "bugatlas.token";

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "refused");
    this.problem = problem;
  }
}

async function send(path, options) {
  const token = sessionStorage.getItem(KEY);
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...options.headers };
  const got = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" }).catch((e) => {
    if (e.name === "AbortError") throw e;
    throw new Refused({ title: "The service cannot be reached", detail: "It may have been stopped, or the network is down.", retry: true });
  });
  if (got.status === 401 && await askToken(Boolean(token))) return send(path, options);
  if (!got.ok) {
    const said = await got.json().catch(() => ({ title: `${got.status} ${got.statusText}` }));
    throw new Refused(said);
  }
  return got;
}

export async function get(path, query = {}, signal) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== undefined && v !== ""));
  const got = await send(asked.size ? `${path}?${asked}` : path, { signal });
  return got.json();
}

const posting = (body) => ({
  method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" },
});

export async function post(path, body, signal) {
  const got = await send(path, { ...posting(body), signal });
  return got.json();
}

// Calls on(event, data) for each event; resolves when the stream ends.
export async function stream(path, body, on, signal) {
  const got = await send(path, { ...posting(body), signal });
  const reader = got.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = new Map(block.split("\n").filter((l) => !l.startsWith(":")).map((l) => {
        const at = l.indexOf(": ");
        return [l.slice(0, at), l.slice(at + 2)];
      }));
      if (fields.has("event")) on(fields.get("event"), JSON.parse(fields.get("data")));
    }
  }
}

let asking = null;

function askToken(wrong) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("dialog");
    const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const form = h("form", { method: "dialog", onsubmit: () => sessionStorage.setItem(KEY, input.value.trim()) },
      h("h2", {}, "Sign in"),
      h("p", { class: "dim" }, wrong ? "That token is not known here."
        : "This service answers whoever has a token. Ask who runs it. It is kept until you close this tab."),
      h("label", { for: "token" }, "Token"), input,
      h("p", { class: "row end" }, h("button", { type: "submit", class: "main" }, "Continue")));
    fill(dialog, form);
    dialog.addEventListener("close", () => {
      asking = null;
      resolve(Boolean(input.value.trim()));
    }, { once: true });
    dialog.showModal();
    input.focus();
  });
  return asking;
}
