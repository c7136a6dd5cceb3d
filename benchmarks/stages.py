"""Seconds by stage of a cold index, in one process: `python -m benchmarks.stages LIST DIR` prints JSON.

Functions of the indexer are wrapped from outside, each with a clock that stops while a wrapped function inside
it runs, so that the stages add up to the whole and the product carries no clocks.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from indexer import assemble, blobs, build, knowledge, repository
from indexer.git.git import Git
from summaries import backends
from summaries.index import arrays
from summaries.index.index import Index, Manifest
from summaries.index.store import Store
from summaries.vectors.chroma import Chroma
from summaries.vectors.embed.lsa import Lsa

Stages = Sequence[tuple[Any, str, str]]  # owner, name of the function, stage

STAGES: Stages = (
    (Git, "__init__", "git: open"),
    (Git, "resolve", "git: resolve"),
    (Git, "tree", "git: list files"),
    (repository, "choose", "choose files"),
    (Git, "blobs", "read blobs"),
    (blobs, "inspect", "look at text"),
    (blobs, "refine", "language"),
    (blobs, "parse", "parse"),
    (blobs, "blob_terms", "words"),
    (blobs, "record", "pack"),
    (blobs, "packed", "pack"),
    (Store, "__init__", "store: open"),
    (Store, "add", "store"),
    (Store, "known", "store"),
    (Store, "flush", "store"),
    (Store, "add_commits", "store"),
    (repository, "history", "history"),
    (repository, "assemble", "assemble"),
    (assemble, "_postings", "assemble: sort"),
    (assemble, "_history", "assemble: history"),
    (arrays, "write", "write shard"),
    (repository, "keep_summaries", "summaries"),
    (repository, "_state", "state"),
    (Index, "publish", "publish"),
    (build, "_know", "knowledge: rest"),
    (knowledge, "_embedder", "knowledge: learn"),
    (knowledge, "nodes", "summaries"),
    (backends, "vectors", "knowledge: open the store"),
    (Lsa, "documents", "knowledge: embed"),
    (Chroma, "replace", "knowledge: write the store"),
)


class Clock:
    """Seconds by stage, of the wall and of this process's processor; each second in one stage only."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self._open = ["other"]
        self._at = time.perf_counter(), time.process_time()

    def _tick(self) -> None:
        now = time.perf_counter(), time.process_time()
        wall, cpu = self.seconds.get(self._open[-1], (0.0, 0.0))
        self.seconds[self._open[-1]] = wall + now[0] - self._at[0], cpu + now[1] - self._at[1]
        self._at = now

    def enter(self, name: str) -> None:
        """A stage begins."""
        self._tick()
        self._open.append(name)

    def leave(self) -> None:
        """The innermost stage ends."""
        self._tick()
        self._open.pop()

    def wrap(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose calls count for a stage; of a generator, every step."""

        def steps(found: Iterator[Any]) -> Iterator[Any]:
            while True:
                self.enter(name)
                try:
                    item = next(found)
                except StopIteration:
                    return
                finally:
                    self.leave()
                yield item

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(name)
            try:
                result = inner(*args, **kwargs)
            finally:
                self.leave()
            return steps(result) if hasattr(result, "__next__") else result

        return timed


def staged(run: Callable[[], object], stages: Stages = STAGES) -> dict[str, tuple[float, float]]:
    """Seconds (wall, processor) by stage of what `run` does in this process, the largest first."""
    clock = Clock()
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in stages]
    try:
        for owner, name, stage in stages:
            setattr(owner, name, clock.wrap(stage, getattr(owner, name)))
        clock.enter("other")
        run()
        clock.leave()
    finally:
        for owner, name, was in kept:
            setattr(owner, name, was)
    order = sorted(clock.seconds.items(), key=lambda x: -x[1][1])
    return {n: (round(wall, 3), round(cpu, 3)) for n, (wall, cpu) in order}


if __name__ == "__main__":
    from indexer.sources.discover import discover_all, read_list

    found, failed = discover_all(read_list(Path(sys.argv[1])), Path(sys.argv[2]) / "clones")
    assert not failed, failed
    manifest = Manifest(embedder="lsa", vectors="chroma")
    seconds = staged(lambda: build.build(Path(sys.argv[2]), found, manifest=manifest, workers=1))
    sys.stdout.write(msgspec.json.encode(seconds).decode() + "\n")
