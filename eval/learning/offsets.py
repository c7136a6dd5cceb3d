"""One number for each repository: how much more often reports end there than their words say.

Learnt from reports with known fixes, a tracker's or lines of change logs, never from plain commit messages. The scores
that the ranking gives stay as they are; a number for each repository and the sharpness of a softmax are fitted to the
older reports, pulled to zero, and kept only if they gain on the newer ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from eval.cases import Case
from eval.learning.calibrate import JUDGING_SHARE, LEAST, Pool, opened
from eval.learning.fit import Floats, Sample, Stack, sharpness
from eval.learning.lessons import Lesson, ranked, sliced
from eval.mining.mine import mine, repos_of
from eval.scoring.intervals import Difference, differences
from eval.snapshots import prepare
from eval.working_index import Say, reading
from locator.weights import Weights
from summaries.index.index import Index

PULL = 10.0  # times the squared offsets: between 5 and 20 nothing else came out on two systems
CANDIDATES = 600  # best files of a report that are looked at, and the gold


class Asked(Struct, frozen=True):
    """One report: scores of its best files before the best became 1, whose they are, and which are gold."""

    scores: NDArray[np.float32]
    repos: NDArray[np.int64]
    gold: NDArray[np.bool_]


class ByRepo(Struct, frozen=True):
    """What the offsets do to reports that were mended in one repository."""

    repo: str
    reports: int  # that judge
    before: float  # MRR
    after: float


class Offsets(Struct, frozen=True):
    """What was learnt, and whether it is worth keeping."""

    offsets: Mapping[str, float]  # as fitted
    gained: bool
    learnt_from: str
    taught: int
    judged: int
    before: float  # MRR on the judging part
    after: float
    gain: Difference
    by_repo: tuple[ByRepo, ...]


def learn(
    index: Index,
    reports: Sequence[Case] = (),
    *,
    weights: Weights | None = None,
    most: int = 400,
    slices: int = 24,
    until: int = 2**40,
    work: Path | None = None,
    jobs: int = 1,
    say: Say = lambda line: None,
) -> Offsets | None:
    """Offsets from reports, or from the change logs' newest `most` issues; None where there are too few of either."""
    weights = weights or Weights()
    if len(index.repos) < 2:
        return None
    what = "reports" if reports else "issues of change logs"
    every = reports or mine(index, notes=True).cases
    dated = [c for c in every if c.before is not None and c.before < until]
    cases = sliced(sorted(dated, key=lambda c: (c.before or 0, c.id))[-most:], slices)
    if len(cases) < LEAST:
        return None
    say(f"{len(cases)} {what} for offsets of repositories")
    world = prepare(cases, repos_of(index), "", "all", work, jobs, say)
    names = sorted(index.repos)
    with reading(world.root, say), Pool(world.root, jobs) as pool:
        found = pool.map(_asked, [(Lesson(c, world.commits[c.id]), weights, names) for c in cases])
    known = [(c, a) for c, a in zip(cases, found, strict=True) if a]
    if len(known) < LEAST:
        return None
    cut = int(len(known) * (1 - JUDGING_SHARE))
    fitted = fit([a for _, a in known[:cut]], len(names), PULL)
    judged = known[cut:]
    before = np.array([reciprocal(a, np.zeros(len(names))) for _, a in judged])
    after = np.array([reciprocal(a, fitted) for _, a in judged])
    gain = differences(after.reshape(-1, 1), before.reshape(-1, 1))[0]
    return Offsets(
        {n: round(float(o), 4) for n, o in zip(names, fitted, strict=True) if abs(o) >= 0.0005},
        gain.low > 0,
        what,
        cut,
        len(judged),
        round(float(before.mean()), 4),
        round(float(after.mean()), 4),
        gain,
        _by_repo([c for c, _ in judged], before, after),
    )


def _by_repo(cases: Sequence[Case], before: Floats, after: Floats) -> tuple[ByRepo, ...]:
    rows: dict[str, list[int]] = defaultdict(list)
    for n, case in enumerate(cases):
        for repo in sorted({g.repo for g in case.gold}):
            rows[repo].append(n)
    return tuple(
        ByRepo(repo, len(own), round(float(before[own].mean()), 4), round(float(after[own].mean()), 4))
        for repo, own in sorted(rows.items(), key=lambda x: (-len(x[1]), x[0]))
    )


def fit(samples: Sequence[Asked], repos: int, pull: float) -> Floats:
    """Offsets that explain the samples, float64 (repos,); their mean is 0, as only differences count."""
    from scipy.optimize import minimize

    stack = Stack.of([Sample(s.scores.reshape(-1, 1), s.gold) for s in samples])
    sharp = sharpness(stack, np.ones(1))
    scores, gold, starts = stack.x[:, 0], stack.gold, stack.starts
    repo = np.concatenate([s.repos for s in samples])
    each = np.diff(np.append(starts, len(scores)))

    def objective(o: Floats) -> tuple[float, Floats]:
        z = sharp * (scores + o[repo])
        z -= np.repeat(np.maximum.reduceat(z, starts), each)
        e = np.exp(z)
        p = e / np.repeat(np.add.reduceat(e, starts), each)
        on = np.where(gold, p, 0.0)
        hit = np.maximum(np.add.reduceat(on, starts), 1e-12)
        back = p - on / np.repeat(hit, each)
        value = float(-np.log(hit).sum()) + pull * float(o @ o)
        return value, sharp * np.bincount(repo, back, repos) + 2 * pull * o

    found = minimize(objective, np.zeros(repos), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    out = np.asarray(found.x, np.float64)
    fitted: Floats = (out - out.mean()).round(4)
    return fitted


def reciprocal(asked: Asked, offsets: Floats) -> float:
    """1 / rank of the first gold file; ties count against it."""
    scores = asked.scores.astype(np.float64) + offsets[asked.repos]
    best = scores[asked.gold].max()
    return 1.0 / (1 + int((scores[~asked.gold] >= best).sum()))


def _asked(task: tuple[Lesson, Weights, list[str]]) -> Asked | None:
    lesson, weights, names = task
    scope, ranking, gold = ranked(opened(), lesson, weights)
    on = ranking.candidates & (ranking.scores > 0)
    gold = gold & on
    order = np.argsort(-ranking.scores, kind="stable")[:CANDIDATES]
    rows = np.unique(np.concatenate([order[on[order]], np.flatnonzero(gold)]))
    if not gold.any() or gold[rows].all():
        return None
    numbers = np.array([names.index(v.repo) for v in scope.views], np.int64)
    return Asked(ranking.scores[rows] * np.float32(ranking.top), numbers[scope.repo_of[rows]], gold[rows])


def as_text(o: Offsets) -> str:
    """What was learnt, for people."""
    d = o.gain
    out = [
        f"offsets of repositories: {o.taught} {o.learnt_from} taught, the newest {o.judged} judged: "
        f"MRR {o.before:.3f} -> {o.after:.3f}, {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}]; "
        + ("used" if o.gained else "nothing gained for sure; not used"),
        "",
        "| mended in | reports | MRR before | after | offset |",
        "|---|---|---|---|---|",
    ]
    out += [
        f"| {r.repo} | {r.reports} | {r.before:.3f} | {r.after:.3f} | {o.offsets.get(r.repo, 0.0):+.3f} |"
        for r in o.by_repo
    ]
    return "\n".join(out)


def provenance(o: Offsets) -> dict[str, object]:
    """What was learnt, for the record beside the weights."""
    return {
        "learnt from": o.learnt_from,
        "taught": o.taught,
        "judged": o.judged,
        "gained": o.gained,
        "MRR": {
            "before": o.before,
            "after": o.after,
            "low": round(o.gain.low, 4),
            "high": round(o.gain.high, 4),
        },
    }
