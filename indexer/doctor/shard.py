"""Whether a shard is whole and says the same everywhere: what a cut, mixed or scribbled file breaks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from summaries.errors import IndexDamaged
from summaries.index.columns import COLUMNS, DOCUMENTS
from summaries.index.shard import Shard


def faults(shard: Shard) -> Iterator[str]:
    """What is wrong with a shard that could be opened. Reads every array."""
    broken: dict[str, None] = {}
    for name in _columns(shard):
        try:
            shard.arrays[name]
        except IndexDamaged as e:
            broken[e.message] = None
    if not shard.info.snapshots:
        broken[f"{shard.path} holds no snapshot"] = None
    yield from broken or _values(shard)


def _columns(shard: Shard) -> Iterator[str]:
    """Names of the arrays that a shard has to have."""
    for name in sorted(COLUMNS):
        if name.startswith("snap."):
            yield from (name.replace("snap", f"snap{n}") for n in range(len(shard.info.snapshots)))
        else:
            yield name


def _values(shard: Shard) -> Iterator[str]:
    """What is looked at here alone, as it would take an answer longer than it is worth."""
    for field in DOCUMENTS:
        postings = getattr(shard, field)
        if (postings.terms[1:] <= postings.terms[:-1]).any():
            yield shard.arrays.damage(f"{field}.terms", "out of order").message
        if not postings.sound():
            yield shard.arrays.damage(f"{field}.docs", "names documents that aren't there").message
    first, last, symbol = shard.unit_spans.T
    if (first < 1).any() or (last < first).any() or (symbol < -1).any():
        yield shard.arrays.damage("unit_spans", "names lines that cannot be").message
    if not np.all([len(b) for b in shard.blobs.all()]):
        yield shard.arrays.damage("blobs", "has blobs without a name").message
