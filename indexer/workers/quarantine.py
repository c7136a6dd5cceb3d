"""Parsing where a process has died over it: one worker, blob by blob, till the deadly one is known.

Grammars are C code that is fed what strangers commit. A crash in them takes the process along, and an exception
handler does not see it. So a mark stands beside a repository while its blobs are parsed: whoever finds one knows that
a process died there, and goes carefully.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from indexer.workers.pool import Workers

MARK = "parsing"
TRIES = 2  # of a blob, each in a process of its own: the first may have died for want of memory

Wanted = TypeVar("Wanted")
Result = TypeVar("Result")


@contextmanager
def marked(folder: Path) -> Iterator[bool]:
    """Set the mark; whether it stood there already. An error or an interrupt takes it away, a killed process can't."""
    mark = folder / MARK
    died = mark.exists()
    mark.touch()
    try:
        yield died
    finally:
        mark.unlink(missing_ok=True)


def one_by_one(
    parse: Callable[[Sequence[Wanted]], Result],
    chunks: Sequence[Sequence[Wanted]],
    dead: Callable[[Wanted], Result],
) -> Iterator[Result]:
    """What `parse` makes of the chunks, in order. A chunk that kills its worker is cut into its blobs."""
    left = list(chunks)
    while left:
        try:
            with Workers(1) as pool:
                while left:
                    made = pool.submit(parse, left[0]).result()
                    left.pop(0)
                    yield made
        except BrokenExecutor:
            yield from _alone(parse, left.pop(0), dead)


def _alone(
    parse: Callable[[Sequence[Wanted]], Result], blobs: Sequence[Wanted], dead: Callable[[Wanted], Result]
) -> Iterator[Result]:
    left, tries = list(blobs), 0
    while left:
        try:
            with Workers(1) as pool:
                while left:
                    made = pool.submit(parse, left[:1]).result()
                    left.pop(0)
                    tries = 0
                    yield made
        except BrokenExecutor:
            tries += 1
            if tries == TRIES:
                yield dead(left.pop(0))
                tries = 0
