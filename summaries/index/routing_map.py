"""The routing map: what every file's words are, in few files, to choose which repositories to open at all.

For each word of a file one byte says how strongly the file speaks of it, so that a report's words are asked of
each file together: a repository counts as its best file. A byte for a whole repository (its upper bound, as
dynamic pruning keeps it for blocks of postings, Ding & Suel, SIGIR 2011) takes a fourth of the room and loses
half of the repositories that matter among a thousand alike (docs/scale.md). Words of commits, marks and names of
paths are the whole repository's.

    DIR/map-N.safetensors    a segment: terms × files. A repository counts in the newest segment that holds its
                             published generation; one that no segment holds must be opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from summaries.errors import IndexDamaged
from summaries.index import arrays
from summaries.index.postings import Floats, Ints
from summaries.words import Hashes

PATTERN = "map-*.safetensors"
MOST_ROWS = 1 << 24  # of a repository: a snapshot has a million files at most, and there may be many; a guess
ASTRAY = "it names what isn't there"
STEPS = 100.0  # of a weight's byte to 1
FIELDS = {"units": 0, "messages": 1, "marks": 2, "names": 3}

_SALTS = np.array([0, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


class MappedRepository(Struct, frozen=True, array_like=True):
    """A repository of a segment, the generation that was read, and how many rows it has there."""

    name: str
    generation: int
    rows: Annotated[int, Meta(ge=1, le=MOST_ROWS)]


class Entries(NamedTuple):
    """What a map holds of one repository; what is said of it as a whole stands in its first row."""

    keys: Hashes  # salted by field
    rows: NDArray[np.uint32]
    weights: NDArray[np.uint8]
    size: int  # rows


class RouteMatches(NamedTuple):
    """Entries of the terms asked: three vectors of one length."""

    query: Ints  # position of the term
    rows: Ints
    weights: Floats  # 0 to 2.55


def salted(field: str, keys: Hashes) -> Hashes:
    """Term keys of a field as the map has them: fields share one sorted column."""
    mixed: Hashes = keys ^ _SALTS[FIELDS[field]]
    return mixed


def vector(data: arrays.Arrays, name: str, kind: str, size: int | None = None) -> NDArray[Any]:
    """An array of one dimension, of a kind ("u" is any unsigned) and perhaps a size. Raises IndexDamaged."""
    found, shape = data.about(name)
    if len(shape) != 1 or kind not in (found.kind, found.str[1:]) or size not in (None, shape[0]):
        raise data.damage(name, f"of another kind or size ({found}, {shape})")
    return data[name]


class Segment:
    """Terms × rows of some repositories, mapped."""

    def __init__(self, path: Path) -> None:
        """Map a segment's file. Raises IndexDamaged."""
        data = arrays.Arrays(path)
        self.path = path
        self.keys: Hashes = vector(data, "keys", "u8")
        self.starts: NDArray[Any] = vector(data, "starts", "u", len(self.keys) + 1)
        self.rows: NDArray[np.uint32] = vector(data, "rows", "u4")
        self.weights: NDArray[np.uint8] = vector(data, "weights", "u1", len(self.rows))
        try:
            self.listed = msgspec.json.decode(data.meta["repos"], type=list[MappedRepository])
        except (KeyError, msgspec.MsgspecError) as e:
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`", path) from e
        self.size = sum(one.rows for one in self.listed)

    def sound(self) -> bool:
        """Whether each key has its entries, and each entry its row. Reads all of them."""
        starts, rows = self.starts, self.rows
        rising = (starts[0], starts[-1]) == (0, len(rows)) and bool((starts[1:] >= starts[:-1]).all())
        return rising and (not len(rows) or int(rows.max()) < self.size)

    def spread(self, keys: Hashes) -> Ints:
        """How many entries each key has. Raises IndexDamaged where it is not `sound`."""
        _, begin, end = self._spans(keys)
        return end - begin

    def find(self, keys: Hashes) -> RouteMatches:
        """All entries of some keys. Raises IndexDamaged where it is not `sound`."""
        known, begin, end = self._spans(keys)
        size = end - begin
        ends = size.cumsum()
        where = np.arange(ends[-1] if len(ends) else 0) + (begin - (ends - size)).repeat(size)
        weights = self.weights[where].astype(np.float32) / np.float32(STEPS)
        rows = self.rows[where]
        if len(rows) and rows.max() >= self.size:
            raise self._damage()
        return RouteMatches(known.repeat(size), rows.astype(np.int64), weights)

    def _damage(self) -> IndexDamaged:
        return IndexDamaged(f"cannot read {self.path}: {ASTRAY}", "run `bugatlas doctor`", self.path)

    def _spans(self, keys: Hashes) -> tuple[Ints, Ints, Ints]:
        """Position, begin and end of each key; a key that isn't there has nothing."""
        every = np.arange(len(keys))
        if not len(self.keys):
            return every, every * 0, every * 0
        at = np.minimum(self.keys.searchsorted(keys), len(self.keys) - 1)
        begin = self.starts[at].astype(np.int64)
        end = np.where(self.keys[at] == keys, self.starts[at + 1].astype(np.int64), begin)
        if len(keys) and ((end < begin).any() or end.max() > len(self.rows)):
            raise self._damage()
        return every, begin, end


class RoutingMap:
    """All segments of an index, with the repositories that they still speak for. Rows are numbered through."""

    def __init__(self, root: Path, generations: Mapping[str, int]) -> None:
        """`generations` are those published now. Segments that cannot be read count as missing."""
        self.names: list[str] = []
        self.segments: list[Segment] = []
        owners: list[int] = []  # repository by `names` of each one listed, or -1 where it is overtaken
        sizes: list[int] = []
        self.size_of: dict[str, int] = {}  # rows of each repository
        for path in sorted(root.glob(PATTERN), key=number, reverse=True):
            try:
                segment = Segment(path)
            except IndexDamaged:
                continue
            self.segments.append(segment)
            for one in segment.listed:
                counts = one.name not in self.size_of and generations.get(one.name) == one.generation
                owners.append(len(self.names) if counts else -1)
                sizes.append(one.rows)
                if counts:
                    self.size_of[one.name] = one.rows
                    self.names.append(one.name)
        self.listed = np.array(owners, np.int64)
        self.sizes = np.array(sizes, np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(
            np.int64
        )  # first row of each listed
        self.owner = np.repeat(self.listed, self.sizes)  # repository of each row, or -1
        self.rows = sum(self.size_of.values())  # that count
        self._overtaken = bool((self.listed < 0).any())

    def spread(self, field: str, keys: Hashes) -> Ints:
        """How many rows each of a field's terms has, overtaken ones included."""
        asked = salted(field, keys)
        out = np.zeros(len(keys), np.int64)
        for segment in self.segments:
            out += segment.spread(asked)
        return out

    def find(self, field: str, keys: Hashes) -> RouteMatches:
        """All entries of a field's terms."""
        asked = salted(field, keys)
        found = [RouteMatches(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))]
        base = 0
        for segment in self.segments:
            query, rows, weights = segment.find(asked)
            rows += base
            one = RouteMatches(query, rows, weights)
            if self._overtaken:
                on = self.owner[rows] >= 0
                one = RouteMatches(query[on], rows[on], weights[on])
            found.append(one)
            base += segment.size
        return RouteMatches(*(np.concatenate([f[k] for f in found]) for k in range(3)))

    def best(self, score: NDArray[np.floating]) -> Floats:
        """The highest score among the rows of each repository: float32 (repositories,)."""
        out = np.zeros(len(self.names), np.float32)
        if len(score):
            on = self.listed >= 0
            out[self.listed[on]] = np.maximum.reduceat(score, self.starts[:-1])[on]
        return out


def number(path: Path) -> int:
    """Number of a segment's file."""
    digits = path.stem.partition("-")[2]
    return int(digits) if digits.isdecimal() else -1


def write(
    path: Path, keys: Hashes, rows: NDArray[np.uint32], weights: Any, listed: Sequence[MappedRepository]
) -> None:
    """Write a segment from entries in any order. Every repository has a row at least."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.append(len(keys) > 0, keys[1:] != keys[:-1])[: len(keys)])
    found = {
        "keys": keys[first],
        "starts": np.append(first, len(keys)).astype(np.min_scalar_type(len(keys))),
        "rows": rows.astype(np.uint32)[order],
        "weights": weights.astype(np.uint8)[order],
    }
    arrays.write(path, found, {"repos": msgspec.json.encode(listed).decode()})
