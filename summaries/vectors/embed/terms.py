"""What the built-in embedders share: weighted words and unit rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from summaries.index.term_counts import tally
from summaries.protocols import Vectors
from summaries.words import count

Bag = tuple[NDArray[np.uint64], NDArray[np.float32]]  # keys of words, 1 + ln(how often each occurs)


def bag(text: str) -> Bag:
    """A text's words in ascending order of their keys, weighted by the logarithm of their counts."""
    seen = dict(sorted(count(text).items()))
    keys = np.fromiter(seen, np.uint64, len(seen))
    counts = np.fromiter(seen.values(), np.float32, len(seen))
    return keys, 1 + np.log(counts)


def unit(rows: NDArray[np.floating]) -> Vectors:
    """Rows of length 1. A row of zeros, of a text without a known word, becomes the diagonal."""
    out: Vectors = np.array(rows, np.float32, ndmin=2)
    lengths = np.linalg.norm(out, axis=1, keepdims=True)
    empty = lengths[:, 0] < 1e-12
    out[empty] = 1.0
    lengths[empty] = np.sqrt(out.shape[1])
    out /= lengths
    return out


def bags(texts: Sequence[str]) -> list[Bag]:
    """`bag` of each text, all at once."""
    lines = np.fromiter((t.count("\n") + 1 for t in texts), np.int64, len(texts))
    rows, keys, counts = tally("\n".join(texts), np.repeat(np.arange(len(texts), dtype=np.int32), lines))
    order = np.lexsort(
        (keys, rows)
    )  # `tally` numbers words as it meets them, which is not the same everywhere
    keys, weights = keys[order], 1 + np.log(counts[order].astype(np.float32))
    at = np.searchsorted(rows, np.arange(len(texts) + 1))
    return [(keys[a:b], weights[a:b]) for a, b in itertools.pairwise(at.tolist())]
