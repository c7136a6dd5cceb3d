"""The call that a program makes that has the index open, in processes that nothing else runs in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.measure import spread

WARM_UP = 40
BLAS = "OPENBLAS_NUM_THREADS"  # one thread a process, as the command line has it


@contextmanager
def calling(root: Path, reports: Sequence[str]) -> Iterator[Connection]:
    """A process that has the index open and answers so many of the reports whenever it is sent a number."""
    before = os.environ.get(BLAS)
    os.environ[BLAS] = "1"
    try:
        context = get_context("spawn")
        pipe, theirs = context.Pipe()
        process = context.Process(target=_bare, args=(theirs, root, reports), daemon=True)
        process.start()
    finally:
        if before is None:
            del os.environ[BLAS]
        else:
            os.environ[BLAS] = before
    try:
        pipe.recv()
        yield pipe
    finally:
        process.kill()
        process.join()


def _bare(pipe: Connection, root: Path, reports: Sequence[str]) -> None:
    """The call that a program makes that has the index open, one after another, as JSON."""
    import msgspec

    from locator.locate import Options
    from locator.modes import find
    from locator.report.reader import read
    from summaries.config import Settings
    from summaries.index.index import Index

    index, settings = Index.open(root), Settings(mode="offline")

    def one(n: int) -> float:
        began = time.perf_counter()
        msgspec.json.encode(find(index, read(reports[n % len(reports)]), Options(), settings))
        return time.perf_counter() - began

    for n in range(max(WARM_UP, len(reports))):
        one(n)
    pipe.send(None)
    while True:
        queries = pipe.recv()
        before = sum(os.times()[:4])  # its own and that of children: git, say
        seconds = [one(n) for n in range(queries)]
        pipe.send((seconds, sum(os.times()[:4]) - before))


def call(processes: Sequence[Connection], queries: int) -> dict[str, Any]:
    """So many queries in each of the processes, all at once."""
    began = time.perf_counter()
    for pipe in processes:
        pipe.send(queries)
    parts = [pipe.recv() for pipe in processes]
    wall = time.perf_counter() - began
    seconds = [s for part, _ in parts for s in part]
    cpu = 1000 * sum(c for _, c in parts) / len(seconds)
    return {"per_second": round(len(seconds) / wall, 2), **spread(seconds), "cpu_ms": round(cpu, 2)}
