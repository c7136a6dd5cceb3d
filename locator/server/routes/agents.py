"""Coding agents at /mcp: the Model Context Protocol over streamable HTTP, with the service's tokens and scopes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from locator.access import Caller
from locator.answer import Answer
from locator.locate import Options, Progress
from locator.search.search import Results, SearchOptions
from locator.server.answering import ask, look_up
from locator.server.problems import problem
from locator.server.questions import Lookup, itself
from locator.server.service import Service
from summaries.config_models import Mode
from summaries.index.index import Index

PATH = "/mcp"


class Agents:
    """The server as an application for one path. No sessions: every request stands for itself and its token."""

    def __init__(self, service: Service) -> None:
        from mcp.server.transport_security import TransportSecuritySettings

        from locator.mcp.server import server

        def caller_of(ctx: Any) -> Caller:
            caller: Caller = ctx.request_context.request.scope["bugatlas.caller"]
            return caller

        def index_of(ctx: Any) -> Index:
            return service.live_index.index(caller_of(ctx))

        async def answer(
            ctx: Any, report: str, options: Options, mode: Mode, progress: Progress
        ) -> tuple[Answer, Index]:
            found = await ask(service, caller_of(ctx), report, options, itself, mode=mode, progress=progress)
            return found, await asyncio.to_thread(index_of, ctx)

        async def search(ctx: Any, query: str, options: SearchOptions) -> Results:
            return await look_up(
                service, Lookup(caller_of(ctx), query, options, service.asking.stale, itself)
            )

        hides = service.asking.redact_agents
        self.server = server(index_of, answer, search, service.queries.run, redacting=hides)
        self.app: ASGIApp = self.server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            max_request_body_size=1024 * service.settings.body_kib,
            transport_security=TransportSecuritySettings(
                enable_dns_rebinding_protection=False
            ),  # the gate has looked
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the session manager while the service runs."""
        async with self.server.session_manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request whose token may read."""
        caller: Caller = scope["bugatlas.caller"]
        if "read" not in caller.may:
            await problem(403, "this token may not read", "ask for a token that may")(scope, receive, send)
            return
        await self.app(scope, receive, send)


def agents_of(service: Service) -> Agents | None:
    """None where agents are not wanted, or the extra is not installed."""
    if not service.settings.mcp:
        return None
    try:
        return Agents(service)
    except ImportError:
        return None
