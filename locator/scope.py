"""The files that a query runs over: snapshots of several repositories, end to end."""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from summaries.index.index import Index
from summaries.index.joined import Joined
from summaries.index.postings import Floats, Ints, Mask, Matches
from summaries.index.shard import View
from summaries.paths import Role
from summaries.words import Hashes

T = TypeVar("T")

# Scopes that are remembered: what one index is asked time and again; making one takes a few milliseconds. A guess.
SCOPES = 4

_MASKS: Mapping[str, Callable[[View], Mask]] = {
    "units": lambda v: v.unit_mask,
    "heads": lambda v: v.blob_mask,
    "marks": lambda v: v.blob_mask,
    "names": lambda v: v.path_mask,
    "messages": lambda v: v.message_mask,
}
_SIZES: Mapping[str, Callable[[View], int]] = {
    "unit": lambda v: len(v.shard.unit_blobs),
    "blob": lambda v: len(v.shard.blobs),
    "path": lambda v: len(v.shard.roles),
    "commit": lambda v: len(v.shard.arrays["commit_times"]),
}


class Scope:
    """The views that a query runs over.

    Everything that is counted is numbered end to end: files, and the units, blobs, paths and commits of the views'
    shards. So a voter makes one calculation of all repositories, not one of each. Nothing here depends on a report.
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
        self._fields: dict[str, Joined] = {}
        self._masks: dict[str, Mask | None] = {}
        self._firsts: dict[str, Ints] = {}
        self._view_of: dict[str, Ints] = {}
        self._kept: dict[Callable[[Scope], Any], Any] = {}

    def memo(self, make: Callable[[Scope], T]) -> T:
        """What `make` says of this scope, found out once: for all that depends on nothing else."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: T = self._kept[make]
        return found

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
        """Postings of a field of every view's shard, all versions."""
        try:
            return [getattr(v.shard, field).match(keys) for v in self.views]
        except ValueError as e:
            raise self._damage(field, e) from None

    def matches(self, field: str, keys: Hashes) -> Matches:
        """Postings of a field in the snapshots, documents numbered end to end; ordered by view first."""
        joined = self._joined(field)
        try:
            found = joined.match(keys)
        except ValueError as e:
            raise self._damage(field, e) from None
        mask = self._mask(field)
        return found if mask is None else found.keep(mask)

    def lengths(self, field: str) -> NDArray[np.uint32]:
        """Words of every document of a field."""
        return self._joined(field).lengths

    def _joined(self, field: str) -> Joined:
        if field not in self._fields:
            self._fields[field] = Joined([getattr(v.shard, field) for v in self.views])
        return self._fields[field]

    def _damage(self, field: str, error: Exception) -> Exception:
        """The error with the shard that is at fault; itself where none is."""
        for v in self.views:
            if not getattr(v.shard, field).sound():
                return v.shard.arrays.damage(field, str(error))
        return error

    def _mask(self, field: str) -> Mask | None:
        """Documents of the snapshots; None where that is all of them."""
        if field not in self._masks:
            parts = [_MASKS[field](v) for v in self.views]
            self._masks[field] = None if all(m.all() for m in parts) else np.concatenate(parts)
        return self._masks[field]

    def firsts(self, what: str) -> Ints:
        """Number of the first "unit", "blob", "path" or "commit" of each view, and how many there are."""
        if what not in self._firsts:
            sizes = [_SIZES[what](v) for v in self.views]
            self._firsts[what] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return self._firsts[what]

    def view_of(self, what: str) -> Ints:
        """Number of the view of every unit, blob, path or commit."""
        if what not in self._view_of:
            self._view_of[what] = np.repeat(np.arange(len(self.views)), np.diff(self.firsts(what)))
        return self._view_of[what]

    def by_view(self, what: str, values: Floats) -> list[Floats]:
        """Values of every unit, blob, path or commit, cut into those of each view."""
        firsts = self.firsts(what).tolist()
        return [values[a:b] for a, b in pairwise(firsts)]

    def split(self, what: str, matches: Matches) -> list[Matches]:
        """Matches of units, blobs, paths or commits, cut into those of each view."""
        sizes = np.bincount(self.view_of(what)[matches.docs], minlength=len(self.views))
        ends = np.cumsum(sizes).tolist()
        query, docs, counts = matches
        return [Matches(query[a:b], docs[a:b], counts[a:b]) for a, b in pairwise([0, *ends])]

    @cached_property
    def unit_blobs(self) -> Ints:
        """Blob of every unit, both numbered end to end."""
        return self._numbered("blob", [v.shard.unit_blobs for v in self.views])

    @cached_property
    def blob_lengths(self) -> Floats:
        """Words of every blob."""
        return join([v.lengths[0] for v in self.views])

    @cached_property
    def totals(self) -> tuple[float, float]:
        """Words and units of the snapshots."""
        return sum(v.lengths[1] for v in self.views), sum(v.lengths[2] for v in self.views)

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
        view = self.view_of(what)[matches.docs]
        size = len(self.views) * terms
        cells = np.asarray(np.bincount(view * terms + matches.query, matches.counts, size), np.float64)
        return cells.reshape(len(self.views), terms)


class _Kept(NamedTuple):
    opened: weakref.ref[Index]
    views: tuple[View, ...]
    names: tuple[tuple[str, tuple[str, ...]], ...]
    scope: Scope

    def held(self) -> bool:
        """Whether the index is in use and holds all of it open: a scope holds nothing that would else be let go."""
        index = self.opened()
        return index is not None and all(index.holds(v.shard) for v in self.views)


_kept: list[_Kept] = []  # the longest unused first
_lock = threading.Lock()


def scope_of(
    index: Index, views: tuple[View, ...], names: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> Scope:
    """The scope of some views and the aliases of their repositories, the same one while the index holds them open."""
    with _lock:
        _kept[:] = (k for k in _kept if k.held())
        for n, k in enumerate(_kept):
            if k.views == views and k.names == names:
                _kept.append(_kept.pop(n))
                return k.scope
        made = _Kept(weakref.ref(index), views, names, Scope(views, dict(names)))
        if made.held():
            _kept.append(made)
            del _kept[:-SCOPES]
        return made.scope


def total(matches: Sequence[Matches], terms: int) -> Ints:
    """Document frequencies over all views."""
    return np.sum([m.frequencies(terms) for m in matches], axis=0) if matches else np.zeros(terms, np.int64)


def join(parts: Sequence[NDArray[np.generic]]) -> Floats:
    """One vector over all files out of one per view."""
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
