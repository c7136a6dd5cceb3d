"""How sure the first answer is: a calibrated chance, and the word that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

import numpy as np
from msgspec import Struct

from locator.rank import Ranking
from locator.scope import Scope
from locator.weights import Weights

STRANGE = 0.12  # share of the title's telling words below which the best file is about something else
FEW = 10  # terms; a shorter report cannot say much, however far one file is ahead


class Shape(Struct, frozen=True):
    """What the score curve and the evidence say of the first file."""

    margin: float  # 1 - second / first
    gap: float  # 1 - sixth / first
    exact: float  # weighted exact evidence: paths, names, quoted strings
    route: float  # 1 - best file of another repository / first
    covered: float  # share of the title's telling words that the file has, 0-1
    terms: int  # distinct terms of the report


def shape(scope: Scope, ranking: Ranking) -> Shape | None:
    """The shape of a ranking; None where nothing was found."""
    scores = np.where(ranking.candidates, ranking.scores, -1.0)
    if not len(scores) or scores.max() <= 0:
        return None
    order = np.argsort(-scores, kind="stable")[:50]
    top = scores[order] / scores[order[0]]
    best = int(order[0])
    exact = sum(float(p[best]) for n, p in ranking.parts.items() if n.startswith(("at:", "mark:")))
    others = top[scope.repo_of[order] != scope.repo_of[best]]
    return Shape(
        margin=1 - float(top[1]) if len(top) > 1 else 1.0,
        gap=1 - float(top[5]) if len(top) > 5 else 1.0,
        exact=exact,
        route=1 - float(others[0]) if len(others) else 1.0,
        covered=float(ranking.votes.files["covered"][best]),
        terms=len(ranking.votes.rarity),
    )


def confidence(scope: Scope, ranking: Ranking, weights: Weights) -> float:
    """Chance that the first file is among those to change, 0-1."""
    s = shape(scope, ranking)
    return chance(s, weights.sure) if s else 0.0


def chance(s: Shape, sure: Mapping[str, float]) -> float:
    """The chance that a shape stands for."""
    told = sure["bias"] + sum(sure[n] * getattr(s, n) for n in ("margin", "gap", "exact", "route"))
    out = 1 / (1 + exp(-max(-50.0, min(50.0, told))))
    return out if s.exact > 0 else out * min(1.0, s.covered / STRANGE)


def verdict(chance: float, found: bool) -> str:
    """The chance in a word."""
    if not found or chance < 0.12:
        return "no confident match"
    return "confident" if chance >= 0.6 else "likely" if chance >= 0.35 else "unsure"
