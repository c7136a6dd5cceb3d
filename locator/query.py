"""A report as a weighted bag of terms and a list of exact things to look up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from math import log

from msgspec import Struct

from locator.report.reader import Report
from summaries import words

# How much a word counts by where it stands in the report. Measured on open bug sets: headlines say what
# matters, code and traces repeat themselves; dropping them altogether loses more than it gains.
REGION_WEIGHTS = {"title": 3.0, "prose": 1.0, "log": 0.7, "code": 0.5, "trace": 0.25}


class Mark(Struct, frozen=True):
    """An exact thing to look up: its key in the postings, what the report said, and where."""

    key: int
    kind: str  # name, qualified, phrase, route, topic, key, error
    said: str
    line: int
    title: bool


class Query(Struct, frozen=True):
    """What the report asks for."""

    report: Report
    bag: dict[int, float]
    title: dict[int, float]
    prose: frozenset[int]  # keys of words that prose or title use
    marks: tuple[Mark, ...]
    spelled: dict[int, str]  # the word behind each key, for explanations


def understand(report: Report) -> Query:
    """Build the query of a report."""
    by_region: dict[str, Counter[int]] = {r: Counter() for r in REGION_WEIGHTS}
    by_region["title"] = words.count(report.title) + words.compounds(report.title)
    for part in report.regions:
        by_region[part.kind].update(words.count(part.text))
        if part.kind != "code":
            by_region[part.kind].update(words.compounds(part.text))
    bag: dict[int, float] = {}
    for region, counts in by_region.items():
        for k, n in counts.items():
            bag[k] = bag.get(k, 0.0) + REGION_WEIGHTS[region] * log(1 + n)
    title = {k: log(1 + n) for k, n in by_region["title"].items()}
    spelled = {
        k: token
        for text in (report.body, report.title)
        for token in words.tokens(text)
        for k in words.keys_of(token)[:1]
    }
    prose = frozenset(by_region["title"]) | frozenset(by_region["prose"])
    return Query(report, bag, title, prose, _marks(report), spelled)


def _marks(report: Report) -> tuple[Mark, ...]:
    found: dict[int, Mark] = {}

    def add(kind: str, name: str, said: str, line: int, title: bool = False) -> None:
        k = words.key(name)
        if k not in found:
            found[k] = Mark(k, kind, said, line, title)

    for m in report.mentions:
        text = m.text
        where = "title" if m.title else "prose" if m.region in ("prose", "log") else "code"
        if m.kind in ("identifier", "call", "dotted", "exception"):
            parts = [p for p in text.replace("::", ".").replace("#", ".").strip("()").split(".") if p]
            for p in parts[-3:]:
                add(f"name:{where}", "n:" + p, text, m.line, m.title)
            for a, b in pairwise(parts):
                add(f"qualified:{where}", f"q:{a}.{b}", text, m.line, m.title)
        if m.kind == "exception":
            add("error", "e:" + text.rsplit(".", 1)[-1], text, m.line, m.title)
        if m.kind == "quoted":
            for size in (3, 2):
                for p in words.phrases(text, size)[:60]:
                    add("phrase", "s:" + p, text, m.line, m.title)
        if m.kind == "endpoint":
            _routes(add, text, m.line, m.title)
        if m.kind in ("config", "identifier", "dotted"):
            parts = text.lower().split(".")
            for i in range(len(parts)):
                add("key", "k:" + ".".join(parts[i:]), text, m.line, m.title)
        if m.kind in ("config", "service", "dotted", "quoted"):
            add("topic", "t:" + text.lower(), text, m.line, m.title)
    for f in report.frames:
        parts = [] if f.path else [p for p in f.symbol.replace("::", ".").split(".") if p]
        for a, b in pairwise(parts):
            add("qualified:trace", f"q:{a}.{b}", f.symbol, 0)
    for region in report.regions:
        if region.kind in ("log", "trace", "prose"):
            for p in words.phrases(region.text[:20_000])[:400]:
                add("words" if region.kind == "prose" else "phrase", "s:" + p, p, region.line)
    for p in words.phrases(report.title):
        add("words", "s:" + p, p, 0, True)
    return tuple(found.values())


def _routes(add: Callable[..., None], text: str, line: int, title: bool) -> None:
    path = words.route_key(text.split()[-1] if text.split() else "")
    parts = [p for p in path.split("/") if p][:10]
    for i in range(len(parts)):
        for j in range(i + 2, len(parts) + 1):
            add("route", "r:" + "/".join(parts[i:j]), text, line, title)
        for j in range(i + 2, len(parts)):  # the next segment may be a parameter's value
            add("route", "r:" + "/".join([*parts[i:j], "{}"]), text, line, title)
