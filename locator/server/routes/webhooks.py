"""Routes of webhooks: trackers' deliveries into the queue, pushes into indexing jobs. Proof first, then JSON."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from locator.server.openapi import json, says
from locator.server.problems import ProblemError
from locator.server.push import pushed, repositories_of
from locator.server.service import Here
from locator.server.settings import secret
from locator.trackers.queue import FullError
from summaries.errors import UsageError

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


class Received(Struct, frozen=True):
    """What became of a delivery: "queued", "known" (it came before), or why it is ignored."""

    status: str


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise ProblemError(400, "the body ended early") from None


@router.post(
    "/push",
    summary="A push to a repository",
    responses=says(Received, 413, 503, status=202),
    response_class=Response,
)
async def post_push(service: Here, request: Request) -> Response:
    """From GitHub, GitLab, Bitbucket (signed or with their token), or anybody with X-Bugatlas-Secret."""
    body = await _body(request)
    headers = {k.lower(): v for k, v in request.headers.items()}
    key = secret(service.settings.refresh.push_secret)
    if not key or not pushed(key, headers, body, time.time()):
        raise ProblemError(401, "this delivery is not signed by whom it should be", "see docs/service.md")
    try:
        payload: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as e:
        raise ProblemError(400, f"the delivery is not JSON: {e}") from None
    edition = await service.queries.run(service.live_index.edition)
    found = repositories_of(payload, edition.index.repos.values())
    if not found:
        return json(Received("no indexed repository was pushed to"), 202)
    if service.jobs.add(found) is None:
        raise ProblemError(503, "too many jobs are waiting", headers={"retry-after": "60"})
    return json(Received("queued"), 202)


@router.post(
    "/{tracker}",
    summary="An event of an issue tracker",
    responses=says(Received, 404, 413, 503, status=202),
    response_class=Response,
)
async def post_tracker(service: Here, tracker: str, request: Request) -> Response:
    """Answered as soon as it is on disk; the work is done later."""
    body = await _body(request)
    desk = service.trackers.desks.get(tracker) if service.trackers else None
    if service.trackers is None or desk is None:
        raise ProblemError(404, "no tracker of that name is set up", "see docs/trackers.md")
    headers = {k.lower(): v for k, v in request.headers.items()}
    if not desk.kind.verified(desk.secrets, headers, body):
        service.meters.deliveries.labels(tracker, "refused").inc()
        raise ProblemError(401, "this delivery is not signed by whom it should be", "see docs/trackers.md")
    trackers = service.trackers
    try:
        return json(
            Received(await service.deliveries.run(lambda: trackers.receive(desk, headers, body))), 202
        )
    except FullError as e:
        raise ProblemError(503, e.message, headers={"retry-after": "60"}) from None
    except UsageError as e:
        raise ProblemError(400, e.message) from None
