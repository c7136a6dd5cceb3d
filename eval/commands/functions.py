"""`bugatlas eval functions`."""

from __future__ import annotations

from pathlib import Path

import click

from eval.commands.shared import PATH, load, places, print_problems


@click.command("functions")
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN.jsonl...")
@click.option(
    "--cases", required=True, type=PATH, metavar="CASES.jsonl", help="The cases; fix_commits are read."
)
@click.option("--repos", type=PATH, metavar="FILE",
              help="owner/name [mirror-owner/mirror-name] a line.  [default: the index's repositories]")  # fmt: skip
@click.option("--mirror", metavar="PATTERN", help="Where those clones lie, such as clones/{owner}/{name}.git")
@click.pass_context
def functions_command(
    ctx: click.Context, runs: tuple[Path, ...], cases: Path, repos: Path | None, mirror: str | None
) -> None:
    """Score the functions that runs name against those that the fixes changed."""
    from eval.runfile import read_run
    from eval.scoring.functions import KS, changed_functions, function_scores
    from eval.scoring.intervals import differences, intervals

    asked = load(cases)
    gold, problems = changed_functions(asked, places(ctx, repos, mirror), mirror or "")
    print_problems(problems)
    first = None
    for path in runs:
        scores = function_scores(gold, asked, read_run(path)[0])
        click.echo(f"{path.stem}: {len(scores.ids)} of {len(asked)} cases whose fix changed a function")
        for k, interval in zip(KS, intervals(scores.values), strict=True):
            click.echo(f"function Success@{k}  {interval}")
        if first is not None:
            for k, d in zip(KS, differences(scores.values, first), strict=True):
                click.echo(f"  @{k} over the first run: {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}]")
        else:
            first = scores.values
