"""Whether a confidence can be believed: reliability, calibration error, and what is risked at which coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from eval.cases import Case
from eval.runfile import RunLine
from eval.scoring.measures import score

BINS = 10
DRAWS, SEED = 1_000, 1  # of truths, for what chance alone does


class Bin(Struct, frozen=True):
    """Answers of about one confidence: how sure they were and how often they were right."""

    said: float
    true: float
    cases: int


class Trust(Struct, frozen=True):
    """Confidence against truth over the answered cases."""

    cases: int
    error: float  # expected calibration error, ten bins of equal width
    brier: float
    bins: tuple[Bin, ...]
    coverage: tuple[float, ...]  # share of the answers given, the surest first
    success: tuple[float, ...]  # Success@1 among those
    surest_half: float  # Success@1 of the surest half


def trust(cases: Sequence[Case], run: Mapping[str, RunLine]) -> Trust | None:
    """None where the run tells no confidence.

    Calibration error after Guo et al., ICML 2017; risk and coverage after El-Yaniv & Wiener, JMLR 2010.
    """
    sure = [(n, line.confidence) for n, c in enumerate(cases) if (line := run.get(c.id)) is not None]
    told = [(n, s) for n, s in sure if s is not None]
    if not told:
        return None
    said = np.clip([s for _, s in told], 0, 1)
    true = score(cases, run).of("Success@1")[[n for n, _ in told]]
    which = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = []
    for b in range(BINS):
        on = which == b
        bins.append(
            Bin(float(said[on].mean()), float(true[on].mean()), int(on.sum())) if on.any() else Bin(0, 0, 0)
        )
    error = sum(b.cases * abs(b.said - b.true) for b in bins) / len(told)
    order = np.argsort(-said, kind="stable")
    running = np.cumsum(true[order]) / np.arange(1, len(order) + 1)
    share = np.arange(1, len(order) + 1) / len(order)
    half = max(1, len(order) // 2)
    return Trust(
        len(told), error, float(((said - true) ** 2).mean()), tuple(bins), tuple(share.tolist()),
        tuple(running.tolist()), float(running[half - 1]),
    )  # fmt: skip


def expected_error(promised: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Expected calibration error, ten bins of equal width."""
    which = np.minimum((np.clip(promised, 0, 1) * BINS).astype(int), BINS - 1)
    own = ((which == b) for b in range(BINS) if (which == b).any())
    return float(
        sum(on.sum() * abs(promised[on].mean() - true[on].mean()) for on in own) / max(1, len(promised))
    )


def error_by_chance(promised: NDArray[np.float64]) -> float:
    """The calibration error that so many answers show in the mean even where every promise is true.

    Few answers to a bin are never right as often as promised: an error is to be read beside this one.
    """
    if not len(promised):
        return 0.0
    draws = np.random.default_rng(SEED).random((DRAWS, len(promised))) < promised
    return float(np.mean([expected_error(promised, d.astype(np.float64)) for d in draws]))
