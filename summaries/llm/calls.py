"""Calls of tools in a model's answer, as text that is stored, recorded and replayed like any other answer.

{"text": "what it said besides", "calls": [{"name": "open", "arguments": {"file": "3"}}, ...]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from summaries.llm.types import Tool, encode

MOST = 1000  # calls that are looked at
LONGEST = 100_000  # characters of one call's arguments


class Call(Struct, frozen=True):
    """One call."""

    name: str
    arguments: Mapping[str, Any]


class Calls(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer that calls tools."""

    text: str
    calls: list[Call]


def offered(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Tools as OpenAI-compatible endpoints want them."""
    return [
        {"type": "function", "function": {"name": t.name, "description": t.about, "parameters": t.schema}}
        for t in tools
    ]


def text_of(said: str, called: Iterable[tuple[str, str]]) -> str:
    """The text of an answer with calls, each a name and its arguments in JSON; those that can be read count."""
    calls: list[Call] = []
    for name, arguments in list(called)[:MOST]:
        if len(arguments) <= LONGEST:
            with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
                calls.append(Call(name, msgspec.json.decode(arguments or "{}", type=dict[str, Any])))
    return encode(Calls(said, calls)).decode()


def calls_in(text: str) -> Calls | None:
    """The calls in an answer's text; None where it has none."""
    if not text.startswith('{"text":'):
        return None
    try:
        return msgspec.json.decode(text, type=Calls)
    except (msgspec.MsgspecError, RecursionError):
        return None
