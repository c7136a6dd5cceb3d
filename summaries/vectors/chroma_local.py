"""Chroma's engine inside this process, without its client in Python.

`import chromadb` loads a server's worth of packages (telemetry, authentication, HTTP, embedding functions): .7 s of the
processor, to hand each call on to a compiled engine that loads in .03 s. What the client hands on is not a published
interface, so it is used only with releases that it was tried with (`KNOWN`); with any other the client is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries.protocols import Vectors

if TYPE_CHECKING:
    from chromadb_rust_bindings import Bindings

# Releases whose engine is called as here, and whose files are as `chroma_files` reads them; 1.5.2 deletes otherwise.
KNOWN = frozenset(f"1.5.{n}" for n in range(3, 10))
HANDLES = 4000  # graphs that may be open: as the client has it where 20,000 files may be
PLACE = ("default_tenant", "default_database")


def is_known() -> bool:
    """Whether the release of Chroma that is installed was tried."""
    try:
        return version("chromadb") in KNOWN
    except PackageNotFoundError:
        return False


def engine(folder: Path) -> Engine | None:
    """The store in a folder, None where the engine is not one that is known. Raises what Chroma raises."""
    if not is_known():
        return None
    try:
        from chromadb_rust_bindings import Bindings, MigrationHash, MigrationMode, SqliteDBConfig

        settings = SqliteDBConfig(
            hash_type=MigrationHash.MD5, migration_mode=MigrationMode.Apply, url=f"{folder}/chroma.sqlite3"
        )
    except (ImportError, AttributeError, TypeError):
        return None
    return Engine(
        Bindings(
            allow_reset=False, sqlite_db_config=settings, persist_path=str(folder), hnsw_cache_size=HANDLES
        )
    )


class Engine:
    """What `chromadb.PersistentClient` offers of what is asked of it here."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings: Any = bindings

    def get_or_create_collection(
        self, name: str, *, embedding_function: None, configuration: Mapping[str, Any]
    ) -> EngineCollection:
        """A collection of vectors that somebody else makes."""
        said = {**configuration, "spann": None, "embedding_function": {"type": "legacy"}}
        found = self._bindings.create_collection(name, json.dumps(said), None, None, True, *PLACE)
        return EngineCollection(self._bindings, str(found.id), found.name)

    def list_collections(self) -> list[EngineCollection]:
        """All of them."""
        found = self._bindings.list_collections(None, None, *PLACE)
        return [EngineCollection(self._bindings, str(c.id), c.name) for c in found]

    def delete_collection(self, name: str) -> None:
        """Remove one."""
        self._bindings.delete_collection(name, *PLACE)

    def close(self) -> None:
        """Let go of the files."""
        self._bindings = None


class EngineCollection:
    """A collection, as `chromadb.Collection` has it."""

    def __init__(self, bindings: Any, key: str, name: str) -> None:
        self._bindings, self._key, self.name = bindings, key, name

    def count(self) -> int:
        """How many nodes it holds."""
        return int(self._bindings.count(self._key, *PLACE))

    def get(
        self, *, include: Sequence[str], limit: int, offset: int, where: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Nodes in the order of their making."""
        asked = json.dumps(where) if where else None
        got = self._bindings.get(self._key, None, asked, limit, offset, None, list(include), *PLACE)
        return {"ids": got.ids, "metadatas": got.metadatas}

    def upsert(
        self, *, ids: Sequence[str], embeddings: Vectors, metadatas: Sequence[Mapping[str, str]]
    ) -> None:
        """Write nodes, in place of those of the same ids."""
        self._bindings.upsert(self._key, list(ids), embeddings.tolist(), list(metadatas), None, None, *PLACE)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove nodes."""
        self._bindings.delete(self._key, list(ids), None, None, None, *PLACE)

    def query(self, *, query_embeddings: Vectors, n_results: int, include: Sequence[str]) -> dict[str, Any]:
        """The nearest nodes of each vector."""
        got = self._bindings.query(
            self._key, None, query_embeddings.tolist(), n_results, None, None, list(include), *PLACE
        )
        return {"ids": got.ids, "distances": got.distances}
