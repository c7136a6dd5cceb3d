"""Bring an index up to date: one job per repository, side by side, each published on its own."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from msgspec import Struct

from indexer.repos import Source
from indexer.repository import Job, Outcome, index_repository
from summaries.errors import BugatlasError
from summaries.index import Index, Manifest
from summaries.types import SkipReason

OnDone = Callable[[Outcome], None]
SMALL = 3  # so few repositories are indexed in this process, with the workers inside


class BuildReport(Struct, frozen=True):
    """What a run did, for people and as JSON."""

    outcomes: tuple[Outcome, ...]
    files: Mapping[str, int]  # by language, of all repositories named
    skipped: Mapping[SkipReason, int]
    symbols: int
    lines: int
    parsed: int
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Repositories that could not be indexed; what they had before is still there."""
        return tuple(o for o in self.outcomes if o.failed)


def build(
    root: Path,
    sources: Sequence[Source],
    ats: Mapping[str, Sequence[str | None]] | None = None,
    *,
    manifest: Manifest | None = None,
    workers: int | None = None,
    on_done: OnDone = lambda o: None,
    on_files: Callable[[int], None] = lambda n: None,
) -> BuildReport:
    """Index all sources under the write lock.

    `ats` gives the snapshots wanted by repository name (default: the head). One repository's failure is
    reported and the others go on. Raises IndexLocked, IndexError_, IndexVersion.
    """
    began = time.perf_counter()
    index = Index.create(root, manifest)
    cores = workers or os.cpu_count() or 1
    jobs = [Job(root, s, tuple((ats or {}).get(s.name, (None,))), index.manifest) for s in sources]
    with index.writing():
        outcomes = list(_run(jobs, cores, on_files, on_done))
    outcomes.sort(key=lambda o: o.repo)
    states = [o.state for o in outcomes if o.state]
    files: Counter[str] = Counter()
    skipped: Counter[SkipReason] = Counter()
    for s in states:
        files.update(s.files)
        skipped.update(s.skipped)
    return BuildReport(
        tuple(outcomes),
        dict(files.most_common()),
        dict(skipped.most_common()),
        sum(s.symbols for s in states),
        sum(s.lines for s in states),
        sum(o.parsed for o in outcomes),
        time.perf_counter() - began,
    )


def _run(jobs: Sequence[Job], cores: int, on_files: Callable[[int], None], on_done: OnDone) -> Iterator[Outcome]:
    if len(jobs) <= SMALL or cores < 2:
        for job in jobs:
            outcome = _guarded(Job(job.root, job.source, job.ats, job.manifest, cores, job.keep), on_files)
            on_done(outcome)
            yield outcome
        return
    # Workers are spawned, not forked: libraries of the parent may hold threads and locks.
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_ignore_interrupt) as pool:
        try:
            futures: list[Future[Outcome]] = [pool.submit(_guarded, job) for job in jobs]
            for future in as_completed(futures):
                outcome = future.result()
                on_files(outcome.parsed)
                on_done(outcome)
                yield outcome
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides


def _guarded(job: Job, on_files: Callable[[int], None] = lambda n: None) -> Outcome:
    try:
        return index_repository(job, on_files)
    except BugatlasError as e:
        return Outcome(job.source.name, None, str(e), failed=True)
    except OSError as e:
        return Outcome(job.source.name, None, f"{e.strerror or e} ({job.root})", failed=True)
