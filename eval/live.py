"""What the service commented, scored against the commits that settled those issues afterwards.

Nothing is asked anew: the answer is the comment as it stood when the first fix was begun. Which commits settle an
issue, and which of their files are gold, are the rules of `eval mine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from eval.cases import Case
from eval.feedback import FeedbackSummary
from eval.mining.exports import ExportedIssue
from eval.mining.mine import LIMITS, MiningLimits, mine, names_of
from eval.runfile import RankedFile, RunLine, read_lines
from eval.scoring.intervals import intervals
from eval.scoring.measures import first_ranks, score
from locator.answer import Verdict as Word
from locator.trackers.handle import PostedComment
from summaries.index.index import Index

SHOWN = ("Success@1", "Success@3", "Success@5", "Success@10", "MRR", "Recall@10", "Route@1")


class SettledIssue(Struct, frozen=True):
    """A commented issue whose fix is known."""

    issue: str
    title: str
    verdict: str
    confidence: float
    commented: str  # when the comment was written that counts, ISO 8601
    rank: int | None  # of the first file that had to change; None: it was not in the comment
    gold: tuple[tuple[str, str], ...]  # (repository, path)


class VerdictShare(Struct, frozen=True):
    """Settled issues of one verdict."""

    verdict: str
    issues: int
    first: float  # share whose first file had to change
    promised: float  # mean confidence: the share that it promised


class Live(Struct, frozen=True):
    """How good the comments were."""

    commented: int  # issues
    open: int  # of these, without a fix in the index's history
    late: int  # commented on only after the fix was begun
    measures: Mapping[str, tuple[float, float, float]]  # mean and its 95 % interval over the settled issues
    verdicts: tuple[VerdictShare, ...]
    settled: tuple[SettledIssue, ...]  # latest first
    left_out: Mapping[str, int]  # commits and issues, by reason
    problems: tuple[str, ...] = ()
    feedback: FeedbackSummary | None = None  # what people said of answers; None where nobody said anything


def read_comments(path: Path) -> tuple[dict[str, list[PostedComment]], list[str]]:
    """Comments by issue, oldest first, and a message for every line that is none. Raises UsageError."""
    found, problems = read_lines(
        path,
        PostedComment,
        "the service writes live.jsonl into its state folder; name it: bugatlas eval live FILE",
    )
    out: dict[str, list[PostedComment]] = {}
    for told in found:
        out.setdefault(told.issue, []).append(told)
    return {k: sorted(v, key=lambda t: t.at) for k, v in out.items()}, problems


def live(
    index: Index, comments: Mapping[str, Sequence[PostedComment]], limits: MiningLimits = LIMITS
) -> Live:
    """Join comments with the fixes that the indexed history holds, and score them."""
    names = names_of(index)
    keys = {issue: _key(issue, names) for issue in comments}
    found = mine(
        index, [ExportedIssue(*key, comments[i][-1].title, "", "", True) for i, key in keys.items()], limits
    )
    by_id = {c.id: c for c in found.cases}
    cases: list[Case] = []
    lines: dict[str, RunLine] = {}
    counted: dict[str, tuple[str, PostedComment]] = {}
    late = 0
    for issue, own in comments.items():
        repo, key = keys[issue]
        case = by_id.get(f"{repo}#{key}" if repo else key)
        if case is None:
            continue
        before = [t for t in own if t.at <= (case.before or 0)]
        if not before:
            late += 1
            continue
        last = before[-1]
        cases.append(case)
        counted[case.id] = issue, last
        ranked = tuple(RankedFile(r, p) for r, p in last.files)
        lines[case.id] = RunLine(case.id, ranked, confidence=last.confidence)
    settled = [
        SettledIssue(
            issue, t.title, t.verdict, t.confidence, _iso(t.at), rank, tuple((g.repo, g.path) for g in c.gold)
        )
        for c, rank in zip(cases, first_ranks(cases, lines), strict=True)
        for issue, t in [counted[c.id]]
    ]
    settled.sort(key=lambda s: s.commented, reverse=True)
    waiting = len(comments) - len(cases) - late
    return Live(
        len(comments), waiting, late, _measures(cases, lines), _verdicts(settled), tuple(settled), found.left_out,
        found.problems,
    )  # fmt: skip


def _key(issue: str, names: Mapping[str, str]) -> tuple[str, str]:
    """(repository or "", key) of "SHOP-12" or "owner/name#12"."""
    repo, sign, number = issue.rpartition("#")
    return (names.get(repo, repo), number) if sign else ("", issue)


def _measures(cases: Sequence[Case], lines: Mapping[str, RunLine]) -> dict[str, tuple[float, float, float]]:
    if not cases:
        return {}
    scores = score(cases, lines)
    wanted = scores.values[:, [scores.names.index(n) for n in SHOWN]]
    found = zip(SHOWN, intervals(wanted), strict=True)
    return {n: (round(i.mean, 4), round(i.low, 4), round(i.high, 4)) for n, i in found}


def _verdicts(settled: Sequence[SettledIssue]) -> tuple[VerdictShare, ...]:
    out = []
    for verdict in Word:
        own = [s for s in settled if s.verdict == verdict]
        if own:
            first = sum(s.rank == 1 for s in own) / len(own)
            promised = sum(s.confidence for s in own) / len(own)
            out.append(VerdictShare(verdict, len(own), round(first, 4), round(promised, 4)))
    return tuple(out)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")
