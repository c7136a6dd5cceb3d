"""`bugatlas mcp`: coding agents on this machine, over standard input and output."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from summaries.config import Settings, options
from summaries.errors import UsageError, with_extra
from summaries.index.index import default_dir

if TYPE_CHECKING:
    from locator.answer import Answer
    from locator.locate import Options, Progress
    from summaries.config_models import Mode
    from summaries.index.index import Index


@click.command()
@options
@click.pass_obj
def mcp(root: Path | None, settings: Settings) -> None:
    """Serve a coding agent over standard input and output (Model Context Protocol).

    Agents start this themselves; docs/agents.md has the lines for their settings.
    """
    try:
        from locator.mcp.server import server
    except ImportError as e:
        raise UsageError(f"agents are served by {e.name}", with_extra("mcp")) from e
    from locator.access import LOCAL
    from locator.live_index import LiveIndex
    from locator.modes import find, mode_of, open_model
    from locator.report.reader import read
    from locator.weights import VOTERS, Weights

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)  # standard output is the protocol's
    live = LiveIndex(root or default_dir(), room=settings.room)
    weights = Weights(voters={**VOTERS, **settings.voters})
    chat = open_model(settings, live.root) if mode_of(settings) != "offline" else None

    async def ask(
        index: Callable[[], Index], report: str, options: Options, mode: Mode, progress: Progress
    ) -> Answer:
        chosen = replace(settings, mode=mode or mode_of(settings))
        if chosen.mode != "offline" and chat is None:
            raise UsageError(f"mode {chosen.mode} needs a model, and none is set", "leave the mode out")
        return await asyncio.to_thread(
            lambda: find(index(), read(report), options, chosen, weights, progress, chat=chat)
        )

    server(lambda ctx: live.index(LOCAL), ask, asyncio.to_thread).run("stdio")
