"""What a run means, in sentences for somebody who knows no measure by name; and what each measure is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eval.cases import Case
from eval.runfile import About
from eval.scoring.intervals import Interval

DEFINITIONS: Mapping[str, str] = {
    "Success@1": "Share of bugs where the first file of the answer is one that the fix changed.",
    "Success@3": "Share of bugs where a file that the fix changed is among the first 3.",
    "Success@5": "Share of bugs where a file that the fix changed is among the first 5.",
    "Success@10": "Share of bugs where a file that the fix changed is among the first 10.",
    "Success@100": "Share of bugs where a file that the fix changed is among the first 100.",
    "MRR": "Mean reciprocal rank: 1 where the first right file stands first, 1/2 where second, and so on; a mean.",
    "MAP": "Mean average precision: how early all the files that the fix changed stand, from 0 to 1.",
    "Recall@10": "Share of the files that the fix changed which are among the first 10, as a mean over bugs.",
    "All@10": "Share of bugs where every file that the fix changed is among the first 10.",
    "Route@1": "Share of bugs whose repository is named first.",
    "Route@2": "Share of bugs whose repository is among the first 2.",
    "Route@3": "Share of bugs whose repository is among the first 3.",
}
TERMS: Mapping[str, str] = {
    "gold": "The files that the bug's fix changed: what an answer should begin with.",
    "voter": "One kind of evidence, such as words, stack frames or past commits. The ranking is a weighted sum of voters.",
    "interval": "The range that holds the true value with 95 % certainty, by drawing the bugs again and again (bootstrap).",
    "expected calibration error": "How far the promised confidence is from how often answers were right: 0 is honest.",
    "Brier score": "Mean squared distance between promise and truth; 0 is perfect, 0.25 is tossing a coin.",
}
SHARES = ("Success", "Recall", "All", "Route")  # measures that are shares, shown in percent


def sentences(
    cases: int, runs: Sequence[tuple[str, Mapping[str, Interval]]], *, routed: bool
) -> Iterator[str]:
    """The first run in a sentence or two, then each other run beside it; `runs` are names and measures."""

    def count(measures: Mapping[str, Interval], name: str) -> int:
        return round(measures[name].mean * cases)

    first = runs[0][1]
    yield (
        f"In {count(first, 'Success@1')} of {cases} {'bug' if cases == 1 else 'bugs'} the first file was right; in "
        f"{count(first, 'Success@5')} a right file was among the first five, in {count(first, 'Success@10')} among the "
        "first ten."
    )
    if routed:
        yield f"The right repository was named first in {count(first, 'Route@1')}."
    for name, found in runs[1:]:
        one, five, ten = (count(found, m) for m in ("Success@1", "Success@5", "Success@10"))
        yield f"{name}: {one}, {five} and {ten}."


def shown(measure: str, value: float) -> str:
    """A value of a measure for people: shares in percent."""
    return f"{100 * value:.0f}%" if measure.startswith(SHARES) else f"{value:.2f}"


def repositories(cases: Sequence[Case]) -> tuple[tuple[str, int], ...]:
    """Repositories that fixes changed, with how many bugs each; the most first."""
    counts = Counter(repo for c in cases for repo in {g.repo for g in c.gold})
    return tuple(sorted(counts.items(), key=lambda x: (-x[1], x[0])))


def origin(run: Path, about: About | None) -> tuple[tuple[str, str], ...]:
    """Where a run comes from: when it was made, by which command and code."""
    made = datetime.fromtimestamp(run.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    told = [("made", made)]
    if about:
        told += [("command", about.command), ("source", about.code), ("commits searched", about.commits)]
    return tuple((name, value) for name, value in told if value)
