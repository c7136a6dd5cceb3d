"""From a blob's text and facts to the rows of the lexical index: units, head terms and marks.

A *unit* is a function, a method, the part of a type outside its methods, or a window of lines where the
grammar names nothing. Every line belongs to exactly one unit, so a file's words are the sum of its units'.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np
from msgspec import Struct

from summaries import words
from summaries.types import Facts, Symbol

WINDOW = 40  # lines of a unit where nothing is defined
_UNIT_KINDS = frozenset(
    "function method constructor class interface struct enum trait type object record module service message table".split()
)
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


def blob_terms(facts: Facts, text: str) -> BlobTerms:
    """All rows of one blob."""
    lines = text.split("\n")
    spans, owners = split_units(facts, len(lines))
    texts: list[list[str]] = [[] for _ in spans]
    for owner, line in zip(owners, lines, strict=True):
        texts[owner].append(line)
    bags = [words.count("\n".join(t)) for t in texts]
    sizes = [len(b) for b in bags]
    heads = head_terms(facts)
    return BlobTerms(
        np.array(spans, np.int32).tobytes(),
        np.repeat(np.arange(len(bags), dtype=np.int32), sizes).tobytes(),
        np.fromiter((k for b in bags for k in b), np.uint64, sum(sizes)).tobytes(),
        np.fromiter((n for b in bags for n in b.values()), np.int32, sum(sizes)).tobytes(),
        np.fromiter(heads, np.uint64, len(heads)).tobytes(),
        np.fromiter(heads.values(), np.int32, len(heads)).tobytes(),
        words.hashes(sorted(marks(facts))).tobytes(),
    )


def split_units(facts: Facts, lines: int) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Units as (first line, last line, symbol index or -1), and for every line the unit that owns it."""
    owners = [-1] * (lines + 1)
    spans: list[tuple[int, int, int]] = []
    inner = [(i, s) for i, s in enumerate(facts.symbols) if s.kind in _UNIT_KINDS and s.start <= lines]
    inner.sort(key=lambda p: (p[1].start, -p[1].end))  # outer before inner: the innermost writes last
    for i, s in inner:
        unit = len(spans)
        spans.append((s.start, min(s.end, lines), i))
        owners[s.start : min(s.end, lines) + 1] = [unit] * (min(s.end, lines) + 1 - s.start)
    rest = [n for n in range(1, lines + 1) if owners[n] < 0]
    size = WINDOW if not spans else max(WINDOW, len(rest))
    for at in range(0, len(rest), size):
        block = rest[at : at + size]
        for n in block:
            owners[n] = len(spans)
        spans.append((block[0], block[-1], -1))
    if not spans:
        spans.append((1, max(lines, 1), -1))
    return spans, [max(o, 0) for o in owners[1:]]


def head_terms(facts: Facts) -> Counter[int]:
    """Words of what the file says of itself: names, first sentences, routes, topics, errors, keys."""
    bag: Counter[int] = Counter(words.count(facts.doc))
    for s in facts.symbols:
        bag.update(words.count(s.name))
        if s.doc:
            bag.update(words.count(s.doc.split(". ")[0]))
    for e in (*facts.serves, *facts.calls):
        bag.update(words.count(e.route))
    bag.update(words.count(" ".join((*(t.name for t in facts.topics), *facts.errors, *facts.keys))))
    return bag


def marks(facts: Facts) -> set[str]:
    """Exact things of the file that a report can name; the namespaces are explained in `summaries.words`."""
    out: set[str] = set()
    for s in facts.symbols:
        out.update(_symbol_marks(s))
    for literal in facts.strings:
        out.update("s:" + p for p in words.phrases(literal.text))
        pair = words.phrases(literal.text, 2)
        if len(pair) == 1:
            out.add("s:" + pair[0])
    for e in (*facts.serves, *facts.calls):
        parts = words.route_key(e.route).strip("/").split("/")
        out.update("r:" + "/".join(parts[i:]) for i in range(max(1, len(parts) - 1)))
    out.update("t:" + t.name.lower() for t in facts.topics)
    for k in facts.keys:
        parts = k.lower().split(".")
        out.update("k:" + ".".join(parts[i:]) for i in range(max(1, len(parts) - 1)))
    out.update("e:" + e for e in facts.errors)
    return out


def _symbol_marks(s: Symbol) -> set[str]:
    if len(s.name) < _SHARED_NAMES:
        return set()
    out = {"n:" + s.name}
    parts = s.qualname.split(".")
    if len(parts) > 1:
        out.add("q:" + ".".join(parts[-2:]))
    return out


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(BlobTerms).decode


def pack(rows: BlobTerms) -> bytes:
    """Rows as stored while a shard is pending."""
    return _encode(rows)


def unpack(data: bytes) -> BlobTerms:
    """The inverse of `pack`."""
    return _decode(data)
