"""What the commands that read share: their options, the index, notes and JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from locator.terminal import safe

if TYPE_CHECKING:
    from summaries.index.index import Index

NOTHING = 3  # exit code

F = TypeVar("F", bound=Callable[..., Any])


def shared(command: F) -> F:
    """The options that all reading commands share."""
    for option in reversed(SHARED):
        command = option(command)
    return command


def _choose_index(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value:
        ctx.obj = value.absolute()


SHARED = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--debug", is_flag=True, hidden=True, expose_value=False),  # `cli.main` looks for it
    click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto",
                 help="Colours and links: on a terminal, always, or never."),
    click.option("--no-color", "color", flag_value="never", help="The same as --color=never."),
    click.option("--no-pager", "paged", flag_value=False, default=True, help="Print long answers straight through."),
    click.option("--index", type=click.Path(path_type=Path), metavar="DIR", expose_value=False, is_eager=True,
                 callback=_choose_index, help="The index to use, as before the command."),
)  # fmt: skip


def open_index(root: Path | None) -> Index:
    """The index that was chosen, or the user's own. Raises IndexError_."""
    from summaries.index.index import Index, default_dir

    return Index.open(root or default_dir())


def print_notes(notes: Sequence[str]) -> None:
    """Say beside an answer what was left out of it."""
    for note in notes:
        click.echo(f"note: {safe(note)}", err=True)
