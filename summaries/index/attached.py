"""The local folder through which a published index is read.

`remote.json` in it says where the index is published. Heads are pulled now and then, files when they are first
opened; the longest unused go when they outgrow their room.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries.errors import BugatlasError, IndexDamaged, IndexError_, UsageError
from summaries.fs import locked, replace
from summaries.index.manifest import MANIFEST, Manifest, read_states, slug, unreferenced
from summaries.index.remote import DATA, HeadName, Remote
from summaries.index.routing_update import update

FILE = "remote.json"
MARK = "remote.seen"  # touched whenever the listing was read
EVERY = 30.0  # seconds between two looks at the published heads
WAIT = 20.0  # seconds that opening an index waits for the store, before it goes on with what is here
ROOM = 20 << 30  # bytes of files kept locally

log = logging.getLogger("bugatlas.remote")


class Attached(Struct, frozen=True):
    """Where an index is published, and what was last pulled of it."""

    url: str
    room: int = ROOM
    every: float = EVERY
    heads: Mapping[str, str] = {}  # by slug: file name of the head that is here


def attached(root: Path) -> Attached | None:
    """Where an index is published, None for one that lives here only."""
    try:
        return msgspec.json.decode((root / FILE).read_bytes(), type=Attached)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as e:
        raise IndexDamaged(f"cannot read {root / FILE}: {e}", "attach again") from e


def attach(root: Path, url: str, *, room: int = ROOM, every: float = EVERY) -> int:
    """Make a folder the reader of a published index; the number of its repositories.

    Raises UsageError where the folder holds an index of its own, IndexError_ where the URL cannot be read.
    """
    if (root / MANIFEST).exists() and attached(root) is None:
        raise UsageError(f"{root} holds an index of its own", "choose another folder with --index")
    manifest = Remote(url).manifest()
    (root / "repos").mkdir(parents=True, exist_ok=True)
    replace(root / FILE, msgspec.json.encode(Attached(url, room, every)))
    replace(root / MANIFEST, msgspec.json.encode(manifest))
    return len(pull(root))


class PullingError(Exception):
    """Somebody else is taking over what is new."""


class Fetcher:
    """The published side of one open index."""

    def __init__(self, root: Path, about: Attached) -> None:
        self.root, self.about = root, about
        self._remote: Remote | None = None
        self._looking: threading.Thread | None = None

    def local_path(self, name: str, file: str) -> Path:
        """A file of a repository, brought here first where it isn't."""
        path = self.root / "repos" / slug(name) / file
        try:
            os.utime(path)  # the longest unused go first
        except FileNotFoundError:
            self._remote = self._remote or Remote(self.about.url)
            self._remote.fetch(slug(name), file, path)
            make_room(self.root, self.about.room, path)
        return path

    def poll(self, *, wait: bool = False) -> None:
        """Look for new heads if that is due; in a thread unless `wait`. What fails is logged, not raised."""
        if not self._due() or (self._looking and self._looking.is_alive()):
            return
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()
        if wait:
            self._looking.join(WAIT)

    def _due(self) -> bool:
        try:
            age = time.time() - (self.root / MARK).stat().st_mtime
        except FileNotFoundError:
            return True
        return not 0 <= age < self.about.every

    def _look(self) -> None:
        try:
            pull(self.root)
        except (BugatlasError, OSError) as e:
            log.warning("%s; going on with what is here", e)


def pull(root: Path) -> dict[str, str]:
    """Take over what is newly published; by repository what happened: "new", "changed", "gone" or an error.

    A repository whose head cannot be read keeps its old state. Raises IndexError_ where the store is away.
    """
    try:
        with locked(root / "remote.lock", PullingError()):
            return _pull(root)
    except PullingError:
        return {}


def _pull(root: Path) -> dict[str, str]:
    about = attached(root)
    if about is None:
        raise UsageError(f"{root} is not attached to a published index", "bugatlas attach URL")
    remote = Remote(about.url)
    _keep_manifest(root, remote.manifest())
    have = {s: n for s, file in about.heads.items() if (n := HeadName.parse(file))}
    said: dict[str, str] = {}
    for key, head in remote.heads().items():
        if key in have and have[key] >= head:
            continue
        folder = root / "repos" / key
        try:
            state = remote.state(head)
        except IndexError_ as e:
            said[key] = str(e)
            continue
        if state is None:
            (folder / "repo.json").unlink(missing_ok=True)
            said[key] = "gone"
        else:
            folder.mkdir(parents=True, exist_ok=True)
            said[state.name] = "changed" if key in have else "new"
            replace(folder / "repo.json", msgspec.json.encode(state))
        for old in unreferenced(folder, state) if state else sorted(folder.glob("*")):
            old.unlink(missing_ok=True)
        have[key] = head
    replace(
        root / FILE,
        msgspec.json.encode(msgspec.structs.replace(about, heads={k: h.file for k, h in have.items()})),
    )
    update(root, read_states(root), Fetcher(root, about).local_path)
    (root / MARK).touch()
    os.utime(root / MARK)
    return said


def _keep_manifest(root: Path, theirs: Manifest) -> None:
    """Take over what made the index; what summaries are made vectors with stays this folder's own business."""
    ours = _manifest(root)
    merged = msgspec.structs.replace(ours, schema=theirs.schema, max_bytes=theirs.max_bytes)
    if merged != ours:
        replace(root / MANIFEST, msgspec.json.encode(merged))


def _manifest(root: Path) -> Manifest:
    return msgspec.json.decode((root / MANIFEST).read_bytes(), type=Manifest)


def make_room(root: Path, room: int, keep: Path) -> None:
    """Remove the longest unused data files until they fit; whoever has one open keeps reading it."""
    found = []
    for path in (root / "repos").glob("*/*"):
        if DATA.fullmatch(path.name) and path != keep:
            with suppress(FileNotFoundError):
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
    over = sum(size for _, size, _ in found) + keep.stat().st_size - room
    for _, size, path in sorted(found):
        if over <= 0:
            return
        path.unlink(missing_ok=True)
        over -= size


def fetcher(root: Path) -> Fetcher | None:
    """The published side of the index at `root`, None where it has none; pulls what is due."""
    about = attached(root)
    if about is None:
        return None
    found = Fetcher(root, about)
    found.poll(wait=True)
    return found
