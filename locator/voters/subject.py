"""A file that is explained, with what the sentences of the voters may look at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from locator.placement import Placement
from locator.query import Query, spelled
from locator.scope import Scope
from locator.voters.ballot import Votes
from locator.voters.word_row import WordRow
from summaries import words
from summaries.index.postings import Matches
from summaries.types import Facts

MOST_WORDS = 5  # quoted by a sentence
LONG = 400  # lines of a class that is no place to look at while it has methods that are. A guess


class Sentence(NamedTuple):
    """A sentence, and the line that it is about; 0 where it has none."""

    text: str
    line: int = 0


class ScoredUnit(NamedTuple):
    """A function by its words."""

    number: int  # among the symbols of its file
    unit: int  # in the shard
    score: float


class Subject:
    """File `i` of a scope, for one question. `quoted` are words that stronger sentences have shown already."""

    def __init__(self, scope: Scope, query: Query, votes: Votes, i: int, facts: Facts) -> None:
        self.scope, self.query, self.votes, self.i, self.facts = scope, query, votes, i, facts
        self.view, self.n = scope.locate(i)
        self.repo_number = scope.number(i)
        self.path = self.view.path(self.n)
        self.blob = int(self.view.blob_ids[self.n])
        self.quoted: set[str] = set()

    @cached_property
    def functions(self) -> list[ScoredUnit]:
        """Functions that have the report's words, best first; what is too long to be a place comes last."""
        shard = self.view.shard
        lo, hi = self._units
        own = self.votes.units[self.repo_number][lo:hi]
        numbers = shard.unit_spans[lo:hi, 2]
        found = [
            ScoredUnit(int(numbers[u]), lo + int(u), float(own[u]))
            for u in np.argsort(-own, kind="stable")
            if own[u] > 0 and 0 <= numbers[u] < len(self.facts.symbols)
        ]
        symbols = self.facts.symbols
        return sorted(found, key=lambda f: symbols[f.number].end - symbols[f.number].start >= LONG)

    @cached_property
    def function_words(self) -> list[str]:
        """The report's words in the best function, those of its name and signature first."""
        if not self.functions:
            return []
        best = self.functions[0]
        s = self.facts.symbols[best.number]
        named = self.common(words.count(f"{s.qualname} {s.signature}"))
        inside = self.common(self.words_in_units(best.unit, best.unit + 1))
        return list(dict.fromkeys([*named, *inside]))[:MOST_WORDS]

    @cached_property
    def words(self) -> set[int]:
        """The report's words that the file has."""
        return self.words_in_units(*self._units)

    @cached_property
    def placement(self) -> Placement:
        """Whose code the calls of the report are."""
        return Placement(self.scope.names)

    @cached_property
    def title_words(self) -> set[int]:
        """Keys of the words of the title; parts of its identifiers are none."""
        return {words.key(t) for token in words.tokens(self.query.report.title) for t, _ in spelled(token)}

    @cached_property
    def marked(self) -> frozenset[int]:
        """Keys of the exact things that the report names."""
        return frozenset(m.key for m in self.query.marks)

    @cached_property
    def report_words(self) -> WordRow:
        """The report's words in a row."""
        report = self.query.report
        return _row(f"{report.title}\n{report.body}")

    @property
    def _units(self) -> tuple[int, int]:
        first, end = self.view.shard.blob_units[self.blob : self.blob + 2].tolist()
        return int(first), int(end)

    def words_in_units(self, first: int, end: int) -> set[int]:
        """The report's words in some units of the file's shard."""
        return self._within(self.votes.found.units, "unit", first, end)

    @property
    def words_in_head(self) -> set[int]:
        """The report's words in what the file says of itself."""
        return self._within(self.votes.found.heads, "blob", self.blob, self.blob + 1)

    def _within(self, found: list[Matches], what: str, first: int, end: int) -> set[int]:
        m, before = found[self.repo_number], self.scope.firsts(what)[self.repo_number]
        on = (m.docs >= before + first) & (m.docs < before + end)
        return set(self.votes.found.keys[m.query[on]].tolist())

    def common(self, keys: Mapping[int, int] | set[int], most: int = MOST_WORDS) -> list[str]:
        """The report's words among `keys`, the most telling first."""
        rarity, bag = self.votes.rarity, self.query.bag
        weights = {k: rarity.get(k, 0.0) * bag[k] for k in keys if k in bag}
        spelled = [(-w, self.query.spelled.get(k, "")) for k, w in weights.items() if w > 0]
        return list(dict.fromkeys(word for _, word in sorted(spelled) if word))[:most]


@lru_cache(maxsize=4)  # one report, many files
def _row(text: str) -> WordRow:
    return WordRow(text)


def listed(words: list[str]) -> str:
    """ ": a, b" for the end of a sentence, or nothing."""
    return ": " + ", ".join(words) if words else ""
