"""What tokens buy: accuracy over tokens where a model is asked only below some confidence of the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from eval.cases import Case
from eval.runfile import RunLine
from eval.scoring.measures import score

THRESHOLDS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
MEASURES = ("Success@1", "Success@10", "MRR")


class CurvePoint(Struct, frozen=True):
    """What one threshold gives: cases judged, tokens and measures."""

    threshold: float  # a model is asked where the search is less sure than this; the setting `judge_spare`
    judged_cases: int  # cases
    tokens: float  # mean of all cases
    values: tuple[float, ...]  # of MEASURES


def token_curve(
    cases: Sequence[Case], offline: Mapping[str, RunLine], judged: Mapping[str, RunLine]
) -> tuple[CurvePoint, ...]:
    """A point for each threshold, from two runs over the same cases. No threshold asks nobody, 1.01 everybody."""
    out = []
    for threshold in THRESHOLDS:
        mixed: dict[str, RunLine] = {}
        tokens = asked = 0
        for case in cases:
            plain, model = offline.get(case.id), judged.get(case.id)
            if model is not None and (plain is None or (plain.confidence or 0.0) < threshold):
                mixed[case.id] = model
                tokens += sum(c.read + c.written for c in model.calls)
                asked += 1
            elif plain is not None:
                mixed[case.id] = plain
        means = score(cases, mixed).means()
        values = tuple(means[m] for m in MEASURES)
        out.append(CurvePoint(threshold, asked, tokens / max(1, len(cases)), values))
    return tuple(out)


def as_text(points: Sequence[CurvePoint]) -> str:
    """The curve as a table."""
    rows = [
        f"{'asked below':>11}  {'cases':>5}  {'tokens a case':>13}  "
        + "  ".join(f"{m:>10}" for m in MEASURES)
    ]
    rows += [
        f"{min(p.threshold, 1.0):>11.2f}  {p.judged_cases:>5}  {p.tokens:>13,.0f}  "
        + "  ".join(f"{v:>10.3f}" for v in p.values)
        for p in points
    ]
    return "\n".join(rows)
