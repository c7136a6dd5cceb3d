"""Two runs over the same cases, measured side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from eval.cases import Case
from eval.runfile import RunLine
from eval.scoring.intervals import Difference, Interval, differences, intervals
from eval.scoring.measures import HEADLINE, first_ranks, score

MOVED = 10  # cases named on either side


class Moved(Struct, frozen=True):
    """A case whose first gold file stands elsewhere in A than in B."""

    id: str
    title: str
    a: int | None
    b: int | None


class Row(Struct, frozen=True):
    """One measure of both runs and the difference."""

    measure: str
    a: Interval
    b: Interval
    difference: Difference


class Comparison(Struct, frozen=True):
    """Run A against run B over the same cases."""

    cases: int
    rows: tuple[Row, ...]
    better: tuple[Moved, ...]  # in A, most moved first
    worse: tuple[Moved, ...]


def compare(cases: Sequence[Case], a: Mapping[str, RunLine], b: Mapping[str, RunLine]) -> Comparison:
    """Measure both runs over all cases; one without an answer scores zero in the run that lacks it."""
    one, two = score(cases, a), score(cases, b)
    at = [one.names.index(n) for n in HEADLINE]
    x, y = one.values[:, at], two.values[:, at]
    rows = [Row(*r) for r in zip(HEADLINE, intervals(x), intervals(y), differences(x, y), strict=True)]
    gain = one.of("MRR") - two.of("MRR")
    ranks = list(zip(first_ranks(cases, a), first_ranks(cases, b), strict=True))

    def moved(order: Sequence[int]) -> tuple[Moved, ...]:
        return tuple(Moved(cases[i].id, cases[i].title, *ranks[i]) for i in order[:MOVED])

    order = [int(i) for i in np.argsort(-gain, kind="stable")]
    better = moved([i for i in order if gain[i] > 0])
    worse = moved([i for i in reversed(order) if gain[i] < 0])
    return Comparison(len(cases), tuple(rows), better, worse)


def as_text(c: Comparison, a: str = "A", b: str = "B") -> str:
    """A table for people; Markdown reads it too."""
    out = [
        f"{c.cases} cases; intervals are 95 %, paired bootstrap; p by permutation",
        "",
        f"| measure | {a} | {b} | difference | p | better / worse |",
        "|---|---|---|---|---|---|",
    ]
    for r in c.rows:
        d = r.difference
        mark = " *" if d.sure else ""
        out.append(
            f"| {r.measure} | {r.a} | {r.b} | {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}]{mark} "
            f"| {d.p:.3f} | {d.better} / {d.worse} |"
        )
    for name, cases in ((f"Better in {a}", c.better), (f"Worse in {a}", c.worse)):
        if cases:
            out += ["", f"{name} (rank in {a}, in {b}):"]
            out += [f"- {m.id} ({m.a or 'not listed'}, {m.b or 'not listed'}) {m.title[:90]}" for m in cases]
    return "\n".join(out)
