"""A report as a weighted bag of terms and a list of exact things to look up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise
from math import log

from msgspec import Struct

from locator.report.reader import MentionKind, RegionKind, Report
from summaries import words

# How much a word counts by where it stands in the report. Measured on open bug sets: headlines say what
# matters, code and traces repeat themselves; dropping them altogether loses more than it gains.
TITLE_WORDS = 3.0
REGION_WEIGHTS = {RegionKind.PROSE: 1.0, RegionKind.LOG: 0.7, RegionKind.CODE: 0.5, RegionKind.TRACE: 0.25,
                  RegionKind.ENVIRONMENT: 0.1}  # fmt: skip
MOST_SETUP = 40.0  # words of a set-up that count in full; more share what these have. A guess
TITLE_NAMES = 1.5  # of an exact thing that the title names, against 1 elsewhere: a guess

_NAMING = (MentionKind.IDENTIFIER, MentionKind.CALL, MentionKind.DOTTED, MentionKind.EXCEPTION)
_KEYS = (MentionKind.CONFIG, MentionKind.IDENTIFIER, MentionKind.DOTTED)
_TOPICS = (MentionKind.CONFIG, MentionKind.SERVICE, MentionKind.DOTTED, MentionKind.QUOTED)


class MarkKind(StrEnum):
    """What an exact thing is, and for names also where the report has it."""

    NAME_TITLE = "name:title"
    NAME_PROSE = "name:prose"
    NAME_CODE = "name:code"
    QUALIFIED_TITLE = "qualified:title"
    QUALIFIED_PROSE = "qualified:prose"
    QUALIFIED_CODE = "qualified:code"
    QUALIFIED_TRACE = "qualified:trace"
    PHRASE = "phrase"  # words in a row, of what the report quotes, of its logs and traces
    WORDS = "words"  # words in a row of its prose
    ROUTE = "route"
    TOPIC = "topic"
    KEY = "key"
    ERROR = "error"


NAMES = {"title": MarkKind.NAME_TITLE, "prose": MarkKind.NAME_PROSE, "code": MarkKind.NAME_CODE}
QUALIFIED = {
    "title": MarkKind.QUALIFIED_TITLE,
    "prose": MarkKind.QUALIFIED_PROSE,
    "code": MarkKind.QUALIFIED_CODE,
}


class Mark(Struct, frozen=True):
    """An exact thing to look up: its key in the postings, how the report spells it, and where."""

    key: int
    kind: MarkKind
    text: str
    line: int
    title: bool

    @property
    def weight(self) -> float:
        """What it counts by where it stands."""
        return TITLE_NAMES if self.title else 1.0


class Translation(Struct, frozen=True):
    """A place of the code that shows a text of the report, by the text's key in a catalogue."""

    repo: str
    path: str
    line: int
    key: str
    text: str  # as the catalogue has it
    catalogue: str  # its path, in the same repository
    whole: bool  # all of the text stands in the report
    weight: float  # 0-1


class Query(Struct, frozen=True):
    """What the report asks for."""

    report: Report
    bag: dict[int, float]
    title: dict[int, float]
    prose: frozenset[int]  # keys of words that prose or title use
    marks: tuple[Mark, ...]
    spelled: dict[int, str]  # the word behind each key, for explanations
    translations: tuple[Translation, ...] = ()  # found in catalogues: see locator/translations


def understand(report: Report) -> Query:
    """Build the query of a report."""
    title_counts = words.count(report.title) + words.compounds(report.title)
    by_region: dict[RegionKind, Counter[int]] = {r: Counter() for r in REGION_WEIGHTS}
    for part in report.regions:
        if part.kind not in REGION_WEIGHTS:
            continue
        by_region[part.kind].update(words.count(part.text))
        if part.kind != RegionKind.CODE:
            by_region[part.kind].update(words.compounds(part.text))
    bag: dict[int, float] = {}
    setup = by_region[RegionKind.ENVIRONMENT]
    room = min(1.0, MOST_SETUP / max(sum(log(1 + n) for n in setup.values()), 1e-9))
    shares = {r: w * (room if r == RegionKind.ENVIRONMENT else 1.0) for r, w in REGION_WEIGHTS.items()}
    weighted = ((TITLE_WORDS, title_counts), *((w, by_region[r]) for r, w in shares.items()))
    for weight, counts in weighted:
        for k, n in counts.items():
            bag[k] = bag.get(k, 0.0) + weight * log(1 + n)
    title = {k: log(1 + n) for k, n in title_counts.items()}
    spelling = {
        words.key(term): word
        for text in (report.body, report.title)
        for token in words.tokens(text)
        for term, word in spelled(token)
    }
    prose = frozenset(title_counts) | frozenset(by_region[RegionKind.PROSE])
    return Query(report, bag, title, prose, _marks(report), spelling)


def spelled(token: str) -> list[tuple[str, str]]:
    """A token's own term and how it is written; of a run of CJK characters every pair of them."""
    terms = words.terms_of(token)
    return [(t, t) for t in terms] if words.is_cjk(token) else [(t, token) for t in terms[:1]]


def _marks(report: Report) -> tuple[Mark, ...]:
    found: dict[int, Mark] = {}

    def add(kind: MarkKind, name: str, text: str, line: int, title: bool = False) -> None:
        k = words.key(name)
        if k not in found:
            found[k] = Mark(k, kind, text, line, title)

    for m in report.mentions:
        text = m.text
        where = "title" if m.title else "prose" if m.region in (RegionKind.PROSE, RegionKind.LOG) else "code"
        if m.kind in _NAMING:
            parts = [p for p in text.replace("::", ".").replace("#", ".").strip("()").split(".") if p]
            for p in parts[-3:]:
                add(NAMES[where], "n:" + p, text, m.line, m.title)
            for a, b in pairwise(parts):
                add(QUALIFIED[where], f"q:{a}.{b}", text, m.line, m.title)
        if m.kind == MentionKind.EXCEPTION:
            add(MarkKind.ERROR, "e:" + text.rsplit(".", 1)[-1], text, m.line, m.title)
        if m.kind == MentionKind.QUOTED:
            for size in (3, 2):
                for p in words.phrases(text, size)[:60]:
                    add(MarkKind.PHRASE, "s:" + p, text, m.line, m.title)
        if m.kind == MentionKind.ENDPOINT:
            _routes(add, text, m.line, m.title)
        if m.kind in _KEYS:
            parts = text.lower().split(".")
            for i in range(len(parts)):
                add(MarkKind.KEY, "k:" + ".".join(parts[i:]), text, m.line, m.title)
        if m.kind in _TOPICS:
            add(MarkKind.TOPIC, "t:" + text.lower(), text, m.line, m.title)
    for f in report.frames:
        parts = [] if f.path else [p for p in f.symbol.replace("::", ".").split(".") if p]
        for a, b in pairwise(parts):
            add(MarkKind.QUALIFIED_TRACE, f"q:{a}.{b}", f.symbol, 0)
    for region in report.regions:
        if region.kind in (RegionKind.PROSE, RegionKind.LOG, RegionKind.TRACE):
            kind = MarkKind.WORDS if region.kind == RegionKind.PROSE else MarkKind.PHRASE
            for p in words.phrases(region.text[:20_000])[:400]:
                add(kind, "s:" + p, p, region.line)
    for p in words.phrases(report.title):
        add(MarkKind.WORDS, "s:" + p, p, 0, True)
    return tuple(found.values())


def _routes(add: Callable[..., None], text: str, line: int, title: bool) -> None:
    path = words.route_key(text.split()[-1] if text.split() else "")
    parts = [p for p in path.split("/") if p][:10]
    for i in range(len(parts)):
        for j in range(i + 2, len(parts) + 1):
            add(MarkKind.ROUTE, "r:" + "/".join(parts[i:j]), text, line, title)
        for j in range(i + 2, len(parts)):  # the next segment may be a parameter's value
            add(MarkKind.ROUTE, "r:" + "/".join([*parts[i:j], "{}"]), text, line, title)
