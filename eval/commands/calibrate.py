"""`bugatlas calibrate`: weights and confidence learnt from one's own past fixes."""

from __future__ import annotations

import os
from pathlib import Path

import click

from eval.cases import seconds_of
from eval.commands.shared import PATH, load, opened
from summaries.errors import UsageError


# fmt: off
@click.command()
@click.option("--cases", type=PATH, metavar="CASES.jsonl",
              help="Learn from these reports (see `eval mine --issues`).  [default: messages of past fixes]")
@click.option("--fixes", type=click.IntRange(30), default=400, show_default=True, help="Past fixes to learn from.")
@click.option("--until", metavar="DATE", help="Only what was fixed before then, so that later bugs can be scored.")
@click.option("--work", type=PATH, metavar="DIR", help="An index of the snapshots.  [default: in the user's cache]")
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one a core, 8 at most]")
@click.option("--out", type=PATH, metavar="FILE.json", help="Write there, for `eval run --config`; leave the index.")
@click.option("--reset", is_flag=True, help="Go back to the shipped weights.")
@click.pass_context
def calibrate(
    ctx: click.Context, cases: Path | None, fixes: int, until: str | None, work: Path | None, jobs: int | None,
    out: Path | None, reset: bool,
) -> None:
    """Fit the ranking to the indexed repositories' own past fixes, and keep it if it gains."""
    # fmt: on
    import msgspec

    from eval.learning.calibrate import TooFew, as_text, told
    from eval.learning.calibrate import calibrate as learn
    from locator.weights import FILE, Learnt
    from summaries.fs import replace

    index = opened(ctx)
    target = out or index.root / FILE
    if reset:
        (index.root / FILE).unlink(missing_ok=True)
        click.echo("the index uses the shipped weights")
        return
    try:
        before = seconds_of(until) if until else 2**40
    except ValueError as e:
        raise UsageError(f"{until!r} is not a date", "write it as 2024-05-01") from e
    try:
        found = learn(
            index,
            load(cases) if cases else (),
            most=fixes,
            until=before,
            work=work,
            jobs=jobs or min(os.cpu_count() or 1, 8),
            say=lambda line: click.echo(line, err=True),
        )
    except TooFew as e:
        click.echo(f"nothing learnt: {e}; the weights stay as they are")
        return
    click.echo(as_text(found))
    if not (found.kept or found.sure_kept or out):
        with index.writing():
            target.unlink(missing_ok=True)  # what an earlier run learnt is no longer borne out
        return
    data = msgspec.json.format(msgspec.json.encode(Learnt(found.weights, told(found, index))), indent=1)
    try:
        with index.writing():
            replace(target, data + b"\n")
    except OSError as e:
        raise UsageError(f"cannot write {target}: {e.strerror}") from e
    click.echo(f"\nwritten to {target}")
