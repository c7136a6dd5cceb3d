"""The route that reads an issue of a tracker, for editors that locate by its key or address."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from msgspec import Struct
from starlette.responses import Response

from locator.server.openapi import json, says
from locator.server.problems import ProblemError
from locator.server.service import Here, IssueReader, Service
from locator.trackers.events import listed
from locator.trackers.run import KINDS, TrackerWorker
from locator.trackers.settings import TrackerSettings
from locator.trackers.tracker import Gone, Later
from summaries.errors import TrackerError

router = APIRouter(prefix="/v1")
MISSING = "no tracker of this service has such an issue, or its project is not listed"


class IssueText(Struct, frozen=True):
    """An issue as a report."""

    tracker: str
    key: str
    title: str
    report: str  # Markdown, with the title as its first line
    url: str


Ref = Annotated[
    str, Query(min_length=1, max_length=2000, description="A key as the tracker writes it, or an address.")
]


@router.get(
    "/issue",
    tags=["locate"],
    summary="An issue of a tracker",
    responses=says(IssueText, 404, 502, 503),
    response_class=Response,
)
async def get_issue(service: Here, caller: IssueReader, ref: Ref) -> Response:
    """Read by the service's own account there; only projects that the tracker's settings list."""
    return json(await asyncio.to_thread(fetch, service, ref))


def fetch(service: Service, ref: str) -> IssueText:
    """The issue that a key or an address names. Raises ProblemError."""
    if not service.trackers:
        raise ProblemError(404, "this service has no tracker", "paste the report instead")
    for desk, key in named(list(service.trackers.desks.values()), ref.strip()):
        if desk.resumes > time.monotonic():
            raise ProblemError(503, f"{desk.settings.name} asks to be left alone for now", "try again later")
        try:
            issue = desk.api.issue(key)
        except Gone:
            continue
        except Later as e:
            raise ProblemError(503, f"{desk.settings.name} did not answer", "try again later") from e
        except TrackerError as e:
            raise ProblemError(502, f"{desk.settings.name} refuses to show it") from e
        if listed(desk.settings, issue.project):
            report = f"{issue.title}\n\n{issue.body}".strip()
            return IssueText(desk.settings.name, issue.key, issue.title, report, issue.url)
    raise ProblemError(404, MISSING)


def named(
    desks: Iterator[TrackerWorker] | list[TrackerWorker], ref: str
) -> Iterator[tuple[TrackerWorker, str]]:
    """The trackers that may have it, and its key there."""
    for desk in desks:
        key = key_of(desk.settings, ref)
        if key and listed(desk.settings, re.split(r"#|-(?=\d+$)", key)[0]):
            yield desk, key


def key_of(settings: TrackerSettings, ref: str) -> str:
    """The key that a reference has in a tracker; "" where it is none of its."""
    kind = KINDS[settings.kind]
    if "://" not in ref:
        return kind.key_of(ref)
    try:
        page, home = urlsplit(ref), urlsplit(settings.url)
        if page.hostname != (home.hostname or "").removeprefix("api."):
            return ""
    except ValueError:
        return ""
    return kind.key_at(home.path.rstrip("/"), page.path)
