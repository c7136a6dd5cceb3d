"""The route that keeps what people say of answers: lines that an evaluation can read."""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from msgspec import Meta, Struct
from starlette.responses import Response

from locator.access import Caller
from locator.server.openapi import body, json, says, takes
from locator.server.problems import ProblemError
from locator.server.service import Here, Reader, Service
from locator.server.shapes import Words

router = APIRouter(prefix="/v1")
log = logging.getLogger("bugatlas")
FILE = "feedback.jsonl"
LARGEST = 256 << 20  # bytes of the file; nothing is added to a larger one
_lock = threading.Lock()

Path = Annotated[str, Meta(min_length=1, max_length=4096)]


class Feedback(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says of a file of an answer."""

    report: Annotated[str, Meta(min_length=1, max_length=1_000_000)]  # what was asked
    repo: Words
    path: Path
    helpful: bool
    rank: Annotated[int, Meta(ge=1, le=100)] = 1  # the file's place in the answer; 1 is best
    commit: Annotated[str, Meta(pattern="^[0-9a-f]{0,64}$")] = ""  # what was searched


class FeedbackOutcome(Struct, frozen=True):
    """Whether the feedback was stored."""

    kept: bool  # false where this service keeps none


class FeedbackLine(Struct, frozen=True):
    """A line of the file."""

    time: float  # UTC seconds
    by: str  # the token's name
    said: Feedback


@router.post(
    "/feedback",
    tags=["locate"],
    summary="Say whether a file of an answer was helpful",
    responses=says(FeedbackOutcome, 404, 413, 415, 503),
    openapi_extra=takes(Feedback),
    response_class=Response,
)
async def post_feedback(
    service: Here, caller: Reader, given: Annotated[Feedback, Depends(body(Feedback))]
) -> Response:
    """Kept with the report in `feedback.jsonl` of the service's own folder, unless its settings say no."""
    return json(FeedbackOutcome(await service.deliveries.run(partial(keep, service, caller, given))))


def keep(service: Service, caller: Caller, given: Feedback) -> bool:
    """Write it down; whether it was. Raises ProblemError for a file that the caller may not see."""
    index = service.live_index.index(caller)
    if given.repo not in index.repos or given.path not in index.view(given.repo).paths:
        raise ProblemError(404, "there is no such file in the index", "see /v1/tree")
    if not service.settings.feedback:
        return False
    line = msgspec.json.encode(FeedbackLine(time.time(), caller.name, given)) + b"\n"
    service.state.mkdir(parents=True, exist_ok=True)
    with _lock, open(service.state / FILE, "ab", opener=_private) as file:
        if file.tell() + len(line) > LARGEST:
            log.warning("%s is full: what people say is kept no longer", service.state / FILE)
            return False
        file.write(line)
    service.meters.feedback.labels("helpful" if given.helpful else "not helpful").inc()
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
