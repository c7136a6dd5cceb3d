"""A Chroma server as several machines use it: it may restart, and others write while we read.

What was interrupted is done again, because every operation can be: `replace` compares before it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from summaries.errors import ModelError
from summaries.protocols import Match, Node, Vector, Vectors
from summaries.vectors.chroma import Chroma
from summaries.vectors.chroma import server as connected

WAITS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)  # seconds before each further try: a restart takes two or three

T = TypeVar("T")


def server(url: str) -> Server:
    """The store behind `chroma run`. Raises ModelError where nobody answers, UsageError for no URL."""
    return Server(url)


class Server:
    """A server's collections, with patience. The first connection is made at once or not at all."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Chroma | None = connected(url)

    def replace(
        self,
        collection: str,
        nodes: Sequence[Node],
        embed: Callable[[Sequence[str]], Vectors],
        repos: Collection[str] = (),
    ) -> int:
        """As `Chroma.replace`; how many were written by the try that ended it."""
        return self._patiently(lambda store: store.replace(collection, nodes, embed, repos))

    def query(self, collections: Sequence[str], vector: Vector, limit: int) -> list[Match]:
        """The nearest nodes of the collections together, best first."""
        return self._patiently(lambda store: store.query(collections, vector, limit))

    def counts(self) -> Mapping[str, int]:
        """Every collection, and how many nodes it holds."""
        return self._patiently(lambda store: store.counts())

    def close(self) -> None:
        """Let go of the connection."""
        if self._store:
            with suppress(ModelError):  # nobody may be there any more
                self._store.close()

    def _patiently(self, do: Callable[[Chroma], T]) -> T:
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_chain, wait_fixed

        again = Retrying(
            retry=retry_if_exception(passing),
            wait=wait_chain(*map(wait_fixed, WAITS)),
            stop=stop_after_attempt(1 + len(WAITS)),
            before_sleep=lambda _: self._forget(),
            reraise=True,
        )
        found: T = again(self._tried, do)
        return found

    def _tried(self, do: Callable[[Chroma], T]) -> T:
        self._store = self._store or connected(self._url)
        return do(self._store)

    def _forget(self) -> None:
        self.close()
        self._store = None  # what it knows of collections may be of before


def passing(error: BaseException) -> bool:
    """Whether an error may go away by itself: no answer, a server in trouble, a collection just replaced."""
    import httpx
    from chromadb.errors import InternalError, NotFoundError

    if not isinstance(error, ModelError):
        return False
    cause = error.__cause__
    return isinstance(cause, httpx.TransportError | InternalError | NotFoundError) or (
        isinstance(cause, ValueError) and "connect" in str(cause).lower()
    )
