"""The index on disk: opened, checked, read, and one repository replaced at a time.

    DIR/bugatlas.json              schema and options (Manifest)
    DIR/write.lock                 held by the one process that writes
    DIR/repos/SLUG/repo.json       what is published of a repository (RepoState); replaced atomically, last
    DIR/repos/SLUG/shard-N.safetensors, blobs.sqlite
    DIR/map-N.safetensors          the routing map, where there are many repositories
    DIR/chroma/                    vectors of summaries

A crash at any moment leaves every `repo.json` pointing at files that are whole.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from summaries.errors import (
    IndexDamaged,
    IndexError_,
    IndexLocked,
    IndexMissing,
    IndexVersion,
    SnapshotMissing,
)
from summaries.fs import locked, replace
from summaries.index.manifest import (
    MANIFEST,
    STORE,
    Manifest,
    RepoState,
    read_state,
    read_states,
    slug,
    unreferenced,
)
from summaries.index.open_files import Opened, Room
from summaries.index.shard import SCHEMA, Shard, View
from summaries.index.store import Store

if TYPE_CHECKING:
    from summaries.index.attached import Fetcher
    from summaries.index.overlay import Overlay
    from summaries.index.routing_map import RoutingMap

__all__ = [
    "MANIFEST", "STORE", "Index", "Manifest", "RepoState", "Room",
    "default_dir", "read_state", "slug", "unreferenced",
]  # fmt: skip


def default_dir() -> Path:
    """Where an index lives unless told: $BUGATLAS_INDEX, else the user's data folder."""
    import platformdirs

    own = os.environ.get("BUGATLAS_INDEX") or platformdirs.user_data_path("bugatlas") / "index"
    return Path(own).absolute()


STORES = 128  # held open at a time: each takes a file handle, and an answer needs those of ten files at most


class Index:
    """An opened index. Reading needs no lock: files that a reader has open stay whole."""

    def __init__(self, root: Path, manifest: Manifest, room: Room | None = None) -> None:
        self.root = root
        self.manifest = manifest
        self.room = room or Room()
        self.remote: Fetcher | None = None  # where it is published, if it is read from there
        self.overlays: Mapping[str, Overlay] = {}  # what is read in place of repositories' own files
        self._shards: Opened[Shard] = Opened(self.room)
        self._stores: Opened[Store] = Opened(Room(min(STORES, self.room.repositories)))

    @classmethod
    def open(cls, root: Path | str, room: Room | None = None) -> Index:
        """Open what is there; of its repositories no more is held open at a time than there is room for.

        Raises IndexMissing, IndexVersion or IndexDamaged.
        """
        root = Path(root)
        remote = None
        if (root / "remote.json").exists():
            from summaries.index.attached import fetcher

            remote = fetcher(root)
        try:
            data = (root / MANIFEST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise IndexMissing(
                f"no index at {root}", "run `bugatlas index PATH` or `bugatlas demo`"
            ) from None
        except OSError as e:
            raise IndexError_(f"cannot read {root}: {e}") from e
        try:
            manifest = msgspec.json.decode(data, type=Manifest)
        except msgspec.MsgspecError as e:
            raise IndexDamaged(f"cannot read {root / MANIFEST}: {e}", "index again into a new folder") from e
        if manifest.schema != SCHEMA:
            raise IndexVersion(
                f"the index at {root} has schema {manifest.schema}, this version writes {SCHEMA}",
                "run `bugatlas index --rebuild`",
            )
        index = cls(root, manifest, room)
        index.remote = remote
        return index

    @classmethod
    def create(cls, root: Path | str, manifest: Manifest | None = None) -> Index:
        """Open the index there, or make an empty one."""
        root = Path(root)
        if not (root / MANIFEST).exists():
            try:
                if (
                    not root.exists()
                ):  # code and what people say of it: for its owner, unless they open it to others
                    root.mkdir(mode=0o700, parents=True)
                (root / "repos").mkdir(exist_ok=True)
                replace(root / MANIFEST, msgspec.json.encode(manifest or Manifest()))
            except OSError as e:
                raise IndexError_(
                    f"cannot write to {root}: {e.strerror}", "choose another with --index"
                ) from e
        return cls.open(root)

    @cached_property
    def repos(self) -> dict[str, RepoState]:
        """Published repositories by name, in order of name."""
        return read_states(self.root)

    def folder(self, name: str) -> Path:
        """Folder of a repository, whether it exists or not."""
        return self.root / "repos" / slug(name)

    def indexed(self, name: str) -> int:
        """When a repository was published, UTC seconds; 0 where its folder cannot be read."""
        try:
            return int((self.folder(name) / "repo.json").stat().st_mtime)
        except OSError:
            return 0

    def shard(self, name: str) -> Shard:
        """The shard of a repository, opened once and shared."""
        if name in self.overlays:
            return self.overlays[name].shard
        if shard := self._shards.get(name):
            return shard
        shard = Shard(self.local_path(name, self.repos[name].shard))
        if shard.repo != name:
            raise IndexDamaged(
                f"the shard of {name} is of another repository",
                f"bugatlas index --rebuild {name}",
                self.folder(name) / self.repos[name].shard,
            )
        if shard.info.schema != SCHEMA:
            raise IndexVersion(
                f"{name} was indexed by another version (schema {shard.info.schema}, not {SCHEMA})",
                f"run `bugatlas index {name}`",
            )
        return self._shards.keep(name, shard, shard.arrays.size)

    def holds(self, shard: Shard) -> bool:
        """Whether a shard is what it reads of its repository, and held open."""
        overlay = self.overlays.get(shard.repo)
        return (overlay.shard if overlay else self._shards.peek(shard.repo)) is shard

    def store(self, name: str) -> Store:
        """A repository's facts and texts, for reading."""
        if name in self.overlays:
            return self.overlays[name].store
        if store := self._stores.get(name):
            return store
        return self._stores.keep(name, Store(self.local_path(name, self.repos[name].store)))

    @cached_property
    def routing(self) -> RoutingMap:
        """What words each repository is about, to choose which to open."""
        from summaries.index.routing_map import RoutingMap

        return RoutingMap(self.root, {n: s.generation for n, s in self.repos.items()})

    def local_path(self, name: str, file: str) -> Path:
        """Where a file of a repository is, fetched first where the index is read from elsewhere."""
        return self.remote.local_path(name, file) if self.remote else self.folder(name) / file

    def poll(self) -> None:
        """Look for what is newly published, if the index is read from elsewhere; `renewed` then shows it."""
        if self.remote:
            self.remote.poll()

    def view(self, name: str, at: str | None = None) -> View:
        """A repository's snapshot. Raises SnapshotMissing where the index does not hold `at`."""
        shard = self.shard(name)
        number = shard.find(at)
        if number is None:
            raise SnapshotMissing(
                f"{name} is not indexed at {at or 'any commit'}",
                f"run `bugatlas index --at {at or 'HEAD'} {name}`",
            )
        return shard.view(number)

    def renewed(self) -> Index:
        """The index as it is on disk now. Shares what is open of repositories that did not change."""
        new = Index.open(self.root, self.room)
        same = [n for n, s in new.repos.items() if self.repos.get(n) == s]
        new._shards, new._stores = self._shards.only(same), self._stores.only(same)
        return new

    def only(self, names: Collection[str]) -> Index:
        """This index with some of its repositories and no trace of the others. Shares what is open."""
        part = Index(self.root, self.manifest, self.room)
        part.remote = self.remote
        part.__dict__["repos"] = {n: s for n, s in self.repos.items() if n in names}
        part._shards, part._stores = self._shards.only(names), self._stores.only(names)
        return part

    def stated(self, states: Mapping[str, RepoState]) -> Index:
        """This index with these repositories only, and with these states in place of theirs. Shares what is open."""
        part = Index(self.root, self.manifest, self.room)
        part.remote = self.remote
        part.__dict__["repos"] = dict(states)
        part._shards, part._stores = self._shards, self._stores
        return part

    def overlaid(self, overlays: Mapping[str, Overlay]) -> Index:
        """This index with something else to read in place of some repositories' files."""
        part = self.only(self.repos)
        part.overlays = overlays
        return part

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock. Raises IndexLocked at once where another process has it."""
        with ExitStack() as held:
            try:
                taken = IndexLocked(f"another process is writing {self.root}", "wait for it to end")
                held.enter_context(locked(self.root / "write.lock", taken))
            except OSError as e:
                why = f"cannot write to {self.root}: {e.strerror}"
                raise IndexError_(why, "choose another with --index") from e
            yield

    def set_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest. The caller holds the lock."""
        replace(self.root / MANIFEST, msgspec.json.encode(manifest))
        self.manifest = manifest

    def publish(self, state: RepoState) -> None:
        """Make a repository's new state the current one and drop the files that it replaced."""
        folder = self.folder(state.name)
        replace(folder / "repo.json", msgspec.json.encode(state))
        for old in unreferenced(folder, state):
            old.unlink(missing_ok=True)
        self.forget(state.name)

    def forget(self, name: str) -> None:
        """Drop what is cached of a repository, so that the next read sees the disk."""
        self._shards.drop(name)
        if store := self._stores.drop(name):
            store.close()
        self.__dict__.pop("repos", None)
