"""From a blob's text and facts to the rows of the lexical index: units, head terms and marks.

A *unit* is a function, a method, the part of a type outside its methods, or a window of lines where the
grammar names nothing. Every line belongs to exactly one unit, so a file's words are the sum of its units'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from summaries import words
from summaries.index.term_counts import tally
from summaries.types import Facts

ROUTING = frozenset(
    "nginx apache haproxy caddyfile vcl yaml toml properties json".split()
)  # a proxy's or gateway's
WINDOW = 40  # lines of a unit where nothing is defined
_UNIT_KINDS = frozenset(
    "function method constructor class interface struct enum trait type object record module service message table "
    "block rule".split()
)
AT_ONCE = 500_000  # characters whose words are counted together
_SHARED_NAMES = 4  # names shorter than this are too common to be evidence


class BlobTerms(Struct, frozen=True, array_like=True):
    """Rows of one blob, as little-endian numpy vectors: int32 for units and counts, uint64 for keys."""

    units: bytes  # (n, 3): first line, last line, index into Facts.symbols or -1
    unit_docs: bytes
    unit_keys: bytes
    unit_counts: bytes
    head_keys: bytes
    head_counts: bytes
    mark_keys: bytes
    serves: bool = False  # whether the blob serves routes


def blob_terms(files: Iterable[tuple[str, Facts, str]]) -> dict[str, BlobTerms]:
    """All rows of blobs, given with their facts and texts. Small files are counted together: each pass has its price."""
    out: dict[str, BlobTerms] = {}
    some: dict[str, _Rows] = {}
    size = 0
    for blob, facts, text in files:
        some[blob] = _rows(facts, text)
        size += len(text)
        if size > AT_ONCE:
            out.update(zip(some, _counted(list(some.values())), strict=True))
            some, size = {}, 0
    return out | dict(zip(some, _counted(list(some.values())), strict=True))


class _Rows(NamedTuple):
    """A file whose words are still to be counted."""

    facts: Facts
    text: str  # with its head and what its directives mean below it
    owners: NDArray[np.int32]  # the unit of each line of that text; of the head's, the number of units
    spans: NDArray[np.int32]


def _rows(facts: Facts, text: str) -> _Rows:
    """What a proxy's directive means to its clients counts as words of its line."""
    lines = text.count("\n") + 1
    spans, owners = split_units(facts, lines)
    head = head_text(facts)
    every, rows = [text, head], [owners, np.full(head.count("\n") + 1, len(spans), np.int32)]
    if facts.serves and facts.language in ROUTING:
        notes = [(s.start, s.doc) for s in facts.symbols if s.doc and s.kind == "key"]
        every += (note for _, note in notes)
        rows.append(owners[np.array([min(line, lines) - 1 for line, _ in notes], np.int32)])
    return _Rows(facts, "\n".join(every), np.concatenate(rows), spans)


def _counted(files: Sequence[_Rows]) -> list[BlobTerms]:
    if not files:
        return []
    # Of each one's units, and its head.
    starts = np.cumsum([0, *(len(r.spans) + 1 for r in files)], dtype=np.int32)
    parts = np.concatenate([r.owners + at for r, at in zip(files, starts, strict=False)])
    docs, keys, counts = tally("\n".join([r.text for r in files]), parts)
    cuts = np.searchsorted(docs, np.concatenate([starts, starts[1:] - 1])).tolist()
    out: list[BlobTerms] = []
    for n, r in enumerate(files):
        first, last, head = cuts[n], cuts[n + 1], cuts[len(files) + 1 + n]
        out.append(
            BlobTerms(
                r.spans.tobytes(),
                (docs[first:head] - starts[n]).tobytes(),
                keys[first:head].tobytes(),
                counts[first:head].tobytes(),
                keys[head:last].tobytes(),
                counts[head:last].tobytes(),
                np.sort(np.fromiter(mark_keys(r.facts), np.uint64)).tobytes(),
                bool(r.facts.serves),
            )
        )
    return out


def split_units(facts: Facts, lines: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Units as (first line, last line, symbol index or -1), and for every line the unit that owns it."""
    owners = np.full(lines + 1, -1, np.int32)
    inner = [(s.start, -s.end, i) for i, s in enumerate(facts.symbols) if s.kind in _UNIT_KINDS]
    inner = sorted(x for x in inner if x[0] <= lines)  # outer before inner: the innermost writes last
    spans = [(start, min(-end, lines), i) for start, end, i in inner]
    for unit, (start, end, _) in enumerate(spans):
        owners[start : end + 1] = unit
    rest = np.flatnonzero(owners[1:] < 0) + 1
    size = WINDOW if not spans else max(WINDOW, len(rest))
    for at in range(0, len(rest), size):
        block = rest[at : at + size]
        owners[block] = len(spans)
        spans.append((int(block[0]), int(block[-1]), -1))
    return np.array(spans, np.int32), owners[1:]


def head_text(facts: Facts) -> str:
    """What the file says of itself, a piece a line: names, first sentences, routes, topics, errors, keys."""
    pieces = [facts.doc]
    for s in facts.symbols:
        pieces += (s.name, s.doc.split(". ")[0])
    pieces += (e.route for e in (*facts.serves, *facts.calls))
    pieces += (*(t.name for t in facts.topics), *facts.errors, *facts.keys)
    return "\n".join(pieces)


def mark_keys(facts: Facts) -> set[int]:
    """Exact things of the file that a report can name; the namespaces are explained in `summaries.words`."""
    out = set(map(words.key, _marks(facts)))
    out.update(*[_phrase_keys(literal.text) for literal in facts.strings])
    return out


def _marks(facts: Facts) -> set[str]:
    """All of them but the words of literals."""
    named = [s for s in facts.symbols if len(s.name) >= _SHARED_NAMES]
    out = {f"n:{s.name}" for s in named}
    out.update(f"q:{'.'.join(s.qualname.rsplit('.', 2)[-2:])}" for s in named if "." in s.qualname)
    for e in (*facts.serves, *facts.calls):
        parts = words.route_key(e.route).strip("/").split("/")
        out.update("r:" + "/".join(parts[i:]) for i in range(max(1, len(parts) - 1)))
    out.update(f"t:{t.name.lower()}" for t in facts.topics)
    for k in facts.keys:
        key = k.lower()
        out.add(f"k:{key}")
        at = key.find(".")
        while (following := key.find(".", at + 1)) >= 0:  # each suffix that has two names still
            out.add(f"k:{key[at + 1 :]}")
            at = following
    out.update(f"e:{e}" for e in facts.errors)
    return out


@lru_cache(maxsize=20_000)
def _phrase_keys(text: str) -> tuple[int, ...]:
    """Three words in a row of a message; two where it has no more."""
    if text.isalnum():  # one word
        return ()
    found = words.phrases(text)
    if not found and len(pair := words.phrases(text, 2)) == 1:
        found = pair
    return tuple(words.key("s:" + p) for p in found)
