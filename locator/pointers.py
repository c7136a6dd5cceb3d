"""Where a report points to in a file: frames of a trace and named positions, held against what stands there.

A report was mostly written on another version than the one that is searched. A line number may then lie in another
function than the frame names; the name lasts longer than the number, so the name decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from locator.placement import Placement, same_kind
from locator.report.reader import Report
from summaries.paths import suffixes
from summaries.types import Facts, Symbol

_PARTS = re.compile(r"[.:#$]+")


class Pointed(NamedTuple):
    """What the report says of a file, and the line of this version; 0 where there is none."""

    text: str
    line: int


def by_frame(report: Report, repo: str, path: str, facts: Facts, placement: Placement) -> Pointed | None:
    """The innermost frame that lies in this file. A line of a compiled file is not told: it is another file's."""
    fitting = [(f, fit) for f in report.frames if (fit := placement.fit(f, repo, path)) > 0]
    best = max((fit for _, fit in fitting), default=0.0)
    f = next((f for f, fit in fitting if fit == best), None)
    if f is None:
        return None
    origin = f" in {f.source}" if f.source else ""
    place = f"{f.path.rsplit('/', 1)[-1]}:{f.line}"
    text = f"frame {f.depth + 1} of the stack trace{origin}"
    if not f.symbol and f.line and same_kind(f.path, path):
        return Pointed(f"{text}: {place}", f.line if f.line <= facts.lines else 0)
    text = f"{text}: {f.symbol or f.path}"
    called = _called(facts, f.symbol)
    if not f.line or not same_kind(f.path, path):
        return Pointed(text, _nearest(called, 0).start if called else 0)
    if called and not any(s.start <= f.line <= s.end for s in called):
        s = _nearest(called, f.line)
        lines = f"{s.start}-{s.end}" if s.end > s.start else f"{s.start}"
        return Pointed(f"{text} ({place}; {lines} in this version)", s.start)
    return Pointed(f"{text} ({place})", f.line if f.line <= facts.lines else 0)


def by_name(report: Report, path: str, facts: Facts) -> Pointed:
    """A path, position, link or module that the report names."""
    tails = set(suffixes(path))
    for m in report.mentions:
        if m.kind not in ("path", "position", "url_file", "dotted"):
            continue
        name = m.text.split(":", 1)[-1] if m.kind == "url_file" else m.text
        name = name.replace(".", "/") if m.kind == "dotted" else name
        if set(suffixes(name)) & tails:
            where = m.source or ("the title" if m.title else "the report")
            at = f":{m.number}" if m.number else ""
            line = m.number if m.number <= facts.lines and same_kind(name, path) else 0
            return Pointed(f"{where} names {m.text}{at}", line)
    return Pointed("the report names this file", 0)


def around(facts: Facts, line: int) -> int | None:
    """Number of the innermost symbol that holds a line."""
    inside = [n for n, s in enumerate(facts.symbols) if s.start <= line <= s.end]
    return min(inside, key=lambda n: facts.symbols[n].end - facts.symbols[n].start, default=None)


def _called(facts: Facts, symbol: str) -> list[Symbol]:
    """Symbols that a frame may mean: those of its owner where the frame names one that is here, else of its name."""
    parts = [p for p in _PARTS.split(symbol.rstrip("()")) if p]
    if not parts:
        return []
    named = [s for s in facts.symbols if s.name == parts[-1]]
    own = [s for s in named if s.qualname.split(".")[-2:] == parts[-2:]]
    return own or named


def _nearest(symbols: Sequence[Symbol], line: int) -> Symbol:
    return min(symbols, key=lambda s: abs(s.start - line))
