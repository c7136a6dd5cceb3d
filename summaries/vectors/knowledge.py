"""The knowledge base: every summary of every head with its vector, and which state of the index it reflects.

`indexer.knowledge` fills it under the write lock; this is how it is read. A record beside it says which
generation of each repository it holds, so that nobody has to open it to learn that it is in step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries import backends
from summaries.errors import IndexDamaged, ModelError
from summaries.index.index import Index, replace, slug
from summaries.protocols import Embedder, VectorStore

RECORD = "vectors.json"
LEARNT = "embedder"  # folder of what embedders learnt


class Held(Struct, frozen=True):
    """What the knowledge base holds of a repository."""

    generation: int  # of the repository's state
    nodes: int
    digest: str  # of the embedder
    words: str = ""  # digest of all nodes' content, the same where a change leaves every summary as it was


class Record(Struct, frozen=True):
    """What it holds of all."""

    store: str = ""
    repos: Mapping[str, Held] = {}
    leftover: tuple[str, ...] = ()  # collections of an earlier embedder, not dropped yet


class Near(Struct, frozen=True):
    """A summary near a query."""

    repo: str
    path: str  # "" is the repository itself
    score: float  # cosine


def read_record(root: Path) -> Record:
    """The record; an empty one where there's none, or where it is unreadable: all is then written anew."""
    try:
        return msgspec.json.decode((root / RECORD).read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return Record()


def write_record(root: Path, record: Record) -> None:
    """Replace the record. The caller holds the lock."""
    replace(root / RECORD, msgspec.json.encode(record))


def collection(name: str, digest: str) -> str:
    """The collection of a repository: another one for every state of the embedder, so readers see no mixture."""
    return f"{digest[:8]}.{slug(name)}"


def is_gone(index: Index) -> bool:
    """Whether a store that should lie in the index doesn't. Opening it would make an empty one."""
    name = index.manifest.vectors
    return name in backends.VECTORS and not (index.root / name).is_dir()


class Knowledge:
    """The knowledge base, open for reading. It sees what was there when it was opened."""

    def __init__(self, index: Index) -> None:
        """Raises ModelError where the index has none or it isn't usable, IndexError_ where it can't be opened."""
        self.index = index
        manifest = index.manifest
        if not (manifest.embedder and manifest.vectors and manifest.digest) or is_gone(index):
            raise ModelError("the index has no vectors", "run `bugatlas index`")
        self.embedder: Embedder = backends.embedder(manifest.embedder, index.root / LEARNT)
        if self.embedder.digest != manifest.digest:
            raise ModelError("the index has vectors of another embedder", "run `bugatlas index`")
        self.store: VectorStore = backends.vectors(manifest.vectors, index.root)
        record = read_record(index.root)
        held = {n: h for n, h in record.repos.items() if h.digest == manifest.digest and n in index.repos}
        self.collections = {n: collection(n, manifest.digest) for n in held}

    def near(self, text: str, repos: Sequence[str] | None = None, limit: int = 50) -> list[Near]:
        """Summaries nearest to a text, best first, of these repositories or of all."""
        names = [n for n in (self.collections if repos is None else repos) if n in self.collections]
        repo_of = {self.collections[n]: n for n in names}
        try:
            found = self.store.query(list(repo_of), self.embedder.query(text), limit)
        except IndexDamaged as e:
            raise ModelError(str(e), "run `bugatlas doctor`") from e
        return [Near(repo_of[m.collection], m.path, m.score) for m in found]

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()
