"""What the test server answers: by the schema that was asked for, by a recording, or with faults in the text."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DATA = re.compile(r"<<<[\w ]{1,40} (\w{10})\n(?=(.{1,400}))", re.DOTALL)  # as `prompting.data` marks it
Answer = Callable[[dict[str, Any]], Any]  # a request's body to text, or to something to send as JSON


def answered(
    answer: Answer, body: dict[str, Any], fault: str
) -> tuple[str, str | None, list[dict[str, Any]]]:
    """Text, refusal and calls of an answer, with those faults that are played in the text."""
    if fault == "refusal":
        return "", "I can't help with that.", []
    if fault in _TEXTS:
        return _TEXTS[fault], None, []
    if fault == "invented":
        return json.dumps(_filled(_schema(body), body, ("src/Invented.java", 999_999))), None, []
    made = answer(body)
    if calls := called(made):
        return str(made.get("text", "")), None, calls
    text = made if isinstance(made, str) else json.dumps(made)
    return (f"Here you are:\n```json\n{text}\n```\nAnything else?" if fault == "fenced" else text), None, []


_TEXTS = {
    "empty": "",
    "prose": "Certainly! I believe that the bug is in the payment service.",
    "wrong-schema": json.dumps({"result": {"files": ["a", "b"]}, "ok": 1}),
}


def called(made: Any) -> list[dict[str, Any]]:
    """Calls of tools in an answer that is {"calls": [(name, arguments), ...]}, as endpoints send them."""
    pairs = made.get("calls") or () if isinstance(made, dict) else ()
    return [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(
            (name, a if isinstance(a, str) else json.dumps(a)) for name, a in pairs
        )
    ]


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    asked = body.get("response_format") or {}
    schema: dict[str, Any] = (asked.get("json_schema") or {}).get("schema") or {}
    return schema


def fill(body: dict[str, Any]) -> Any:
    """An answer that fits the schema that was asked for, else the last message's first 200 characters.

    Texts are taken from the prompt and whole numbers count from 1, so that summaries speak of their files
    and a judge keeps the order that it was offered.
    """
    schema = _schema(body)
    if body.get("tools"):
        function = body["tools"][-1]["function"]
        return {"calls": [(function["name"], _filled(function["parameters"], body, None))]}
    return _filled(schema, body, None) if schema else text_of(body)[:200]


def text_of(body: dict[str, Any]) -> str:
    """All that a request's messages say."""
    return "\n".join(str(m.get("content") or "") for m in body.get("messages") or () if isinstance(m, dict))


def _filled(schema: dict[str, Any], body: dict[str, Any], instead: tuple[str, int] | None) -> Any:
    parts = schema.get("$defs", {})
    numbers = iter(range(1, 1000))

    def value(of: dict[str, Any]) -> Any:
        if "$ref" in of:
            return value(parts[of["$ref"].rpartition("/")[2]])
        if of.get("enum"):
            return of["enum"][0]
        if "anyOf" in of:
            return value(of["anyOf"][0])
        kind = of.get("type")
        if kind == "object":
            return {k: value(v) for k, v in of.get("properties", {}).items()}
        if kind == "array":
            return [value(of.get("items", {"type": "string"})) for _ in range(3)]
        if kind in ("integer", "number"):
            return instead[1] if instead else next(numbers)
        if kind == "boolean":
            return True
        return instead[0] if instead else _words(body)

    return value(schema)


def _words(body: dict[str, Any]) -> str:
    """The first words of the last data in the prompt: whoever reads them sees that no model wrote them."""
    blocks = [m[2].split(f"\n{m[1]} ")[0] for m in _DATA.finditer(text_of(body))]
    return "Rehearsed, by no model: " + " ".join((blocks[-1] if blocks else text_of(body)).split())[:120]


def completion(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A chat completion, but for its choices."""
    read, written = len(text_of(body)) // 4 + 1, len(text) // 4 + 1
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model", "test-model"),
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


def embedded(body: dict[str, Any], dimension: int) -> dict[str, Any]:
    """Vectors of words by hashing: texts with common words are near each other."""
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else list(texts or ())
    data = []
    for n, text in enumerate(texts):
        vector = [0.0] * dimension
        for word in str(text).lower().split():
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            vector[int.from_bytes(digest[:4], "big") % dimension] += 1.0 if digest[4] & 1 else -1.0
        data.append({"object": "embedding", "index": n, "embedding": vector})
    used = sum(len(str(t)) // 4 + 1 for t in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": body.get("model"), "data": data, "usage": usage}


def replayed(path: Path) -> Answer:
    """Answers of a recording, found by the messages; other questions get a filled schema."""
    from summaries.llm.recording import recorded

    known = {"\n".join(m.content for m in line.messages): line.answer for line in recorded(path).values()}
    return lambda body: known.get(text_of(body)) or fill(body)
