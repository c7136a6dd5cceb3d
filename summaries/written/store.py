"""Summaries that a model wrote or a person edited: one SQLite file beside a repository's other data.

A file's summary is kept by its content (blob), so it holds wherever the content goes; those of directories and
of the repository by path, with what they were made from. The file outlives shards and stores: a rebuild of
the index costs no model a second time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries.errors import IndexDamaged

FILE = "written.sqlite"
STAMP = "summarised"  # note of a store that says of which generation its summaries are
SEED = "\0seed"  # the path that a repository's seed context goes by

_SCHEMA = """
create table if not exists blob(id text primary key, key text, text text) without rowid;
create table if not exists place(path text primary key, key text, text text, inputs text) without rowid;
create table if not exists edit(path text primary key, text text) without rowid;
"""


class Place(Struct, frozen=True):
    """The summary of a directory, of the repository ("") or its seed context (SEED)."""

    text: str
    key: str  # of prompt, model and context
    inputs: Mapping[str, str]  # the summaries that it was made from, by path


class Effective(Struct, frozen=True):
    """Summaries that stand before the offline ones, by path."""

    texts: Mapping[str, str]
    edited: frozenset[str]  # of those, the ones that a person wrote


def key_of(*parts: str) -> str:
    """16 hex digits of what makes a summary besides its content: prompt version, model, context."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


class Written:
    """The file, opened for reading or writing."""

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        """Raises IndexDamaged where the file is no database of ours. A missing one reads as empty."""
        path = folder / FILE
        try:
            if write:
                folder.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(path, timeout=60)
            elif path.exists():
                self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
            else:
                self._db = sqlite3.connect(":memory:")
                write = True
            if write:
                self._db.executescript(_SCHEMA)
            self._db.execute("select path from edit limit 1")
        except sqlite3.Error as e:
            raise IndexDamaged(
                f"cannot read {path}: {e}", "move it away; its summaries are then written anew"
            ) from e

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def files(self, blobs: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(text, key) of those blobs that have a written summary."""
        found = (
            self._db.execute("select id, text, key from blob where id = ?", (b,)).fetchone() for b in blobs
        )
        return {row[0]: (row[1], row[2]) for row in found if row}

    def holding(self, parts: Sequence[str]) -> dict[str, str]:
        """Summaries of files that have any of these, capitals or not, by blob."""
        if not parts:
            return {}
        like = ["%" + "".join("\\" + c if c in "\\%_" else c for c in p) + "%" for p in parts]
        where = " or ".join(["text like ? escape '\\'"] * len(like))
        return dict(self._db.execute(f"select id, text from blob where {where}", like))  # noqa: S608

    def keep_files(self, texts: Mapping[str, str], key: str) -> None:
        """Summaries by blob, in one transaction."""
        with self._db:
            rows = [(b, key, t) for b, t in texts.items()]
            self._db.executemany("insert or replace into blob values(?,?,?)", rows)

    def places(self) -> dict[str, Place]:
        """Written summaries of directories and the repository, by path."""
        rows = self._db.execute("select path, text, key, inputs from place")
        return {p: Place(t, k, msgspec.json.decode(i, type=dict[str, str])) for p, t, k, i in rows}

    def keep_place(self, path: str, place: Place) -> None:
        """One of them."""
        inputs = msgspec.json.encode(place.inputs).decode()
        with self._db:
            row = (path, place.key, place.text, inputs)
            self._db.execute("insert or replace into place values(?,?,?,?)", row)

    def counts(self) -> tuple[int, int]:
        """Summaries of files and directories that a model wrote, and those that people edited."""
        (files,), (places,), (edits,) = (
            self._db.execute(f"select count(*) from {t}").fetchone()  # noqa: S608
            for t in ("blob", "place where path != char(0) || 'seed'", "edit")
        )
        return files + places, edits

    def edits(self) -> dict[str, str]:
        """What people wrote, by path."""
        return dict(self._db.execute("select path, text from edit"))

    def keep_edit(self, path: str, text: str) -> None:
        """Somebody's own summary of a path; an empty one takes it back."""
        with self._db:
            self._db.execute("delete from edit where path = ?", (path,))
            if text:
                self._db.execute("insert into edit values(?,?)", (path, text))


def effective(folder: Path, files: Mapping[str, str], directories: Iterable[str]) -> Effective:
    """Edited summaries, and else written ones, of these files (blob by path) and directories ("" among them).

    Raises IndexDamaged.
    """
    if not (folder / FILE).exists():
        return Effective({}, frozenset())
    kept = Written(folder)
    try:
        by_blob = kept.files(set(files.values()))
        places, edits = kept.places(), kept.edits()
    finally:
        kept.close()
    texts = {p: by_blob[b][0] for p, b in files.items() if b in by_blob}
    texts |= {d: places[d].text for d in directories if d in places}
    own = {p: t for p, t in edits.items() if p in files or p in set(directories) | {""}}
    return Effective(texts | own, frozenset(own))
