"""What a backend must be able to do. Any class with these methods will do; see `summaries.backends`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import xxhash
from msgspec import Struct
from numpy.typing import NDArray

from summaries.types import Kind

Vector = NDArray[np.float32]  # (dimension,), length 1
Vectors = NDArray[np.float32]  # (texts, dimension), rows of length 1


class Node(Struct, frozen=True):
    """A summary as it is kept: one of a repository, a directory or a file."""

    repo: str
    path: str  # "" is the repository itself
    kind: Kind
    text: str  # what a person reads
    words: str  # what the embedder reads: the text with the names around it

    @property
    def id(self) -> str:
        """Its name in a store: the path of a file; `REPO//DIR`, or `REPO//`, of what is in the map."""
        return self.path if self.kind is Kind.FILE else f"{self.repo}//{self.path}"

    @property
    def hash(self) -> str:
        """Of its content: 16 hex digits."""
        return xxhash.xxh3_64_hexdigest(f"{self.text}\0{self.words}".encode("utf-8", "replace"))


class Match(Struct, frozen=True):
    """A node near a query."""

    collection: str
    id: str  # of the node
    score: float  # cosine, 1 is the same direction


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how close their meanings are."""

    name: str
    dimension: int
    digest: str  # changes whenever a text's vector would

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of summaries. The vector of a text doesn't depend on its neighbours."""

    def query(self, text: str) -> Vector:
        """Vector of a report or question."""


class Opener(Protocol):
    """How an embedder is opened: a class or module with this function."""

    def open(self, folder: Path) -> Embedder:
        """Open it. `folder` holds what it learnt. Raises ModelError where that is missing or unreadable."""


class Learner(Opener, Protocol):
    """An embedder that first learns from what is indexed."""

    def learn(self, folder: Path, texts: Sequence[str], files: int) -> Embedder:
        """Learn, save below `folder` and open. The texts come from an index of so many files."""

    def stale(self, folder: Path, files: int) -> str:
        """Why it should learn anew for an index of so many files; "" where it needn't. Never raises."""


class VectorStore(Protocol):
    """Summaries with vectors, in named collections: the map of all repositories, and the files of each."""

    def replace(
        self,
        collection: str,
        nodes: Sequence[Node],
        embed: Callable[[Sequence[str]], Vectors],
        repos: Collection[str] = (),
    ) -> int:
        """Make a collection hold these nodes and no others; an empty one goes. How many were written.

        With `repos`, what it holds of other repositories stays. Nodes that are there already with the same words
        are neither embedded nor written again.
        """

    def query(self, collections: Sequence[str], vector: Vector, limit: int) -> list[Match]:
        """The nearest nodes of the collections together, best first. Unknown collections are empty ones."""

    def counts(self) -> Mapping[str, int]:
        """Every collection, and how many nodes it holds."""

    def close(self) -> None:
        """Let go of files and connections."""
