"""`bugatlas calibrate`: weights and confidence learnt from one's own past fixes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.cases import seconds_of
from eval.commands.shared import PATH, load, opened
from summaries.errors import UsageError

if TYPE_CHECKING:
    from summaries.index.index import Index


# fmt: off
@click.command()
@click.option("--cases", type=PATH, metavar="CASES.jsonl",
              help="Learn from these reports (see `eval mine --issues`).  [default: messages of past fixes]")
@click.option("--fixes", type=click.IntRange(30), default=400, show_default=True, help="Past fixes to learn from.")
@click.option("--until", metavar="DATE", help="Only what was fixed before then, so that later bugs can be scored.")
@click.option("--work", type=PATH, metavar="DIR", help="An index of the snapshots.  [default: in the user's cache]")
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one a core, 8 at most]")
@click.option("--out", type=PATH, metavar="FILE.json", help="Write there, for `eval run --config`; leave the index.")
@click.option("--judged", type=PATH, metavar="RUN.jsonl",
              help="Fit the confidence after a model to this judged run of --cases, and nothing else.")
@click.option("--reset", is_flag=True, help="Go back to the shipped weights.")
@click.pass_context
def calibrate(
    ctx: click.Context, cases: Path | None, fixes: int, until: str | None, work: Path | None, jobs: int | None,
    out: Path | None, judged: Path | None, reset: bool,
) -> None:
    """Fit the ranking to the indexed repositories' own past fixes, and keep it if it gains."""
    # fmt: on
    import msgspec
    from msgspec.structs import replace as replace_

    from eval.learning import offsets
    from eval.learning.calibrate import TooFew, as_text, provenance
    from eval.learning.calibrate import calibrate as learn
    from locator.weights import FILE, Learnt
    from summaries.fs import replace

    index = opened(ctx)
    target = out or index.root / FILE
    if reset:
        (index.root / FILE).unlink(missing_ok=True)
        click.echo("the index uses the shipped weights")
        return
    if judged:
        _fit_judged(index, judged, cases, target)
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
    ends = offsets.learn(
        index,
        load(cases) if cases else (),
        weights=found.weights,
        most=fixes,
        until=before,
        work=work,
        jobs=jobs or min(os.cpu_count() or 1, 8),
        say=lambda line: click.echo(line, err=True),
    )
    if ends:
        click.echo("\n" + offsets.as_text(ends))
    used = replace_(found.weights, offsets=ends.offsets) if ends and ends.gained else found.weights
    if not (found.fusion_gained or found.confidence_gained or used.offsets or out):
        with index.writing():
            target.unlink(missing_ok=True)  # what an earlier run learnt is no longer borne out
        return
    notes = provenance(found, index) | ({"offsets": offsets.provenance(ends)} if ends else {})
    data = msgspec.json.format(msgspec.json.encode(Learnt(used, notes)), indent=1)
    try:
        with index.writing():
            replace(target, data + b"\n")
    except OSError as e:
        raise UsageError(f"cannot write {target}: {e.strerror}") from e
    click.echo(f"\nwritten to {target}")


def _fit_judged(index: Index, run: Path, cases: Path | None, target: Path) -> None:
    """Fit the confidence after a model, and keep it where it surely gains."""
    import msgspec
    from msgspec.structs import replace as with_

    from eval.learning.judged import LEAST, as_text, fit_judged
    from eval.runfile import read_run
    from locator.weights import Learnt, Weights
    from summaries.fs import replace

    if cases is None:
        raise UsageError("--judged needs the cases of that run", "give them: --cases CASES.jsonl")
    weights = Weights.of(index.root)
    fit = fit_judged(load(cases), read_run(run)[0], weights)
    if fit is None:
        click.echo(f"nothing learnt: fewer than {LEAST} judged cases")
        return
    click.echo(as_text(fit))
    if not fit.better:
        click.echo("no sure gain: the curve stays as it is")
        return
    learnt = Learnt.of(index.root) or Learnt(weights)
    notes = {**learnt.told, "judged": {"cases": fit.cases, "brier": fit.after.brier}}
    made = Learnt(with_(weights, judged=fit.table), notes)
    try:
        with index.writing():
            replace(target, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    except OSError as e:
        raise UsageError(f"cannot write {target}: {e.strerror}") from e
    click.echo(f"\nwritten to {target}")
