"""Connections before a request is whole: how many there are, and how long one may take over its headers.

uvicorn counts requests that have arrived; half a request, byte by byte, is held for ever. Refusals at this level
are problems (RFC 9457) like all others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from locator.server.problems import problem

MOST = 300  # connections at once
MOST_EACH = 150  # from one address that is no proxy of ours
HEADER_SECONDS = (
    20.0  # from the first moment of a connection, or the first byte of a later request, to its last header
)


def protocol(proxies: Collection[str]) -> type[H11Protocol]:
    """The protocol of a service. `proxies` may open any number of connections: everybody comes through them."""
    by_address: Counter[str] = Counter()

    class Bounded(H11Protocol):
        """A connection that is closed when it is one too many or its headers don't end."""

        late: asyncio.TimerHandle | None = None
        address = ""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.address = self.client[0] if self.client else ""
            by_address[self.address] += 1
            few = self.address in proxies or by_address[self.address] <= MOST_EACH
            if len(self.connections) > MOST or not few:
                transport.abort()
                return
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            by_address[self.address] -= 1
            if by_address[self.address] <= 0:
                del by_address[self.address]
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:
                self._watch()
            else:
                self._unwatch()

        def send_400_response(self, msg: str) -> None:
            got = problem(400, msg, headers={"connection": "close"})
            head = h11.Response(status_code=400, headers=list(got.raw_headers), reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(got.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _watch(self) -> None:
            if self.late is None:
                self.late = self.loop.call_later(HEADER_SECONDS, self._end)

        def _unwatch(self) -> None:
            if self.late is not None:
                self.late.cancel()
                self.late = None

        def _end(self) -> None:
            self.late = None
            if self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete):
                self.transport.abort()

    return Bounded


class BodyBudget:
    """Bytes of bodies that are held at this moment, in all requests together."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0

    def take(self, size: int) -> bool:
        """Reserve so many; false where there is no room."""
        if self.bytes + size > self.most:
            return False
        self.bytes += size
        return True

    def give(self, size: int) -> None:
        """Return the bytes that a body had reserved."""
        self.bytes -= size
