"""`bugatlas show`."""

from __future__ import annotations

from pathlib import Path

import click

from locator.commands.complete import nodes, refs
from locator.commands.shared import open_index, print_notes, shared
from locator.terminal import console, print_json, print_paged


@click.command()
@click.argument("target", required=False, metavar="[REPO[/DIR[/FILE]]]", shell_complete=nodes)
@click.option(
    "--at", metavar="REF|DATE", shell_complete=refs, help="As it was at this tag, branch, commit or date."
)
@click.option(
    "--depth", type=click.IntRange(0, 20), default=1, show_default=True, help="Levels of directories."
)
@click.option(
    "--edit", is_flag=True, help="Write the summary yourself, in $EDITOR; it stays when indexed again."
)
@shared
@click.pass_obj
def show(
    root: Path | None,
    target: str | None,
    at: str | None,
    depth: int,
    edit: bool,
    as_json: bool,
    color: str,
    paged: bool,
) -> None:
    """Read the summary of a repository, of a directory in it, or of a file with its functions.

    Without a name: all repositories. A repository's last name will do where it is the only one.

    \b
      bugatlas show
      bugatlas show shop/orders --depth 3
      bugatlas show orders/src/api/routes.py
      bugatlas show orders --edit
    """
    from locator.damaged import answered
    from locator.tree.show import look

    if edit:
        from locator.tree.edit import edit as write

        click.echo(write(open_index(root), target or ""))
        return
    _, node, left_out = answered(open_index(root), lambda sound: look(sound, target or "", at, depth))
    print_notes(left_out)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(node))
        return
    from locator.render.show import render

    screen = console(color)
    print_paged(screen, lambda: render(screen, node), paged=paged)
