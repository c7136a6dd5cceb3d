"""Facts and text of every blob of one repository: SQLite, by content, append-only.

What is here stays true whatever commit is asked, so a crash loses at most the last second's work and a re-run
pays only for blobs that are missing.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from summaries.errors import IndexDamaged, IndexError_
from summaries.index import packs
from summaries.index.packs import Pack
from summaries.index.zstd import ZstdError, decompress
from summaries.sqlite import fault_of, raising_ours
from summaries.types import Commit, Facts, SkipReason

_SCHEMA = """
create table if not exists pack(id integer primary key, data blob);
create table if not exists blob(
    id text primary key, skip text, pack integer, start integer, middle integer, end integer
) without rowid;
create table if not exists history(seq integer primary key, commits blob);
create table if not exists note(prefix text, first text, texts blob, primary key (prefix, first)) without rowid;
"""


@cache
def _known_schema() -> frozenset[tuple[str, str, str]]:
    """What SQLite says of a store's schema: type, name and text of everything in it."""
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(_SCHEMA)
        return frozenset((t, n, " ".join((s or "").split())) for t, n, s in db.execute(_OBJECTS))
    finally:
        db.close()


_OBJECTS = "select type, name, sql from sqlite_master"
LIMIT = 60.0  # seconds for one statement; the longest read every commit of a repository
_TICK = 1_000_000  # instructions of SQLite between two looks at the clock


class _Bounded(sqlite3.Connection):
    """A connection to a file that may be a stranger's: no statement goes on for ever, no schema runs code."""

    until = float("inf")

    def bound(self) -> None:
        """Refuse what isn't a schema of ours. Raises sqlite3.Error."""
        self.execute("pragma trusted_schema = off")
        found = {(t, n, " ".join((s or "").split())) for t, n, s in self.execute(_OBJECTS)}
        if found != _known_schema():
            raise sqlite3.DatabaseError("not the schema of a store")
        self.set_progress_handler(lambda: int(time.monotonic() > self.until), _TICK)

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """As ever, and from now on the clock runs."""
        self.until = time.monotonic() + LIMIT
        return super().execute(*args)


SAVE_EVERY = 1.0  # seconds between two commits of what is added
OPEN_PACKS = (
    32  # kept unpacked by a thread, 8 MB, which asks for a file's facts, its text, then its neighbour's
)


def blob_id(sha: str, language: str) -> str:
    """Key of a blob's facts: the same content is parsed again only where its language differs."""
    return f"{sha}.{language}"


_serials = itertools.count()


class _Unpacked(threading.local):
    """Unpacked pieces, kept by each thread for itself."""

    def __init__(self) -> None:
        self.packs: OrderedDict[tuple[int, int], bytes] = OrderedDict()


_unpacked = _Unpacked()


class Store:
    """Opened for one repository. Readers never write, so a read-only folder will do."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Raises IndexDamaged where the file is no database of ours."""
        self.path = path
        self._db: Any
        self._serial = next(_serials)
        try:
            if write:
                self._fresh = not path.exists()
                self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)  # any may close it
                self._db.execute("pragma cache_spill = off")  # so that readers wait for a commit only
                if self._fresh:  # nothing rests on it before `flush`
                    self._db.execute("pragma synchronous = off")
                    self._db.execute("pragma page_size = 1024")  # most pages of a small one are half full
                self._db.executescript(_SCHEMA)
                self._kept = time.monotonic()
            else:
                self._db = sqlite3.connect(
                    f"file:{path}?mode=ro", uri=True, timeout=60, check_same_thread=False, factory=_Bounded
                )
                self._db.execute("pragma cache_size = -200")  # KB; many are open at a time
                self._db.bound()
        except sqlite3.Error as e:
            raise fault_of(path, e) from e

    def close(self) -> None:
        """Close the database file."""
        self._db.close()

    def __del__(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The same, and what a stored text is that cannot be unpacked."""
        try:
            with raising_ours(self.path):
                yield
        except (TypeError, ValueError, LookupError, ZstdError, msgspec.MsgspecError) as e:
            raise IndexDamaged(f"cannot read {self.path}: {e}", "run `bugatlas doctor`", self.path) from e

    def known(self) -> dict[str, SkipReason | None]:
        """Every blob id met so far, with the reason where its content is not indexed."""
        with self._reading():
            rows = self._db.execute("select id, skip from blob")
            return {i: SkipReason(s) if s else None for i, s in rows}

    def add(self, packs: Iterable[Pack]) -> None:
        """Durable with the next `flush`, safe from a killed process within about a second."""
        with raising_ours(self.path):
            for p in packs:
                number = (
                    self._db.execute("insert into pack(data) values(?)", (p.data,)).lastrowid if p.data else 0
                )
                self._db.executemany(
                    "insert or replace into blob values(?,?,?,?,?,?)",
                    [
                        (r.id, r.skip.value if r.skip else None, number, r.start, r.middle, r.end)
                        for r in p.rows
                    ],
                )
            if time.monotonic() - self._kept > SAVE_EVERY:
                self._db.commit()
                self._kept = time.monotonic()

    def flush(self) -> None:
        """Make sure that all that was written outlives a loss of power."""
        with raising_ours(self.path):
            self._db.commit()
            if self._fresh:
                with self.path.open("rb") as f:
                    os.fsync(f.fileno())
                self._db.execute("pragma synchronous = full")
                self._fresh = False

    def facts(self, blob: str) -> Facts:
        """Facts of a blob. Raises IndexDamaged where it is unknown or unreadable."""
        return next(self.facts_of([blob]))[1]

    def facts_of(self, ids: Collection[str]) -> Iterator[tuple[str, Facts]]:
        """(id, facts) of blobs, in the order asked."""
        for i in ids:
            try:
                yield i, packs.decode_facts(self._pieces(i)[0])
            except (TypeError, ZstdError, sqlite3.Error, msgspec.MsgspecError) as e:
                raise self._lacks("facts", i, e) from e

    def text(self, blob: str) -> str:
        """Text of a blob. Raises IndexDamaged where it is unknown or unreadable."""
        try:
            return str(self._pieces(blob)[1], "utf-8", "replace")
        except (TypeError, ZstdError, sqlite3.Error) as e:
            raise self._lacks("text", blob, e) from e

    def _lacks(self, what: str, blob: str, error: Exception) -> IndexError_:
        if isinstance(error, sqlite3.Error):
            return fault_of(self.path, error)
        return IndexDamaged(f"{self.path} has no {what} of {blob[:80]!a}", "run `bugatlas doctor`", self.path)

    def _pieces(self, blob: str) -> tuple[memoryview, memoryview]:
        """Facts and text of a blob, packed no more. Raises TypeError where it is unknown, ZstdError."""
        at = "select pack, start, middle, end from blob where id = ?"
        pack, start, middle, end = self._db.execute(at, (blob,)).fetchone()
        data = memoryview(self._pack(pack))
        if len(data) < end:
            raise TypeError("the pack is of something else")
        return data[start:middle], data[middle:end]

    def _pack(self, number: int) -> bytes:
        kept, key = _unpacked.packs, (self._serial, number)
        if key not in kept:
            row = self._db.execute("select data from pack where id = ?", (number,)).fetchone()
            kept[key] = decompress(row[0])
            if len(kept) > OPEN_PACKS:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]

    def fault(self) -> str:
        """What is wrong with the file, its commits and its notes; "" where all of that can be read."""
        try:
            said = self._db.execute("pragma quick_check(1)").fetchone()
            if not said or said[0] != "ok":
                return str(said[0] if said else "no answer")
            with self._reading():
                for (data,) in self._db.execute("select commits from history"):
                    deque(packs.unpack_commits(data), 0)
                for (data,) in self._db.execute("select texts from note"):
                    packs.unpack_notes(data)
        except sqlite3.Error as e:
            return str(e)
        except IndexError_ as e:
            return e.message
        return ""

    def commits(self) -> list[Commit]:
        """Every commit met so far, parents before children."""
        with self._reading():
            rows = self._db.execute("select commits from history order by seq")
            return [c for (data,) in rows for c in packs.unpack_commits(data)]

    def add_commits(self, commits: list[Commit]) -> None:
        """Append commits, in one transaction."""
        if commits:
            with raising_ours(self.path), self._db:
                self._db.execute("insert into history(commits) values(?)", (packs.pack_commits(commits),))

    def note(self, prefix: str, name: str = "") -> str:
        """A named text of the repository, "" where there is none."""
        with self._reading():
            row = self._db.execute(
                "select texts from note where prefix = ? and first <= ? order by first desc limit 1",
                (prefix, name),
            ).fetchone()
            return packs.unpack_notes(row[0]).get(name, "") if row else ""

    def notes(self, prefix: str) -> dict[str, str]:
        """All named texts of a prefix."""
        with self._reading():
            rows = self._db.execute("select texts from note where prefix = ? order by first", (prefix,))
            return {n: t for (data,) in rows for n, t in packs.unpack_notes(data).items()}

    def set_notes(self, prefix: str, texts: Mapping[str, str]) -> None:
        """Replace all named texts of a prefix, in one transaction."""
        with raising_ours(self.path), self._db:
            self._db.execute("delete from note where prefix = ?", (prefix,))
            found = [(prefix, first, data) for first, data in packs.pack_notes(texts)]
            self._db.executemany("insert into note values(?,?,?)", found)
