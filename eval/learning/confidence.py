"""Fitting the confidence: real reports, the same reports cut short, and reports about something else.

A report of a few words, or about another system, is where a confidence is most often wrong, and sets of real reports
hold none. So each report is also asked in its first words and in some words of its body, and of systems that it is not
about, where no answer can be right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec
import numpy as np
from msgspec import Struct

from eval.cases import Case
from eval.learning.fit import Floats, logistic
from eval.scoring.calibration_error import error_by_chance, expected_error
from eval.working_index import asked
from locator.confidence import CONFIDENT, LIKELY, Shape, chance, shape
from locator.locate import rank_in
from locator.query import understand
from locator.report.reader import Report, read
from locator.weights import SURE, Weights
from summaries.index.index import Index
from summaries.index.postings import Mask
from summaries.index.shard import View

PULL = 0.3  # to nothing, of each coefficient
SIZES = (1, 2, 4, 8)  # words that are left of a shortened report


class Form(StrEnum):
    """How a report is asked."""

    WHOLE = "whole"
    TITLE = "title"  # the first words of its title
    BODY = "body"  # some words in a row of its text
    FOREIGN = "foreign"  # whole, of a system that it is not about
    FOREIGN_SHORT = "foreign short"


# What all the reports of a form count in the fit, for each system alike: whole ones most; guesses, not searched over.
COUNTS = {Form.WHOLE: 1.0, Form.TITLE: 0.7, Form.BODY: 0.3, Form.FOREIGN: 0.1, Form.FOREIGN_SHORT: 0.05}
FITTED = tuple(
    n for n in SURE if n not in ("bias", "route")
)  # "route" tells systems apart, not right from wrong


class ConfidencePoint(Struct, frozen=True):
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
) -> Iterator[ConfidencePoint]:
    """Every case of a system in all its forms, and one foreign report beside each, of the same snapshots."""
    for n, case in enumerate(cases):
        then, views = asked(index, commits[case.id])
        gold = {(g.repo, g.path) for g in case.gold}
        forms = [(Form.WHOLE, whole(case)), *((f, read(t)) for f, t in shortened(case) if t.strip())]
        if foreign:
            other = foreign[n % len(foreign)]
            forms.append((Form.FOREIGN, whole(other)))
            forms += [
                (Form.FOREIGN_SHORT, read(t)) for _, t in list(shortened(other))[n % 2 :: 3] if t.strip()
            ]
        for form, report in forms:
            found, first = _shape_of(then, views, report, weights)
            right = first in gold and form not in (Form.FOREIGN, Form.FOREIGN_SHORT)
            yield ConfidencePoint(
                system, case.id, form, len(f"{report.title} {report.body}".split()), found, right
            )


def _shape_of(
    index: Index, views: Sequence[View], report: Report, weights: Weights
) -> tuple[Shape | None, tuple[str, str]]:
    scope, ranking = rank_in(index, views, understand(report), weights)
    found = shape(scope, ranking)
    if found is None:
        return None, ("", "")
    view, n = scope.locate(int(ranking.scores.argmax()))
    return found, (view.repo, view.path(n))


def fitted(points: Sequence[ConfidencePoint]) -> dict[str, float]:
    """Coefficients of the confidence, fitted on all points."""
    some = [p for p in points if p.shape]
    size: dict[tuple[str, Form], int] = {}
    for p in some:
        size[p.system, p.form] = size.get((p.system, p.form), 0) + 1
    counts = np.array([COUNTS[p.form] / size[p.system, p.form] for p in some])
    counts *= len(some) / counts.sum()
    x = np.array([[getattr(p.shape, n) for n in FITTED] for p in some], np.float64)
    y = np.array([float(p.right) for p in some])
    found = logistic(x, y, np.zeros(1 + len(FITTED)), PULL, counts).round(2).tolist()
    return SURE | {"route": 0.0} | dict(zip(("bias", *FITTED), found, strict=True))


class Reliability(Struct, frozen=True):
    """How good a confidence is on some reports, fitted without their system."""

    system: str  # "" is all together
    forms: tuple[Form, ...]
    reports: int
    error: float  # calibration error, ten bins
    by_chance: float  # what it would be in the mean if the confidence were right
    mean: float  # confidence
    right: float  # share of first files that were right
    unsure: float  # share called unsure or none
    likely: float  # share right among those called likely, NaN where there are none
    confident: float


def left_out(points: Sequence[ConfidencePoint]) -> list[Reliability]:
    """Each system by coefficients that were fitted on the others, then all of these together."""
    systems = sorted({p.system for p in points})
    guess: list[float] = [0.0] * len(points)
    for s in systems:
        sure = fitted([p for p in points if p.system != s])
        for n, p in enumerate(points):
            if p.system == s and p.shape:
                guess[n] = chance(p.shape, sure)
    groups = ((Form.WHOLE,), (Form.TITLE, Form.BODY), (Form.FOREIGN,), (Form.FOREIGN_SHORT,))
    rows = []
    for system in (*systems, ""):
        for forms in groups:
            on = [n for n, p in enumerate(points) if p.form in forms and system in ("", p.system)]
            if on:
                rows.append(
                    _row(system, forms, np.array(guess)[on], np.array([float(points[n].right) for n in on]))
                )
    return rows


def _row(system: str, forms: tuple[Form, ...], promised: Floats, true: Floats) -> Reliability:
    def share(on: Mask) -> float:
        return float(true[on].mean()) if on.any() else float("nan")

    likely = (promised >= LIKELY) & (promised < CONFIDENT)
    return Reliability(
        system, forms, len(promised), expected_error(promised, true), error_by_chance(promised),
        float(promised.mean()), float(true.mean()),
        float((promised < LIKELY).mean()), share(likely), share(promised >= CONFIDENT),
    )  # fmt: skip


def as_text(rows: Sequence[Reliability], sure: Mapping[str, float]) -> str:
    """The reliability table as lines of text."""
    out = [
        "each system by what was fitted on the others",
        "",
        "| system | reports | | calibration error | by chance alone | confidence | right "
        "| unsure or none | right if likely | if confident |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    out += [
        f"| {r.system or 'together'} | {', '.join(r.forms)} | {r.reports} | {r.error:.3f} | {r.by_chance:.3f} | {r.mean:.2f} "
        f"| {r.right:.2f} | {r.unsure:.2f} | {r.likely:.2f} | {r.confident:.2f} |"
        for r in rows
    ]
    return "\n".join([*out, "", "fitted on all: " + msgspec.json.encode(dict(sure)).decode()])
