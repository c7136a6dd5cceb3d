"""The knowledge base: every summary of every head with its vector, and which state of the index it reflects.

It is asked in two phases, as the method was published: a *map* of all repositories and directories says where to
look, then the files of those repositories are compared.

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
from summaries.fs import replace
from summaries.index.index import Index, slug
from summaries.protocols import Embedder, Vector, VectorStore

RECORD = "vectors.json"
LEARNT = "embedder"  # folder of what embedders learnt
PLACES = 100  # of the map that are looked at, to choose repositories by: a guess
MOST_PLACES = 1_000  # the same where repositories are named, which the map's nearest may not lie in
ROUTED = 8  # repositories whose files are compared; docs/embedder.md has what fewer lose


class KnownRepository(Struct, frozen=True):
    """What the knowledge base holds of a repository."""

    generation: int  # of the repository's state
    files: int
    places: int  # the repository and its directories, in the map
    digest: str  # of the embedder
    words: str = ""  # digest of all nodes' content, the same where a change leaves every summary as it was


class KnowledgeRecord(Struct, frozen=True):
    """What it holds of all."""

    store: str = ""
    repos: Mapping[str, KnownRepository] = {}
    leftover: tuple[str, ...] = ()  # collections of an earlier embedder, not dropped yet


class Near(Struct, frozen=True):
    """A summary near a query."""

    repo: str
    path: str  # "" is the repository itself
    score: float  # cosine


def read_record(root: Path) -> KnowledgeRecord:
    """The record; an empty one where there's none, or where it is unreadable: all is then written anew."""
    try:
        return msgspec.json.decode((root / RECORD).read_bytes(), type=KnowledgeRecord)
    except (OSError, msgspec.MsgspecError):
        return KnowledgeRecord()


def write_record(root: Path, record: KnowledgeRecord) -> None:
    """Replace the record. The caller holds the lock."""
    replace(root / RECORD, msgspec.json.encode(record))


def collection(name: str, digest: str) -> str:
    """The collection of a repository's files: another for every state of the embedder, so readers see no mixture."""
    return f"{digest[:8]}.{slug(name)}"


def map_collection(digest: str) -> str:
    """The collection of all repositories and directories."""
    return f"{digest[:8]}.map"


def is_gone(index: Index) -> bool:
    """Whether a store that should lie in the index doesn't. Opening it would make an empty one."""
    name = index.manifest.vectors
    return name in backends.VECTORS and not (index.root / name).is_dir()


class Nearest(Struct, frozen=True):
    """What is near a query, best first."""

    places: tuple[Near, ...]  # repositories and directories
    files: tuple[Near, ...]  # of the repositories that the places lie in


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
        self.map = map_collection(manifest.digest)
        self.collections = {n: collection(n, manifest.digest) for n in held}
        self.behind = [
            n for n, s in index.repos.items() if n not in held or held[n].generation != s.generation
        ]

    def near(self, text: str, repos: Sequence[str] | None = None, limit: int = 50) -> list[Near]:
        """Summaries nearest to a text, best first, of these repositories or of all: places, and files below them.

        Raises ModelError where the store or the embedder cannot be asked.
        """
        found = self.nearest(self.embedder.query(text), repos, limit)
        return sorted([*found.places, *found.files], key=lambda n: (-n.score, n.repo, n.path))[:limit]

    def nearest(
        self, vector: Vector, repos: Sequence[str] | None = None, limit: int = 50, routed: int = ROUTED
    ) -> Nearest:
        """Both phases for a vector. Where `repos` are named they are searched, and the map only says in what order.

        Raises ModelError.
        """
        try:
            places = self._places(vector, repos, limit)
            order = dict.fromkeys([n.repo for n in places])
            names = list(order)[:routed] if repos is None else [n for n in repos if n in self.collections]
            repo_of = {self.collections[n]: n for n in names}
            files = self.store.query(list(repo_of), vector, limit) if repo_of else []
        except IndexDamaged as e:
            raise ModelError(str(e), "run `bugatlas doctor`") from e
        return Nearest(places, tuple(Near(repo_of[m.collection], m.id, m.score) for m in files))

    def vector_of(self, text: str, repo: str, path: str) -> Vector:
        """The vector of a summary as the store holds it."""
        row: Vector = self.embedder.documents([words(repo, path, text)])[0]
        return row

    def _places(self, vector: Vector, repos: Sequence[str] | None, limit: int) -> tuple[Near, ...]:
        found = []
        for m in self.store.query([self.map], vector, max(limit, PLACES) if repos is None else MOST_PLACES):
            repo, _, path = m.id.partition("//")
            if repo in self.collections and (repos is None or repo in repos):
                found.append(Near(repo, path, m.score))
        return tuple(found[: max(limit, PLACES)])

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def words(repo: str, path: str, text: str) -> str:
    """What an embedder reads of a node: its summary after the names around it."""
    return f"{repo.rpartition('/')[2]} {path} {text}"
