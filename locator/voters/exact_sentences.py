"""Sentences for exact things that a report names and a file has."""

from __future__ import annotations

from locator.query import NAMES, QUALIFIED, MarkKind
from locator.voters.messages import best
from locator.voters.subject import Sentence, Subject
from summaries import words

MOST_SHOWN = 120  # characters of a string
_NAMING = {*NAMES.values(), *QUALIFIED.values(), MarkKind.QUALIFIED_TRACE}


def _has(subject: Subject, mark: str) -> bool:
    return words.key(mark) in subject.marked


def name(subject: Subject) -> list[Sentence]:
    """A function or type that the report names."""
    named = {m.text.rstrip("()").split(".")[-1] for m in subject.query.marks if m.kind in _NAMING}
    found = (s for s in subject.facts.symbols if s.name in named)
    return [Sentence(f"defines {s.qualname}, which the report names", s.start) for s in found][:1]


def message(subject: Subject) -> list[Sentence]:
    """A string of the code that the report quotes, or words that the two share."""
    found = best(subject.query.report, subject.facts)
    if found is None:
        return []
    line = found.literal.line
    if found.whole:
        return [Sentence(f'the report quotes this string: "{found.literal.text[:MOST_SHOWN]}"', line)]
    run = " ".join(subject.report_words.longest(found.run.split()))
    return [Sentence(f'contains the words "{run}" from the report', line)] if " " in run else []


def route(subject: Subject) -> list[Sentence]:
    """A route of the report that the file serves or calls."""
    facts = subject.facts
    for e in (*facts.serves, *facts.calls):
        tail = words.route_key(e.route).strip("/").split("/")[-2:]
        if _has(subject, "r:" + "/".join(tail)):
            verb = "serves" if e in facts.serves else "calls"
            return [Sentence(" ".join(x for x in (verb, e.method, e.route) if x), e.line)]
    return []


def error(subject: Subject) -> list[Sentence]:
    """An error of the report that the file raises."""
    found = (e for e in subject.facts.errors if _has(subject, "e:" + e))
    return [Sentence(f"raises {e}, which the report names") for e in found][:1]


def key(subject: Subject) -> list[Sentence]:
    """A configuration key of the report."""
    lines = {s.qualname: s.start for s in subject.facts.symbols if s.kind == "key"}
    found = (k for k in subject.facts.keys if _has(subject, "k:" + k.lower()))
    return [Sentence(f"has the configuration key {k}", lines.get(k, 0)) for k in found][:1]


def topic(subject: Subject) -> list[Sentence]:
    """A message topic of the report."""
    found = (t for t in subject.facts.topics if _has(subject, "t:" + t.name.lower()))
    return [Sentence(f"uses the topic {t.name}", t.line) for t in found][:1]
