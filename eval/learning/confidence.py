"""Fitting the confidence: real reports, the same reports cut short, and reports about something else.

A report of a few words, or about another system, is where a confidence is most often wrong, and sets of real reports
hold none. So each report is also asked in its first words and in some words of its body, and of systems that it is not
about, where no answer can be right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from eval.cases import Case
from eval.snapshots import views_of
from locator.confidence import Shape, shape
from locator.locate import rank_in
from locator.query import understand
from locator.report.reader import Report, read
from locator.weights import Weights
from summaries.index.index import Index
from summaries.index.shard import View

SIZES = (1, 2, 4, 8)  # words that are left of a shortened report


class Form(StrEnum):
    """How a report is asked."""

    WHOLE = "whole"
    TITLE = "title"  # the first words of its title
    BODY = "body"  # some words in a row of its text
    FOREIGN = "foreign"  # whole, of a system that it is not about
    FOREIGN_SHORT = "foreign short"


class Point(Struct, frozen=True):
    """One question: the shape of its answer, and whether the first file was right."""

    system: str
    case: str
    form: Form
    words: int  # of the report as asked
    shape: Shape | None
    right: bool


def shortened(case: Case) -> Iterator[tuple[Form, str]]:
    """A report in 1, 2, 4 and 8 words: the first of its title, and some in a row of all its text."""
    title, text = case.title.split(), f"{case.title} {case.body}".split()
    chosen = random.Random(case.id)  # noqa: S311  (the same words every time)
    for size in SIZES:
        if len(title) > size:
            yield Form.TITLE, " ".join(title[:size])
        if len(text) > size:
            start = chosen.randrange(len(text) - size)
            yield Form.BODY, " ".join(text[start : start + size])


def whole(case: Case) -> Report:
    """The report as it was written."""
    return read(case.body, case.title) if case.body.strip() else read(case.title)


def points(
    index: Index,
    system: str,
    cases: Sequence[Case],
    commits: dict[str, dict[str, str]],
    foreign: Sequence[Case],
    weights: Weights,
) -> Iterator[Point]:
    """Every case of a system in all its forms, and one foreign report beside each, of the same snapshots."""
    for n, case in enumerate(cases):
        views = views_of(index, commits[case.id])
        gold = {(g.repo, g.path) for g in case.gold}
        asked = [(Form.WHOLE, whole(case)), *((f, read(t)) for f, t in shortened(case) if t.strip())]
        if foreign:
            other = foreign[n % len(foreign)]
            asked.append((Form.FOREIGN, whole(other)))
            asked += [
                (Form.FOREIGN_SHORT, read(t)) for _, t in list(shortened(other))[n % 2 :: 3] if t.strip()
            ]
        for form, report in asked:
            found, first = _asked(index, views, report, weights)
            right = first in gold and form not in (Form.FOREIGN, Form.FOREIGN_SHORT)
            yield Point(system, case.id, form, len(f"{report.title} {report.body}".split()), found, right)


def _asked(
    index: Index, views: Sequence[View], report: Report, weights: Weights
) -> tuple[Shape | None, tuple[str, str]]:
    scope, ranking = rank_in(index, views, understand(report), weights)
    found = shape(scope, ranking)
    if found is None:
        return None, ("", "")
    view, n = scope.locate(int(ranking.scores.argmax()))
    return found, (view.repo, view.path(n))
