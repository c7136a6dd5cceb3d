"""A repository's working tree over its index: a shard of its own, and a store that knows the rest from the one below."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from summaries.index.shard import Shard
from summaries.index.store import Store
from summaries.types import Commit

NOTES = "summary"  # those of changed files are of what they were


class Overlay(NamedTuple):
    """What is read in place of a repository's shard and store."""

    shard: Shard
    store: OverlayStore
    changed: frozenset[str]  # paths that differ from the commit


class OverlayStore(Store):
    """Files of a working tree that the index lacks; all others, commits and notes come from below."""

    def __init__(self, path: Path, below: Store, changed: Collection[str]) -> None:
        """Raises IndexDamaged where the file is no database of ours."""
        super().__init__(path)
        self.below, self.changed = below, changed

    def _pieces(self, blob: str) -> tuple[memoryview, memoryview]:
        return super()._pieces(blob) if self._has(blob) else self.below._pieces(blob)

    def _has(self, blob: str) -> bool:
        return self._db.execute("select 1 from blob where id = ?", (blob,)).fetchone() is not None

    def commits(self) -> list[Commit]:
        """Every commit of the index."""
        return self.below.commits()

    def note(self, prefix: str, name: str = "") -> str:
        """A named text of the repository, "" where there is none or the file has changed since."""
        return "" if prefix == NOTES and name in self.changed else self.below.note(prefix, name)

    def notes(self, prefix: str) -> dict[str, str]:
        """All named texts of a prefix that still hold."""
        found = self.below.notes(prefix)
        return {n: t for n, t in found.items() if n not in self.changed} if prefix == NOTES else found
