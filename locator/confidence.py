"""How sure the first answer is: a calibrated chance, and the word that goes with it."""

from __future__ import annotations

from math import exp

import numpy as np

from locator.rank import Ranking
from locator.scope import Scope

# Logistic fit on the shape of the score curve; see docs/accuracy.md for how and on what.
BIAS, MARGIN, EXPLICIT, GAP5 = -1.2, 4.0, 0.8, 1.5


def features(scope: Scope, ranking: Ranking) -> tuple[float, float, float]:
    """Margin of the first file over the second and over the sixth, and whether the report points at it."""
    scores = ranking.scores[ranking.candidates]
    if not len(scores) or scores.max() <= 0:
        return 0.0, 0.0, 0.0
    top = np.sort(scores)[::-1][:6] / scores.max()
    best = int(np.argmax(ranking.scores))
    explicit = max((float(p[best] > 0) for n, p in ranking.parts.items() if n.startswith("at:")), default=0.0)
    second = float(top[1]) if len(top) > 1 else 0.0
    sixth = float(top[5]) if len(top) > 5 else 0.0
    return 1 - second, 1 - sixth, explicit


def confidence(scope: Scope, ranking: Ranking) -> float:
    """Chance that the first file is among those to change, 0-1."""
    margin, gap, explicit = features(scope, ranking)
    if margin == gap == 0.0:
        return 0.0
    return 1 / (1 + exp(-(BIAS + MARGIN * margin + GAP5 * gap + EXPLICIT * explicit)))


def verdict(chance: float, found: bool) -> str:
    """The chance in a word."""
    if not found or chance < 0.12:
        return "no confident match"
    return "confident" if chance >= 0.6 else "likely" if chance >= 0.35 else "unsure"
