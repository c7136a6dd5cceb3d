"""`bugatlas eval live`: how good the comments were that the service wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.ground import PATH, opened, tell

if TYPE_CHECKING:
    from eval.live import Live


@click.command("live")
@click.argument("file", type=PATH, required=False, metavar="[LIVE.jsonl]")
@click.option("--max-files", type=click.IntRange(1), default=15, show_default=True,
              help="Commits that change more source files are left out.")  # fmt: skip
@click.option("--max-gold", type=click.IntRange(1), default=10, show_default=True,
              help="Issues with more gold files are left out.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def live_command(ctx: click.Context, file: Path | None, max_files: int, max_gold: int, as_json: bool) -> None:
    """Score the comments on issues that have been fixed since.

    LIVE.jsonl is what the service keeps of its comments, by default service/live.jsonl in the index. Index
    first, so that the fixes are known.
    """
    import msgspec

    from eval.live import live, read_told
    from eval.mine import Limits

    index = opened(ctx)
    told, problems = read_told(file or index.root / "service" / "live.jsonl")
    found = live(index, told, Limits(max_files, max_gold))
    tell([*problems, *found.problems])
    click.echo(msgspec.json.encode(found).decode() if as_json else as_text(found))


def as_text(found: Live) -> str:
    """For people."""
    from locator.terminal import one_line

    out = [
        f"{found.commented} issues were commented on: {len(found.settled)} fixed since, {found.late} commented on "
        f"after the fix was begun, {found.open} without a fix that the index's history tells of"
    ]
    out += [f"{n:11} {mean:.3f} [{low:.3f}, {high:.3f}]" for n, (mean, low, high) in found.measures.items()]
    out += [
        f"{v.verdict}: {v.issues} issues, first file right in {v.first:.0%}, promised {v.promised:.0%}"
        for v in found.verdicts
    ]
    for s in found.settled:
        place = f"file {s.rank}" if s.rank else "not listed"
        out.append(f"{s.issue:16} {place:10} {s.verdict:10} {s.confidence:.2f}  {one_line(s.title, 80)}")
    return "\n".join(out)
