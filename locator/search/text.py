"""Exact texts: which files can hold one, by the index; whether they do, by reading; and the lines to show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from summaries import words
from summaries.words import Hashes

MOST_LINES = 3  # shown of a file
MAX_SPANS = 20  # highlighted in a line
_CUT = 400  # characters of a line kept


class MatchedLine(Struct, frozen=True):
    """A line of a file, and where in it what was asked stands: [start, end) in characters."""

    number: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()


class Pattern(Struct, frozen=True):
    """An exact text as it is looked up and as it is verified."""

    keys: Hashes  # words that every line with the text has
    regex: re.Pattern[str]


def pattern(text: str, *, inside: bool = False) -> Pattern:
    """Capitals count where the text has some; a blank stands for any run of blanks.

    A text that begins or ends with a word's letters must begin or end with the word, unless `inside`.
    """
    text = " ".join(text.split())
    escaped = r"[^\S\n]++".join(re.escape(p) for p in text.split(" "))
    if not inside:
        escaped = (r"\b" if _letter(text[0]) else "") + escaped + (r"\b" if _letter(text[-1]) else "")
    regex = re.compile(escaped, 0 if text != text.lower() else re.IGNORECASE)
    found = words.tokens(text)
    if inside and found and text.startswith(found[0]):
        found = found[1:]
    if inside and found and text.endswith(found[-1]):
        found = found[:-1]
    # A number's neighbours may belong to its token elsewhere (1.2 in 1.2.3), so numbers are not looked up.
    keys = {words.keys_of(t)[0] for t in found if not t[0].isdigit() and words.keys_of(t)}
    return Pattern(np.fromiter(sorted(keys), np.uint64, len(keys)), regex)


def _letter(char: str) -> bool:
    return char.isalnum() or char == "_"


def exact_lines(text: str, patterns: Sequence[Pattern]) -> tuple[list[MatchedLine], int]:
    """The first lines with any of the texts, and how many there are; none unless the file has all texts."""
    if not all(p.regex.search(text) for p in patterns):
        return [], 0
    spans: dict[int, list[tuple[int, int]]] = {}
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    for p in patterns:
        for m in p.regex.finditer(text):
            n = int(np.searchsorted(starts, m.start(), side="right"))
            spans.setdefault(n, []).append((m.start() - starts[n - 1], m.end() - starts[n - 1]))
    chosen = sorted(spans)[:MOST_LINES]
    ends = [*starts[1:], len(text) + 1]
    return [_line(n, text[starts[n - 1] : ends[n - 1] - 1], spans[n]) for n in chosen], len(spans)


def word_lines(
    lines: Sequence[str], first: int, last: int, weights: Mapping[int, float]
) -> list[MatchedLine]:
    """The lines from `first` to `last` (1-based, inclusive) that have most of the words, in order."""
    ranked: list[tuple[float, int, list[tuple[int, int]]]] = []
    for n in range(max(first, 1), min(last, len(lines)) + 1):
        keys, spans = _words_of(lines[n - 1][:_CUT], weights)
        if keys:
            ranked.append((-sum(weights[k] for k in keys), n, spans))
    best = sorted(sorted(ranked)[:MOST_LINES], key=lambda r: r[1])
    return [_line(n, lines[n - 1], spans) for _, n, spans in best]


def _words_of(line: str, weights: Mapping[int, float]) -> tuple[set[int], list[tuple[int, int]]]:
    keys: set[int] = set()
    spans = []
    at = 0
    for token in words.tokens(line):
        at = line.index(token, at)
        met = [k for k in words.keys_of(token) if k in weights]
        if met:
            keys.update(met)
            spans.append((at, at + len(token)))
        at += len(token)
    return keys, spans


def _line(number: int, text: str, spans: Sequence[tuple[int, int]]) -> MatchedLine:
    kept = tuple((a, min(b, _CUT)) for a, b in sorted(spans) if a < _CUT)[:MAX_SPANS]
    return MatchedLine(number, text.rstrip("\r")[:_CUT], kept)
