"""Why a file is listed: sentences with the line that a person can check, functions, and an excerpt."""

from __future__ import annotations

from locator.answer import Evidence, Excerpt, SymbolHit
from locator.pointers import around
from locator.query import Query
from locator.rank import Ranking
from locator.scope import Scope
from locator.voters import sentences
from locator.voters.registry import BY_NAME, POINTERS
from locator.voters.subject import Subject
from summaries.types import Facts

MOST = 6  # pieces of evidence a file
SMALL = 0.02  # a voter with a smaller share of the file's score is not worth a line
EXCERPT = 7  # lines


class Explainer:
    """Explains files of one ranking. Facts and texts are read only for the files asked."""

    def __init__(self, scope: Scope, query: Query, ranking: Ranking) -> None:
        self.scope, self.query, self.ranking = scope, query, ranking
        self._subjects: dict[int, Subject] = {}

    def _subject(self, i: int, facts: Facts) -> Subject:
        if i not in self._subjects:
            self._subjects[i] = Subject(self.scope, self.query, self.ranking.votes, i, facts)
        return self._subjects[i]

    def functions(self, i: int, facts: Facts, most: int = 3) -> tuple[SymbolHit, ...]:
        """Functions of file `i`: the one that the report points into, then the best by their words."""
        subject = self._subject(i, facts)
        ranked = subject.functions
        scores = {s.number: s.score for s in ranked}
        said = (*sentences.frame(subject), *sentences.pointer(subject))
        line = next((s.line for s in said if s.line), 0)
        into = around(facts, line) if line else None
        order = list(scores) if into is None else [into, *(n for n in scores if n != into)]
        top = max((s.score for s in ranked), default=1.0)
        return tuple(
            SymbolHit(
                s.qualname, s.kind, s.start, s.end, s.signature, round(scores.get(number, 0.0) / top, 3)
            )
            for number, s in ((n, facts.symbols[n]) for n in order[:most])
        )

    def evidence(self, i: int, facts: Facts, most: int | None = MOST) -> tuple[Evidence, ...]:
        """What speaks for file `i`, strongest first; all of it where `most` is None.

        Word for word once: what a stronger reason has quoted of the report is not quoted again.
        """
        subject = self._subject(i, facts)
        subject.quoted.clear()
        found: dict[str, Evidence] = {}
        total = sum(float(p[i]) for p in self.ranking.parts.values()) or 1.0
        for name, part in sorted(self.ranking.parts.items(), key=lambda p: -float(p[1][i])):
            weight = float(part[i]) / total
            if weight < SMALL and (most is not None or weight <= 0):
                continue
            if most is None:
                subject.quoted.clear()
            for text, line in BY_NAME[name].say(subject):
                if text not in found:
                    found[text] = Evidence(name, text, line, round(weight, 4))
        return tuple(found.values())[:most]


def excerpt(text: str, evidence: tuple[Evidence, ...], symbols: tuple[SymbolHit, ...]) -> Excerpt | None:
    """A few lines around what the report points at, else other evidence with a place, else the best function."""
    order = sorted(evidence, key=lambda e: e.voter not in POINTERS)
    line = next((e.line for e in order if e.line > 1), 0) or (symbols[0].start if symbols else 0)
    lines = text.split("\n")
    if not line or line > len(lines):
        return None
    start = max(1, line - 2)
    return Excerpt(start, tuple(x[:200] for x in lines[start - 1 : start - 1 + EXCERPT]))
