"""`bugatlas eval confidence`: fit and judge the confidence on several systems."""

from __future__ import annotations

from pathlib import Path

import click

from eval.commands.shared import PATH, load, prepared


# fmt: off
@click.command("confidence")
@click.option("--system", "systems", nargs=3, multiple=True, required=True, metavar="CASES REPOS SCOPE",
              help="A bug set, its list of repositories, and `eval run --scope`. Give two or more.")
@click.option("--mirror", required=True, metavar="PATTERN", help="Where clones lie, such as clones/{owner}/{name}.git")
@click.option("--work", required=True, type=PATH, metavar="DIR", help="Where an index of each system's snapshots is kept.")
@click.option("--jobs", type=click.IntRange(1), help="Processes that index.")
def confidence_command(
    systems: tuple[tuple[str, str, str], ...], mirror: str, work: Path, jobs: int | None
) -> None:
    """Fit the confidence on real reports, the same cut short, and reports about other systems.

    Each system is judged by what was fitted on the others.
    """
    import random

    from eval.cases import read_repos
    from eval.learning.confidence import ConfidencePoint, as_text, fitted, left_out, points
    from eval.working_index import reading
    from locator.weights import Weights
    from summaries.errors import UsageError

    if len(systems) < 2:
        raise UsageError("one system alone cannot be left out", "give --system twice or more")
    sets = {Path(cases).stem: (load(Path(cases)), read_repos(Path(repos)), scope) for cases, repos, scope in systems}
    found: list[ConfidencePoint] = []
    for name, (cases, repos, scope) in sets.items():
        foreign = [c for other, (more, _, _) in sets.items() if other != name for c in more]
        random.Random(1).shuffle(foreign)  # noqa: S311  (the same order every time)
        world = prepared(cases, repos, mirror, scope, work / name, jobs)
        with reading(world.root) as index:
            found += points(index, name, cases, world.commits, foreign, Weights())
        click.echo(f"{name}: {len(cases)} reports", err=True)
    click.echo(as_text(left_out(found), fitted(found)))
# fmt: on
