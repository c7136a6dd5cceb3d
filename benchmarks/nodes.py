"""How large a knowledge base one node of Chroma carries: write, open, ask and forget, by number of summaries.

Collections of `EACH` made-up summaries with random unit vectors, as many repositories would fill them, in the
store inside an index or behind `chroma run`. Each size is asked by a process of its own, through our own `Chroma`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from benchmarks.measure import command, folder_bytes, resident, spread
from summaries import backends
from summaries.protocols import Node, Vectors
from summaries.types import Kind

EACH = 100  # summaries of one repository
DIMENSION = 256
ROUTED = 48  # repositories that a question is sent to
QUESTIONS = 30
TEXT = "Orders module in Java: takes orders, checks the stock and asks the payment service for the money."


def nodes(sizes: Sequence[int]) -> dict[str, Any]:
    """One row a size."""
    return {"each": EACH, "dimension": DIMENSION, "routed": ROUTED, "rows": [_row(size) for size in sizes]}


def _row(size: int) -> dict[str, Any]:
    with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
        wrote = msgspec.json.decode(command("benchmarks.nodes", "write", folder, str(size)).output)
        asked = msgspec.json.decode(command("benchmarks.nodes", "ask", folder, str(size)).output)
        return {"summaries": size, "disk_mb": round(folder_bytes(Path(folder)) / 1e6, 1)} | wrote | asked


def _collections(size: int) -> Iterator[tuple[str, list[Node]]]:
    for c in range(size // EACH):
        name = f"shop.service-{c:06}"
        yield name, [Node(name, f"src/file{n}.java", Kind.FILE, f"{TEXT} {c} {n}", "") for n in range(EACH)]


def _random(count: int, seed: int) -> Vectors:
    found = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    rows: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return rows


def write(root: Path, size: int) -> dict[str, Any]:
    """Fill a new store."""
    store = backends.vectors("chroma", root)
    began = time.perf_counter()
    for seed, (name, found) in enumerate(_collections(size)):
        store.replace(name, found, lambda texts, s=seed: _random(len(texts), s))  # type: ignore[misc]
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    name, found = next(_collections(size))
    changed = [*found[:-1], Node(name, "src/new.java", Kind.FILE, TEXT, "")]
    store.replace(name, changed, lambda texts: _random(len(texts), size))
    one = time.perf_counter() - began
    store.close()
    return {"write_s": round(seconds, 2), "per_second": round(size / seconds), "one_more_s": round(one, 3)}


def ask(root: Path, size: int) -> dict[str, Any]:
    """Open it, ask what the router chose, then everything."""
    began = time.perf_counter()
    store = backends.vectors("chroma", root)
    names = sorted(store.counts())
    opened = time.perf_counter() - began
    rng = np.random.default_rng(0)
    vectors = _random(QUESTIONS, 0)
    times = []
    for vector in vectors:
        chosen = [str(n) for n in rng.choice(names, min(ROUTED, len(names)), replace=False)]
        began = time.perf_counter()
        store.query(chosen, vector, 20)
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    store.query(names, vectors[0], 20)
    everything = time.perf_counter() - began
    held = resident(os.getpid())
    store.close()
    return {
        "open_s": round(opened, 2),
        "routed": spread(times),
        "everything_s": round(everything, 2),
        "resident_mb": round(held / 1e6),
    }


if __name__ == "__main__":
    what = {"write": write, "ask": ask}[sys.argv[1]]
    sys.stdout.write(msgspec.json.encode(what(Path(sys.argv[2]), int(sys.argv[3]))).decode() + "\n")
