"""Temporary folders that a killed process does not leave for ever: whoever makes one clears away those of the dead.

The owner holds a lock on a file in its folder, and locks die with their process.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".alive"
YOUNG = 60.0  # seconds in which a folder may not have its lock yet
LOOKED_AT = 1000  # folders at most

_swept: set[str] = set()  # kinds, by the folder that they lie in


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder "bugatlas-KIND-…"."""

    def __init__(self, kind: str) -> None:
        """Raises OSError."""
        prefix = f"bugatlas-{kind}-"
        _sweep(prefix)
        super().__init__(prefix=prefix, ignore_cleanup_errors=True)
        self._lock = FileLock(Path(self.name) / LOCK, thread_local=False)
        self._lock.acquire()

    def cleanup(self) -> None:
        """Remove it."""
        self._lock.release()
        super().cleanup()


def _sweep(prefix: str) -> None:
    """Remove folders whose owner is dead; once in a process. What cannot be removed stays."""
    home = Path(tempfile.gettempdir())
    if (key := f"{home}/{prefix}") in _swept:
        return
    _swept.add(key)
    for _, folder in zip(range(LOOKED_AT), home.glob(f"{prefix}*"), strict=False):
        try:
            if not _ours(folder) or not (folder / LOCK).is_file():
                continue
            with FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, Timeout):
            continue


def _ours(folder: Path) -> bool:
    """Whether it is a folder of this user that nobody else may write to, and not just made. Raises OSError."""
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return private and found.st_uid == os.geteuid() and time.time() - found.st_mtime > YOUNG
