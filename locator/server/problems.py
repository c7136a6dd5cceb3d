"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from summaries import errors as e

STATUS: Mapping[type[e.BugatlasError], int] = {
    e.UsageError: 422,
    e.SnapshotMissing: 404,
    e.StaleError: 409,
    e.RepositoryError: 422,
    e.IndexMissing: 503,
    e.IndexVersion: 503,
    e.IndexLocked: 409,
    e.IndexDamaged: 503,
    e.IndexError_: 500,
    e.ModelError: 502,
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """What went wrong. `type` is a stable name; `detail` and `hint` are for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    hint: str = ""  # what to do next
    instance: str = ""  # the request, as in the log and in X-Request-Id


class ProblemError(HTTPException):
    """Raised where a request cannot go on."""

    def __init__(
        self, status: int, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.hint = hint


def problem(
    status: int,
    detail: str = "",
    hint: str = "",
    instance: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    phrase = HTTPStatus(status).phrase
    name = "urn:bugatlas:problem:" + phrase.lower().replace(" ", "-")
    body = msgspec.json.encode(Problem(name, phrase, status, detail, hint, instance))
    return Response(body, status, headers, "application/problem+json")


def status_of(error: e.BugatlasError) -> int:
    """Status of an error of ours: that of the nearest class in the tree."""
    return next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 500)


async def on_ours(request: Request, error: Exception) -> Response:
    """Turn a BugatlasError into a problem+json response."""
    assert isinstance(error, e.BugatlasError)
    return problem(
        status_of(error),
        without_paths(error.message, request),
        without_paths(error.hint, request),
        _id(request),
    )


def without_paths(text: str, request: Request) -> str:
    """A message of ours without the index's place on this machine."""
    root = request.app.state.service.root
    return text.replace(f"no index at {root}", "nothing is indexed yet").replace(str(root), "the index")


async def on_http(request: Request, error: Exception) -> Response:
    """No such route, wrong method, or one of our own refusals."""
    assert isinstance(error, HTTPException)
    hint = error.hint if isinstance(error, ProblemError) else ""
    headers = error.headers
    if error.status_code == 405:
        headers = {"allow": ", ".join(_methods(request))}
    return problem(error.status_code, str(error.detail), hint, _id(request), headers)


def _methods(request: Request) -> list[str]:
    """All methods of a path: the framework names those of one of its routes only."""
    found: set[str] = set()
    for template, methods in request.app.openapi()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, request.url.path):
            found |= {m.upper() for m in methods}
    return sorted(found) or ["GET"]


async def on_invalid(request: Request, error: Exception) -> Response:
    """Parameters that are not of their types."""
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in error.errors()[:5])
    return problem(422, said[:500], "", _id(request))


async def on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours. It goes on to the log."""
    return problem(500, "internal error", "see the log of the service", _id(request))


def _id(request: Request) -> str:
    return str(request.scope.get("bugatlas.request", ""))
