"""Whether a shard is whole and says the same everywhere: what a cut, mixed or scribbled file breaks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from summaries.index.postings import Postings
from summaries.index.shard import Shard
from summaries.words import Hashes


def faults(shard: Shard) -> Iterator[str]:
    """What is wrong with a shard that could be opened. Reads every array. Raises KeyError, ValueError."""
    sizes = {"paths": len(shard.roles), "blobs": len(shard.arrays["blob_languages"])}
    for name in ("paths", "blobs", "subjects"):
        ends = shard.arrays[f"{name}.ends"]
        if len(ends) and (
            np.any(ends[1:] < ends[:-1]) or int(ends[-1]) != len(shard.arrays[f"{name}.bytes"])
        ):
            yield f"the column of {name} is cut"
    for name, size in sizes.items():
        if len(shard.strings(name)) != size:
            yield f"{len(shard.strings(name)):,} {name}, but {size:,} expected"
    units = len(shard.unit_blobs)
    if units and (np.any(np.diff(shard.unit_blobs) < 0) or int(shard.unit_blobs[-1]) >= sizes["blobs"]):
        yield "units belong to blobs that aren't there"
    if shard.unit_spans.shape != (units, 3):
        yield f"{units:,} units, but {len(shard.unit_spans):,} spans"
    commits = len(shard.arrays["commit_times"])
    if len(shard.commits) != commits:
        yield "the names of commits are cut"
    documents = {
        "units": units,
        "heads": sizes["blobs"],
        "marks": sizes["blobs"],
        "names": sizes["paths"],
        "messages": commits,
    }
    for name, count in documents.items():
        if fault := _postings(getattr(shard, name), count):
            yield f"the postings of {name} {fault}"
    yield from _history(shard, commits, sizes["paths"])
    yield from _snapshots(shard, commits, sizes)


def _postings(p: Postings, documents: int) -> str:
    terms: Hashes = p.terms
    if len(p.starts) != len(terms) + 1 or len(p.docs) != len(p.counts) or len(p.lengths) != documents:
        return "have the wrong size"
    if int(p.starts[-1]) != len(p.docs) or np.any(p.starts[1:] < p.starts[:-1]):
        return "are cut"
    if np.any(terms[1:] <= terms[:-1]):
        return "are out of order"
    return "name documents that aren't there" if len(p.docs) and int(p.docs.max()) >= documents else ""


def _history(shard: Shard, commits: int, paths: int) -> Iterator[str]:
    starts, touched = shard.arrays["commit_starts"], shard.arrays["commit_paths"]
    if len(starts) != commits + 1 or np.any(starts[1:] < starts[:-1]) or int(starts[-1]) != len(touched):
        yield "the paths of commits are cut"
    if len(touched) and int(touched.max()) >= paths:
        yield "commits changed paths that aren't there"


def _snapshots(shard: Shard, commits: int, sizes: dict[str, int]) -> Iterator[str]:
    if not shard.info.snapshots:
        yield "it holds no snapshot"
    for n, snapshot in enumerate(shard.info.snapshots):
        files = {name: shard.arrays[f"snap{n}.{name}"] for name in ("paths", "blobs")}
        whole = len(files["paths"]) == len(files["blobs"])
        whole &= len(shard.arrays[f"snap{n}.commits"]) == -(-commits // 8)
        for name, numbers in files.items():
            whole &= not len(numbers) or int(numbers.max()) < sizes[name]
        if not whole:
            yield f"the snapshot {snapshot.ref} is cut or names files that aren't there"
