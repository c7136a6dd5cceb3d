"""The application: its parts, its routes, and what happens when it begins and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from locator.server import openapi, page, probes, problems, reads, work
from locator.server.desk import Desk
from locator.server.guard import Guard
from locator.server.jobs import Jobs
from locator.server.links import Links
from locator.server.meters import Meters
from locator.server.service import Service, own_version
from locator.server.settings import ServiceSettings
from locator.server.shelf import Shelf
from locator.weights import VOTERS, Weights
from summaries.config import Settings
from summaries.errors import BugatlasError

ABOUT = """From a bug report to the repository, directory, file and function that hold the bug, and why.

Errors are `application/problem+json`. Where tokens are set, every call needs `Authorization: Bearer TOKEN`,
and a repository that a token may not see does not exist for it."""


def service(root: Path, settings: ServiceSettings, asking: Settings | None = None) -> Service:
    """The parts of a service, not yet begun."""
    asking = asking or Settings()
    meters = Meters()
    state = Path(settings.state) if settings.state else root / "service"
    return Service(
        settings=settings,
        root=root,
        asking=asking,
        weights=Weights(voters={**VOTERS, **asking.voters}),
        shelf=Shelf(root),
        desk=Desk(settings, meters),
        jobs=Jobs(root, settings.refresh, meters),
        links=Links(root, state),
        state=state,
        meters=meters,
    )


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
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        limit_concurrency=1000,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=32 * 1024,
    )


def create(parts: Service) -> FastAPI:
    """The application of a service, for whoever the gate has let in."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.jobs.open()
        try:
            yield
        finally:
            parts.jobs.close()
            parts.desk.close()

    app = FastAPI(
        title="Bugatlas",
        version=own_version(),
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
        },
    )
    app.state.service = parts
    for part in (reads, work, probes, page):
        app.include_router(part.router)

    def described() -> dict[str, Any]:
        return openapi.describe(app)

    app.openapi = described  # type: ignore[method-assign]
    return app
