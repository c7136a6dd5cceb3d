"""What an index holds open of its repositories: bounded, so that a large system is served from little memory."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

# Control groups of version 2 and 1, as a container sees its own (docs.kernel.org, admin-guide/cgroup-v2).
LIMITS = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
UNPACKED = 4  # bytes of memory that a byte of a shard takes once all of it was used; 3.1 were measured


class Room(Struct, frozen=True):
    """How much may be held open at a time."""

    repositories: int = 4096
    megabytes: int = 512  # of memory, by estimate


def memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its control group's; 0 where nobody says."""
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
    for limit in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            most = min(most, int(Path(limit).read_text("ascii")))
    return most


class Opened(Generic[T]):
    """Things held open by name; the longest unused is let go. Whoever still reads that one keeps it alive."""

    def __init__(self, room: Room, have: Mapping[str, tuple[T, int]] | None = None) -> None:
        self.room = room
        self._have = dict(have or {})  # with the bytes of each one's file, the longest unused first
        self._bytes = sum(size for _, size in self._have.values())
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """What is held, the longest unused first."""
        return list(self._have)

    def get(self, name: str) -> T | None:
        """What is held under a name, now the newest used."""
        with self._lock:
            if found := self._have.pop(name, None):
                self._have[name] = found
                return found[0]
            return None

    def peek(self, name: str) -> T | None:
        """What is held under a name; that is no use of it."""
        found = self._have.get(name)
        return found and found[0]

    def keep(self, name: str, one: T, size: int = 0) -> T:
        """Hold something whose file has so many bytes, in place of the longest unused."""
        with self._lock:
            self._drop(name)
            self._have[name] = one, size
            self._bytes += size
            while len(self._have) > 1 and self._full():
                self._drop(next(iter(self._have)))
        return one

    def drop(self, name: str) -> T | None:
        """Close one file and forget it."""
        with self._lock:
            return self._drop(name)

    def only(self, names: Iterable[str]) -> Opened[T]:
        """Those of some names, for an index that shares them."""
        with self._lock:
            return Opened(self.room, {n: self._have[n] for n in names if n in self._have})

    def _full(self) -> bool:
        most = self.room.megabytes * 1_000_000 // UNPACKED
        return len(self._have) > self.room.repositories or self._bytes > most

    def _drop(self, name: str) -> T | None:
        one, size = self._have.pop(name, (None, 0))
        self._bytes -= size
        return one
