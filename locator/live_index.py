"""The index that requests read: one edition at a time, replaced when the index on disk has changed.

A request holds one edition from start to end, so it sees the old state or the new one: shards are mapped and
stores are open from the start, and stay so until the last reader lets go. What did not change is shared.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from locator.access import Caller
from locator.damaged import unopened, with_readable_states
from summaries.errors import BugatlasError, IndexMissing
from summaries.index.index import MANIFEST, Index, Room

CHECK = 0.5  # seconds between looks at the disk
TRIES = 5  # to open an index that somebody is publishing to
Stamp = tuple[tuple[str, int, int], ...]

log = logging.getLogger("bugatlas.index")


class MapPart(Struct, frozen=True):
    """A directory with all below it that stands in no other part."""

    path: str  # "" is what lies in no other part
    files: int


@dataclass(frozen=True, eq=False)
class Edition:
    """The index as it was at one moment."""

    number: int
    index: Index
    stamp: Stamp
    damaged: tuple[str, ...] = ()  # repositories that could not be opened
    scoped: dict[tuple[str, ...], Index] = field(default_factory=dict)
    parts: dict[str, tuple[MapPart, ...]] = field(default_factory=dict)  # by repository, once asked for

    def of(self, caller: Caller) -> Index:
        """The index as a caller may see it."""
        if caller.repos not in self.scoped:
            self.scoped[caller.repos] = self.index.only([n for n in self.index.repos if caller.sees(n)])
        return self.scoped[caller.repos]


class LiveIndex:
    """An index that follows what is published: requests share the current edition."""

    def __init__(self, root: Path, check: float = CHECK, room: Room | None = None) -> None:
        self.root, self.check, self.room = root, check, room or Room()
        self.error: BugatlasError | None = None  # why the newest state on disk could not be opened
        self._now: Edition | None = None
        self._looked = -1e9
        self._lock = threading.Lock()

    def edition(self) -> Edition:
        """The current edition; keep it while reading. Raises IndexMissing, IndexVersion or IndexDamaged.

        Where the newest state cannot be opened, the one before it goes on being served.
        """
        with self._lock:
            if time.monotonic() - self._looked >= self.check:
                self._refresh()
                self._looked = time.monotonic()
            if self._now is None:
                raise self.error or IndexMissing(f"no index at {self.root}", "run `bugatlas index PATH`")
            return self._now

    def index(self, caller: Caller) -> Index:
        """The current index as a caller may see it."""
        return self.edition().of(caller)

    def _refresh(self) -> None:
        if self._now:
            self._now.index.poll()
        try:
            if self._now is None or stamp_of(self.root) != self._now.stamp:
                self._now = opened(self.root, self._now, self.room)
            self.error = None
        except BugatlasError as e:
            if str(e) != str(self.error):
                log.warning("%s", e)
            self.error = e


def opened(root: Path, before: Edition | None, room: Room = Room()) -> Edition:  # noqa: B008
    """Open everything. A repository that cannot be opened is left out and named."""
    for _ in range(TRIES):
        stamp = stamp_of(root)
        index = before.index.renewed() if before else Index.open(root, room)
        unreadable = with_readable_states(index)
        damaged = unopened(index)
        if stamp == stamp_of(root):
            break
    if unreadable and not index.repos:
        raise unreadable[0]
    for error in (*unreadable, *damaged.values()):
        log.warning("left out: %s", error)
    if damaged:
        index = index.only(index.repos.keys() - damaged.keys())
    out = [e.file.parent.name for e in unreadable if e.file]
    return Edition(before.number + 1 if before else 1, index, stamp, (*out, *damaged))


def stamp_of(root: Path) -> Stamp:
    """What tells one published state from another: every `repo.json` is replaced, never written in place."""
    files = [root / MANIFEST, *sorted((root / "repos").glob("*/repo.json"))]
    out = []
    for f in files:
        try:
            s = f.stat()
        except OSError:
            continue
        out.append((f.parent.name, s.st_mtime_ns, s.st_ino))
    return tuple(out)
