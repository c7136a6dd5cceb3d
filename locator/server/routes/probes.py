"""Routes for whoever runs the service: is it alive, is it ready, what does it do."""

from __future__ import annotations

import sqlite3

from fastapi import APIRouter, Request
from starlette.responses import Response

from locator.server.metrics import TYPE
from locator.server.openapi import json, refuses, says
from locator.server.service import Here, Measurer
from locator.server.shapes import Health
from summaries import __version__
from summaries.errors import BugatlasError

router = APIRouter(tags=["operation"])
TEXT = {"schema": {"type": "string"}}


@router.get("/healthz", summary="Alive", responses=says(Health), response_class=Response)
async def healthz() -> Response:
    """Say that the process answers, whatever the state of the index."""
    return json(Health("ok", __version__))


@router.get(
    "/readyz", summary="Ready", responses=says(Health) | says(Health, status=503), response_class=Response
)
async def readyz(service: Here) -> Response:
    """An index is open and every thread works. 503 where not: send no requests here."""
    try:
        edition = await service.queries.run(service.live_index.edition)
    except BugatlasError as e:
        return json(Health("unready", __version__, type(e).__name__), 503)
    if down := sum(service.threads_down().values()):
        return json(
            Health("unready", __version__, f"{down} threads or processes are down: the log says why"), 503
        )
    blind = 0
    if service.processes and service.live_index.error:  # one that was started since has no older state
        blind = await service.queries.run(service.processes.blind)
    if blind:
        return json(
            Health("unready", __version__, f"{blind} processes cannot open the index: the log says why"), 503
        )
    worn = (
        "the newest state of the index cannot be read; an older one is served"
        if service.live_index.error
        else ""
    )
    return json(
        Health("ok", __version__, worn or ("some repositories are damaged" if edition.damaged else ""))
    )


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    responses={**refuses(), 200: {"description": "Text format", "content": {"text/plain": TEXT}}},
    response_class=Response,
)
async def metrics(service: Here, caller: Measurer) -> Response:
    """Nothing in it names a repository."""
    meters = service.meters
    try:
        edition = await service.queries.run(service.live_index.edition)
    except BugatlasError:
        meters.repositories.set(0)
    else:
        states = edition.index.repos.values()
        meters.repositories.set(len(states))
        meters.files.set(sum(sum(s.files.values()) for s in states))
        meters.edition.set(edition.number)
    for part, down in service.threads_down().items():
        meters.down.labels(part).set(down)
    if service.trackers:
        try:
            counts = service.trackers.queue.counts()
        except sqlite3.Error:
            counts = {}
        for state in ("ready", "running", "dead"):
            meters.queue.labels(state).set(counts.get(state, 0))
    return Response(meters.text(), media_type=TYPE)


@router.get("/openapi.json", summary="This description", response_class=Response, include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document of this service."""
    return json(request.app.openapi())
