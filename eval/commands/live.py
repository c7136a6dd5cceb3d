"""`bugatlas eval live`: how good the comments were that the service wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.commands.shared import PATH, opened, print_problems

if TYPE_CHECKING:
    from eval.feedback import FeedbackSummary
    from eval.live import Live


@click.command("live")
@click.argument("file", type=PATH, required=False, metavar="[LIVE.jsonl]")
@click.option(
    "--feedback",
    type=PATH,
    metavar="FILE",
    help="What people said of answers.  [default: feedback.jsonl beside LIVE.jsonl]",
)
@click.option("--max-files", type=click.IntRange(1), default=15, show_default=True,
              help="Commits that change more source files are left out.")  # fmt: skip
@click.option("--max-gold", type=click.IntRange(1), default=10, show_default=True,
              help="Issues with more gold files are left out.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def live_command(
    ctx: click.Context,
    file: Path | None,
    feedback: Path | None,
    max_files: int,
    max_gold: int,
    as_json: bool,
) -> None:
    """Score the comments on issues that have been fixed since, and count what people said of answers.

    LIVE.jsonl is what the service keeps of its comments, by default service/live.jsonl in the index. Index
    first, so that the fixes are known. "Helpful" and "not helpful" come from VS Code and `POST /v1/feedback`.
    """
    import msgspec

    from eval.feedback import NAME, counted, read_marks
    from eval.live import live, read_comments
    from eval.mining.mine import MiningLimits

    index = opened(ctx)
    path = file or index.root / "service" / "live.jsonl"
    said = feedback or path.with_name(NAME)
    marks, torn = read_marks(said) if feedback or said.exists() else ([], [])
    # A service without a tracker comments on nothing, and its marks count all the same.
    told, problems = ({}, []) if marks and not file and not path.exists() else read_comments(path)
    found = live(index, told, MiningLimits(max_files, max_gold))
    found = msgspec.structs.replace(found, feedback=counted(marks) if marks else None)
    print_problems([*problems, *torn, *found.problems])
    click.echo(msgspec.json.encode(found).decode() if as_json else as_text(found))


def as_text(result: Live) -> str:
    """The result as lines of text for a terminal."""
    from locator.render.page import counted
    from locator.terminal import one_line

    out = []
    if result.commented or not result.feedback:
        out.append(
            f"{counted(result.commented, 'issue was', 'issues were')} commented on: {len(result.settled)} fixed since, "
            f"{result.late} commented on after the fix was begun, {result.open} without a fix that the index's history "
            "tells of"
        )
    out += [f"{n:11} {mean:.3f} [{low:.3f}, {high:.3f}]" for n, (mean, low, high) in result.measures.items()]
    out += [
        f"{v.verdict}: {counted(v.issues, 'issue')}, first file right in {v.first:.0%}, promised {v.promised:.0%}"
        for v in result.verdicts
    ]
    for s in result.settled:
        place = f"file {s.rank}" if s.rank else "not listed"
        out.append(f"{s.issue:16} {place:10} {s.verdict:10} {s.confidence:.2f}  {one_line(s.title, 80)}")
    if result.feedback:
        out += ["", *_feedback_lines(result.feedback)] if out else _feedback_lines(result.feedback)
    return "\n".join(out)


def _feedback_lines(f: FeedbackSummary) -> list[str]:
    from locator.render.page import counted

    out = [
        f"{counted(f.reports, 'report')} with feedback from {counted(f.people, 'person', 'people')}: a helpful file "
        f"in {f.answered} of them, the first file helpful in {f.first}"
    ]
    rows = [(f"file {rank}", c) for rank, c in f.ranks.items()] + list(f.repos.items())
    wide = max(len(name) for name, _ in rows)
    return [*out, *(f"  {name.ljust(wide)}  {c.helpful} helpful, {c.not_helpful} not" for name, c in rows)]
