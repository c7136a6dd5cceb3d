"""The files that a query runs over: snapshots of several repositories, end to end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from summaries.paths import Role
from summaries.postings import Floats, Ints, Matches
from summaries.shard import View
from summaries.words import Hashes


class Scope:
    """The views that a query runs over."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = list(views)
        sizes = [len(v) for v in self.views]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self.starts[-1])
        self._gathered: dict[str, tuple[Hashes, list[Matches]]] = {}

    @cached_property
    def repo_of(self) -> Ints:
        """Number of the view of every file."""
        return np.repeat(np.arange(len(self.views)), np.diff(self.starts))

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """Roles of every file."""
        return np.concatenate([v.roles for v in self.views]) if self.views else np.zeros(0, np.uint8)

    def with_role(self, role: Role) -> NDArray[np.bool_]:
        """Files that have any of these roles."""
        return (self.roles & np.uint8(role)) > 0

    def locate(self, i: int) -> tuple[View, int]:
        """View and file number within it."""
        r = int(np.searchsorted(self.starts, i, side="right")) - 1
        return self.views[r], i - int(self.starts[r])

    def gather(self, field: str, keys: Hashes) -> list[Matches]:
        """Postings of a field of every view's shard, all versions. The last answer of each field is kept."""
        asked, found = self._gathered.get(field, (None, []))
        if asked is None or not np.array_equal(asked, keys):
            found = [getattr(v.shard, field).match(keys) for v in self.views]
            self._gathered[field] = keys, found
        return found


def total(found: Sequence[Matches], terms: int) -> Ints:
    """Document frequencies over all views."""
    return np.sum([m.frequencies(terms) for m in found], axis=0) if found else np.zeros(terms, np.int64)


def join(parts: Sequence[NDArray[np.generic]]) -> Floats:
    """One vector over all files out of one per view."""
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
