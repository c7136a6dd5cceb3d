"""`bugatlas eval run | baselines | compare | report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.commands.shared import PATH, answer_all, load, places, prepared, print_problems, summary
from summaries.errors import UsageError

if TYPE_CHECKING:
    from eval.rankers.settings import RunSettings


# fmt: off
@click.command("run")
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
@click.option("-c", "--change", multiple=True, metavar="NAME=VALUE",
              help="Change a weight (voters.path=0.5) or, as in other commands, a setting (model_timeout=0).")
@click.option("--without", multiple=True, metavar="VOTER", help="Switch a voter or a group of them off: history")
@click.option("--limit", type=click.IntRange(1), help="Only the first cases.")
@click.option("--fresh", is_flag=True, help="Start over if the run is there.")
@click.option("--mode", type=click.Choice(["offline", "judge", "dig", "paper"]), help="Who orders the files.")
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
    from eval.rankers.settings import settings_of
    from eval.runfile import read_run

    weights, others = split(change)
    settings = modelled(settings_of(config, weights, without), mode, model, models, record, replay, others)
    asked = load(cases)[:limit]
    world = prepared(asked, places(ctx, repos, mirror), mirror or "", scope, work, jobs)
    done = answer_all(asked, world, settings, scope, out, jobs, fresh=fresh)
    lines, _ = read_run(out)
    click.echo(f"{settings.name}: {len(asked)} cases, {done} answered now; scope {scope}; {out}", err=True)
    if failed := [n for c in asked if c.id in lines and (n := lines[c.id].note)]:
        click.echo(f"{len(failed)} of {len(asked)} cases were answered offline: {failed[0]}", err=True)
    click.echo(summary(asked, lines))
# fmt: on


def modelled(
    settings: RunSettings,
    mode: str | None,
    model: str | None,
    models: Path | None,
    record: Path | None,
    replay: Path | None,
    changes: Sequence[str] = (),
) -> RunSettings:
    """Settings of a run that asks a model, where one is named. Raises UsageError."""
    from eval.rankers.models import with_model

    if not (mode or model or models or replay or changes):
        return settings
    return with_model(settings, mode or "", model or "", models, record, replay, changes)


def split(changes: Sequence[str]) -> tuple[list[str], list[str]]:
    """`-c` of a run: changes of weights, and of settings, which every other command takes by the same option."""
    from summaries.config import Settings as Configured

    known = set(Configured.__struct_fields__) - {"voters"}
    settings = [c for c in changes if c.partition("=")[0].partition(".")[0].strip() in known]
    return [c for c in changes if c not in settings], settings


@click.command("baselines")
def baselines_command() -> None:
    """List what --config knows, and the groups that --without knows."""
    from eval.rankers.baselines import BASELINES
    from eval.rankers.settings import GROUPS

    click.echo("shipped             what `bugatlas locate` does")
    for name, ranker in BASELINES.items():
        click.echo(f"{name:19} {(ranker.__doc__ or '').splitlines()[0]}")
    click.echo("\n--without takes a voter's name or a group:")
    for name, voters in GROUPS.items():
        click.echo(f"{name:19} {', '.join(v.removeprefix('voters.') for v in voters)}")


@click.command("compare")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--cases", required=True, type=PATH, metavar="CASES.jsonl", help="The cases that both answered."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare_command(a: Path, b: Path, cases: Path, as_json: bool) -> None:
    """Measure run A against run B over the same cases, paired."""
    import msgspec

    from eval.runfile import read_about, read_run
    from eval.scoring.compare import as_text, compare

    asked = load(cases)
    (one, told), (two, more) = read_run(a), read_run(b)
    print_problems([*told, *more])
    found = compare(asked, one, two)
    names = [about.name if (about := read_about(path)) else path.stem for path in (a, b)]
    if names[0] == names[1]:
        names = [a.stem, b.stem]
    click.echo(msgspec.json.encode(found).decode() if as_json else as_text(found, *names))


@click.command("report")
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

    from eval.report.page import page
    from eval.report.report import as_markdown, book

    found, problems = book(load(cases), runs, title or f"Accuracy on {cases.stem}")
    print_problems(problems)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page(found), "utf-8")
        out.with_suffix(".md").write_text(as_markdown(found), "utf-8")
        out.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    except OSError as e:
        raise UsageError(f"cannot write {out}: {e.strerror}") from e
    click.echo(f"{out}, {out.with_suffix('.md').name}, {out.with_suffix('.json').name}")
