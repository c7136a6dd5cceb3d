"""Latent semantic vectors, learnt from the index itself: no download, no model, the same result every time.

Words are weighted by ln-count times inverse document frequency, and projected on the strongest directions of
the corpus (Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS 1990), found by randomised
subspace iteration (Halko, Martinsson & Tropp, SIAM Review 2011). New texts are folded in. Measured against
plain words and hashing in docs/embedder.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from summaries.errors import IndexDamaged, ModelError
from summaries.index import arrays
from summaries.products import product
from summaries.protocols import Vector, Vectors
from summaries.vectors.embed.terms import Bag, bag, bags, unit

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FILE = "lsa.safetensors"
VERSION = "2"
DIMENSION = 128  # at most; a small corpus has fewer directions
SHARED = 3  # texts to a direction at least: with one each, words only ever mean themselves (a guess)
WORDS = 60_000  # the most widespread ones are kept
TEXTS = 40_000  # evenly chosen from a larger corpus
SPARE, ROUNDS, SEED = 16, 2, 0  # of the randomised decomposition


class Lsa:
    """Vocabulary, word weights and the projection, mapped from one file."""

    name = "lsa"

    def __init__(self, path: Path) -> None:
        """Raises IndexDamaged or KeyError."""
        data = arrays.Arrays(path)
        self.keys: NDArray[np.uint64] = data["keys"]  # ascending
        self.weights: NDArray[np.float32] = data["weights"]  # times the step of the word's row
        self.basis: NDArray[np.int8] = data["basis"]  # (words, dimension), each row in steps of its own
        self.version, self.digest = data.meta["version"], data.meta["digest"]
        self.learnt = int(data.meta["files"])  # files of the index then
        self.dimension = int(self.basis.shape[1])

    @classmethod
    def open(cls, folder: Path) -> Lsa:
        """Raises ModelError where nothing was learnt yet, or what was learnt is unreadable."""
        try:
            found = cls(folder / FILE)
        except (IndexDamaged, KeyError, ValueError) as e:
            raise ModelError(f"the embedder at {folder} cannot be read", "run `bugatlas index`") from e
        if found.version != VERSION:
            raise ModelError(f"the embedder at {folder} is of another version", "run `bugatlas index`")
        return found

    @classmethod
    def stale(cls, folder: Path, files: int) -> str:
        """Why to learn anew: never done, unreadable, another version, or the index has doubled or halved."""
        if not (folder / FILE).exists():
            return "the first time"
        try:
            learnt = cls.open(folder).learnt
        except ModelError as e:
            return e.message
        if learnt <= 2 * files and files < 2 * max(learnt, 1):
            return ""
        return f"it learnt from {learnt:,} files, now there are {files:,}"

    @classmethod
    def learn(cls, folder: Path, texts: Sequence[str], files: int) -> Lsa:
        """Learn from texts: seconds for tens of thousands on one core."""
        step = max(1, -(-len(texts) // TEXTS))
        keys, matrix, weights = _weighted(bags(texts[::step]))
        count = min(DIMENSION, max(2, matrix.shape[0] // SHARED), *(max(n - 1, 1) for n in matrix.shape))
        basis, steps = _stepped(_directions(matrix, count))
        if not basis.size:  # texts without any words
            basis = np.zeros((len(keys), 1), np.int8)
        digest = xxhash.xxh3_64_hexdigest(VERSION.encode() + keys.tobytes() + basis.tobytes())
        folder.mkdir(parents=True, exist_ok=True)
        meta = {"version": VERSION, "files": str(files), "digest": digest}
        arrays.write(folder / FILE, {"keys": keys, "weights": weights * steps, "basis": basis}, meta)
        return cls.open(folder)

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of summaries: float32 (texts, dimension), rows of length 1."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return unit(np.stack([self._folded(b) for b in bags(texts)]))

    def query(self, text: str) -> Vector:
        """Vector of a report: the weighted sum of its words' rows."""
        vector: Vector = unit(self._folded(bag(text)))[0]
        return vector

    def _folded(self, found: Bag) -> Vector:
        keys, weights = found
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        known = self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), np.bool_)
        at = at[known]
        return product(weights[known] * self.weights[at], self.basis[at].astype(np.float32))


def _weighted(bags: Sequence[Bag]) -> tuple[NDArray[np.uint64], csr_array[Any], NDArray[np.float32]]:
    """Words kept, the matrix of texts by words with rows of length 1, and each word's weight."""
    every = np.concatenate([k for k, _ in bags]) if bags else np.zeros(0, np.uint64)
    keys, spread = np.unique(every, return_counts=True)
    shared = spread >= 2
    if shared.sum() >= 2:  # else the corpus is so small that words met once are all there is
        keys, spread = keys[shared], spread[shared]
    top = np.sort(np.argsort(-spread, kind="stable")[:WORDS])
    keys, spread = keys[top], spread[top]
    weights = np.log((len(bags) + 1) / (spread + 1)).astype(np.float32) + np.float32(1e-6)
    return keys, _matrix(bags, keys, weights), weights


def _matrix(bags: Sequence[Bag], keys: NDArray[np.uint64], weights: NDArray[np.float32]) -> csr_array[Any]:
    """Texts by known words, weighted, with rows of length 1 (0 where no word is known)."""
    from scipy.sparse import csr_array

    words = np.concatenate([k for k, _ in bags]) if bags else np.zeros(0, np.uint64)
    counts = np.concatenate([v for _, v in bags]) if bags else np.zeros(0, np.float32)
    rows = np.repeat(np.arange(len(bags)), [len(k) for k, _ in bags])
    at = np.minimum(np.searchsorted(keys, words), max(len(keys) - 1, 0))
    known = keys[at] == words if len(keys) else np.zeros(len(words), np.bool_)
    rows, at = rows[known], at[known]
    cells = counts[known] * weights[at]
    lengths = np.sqrt(np.bincount(rows, cells**2, len(bags)))
    cells = (cells / lengths[rows]).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(bags)))])
    return csr_array((cells, at.astype(np.int64), ends), shape=(len(bags), max(len(keys), 1)))


def _directions(matrix: csr_array[Any], count: int) -> NDArray[np.float32]:
    """The strongest right singular vectors, a column each: float32 (words, count)."""
    draw = np.random.default_rng(SEED).standard_normal((matrix.shape[1], count + SPARE), np.float32)
    rows = _orthonormal(matrix @ draw)
    for _ in range(ROUNDS):
        rows = _orthonormal(matrix @ _orthonormal(matrix.T @ rows))
    small = (matrix.T @ rows).astype(np.float64)  # (words, count + SPARE)
    values, turns = np.linalg.eigh(product(small.T, small))
    strongest = np.argsort(-values, kind="stable")[:count]
    basis = product(small, turns[:, strongest] / np.sqrt(np.maximum(values[strongest], 1e-12)))
    signs = np.sign(basis[np.argmax(np.abs(basis), axis=0), np.arange(basis.shape[1])])
    found: NDArray[np.float32] = (basis * np.where(signs == 0, 1, signs)).astype(np.float32)
    return found


def _stepped(basis: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows as whole steps, 127 at most, and the size of each row's step: a quarter of the bytes, the same hits."""
    steps = np.maximum(np.abs(basis).max(axis=1, initial=0.0), 1e-30) / 127
    return np.rint(basis / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _orthonormal(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same space with columns at right angles: by the Gram matrix, a tenth of the time of a QR."""
    wide = columns.astype(np.float64)
    values, turns = np.linalg.eigh(product(wide.T, wide))
    kept = values > max(values.max(initial=0.0) * 1e-12, 1e-12)
    found: NDArray[np.float32] = product(wide, turns[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    return found
