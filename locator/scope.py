"""The files that a query runs over: snapshots of several repositories, end to end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from summaries.index.postings import Floats, Ints, Matches
from summaries.index.shard import View
from summaries.paths import Role
from summaries.words import Hashes

_DOCS = {"units": "unit", "heads": "blob", "marks": "blob", "names": "path", "messages": "commit"}
_MASKS = {"units": "unit_mask", "heads": "blob_mask", "marks": "blob_mask", "names": "path_mask",
          "messages": "message_mask"}  # fmt: skip
_SIZES: Mapping[str, Callable[[View], int]] = {
    "unit": lambda v: len(v.shard.unit_blobs),
    "blob": lambda v: len(v.shard.blobs),
    "path": lambda v: len(v.shard.roles),
    "commit": lambda v: len(v.shard.arrays["commit_times"]),
}


class Scope:
    """The views that a query runs over.

    Everything that is counted is numbered end to end: files, and the units, blobs, paths and commits of the views'
    shards. So a voter makes one calculation of all repositories, not one of each.
    """

    def __init__(
        self, views: Sequence[View], names: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> None:
        self.views = list(views)
        self.names = {v.repo: names.get(v.repo, ()) for v in views}  # repository -> its aliases
        sizes = [len(v) for v in self.views]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._starts: list[int] = self.starts.tolist()
        self.size = self._starts[-1]
        self._gathered: dict[str, tuple[Hashes, list[Matches]]] = {}
        self._kept: dict[str, tuple[Hashes, list[Matches]]] = {}
        self._firsts: dict[str, Ints] = {}

    @cached_property
    def repo_of(self) -> Ints:
        """Number of the view of every file."""
        return np.repeat(np.arange(len(self.views)), np.diff(self.starts))

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """Role of every file in scope, as `paths.Role` bits."""
        return np.concatenate([v.roles for v in self.views]) if self.views else np.zeros(0, np.uint8)

    def with_role(self, role: Role) -> NDArray[np.bool_]:
        """Files that have any of these roles."""
        return (self.roles & np.uint8(role)) > 0

    def locate(self, i: int) -> tuple[View, int]:
        """View and file number within it."""
        r = self.number(i)
        return self.views[r], i - self._starts[r]

    def number(self, i: int) -> int:
        """Number of the view of a file."""
        return bisect_right(self._starts, i) - 1

    def gather(self, field: str, keys: Hashes) -> list[Matches]:
        """Postings of a field of every view's shard, all versions. The last answer of each field is kept."""
        asked, found = self._gathered.get(field, (None, []))
        if asked is None or not np.array_equal(asked, keys):
            found = [getattr(v.shard, field).match(keys) for v in self.views]
            self._gathered[field] = keys, found
        return found

    def in_snapshots(self, field: str, keys: Hashes) -> list[Matches]:
        """As `gather`, but only of the snapshots. The last answer of each field is kept."""
        asked, found = self._kept.get(field, (None, []))
        if asked is None or not np.array_equal(asked, keys):
            mask = _MASKS[field]
            found = [
                m.keep(getattr(v, mask)) for v, m in zip(self.views, self.gather(field, keys), strict=True)
            ]
            self._kept[field] = keys, found
        return found

    def matches(self, field: str, keys: Hashes) -> Matches:
        """Postings of a field in the snapshots, documents numbered end to end; ordered by view first."""
        found = self.in_snapshots(field, keys)
        if not found:
            return Matches(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        docs = [m.docs + first for m, first in zip(found, self.firsts(_DOCS[field]), strict=False)]
        return Matches(
            np.concatenate([m.query for m in found]),
            np.concatenate(docs),
            np.concatenate([m.counts for m in found]),
        )

    def firsts(self, what: str) -> Ints:
        """Number of the first "unit", "blob", "path" or "commit" of each view, and how many there are."""
        if what not in self._firsts:
            sizes = [_SIZES[what](v) for v in self.views]
            self._firsts[what] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return self._firsts[what]

    def by_view(self, what: str, values: Floats) -> list[Floats]:
        """Values of every unit, blob, path or commit, cut into those of each view."""
        firsts = self.firsts(what).tolist()
        return [values[a:b] for a, b in pairwise(firsts)]

    def lengths(self, field: str) -> NDArray[np.uint32]:
        """Words of every document of a field."""
        parts = [getattr(v.shard, field).lengths for v in self.views]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint32)

    @cached_property
    def blob_ids(self) -> Ints:
        """Number of every file's blob, end to end over all shards."""
        return self._numbered("blob", [v.blob_ids for v in self.views])

    @cached_property
    def path_ids(self) -> Ints:
        """Number of every file's path, end to end over all shards."""
        return self._numbered("path", [v.path_ids for v in self.views])

    @cached_property
    def file_of_path(self) -> Ints:
        """File number by path number, -1 where the snapshots have no such path."""
        at = np.full(int(self.firsts("path")[-1]), -1, np.int64)
        at[self.path_ids] = np.arange(self.size)
        return at

    def _numbered(self, what: str, ids: Sequence[Ints]) -> Ints:
        parts = [own + first for own, first in zip(ids, self.firsts(what), strict=False)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def frequencies(self, what: str, matches: Matches, terms: int) -> NDArray[np.float64]:
        """How many documents of each view have each query term: (views, terms)."""
        return self.sums(what, matches._replace(counts=np.ones(len(matches.docs), np.float32)), terms)

    def sums(self, what: str, matches: Matches, terms: int) -> NDArray[np.float64]:
        """How often each view has each query term: (views, terms)."""
        view = np.searchsorted(self.firsts(what), matches.docs, side="right") - 1
        size = len(self.views) * terms
        cells = np.asarray(np.bincount(view * terms + matches.query, matches.counts, size), np.float64)
        return cells.reshape(len(self.views), terms)


def total(matches: Sequence[Matches], terms: int) -> Ints:
    """Document frequencies over all views."""
    return np.sum([m.frequencies(terms) for m in matches], axis=0) if matches else np.zeros(terms, np.int64)


def join(parts: Sequence[NDArray[np.generic]]) -> Floats:
    """One vector over all files out of one per view."""
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
