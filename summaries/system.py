"""The file of the system's summary in an index."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from summaries.offline.system import System

FILE = "system.json"  # in the index's folder
OUTSIDE = "outside"  # note of a repository's store: what it hands up
MOST = 50_000_000  # bytes that are read


def read(root: Path) -> System:
    """The system as last written; an empty one where there is none or it is unreadable: it is then made anew."""
    try:
        path = root / FILE
        about = path.stat()
        return _decoded(path, about.st_mtime_ns, about.st_ino) if about.st_size <= MOST else System()
    except (OSError, msgspec.MsgspecError):
        return System()


@lru_cache(maxsize=4)  # the file is replaced, never written in place; every answer asks it
def _decoded(path: Path, time: int, inode: int) -> System:
    return msgspec.json.decode(path.read_bytes(), type=System)
