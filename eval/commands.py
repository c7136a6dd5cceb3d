"""`bugatlas eval`: run, compare and report over cases whose fixes are known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from eval.cases import Case, read_cases, read_repos
from summaries.errors import UsageError

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


@evaluate.command("run")
@click.argument("cases", type=PATH)
@click.option(
    "--repos", required=True, type=PATH, metavar="FILE", help="owner/name [mirror-owner/mirror-name] a line."
)
@click.option(
    "--mirror", required=True, metavar="PATTERN", help="Where clones lie: clones/{owner}/{name}.git"
)
@click.option("--scope", type=click.Choice(["all", "reported", "oracle"]), default="all", show_default=True,
              help="Rank over all repositories, the one reported in, or (oracle) those that the fix changed.")  # fmt: skip
@click.option(
    "--out", required=True, type=PATH, metavar="RUN.jsonl", help="Where answers go; a torn run is resumed."
)
@click.option(
    "--work", type=PATH, metavar="DIR", help="An index of the needed snapshots.  [default: the user's cache]"
)
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: one a core, 8 at most]")
@click.option("--config", default="shipped", show_default=True, metavar="NAME|FILE",
              help="shipped, a baseline (see `eval baselines`), or a TOML or JSON file of weights.")  # fmt: skip
@click.option("-c", "--change", multiple=True, metavar="NAME=NUMBER", help="Change a weight: voters.path=0.5")
@click.option(
    "--without", multiple=True, metavar="VOTER", help="Switch a voter or a group of them off: history"
)
@click.option("--limit", type=click.IntRange(1), help="Only the first cases.")
@click.option("--fresh", is_flag=True, help="Start over if the run is there.")
def run_command(
    cases: Path, repos: Path, mirror: str, scope: str, out: Path, work: Path | None, jobs: int | None,
    config: str, change: tuple[str, ...], without: tuple[str, ...], limit: int | None, fresh: bool,
) -> None:  # fmt: skip
    """Answer every case of CASES.jsonl with every repository as it was before the fix."""
    from rich.console import Console
    from rich.progress import Progress

    from eval.lines import read_run
    from eval.run import run
    from eval.settings import settings_of
    from eval.world import prepare

    settings = settings_of(config, change, without)
    asked = load(cases)[:limit]
    processes = jobs or min(os.cpu_count() or 1, 8)
    world = prepare(
        asked, read_repos(repos), mirror, scope, work, processes, lambda s: click.echo(s, err=True)
    )
    tell(world.problems)
    with Progress(console=Console(stderr=True), transient=True, disable=not os.isatty(2)) as bar:
        task = bar.add_task("answering", total=None)
        failed: list[str] = []

        def on_line(line: object) -> None:
            bar.advance(task)
            error = getattr(line, "error", "")
            if error:
                failed.append(f"{getattr(line, 'id', '')}: {error}")

        done = run(asked, world, settings, scope, out, jobs=processes, fresh=fresh, on_line=on_line)
    tell(failed)
    lines, _ = read_run(out)
    click.echo(f"{settings.name}: {len(asked)} cases, {done} answered now; scope {scope}; {out}", err=True)
    click.echo(summary(asked, lines))


def summary(cases: Sequence[Case], lines: object) -> str:
    """Headline measures with their intervals, a line each."""
    from statistics import median

    from eval.intervals import intervals
    from eval.lines import Line
    from eval.measures import HEADLINE, score

    assert isinstance(lines, dict)
    run: dict[str, Line] = lines
    scores = score(cases, run)
    wanted = scores.values[:, [scores.names.index(n) for n in HEADLINE]]
    out = [f"{name:12} {i}" for name, i in zip(HEADLINE, intervals(wanted), strict=True)]
    seconds = [x.seconds for x in run.values() if x.seconds]
    if seconds:
        slow = sorted(seconds)[min(len(seconds) - 1, int(0.95 * len(seconds)))]
        out.append(f"{'seconds':12} median {median(seconds):.3f}, p95 {slow:.3f}")
    return "\n".join(out)


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
