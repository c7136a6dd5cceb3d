"""The options by which locate and search are narrowed."""

from __future__ import annotations

import click

from locator.commands import complete
from locator.commands.shared import SHARED, F


def narrowing(command: F) -> F:
    """The options that locate and search share."""
    for option in reversed((
        click.option("--at", metavar="REF|DATE", shell_complete=complete.refs,
                     help="As it was at this tag, branch, commit or date."),
        click.option("--worktree", is_flag=True, help="As it lies in the working trees of this machine, committed or not."),
        click.option("--repo", "repos", multiple=True, metavar="NAME", shell_complete=complete.repositories,
                     help="Only this repository. Repeatable, as --lang and --path are."),
        click.option("--lang", "languages", multiple=True, metavar="LANG", shell_complete=complete.languages,
                     help="Only this language."),
        click.option("--path", "paths", multiple=True, metavar="PATTERN",
                     help="Only paths that contain this, or match it where it has *, ? or [."),
        click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N",
                     help="Files listed."),
        click.option("--include-tests", "tests", is_flag=True, help="Also tests, mocks and fixtures."),
        *SHARED,
    )):  # fmt: skip
        command = option(command)
    return command
