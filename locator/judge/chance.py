"""How sure the first answer is once a model has spoken: fitted, not guessed (`bugatlas calibrate --judged`)."""

from __future__ import annotations

from math import exp, log

from locator.answer import Judgement
from locator.weights import Weights


def shape_of(word: Judgement) -> dict[str, float]:
    """What the chance is computed from: the offline log-odds, and the model's word as switches."""
    p = min(0.99, max(0.01, word.offline))
    return {
        "offline": log(p / (1 - p)),
        "agrees": float(word.agrees),
        "high": float(word.sure == "high"),
        "low": float(word.sure == "low"),
        "dug": float(word.dug),
    }


def chance_after(word: Judgement, weights: Weights) -> float:
    """Chance that the first file is among those to change."""
    table = weights.judged
    odds = table.get("bias", 0.0) + sum(table.get(n, 0.0) * x for n, x in shape_of(word).items())
    return 1 / (1 + exp(-max(-50.0, min(50.0, odds))))
