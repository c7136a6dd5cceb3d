"""The gate of every request: Host, Origin, headers, size, time, token, rate; then the log and the counts.

Refusals come before any of the body is read. See docs/service.md for what each is against.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from locator.access import Caller, caller_of
from locator.server.connections import BodyBudget
from locator.server.metrics import Meters
from locator.server.problems import ProblemError, problem
from locator.server.rate import Rate
from locator.server.settings import LOOPBACK, ServiceSettings

SINGLE = (b"host", b"origin", b"authorization", b"content-", b"webhook-", b"idempotency-key", b"sec-fetch-",
          b"x-hub-", b"x-git", b"x-atlassian-", b"x-bugatlas-")  # fmt: skip
OPEN = ("/healthz", "/readyz", "/openapi.json", "/webhooks/")  # and the page: nothing of the index in any
HEADER_BYTES = 32 * 1024
BODY_BYTES = 128 << 20  # of all bodies at once; a guess
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,255})(?::\d{1,5})?")
SECONDS = 20.0  # for a body to arrive
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]

log = logging.getLogger("bugatlas")
access = logging.getLogger("bugatlas.access")


class Guard:
    """ASGI middleware. Leaves `bugatlas.caller` and `bugatlas.request`, an id, in the scope."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, meters: Meters) -> None:
        self.app, self.settings, self.meters = app, settings, meters
        self.rate = Rate(settings.rate, settings.burst)
        self.refusals = Rate(settings.rate, settings.burst)  # of deliveries without proof, by address
        self.hooks = {f"/webhooks/{name}" for name in ("push", *(t.name for t in settings.trackers))}
        self.held = BodyBudget(BODY_BYTES)
        own = () if settings.host in ("0.0.0.0", "::") else (settings.host,)  # noqa: S104
        self.public = {h.lower() for h in settings.hosts}
        self.hosts = {h.lower() for h in (*LOOPBACK, *own)} | self.public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request that breaks a rule, or pass it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope["bugatlas.request"] = request = secrets.token_hex(8)
        status, begun = 500, False
        body = Body(self.held)

        async def sending(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                have = {name for name, _ in message["headers"]}
                extra = [*HEADERS, (b"x-request-id", request.encode()), (b"cache-control", b"no-store")]
                message["headers"] = [*message["headers"], *(h for h in extra if h[0] not in have)]
            await send(message)

        try:
            try:
                limit = self._admit(scope)
            except ProblemError as e:
                refusal = problem(e.status_code, e.detail, e.hint, request, e.headers)
                await refusal(scope, receive, sending)
                return
            await self.app(scope, _measured(receive, limit, body), sending)
        except Exception:
            log.exception("request %s", request)
            if not begun:
                refusal = problem(500, "internal error", "see the log of the service", request)
                await refusal(scope, receive, sending)
        finally:
            body.give_back()
            if scope["path"].startswith("/webhooks/") and status in (400, 401, 404, 408, 413):
                self.refusals.wait(_address(scope))
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "")
            self.meters.requests.labels(scope["method"] if route else "", route or "none", str(status)).inc()
            self.meters.seconds.labels(route or "none").observe(seconds)
            caller: Caller | None = scope.get("bugatlas.caller")
            access.info(
                "request",
                extra={
                    "bugatlas": {
                        "id": request,
                        "method": scope["method"],
                        "path": _clean(scope["path"]),
                        "status": status,
                        "ms": round(1000 * seconds, 1),
                        "caller": caller.name if caller else "",
                        "from": (scope.get("client") or ("", 0))[0],
                        **scope.get("bugatlas.log", {}),
                    }
                },
            )

    def _admit(self, scope: Scope) -> int:
        """Limit of the body in bytes. Raises ProblemError."""
        headers = _headers(scope)
        self._check_names(headers)
        path = scope["path"]
        hook = path.startswith("/webhooks/")
        limit = 1024 * (self.settings.webhook_kib if hook else self.settings.body_kib)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 15:
            raise ProblemError(400, "Content-Length is no number")
        if int(length) > limit:
            raise ProblemError(
                413, f"the body is larger than {limit:,} bytes", headers={"connection": "close"}
            )
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise ProblemError(415, "bodies are taken as they are, not compressed")
        if hook:
            self._admit_hook(scope)
        site = headers.get(b"sec-fetch-site", b"")
        if path == "/" or path.startswith(("/page/", *OPEN)):
            return limit
        if site == b"cross-site":
            raise ProblemError(403, "another site asked")
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        caller = caller_of(self.settings.tokens, authorization)
        key = caller.name if caller and self.settings.tokens else "@" + _address(scope)
        if wait := self.rate.wait(key):
            raise ProblemError(429, "too many requests", headers={"retry-after": str(int(wait) + 1)})
        if caller is None:
            raise ProblemError(
                401, "a token is needed", "send Authorization: Bearer TOKEN", {"www-authenticate": "Bearer"}
            )
        scope["bugatlas.caller"] = caller
        return limit

    def _admit_hook(self, scope: Scope) -> None:
        """A delivery before its body is read: somebody it is for, from nobody whose proof kept failing."""
        if scope["path"] not in self.hooks:
            raise ProblemError(404, "no tracker of that name is set up", "see docs/trackers.md")
        if wait := self.refusals.missing(_address(scope)):
            headers = {"retry-after": str(int(wait) + 1)}
            raise ProblemError(429, "too many deliveries from there were refused", headers=headers)

    def _check_names(self, headers: MutableMapping[bytes, bytes]) -> None:
        """Host and Origin are ours: pages of other sites, and names pointed here by others, are refused."""
        own = headers.get(b"host", b"")
        if _host(own) not in self.hosts:
            raise ProblemError(421, "this is not the host that was asked for", "add it to `hosts`")
        origin = headers.get(b"origin")
        if origin is not None:
            scheme, _, authority = origin.partition(b"://")
            ours = authority.lower() == own.lower() or _host(authority) in self.public
            if scheme not in (b"http", b"https") or not ours:
                raise ProblemError(403, "another origin asked")


def _headers(scope: Scope) -> dict[bytes, bytes]:
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
        raise ProblemError(431, "the headers are too large")
    out: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in out and name.startswith(SINGLE):
            raise ProblemError(400, f"header {name.decode('latin-1')[:40]} stands twice")
        out[name] = value
    return out


def _host(authority: bytes) -> str:
    """Host without its port, lower case; "" where it is neither a name nor an address."""
    found = _AUTHORITY.fullmatch(authority.decode("latin-1").lower())
    return found[1] if found else ""


def _address(scope: Scope) -> str:
    """Whom a request comes from."""
    return str((scope.get("client") or ("",))[0])


def _clean(path: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in path[:200])


class Body:
    """What one request's body takes of the room for all bodies."""

    def __init__(self, budget: BodyBudget) -> None:
        self.held, self.size = budget, 0

    def take(self, size: int) -> None:
        """Take more. Raises ProblemError (503) where all bodies together are too large."""
        if not self.held.take(size):
            headers = {"retry-after": "5", "connection": "close"}
            raise ProblemError(503, "too many bodies are arriving", headers=headers)
        self.size += size

    def give_back(self) -> None:
        """Return the room of a body once its request is answered."""
        self.held.give(self.size)
        self.size = 0


def _measured(receive: Receive, limit: int, body: Body) -> Receive:
    """`receive` that ends a request whose body is too large or too slow."""
    size, until, whole = 0, time.monotonic() + SECONDS, False

    async def measured() -> Message:
        nonlocal size, whole
        if whole:  # waiting for the client to go away, which may take as long as an answer is streamed
            return await receive()
        try:
            async with asyncio.timeout_at(
                asyncio.get_running_loop().time() + max(0.0, until - time.monotonic())
            ):
                message = await receive()
        except TimeoutError:
            raise ProblemError(408, "the body took too long", headers={"connection": "close"}) from None
        size += len(message.get("body", b""))
        body.take(len(message.get("body", b"")))
        whole = not message.get("more_body", False)
        if size > limit:
            raise ProblemError(
                413, f"the body is larger than {limit:,} bytes", headers={"connection": "close"}
            )
        return message

    return measured


def log_detail(scope: MutableMapping[str, Any], **said: Any) -> None:
    """Add to this request's line of the log."""
    scope.setdefault("bugatlas.log", {}).update(said)
