"""`bugatlas eval`: run, compare and report over cases whose fixes are known."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.cases import Case, Repo, read_cases, read_repos
from summaries.errors import UsageError
from summaries.index import Index

if TYPE_CHECKING:
    from eval.lines import Line
    from eval.settings import Settings
    from eval.world import World

PATH = click.Path(path_type=Path)
SHOWN = 20  # problems printed before the rest is counted


@click.group()
def evaluate() -> None:
    """Measure accuracy on bugs whose fixes are known."""


def tell(problems: Sequence[str]) -> None:
    """Print what was wrong with the input, on standard error."""
    for line in problems[:SHOWN]:
        click.echo(f"warning: {line}", err=True)
    if len(problems) > SHOWN:
        click.echo(f"warning: and {len(problems) - SHOWN} more", err=True)


def load(path: Path) -> list[Case]:
    """Cases of a file; what is wrong with others is told. Raises UsageError where there is none."""
    cases, problems = read_cases(path)
    tell(problems)
    if not cases:
        raise UsageError(f"{path} holds no case")
    return cases


# fmt: off
@evaluate.command("run")
@click.argument("cases", type=PATH)
@click.option("--repos", type=PATH, metavar="FILE",
              help="owner/name [mirror-owner/mirror-name] a line.  [default: the index's repositories]")
@click.option("--mirror", metavar="PATTERN", help="Where those clones lie, such as clones/{owner}/{name}.git")
@click.option("--scope", type=click.Choice(["all", "reported", "oracle"]), default="all", show_default=True,
              help="Rank over all repositories, the one reported in, or (oracle) those that the fix changed.")
@click.option("--out", required=True, type=PATH, metavar="RUN.jsonl", help="Where answers go; a torn run is resumed.")
@click.option("--work", type=PATH, metavar="DIR", help="An index of the snapshots.  [default: in the user's cache]")
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one a core, 8 at most]")
@click.option("--config", default="shipped", show_default=True, metavar="NAME|FILE",
              help="shipped, a baseline (see `eval baselines`), or a TOML or JSON file of weights.")
@click.option("-c", "--change", multiple=True, metavar="NAME=NUMBER", help="Change a weight: voters.path=0.5")
@click.option("--without", multiple=True, metavar="VOTER", help="Switch a voter or a group of them off: history")
@click.option("--limit", type=click.IntRange(1), help="Only the first cases.")
@click.option("--fresh", is_flag=True, help="Start over if the run is there.")
@click.option("--mode", type=click.Choice(["offline", "judge", "paper"]), help="Who orders the files.")
@click.option("--model", metavar="NAME|file:DIR", help="Language model, or a folder in which somebody answers.")
@click.option("--models", type=PATH, metavar="FILE", help="Settings of the model, as `--config` of other commands.")
@click.option("--record", type=PATH, metavar="FILE", help="Write the model's answers to FILE as well.")
@click.option("--replay", type=PATH, metavar="FILE", help="Take the model's answers from FILE and ask nobody.")
@click.pass_context
def run_command(
    ctx: click.Context, cases: Path, repos: Path | None, mirror: str | None, scope: str, out: Path,
    work: Path | None, jobs: int | None, config: str, change: tuple[str, ...], without: tuple[str, ...],
    limit: int | None, fresh: bool, mode: str | None, model: str | None, models: Path | None,
    record: Path | None, replay: Path | None,
) -> None:
    """Answer every case of CASES.jsonl with every repository as it was before the fix."""
    from eval.lines import read_run
    from eval.settings import settings_of

    settings = modelled(settings_of(config, change, without), mode, model, models, record, replay)
    asked = load(cases)[:limit]
    world = prepared(asked, places(ctx, repos, mirror), mirror or "", scope, work, jobs)
    done = answer_all(asked, world, settings, scope, out, jobs, fresh=fresh)
    lines, _ = read_run(out)
    click.echo(f"{settings.name}: {len(asked)} cases, {done} answered now; scope {scope}; {out}", err=True)
    click.echo(summary(asked, lines))
# fmt: on


def modelled(
    settings: Settings,
    mode: str | None,
    model: str | None,
    models: Path | None,
    record: Path | None,
    replay: Path | None,
) -> Settings:
    """Settings of a run that asks a model, where one is named. Raises UsageError."""
    from eval.models import with_model

    if not (mode or model or models or replay):
        return settings
    return with_model(settings, mode or "", model or "", models, record, replay)


def opened(ctx: click.Context) -> Index:
    """The index that the command line names."""
    from summaries.index import default_dir

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
) -> World:
    """Resolve and index what the cases need; problems are told."""
    from eval.world import prepare

    world = prepare(cases, repos, mirror, scope, work, cores(jobs), lambda s: click.echo(s, err=True))
    tell(world.problems)
    return world


def cores(jobs: int | None) -> int:
    """Processes to use."""
    return jobs or min(os.cpu_count() or 1, 8)


def answer_all(
    cases: Sequence[Case],
    world: World,
    settings: Settings,
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

        def on_line(line: Line) -> None:
            bar.advance(task)
            if line.error:
                failed.append(f"{line.id}: {line.error}")

        done = run(cases, world, settings, scope, out, jobs=cores(jobs), fresh=fresh, on_line=on_line)
    tell(failed)
    return done


def summary(cases: Sequence[Case], lines: Mapping[str, Line]) -> str:
    """Headline measures with their intervals, a line each."""
    from statistics import median

    from eval.intervals import intervals
    from eval.measures import HEADLINE, score

    scores = score(cases, lines)
    wanted = scores.values[:, [scores.names.index(n) for n in HEADLINE]]
    out = [f"{name:12} {i}" for name, i in zip(HEADLINE, intervals(wanted), strict=True)]
    seconds = sorted(x.seconds for x in lines.values() if x.seconds)
    if seconds:
        slow = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
        out.append(f"{'seconds':12} median {median(seconds):.3f}, p95 {slow:.3f}")
    return "\n".join(out)


@evaluate.command("baselines")
def baselines_command() -> None:
    """List what --config knows, and the groups that --without knows."""
    from eval.baselines import BASELINES
    from eval.settings import GROUPS

    click.echo("shipped             what `bugatlas locate` does")
    for name, ranker in BASELINES.items():
        click.echo(f"{name:19} {(ranker.__doc__ or '').splitlines()[0]}")
    click.echo("\n--without takes a voter's name or a group:")
    for name, voters in GROUPS.items():
        click.echo(f"{name:19} {', '.join(v.removeprefix('voters.') for v in voters)}")


@evaluate.command("compare")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--cases", required=True, type=PATH, metavar="CASES.jsonl", help="The cases that both answered."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare_command(a: Path, b: Path, cases: Path, as_json: bool) -> None:
    """Measure run A against run B over the same cases, paired."""
    import msgspec

    from eval.compare import as_text, compare
    from eval.lines import read_about, read_run

    asked = load(cases)
    (one, told), (two, more) = read_run(a), read_run(b)
    tell([*told, *more])
    found = compare(asked, one, two)
    names = [about.name if (about := read_about(path)) else path.stem for path in (a, b)]
    if names[0] == names[1]:
        names = [a.stem, b.stem]
    click.echo(msgspec.json.encode(found).decode() if as_json else as_text(found, *names))


@evaluate.command("report")
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN.jsonl...")
@click.option(
    "--cases", required=True, type=PATH, metavar="CASES.jsonl", help="The cases that were answered."
)
@click.option(
    "--out", required=True, type=PATH, metavar="FILE.html", help="The page; .md and .json go beside it."
)
@click.option("--title", default="", help="Of the page.  [default: the name of the cases' file]")
def report_command(runs: tuple[Path, ...], cases: Path, out: Path, title: str) -> None:
    """Show runs as one page: the first in full with a screen for every miss, the others beside it."""
    import msgspec

    from eval.report import as_markdown, book
    from eval.report_page import page

    found, problems = book(load(cases), runs, title or f"Bugs of {cases.stem}")
    tell(problems)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page(found), "utf-8")
        out.with_suffix(".md").write_text(as_markdown(found), "utf-8")
        out.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    except OSError as e:
        raise UsageError(f"cannot write {out}: {e.strerror}") from e
    click.echo(f"{out}, {out.with_suffix('.md').name}, {out.with_suffix('.json').name}")


from eval import commands_live, commands_mine, commands_publish  # noqa: E402, F401  (they register their commands)
