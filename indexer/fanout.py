"""Indexing jobs side by side, the largest first."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from indexer.repository import Job, Outcome, index_repository
from indexer.workers import Workers
from summaries.errors import BugatlasError

FEW = 3  # so few repositories are indexed in this process, with the workers inside
POLL = 0.1  # seconds between two looks at the counters

OnDone = Callable[[Outcome], None]
OnFiles = Callable[[int, int], None]  # (files parsed, files found to parse) since the last call

_counters: Any = None  # in a worker: [parsed, found] of all workers, shared


def run(jobs: Sequence[Job], cores: int, on_files: OnFiles, on_done: OnDone) -> Iterator[Outcome]:
    """Outcomes as they come. One repository's failure is its own; an interrupt ends all jobs at once."""
    if len(jobs) <= FEW or cores < 2:
        for job in jobs:
            outcome = _guarded(msgspec.structs.replace(job, workers=cores), on_files)
            on_done(outcome)
            yield outcome
        return
    largest_first = sorted(jobs, key=lambda j: (-_weight(j.source.path), j.source.name))
    counters = get_context("spawn").Array("q", 2)
    with Workers(cores, _count_into, counters) as pool:
        waiting: dict[Future[Outcome], Job] = {pool.submit(_counted, job): job for job in largest_first}
        seen = (0, 0)
        while waiting:
            done, _ = wait(waiting, POLL, FIRST_COMPLETED)
            now = (counters[0], counters[1])
            if now != seen:
                on_files(now[0] - seen[0], now[1] - seen[1])
                seen = now
            for future in done:
                outcome = _outcome(future, waiting.pop(future))
                on_done(outcome)
                yield outcome


def _count_into(counters: Any) -> None:
    global _counters
    _counters = counters


def _count(parsed: int, found: int) -> None:
    with _counters.get_lock():
        _counters[0] += parsed
        _counters[1] += found


def _counted(job: Job) -> Outcome:
    return _guarded(job, _count)


def _outcome(future: Future[Outcome], job: Job) -> Outcome:
    try:
        return future.result()
    except BrokenExecutor:
        why = "its process was killed, perhaps for memory (run again with --jobs 1)"
        return Outcome(job.source.name, None, why, failed=True)


def _guarded(job: Job, on_files: OnFiles) -> Outcome:
    """Index one repository; whatever goes wrong is told in the outcome."""
    name = job.source.name
    try:
        return index_repository(job, on_files)
    except BugatlasError as e:
        why = str(e)
    except OSError as e:
        why = f"{e.strerror or e} ({e.filename or job.root})"
    except sqlite3.Error as e:
        why = f"{e} ({job.root})"
    except Exception as e:
        at = traceback.extract_tb(e.__traceback__)[-1]
        why = f"{type(e).__name__}: {e} ({Path(at.filename).name}:{at.lineno}; please report this)"
    return Outcome(name, None, why, failed=True)


def _weight(git_dir: Path) -> int:
    """Bytes of a repository's packs: a cheap guess at the work in it."""
    try:
        return sum(p.stat().st_size for p in (git_dir / "objects" / "pack").glob("*.pack"))
    except OSError:
        return 0
