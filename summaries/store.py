"""Facts and text of every blob of one repository: SQLite, by content, append-only.

What is here stays true whatever commit is asked, so a crash loses at most the last second's work and a re-run
pays only for blobs that are missing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec
import zstandard

from summaries.errors import IndexDamaged
from summaries.types import Commit, Facts, SkipReason

_SCHEMA = """
create table if not exists blob(id text primary key, facts blob, text blob, skip text);
create table if not exists history(seq integer primary key, commits blob);
create table if not exists note(key text primary key, text text) without rowid;
"""


SAVE_EVERY = 1.0  # seconds between two commits of what is added


def blob_id(sha: str, language: str) -> str:
    """Key of a blob's facts: the same content is parsed again only where its language differs."""
    return f"{sha}.{language}"


_local = threading.local()  # the codecs are not safe to share between threads


def _codec() -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    if not hasattr(_local, "codec"):
        _local.codec = zstandard.ZstdCompressor(level=6), zstandard.ZstdDecompressor()
    codec: tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor] = _local.codec
    return codec


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Facts).decode


def pack_facts(facts: Facts) -> bytes:
    """Facts as stored."""
    return _codec()[0].compress(_encode(facts))


def pack_text(text: str) -> bytes:
    """A blob's text as stored."""
    return _codec()[0].compress(text.encode("utf-8", "replace"))


_encode_commits = msgspec.msgpack.Encoder().encode
_decode_commits = msgspec.msgpack.Decoder(list[Commit]).decode


class Record(msgspec.Struct, frozen=True):
    """One blob as an indexing worker hands it over. Either `skip` or all of the rest is set."""

    id: str
    skip: SkipReason | None = None
    facts: bytes = b""
    text: bytes = b""


class Store:
    """Opened for one repository. Readers never write, so a read-only folder will do."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Raises IndexDamaged where the file is no database of ours."""
        self.path = path
        try:
            if write:
                self._fresh = not path.exists()
                self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)  # any may close it
                self._db.execute("pragma cache_spill = off")  # so that readers wait for a commit only
                if self._fresh:  # nothing rests on it before `flush`
                    self._db.execute("pragma synchronous = off")
                self._db.executescript(_SCHEMA)
                self._kept = time.monotonic()
            else:
                self._db = sqlite3.connect(
                    f"file:{path}?mode=ro", uri=True, timeout=60, check_same_thread=False
                )
                self._db.execute("select id from blob limit 1")
        except sqlite3.Error as e:
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`") from e

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def __del__(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    def known(self) -> dict[str, SkipReason | None]:
        """Every blob id met so far, with the reason where its content is not indexed."""
        rows = self._db.execute("select id, skip from blob")
        return {i: SkipReason(s) if s else None for i, s in rows}

    def add(self, records: Iterable[Record]) -> None:
        """Durable with the next `flush`, safe from a killed process within about a second."""
        self._db.executemany(
            "insert or replace into blob values(?,?,?,?)",
            [(r.id, r.facts, r.text, r.skip.value if r.skip else None) for r in records],
        )
        if time.monotonic() - self._kept > SAVE_EVERY:
            self._db.commit()
            self._kept = time.monotonic()

    def flush(self) -> None:
        """Make sure that all that was written outlives a loss of power."""
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
            row = self._db.execute("select facts from blob where id = ?", (i,)).fetchone()
            try:
                yield i, _decode(_codec()[1].decompress(row[0]))
            except (TypeError, zstandard.ZstdError, msgspec.MsgspecError) as e:
                raise IndexDamaged(f"{self.path} has no facts of {i}", "run `bugatlas doctor`") from e

    def text(self, blob: str) -> str:
        """Text of a blob. Raises IndexDamaged where it is unknown or unreadable."""
        row = self._db.execute("select text from blob where id = ?", (blob,)).fetchone()
        try:
            return _codec()[1].decompress(row[0]).decode("utf-8", "replace")
        except (TypeError, zstandard.ZstdError) as e:
            raise IndexDamaged(f"{self.path} has no text of {blob}", "run `bugatlas doctor`") from e

    def fault(self) -> str:
        """What SQLite finds wrong with the file; "" where it is sound."""
        said = self._db.execute("pragma quick_check(1)").fetchone()
        return "" if said and said[0] == "ok" else str(said[0] if said else "no answer")

    def commits(self) -> list[Commit]:
        """Every commit met so far, parents before children."""
        rows = self._db.execute("select commits from history order by seq")
        return [c for (data,) in rows for c in _decode_commits(_codec()[1].decompress(data))]

    def add_commits(self, commits: list[Commit]) -> None:
        """Append commits, in one transaction."""
        if commits:
            with self._db:
                data = _codec()[0].compress(_encode_commits(commits))
                self._db.execute("insert into history(commits) values(?)", (data,))

    def note(self, key: str) -> str:
        """A named text of the repository ("" where there is none): summaries, README."""
        row = self._db.execute("select text from note where key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def notes(self, prefix: str) -> dict[str, str]:
        """All named texts whose key starts with `prefix`, prefix cut off."""
        rows = self._db.execute(
            "select key, text from note where substr(key, 1, ?) = ?", (len(prefix), prefix)
        )
        return {k[len(prefix) :]: t for k, t in rows}

    def set_notes(self, prefix: str, texts: dict[str, str]) -> None:
        """Replace all named texts under `prefix`, in one transaction."""
        with self._db:
            self._db.execute("delete from note where substr(key, 1, ?) = ?", (len(prefix), prefix))
            self._db.executemany("insert into note values(?,?)", [(prefix + k, t) for k, t in texts.items()])
