"""Fitting the confidence after a model: from what a judged run's models said, and whether the first file was right.

A logistic curve over the offline log-odds and the model's word (`locator.judge.chance`), pulled to the present one.
Judged cases are few, so what is reported of the fit is cross-validated: no case speaks for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from eval.cases import Case
from eval.runfile import RunLine
from eval.scoring.calibration_error import Trust, trust
from eval.scoring.intervals import Difference, differences
from eval.scoring.measures import score
from locator.judge.chance import shape_of
from locator.weights import Weights

LEAST = 30  # judged cases below which a fit is luck (guess)
FOLDS = 10
PULL = 1.0  # L2 towards the present curve: a variance of 1 in log-odds for each coefficient

Values = NDArray[np.float64]


class JudgedFit(Struct, frozen=True):
    """A fitted curve, and what it is good for."""

    cases: int
    table: dict[str, float]
    before: Trust  # of the present curve
    after: Trust  # of the fitted one, cross-validated
    gain: Difference  # in the Brier score, after minus before: below 0 is better

    @property
    def better(self) -> bool:
        """Whether the gain is sure."""
        return self.gain.high < 0


def fit_judged(cases: Sequence[Case], run: Mapping[str, RunLine], weights: Weights) -> JudgedFit | None:
    """None where the run has too few judged cases."""
    some = [c for c in cases if (line := run.get(c.id)) is not None and line.judgement is not None]
    if len(some) < LEAST:
        return None
    right = score(some, run).of("Success@1")
    words = [word for c in some if (word := run[c.id].judgement) is not None]
    names = list(shape_of(words[0]))
    shapes = np.array([[1.0, *shape_of(word).values()] for word in words])
    start = np.array([weights.judged.get(n, 0.0) for n in ("bias", *names)])
    old = _chances(shapes, start)
    new = np.zeros(len(some))
    for fold in range(FOLDS):
        out = np.arange(len(some)) % FOLDS == fold
        new[out] = _chances(shapes[out], _fitted(shapes[~out], right[~out], start))
    table = dict(
        zip(("bias", *names), (round(float(w), 2) for w in _fitted(shapes, right, start)), strict=True)
    )

    def believed(chances: Values) -> Trust:
        lines = {c.id: replace(run[c.id], confidence=float(p)) for c, p in zip(some, chances, strict=True)}
        found = trust(some, lines)
        assert found is not None
        return found

    gain = differences(((new - right) ** 2)[:, None], ((old - right) ** 2)[:, None])[0]
    return JudgedFit(len(some), table, believed(old), believed(new), gain)


def _chances(shapes: Values, table: Values) -> Values:
    return np.asarray(1 / (1 + np.exp(-np.clip(shapes @ table, -50, 50))))


def _fitted(shapes: Values, right: Values, start: Values) -> Values:
    """Coefficients by penalised maximum likelihood."""
    from scipy.optimize import minimize

    def loss(table: Values) -> tuple[float, Values]:
        p = np.clip(_chances(shapes, table), 1e-9, 1 - 1e-9)
        pulled = table - start
        value = -(right * np.log(p) + (1 - right) * np.log(1 - p)).sum() + PULL / 2 * float(pulled @ pulled)
        return float(value), shapes.T @ (p - right) + PULL * pulled

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def as_text(fit: JudgedFit) -> str:
    """A fit as lines of text."""
    rows = [
        f"{fit.cases} judged cases; curve: " + ", ".join(f"{n} {w:+.2f}" for n, w in fit.table.items()),
        f"Brier score {fit.before.brier:.3f} before, {fit.after.brier:.3f} after (cross-validated); "
        f"difference {fit.gain.mean:+.3f} [{fit.gain.low:+.3f}, {fit.gain.high:+.3f}]",
        f"calibration error {fit.before.error:.3f} before, {fit.after.error:.3f} after",
        "said   true   cases   (after)",
    ]
    rows += [f"{b.said:.2f}   {b.true:.2f}   {b.cases}" for b in fit.after.bins if b.cases]
    return "\n".join(rows)
