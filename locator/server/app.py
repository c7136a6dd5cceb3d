"""The application: its parts, its routes, and what happens when it begins and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from locator.server import openapi, page, probes, problems, reads, work
from locator.server.desk import Desk
from locator.server.guard import Guard
from locator.server.jobs import Jobs
from locator.server.meters import Meters
from locator.server.service import Service, own_version
from locator.server.settings import ServiceSettings
from locator.server.shelf import Shelf
from locator.weights import Weights
from summaries.errors import BugatlasError

ABOUT = """From a bug report to the repository, directory, file and function that hold the bug, and why.

Errors are `application/problem+json`. Where tokens are set, every call needs `Authorization: Bearer TOKEN`,
and a repository that a token may not see does not exist for it."""


def service(root: Path, settings: ServiceSettings, weights: Weights | None = None) -> Service:
    """The parts of a service, not yet begun."""
    meters = Meters()
    return Service(
        settings=settings,
        root=root,
        weights=weights or Weights(),
        shelf=Shelf(root),
        desk=Desk(settings, meters),
        jobs=Jobs(root, settings.refresh, meters),
        meters=meters,
    )


def create(parts: Service) -> FastAPI:
    """The application of a service."""

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
            Exception: problems.on_fault,
        },
    )
    app.state.service = parts
    for part in (reads, work, probes, page):
        app.include_router(part.router)
    app.add_middleware(Guard, settings=parts.settings, meters=parts.meters)

    def described() -> dict[str, Any]:
        return openapi.describe(app)

    app.openapi = described  # type: ignore[method-assign]
    return app
