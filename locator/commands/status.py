"""`bugatlas status`."""

from __future__ import annotations

from pathlib import Path

import click

from locator.commands.shared import open_index, print_notes, shared
from locator.terminal import console, print_json, print_paged


@click.command()
@click.option("--check", is_flag=True, help="Also compare with the clones: which have moved on?")
@shared
@click.pass_obj
def status(root: Path | None, check: bool, as_json: bool, color: str, paged: bool) -> None:
    """What is indexed, at which commits, how large and how fresh it is.

    With --check, the exit code is 1 where a clone has moved on or is gone.
    """
    from locator.damaged import answered
    from locator.tree.status import state

    _, found, left_out = answered(open_index(root), lambda sound: state(sound, check=check))
    print_notes(left_out)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(found))
    else:
        from locator.render.status import render

        screen = console(color)
        print_paged(screen, lambda: render(screen, found), paged=paged)
    if check and any(r.clone in ("moved on", "gone") for r in found.repositories):
        raise click.exceptions.Exit(1)
