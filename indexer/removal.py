"""Take repositories out of an index."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from indexer.sources.sources import clones_of, known, named
from summaries.errors import IndexError_, UsageError
from summaries.index.index import Index, slug

if TYPE_CHECKING:
    from indexer.build import BuildReport


class Gone(Struct, frozen=True):
    """A repository that is no longer in the index."""

    repo: str
    files: int  # that the index had of it
    bytes: int  # on disk, its clone included
    clone: str = ""  # the clone that went too


def remove(root: Path, names: Sequence[str]) -> list[Gone]:
    """Remove repositories by name, or by the last part of it where only one has it.

    The state goes first, so a crash leaves either the repository or nothing that a reader would open. Raises
    UsageError for an unknown name, before anything is removed; IndexLocked where another process writes.
    """
    index = Index.open(root)
    have = known(root)
    # A folder whose repo.json is unreadable is still found by the name it was made for.
    found = {n: named(n, list(have)) or _leftover(root, n, list(have)) for n in names}
    if unknown := [n for n, full in found.items() if full is None]:
        there = ", ".join(list(have)[:8])
        raise UsageError(f"not indexed: {', '.join(unknown)}", f"indexed: {there}" if there else "nothing is")
    with index.writing():
        return [_remove(index, str(full)) for full in dict.fromkeys(found.values())]


def forget(root: Path, name: str, at: str) -> tuple[str, BuildReport]:
    """Let go of the snapshot that a ref, a commit or a date names; its ref, and the report of the run that did.

    Raises UsageError for an unknown repository or snapshot, and for the head.
    """
    from indexer.build import build

    index = Index.open(root)
    full = named(name, list(index.repos))
    if full is None:
        raise UsageError(f"not indexed: {name}", "bugatlas status lists what is")
    shard = index.shard(full)
    number = shard.find(at)
    refs = [s.ref for s in shard.info.snapshots[1:]]
    if number is None:
        there = ", ".join(refs[:8])
        raise UsageError(f"{full} is not held at {at}", f"it is at {there}" if there else "only its head is")
    if number == 0:
        raise UsageError(f"{at} is the head of {full}", f"bugatlas remove {full} takes all of it out")
    ref = shard.info.snapshots[number].ref
    return ref, build(root, [known(root)[full].source], drop={full: (ref,)})


def _leftover(root: Path, name: str, have: Sequence[str]) -> str | None:
    """The name, if it or a folder's own name leads to a folder without a readable state."""
    folder = root / "repos" / name
    if (root / "repos" / slug(name)).is_dir():
        return name
    # Never anything but a folder right below, and never a published one by its folder's name.
    own = folder.name == name and name not in ("", ".", "..", *map(slug, have))
    return name if own and folder.is_dir() else None


def _remove(index: Index, name: str) -> Gone:
    folder = index.folder(name)
    folder = folder if folder.is_dir() else index.root / "repos" / name
    record = known(index.root).get(name)
    clone = Path(record.git_dir) if record else None
    ours = clone if clone and clone.parent == clones_of(index.root) and clone.is_dir() else None
    files = sum(record.files.values()) if record else 0
    size = sum(_size(p) for p in (folder, ours) if p)
    try:
        (folder / "repo.json").unlink(missing_ok=True)
        index.forget(name)
        shutil.rmtree(folder)
        if ours:
            shutil.rmtree(ours)
    except OSError as e:
        raise IndexError_(f"cannot remove {name}: {e.strerror} ({e.filename})") from e
    if index.manifest.vectors:
        from indexer.knowledge import forget

        forget(index, name)
    return Gone(name, files, size, str(ours or ""))


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
