"""Questions about files that are not committed: the working trees of this machine, laid over the index for one answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from locator.filters import repositories
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.index.overlay import Overlay, OverlayStore
from summaries.index.shard import Shard

SECONDS = 120  # for all working trees of a question


class Order(Struct, frozen=True):
    """What `indexer.uncommitted` is asked."""

    root: str
    repos: dict[str, str]  # the top of each one's working tree
    folder: str


class Laid(Struct, frozen=True):
    """What it answers of a repository."""

    file: str = ""
    changed: tuple[str, ...] = ()
    problem: str = ""


@contextmanager
def worktrees(index: Index, repos: Sequence[str], at: str | None) -> Iterator[tuple[Index, tuple[str, ...]]]:
    """The index with what lies in the working trees of these repositories (all: none named), and notes.

    It holds inside the context. Raises UsageError for a version that is asked for as well, a repository that isn't
    there, or where none has a working tree on this machine.
    """
    if at:
        raise UsageError("a working tree has no versions", "leave out --at or --worktree")
    repos = repositories(index, repos)
    tops = {r: top_of(Path(index.repos[r].git_dir)) for r in repos}
    checked_out = {r: str(top) for r, top in tops.items() if top}
    if not checked_out:
        raise UsageError(
            "none of the repositories has a working tree on this machine",
            "index a checkout, or leave out --worktree",
        )
    with TemporaryDirectory(prefix="bugatlas-worktree-") as name:
        found = _answered(Order(str(index.root), checked_out, name))
        overlays: dict[str, Overlay] = {}
        notes: list[str] = []
        for repo, laid in found.items():
            if laid.problem:
                notes.append(f"{repo}: its working tree was not read: {laid.problem}")
            elif laid.file:
                place = Path(name, laid.file)
                changed = frozenset(laid.changed)
                store = OverlayStore(place.with_suffix(".sqlite"), index.store(repo), changed)
                overlays[repo] = Overlay(Shard(place.with_suffix(".safetensors")), store, changed)
        try:
            yield index.overlaid(overlays), tuple(notes)
        finally:
            for overlay in overlays.values():
                overlay.store.close()


def top_of(git_dir: Path) -> Path | None:
    """The working tree of a git directory that has a list of its files; None for a bare clone.

    A linked working tree lies elsewhere, and its `.git` must name this directory.
    """
    if not (git_dir / "index").is_file():
        return None
    if git_dir.name == ".git":
        return git_dir.parent
    try:
        dot_git = Path((git_dir / "gitdir").read_bytes()[:4096].decode("utf-8", "surrogateescape").strip())
        back = (
            dot_git.read_bytes()[:4096]
            .decode("utf-8", "surrogateescape")
            .strip()
            .removeprefix("gitdir:")
            .strip()
        )
        return dot_git.parent if (dot_git.parent / back).resolve() == git_dir.resolve() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _answered(order: Order) -> dict[str, Laid]:
    command = [sys.executable, "-m", "indexer.uncommitted"]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(order), capture_output=True, timeout=SECONDS, check=True
        )
        return msgspec.json.decode(done.stdout, type=dict[str, Laid])
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as e:
        why = f"not in {SECONDS} s" if isinstance(e, subprocess.TimeoutExpired) else "reading them failed"
        return {r: Laid(problem=why) for r in order.repos}
