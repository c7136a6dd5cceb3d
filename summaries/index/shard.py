"""One repository's index as mapped arrays, and a snapshot of it as a view.

Rows are appended and never change their number within one shard file: blobs, paths, units, commits. A
snapshot is a list of (path, blob) pairs and the set of commits reachable from it; every score is computed
over postings of all versions and masked to the snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from summaries.dates import LAST
from summaries.errors import IndexDamaged
from summaries.index.arrays import Strings
from summaries.index.columns import Columns
from summaries.index.postings import Mask, Postings
from summaries.paths import Role, role_of

SCHEMA = 3

T = TypeVar("T")


class SnapshotInfo(Struct, frozen=True):
    """A snapshot that a shard holds."""

    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40,64}$")]
    time: Annotated[int, Meta(ge=0, le=LAST)]  # committer's, UTC seconds
    ref: str  # "HEAD", or the tag, branch, commit or date that was asked


class ShardInfo(Struct, frozen=True):
    """What a shard says of itself (its metadata)."""

    schema: int
    repo: str
    languages: tuple[str, ...]
    snapshots: tuple[SnapshotInfo, ...]  # the first is the head


class Shard:
    """One repository's lexical index, mapped from its file."""

    def __init__(self, path: Path) -> None:
        """Raises IndexDamaged where the file is unreadable."""
        self.path = path
        self.arrays = Columns(path)
        try:
            self.info = msgspec.json.decode(self.arrays.meta["info"], type=ShardInfo)
        except (KeyError, TypeError, msgspec.MsgspecError, RecursionError) as e:
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`", path) from e
        self.arrays.languages = len(self.info.languages)
        self.repo = self.info.repo
        self._views: dict[int, View] = {}

    def strings(self, name: str) -> Strings:
        """A column of strings."""
        return Strings(self.arrays[name + ".ends"], self.arrays[name + ".bytes"])

    @cached_property
    def paths(self) -> list[str]:
        """Every path of every snapshot, by number."""
        return self.strings("paths").all()

    @cached_property
    def blobs(self) -> Strings:
        """Blob ids (`store.blob_id`), by number."""
        return self.strings("blobs")

    @cached_property
    def commits(self) -> list[str]:
        """Names of all commits, by number."""
        digits = self.arrays["commit_shas"].tobytes().hex()
        size = len(digits) // max(len(self.arrays["commit_times"]), 1)
        return [digits[at : at + size] for at in range(0, len(digits), size)] if size else []

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """`paths.Role` of every path."""
        return self.arrays["path_roles"]

    @cached_property
    def serves(self) -> NDArray[np.uint8]:
        """Which blobs serve routes, 0 or 1."""
        return self.arrays["blob_serves"]

    @cached_property
    def changing(self) -> Mask:
        """Paths whose role depends on the snapshot: their files differ in language, or in whether they serve routes."""
        kinds = self.arrays["blob_languages"].astype(np.int64) * 2 + self.serves
        least, most = (
            np.full(len(self.roles), len(self.info.languages) * 2),
            np.zeros(len(self.roles), np.int64),
        )
        for n in range(len(self.info.snapshots) if len(self.info.snapshots) > 1 else 0):
            paths, blobs = self.arrays[f"snap{n}.paths"], self.arrays[f"snap{n}.blobs"]
            least[paths] = np.minimum(least[paths], kinds[blobs])
            most[paths] = np.maximum(most[paths], kinds[blobs])
        return least < most

    @cached_property
    def units(self) -> Postings:
        """Postings of words by unit."""
        return Postings.of(self.arrays, "units")

    @cached_property
    def heads(self) -> Postings:
        """Words that blobs say of themselves."""
        return Postings.of(self.arrays, "heads")

    @cached_property
    def marks(self) -> Postings:
        """Exact things that blobs define or say."""
        return Postings.of(self.arrays, "marks")

    @cached_property
    def names(self) -> Postings:
        """Words and suffix marks of paths."""
        return Postings.of(self.arrays, "names")

    @cached_property
    def messages(self) -> Postings:
        """Postings of words by commit message."""
        return Postings.of(self.arrays, "messages")

    @cached_property
    def unit_blobs(self) -> NDArray[np.int64]:
        """Blob of every unit, ascending."""
        return self.arrays["unit_blobs"].astype(np.int64)

    @cached_property
    def unit_spans(self) -> NDArray[np.int32]:
        """First line, last line, symbol number or -1 of every unit: (units, 3)."""
        return self.arrays["unit_spans"]

    @cached_property
    def blob_units(self) -> NDArray[np.int64]:
        """Where each blob's units start: int64 (blobs + 1,)."""
        return np.searchsorted(self.unit_blobs, np.arange(len(self.blobs) + 1))

    def find(self, at: str | None) -> int | None:
        """Number of the snapshot with that ref or commit (a prefix of 7 digits or more); None is the head."""
        if at is None:
            return 0 if self.info.snapshots else None
        for i, s in enumerate(self.info.snapshots):
            if s.ref == at or s.commit == at or (len(at) >= 7 and s.commit.startswith(at.lower())):
                return i
        return None

    def view(self, number: int) -> View:
        """The snapshot of that number; views are kept."""
        if number not in self._views:
            self._views[number] = View(self, number)
        return self._views[number]


class View:
    """A repository as it was at one commit. `i` below counts files of the snapshot."""

    def __init__(self, shard: Shard, number: int) -> None:
        self.shard = shard
        self.number = number
        self.repo = shard.repo
        self.info = shard.info.snapshots[number]
        self.path_ids: NDArray[np.int64] = shard.arrays[f"snap{number}.paths"].astype(np.int64)
        self.blob_ids: NDArray[np.int64] = shard.arrays[f"snap{number}.blobs"].astype(np.int64)
        self._kept: dict[Callable[[View], Any], Any] = {}

    def memo(self, make: Callable[[View], T]) -> T:
        """What `make` says of this snapshot, found out once: for all that depends on nothing else."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: T = self._kept[make]
        return found

    def __len__(self) -> int:
        return len(self.path_ids)

    def path(self, i: int) -> str:
        """Path of a file."""
        return self.shard.paths[int(self.path_ids[i])]

    def blob(self, i: int) -> str:
        """Blob id of a file."""
        return str(self.shard.blobs[int(self.blob_ids[i])])

    @cached_property
    def paths(self) -> list[str]:
        """Paths of all files."""
        every = self.shard.paths
        return [every[p] for p in self.path_ids.tolist()]

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """Roles of all files, as this snapshot has them."""
        roles = self.shard.roles[self.path_ids]
        for i in np.flatnonzero(self.shard.changing[self.path_ids]).tolist():
            serves = bool(self.shard.serves[self.blob_ids[i]])
            roles[i] = role_of(self.path(i), self.language(i), serves)
        return roles

    @cached_property
    def language_ids(self) -> NDArray[np.uint8]:
        """Number of the language of every file, in `languages`."""
        found: NDArray[np.uint8] = self.shard.arrays["blob_languages"][self.blob_ids]
        return found

    @property
    def languages(self) -> Sequence[str]:
        """Names of the languages of the shard, by number."""
        return self.shard.info.languages

    def language(self, i: int) -> str:
        """Language of a file."""
        return self.languages[int(self.shard.arrays["blob_languages"][self.blob_ids[i]])]

    def with_role(self, role: Role) -> Mask:
        """Files that have any of these roles."""
        return (self.roles & np.uint8(role)) > 0

    @cached_property
    def unit_mask(self) -> Mask:
        """Units of this snapshot, bool (units of the shard,)."""
        return self.blob_mask[self.shard.unit_blobs]

    @cached_property
    def blob_mask(self) -> Mask:
        """Blobs of this snapshot."""
        mask = np.zeros(len(self.shard.blobs), np.bool_)
        mask[self.blob_ids] = True
        return mask

    @cached_property
    def path_mask(self) -> Mask:
        """Paths of this snapshot."""
        mask = np.zeros(len(self.shard.roles), np.bool_)
        mask[self.path_ids] = True
        return mask

    @cached_property
    def file_of_path(self) -> NDArray[np.int64]:
        """File number by path number, -1 where the snapshot has no such path."""
        at = np.full(len(self.shard.roles), -1, np.int64)
        at[self.path_ids] = np.arange(len(self.path_ids))
        return at

    @cached_property
    def commit_mask(self) -> Mask:
        """Commits reachable from the snapshot."""
        packed: Any = self.shard.arrays[f"snap{self.number}.commits"]
        count = len(self.shard.arrays["commit_times"])
        return np.unpackbits(packed, count=count).astype(np.bool_)

    @cached_property
    def message_mask(self) -> Mask:
        """Reachable commits that changed a file of the snapshot. What others changed is gone, or of other snapshots."""
        arrays = self.shard.arrays
        here = self.file_of_path[arrays["commit_paths"]] >= 0
        before = np.concatenate([[0], np.cumsum(here)])[arrays["commit_starts"]]
        return self.commit_mask & (before[1:] > before[:-1])

    @cached_property
    def lengths(self) -> tuple[NDArray[np.float32], float, float]:
        """Words per blob (all blobs of the shard), and their sum and the unit count in this snapshot."""
        shard = self.shard
        per_blob = np.bincount(
            shard.unit_blobs, weights=shard.units.lengths, minlength=len(shard.blobs)
        ).astype(np.float32)
        return per_blob, float(per_blob[self.blob_ids].sum()), float(self.unit_mask.sum())
