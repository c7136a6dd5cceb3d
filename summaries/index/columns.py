"""What every array of a shard has to be: a stranger's may say anything, so each is looked at before its first use.

Types and lengths are read off the head of the file. Values are looked at where something is found by them, which is
a pass over an array that is about to be read whole; which documents postings name is looked at when they are asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from summaries.dates import LAST
from summaries.index.arrays import Array, Arrays
from summaries.paths import LONGEST

DOCUMENTS: Mapping[str, str] = {  # field of postings -> an array with one entry for each of its documents
    "units": "unit_blobs",
    "heads": "blobs.ends",
    "marks": "blobs.ends",
    "names": "paths.ends",
    "messages": "commit_times",
}


class Column(NamedTuple):
    """What an array has to be. Other arrays are named for how many entries they have."""

    kind: str  # numpy's name of its type; "u" is any unsigned one of four bytes at most
    rows: str = ""  # it has as many entries; "" for any number
    more: int = 0  # and so many more
    width: int = 0  # numbers of each entry; 0 for one that is no row of them
    rises: bool = False  # no value is less than the one before it
    below: str = ""  # values are positions in that array
    ends: str = ""  # values rise to its end
    fits: Callable[[Columns, Array], bool] = lambda columns, array: True


def _names(columns: Columns, shas: Array) -> bool:
    """Whether each commit has 20 or 32 bytes: SHA-1 or SHA-256."""
    commits = columns.count("commit_times")
    return len(shas) in (20 * commits, 32 * commits)


def _short(columns: Columns, ends: Array) -> bool:
    """Whether no path is longer than what is indexed; a character takes four bytes at most."""
    return not len(ends) or int(np.diff(ends, prepend=ends.dtype.type(0)).max()) <= 4 * LONGEST


COLUMNS: Mapping[str, Column] = {
    "paths.ends": Column("u", ends="paths.bytes", fits=_short),
    "path_roles": Column("u1", "paths.ends"),
    "blobs.ends": Column("u", ends="blobs.bytes"),
    "blob_languages": Column("u1", "blobs.ends", below="languages"),
    "blob_serves": Column("u1", "blobs.ends"),
    "unit_blobs": Column("u4", below="blobs.ends", rises=True),
    "unit_spans": Column("i4", "unit_blobs", width=3),
    "commit_times": Column("i8", fits=lambda _, a: not len(a) or (a.min() >= 0 and a.max() <= LAST)),
    "commit_sizes": Column("u2", "commit_times"),
    "commit_starts": Column("i8", "commit_times", more=1, ends="commit_paths"),
    "commit_paths": Column("u4", below="paths.ends"),
    "commit_shas": Column("u1", fits=_names),
    "commit_authors": Column("u4", "commit_times", below="authors.ends"),
    "authors.ends": Column("u", ends="authors.bytes"),
    "subjects.ends": Column("u", "commit_times", ends="subjects.bytes"),
    **{f"{name}.bytes": Column("u1") for name in ("paths", "blobs", "authors", "subjects")},
    # Of every snapshot, by its number.
    "snap.paths": Column("u4", below="paths.ends"),
    "snap.blobs": Column("u4", "snap.paths", below="blobs.ends"),
    "snap.commits": Column("u1", fits=lambda c, a: len(a) == -(-c.count("commit_times") // 8)),
    **{f"{field}.terms": Column("u8") for field in DOCUMENTS},
    **{f"{f}.starts": Column("u", f"{f}.terms", more=1, ends=f"{f}.docs") for f in DOCUMENTS},
    **{f"{field}.docs": Column("u") for field in DOCUMENTS},
    **{f"{field}.counts": Column("u1", f"{field}.docs") for field in DOCUMENTS},
    **{f"{field}.lengths": Column("u4", documents) for field, documents in DOCUMENTS.items()},
}
_SNAPSHOT = re.compile(r"snap\d+")


class Columns(Arrays):
    """The arrays of a shard: each is what `COLUMNS` says, or IndexDamaged is raised."""

    languages = 0  # how many the shard knows

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._sound: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        """Raises IndexDamaged where there is none of that name, or it is not what it has to be."""
        if name not in self._sound:
            self._sound[name] = self._checked(name)
        return self._sound[name]

    def count(self, name: str) -> int:
        """Entries of an array, which is not read."""
        return self.languages if name == "languages" else next(iter(self.about(name)[1]), 0)

    def _checked(self, name: str) -> Array:
        snapshot, _, of_it = name.partition(".")
        column = COLUMNS.get(name)
        if column is None and _SNAPSHOT.fullmatch(snapshot):
            column = COLUMNS.get(f"snap.{of_it}")
            column = column and column._replace(rows=column.rows.replace("snap", snapshot))
        if column is None:
            return super().__getitem__(name)
        if why := self._misshapen(column, *self.about(name)):
            raise self.damage(name, why)
        array = super().__getitem__(name)
        if why := self._astray(column, array):
            raise self.damage(name, why)
        return array

    def _misshapen(self, column: Column, kind: np.dtype[Any], shape: tuple[int, ...]) -> str:
        """What is wrong with its type or size, or ""."""
        fits = kind.str[1:] == column.kind or (kind.kind == column.kind and kind.itemsize <= 4)
        if not (fits and kind.isnative):
            return f"numbers of another type ({kind})"
        if len(shape) != 1 + bool(column.width) or (column.width and shape[1] != column.width):
            return f"of the wrong shape {shape}"
        if column.rows and shape[0] != self.count(column.rows) + column.more:
            return f"of the wrong size, {shape[0]:,} instead of {self.count(column.rows) + column.more:,}"
        return ""

    def _astray(self, column: Column, array: Array) -> str:
        """What is wrong with its values, or ""."""
        if (column.rises or column.ends) and (array[1:] < array[:-1]).any():
            return "out of order"
        if column.ends:
            end = int(array[-1]) if len(array) else 0
            if end != self.count(column.ends) or (column.more and array[0] != 0):
                return "cut"
        if column.below and len(array) and int(array.max()) >= self.count(column.below):
            return "names what isn't there"
        return "" if column.fits(self, array) else "numbers that cannot be"
