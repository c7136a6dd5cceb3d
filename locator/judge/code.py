"""Code for a model: the functions that the report or a reason speaks of, whole where they fit.

Licences, package lines, imports and blank lines say nothing of a defect and are left out, of short files too. Of
a function too long for its share the signature is shown and the lines around the report's words: the branch
that matters is seldom at its head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from math import log

from msgspec import Struct

from locator.answer import FileHit
from locator.judge.words import Wanted, closeness, name_closeness
from locator.voters.registry import POINTERS
from summaries.llm.types import tokens
from summaries.types import Facts, Symbol

CALLED = ("function", "method")
WIDE = 200  # characters of a line
LEAST, PART = 40, 150  # tokens that are worth a further function, and a part of one (guesses)
BEFORE, BEHIND = 2, 5  # lines shown around one with the report's words (guess)

_COMMENT = re.compile(r"\s*(?:#(?!\s*(?:define|if|pragma|include)|!?\[)|//|--|;|%)")
_BLOCK = {"/*": "*/", "<!--": "-->"}
_IMPORT = re.compile(
    r"package\s+[\w.]+\s*;?\s*$|import[\s({'\"]|from\s+\S+\s+import\b|#\s*include\b|using\s[\w.:=\s]+;|"
    r"use\s[\w:{}*,\s]+;?$|(?:const|let|var)\s.{1,200}\brequire\("
)
_OPEN = re.compile(r"[({]\s*$")


class _File(Struct):
    hit: FileHit
    facts: Facts
    lines: list[str]
    rows: Mapping[int, int]  # lines that say something, and their tokens
    wanted: Wanted


def code(hit: FileHit, facts: Facts, text: str, wanted: Wanted, budget: int) -> str:
    """Lines of a file with their numbers, within a budget of tokens; "" where nothing fits.

    What a model has said of the file counts as wanted too.
    """
    lines = [line[:WIDE].rstrip() for line in text.split("\n")]
    rows = {n: tokens(lines[n - 1]) + 2 for n in _telling(lines)}
    reasons = " ".join(e.text for e in hit.evidence if e.voter in ("judge", "dig"))
    f = _File(hit, facts, lines, rows, wanted.and_of(reasons) if reasons else wanted)
    chosen: Set[int] = rows.keys() if sum(rows.values()) <= budget else _chosen(f, budget)
    return numbered(lines, sorted(chosen))


def numbered(lines: Sequence[str], chosen: Sequence[int]) -> str:
    """Some lines of a text with their numbers (from 1), and dots where others were left out between them."""
    out, last = [], chosen[0] - 1 if chosen else 0
    for n in chosen:
        if any(lines[k - 1] for k in range(last + 1, n)):
            out.append("   ...")
        out.append(f"{n:>4} {lines[n - 1]}")
        last = n
    return "\n".join(out)


def _telling(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines that say what a file does: no licence at its head, no package, no import."""
    out: list[int] = []
    head, until, closing = True, "", False
    for n, line in enumerate(lines, 1):
        start = line.lstrip()
        if not start:
            continue
        if closing:  # a list of imports
            closing = start[0] not in ")}"
        elif until:  # a comment at the head
            until = "" if until in line else until
        elif head and (opened := next((o for o in _BLOCK if start.startswith(o)), "")):
            until = "" if _BLOCK[opened] in start else _BLOCK[opened]
        elif head and _COMMENT.match(line):
            continue
        elif _IMPORT.match(line):
            head, closing = False, bool(_OPEN.search(line))
        else:
            head = False
            out.append(n)
    return out


def _chosen(f: _File, left: int) -> set[int]:
    """Lines worth reading: function by function, the best first, those that nothing speaks for left out."""
    pointed = {e.line: 6.0 if e.voter in POINTERS else 2.0 for e in f.hit.evidence if e.line > 1}
    blocks = [(s.qualname, s.start, s.end) for s in _blocks(f.facts.symbols)] or [("", 1, len(f.lines))]
    bodies = ["\n".join(f.lines[a - 1 : b]) for _, a, b in blocks]
    named = name_closeness([name for name, _, _ in blocks], f.wanted)
    scores = [
        name + 2 * body / log(3 + b - a) + sum(w for line, w in pointed.items() if a <= line <= b)
        for name, body, (_, a, b) in zip(named, closeness(bodies, f.wanted), blocks, strict=True)
    ]
    out: set[int] = set()
    for place, i in enumerate(sorted(range(len(blocks)), key=lambda i: -scores[i])):
        if left < LEAST or (place and not scores[i]):
            break
        rows = [n for n in range(blocks[i][1], blocks[i][2] + 1) if n in f.rows]
        if sum(f.rows[n] for n in rows) > left:
            if out and left < PART:
                continue
            rows = _part(f, rows, left, pointed)
        out.update(rows)
        left -= sum(f.rows[n] for n in rows)
    return out


def _blocks(symbols: Sequence[Symbol]) -> list[Symbol]:
    """What is shown as a whole: functions, and what holds none; nothing that lies in another."""
    calls = [s for s in symbols if s.kind in CALLED]
    out: list[Symbol] = []
    end = 0
    for s in sorted(symbols, key=lambda s: (s.start, -s.end)):
        opened = s.kind not in CALLED and any(s.start <= c.start and c.end <= s.end for c in calls)
        if s.start > end and not opened:
            out.append(s)
            end = s.end
    return out


def _part(f: _File, rows: Sequence[int], room: int, pointed: Mapping[int, float]) -> list[int]:
    """Of a long function its head, and the lines around the report's words as far as there is room."""
    scores = closeness([f.lines[n - 1] for n in rows], f.wanted)
    scores = [w + pointed.get(n, 0.0) for n, w in zip(rows, scores, strict=True)]
    order = sorted((i for i in range(len(rows)) if scores[i]), key=lambda i: -scores[i])
    around = [range(max(0, i - BEFORE), min(len(rows), i + BEHIND + 1)) for i in order]
    out: set[int] = set()
    for i in (i for span in (range(min(2, len(rows))), *around, range(len(rows))) for i in span):
        n = rows[i]
        if n not in out and f.rows[n] > room:
            break
        room -= 0 if n in out else f.rows[n]
        out.add(n)
    return sorted(out)
