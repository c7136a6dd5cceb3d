"""Summaries that a model wrote or a person edited: one SQLite file beside a repository's other data.

A file's summary is stored by its content (blob), so it holds wherever the content goes, and serves later versions
of the same path until these have one of their own. Those of directories and of the repository are stored by path
and by the time of the commit that they were written of. The file outlives shards and stores: a rebuild of the
index costs no model a second time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from summaries.errors import IndexDamaged, IndexError_
from summaries.sqlite import fault_of

FILE = "written.sqlite"
STAMP = "summarised"  # note of a store that says of which generation its summaries are
SEED = "\0seed"  # the path that a repository's seed context goes by

VERSION = 2  # of the file

_SCHEMA = """
create table if not exists file(
    blob text primary key, path text, time int, key text, summary text, concerns text
) without rowid;
create table if not exists place(path text, time int, key text, text text, inputs text, primary key(path, time))
    without rowid;
create table if not exists edit(path text primary key, text text) without rowid;
"""
_OLD = """
alter table place rename to old;
create table place(path text, time int, key text, text text, inputs text, primary key(path, time)) without rowid;
insert into place select path, 0, key, text, inputs from old;
drop table old;
create table file(
    blob text primary key, path text, time int, key text, summary text, concerns text
) without rowid;
insert into file select id, '', 0, key, text, '' from blob;
drop table blob;
"""  # from version 1, which knew neither concerns nor times


class FileText(Struct, frozen=True):
    """The summary of a file."""

    summary: str
    concerns: tuple[str, ...] = ()  # what would be wrong if the file had a bug, in a reporter's words
    path: str = ""
    time: int = 0  # of the commit that it was written of, UTC seconds; 0 is unknown
    key: str = ""  # of prompt, model and context

    @property
    def text(self) -> str:
        """All of it, for people."""
        about = "; ".join(self.concerns)
        return f"{self.summary} Concerns: {about}." if about else self.summary


class WrittenPlace(Struct, frozen=True):
    """The summary of a directory, of the repository ("") or its seed context (SEED)."""

    text: str
    key: str  # of prompt, model and context
    inputs: Mapping[str, str]  # the summaries that it was made from, by path
    time: int = 0  # of the commit that it was written of


class Effective(Struct, frozen=True):
    """Summaries that stand before the offline ones, by path."""

    texts: Mapping[str, str]
    edited: frozenset[str]  # of those, the ones that a person wrote
    older: frozenset[str] = frozenset()  # of those, the ones written of an earlier version of the file


def key_of(*parts: str) -> str:
    """16 hex digits of what makes a summary besides its content: prompt version, model, context."""
    import hashlib

    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


class Written:
    """The file, opened for reading or writing."""

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        """Raises IndexDamaged where the file is no database of ours. A missing one reads as empty."""
        self._path = path = folder / FILE
        try:
            if write:
                folder.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(path, timeout=60)
            elif path.exists():
                self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
            else:
                self._db = sqlite3.connect(":memory:")
                write = True
            if path.exists() and self._version() < VERSION:
                self._renew(path)
            if write:
                self._db.executescript(f"{_SCHEMA} pragma user_version = {VERSION}")
            self._db.execute("select path from edit limit 1")
        except sqlite3.Error as e:
            raise self._fault(e) from e

    def close(self) -> None:
        """Close the database file."""
        self._db.close()

    @contextmanager
    def _raising_ours(self) -> Iterator[None]:
        """What is wrong with the file, as an error of ours."""
        try:
            yield
        except (sqlite3.Error, msgspec.MsgspecError, TypeError, AttributeError) as e:
            raise self._fault(e) from e

    def _fault(self, error: Exception) -> IndexError_:
        if isinstance(error, sqlite3.Error):
            found = fault_of(self._path, error)
        else:
            found = IndexDamaged(f"cannot read {self._path}: {error}")
        if isinstance(found, IndexDamaged):
            found.hint = "move it away; its summaries are then written anew"
        return found

    def _version(self) -> int:
        return int(self._db.execute("pragma user_version").fetchone()[0])

    def _renew(self, path: Path) -> None:
        """Bring a file of version 1 up to date."""
        with sqlite3.connect(path, timeout=60) as db:
            if db.execute("select 1 from sqlite_master where name = 'blob'").fetchone():
                db.executescript(f"begin; {_OLD} pragma user_version = {VERSION}; commit")
        db.close()

    def files(self, blobs: Iterable[str]) -> dict[str, FileText]:
        """Summaries of those blobs that have one."""
        with self._raising_ours():
            rows = (self._db.execute(f"{_FILES} where blob = ?", (b,)).fetchone() for b in blobs)
            return {row[0]: _file(row) for row in rows if row}

    def every_file(self, until: int | None = None) -> dict[str, FileText]:
        """Summaries of all blobs, or of those written of commits up to a time."""
        where = "" if until is None else f" where time <= {int(until)}"
        with self._raising_ours():
            return {row[0]: _file(row) for row in self._db.execute(_FILES + where)}

    def holding(self, parts: Sequence[str]) -> dict[str, FileText]:
        """Summaries of files that have any of these, capitals or not, by blob."""
        if not parts:
            return {}
        like = ["%" + "".join("\\" + c if c in "\\%_" else c for c in p) + "%" for p in parts]
        where = " or ".join(["summary || concerns like ? escape '\\'"] * len(like))
        with self._raising_ours():
            return {row[0]: _file(row) for row in self._db.execute(f"{_FILES} where {where}", like)}

    def keep_files(self, texts: Mapping[str, FileText]) -> None:
        """Summaries by blob, in one transaction."""
        rows = [(b, t.path, t.time, t.key, t.summary, "\n".join(t.concerns)) for b, t in texts.items()]
        with self._raising_ours(), self._db:
            self._db.executemany("insert or replace into file values(?,?,?,?,?,?)", rows)

    def places(self, until: int | None = None) -> dict[str, WrittenPlace]:
        """Written summaries of directories and the repository, by path: the newest, or the newest up to a time."""
        where = "" if until is None else f" where time <= {int(until)}"
        with self._raising_ours():
            rows = self._db.execute(f"{_PLACES}{where} order by time")
            return {row[0]: _place(row) for row in rows}

    def every_place(self) -> list[tuple[str, WrittenPlace]]:
        """Texts of all places at all times, by path."""
        with self._raising_ours():
            return [(row[0], _place(row)) for row in self._db.execute(f"{_PLACES} order by path, time")]

    def keep_place(self, path: str, place: WrittenPlace) -> None:
        """Store the text of one place."""
        inputs = msgspec.json.encode(place.inputs).decode()
        with self._raising_ours(), self._db:
            row = (path, place.time, place.key, place.text, inputs)
            self._db.execute("insert or replace into place values(?,?,?,?,?)", row)

    def counts(self) -> tuple[int, int]:
        """Summaries of files and directories that a model wrote, and those that people edited."""
        with self._raising_ours():
            (files,), (places,), (edits,) = (
                self._db.execute(f"select count(*) from {t}").fetchone()  # noqa: S608
                for t in ("file", "place where path != char(0) || 'seed'", "edit")
            )
        return files + places, edits

    def edits(self) -> dict[str, str]:
        """What people wrote, by path."""
        with self._raising_ours():
            return dict(self._db.execute("select path, text from edit"))

    def keep_edit(self, path: str, text: str) -> None:
        """Somebody's own summary of a path; an empty one takes it back."""
        with self._raising_ours(), self._db:
            self._db.execute("delete from edit where path = ?", (path,))
            if text:
                self._db.execute("insert into edit values(?,?)", (path, text))


def effective(
    folder: Path, files: Mapping[str, str], directories: Iterable[str], until: int | None = None
) -> Effective:
    """Edited summaries, and else written ones, of these files (blob by path) and directories ("" among them).

    A file without one of its own has that of an earlier version. `until`: nothing that was written of later
    commits, but what is of the same content. Raises IndexDamaged.
    """
    if not (folder / FILE).exists():
        return Effective({}, frozenset())
    stored = Written(folder)
    try:
        by_blob = stored.files(set(files.values()))
        missing = files.keys() - {p for p, b in files.items() if b in by_blob}
        before = newest(stored.every_file(until)) if missing else {}
        places, edits = stored.places(until), stored.edits()
    finally:
        stored.close()
    texts = {p: by_blob[b].text for p, b in files.items() if b in by_blob}
    older = {p: before[p].text for p in missing if p in before}
    written = {d: places[d].text for d in directories if d in places}
    if "" in set(directories) and "" not in written and SEED in places:
        written[""] = places[SEED].text  # what the repository is for, until it has a summary of its own
    own = {p: t for p, t in edits.items() if p in files or p in set(directories) | {""}}
    return Effective(texts | older | written | own, frozenset(own), frozenset(older.keys() - own.keys()))


def newest(texts: Mapping[str, FileText]) -> dict[str, FileText]:
    """The newest summary of each path."""
    ordered = sorted(texts.items(), key=lambda row: (row[1].time, row[0]))
    return {t.path: t for _, t in ordered if t.path}


_FILES = "select blob, path, time, key, summary, concerns from file"


def _file(row: Sequence[Any]) -> FileText:
    _, path, time, key, summary, concerns = row
    return FileText(summary, tuple(c for c in concerns.split("\n") if c), path, time, key)


_PLACES = "select path, text, key, inputs, time from place"


def _place(row: Sequence[Any]) -> WrittenPlace:
    _, text, key, inputs, time = row
    return WrittenPlace(text, key, msgspec.json.decode(inputs, type=dict[str, str]), time)
