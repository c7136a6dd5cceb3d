"""`bugatlas mcp`: coding agents on this machine, over standard input and output."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import click

from summaries.config import Settings, options
from summaries.errors import UsageError
from summaries.index import default_dir


@click.command()
@options
@click.pass_obj
def mcp(root: Path | None, settings: Settings) -> None:
    """Serve a coding agent over standard input and output (Model Context Protocol).

    Agents start this themselves; docs/agents.md has the lines for their settings.
    """
    try:
        from locator.mcp import server
    except ImportError as e:
        raise UsageError(f"agents are served by {e.name}", "pip install 'bugatlas[mcp]'") from e
    from locator.server.access import LOCAL
    from locator.server.shelf import Shelf
    from locator.weights import VOTERS, Weights

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)  # standard output is the protocol's
    shelf = Shelf(root or default_dir())
    weights = Weights(voters={**VOTERS, **settings.voters})
    server(lambda ctx: shelf.index(LOCAL), settings, weights, asyncio.to_thread).run("stdio")
