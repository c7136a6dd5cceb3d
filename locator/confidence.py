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
from summaries.index.postings import highest

CONFIDENT, LIKELY, SOME = 0.7, 0.5, 0.05  # chances at which the words change; "likely" is more than half
LEAST_WORDS = 3  # telling words, or something exact, before an answer is called more than unsure
UNSURE_AT_MOST = 0.45
ENOUGH = 4.0  # telling words: so many are most of what there is to say (1 - 1/e); chosen with the fit
SHARE = 0.25  # of the report's words in one file, from which on more says nothing; chosen with the fit
NEAR = 0.9  # of the first's score


class Shape(Struct, frozen=True):
    """What the score curve, the report and the evidence say of the first file, each 0-1 but `telling`.

    Distances are those of the sums of evidence, not of shares of the best: that one file leads by a tenth of little
    means less than that it leads by a tenth of much.
    """

    margin: float  # first - second, at most 1
    gap: float  # first - sixth, at most 1
    alone: float  # 1 where no other file comes near the first, 0 where 49 do
    route: float  # 1 - best file of another repository / first
    past: float  # how much past changes in similar words speak for the file
    exact: float  # weighted exact evidence: paths, names, quoted strings; at most 1
    pointed: float  # weighted pointers alone, twice: paths, frames, links; at most 1
    known: float  # how much of the report's own words, by rarity, the file has, against SHARE
    amount: float  # how much the report tells, against ENOUGH
    telling: float  # words of the report that tell one file from another


def shape(scope: Scope, ranking: Ranking) -> Shape | None:
    """The shape of a ranking; None where nothing was found."""
    scores = np.where(ranking.candidates, ranking.scores, -1.0)
    if not len(scores) or scores.max() <= 0:
        return None
    order = highest(scores, 50)
    top = scores[order] / scores[order[0]]
    best = int(order[0])
    exact = sum(float(p[best]) for n, p in ranking.parts.items() if n in EXACT)
    pointed = sum(float(p[best]) for n, p in ranking.parts.items() if n in POINTERS)
    others = top[scope.repo_of[order] != scope.repo_of[best]]
    votes = ranking.votes
    past = votes.files["past"] * ranking.candidates
    return Shape(
        margin=min(1.0, ranking.top * (1 - float(top[1]))) if len(top) > 1 else 1.0,
        gap=min(1.0, ranking.top * (1 - float(top[5]))) if len(top) > 5 else 1.0,
        alone=1 - log1p(int((top[1:] > NEAR).sum())) / log(50),
        route=1 - max(float(others[0]), 0.0) if len(others) else 1.0,
        past=float(past[best]) / (float(past.max()) or 1.0),
        exact=min(1.0, exact),
        pointed=min(1.0, 2 * pointed),
        known=min(1.0, float(votes.covering[best]) / SHARE),
        amount=1 - exp(-votes.telling / ENOUGH),
        telling=votes.telling,
    )


def confidence(scope: Scope, ranking: Ranking, weights: Weights) -> float:
    """Chance that the first file is among those to change, 0-1."""
    s = shape(scope, ranking)
    return chance(s, weights.sure) if s else 0.0


def chance(s: Shape, sure: Mapping[str, float]) -> float:
    """The chance that a shape stands for; `sure` are coefficients of a logistic curve, by field."""
    if s.known <= 0 and s.exact <= 0:  # no word of the report is there
        return 0.0
    odds = sure["bias"] + sum(w * getattr(s, n) for n, w in sure.items() if n != "bias" and hasattr(s, n))
    out = 1 / (1 + exp(-max(-50.0, min(50.0, odds))))
    return min(out, UNSURE_AT_MOST) if s.telling < LEAST_WORDS and s.exact <= 0 else out


def verdict(chance: float, answered: bool) -> Verdict:
    """The chance in a word."""
    if not answered or chance < SOME:
        return Verdict.NONE
    return (
        Verdict.CONFIDENT if chance >= CONFIDENT else Verdict.LIKELY if chance >= LIKELY else Verdict.UNSURE
    )
