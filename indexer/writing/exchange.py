"""Written summaries as a file of JSON lines, from one machine to another: `summarise --export` and `--import`.

A line is one summary: {"repo", "kind": seed | file | directory | repository | edit, "path", "blob", "commit" or "time",
"summary", "concerns", "key"}. What comes in is checked as a model's answer is, and never takes the place of what a
person edited or of something newer.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, cast

import msgspec
from msgspec import Struct

from indexer.parse.languages import language_of
from summaries.errors import IndexDamaged, UsageError
from summaries.index.index import Index
from summaries.index.store import Store, blob_id
from summaries.written.check import check, true_phrases
from summaries.written.prompt import FileAnswer, parts
from summaries.written.store import SEED, FileText, Written, WrittenPlace

MOST_LINE = 64 << 10  # bytes of a line
MOST_TEXT = 4_000  # characters of a summary, as of one that is edited
MOST_LINES = 5_000_000


class Row(Struct, frozen=True, omit_defaults=True):
    """A line of the file."""

    repo: str
    kind: Literal["seed", "file", "directory", "repository", "edit"]
    path: str = ""
    blob: str = ""  # of a file: its git hash
    commit: str = ""  # that it was written of
    time: int = 0  # of that commit, UTC seconds; 0 where only the commit is given
    summary: str = ""
    concerns: tuple[str, ...] = ()
    key: str = ""


class Exchanged(Struct, frozen=True):
    """How many answers were carried from file to index."""

    repositories: tuple[str, ...]
    kinds: Mapping[str, int]
    left: Mapping[str, int] = {}  # lines that were not taken, by why


def export(index: Index, names: Sequence[str], path: Path) -> Exchanged:
    """Write the summaries of repositories to a file, compressed where its name ends in .gz. Raises UsageError."""
    kinds: Counter[str] = Counter()
    carried = []
    try:
        with _open(path, "wb") as out:
            for name in names:
                for row in _rows(index, name):
                    out.write(msgspec.json.encode(row) + b"\n")
                    kinds[row.kind] += 1
                    carried.append(name)
    except OSError as e:
        raise UsageError(f"cannot write {path}: {e.strerror}") from e
    return Exchanged(tuple(dict.fromkeys(carried)), kinds)


def _rows(index: Index, name: str) -> Iterator[Row]:
    stored = Written(index.folder(name))
    try:
        for blob, t in sorted(stored.every_file().items()):
            sha = blob.partition(".")[0]
            yield Row(name, "file", t.path, sha, "", t.time, t.summary, t.concerns, t.key)
        for path, p in stored.every_place():
            kind = "seed" if path == SEED else "directory" if path else "repository"
            yield Row(
                name,
                cast(Literal["seed"], kind),
                "" if path == SEED else path,
                "",
                "",
                p.time,
                p.text,
                (),
                p.key,
            )
        for path, text in sorted(stored.edits().items()):
            yield Row(name, "edit", path, summary=text)
    finally:
        stored.close()


def load(index: Index, path: Path, names: Sequence[str] = ()) -> Exchanged:
    """Take summaries over from a file, of repositories that the index has. Raises UsageError where it is no such file.

    The caller publishes: see `run.publish`.
    """
    left: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    by_repo: dict[str, list[Row]] = {}
    for row in _read(path, left):
        if row.repo not in index.repos or (names and row.repo not in names):
            left["of repositories that are not here" if not names else "of other repositories"] += 1
        elif not row.summary.strip() or len(row.summary) > MOST_TEXT:
            left["without a summary, or too long"] += 1
        else:
            by_repo.setdefault(row.repo, []).append(row)
    for name, rows in sorted(by_repo.items()):
        taking = _Taking(index, name, left)
        try:
            for row in sorted(rows, key=lambda r: r.kind != "seed"):
                if taking.take(row):
                    kinds[row.kind] += 1
        finally:
            taking.close()
    return Exchanged(tuple(sorted(by_repo)), kinds, left)


class _Taking:
    """One repository's summaries on their way in."""

    def __init__(self, index: Index, name: str, left: Counter[str]) -> None:
        self.left = left
        self.source: Store = index.store(name)
        self.times = {c.sha: c.time for c in self.source.commits()}
        self.known = self.source.known()
        self.stored = Written(index.folder(name), write=True)
        self.edits = self.stored.edits()
        self.places = dict(self.stored.every_place())
        self.files = self.stored.every_file()
        self.seed = ""

    def take(self, row: Row) -> bool:
        """Store a line, if it may be. What it names must stand in the file, where the index has that."""
        if row.kind == "edit":
            return self._edit(row)
        time = max(row.time, self.times.get(row.commit, 0))
        if not time:
            return self._leave("of a commit that the index does not have")
        summary, concerns = parts(FileAnswer(row.summary, list(row.concerns)))
        if row.kind != "file":
            path = SEED if row.kind == "seed" else row.path
            if row.kind == "seed":
                self.seed = summary
            old = self.places.get(path)
            if old and old.time >= time:
                return self._leave("not newer than what is here")
            self.stored.keep_place(path, WrittenPlace(summary, row.key, {}, time))
            return True
        blob = blob_id(row.blob, language_of(row.path) or "text")
        if blob in self.files and self.files[blob].time >= time:
            return self._leave("not newer than what is here")
        if text := self._text(blob):
            checked = check(summary, (row.path, text, self.seed))
            if not checked.useful:
                return self._leave("naming what its file does not have")
            summary, concerns = checked.text, true_phrases(concerns, (row.path, text, self.seed))
        self.stored.keep_files({blob: FileText(summary, concerns, row.path, time, row.key)})
        return True

    def close(self) -> None:
        """Close the database file."""
        self.stored.close()

    def _edit(self, row: Row) -> bool:
        if row.path in self.edits:
            return self._leave("edited here too")
        self.stored.keep_edit(row.path, " ".join(row.summary.split()))
        return True

    def _leave(self, why: str) -> bool:
        self.left[why] += 1
        return False

    def _text(self, blob: str) -> str:
        """The text of a blob; "" where the index has never seen it."""
        try:
            return self.source.text(blob) if self.known.get(blob, "") is None else ""
        except IndexDamaged:
            return ""


def _read(path: Path, left: Counter[str]) -> Iterator[Row]:
    read = msgspec.json.Decoder(Row).decode
    taken = 0
    try:
        with _open(path, "rb") as lines:
            for _ in range(MOST_LINES):
                line = lines.readline(MOST_LINE + 1)
                if not line:
                    break
                if len(line) > MOST_LINE:
                    raise UsageError(
                        f"{path} has a line of over {MOST_LINE:,} bytes", "is it a file of --export?"
                    )
                try:
                    yield read(line)
                    taken += 1
                except msgspec.MsgspecError:
                    left["unreadable"] += 1
    except (OSError, EOFError) as e:
        raise UsageError(f"cannot read {path}: {getattr(e, 'strerror', None) or e}") from e
    if not taken and left["unreadable"]:
        raise UsageError(f"{path} holds no written summaries", "make one with `bugatlas summarise --export`")


def _open(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, mode))
    return path.open(mode)
