"""Feature hashing: every word is a fixed random sign in one of 1,024 places. Learns nothing, needs nothing.

Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from summaries.protocols import Vector, Vectors
from summaries.vectors.embed.terms import bag, unit


class Hash:
    """The same vectors everywhere and for ever: for indexes that must not be re-embedded as they grow."""

    name = "hash"
    dimension = 1024
    digest = "hash-1"

    @classmethod
    def open(cls, folder: Path) -> Hash:
        """Open the embedder; it has no files to read."""
        return cls()

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of summaries: float32 (texts, dimension), rows of length 1."""
        out = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(out, texts, strict=True):
            keys, weights = bag(text)
            signs = np.where(keys >> np.uint64(63), weights, -weights)
            np.add.at(row, (keys % np.uint64(self.dimension)).astype(np.int64), signs)
        return unit(out)

    def query(self, text: str) -> Vector:
        """Vector of a report: float32 (dimension,), of length 1."""
        found: Vector = self.documents([text])[0]
        return found
