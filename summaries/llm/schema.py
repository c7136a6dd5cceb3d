"""Structured answers: the JSON schema of a struct, and a tolerant reader of what models really send."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from summaries.llm.types import Nonsense

T = TypeVar("T")

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_KEYWORDS = (
    "type",
    "properties",
    "items",
    "required",
    "additionalProperties",
    "enum",
    "anyOf",
    "$ref",
    "description",
)
MOST = 400_000  # characters of an answer that are looked at
TRIES = 64  # places where an object may begin


def schema_of(kind: type[Any]) -> dict[str, Any]:
    """JSON schema of a struct as strict endpoints want it: an object, every field required, none besides."""
    made = msgspec.json.schema(kind)
    parts = {name: _strict(part) for name, part in made["$defs"].items()}
    top: dict[str, Any] = parts.pop(kind.__name__)
    return {**top, "$defs": parts} if parts else top


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(p) for p in part]
    if not isinstance(part, dict):
        return part
    out = {k: _strict(v) for k, v in part.items() if k in _KEYWORDS}
    if "properties" in part:
        out["properties"] = {k: _strict(v) for k, v in part["properties"].items()}
        out["required"] = list(part["properties"])
        out["additionalProperties"] = False
    return out


def read_as(text: str, kind: type[T]) -> T:
    """The struct in an answer: bare JSON, fenced, after a thought, between words, with trailing commas.

    Raises Nonsense where none is found.
    """
    text = _THOUGHT.sub("", text[:MOST]).strip()
    why = "no JSON object"
    for version in (text, _without_trailing_commas(text)):
        for piece in _objects(version):
            try:
                return msgspec.json.decode(piece, type=kind, strict=False)
            except (msgspec.MsgspecError, RecursionError, UnicodeError) as e:
                why = str(e)
    raise Nonsense(f"the answer cannot be read: {why}"[:300])


def _objects(text: str) -> list[str]:
    """The text itself, then the JSON objects in it, the longest first."""
    found: list[str] = []
    at, decoder = 0, json.JSONDecoder()
    for _ in range(TRIES):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            end = decoder.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            at += 1
        else:
            found.append(text[at:end])
            at = end
    return [text, *sorted(found, key=len, reverse=True)]


def _without_trailing_commas(text: str) -> str:
    return re.sub(r",(?=\s{0,20}[}\]])", "", text)
