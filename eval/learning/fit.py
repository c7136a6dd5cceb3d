"""Fitting of the fusion: a listwise softmax over candidates, weights that are never negative and pulled to the
shipped ones.

The loss of a query is minus the log of the probability that its softmax gives to the gold files together
(Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007, for several relevant
documents). Everything is deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHARPEST = 200.0  # of the softmax
ROUNDS = 4


class Sample(Struct, frozen=True):
    """One query: features of its candidates (candidates, features), and which of them are gold."""

    x: NDArray[np.float32]
    gold: NDArray[np.bool_]


class Stack(Struct, frozen=True):
    """Samples of all lessons, end to end in one array."""

    x: Floats  # (rows, features)
    gold: NDArray[np.bool_]
    starts: NDArray[np.int64]  # first row of every sample

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Stack:
        """At least one sample; each has a gold row and another."""
        sizes = [len(s.gold) for s in samples]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        x = np.concatenate([s.x for s in samples]).astype(np.float64)
        return cls(x, np.concatenate([s.gold for s in samples]), starts)


def loss(stack: Stack, w: Floats, sharp: float) -> tuple[float, Floats, float]:
    """Summed loss, its gradient by the weights, and by the sharpness of the softmax."""
    raw = stack.x @ w
    each = np.diff(np.append(stack.starts, len(raw)))
    z = sharp * raw
    z -= np.repeat(np.maximum.reduceat(z, stack.starts), each)
    e = np.exp(z)
    p = e / np.repeat(np.add.reduceat(e, stack.starts), each)
    on_gold = np.where(stack.gold, p, 0.0)
    hit = np.maximum(np.add.reduceat(on_gold, stack.starts), 1e-12)
    back = p - on_gold / np.repeat(hit, each)
    return float(-np.log(hit).sum()), sharp * (stack.x.T @ back), float(raw @ back)


def fit(samples: Sequence[Sample], shipped: Floats, pull: float, free: NDArray[np.bool_]) -> Floats:
    """Weights that explain the samples; `pull` times the squared distance to `shipped` is added to the loss.

    Those that are not `free` stay as shipped.
    """
    from scipy.optimize import minimize

    bounds = [(0.0, None) if on else (w, w) for w, on in zip(shipped.tolist(), free, strict=True)]

    stack = Stack.of(samples)
    w = shipped
    for _ in range(ROUNDS):  # weights for a sharpness, and a sharpness for those weights
        sharp = sharpness(stack, w)

        def objective(w: Floats, sharp: float = sharp) -> tuple[float, Floats]:
            value, gradient, _ = loss(stack, w, sharp)
            away = w - shipped
            return value + pull * float(away @ away), np.where(free, gradient + 2 * pull * away, 0.0)

        found = minimize(objective, w, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200})
        w = np.asarray(found.x, np.float64)
    return w.round(4)


def sharpness(stack: Stack, w: Floats) -> float:
    """The sharpness at which the weights, left as they are, explain the samples best."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda t: loss(stack, w, float(np.exp(t)))[0], bounds=(0.0, float(np.log(SHARPEST))),
                            method="bounded", options={"xatol": 1e-3})  # fmt: skip
    return float(np.exp(found.x))


def reciprocal_ranks(samples: Sequence[Sample], w: Floats) -> Floats:
    """1 / rank of each sample's first gold candidate; ties count against it."""
    out = np.zeros(len(samples))
    for n, s in enumerate(samples):
        scores = s.x.astype(np.float64) @ w
        best = scores[s.gold].max()
        out[n] = 1.0 / (1 + int((scores[~s.gold] >= best).sum()))
    return out


def logistic(x: Floats, y: Floats, shipped: Floats, pull: float, counts: Floats | None = None) -> Floats:
    """Coefficients of a logistic regression, the first one the bias, pulled to `shipped`; the others never negative.

    `counts` says what each row counts; 1 where there is none.
    """
    from scipy.optimize import minimize

    full = np.column_stack([np.ones(len(x)), x])
    c = np.ones(len(x)) if counts is None else counts

    def objective(b: Floats) -> tuple[float, Floats]:
        z = full @ b
        value = float((c * (np.logaddexp(0, z) - y * z)).sum())
        away = b - shipped
        return value + pull * float(away @ away), full.T @ (c * (1 / (1 + np.exp(-z)) - y)) + 2 * pull * away

    bounds: list[tuple[float | None, float | None]] = [(None, None), *[(0.0, None)] * x.shape[1]]
    found = minimize(objective, shipped, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, np.float64).round(4)
