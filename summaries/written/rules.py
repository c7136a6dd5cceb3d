"""What a model need not write: files that the offline summary says enough of, and what hardly changed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from summaries.paths import Role, role
from summaries.types import Facts

SHORT = 12  # lines up to which a file says it all by its names
MATTERS = 0.15  # share of its parts that must have changed for a directory to be written anew
_GENERATED = re.compile(
    r"(?i)(?:^|[/_.-])(?:auto)?generated(?:[_.-][^/]*|/.*)?$"
)  # names that generators give
_WORD = re.compile(r"[^\W_]{2,}")

_ROLES = (
    (Role.TEST, "tests"),
    (Role.MOCK, "mocks"),
    (Role.DOC, "documentation"),
    (Role.EXAMPLE, "examples"),
    (Role.CONFIG, "configuration"),
)


def trivial(path: str, facts: Facts) -> str:
    """Why the offline summary of a file will do; "" where a model is worth asking."""
    for r, why in _ROLES:
        if role(path, facts.language) & r:
            return why
    if _GENERATED.search(path):
        return "generated code"
    if facts.lines <= SHORT:
        return f"at most {SHORT} lines"
    if not any(s.kind in ("function", "method", "class", "interface", "struct", "trait", "service", "message")
               for s in facts.symbols) and not (facts.serves or facts.calls or facts.topics):  # fmt: skip
        return "defines nothing that runs"
    return ""


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> float:
    """How much of what a summary was made from is different, 0-1: by parts, and by words within a part."""
    parts = old.keys() | new.keys()
    if not parts:
        return 0.0
    return sum(_distance(old.get(p, ""), new.get(p, "")) for p in parts) / len(parts)


def _distance(a: str, b: str) -> float:
    """1 less Jaccard's coefficient of the words."""
    if a == b:
        return 0.0
    x, y = set(_WORD.findall(a.lower())), set(_WORD.findall(b.lower()))
    return 1 - len(x & y) / len(x | y) if x | y else 0.0
