"""What the commands of `bugatlas eval` share: cases read, repositories found and indexed, runs answered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.cases import Case, Repo, read_cases, read_repos
from summaries.errors import UsageError
from summaries.index.index import Index

if TYPE_CHECKING:
    from eval.rankers.settings import RunSettings
    from eval.runfile import RunLine
    from eval.snapshots import CaseSnapshots

PATH = click.Path(path_type=Path)
SHOWN = 20  # problems printed before the rest is counted


def print_problems(problems: Sequence[str]) -> None:
    """Print what was wrong with the input, on standard error."""
    for line in problems[:SHOWN]:
        click.echo(f"warning: {line}", err=True)
    if len(problems) > SHOWN:
        click.echo(f"warning: and {len(problems) - SHOWN} more", err=True)


def load(path: Path) -> list[Case]:
    """Cases of a file; what is wrong with others is told. Raises UsageError where there is none."""
    cases, problems = read_cases(path)
    print_problems(problems)
    if not cases:
        raise UsageError(f"{path} holds no case")
    return cases


def opened(ctx: click.Context) -> Index:
    """The index that the command line names."""
    from summaries.index.index import default_dir

    return Index.open(ctx.obj or default_dir())


def places(ctx: click.Context, repos: Path | None, mirror: str | None) -> list[Repo]:
    """The repositories to search: those of a list, or those of the index."""
    if (repos is None) != (mirror is None):
        raise UsageError("--repos and --mirror go together", "leave both out for the index's repositories")
    if repos:
        return read_repos(repos)
    return [Repo(s.name, s.name, s.git_dir) for s in opened(ctx).repos.values()]


def prepared(
    cases: Sequence[Case], repos: Sequence[Repo], mirror: str, scope: str, work: Path | None, jobs: int | None
) -> CaseSnapshots:
    """Resolve and index what the cases need; problems are told."""
    from eval.snapshots import prepare

    world = prepare(cases, repos, mirror, scope, work, cores(jobs), lambda s: click.echo(s, err=True))
    print_problems(world.problems)
    return world


def cores(jobs: int | None) -> int:
    """Number of worker processes to use."""
    return jobs or min(os.cpu_count() or 1, 8)


def answer_all(
    cases: Sequence[Case],
    world: CaseSnapshots,
    settings: RunSettings,
    scope: str,
    out: Path,
    jobs: int | None,
    *,
    fresh: bool,
) -> int:
    """Answer all cases, with a bar on a terminal; how many were answered now."""
    from rich.console import Console
    from rich.progress import Progress

    from eval.run import run

    failed: list[str] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not os.isatty(2)) as bar:
        task = bar.add_task(settings.name, total=len(cases))

        def on_line(line: RunLine) -> None:
            bar.advance(task)
            if line.error:
                failed.append(f"{line.id}: {line.error}")

        done = run(
            cases, world, settings, scope, out, jobs=cores(jobs), fresh=fresh, on_line=on_line,
            say=lambda line: click.echo(line, err=True),
        )  # fmt: skip
    print_problems(failed)
    return done


def summary(cases: Sequence[Case], lines: Mapping[str, RunLine]) -> str:
    """Headline measures with their intervals, a line each."""
    from statistics import median

    from eval.scoring.intervals import intervals
    from eval.scoring.measures import HEADLINE, score

    scores = score(cases, lines)
    wanted = scores.values[:, [scores.names.index(n) for n in HEADLINE]]
    out = [f"{name:12} {i}" for name, i in zip(HEADLINE, intervals(wanted), strict=True)]
    seconds = sorted(x.seconds for x in lines.values() if x.seconds)
    if seconds:
        slow = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
        out.append(f"{'seconds':12} median {median(seconds):.3f}, p95 {slow:.3f}")
    return "\n".join(out)
