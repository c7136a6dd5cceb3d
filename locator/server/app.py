"""The application: its parts, its routes, and what happens when it begins and ends."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from locator.access import Caller
from locator.answer import Answer
from locator.live_index import LiveIndex
from locator.locate import Options
from locator.modes import find, mode_of, open_model
from locator.report.reader import read
from locator.server import openapi, problems
from locator.server.answering import count
from locator.server.connections import protocol
from locator.server.guard import Guard
from locator.server.jobs import Jobs
from locator.server.links import Links
from locator.server.metrics import Meters
from locator.server.processes import Processes, default_count
from locator.server.routes import agents, feedback, issues, page, probes, reads
from locator.server.routes import jobs as work
from locator.server.routes import webhooks as hooks
from locator.server.service import Service
from locator.server.settings import ServiceSettings, secret
from locator.server.worker_pool import WorkerPool
from locator.trackers.handle import Locate
from locator.trackers.run import Trackers
from locator.trackers.settings import TrackerSettings
from locator.weights import VOTERS, Weights
from summaries import __version__
from summaries.config import Settings
from summaries.errors import BugatlasError
from summaries.index.index import RepoState

if TYPE_CHECKING:
    from summaries.llm.chat import Chat

DAY = 86_400.0  # seconds after which a model's budget is whole again
ABOUT = """From a bug report to the repository, directory, file and function that hold the bug, and why.

Errors are `application/problem+json`. Where tokens are set, every call needs `Authorization: Bearer TOKEN`,
and a repository that a token may not see does not exist for it."""


def service(root: Path, settings: ServiceSettings, asking: Settings | None = None) -> Service:
    """The parts of a service, not yet begun."""
    asking = asking or Settings()
    meters = Meters()
    state = Path(settings.state) if settings.state else root / "service"
    live = LiveIndex(root, room=asking.room)
    weights = Weights(voters={**VOTERS, **asking.voters})
    chat = open_model(asking, root) if mode_of(asking) != "offline" else None
    if chat:
        chat.limits.renewed = DAY
    workers = settings.workers or default_count(os.cpu_count() or 1)
    threads = settings.threads or os.cpu_count() or 1
    if workers > 1:
        # Threads only wait there: half of them for an answer, and half with a question for whichever process is free next.
        threads = max(threads, 2 * workers)
    trackers = None
    if settings.trackers:
        trackers = Trackers(
            settings.trackers,
            state,
            answering(live, asking, weights, meters, chat),
            secret,
            lambda t, done: _count(meters, t, done),
            settings.public_url,
            settings.feedback,
        )
    return Service(
        settings=settings,
        root=root,
        asking=asking,
        weights=weights,
        chat=chat,
        live_index=live,
        queries=WorkerPool(threads, settings.waiting, settings.timeout, meters),
        processes=Processes(workers, root, asking.room, weights, settings.timeout, meters)
        if workers > 1
        else None,
        judging=WorkerPool(max(1, asking.model_jobs if chat else 1), 0, settings.timeout),
        deliveries=WorkerPool(4, 500, settings.timeout),
        jobs=Jobs(root, settings.refresh, meters),
        links=Links(root, state),
        state=state,
        meters=meters,
        trackers=trackers,
    )


def answering(
    live: LiveIndex,
    asking: Settings,
    weights: Weights,
    meters: Meters | None = None,
    chat: Chat | None = None,
) -> Callable[[TrackerSettings], Locate]:
    """How a tracker's issues are answered: from the repositories that its settings name."""

    def of(tracker: TrackerSettings) -> Locate:
        caller = Caller(tracker.name, tracker.repos, ("read",))

        def locate(title: str, body: str) -> tuple[Answer, Mapping[str, RepoState]]:
            index = live.index(caller)
            found = find(index, read(body, title or None), Options(), asking, weights, chat=chat)
            if meters:
                count(meters, mode_of(asking), found)
            return found, index.repos

        return locate

    return of


def _count(meters: Meters, tracker: str, done: str) -> None:
    known = done in ("queued", "known", "ignored")
    (meters.deliveries if known else meters.comments).labels(tracker, done).inc()


def guarded(parts: Service) -> Guard:
    """What is served: the application behind its gate."""
    return Guard(create(parts), parts.settings, parts.meters)


def configured(parts: Service) -> uvicorn.Config:
    """How it is served. The h11 reader is the strictest about headers."""
    settings = parts.settings
    return uvicorn.Config(
        guarded(parts),
        host=settings.host.strip("[]"),
        port=settings.port,
        http=protocol(settings.proxies),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=32 * 1024,
    )


def create(parts: Service) -> FastAPI:
    """The application of a service, for whoever the gate has let in."""

    served = agents.agents_of(parts)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if served:
                await stack.enter_async_context(served.running())
            async with working():
                yield

    @asynccontextmanager
    async def working() -> AsyncIterator[None]:
        if parts.processes:
            parts.processes.open()
        parts.jobs.open()
        if parts.trackers:
            parts.trackers.open()
        try:
            yield
        finally:
            parts.jobs.close()
            if parts.processes:
                parts.processes.close()
            parts.queries.close()
            parts.judging.close()
            parts.deliveries.close()
            if parts.chat:
                parts.chat.close()
            if parts.trackers:
                parts.trackers.close()

    app = FastAPI(
        title="Bugatlas",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            BugatlasError: problems.on_ours,
            HTTPException: problems.on_http,
            RequestValidationError: problems.on_invalid,
            Exception: problems.on_fault,
        },
    )
    app.state.service = parts
    if served:
        app.router.routes.append(Route(agents.PATH, served, methods=["GET", "POST", "DELETE"]))
    for part in (reads, feedback, issues, work, hooks, probes, page):
        app.include_router(part.router)

    def described() -> dict[str, Any]:
        return openapi.describe(app)

    app.openapi = described  # type: ignore[method-assign]
    return app
