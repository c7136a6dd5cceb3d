"""What people said of answers in their editor: helpful or not, file by file, with the report that was asked.

Nothing is joined and nothing asked anew: unlike a fix, a mark says only what was thought when the answer was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from eval.runfile import read_lines

NAME = "feedback.jsonl"


class FileFeedback(Struct, frozen=True):
    """What somebody said of a file of an answer."""

    report: str
    repo: str
    path: str
    helpful: bool
    rank: int = 1


class FeedbackLine(Struct, frozen=True):
    """A line of the service's file."""

    time: float
    by: str
    said: FileFeedback


class HelpfulCounts(Struct, frozen=True):
    """How many marks of one kind call a file helpful, and how many do not."""

    helpful: int
    not_helpful: int


class FeedbackSummary(Struct, frozen=True):
    """All marks. Who changed their mind about a file is counted with the last word."""

    marks: int
    people: int  # tokens that they came with
    helpful: int
    reports: int
    answered: int  # reports with a helpful file
    first: int  # reports whose first file was helpful
    ranks: Mapping[int, HelpfulCounts]  # by the file's place in its answer
    repos: Mapping[str, HelpfulCounts]


def read_marks(path: Path) -> tuple[list[FeedbackLine], list[str]]:
    """Marks in the order in which they were made, and a message for every line that is none. Raises UsageError."""
    out, problems = read_lines(path, FeedbackLine, "name the file: --feedback FILE")
    return sorted(out, key=lambda m: m.time), problems


def counted(marks: Sequence[FeedbackLine]) -> FeedbackSummary:
    """Summarise all marks; the last word of each person about a file counts."""
    last = {(m.by, m.said.report, m.said.repo, m.said.path): m for m in marks}
    said = [m.said for m in last.values()]
    helpful = [s for s in said if s.helpful]
    return FeedbackSummary(
        marks=len(said),
        people=len({m.by for m in last.values()}),
        helpful=len(helpful),
        reports=len({s.report for s in said}),
        answered=len({s.report for s in helpful}),
        first=len({s.report for s in helpful if s.rank == 1}),
        ranks={r: _of([s for s in said if s.rank == r]) for r in sorted({s.rank for s in said})},
        repos={r: _of([s for s in said if s.repo == r]) for r in sorted({s.repo for s in said})},
    )


def _of(marks: Sequence[FileFeedback]) -> HelpfulCounts:
    helpful = sum(s.helpful for s in marks)
    return HelpfulCounts(helpful, len(marks) - helpful)
