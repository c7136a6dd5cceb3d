"""How sure the first answer is: a calibrated chance, and the word that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, log1p

import numpy as np
from msgspec import Struct

from locator.answer import Verdict
from locator.rank import Ranking
from locator.scope import Scope
from locator.voters.registry import EXACT, POINTERS
from locator.weights import Weights

STRANGE = 0.12  # share of the title's telling words below which the best file is about something else


class Shape(Struct, frozen=True):
    """What the score curve and the evidence say of the first file.

    Distances are those of the sums of evidence, not of shares of the best: that one file leads by a tenth of little
    means less than that it leads by a tenth of much.
    """

    margin: float  # first - second, at most 1
    gap: float  # first - sixth, at most 1
    alone: float  # 1 where no other file comes near the first, 0 where 49 do
    route: float  # 1 - best file of another repository / first
    past: float  # how much past changes in similar words speak for the file, 0-1
    exact: float  # weighted exact evidence: paths, names, quoted strings
    covered: float  # share of the title's telling words that the file has, 0-1
    terms: int  # distinct terms of the report
    telling: float  # words of the report that tell one file from another
    report: float  # share of the report's own words that the file has, by rarity, 0-1
    pointed: float  # weighted pointers alone: paths, frames, links


TOLD = ("margin", "gap", "alone", "route", "past")  # what the chance is told from
NEAR = 0.9  # of the first's score


def shape(scope: Scope, ranking: Ranking) -> Shape | None:
    """The shape of a ranking; None where nothing was found."""
    scores = np.where(ranking.candidates, ranking.scores, -1.0)
    if not len(scores) or scores.max() <= 0:
        return None
    order = np.argsort(-scores, kind="stable")[:50]
    top = scores[order] / scores[order[0]]
    best = int(order[0])
    exact = sum(float(p[best]) for n, p in ranking.parts.items() if n in EXACT)
    others = top[scope.repo_of[order] != scope.repo_of[best]]
    past = ranking.votes.files["past"] * ranking.candidates
    return Shape(
        margin=min(1.0, ranking.top * (1 - float(top[1]))) if len(top) > 1 else 1.0,
        gap=min(1.0, ranking.top * (1 - float(top[5]))) if len(top) > 5 else 1.0,
        alone=1 - log1p(int((top[1:] > NEAR).sum())) / log(50),
        route=1 - max(float(others[0]), 0.0) if len(others) else 1.0,
        past=float(past[best]) / (float(past.max()) or 1.0),
        exact=exact,
        covered=float(ranking.votes.files["covered"][best]),
        terms=len(ranking.votes.rarity),
        telling=ranking.votes.telling,
        report=float(ranking.votes.covering[best]),
        pointed=sum(float(p[best]) for n, p in ranking.parts.items() if n in POINTERS),
    )


def confidence(scope: Scope, ranking: Ranking, weights: Weights) -> float:
    """Chance that the first file is among those to change, 0-1."""
    s = shape(scope, ranking)
    return chance(s, weights.sure) if s else 0.0


def chance(s: Shape, sure: Mapping[str, float]) -> float:
    """The chance that a shape stands for."""
    told = sure["bias"] + sum(sure.get(n, 0.0) * getattr(s, n) for n in TOLD)
    out = 1 / (1 + exp(-max(-50.0, min(50.0, told))))
    return out if s.exact > 0 else out * min(1.0, s.covered / STRANGE)


def verdict(chance: float, found: bool) -> Verdict:
    """The chance in a word."""
    if not found or chance < 0.12:
        return Verdict.NONE
    return Verdict.CONFIDENT if chance >= 0.6 else Verdict.LIKELY if chance >= 0.35 else Verdict.UNSURE
