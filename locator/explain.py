"""Evidence: each voter's part of a file's score, in words and with the line that a person can check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from locator.answer import Evidence, Excerpt, SymbolHit
from locator.query import Mark, Query
from locator.rank import Ranking
from locator.scope import Scope
from summaries import words
from summaries.paths import suffixes
from summaries.postings import weighted
from summaries.shard import View
from summaries.types import Facts, Symbol

MOST = 6  # pieces of evidence a file
SMALL = 0.02  # a voter with a smaller share of the file's score is not worth a line
EXCERPT = 7  # lines


class Explainer:
    """Explains files of one ranking. Facts and texts are read only for the files asked."""

    def __init__(self, scope: Scope, query: Query, ranking: Ranking) -> None:
        self.scope, self.query, self.ranking = scope, query, ranking
        self.marks: Mapping[int, Mark] = {m.key: m for m in query.marks}
        self._has: dict[int, set[int]] = {}

    def evidence(
        self, i: int, facts: Facts, symbols: tuple[SymbolHit, ...], most: int | None = MOST
    ) -> tuple[Evidence, ...]:
        """What speaks for file `i`, strongest first; all of it where `most` is None."""
        found: dict[str, Evidence] = {}
        total = sum(float(p[i]) for p in self.ranking.parts.values()) or 1.0
        for name, part in sorted(self.ranking.parts.items(), key=lambda p: -float(p[1][i])):
            weight = float(part[i]) / total
            if weight < SMALL and (most is not None or weight <= 0):
                continue
            for text, line in self._say(name, i, facts, symbols):
                if text not in found:
                    found[text] = Evidence(name, text, line, round(weight, 4))
        return tuple(found.values())[:most]

    def _say(self, voter: str, i: int, facts: Facts, symbols: tuple[SymbolHit, ...]) -> list[tuple[str, int]]:
        view, n = self.scope.locate(i)
        if voter.startswith("at:"):
            return self._said_path(voter[3:], view.path(n))
        if voter.startswith("mark:"):
            return self._said_mark(voter[5:], view, n, facts)
        if voter in ("past", "messages"):
            return self._said_commit(view, n)
        if voter in ("units", "unit") and symbols:
            best = symbols[0]
            said = self._common(words.count(f"{best.qualname} {best.signature}"))
            return [(f"{best.kind} {best.qualname} holds the report's words" + _list(said), best.start)]
        if voter in ("body", "title", "covered", "rare"):
            return self._said_words(voter, i)
        if voter == "summary":
            own = " ".join([facts.doc, *(s.name + " " + s.doc for s in facts.symbols)])
            return [("what the file says of itself matches" + _list(self._common(words.count(own))), 1)]
        if voter == "callees" and i in self.ranking.called:
            name, user = self.ranking.called[i]
            line = next((s.start for s in facts.symbols if s.name == name), 0)
            return [(f"it defines {name}, which {user} uses where the report points", line)]
        if voter == "service":
            return [("it lies in a folder named after a service in the report", 0)]
        if voter == "tests":
            return [("its tests speak of what the report describes", 0)]
        if voter == "path":
            said = self._common(words.count(view.path(n).replace("/", " ")))
            return [("its path matches" + _list(said), 0)] if said else []
        return []

    def _said_path(self, kind: str, path: str) -> list[tuple[str, int]]:
        tails = set(suffixes(path))
        if kind == "frame":
            for f in self.query.report.frames:
                if f.path and set(suffixes(f.path)) & tails:
                    place = f" ({f.path.rsplit('/', 1)[-1]}:{f.line})" if f.line else ""
                    return [(f"frame {f.depth + 1} of the stack trace: {f.symbol or f.path}{place}", f.line)]
        for m in self.query.report.mentions:
            if m.kind in ("path", "position", "url_file", "dotted"):
                said = m.text.split(":", 1)[-1] if m.kind == "url_file" else m.text
                said = said.replace(".", "/") if m.kind == "dotted" else said
                if set(suffixes(said)) & tails:
                    where = "title" if m.title else "report"
                    at = f":{m.number}" if m.number else ""
                    return [(f"the {where} names {m.text}{at}", m.number)]
        return [("the report names this file", 0)]

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

    def _said_commit(self, view: View, n: int) -> list[tuple[str, int]]:
        r = self.scope.views.index(view)
        scores = self.ranking.votes.commits[r]
        arrays = view.shard.arrays
        starts, touched = arrays["commit_starts"], arrays["commit_paths"]
        hits = np.flatnonzero(touched == view.path_ids[n])
        commits = np.unique(np.searchsorted(starts, hits, side="right") - 1)
        commits = commits[view.commit_mask[commits] & (scores[commits] > 0)]
        if not len(commits):
            return []
        best = int(commits[np.argmax(scores[commits])])
        when = datetime.fromtimestamp(int(arrays["commit_times"][best]), UTC).strftime("%Y-%m")
        subject = str(view.shard.strings("subjects")[best]).strip()
        return [(f'changed by "{subject[:100]}" ({when}), in words close to the report\'s', 0)]

    def _said_words(self, voter: str, i: int) -> list[tuple[str, int]]:
        said = self._words_of(i)
        if voter in ("title", "covered"):
            said = said & self.query.title.keys()
        rare = self._common(said)
        if not rare:
            return []
        what = {
            "title": "it has words of the title",
            "covered": "it has words of the title",
            "rare": "rare words of the report stand here",
        }
        return [(what.get(voter, "it has words of the report") + _list(rare), 0)]

    def _words_of(self, i: int) -> set[int]:
        """The report's words that file `i` has: looked up once, in the postings that the ranking read."""
        if i not in self._has:
            view, n = self.scope.locate(i)
            blob = int(view.blob_ids[n])
            lo, hi = int(view.shard.blob_units[blob]), int(view.shard.blob_units[blob + 1])
            keys, _ = weighted(self.query.bag)
            m = self.scope.gather("units", keys)[self.scope.views.index(view)]
            on = (m.docs >= lo) & (m.docs < hi)
            self._has[i] = {int(keys[q]) for q in np.unique(m.query[on])}
        return self._has[i]

    def _common(self, keys: Mapping[int, int] | set[int], most: int = 5) -> list[str]:
        """The report's words among `keys`, the most telling first."""
        rarity = self.ranking.votes.rarity
        worth = {k: rarity.get(k, 0.0) * self.query.bag[k] for k in keys if k in self.query.bag}
        order = sorted(worth, key=lambda k: -worth[k])
        said = (self.query.spelled.get(k, "") for k in order if worth[k] > 0)
        return list(dict.fromkeys(w for w in said if w))[:most]


def _list(said: list[str]) -> str:
    return ": " + ", ".join(said) if said else ""


def best_symbols(
    view: View, n: int, scores: np.ndarray, facts: Facts, most: int = 3
) -> tuple[SymbolHit, ...]:
    """Functions of a file by their units' scores, best first."""
    shard = view.shard
    blob = int(view.blob_ids[n])
    lo, hi = int(shard.blob_units[blob]), int(shard.blob_units[blob + 1])
    own = scores[lo:hi]
    out = []
    for u in np.argsort(-own, kind="stable")[: most + 2]:
        at = int(shard.unit_spans[lo + int(u), 2])
        if own[u] > 0 and 0 <= at < len(facts.symbols):
            s: Symbol = facts.symbols[at]
            out.append(SymbolHit(s.qualname, s.kind, s.start, s.end, s.signature, float(own[u])))
    return tuple(out[:most])


def excerpt(text: str, evidence: tuple[Evidence, ...], symbols: tuple[SymbolHit, ...]) -> Excerpt | None:
    """A few lines around what the report points at, else other evidence with a place, else the best function."""
    order = sorted(evidence, key=lambda e: not e.voter.startswith("at:"))
    line = next((e.line for e in order if e.line > 1), 0) or (symbols[0].start if symbols else 0)
    lines = text.split("\n")
    if not line or line > len(lines):
        return None
    start = max(1, line - 2)
    return Excerpt(start, tuple(x[:200] for x in lines[start - 1 : start - 1 + EXCERPT]))
