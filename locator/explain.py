"""Evidence: each voter's part of a file's score, in words and with the line that a person can check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from locator.answer import Evidence, Excerpt, SymbolHit
from locator.pointers import Pointed, around, by_frame, by_name
from locator.query import Mark, Query
from locator.rank import Ranking
from locator.scope import Scope
from locator.terminal import one_line
from summaries import words
from summaries.index.postings import weighted
from summaries.index.shard import View
from summaries.types import Facts

MOST = 6  # pieces of evidence a file
MOST_WORDS = 5  # quoted by one of them
SMALL = 0.02  # a voter with a smaller share of the file's score is not worth a line
EXCERPT = 7  # lines


class Scored(NamedTuple):
    """A function by its words."""

    number: int  # among the symbols of its file
    unit: int  # in the shard
    score: float


class Explainer:
    """Explains files of one ranking. Facts and texts are read only for the files asked."""

    def __init__(self, scope: Scope, query: Query, ranking: Ranking) -> None:
        self.scope, self.query, self.ranking = scope, query, ranking
        self.marks: Mapping[int, Mark] = {m.key: m for m in query.marks}
        self._keys = weighted(query.bag)[0]
        self._has: dict[int, set[int]] = {}  # the report's words that a file has
        self._scored: dict[int, list[Scored]] = {}

    def functions(self, i: int, facts: Facts, most: int = 3) -> tuple[SymbolHit, ...]:
        """Functions of file `i`: the one that the report points into, then the best by their words."""
        ranked = self._ranked(i, facts)
        scores = {s.number: s.score for s in ranked}
        lines = [p.line for kind in ("frame", "") if (p := self._pointed(kind, i, facts)).line]
        into = around(facts, lines[0]) if lines else None
        order = list(scores) if into is None else [into, *(n for n in scores if n != into)]
        top = ranked[0].score if ranked else 1.0
        return tuple(
            SymbolHit(
                s.qualname, s.kind, s.start, s.end, s.signature, round(scores.get(number, 0.0) / top, 3)
            )
            for number, s in ((n, facts.symbols[n]) for n in order[:most])
        )

    def _ranked(self, i: int, facts: Facts) -> list[Scored]:
        """Functions of a file that have the report's words, best first."""
        if i not in self._scored:
            view, n = self.scope.locate(i)
            shard, blob = view.shard, int(view.blob_ids[n])
            lo, hi = int(shard.blob_units[blob]), int(shard.blob_units[blob + 1])
            own = self.ranking.votes.units[self.scope.number(i)][lo:hi]
            numbers = shard.unit_spans[lo:hi, 2]
            self._scored[i] = [
                Scored(int(numbers[u]), lo + int(u), float(own[u]))
                for u in np.argsort(-own, kind="stable")
                if own[u] > 0 and 0 <= numbers[u] < len(facts.symbols)
            ]
        return self._scored[i]

    def evidence(self, i: int, facts: Facts, most: int | None = MOST) -> tuple[Evidence, ...]:
        """What speaks for file `i`, strongest first; all of it where `most` is None.

        Word for word once: what a stronger reason has quoted of the report is not quoted again.
        """
        found: dict[str, Evidence] = {}
        quoted: set[str] = set()
        total = sum(float(p[i]) for p in self.ranking.parts.values()) or 1.0
        for name, part in sorted(self.ranking.parts.items(), key=lambda p: -float(p[1][i])):
            weight = float(part[i]) / total
            if weight < SMALL and (most is not None or weight <= 0):
                continue
            for text, line in self._say(name, i, facts, quoted if most is not None else set()):
                if text not in found:
                    found[text] = Evidence(name, text, line, round(weight, 4))
        return tuple(found.values())[:most]

    def _say(self, voter: str, i: int, facts: Facts, quoted: set[str]) -> list[tuple[str, int]]:
        view, n = self.scope.locate(i)
        if voter.startswith("at:"):
            return [self._pointed(voter[3:], i, facts)]
        if voter.startswith("mark:"):
            return self._said_mark(voter[5:], view, n, facts)
        if voter in ("past", "messages"):
            return self._said_commit(i)
        if voter in ("units", "unit"):
            return self._said_function(i, facts, quoted)
        if voter in ("body", "title", "covered", "rare"):
            return self._said_words(voter, i, quoted)
        if voter == "summary":
            blob = int(view.blob_ids[n])
            said = self._common(self._words_in("heads", i, blob, blob + 1))
            return [("what the file says of itself matches" + _list(said), 1)] if said else []
        if voter == "callees" and i in self.ranking.called:
            name, user = self.ranking.called[i]
            line = next((s.start for s in facts.symbols if s.name == name), 0)
            return [(f"it defines {name}, which {user} uses where the report points", line)]
        if voter == "service":
            return [("it lies in a folder named after a service in the report", 0)]
        if voter == "tests":
            return [("its tests speak of what the report describes", 0)]
        if voter == "path":
            stem = view.path(n).rpartition(".")[0] or view.path(n)  # that it is written in Go proves nothing
            said = self._common(words.count(stem.replace("/", " ")))
            return [("its path matches" + _list(said), 0)] if said else []
        return []

    def _said_function(self, i: int, facts: Facts, quoted: set[str]) -> list[tuple[str, int]]:
        best = next(iter(self._ranked(i, facts)), None)
        if best is None:
            return []
        s = facts.symbols[best.number]
        named = self._common(words.count(f"{s.qualname} {s.signature}"))
        inside = self._common(self._words_in("units", i, best.unit, best.unit + 1))
        said = list(dict.fromkeys([*named, *inside]))[:MOST_WORDS]
        quoted.update(said)
        return [(f"{s.kind} {s.qualname} holds the report's words" + _list(said), s.start)] if said else []

    def _pointed(self, kind: str, i: int, facts: Facts) -> Pointed:
        view, n = self.scope.locate(i)
        report, path = self.query.report, view.path(n)
        return (by_frame(report, path, facts) if kind == "frame" else None) or by_name(report, path, facts)

    def _said_mark(self, kind: str, view: View, n: int, facts: Facts) -> list[tuple[str, int]]:
        if kind == "phrase":
            for literal in facts.strings:
                said = ["s:" + p for p in words.phrases(literal.text)]
                if any(words.key(s) in self.marks for s in said):
                    return [(f'the report quotes this string: "{literal.text[:120]}"', literal.line)]
        named = {
            m.said.rstrip("()").split(".")[-1]
            for m in self.query.marks
            if m.kind.startswith(("name", "qualified"))
        }
        if kind.startswith(("name", "qualified")):
            for s in facts.symbols:
                if s.name in named:
                    return [(f"it defines {s.qualname}, which the report names", s.start)]
        if kind == "route":
            for e in (*facts.serves, *facts.calls):
                tail = words.route_key(e.route).strip("/").split("/")[-2:]
                if words.key("r:" + "/".join(tail)) in self.marks:
                    verb = "serves" if e in facts.serves else "calls"
                    return [(f"it {verb} {e.method} {e.route}".replace("  ", " "), e.line)]
        if kind == "error":
            for name in facts.errors:
                if words.key("e:" + name) in self.marks:
                    return [(f"it raises {name}, which the report shows", 0)]
        if kind == "key":
            for k in facts.keys:
                if words.key("k:" + k.lower()) in self.marks:
                    return [(f"it holds the configuration key {k}", 0)]
        if kind == "topic":
            for t in facts.topics:
                if words.key("t:" + t.name.lower()) in self.marks:
                    return [(f"it uses the topic {t.name}", t.line)]
        return []

    def _said_commit(self, i: int) -> list[tuple[str, int]]:
        view, n = self.scope.locate(i)
        scores = self.ranking.votes.commits[self.scope.number(i)]
        arrays = view.shard.arrays
        starts, touched = arrays["commit_starts"], arrays["commit_paths"]
        hits = np.flatnonzero(touched == view.path_ids[n])
        commits = np.unique(np.searchsorted(starts, hits, side="right") - 1)
        commits = commits[view.commit_mask[commits] & (scores[commits] > 0)]
        if not len(commits):
            return []
        said = told(view, int(commits[np.argmax(scores[commits])]))
        return [(f"changed by {said}, in words close to the report's", 0)]

    def _said_words(self, voter: str, i: int, quoted: set[str]) -> list[tuple[str, int]]:
        view, n = self.scope.locate(i)
        if i not in self._has:
            blob = int(view.blob_ids[n])
            first, end = view.shard.blob_units[blob : blob + 2].tolist()
            self._has[i] = self._words_in("units", i, first, end)
        said = self._has[i]
        if voter in ("title", "covered"):
            said = said & self.query.title.keys()
        every = self._common(said, len(said))
        new = [w for w in every if w not in quoted][:MOST_WORDS]
        if not new:
            return []
        quoted.update(new)
        what = {
            "title": "words of the title",
            "covered": "words of the title",
            "rare": "rare words of the report",
        }.get(voter, "words of the report")
        return [(("it has " if new == every[: len(new)] else "it has more ") + what + _list(new), 0)]

    def _words_in(self, field: str, i: int, first: int, end: int) -> set[int]:
        """The report's words in these documents of file `i`'s shard: of the postings that the ranking read."""
        m = self.scope.gather(field, self._keys)[self.scope.number(i)]
        on = (m.docs >= first) & (m.docs < end)
        return set(self._keys[m.query[on]].tolist())

    def _common(self, keys: Mapping[int, int] | set[int], most: int = MOST_WORDS) -> list[str]:
        """The report's words among `keys`, the most telling first."""
        rarity = self.ranking.votes.rarity
        worth = {k: rarity.get(k, 0.0) * self.query.bag[k] for k in keys if k in self.query.bag}
        said = [(-w, self.query.spelled.get(k, "")) for k, w in worth.items() if w > 0]
        return list(dict.fromkeys(word for _, word in sorted(said) if word))[:most]


def told(view: View, commit: int, most: int = 100) -> str:
    """A commit's subject and month."""
    when = datetime.fromtimestamp(int(view.shard.arrays["commit_times"][commit]), UTC).strftime("%Y-%m")
    return f'"{one_line(str(view.shard.strings("subjects")[commit]), most)}" ({when})'


def _list(said: list[str]) -> str:
    return ": " + ", ".join(said) if said else ""


def excerpt(text: str, evidence: tuple[Evidence, ...], symbols: tuple[SymbolHit, ...]) -> Excerpt | None:
    """A few lines around what the report points at, else other evidence with a place, else the best function."""
    order = sorted(evidence, key=lambda e: not e.voter.startswith("at:"))
    line = next((e.line for e in order if e.line > 1), 0) or (symbols[0].start if symbols else 0)
    lines = text.split("\n")
    if not line or line > len(lines):
        return None
    start = max(1, line - 2)
    return Excerpt(start, tuple(x[:200] for x in lines[start - 1 : start - 1 + EXCERPT]))
