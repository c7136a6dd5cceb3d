"""Learning from one's own history: weights and confidence fitted on past fixes, kept only if they gain.

Lessons are past commits, or the reports of a bug set, which teach more (see `lessons.TEACHABLE`). The oldest
teach, the newest judge. Weights are non-negative and pulled to the shipped ones; how strongly is chosen within
the teaching part. They are kept only where the paired 95 % interval of the gain in MRR on the judging part
lies above zero; the confidence likewise, by its Brier score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from eval import working_index
from eval.cases import Case
from eval.learning.fit import Floats, Sample, fit, logistic, reciprocal_ranks
from eval.learning.lessons import TEACHABLE, Lesson, Trial, lessons, names_of, sample, trial
from eval.mining.mine import repos_of
from eval.scoring.intervals import Difference, differences
from eval.snapshots import prepare
from eval.working_index import Say, reading
from indexer.workers.pool import Workers
from locator.confidence import chance
from locator.weights import Weights
from summaries.errors import UsageError
from summaries.index.index import Index

PULLS = (10.0, 30.0, 100.0, 300.0, 1000.0)
SURE_PULL = 5.0
JUDGING_SHARE = 0.35  # share of the lessons that judge
INNER = 0.7  # share of the teaching part that teaches while the pull is chosen
LEAST = 30  # lessons
SHOWN = ("Success@1", "Success@5", "Success@10", "MRR", "Route@1")

T = TypeVar("T")


class TooFew(UsageError):
    """There is not enough to learn from."""


class Gain(Struct, frozen=True):
    """A measure on the judging part, before and after."""

    measure: str
    shipped: float
    learnt: float
    difference: Difference


class Calibration(Struct, frozen=True):
    """What was learnt, and whether it is worth keeping."""

    weights: Weights  # to use: shipped where nothing was gained
    fusion_gained: bool  # the fusion's weights are the learnt ones
    confidence_gained: bool  # the confidence's are
    learnt_from: str
    lessons: int
    teaching: int
    judging: int
    pull: float
    gains: tuple[Gain, ...]
    brier: Gain
    moved: Mapping[str, tuple[float, float]]  # learnt weights that differ: shipped, learnt


def calibrate(
    index: Index,
    reports: Sequence[Case] = (),
    *,
    shipped: Weights | None = None,
    most: int = 400,
    slices: int = 24,
    until: int = 2**40,
    work: Path | None = None,
    jobs: int = 1,
    say: Say = lambda line: None,
) -> Calibration:
    """Learn from the newest `most` fixes before `until`, or from reports. Raises TooFew."""
    dated = [c for c in reports if c.before is not None and c.before < until]
    cases = (
        sorted(dated, key=lambda c: (c.before or 0, c.id)) if reports else lessons(index, most, slices, until)
    )
    what = "reports" if reports else "past fixes"
    if len(cases) < LEAST:
        raise TooFew(f"only {len(cases)} {what} were found", f"{LEAST} are the least to learn from")
    say(f"{len(cases)} {what}, {cases[0].as_of} to {cases[-1].as_of}")
    world = prepare(cases, repos_of(index), "", "all", work, jobs, say)
    tasks = [Lesson(c, world.commits[c.id]) for c in cases]
    shipped = shipped or Weights()
    with reading(world.root, say), Pool(world.root, jobs) as pool:
        samples = pool.map(_sample, [(t, shipped) for t in tasks])
        known = [(t, s) for t, s in zip(tasks, samples, strict=True) if s]
        if len(known) < LEAST:
            raise TooFew(f"only {len(known)} {what} have a file that can be found",
                             f"{LEAST} are the least to learn from")  # fmt: skip
        cut = int(len(known) * (1 - JUDGING_SHARE))
        pull, learnt = _learn([s for _, s in known[:cut]], shipped, all_free=bool(reports))
        say(f"weights fitted on {cut} of them (pull {pull:g}); judging on {len(known) - cut}")
        asked = [t for t, _ in known]
        before = pool.map(_trial, [(t, shipped) for t in asked])
        after = pool.map(_trial, [(t, learnt) for t in asked])
    gains = _gains(before[cut:], after[cut:])
    kept = next(g for g in gains if g.measure == "MRR").difference.low > 0
    weights, trials = (learnt, after) if kept else (shipped, before)
    sure, brier = _confidence(trials[:cut], trials[cut:], weights)
    sure_kept = brier.difference.low > 0
    final = replace(weights, sure=sure) if sure_kept else weights
    moved = _moved(shipped, learnt)
    return Calibration(
        final, kept, sure_kept, what, len(cases), cut, len(known) - cut, pull, gains, brier, moved
    )


def _learn(samples: Sequence[Sample], shipped: Weights, *, all_free: bool) -> tuple[float, Weights]:
    """The pull chosen on the later of the samples, and the weights that it gives on all of them."""
    names = names_of(shipped)
    free = np.array([all_free or f"{part}.{name}" in TEACHABLE for part, name in names], np.bool_)
    start = np.array([getattr(shipped, part)[name] for part, name in names], np.float64)
    cut = int(len(samples) * INNER)
    early, late = samples[:cut], samples[cut:]
    scored = [reciprocal_ranks(late, fit(early, start, p, free)) for p in PULLS]
    pull = _pull(scored)
    found = fit(samples, start, pull, free)
    tables: dict[str, dict[str, float]] = {}
    for (part, name), w in zip(names, found, strict=True):
        tables.setdefault(part, {})[name] = float(w)
    return pull, replace(shipped, **tables)


def _pull(scored: Sequence[Floats]) -> float:
    """The strongest pull that is within a standard error of the best (Breiman et al., CART, 1984)."""
    best = max(scored, key=lambda s: float(s.mean()))
    behind = [best - s for s in scored]
    close = [p for p, d in zip(PULLS, behind, strict=True) if d.mean() <= d.std() / max(1, len(d) - 1) ** 0.5]
    return max(close)


def measured(trials: Sequence[Trial]) -> Floats:
    """`SHOWN` of each trial: (trials, measures)."""
    rows = [
        [float(bool(t.rank and t.rank <= k)) for k in (1, 5, 10)]
        + [1 / t.rank if t.rank else 0.0, float(t.route == 1)]
        for t in trials
    ]
    return np.array(rows, np.float64).reshape(len(trials), len(SHOWN))


def _gains(before: Sequence[Trial], after: Sequence[Trial]) -> tuple[Gain, ...]:
    a, b = measured(after), measured(before)
    means = zip(SHOWN, b.mean(axis=0), a.mean(axis=0), differences(a, b), strict=True)
    return tuple(Gain(n, round(float(x), 4), round(float(y), 4), d) for n, x, y, d in means)


def _confidence(
    teaching: Sequence[Trial], judging: Sequence[Trial], weights: Weights
) -> tuple[dict[str, float], Gain]:
    """Coefficients of the confidence fitted on one part, and what they gain in Brier score on the other."""
    names = [n for n in weights.sure if n != "bias"]
    start = np.array([weights.sure["bias"], *(weights.sure[n] for n in names)], np.float64)
    shaped = [t for t in teaching if t.shape]
    x = np.array([[getattr(t.shape, n) for n in names] for t in shaped], np.float64).reshape(-1, len(names))
    y = np.array([float(t.rank == 1) for t in shaped], np.float64)
    found = logistic(x, y, start, SURE_PULL)
    sure = {"bias": float(found[0]), **{n: float(v) for n, v in zip(names, found[1:], strict=True)}}

    def wrong(table: Mapping[str, float]) -> Floats:
        told = [(chance(t.shape, table) if t.shape else 0.0) - float(t.rank == 1) for t in judging]
        return np.array(told, np.float64).reshape(-1, 1) ** 2

    old, new = wrong(weights.sure), wrong(sure)
    gain = differences(old, new)[0]
    return sure, Gain("Brier score", round(float(old.mean()), 4), round(float(new.mean()), 4), gain)


def _moved(shipped: Weights, learnt: Weights) -> dict[str, tuple[float, float]]:
    out = {}
    for part, name in names_of(shipped):
        a, b = getattr(shipped, part)[name], getattr(learnt, part)[name]
        if abs(a - b) >= 0.005:
            out[f"{part}.{name}"] = (round(a, 4), round(b, 4))
    return out


def as_text(c: Calibration) -> str:
    """What was learnt, for people."""
    out = [
        f"{c.lessons} {c.learnt_from}; {c.teaching} taught, the newest {c.judging} judged (pull {c.pull:g})",
        "",
        "| on the judging part | shipped | learnt | gain | p |",
        "|---|---|---|---|---|",
    ]
    for g in (*c.gains, c.brier):
        d = g.difference
        out.append(
            f"| {g.measure} | {g.shipped:.3f} | {g.learnt:.3f} "
            f"| {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}] | {d.p:.3f} |"
        )
    out += [
        "",
        "weights: "
        + (
            "the learnt ones are used"
            if c.fusion_gained
            else "nothing gained for sure; the shipped ones stay"
        ),
    ]
    out.append(
        "confidence: "
        + (
            "the learnt one is used"
            if c.confidence_gained
            else "nothing gained for sure; the shipped one stays"
        )
    )
    most = sorted(c.moved.items(), key=lambda x: -abs(x[1][0] - x[1][1]))[:12]
    if most:
        out += ["", "moved most (shipped, learnt):"]
        out += [f"  {n:28} {a:6.3f} {b:6.3f}" for n, (a, b) in most]
    return "\n".join(out)


def provenance(c: Calibration, index: Index) -> dict[str, Any]:
    """What the weights' file says of how they were learnt."""
    return {
        "lessons": f"{c.lessons} {c.learnt_from}",
        "taught": c.teaching,
        "judged": c.judging,
        "pull": c.pull,
        "weights kept": c.fusion_gained,
        "confidence kept": c.confidence_gained,
        "gains": {
            g.measure: {"shipped": g.shipped, "learnt": g.learnt, "low": round(g.difference.low, 4),
                        "high": round(g.difference.high, 4), "p": round(g.difference.p, 4)}
            for g in (*c.gains, c.brier)
        },
        "heads": {name: s.commit for name, s in index.repos.items()},
    }  # fmt: skip


_opened: Index


def opened() -> Index:
    """The working index, in a process of the pool."""
    return _opened


def _start(root: Path, processes: int) -> None:
    global _opened
    _opened = working_index.opened(root, processes)


def _sample(task: tuple[Lesson, Weights]) -> Sample | None:
    return sample(_opened, *task)


def _trial(task: tuple[Lesson, Weights]) -> Trial:
    return trial(_opened, *task)


class Pool:
    """Processes that hold the working index open, or this one where one is enough."""

    def __init__(self, root: Path, jobs: int) -> None:
        self.pool = Workers(jobs, _start, root, jobs) if jobs > 1 else None
        if self.pool is None:
            _start(root, 1)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pool:
            self.pool.__exit__(kind, error, trace)

    def map(self, work: Callable[[Any], T], tasks: Sequence[Any]) -> list[T]:
        """Results in the order of the tasks."""
        return list(self.pool.map(work, tasks, chunksize=4)) if self.pool else [work(t) for t in tasks]
