"""Messages: string literals of the code that stand in the report, as a whole or in a long run of words.

Postings hold runs of three words; many literals share one. Here the literals of the likeliest files are held against
the report's own text: all words in a row, with anything in the place of placeholders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from locator.query import MarkKind, Query
from locator.report.reader import MentionKind, RegionKind, Report
from locator.scope import Scope
from locator.translations.catalogues import numbers as catalogues
from summaries.index.postings import Floats, Mask, highest
from summaries.index.shard import View
from summaries.types import Facts, Literal
from summaries.words import pieces, stands

BY_PHRASES, BY_WORDS = (
    48,
    24,
)  # files whose literals are read: the best by runs of three words, and by words. A guess
LEAST = 3  # words of a literal that is quoted as a whole
LEAST_IN_PROSE = 4  # words of a literal that a sentence of the report has
RUN = 5  # words in a row that count though the rest of the literal differs
FULL = 7  # words of a literal that counts in full: shorter ones stand in many programs. A guess
IN_PROSE = 0.5  # of a literal in prose against one in a log, a trace or in quotation marks. A guess
_MOST_TEXT = 60_000  # characters of a report that are searched
_MOST_LITERALS = 4_000  # of one file

FactsOf = Callable[[View, int], Facts]


class LiteralMatch(NamedTuple):
    """How a literal stands in a report."""

    literal: Literal
    words: int  # that stand in a row, with gaps for placeholders
    whole: bool
    in_prose: bool = False  # only in prose
    run: str = ""  # the words in a row, where not the whole stands there


class _Text(NamedTuple):
    """A report's lines as words, " a b c \\n d e ", with every word and run of three words."""

    quoted: str
    prose: str
    words: frozenset[str]
    runs: frozenset[str]


@lru_cache(maxsize=4)
def _text(report: Report) -> _Text:
    quoted = [m.text for m in report.mentions if m.kind == MentionKind.QUOTED]
    prose = [report.title]
    for r in report.regions:
        if r.kind in (RegionKind.LOG, RegionKind.TRACE):
            quoted += r.text.split("\n")
        elif r.kind == RegionKind.PROSE:
            prose += r.text.split("\n")
    rows = [
        [" ".join(p) for line in lines for p in pieces(line, placeholders=False)] for lines in (quoted, prose)
    ]
    one, two = (("".join(f" {row} \n" for row in some))[:_MOST_TEXT] for some in rows)
    every = [row.split() for row in (one + two).split("\n")]
    runs = {" ".join(row[i : i + 3]) for row in every for i in range(len(row) - 2)}
    return _Text(one, two, frozenset(w for row in every for w in row), frozenset(runs))


def best(report: Report, facts: Facts, among: Iterable[int] | None = None) -> LiteralMatch | None:
    """The literal of a file that most of stands in the report: a whole one before a longer run of another.

    `among` are the numbers of literals that may, ascending; None is all.
    """
    text = _text(report)
    some = facts.strings[:_MOST_LITERALS] if among is None else [facts.strings[n] for n in among]
    found = [f for s in some if (f := _match(s, text))]
    return max(found, key=lambda f: (f.whole, not f.in_prose, f.words), default=None)


def _match(literal: Literal, text: _Text) -> LiteralMatch | None:
    parts = pieces(literal.text)
    size = sum(map(len, parts))
    if size < LEAST:
        return None
    if all(w in text.words for part in parts for w in part):
        rows = [" ".join(p) for p in parts]
        if stands(rows, text.quoted):
            return LiteralMatch(literal, size, True)
        if size >= LEAST_IN_PROSE and stands(rows, text.prose):
            return LiteralMatch(literal, size, True, True)
    run = max((_longest(p, text.runs) for p in parts), key=len, default=[])
    if len(run) < LEAST:
        return None
    row = " ".join(run)
    return LiteralMatch(literal, len(run), False, f" {row} " not in text.quoted, row)


def _longest(part: Sequence[str], runs: frozenset[str]) -> list[str]:
    """The longest stretch of a piece whose runs of three words all stand in the report."""
    top, start = (0, 0), None
    for i in range(len(part) - 1):
        on = i + 2 < len(part) and " ".join(part[i : i + 3]) in runs
        if on and start is None:
            start = i
        if not on and start is not None:
            top, start = max(top, (i + 2 - start, -start)), None
    return list(part[-top[1] : -top[1] + top[0]])


class _Numbered(NamedTuple):
    """The literals of a file as numbers: which of them a report may have is seen without reading them.

    Python's hashes of words, and of the run of three that begins with each, one literal after the other.
    """

    words: NDArray[np.int64]
    runs: NDArray[np.int64]  # as many; that of no run where a piece of the literal ends
    starts: NDArray[np.int64]  # where each literal begins
    literals: NDArray[np.int64]  # which it is


_NO_RUN = hash("")
_MOST_KNOWN = 2_000  # files of a snapshot whose literals are remembered, some kilobytes each


def _numbered(facts: Facts) -> _Numbered:
    words: list[int] = []
    runs: list[int] = []
    starts: list[int] = []
    literals: list[int] = []
    for n, literal in enumerate(facts.strings[:_MOST_LITERALS]):
        parts = pieces(literal.text)
        if sum(map(len, parts)) < LEAST:
            continue
        starts.append(len(words))
        literals.append(n)
        for part in parts:
            words += map(hash, part)
            runs += [hash(" ".join(part[i : i + 3])) for i in range(len(part) - 2)]
            runs += [_NO_RUN] * min(len(part), 2)
    return _Numbered(*(np.array(some, np.int64) for some in (words, runs, starts, literals)))


def _known(view: View) -> dict[int, _Numbered]:
    """Where a snapshot keeps the literals of its files, by number of the file."""
    return {}


class _Likely(NamedTuple):
    """The literals of a file that a report may have, by number."""

    numbers: list[int]
    counts: bool  # as a whole, or in `RUN` words in a row; else in fewer


def _likely(scope: Scope, files: Sequence[int], report: Report, facts: FactsOf) -> dict[int, _Likely]:
    """Of files the literals that have a run of three words of the report, or none but its words: no other can match."""
    found: list[_Numbered] = []
    for i in files:
        view, n = scope.locate(i)
        known = view.memo(_known)
        if n not in known and len(known) >= _MOST_KNOWN:
            known.clear()
        numbered = known.get(n) or _numbered(facts(view, n))
        known[n] = numbered
        found.append(numbered)
    text = _text(report)
    there = _among(np.concatenate([f.words for f in found]), text.words)
    met = _among(np.concatenate([f.runs for f in found]), text.runs)
    long = met.copy()
    for more in range(1, RUN - 2):  # pieces end with two that are not met
        long[:-more] &= met[more:]
    out: dict[int, _Likely] = {}
    at = 0
    for i, f in zip(files, found, strict=True):
        if len(f.starts):
            span = slice(at, at + len(f.words))
            whole = np.logical_and.reduceat(there[span], f.starts)
            on = np.logical_or.reduceat(met[span], f.starts) | whole
            if on.any():
                out[i] = _Likely(f.literals[on].tolist(), bool(whole.any() or long[span].any()))
        at += len(f.words)
    return out


def _among(hashes: NDArray[np.int64], texts: Collection[str]) -> Mask:
    """Which hashes are of one of the texts. Beside `np.isin` a third of the time, as the texts are few."""
    known = np.sort(np.fromiter(map(hash, texts), np.int64, len(texts)))
    if not len(known):
        return np.zeros(len(hashes), np.bool_)
    on: Mask = known[np.minimum(known.searchsorted(hashes), len(known) - 1)] == hashes
    return on


def _is_catalogue(scope: Scope, i: int) -> bool:
    """The code that shows a catalogue's texts is asked after in voters/shown.py."""
    view, n = scope.locate(i)
    return n in view.memo(catalogues)


def messages(
    scope: Scope, query: Query, by_phrase: dict[MarkKind, Floats], by_words: Floats, facts: FactsOf | None
) -> Floats:
    """Files with a literal that stands in the report, 0-1; a literal that several of them have counts less for each."""
    out = np.zeros(scope.size, np.float32)
    if facts is None or not scope.size:
        return out
    phrases = by_phrase[MarkKind.PHRASE] + by_phrase[MarkKind.WORDS]
    first = dict.fromkeys((*_top(phrases, BY_PHRASES), *_top(by_words, BY_WORDS)))
    some = [i for i in first if not _is_catalogue(scope, i)]
    if not some:
        return out
    rows = _likely(scope, some, query.report, facts)

    def matched(counts: bool) -> dict[int, LiteralMatch]:
        read = {i: facts(*scope.locate(i)) for i, row in rows.items() if row.counts == counts}
        found = {i: best(query.report, own, rows[i].numbers) for i, own in read.items()}
        return {i: f for i, f in found.items() if f}

    found = matched(True)
    if any(_is_run(f) for f in found.values()):  # what files have in longer literals as well counts less
        found |= matched(False)
    holders = Counter(f.literal.text if f.whole else f.run for f in found.values())
    for i, f in found.items():
        if f.whole or f.words >= RUN:
            long = min(1.0, (f.words - 2) / (FULL - 2))
            share = long * (1.0 if f.whole else 0.5) * (IN_PROSE if f.in_prose else 1.0)
            out[i] = share / holders[f.literal.text if f.whole else f.run]
    return out


def _is_run(f: LiteralMatch) -> bool:
    """Whether a short literal is no more than a run of words, which literals of other files may have as well."""
    return f.whole and f.words < RUN and pieces(f.literal.text) == [f.literal.text.split(" ")]


def _top(values: Floats, most: int) -> list[int]:
    return [i for i in highest(values, most).tolist() if values[i] > 0]
