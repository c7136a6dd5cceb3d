"""`bugatlas mcp`: coding agents on this machine, over standard input and output."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from locator.terminal import safe
from summaries.config import Settings, options
from summaries.errors import UsageError, with_extra
from summaries.index.index import default_dir

CLIENTS = {
    "claude-code": "Claude Code",
    "claude-desktop": "Claude Desktop",
    "codex": "Codex",
    "cursor": "Cursor",
    "gemini": "Gemini CLI",
    "vscode": "VS Code",
    "windsurf": "Windsurf",
    "zed": "Zed",
}


@click.group(invoke_without_command=True)
@options
@click.pass_context
def mcp(ctx: click.Context, settings: Settings) -> None:
    """Serve a coding agent over standard input and output (Model Context Protocol).

    Agents start this themselves: `bugatlas mcp install CLIENT` tells them how.
    """
    if ctx.invoked_subcommand is None:
        _serve(ctx.obj, settings)


@mcp.command()
@click.argument("client", type=click.Choice(sorted(CLIENTS)), metavar="CLIENT")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.pass_obj
def install(root: Path | None, client: str, yes: bool) -> None:
    """Add Bugatlas to the settings of a coding agent: shows the change, and writes it when you agree.

    CLIENT is claude-code, claude-desktop, codex, cursor, gemini, vscode, windsurf or zed. Those that have settings for
    a project get them in the folder where you are. What the file holds already stays.

    \b
      bugatlas mcp install claude-code
      bugatlas --index ~/work/index mcp install cursor --yes
    """
    from locator.mcp.install import plan

    found = plan(client, root, Path.cwd(), Path.home())
    if not found.diff:
        click.echo(f"{found.path} has it already")
        return
    click.echo("\n".join(map(safe, found.diff.split("\n"))))
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to agree", "give --yes to write it")
        click.confirm(f"\nWrite {found.path}?", abort=True)
    found.write()
    click.echo(f"{CLIENTS[client]}: written to {found.path}; start it anew to use it")


def _serve(root: Path | None, settings: Settings) -> None:
    try:
        from locator.mcp.threads import in_threads
    except ImportError as e:
        raise UsageError(f"agents are served by {e.name}", with_extra("mcp")) from e
    from locator.live_index import LiveIndex
    from locator.modes import mode_of, open_model

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)  # standard output is the protocol's
    live = LiveIndex(root or default_dir(), room=settings.room)
    chat = open_model(settings, live.root) if mode_of(settings) != "offline" else None
    in_threads(live, settings, chat).run("stdio")
