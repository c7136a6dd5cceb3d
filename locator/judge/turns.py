"""What a model that digs answers: requests, or its last word; in JSON, or as calls of tools where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from locator.judge.tools import Wish
from summaries.llm.calls import Calls, calls_in
from summaries.llm.schema import read_as, schema_of
from summaries.llm.types import Nonsense, Tool


class Found(Struct, frozen=True):
    """A file that has to change, by the model's last word."""

    file: str
    functions: list[str] = []
    line: int = 0
    why: str = ""


class Finding(Struct, frozen=True):
    """The last word."""

    analysis: str
    ranking: list[Found]
    sure: Literal["high", "medium", "low"]
    doubt: str = ""
    questions: list[str] = []


class Turn(Struct, frozen=True):
    """What one call answers: requests, or the last word."""

    thought: str = ""
    requests: list[Wish] = []
    answer: Finding | None = None


class LastTurn(Struct, frozen=True):
    """What the last call answers."""

    answer: Finding


def read_turn(text: str) -> Turn:
    """A turn in either way of answering. Raises Nonsense."""
    calls = calls_in(text)
    return _called(calls) if calls else read_as(text, Turn)


def _called(calls: Calls) -> Turn:
    """Calls as a turn: whoever calls `answer` has answered, whatever else was called."""
    wishes: list[Wish] = []
    why = "no tool was called"
    for call in calls.calls:
        try:
            if call.name == ANSWER:
                return Turn(calls.text, [], msgspec.convert(call.arguments, Finding, strict=False))
            wishes.append(msgspec.convert({**call.arguments, "tool": call.name}, Wish, strict=False))
        except (msgspec.MsgspecError, RecursionError) as e:
            why = str(e)
    if not wishes:
        raise Nonsense(f"the model's calls cannot be read: {why}"[:300])
    return Turn(calls.text, wishes)


ANSWER = "answer"  # the tool by which a model gives its last word

_STRING, _WHOLE = {"type": "string"}, {"type": "integer"}
_FILE = {**_STRING, "description": "number in the list, or path"}
_WHY = {**_STRING, "description": "at most 12 words"}


def _tool(called: str, about: str, needed: str, **fields: Mapping[str, Any]) -> Tool:
    properties = {**fields, "why": _WHY}
    return Tool(called, about, {"type": "object", "properties": properties, "required": needed.split()})


LAST_TOOLS = (Tool(ANSWER, "Your last word: files and functions that have to change.", schema_of(Finding)),)
TOOLS = (
    _tool("search", "Files by words, names or a message in quotes.", "query", query=_STRING, repo=_STRING),
    _tool("open", "Code of a file: a function by name, or lines, or its outline.", "file",
          file=_FILE, name=_STRING, first=_WHOLE, last=_WHOLE),
    _tool("callers", "Lines anywhere that use a function, type or constant.", "name", name=_STRING),
    _tool("callees", "What a function uses, and where that is defined.", "file name", file=_FILE, name=_STRING),
    _tool("history", "The latest changes of a file, in words.", "file", file=_FILE),
    _tool("siblings", "Who else serves, calls, publishes or subscribes to a route or topic, or to a file's.", "",
          query=_STRING, file=_FILE),
    _tool("summary", "What a repository, a folder or a file is for, and what is in it.", "", repo=_STRING, file=_FILE),
    *LAST_TOOLS,
)  # fmt: skip
