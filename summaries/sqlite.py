"""What SQLite says is wrong, as an error of ours with a line that says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from summaries.errors import IndexDamaged, IndexError_, IndexLocked

_PRIMARY = 0xFF  # an extended result code has its kind in the lowest byte (sqlite.org/rescode.html)
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH}


def fault_of(path: Path, error: sqlite3.Error) -> IndexError_:
    """The error, by what SQLite names as its cause: a full disk and a lock are no damage."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return IndexError_(f"no space is left to write {path}", "free some, then run it again")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return IndexLocked(f"another process is using {path}", "wait for it to end, then run it again")
    if code in _UNWRITABLE and (path.exists() or not os.access(path.parent, os.W_OK)):
        return IndexError_(
            f"cannot open {path}: {error}", "its folder must be readable, and writable to index"
        )
    if code == sqlite3.SQLITE_IOERR:
        return IndexError_(
            f"the disk failed at {path}: {error}", "look at the disk, then run `bugatlas doctor`"
        )
    if code == sqlite3.SQLITE_NOMEM:
        return IndexError_(f"no memory is left to read {path}", "give it more memory")
    return IndexDamaged(f"cannot read {path}: {error}", "run `bugatlas doctor`", path)


@contextmanager
def raising_ours(path: Path) -> Iterator[None]:
    """What SQLite says is wrong with a file, in our words."""
    try:
        yield
    except sqlite3.Error as e:
        raise fault_of(path, e) from e
