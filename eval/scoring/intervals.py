"""How sure a figure is: bootstrap intervals over cases, and tests of a difference between two runs.

Efron & Tibshirani, An Introduction to the Bootstrap, 1993 (percentile intervals); Smucker, Allan &
Carterette, CIKM 2007 (randomisation test on paired differences). All draws have a fixed seed: figures do
not flicker.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from summaries.products import product

DRAWS = 5_000
SEED = 20_240_229

Values = NDArray[np.float64]


class Interval(Struct, frozen=True):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


class Difference(Struct, frozen=True):
    """A minus B over the same cases."""

    mean: float
    low: float
    high: float
    p: float  # two-sided, of the permutation test
    better: int  # cases
    worse: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def intervals(values: Values) -> list[Interval]:
    """One interval a column of (cases, measures)."""
    if not len(values):
        return [Interval(0.0, 0.0, 0.0)] * values.shape[1]
    low, high = np.percentile(_resampled(values), [2.5, 97.5], axis=0)
    mean = values.mean(axis=0)
    return [Interval(*map(float, x)) for x in zip(mean, low, high, strict=True)]


def differences(a: Values, b: Values) -> list[Difference]:
    """Paired differences of the columns of two runs over the same cases."""
    if not len(a):
        return [Difference(0.0, 0.0, 0.0, 1.0, 0, 0)] * a.shape[1]
    d = a - b
    low, high = np.percentile(_resampled(d), [2.5, 97.5], axis=0)
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (DRAWS, len(d)))
    by_chance = np.abs(product(signs, d)) >= np.abs(d.sum(axis=0)) - 1e-9
    p = (by_chance.sum(axis=0) + 1) / (DRAWS + 1)
    return [
        Difference(float(d[:, i].mean()), float(low[i]), float(high[i]), float(p[i]), *_changed(d[:, i]))
        for i in range(d.shape[1])
    ]


def _resampled(values: Values) -> Values:
    """Means of every column in every draw: (draws, columns)."""
    n = len(values)
    picks = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), DRAWS)
    return product(picks.astype(np.float64), values) / n


def _changed(d: Values) -> tuple[int, int]:
    return int((d > 1e-12).sum()), int((d < -1e-12).sum())
