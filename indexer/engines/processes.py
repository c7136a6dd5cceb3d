"""Indexing jobs side by side, the largest first, behind one small protocol.

A job is one repository: it writes nothing but that repository's folder and gives the same bytes wherever it runs.
So an engine may run a job again when the worker that had it dies, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from indexer.engines.engine import KILLED, Engine, Show, guarded
from indexer.repository import Job, Outcome
from indexer.workers.pool import Workers

FEW = 3  # so few repositories are indexed in this process, with the workers inside
POLL = 0.1  # seconds between two looks at the counters

OnDone = Callable[[Outcome], None]
OnFiles = Callable[[int, int], None]  # (files parsed, files to parse) so far; an estimate till all have begun


def engine(name: str, cores: int, jobs: int) -> Engine:
    """The engine of a setting: "processes", "dask" or the address of a Dask scheduler."""
    if name == "processes":
        return Here(cores) if jobs <= FEW or cores < 2 else Processes(cores)
    from indexer.engines.dask import Cluster

    return Cluster(name, cores)


def run(jobs: Sequence[Job], where: Engine, on_files: OnFiles, on_done: OnDone) -> Iterator[Outcome]:
    """Outcomes as they come. One repository's failure is its own; an interrupt ends all jobs at once."""
    jobs = sorted(jobs, key=lambda j: (-_weight(j.source.path), j.source.name))
    weights = [_weight(j.source.path) + 1 for j in jobs]

    def show(parsed: int, expected: int, begun: int) -> None:
        on_files(parsed, expected * sum(weights) // sum(weights[: max(begun, 1)]))

    for outcome in where.outcomes(jobs, show) if jobs else ():
        on_done(outcome)
        yield outcome


class Here:
    """Each job in this process, with all cores."""

    def __init__(self, cores: int) -> None:
        self.cores = cores

    def outcomes(self, jobs: Sequence[Job], show: Show) -> Iterator[Outcome]:
        """One job after the other."""
        tally = [0, 0, 0]

        def count(parsed: int, found: int) -> None:
            tally[:2] = tally[0] + parsed, tally[1] + found
            show(*tally)

        for job in jobs:
            tally[2] += 1
            yield guarded(replace(job, workers=self.cores), count)


class Processes:
    """A job a process. Jobs that were running when a process died are tried again, each alone."""

    def __init__(self, cores: int) -> None:
        self.cores = cores

    def outcomes(self, jobs: Sequence[Job], show: Show) -> Iterator[Outcome]:
        """All jobs, in rounds: a round ends when all are done, or when a process has died."""
        board = get_context("spawn").Array("q", 2 + len(jobs))  # parsed, found; by job 1: begun, 2: ended
        left = dict(enumerate(jobs))
        while left:
            before = len(left)
            yield from self._round(left, left, board, show)
            suspects = [n for n in left if board[2 + n] == 1]
            for n in suspects or ([] if len(left) < before else list(left)):
                yield from self._round(left, [n], board, show)
                if n in left:
                    yield Outcome(left.pop(n).source.name, None, KILLED, failed=True)

    def _round(
        self, left: dict[int, Job], some: Sequence[int] | dict[int, Job], board: Any, show: Show
    ) -> Iterator[Outcome]:
        """Run some of the jobs left, and take what came to an end out of them."""
        with Workers(min(self.cores, len(some)), _count_on, board) as pool:
            waiting: dict[Future[Outcome], int] = {pool.submit(_counted, n, left[n]): n for n in list(some)}
            while waiting:
                done, _ = wait(waiting, POLL, FIRST_COMPLETED)
                show(board[0], board[1], sum(1 for n in board[2:] if n))
                for future in done:
                    n = waiting.pop(future)
                    try:
                        outcome = future.result()
                    except BrokenExecutor:
                        continue
                    del left[n]
                    yield outcome


_board: Any = None  # in a worker: what `Processes.outcomes` reads


def _count_on(board: Any) -> None:
    global _board
    _board = board


def _count(parsed: int, expected: int) -> None:
    with _board.get_lock():
        _board[0] += parsed
        _board[1] += expected


def _counted(n: int, job: Job) -> Outcome:
    _board[2 + n] = 1
    outcome = guarded(job, _count)
    _board[2 + n] = 2
    return outcome


def _weight(git_dir: Path) -> int:
    """Bytes of a repository's packs: a cheap guess at the work in it."""
    try:
        return sum(p.stat().st_size for p in (git_dir / "objects" / "pack").glob("*.pack"))
    except OSError:
        return 0
