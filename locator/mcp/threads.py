"""The server for agents where a program of its own answers them: each question in a thread of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcp.server import MCPServer
from msgspec.structs import replace

from locator.access import LOCAL
from locator.answer import Answer
from locator.damaged import answered
from locator.live_index import LiveIndex
from locator.locate import Options, Progress
from locator.mcp.server import server
from locator.modes import find, look_up, mode_of
from locator.report.reader import read
from locator.search.query import parse
from locator.search.search import Results, SearchOptions
from locator.weights import VOTERS, Weights
from summaries.config import Settings
from summaries.config_models import Mode
from summaries.errors import UsageError
from summaries.index.index import Index

if TYPE_CHECKING:
    from summaries.llm.chat import Chat


def in_threads(
    live: LiveIndex, settings: Settings, chat: Chat | None = None, *, local: bool = True
) -> MCPServer[Any]:
    """The server over an index, with the settings of a command; `local` as in `server`."""
    weights = Weights(voters={**VOTERS, **settings.voters})

    async def ask(
        ctx: Any, report: str, options: Options, mode: Mode, progress: Progress
    ) -> tuple[Answer, Index]:
        chosen = replace(settings, mode=mode or mode_of(settings))
        if chosen.mode != "offline" and chat is None:
            raise UsageError(f"mode {chosen.mode} needs a model, and none is set", "leave the mode out")

        def work(index: Index) -> Answer:
            return find(index, read(report), options, chosen, weights, progress, chat=chat)

        index, found, left_out = await asyncio.to_thread(lambda: answered(live.index(LOCAL), work))
        return replace(found, notes=(*left_out, *found.notes)), index

    async def search(ctx: Any, query: str, options: SearchOptions) -> Results:
        def work(index: Index) -> Results:
            return look_up(index, parse(query), options, settings.stale)

        _, found, left_out = await asyncio.to_thread(lambda: answered(live.index(LOCAL), work))
        return replace(found, notes=(*left_out, *found.notes))

    return server(
        lambda ctx: live.index(LOCAL), ask, search, asyncio.to_thread,
        local=local, redacting=settings.redact_agents,
    )  # fmt: skip
