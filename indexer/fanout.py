"""Indexing jobs side by side, the largest first."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from indexer.repository import Job, Outcome, index_repository
from indexer.workers import Workers
from summaries.errors import BugatlasError

FEW = 3  # so few repositories are indexed in this process, with the workers inside
POLL = 0.1  # seconds between two looks at the counters

OnDone = Callable[[Outcome], None]
OnFiles = Callable[[int, int], None]  # (files parsed, files to parse) so far; an estimate till all have begun

_counters: Any = None  # in a worker: [parsed, found] of all workers, shared


def run(jobs: Sequence[Job], cores: int, on_files: OnFiles, on_done: OnDone) -> Iterator[Outcome]:
    """Outcomes as they come. One repository's failure is its own; an interrupt ends all jobs at once."""
    jobs = sorted(jobs, key=lambda j: (-_weight(j.source.path), j.source.name))
    weights = [_weight(j.source.path) + 1 for j in jobs]

    def show(parsed: int, found: int, begun: int) -> None:
        on_files(parsed, found * sum(weights) // sum(weights[:begun]))

    here = len(jobs) <= FEW or cores < 2
    for outcome in _one_by_one(jobs, cores, show) if here else _side_by_side(jobs, cores, show):
        on_done(outcome)
        yield outcome


Show = Callable[[int, int, int], None]  # (files parsed, files found, jobs begun) so far


def _one_by_one(jobs: Sequence[Job], cores: int, show: Show) -> Iterator[Outcome]:
    """Each job in this process, with all cores."""
    tally = [0, 0, 0]

    def count(parsed: int, found: int) -> None:
        tally[:2] = tally[0] + parsed, tally[1] + found
        show(*tally)

    for job in jobs:
        tally[2] += 1
        yield _guarded(replace(job, workers=cores), count)


def _side_by_side(jobs: Sequence[Job], cores: int, show: Show) -> Iterator[Outcome]:
    counters = get_context("spawn").Array("q", 2)
    with Workers(cores, _count_into, counters) as pool:
        waiting: dict[Future[Outcome], Job] = {pool.submit(_counted, job): job for job in jobs}
        while waiting:
            done, _ = wait(waiting, POLL, FIRST_COMPLETED)
            show(counters[0], counters[1], min(len(jobs), len(jobs) - len(waiting) + cores))
            for future in done:
                yield _outcome(future, waiting.pop(future))


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


def _guarded(job: Job, progress: Callable[[int, int], None]) -> Outcome:
    """Index one repository; whatever goes wrong is told in the outcome."""
    name = job.source.name
    try:
        return index_repository(job, progress)
    except BugatlasError as e:
        why = str(e)
    except OSError as e:
        why = f"{e.strerror or e} ({e.filename or job.root})"
    except sqlite3.OperationalError as e:  # no space, no permission
        why = f"{e} ({job.root})"
    except sqlite3.DatabaseError as e:
        why = f"its blob store is damaged: {e} (run `bugatlas index --rebuild {name}`)"
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
