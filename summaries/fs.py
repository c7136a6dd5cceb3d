"""Files that a reader sees whole: written beside, flushed, renamed. And the lock of one process among many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"  # how a file ends that is being written: what a killed process leaves of it, `bugatlas doctor` finds


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `path` at the end, flushed to disk, unless an error is raised.

    Its name is drawn anew each time: threads, processes and machines that share the folder may write the same file
    meanwhile, and the last one stays.
    """
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}{PART}")
    try:
        yield part
        with part.open("rb+") as f:
            os.fsync(f.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def replace(path: Path, data: bytes) -> None:
    """Write a small file so that a reader sees the old bytes or the new ones. Raises OSError."""
    with replacing(path) as part:
        part.write_bytes(data)


@contextmanager
def locked(path: Path, taken: Exception | None = None) -> Iterator[None]:
    """Hold a lock file. Where somebody else has it, raises `taken` at once, or waits if that is None.

    Raises OSError where it cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0 if taken else -1)
    except Timeout:
        assert taken is not None
        raise taken from None
    try:
        yield
    finally:
        lock.release()
