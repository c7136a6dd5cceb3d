"""Routes of indexing jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from locator.access import Caller
from locator.filters import repositories
from locator.server.openapi import body, json, says, streams, takes
from locator.server.problems import ProblemError
from locator.server.routes.reads import BEAT, event
from locator.server.service import Here, Service, Worker
from locator.server.shapes import Job, JobRequest, Jobs

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
LOOK = 0.2  # seconds between looks at a job


Order = Annotated[JobRequest, Depends(body(JobRequest))]


@router.post(
    "",
    summary="Bring repositories up to date",
    responses=says(Job, 413, 415, 503, status=202, about="Queued; `Location` is where it can be watched."),
    openapi_extra=takes(JobRequest),
    response_class=Response,
)
async def post_job(service: Here, caller: Worker, order: Order) -> Response:
    """Fetches and re-indexes. Answers go on meanwhile, from the old state until the new one is whole."""
    index = await service.queries.run(lambda: service.live_index.index(caller))
    job = service.jobs.add(repositories(index, order.repos), caller.sees)
    if job is None:
        raise ProblemError(503, "too many jobs are waiting", headers={"retry-after": "60"})
    return json(job, 202, {"location": f"/v1/jobs/{job.id}"})


@router.get("", summary="Jobs, newest first", responses=says(Jobs), response_class=Response)
async def get_jobs(service: Here, caller: Worker) -> Response:
    """Those whose repositories the token may all see."""
    return json(Jobs(tuple(j for j in service.jobs.list() if _visible(j, caller))))


@router.get("/{id}", summary="A job", responses=says(Job, 404), response_class=Response)
async def get_job(service: Here, caller: Worker, id: str) -> Response:  # noqa: A002
    """How far it is, and what it did."""
    return json(_job(service, caller, id)[1])


@router.post("/{id}/cancel", summary="Cancel a job", responses=says(Job, 404), response_class=Response)
async def post_cancel(service: Here, caller: Worker, id: str) -> Response:  # noqa: A002
    """Repositories that it finished stay as they are now; the others keep their old state."""
    _job(service, caller, id)
    return json(await asyncio.to_thread(service.jobs.cancel, id))


@router.get(
    "/{id}/events",
    summary="Watch a job",
    responses=streams(
        "Events: `job` (a Job) whenever it changes, the last one when it has ended.", {"job": Job}, 404
    ),
    response_class=StreamingResponse,
)
async def get_events(service: Here, caller: Worker, id: str, request: Request) -> Response:  # noqa: A002
    """`Last-Event-ID` goes on where a connection broke."""
    _job(service, caller, id)
    given = request.headers.get("last-event-id", "")
    last = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0

    async def events() -> AsyncIterator[bytes]:
        seen, quiet = last, 0.0
        while True:
            found = service.jobs.get(id)
            if found is None:
                return
            version, job = found
            if version != seen:
                seen, quiet = version, 0.0
                yield event("job", job, str(version))
            if job.ended:
                return
            await asyncio.sleep(LOOK)
            quiet += LOOK
            if quiet >= BEAT:
                quiet = 0.0
                yield b": working\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def _visible(job: Job, caller: Caller) -> bool:
    return all(caller.sees(r) for r in job.repos)


def _job(service: Service, caller: Caller, id_: str) -> tuple[int, Job]:
    found = service.jobs.get(id_)
    if found is None or not _visible(found[1], caller):
        raise ProblemError(404, "there is no such job")
    return found
