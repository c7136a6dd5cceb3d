"""Chroma, inside the index or as a server: the map of all repositories, and a collection of files for each.

Measured (docs/design.md): two processes that write to one embedded store damage it, so only the holder of
the index's write lock does; a filter on metadata costs tens of milliseconds where a collection of its own
costs two; looking up metadata costs more than the search, so the path is in the id.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from summaries.errors import BugatlasError, IndexError_, ModelError, UsageError
from summaries.protocols import Match, Node, Vector, Vectors
from summaries.types import Kind
from summaries.vectors.chroma_files import Graphs
from summaries.vectors.chroma_local import engine, is_known

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection as Kept

BATCH = 5_000  # Chroma takes at most 5,461 at a time, and writes a whole collection after each batch
SYNC = 2  # records that Chroma keeps twice, in its log and its graph, before it cuts the log: the fewest it takes
NEIGHBOURS = 8  # links of a node in the graph: half of Chroma's default, which is for a thousand dimensions


def embedded(root: Path) -> Chroma:
    """The store inside an index. Only the holder of the index's write lock may write to it."""

    def connect() -> Any:
        folder = root / "chroma"
        folder.mkdir(parents=True, exist_ok=True)
        if found := engine(folder):
            return found
        import chromadb

        return chromadb.PersistentClient(str(folder), settings=_quiet())

    looked = Graphs(root / "chroma").fault if is_known() else nothing
    return Chroma(connect, IndexError_, str(root / "chroma"), looked)


def nothing(collection: str) -> str:
    """Nothing is known to be wrong with it."""
    return ""


def server(url: str) -> Chroma:
    """A store behind `chroma run`, for several indexing machines. Raises ModelError where nobody answers."""
    import chromadb

    parts = urlsplit(url)
    if not parts.hostname:
        raise UsageError(f"{url} names no host", "write http://HOST:PORT")
    secure = parts.scheme == "https"

    def connect() -> ClientAPI:
        port = parts.port or (443 if secure else 8000)
        return chromadb.HttpClient(str(parts.hostname), port, secure, headers=_token(), settings=_quiet())

    return Chroma(connect, ModelError, url)


def _token() -> dict[str, str]:
    """What a gateway before the server may ask for: $BUGATLAS_CHROMA_TOKEN, in both usual headers."""
    token = os.environ.get("BUGATLAS_CHROMA_TOKEN", "")
    return {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}


def _quiet() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


class Chroma:
    """Both kinds of client. Chroma raises whatever it likes: every call turns that into one of our errors."""

    def __init__(
        self,
        connect: Callable[[], ClientAPI],
        error: type[BugatlasError],
        place: str,
        fault: Callable[[str], str] = nothing,
    ) -> None:
        """`fault` says what is wrong with the files of a collection, "" for nothing, before it is asked."""
        self._error, self._place, self._fault = error, place, fault
        self._known: dict[str, Kept] | None = None  # looked up once: it takes longer than a search
        with self._raising_ours():
            self._client = connect()

    def replace(
        self,
        collection: str,
        nodes: Sequence[Node],
        embed: Callable[[Sequence[str]], Vectors],
        repos: Collection[str] = (),
    ) -> int:
        """Make a collection hold these nodes and no others; unchanged ones are neither embedded nor written.

        With `repos`, only their own nodes are compared and may go.
        """
        self._known = None
        with self._raising_ours():
            if not nodes and not repos:
                if collection in self.counts():
                    self._client.delete_collection(collection)
                return 0
            if not nodes and collection not in self.counts():
                return 0
            kept = self.collection(collection)
            have = dict(_hashes(kept, repos))
            want = {n.id: n for n in nodes}
            hashes = {i: n.hash for i, n in want.items()}
            gone = [i for i in have if i not in want]
            fresh = [i for i in want if have.get(i) != hashes[i]]
            for at in range(0, len(gone), BATCH):
                kept.delete(gone[at : at + BATCH])
            for at in range(0, len(fresh), BATCH):
                ids = fresh[at : at + BATCH]
                kept.upsert(
                    ids=ids,
                    embeddings=embed([want[i].words for i in ids]),
                    metadatas=[_about(want[i], hashes[i]) for i in ids],
                )
            return len(fresh)

    def collection(self, name: str) -> Kept:
        """A collection of Chroma's own, made if it isn't there. Vectors are ours: it embeds nothing."""
        configuration: Any = {
            "hnsw": {
                "space": "cosine",
                "batch_size": SYNC,
                "sync_threshold": SYNC,
                "max_neighbors": NEIGHBOURS,
            }
        }
        return self._client.get_or_create_collection(
            name, embedding_function=None, configuration=configuration
        )

    def query(self, collections: Sequence[str], vector: Vector, limit: int) -> list[Match]:
        """The nearest nodes of the collections together, best first."""
        with self._raising_ours():
            if self._known is None:
                self._known = {c.name: c for c in self._client.list_collections()}
            found: list[Match] = []
            for name in collections:
                if name in self._known:
                    if fault := self._fault(name):
                        raise self._error(f"Chroma at {self._place}: {fault}", "run `bugatlas doctor`")
                    near = self._known[name].query(
                        query_embeddings=np.asarray([vector], np.float32),
                        n_results=limit,
                        include=["distances"],
                    )
                    distances = (near["distances"] or [[]])[0]
                    found += [
                        Match(name, i, 1 - float(d)) for i, d in zip(near["ids"][0], distances, strict=True)
                    ]
        return sorted(found, key=lambda m: (-m.score, m.collection, m.id))[:limit]

    def counts(self) -> Mapping[str, int]:
        """Every collection, and how many nodes it holds."""
        with self._raising_ours():
            return {c.name: c.count() for c in self._client.list_collections()}

    def close(self) -> None:
        """Let go of the store: an open one never sees what another process writes."""
        client: Any = self._client
        with self._raising_ours():
            client.close()
            for part in (client, getattr(client, "_admin_client", None)):
                server = getattr(part, "_server", None)
                if session := getattr(server, "_session", None):  # with a server: Chroma leaves it open
                    session.close()

    def _raising_ours(self) -> _RaisingOurs:
        return _RaisingOurs(self._error, self._place)


class _RaisingOurs:
    """Turns whatever Chroma raises into an error of ours."""

    def __init__(self, error: type[BugatlasError], place: str) -> None:
        self._error, self._place = error, place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, BugatlasError):
            what = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise self._error(f"Chroma at {self._place}: {what}", "run `bugatlas doctor`") from error


def _about(node: Node, content: str) -> dict[str, str]:
    """Metadata: the hash, and of what is in the map its repository. No more: every key of every node takes a row and
    two places in indexes, and the summary itself, which the repository's own store has, made two fifths of Chroma's.
    """
    about = {"hash": content}
    return about if node.kind is Kind.FILE else about | {"repo": node.repo}


def _hashes(collection: Kept, repos: Collection[str]) -> Iterator[tuple[str, str]]:
    """(id, content hash) of every node, or of those of some repositories."""
    at = 0
    where: Any = {"repo": {"$in": sorted(repos)}} if repos else None
    if not collection.count():
        return
    while True:
        got = collection.get(include=["metadatas"], limit=BATCH, offset=at, where=where)
        yield from zip(got["ids"], (str(m.get("hash")) for m in got["metadatas"] or ()), strict=True)
        if len(got["ids"]) < BATCH:
            return
        at += BATCH
