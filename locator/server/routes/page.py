"""The page: a few static files, read once, under a policy that lets nothing else run."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from locator.server.problems import ProblemError

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent.with_name("assets")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "; ".join([
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
])  # fmt: skip


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Bytes, type and tag of every file of the page, by name: only these can be asked for."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in TYPES:
            data = path.read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            found[path.name] = (data, f"{TYPES[path.suffix]}; charset=utf-8", tag)
    return found


@router.get("/")
async def index(request: Request) -> Response:
    """The HTML of the page."""
    return _file(request, "index.html")


@router.get("/page/{name}")
async def asset(request: Request, name: str) -> Response:
    """One of the page's scripts, styles or pictures."""
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    if name not in files():
        raise ProblemError(404, "there is no such file")
    data, kind, tag = files()[name]
    headers = {"etag": tag, "cache-control": "no-cache", "content-security-policy": POLICY}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=kind)
