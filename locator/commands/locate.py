"""`bugatlas locate`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from locator.commands.given import read_input, report_text
from locator.commands.narrow import narrowing
from locator.commands.shared import NOTHING, open_index
from locator.modes import find, mode_of, model_options
from locator.terminal import console, print_json, print_paged, safe
from summaries.config import Settings, options

if TYPE_CHECKING:
    from locator.answer import Answer
    from summaries.index.index import Index


@click.command(
    epilog="Exit codes: 0 an answer, 1 an error, 2 a wrong request, 3 no confident match, 4 a clone has moved on."
)
@click.argument("words", nargs=-1, metavar="[TEXT... | -]")
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Read the report from FILE, Markdown or plain text.")  # fmt: skip
@click.option("--title", help="The report's title.  [default: its first line]")
@click.option(
    "--attach",
    "attached",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also read a log, HAR, Sentry event, OTLP or Jaeger trace, JUnit XML or `kubectl describe`. Repeatable.",
)
@narrowing
@click.option(
    "--format",
    "shape",
    type=click.Choice(("text", "oneline", "vimgrep", "json", "markdown")),
    default="text",
    help="One line a file, lines that an editor jumps to, JSON, or Markdown for an issue.",
)
@click.option(
    "--open", "opened", type=click.IntRange(min=1), metavar="N", help="Open file N in $VISUAL or $EDITOR."
)
@click.option("--nearest", is_flag=True, help="List the nearest files where nothing matches.")
@click.option("--explain", is_flag=True, help="All evidence, and every voter's part.")
@options
@model_options
@click.pass_obj
def locate(
    root: Path | None,
    settings: Settings,
    words: tuple[str, ...],
    file: Path | None,
    title: str | None,
    attached: tuple[Path, ...],
    at: str | None,
    worktree: bool,
    repos: tuple[str, ...],
    languages: tuple[str, ...],
    paths: tuple[str, ...],
    limit: int,
    tests: bool,
    as_json: bool,
    color: str,
    paged: bool,
    shape: str,
    opened: int | None,
    nearest: bool,
    explain: bool,
    record: Path | None,
    replay: Path | None,
) -> None:
    """Find where a reported bug lives: repositories, directories, files and functions, and why.

    The report is TEXT, a FILE, or standard input for "-". Give all that you have: the headline, what
    happened, stack traces, error messages, versions.

    \b
      bugatlas locate "Checkout charges twice when the payment times out"
      bugatlas locate --file report.md --limit 5
      cat report.md | bugatlas locate - --at v1.5.1
    """
    text = report_text(words, file)
    import msgspec

    from locator.answer import Verdict
    from locator.damaged import answered
    from locator.locate import Options
    from locator.report.reader import read
    from locator.weights import Weights

    index = open_index(root)
    report = read(text, title)
    for path in attached:
        from locator.report.attachments import attach

        report = attach(report, path.name, read_input(path))
    asked = Options(
        at=at,
        worktree=worktree,
        repos=repos,
        languages=languages,
        paths=paths,
        limit=limit,
        tests=tests,
        nearest=nearest,
        explain=explain,
    )
    weights = Weights.of(index.root)
    weights = msgspec.structs.replace(weights, voters={**weights.voters, **settings.voters})

    def work(sound: Index) -> Answer:
        return find(sound, report, asked, settings, weights, record=record, replay=replay)

    with _waiting(mode_of(settings), settings.model):
        index, answer, left_out = answered(index, work)
    answer = msgspec.structs.replace(answer, notes=(*left_out, *answer.notes))
    found = answer.verdict != Verdict.NONE
    if opened:
        from locator.render.formats import open_in_editor

        open_in_editor(index, answer, opened)
    elif as_json or shape == "json":
        from locator.render.output import located

        print_json(located(index, answer, asked, mode_of(settings)))
    elif shape == "text":
        from locator.filters import repositories
        from locator.query import understand
        from locator.render.answer import render, tips

        count = len(repositories(index, repos))
        screen = console(color)
        print_paged(
            screen,
            lambda: render(
                screen,
                index,
                answer,
                repos=count,
                explain=explain,
                tips=tips(report, asked),
                words=understand(report).bag,
            ),
            paged=paged,
        )
    elif shape == "markdown":
        from locator.trackers.comment import markdown, note

        click.echo(markdown(note("", answer, index.repos, limit)))
    else:
        from locator.render.formats import oneline, vimgrep

        click.echo("\n".join(oneline(answer) if shape == "oneline" else vimgrep(index, answer)))
    if not found:
        raise click.exceptions.Exit(NOTHING)


def _waiting(mode: str, model: str) -> AbstractContextManager[object]:
    """Says on a terminal that a model is being asked: that takes seconds, not milliseconds."""
    if mode == "offline" or not sys.stderr.isatty():
        return nullcontext()
    return console(err=True).status(f"asking {safe(model) or 'the recorded model'} ...")
