"""The working index: every snapshot that any set of cases was asked of, each repository's blobs parsed once.

Sets and samples share it: a run adds what is missing. What is answered of a snapshot doesn't depend on which others
lie beside it, nor on other repositories. One process adds at a time, and none while another answers from it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from pathlib import Path
from shutil import rmtree
from typing import Literal

import msgspec
import xxhash
from msgspec import Struct
from msgspec.structs import replace

from eval import code
from eval.cases import Repo
from indexer.git.git import Git
from indexer.services.links import Declaration, declaration, names_of
from summaries.errors import IndexDamaged, IndexVersion, UsageError
from summaries.fs import replace as write
from summaries.index.index import MANIFEST, Index, read_state
from summaries.index.manifest import read_states
from summaries.index.open_files import Room, memory
from summaries.index.shard import SCHEMA, View
from summaries.index.store import Store
from summaries.offline.manifest import is_manifest

LOCK = "eval.lock"
ABOUT = "eval.json"
SHARE = 4  # all processes of a run may together hold open one part in so many of the memory: a guess
PATIENCE = 1.0  # seconds between two tries to get the lock, in which an interrupt waits

Commits = Mapping[str, str]  # repository -> commit
Say = Callable[[str], None]


class About(Struct, frozen=True):
    """What made a working index."""

    code: str = ""  # digest of what reads snapshots; "" where nobody said


def asked(index: Index, commits: Commits) -> tuple[Index, list[View]]:
    """The snapshots of one case, and the index with what it says of these repositories as it was at them.

    Views are made anew, so that those of past cases hold no memory.
    """
    views, states = [], {}
    for repo, commit in sorted(commits.items()):
        if repo not in index.repos:
            continue
        shard = index.shard(repo)
        number = shard.find(commit)
        if number is not None:
            views.append(view := View(shard, number))
            states[repo] = replace(index.repos[repo], aliases=_names(index, view))
    return index.stated(states), views


def fill(
    root: Path,
    repos: Sequence[Repo],
    pattern: str,
    ats: Mapping[str, Sequence[str]],
    jobs: int | None = None,
    say: Say = lambda line: None,
) -> list[str]:
    """Index the snapshots that the folder doesn't hold yet; what could not be indexed, in words.

    An interrupted run leaves what it had finished. Raises UsageError where the folder is of another version, or
    where other code made it and something is missing.
    """
    if not _missing(root, repos, ats):
        if _about(root).code != code.digest(code.SNAPSHOTS):
            return [f"{root} was indexed by other code than this"]
        return []
    with _holding(root, "write", say):  # whoever was before us may have added the same
        missing = _missing(root, repos, ats)
        return _add(root, missing, pattern, ats, jobs, say) if missing else []


def _add(
    root: Path,
    missing: Sequence[Repo],
    pattern: str,
    ats: Mapping[str, Sequence[str]],
    jobs: int | None,
    say: Say,
) -> list[str]:
    from indexer.build import build
    from indexer.sources.discover import Source

    ours = code.digest(code.SNAPSHOTS)
    if (root / MANIFEST).exists() and _about(root).code != ours:
        raise UsageError(f"{root} was indexed by other code than this", "remove it, or name another --work")
    write(root / ABOUT, msgspec.json.encode(About(ours)))
    problems = [f"{name} is damaged in {root} and is indexed anew" for name in _without_damaged(root)]
    wanted = {r.name: _by_age(r.where(pattern), ats[r.name]) for r in missing}
    sources = [Source(r.name, r.where(pattern)) for r in missing]
    say(f"indexing {sum(map(len, wanted.values()))} snapshots of {len(missing)} repositories into {root}")
    report = build(root, sources, wanted, workers=jobs)
    return problems + [f"{o.repo}: {o.reason}" for o in report.failed]


@contextmanager
def reading(root: Path, say: Say = lambda line: None) -> Iterator[Index]:
    """The index, to which nobody adds meanwhile."""
    with _holding(root, "read", say) if os.access(root, os.W_OK) else nullcontext():
        yield opened(root)


def opened(root: Path, processes: int = 1) -> Index:
    """The index, without repositories whose state cannot be read; one of so many processes that have it open.

    Every case reads nearly every shard: where not all fit into what is held open, each is opened anew for each case.
    Raises IndexMissing, IndexVersion or IndexDamaged.
    """
    usual = Room()
    most = memory() // SHARE // processes // 1_000_000
    room = replace(usual, megabytes=max(usual.megabytes, most))
    return Index.open(root, room).stated(read_states(root, []))


@contextmanager
def _holding(root: Path, mode: Literal["read", "write"], say: Say) -> Iterator[None]:
    """Hold the lock of a working index: any number of readers, or one writer. Waits, and says so."""
    from filelock import ReadWriteLock, Timeout

    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = ReadWriteLock(root / LOCK, is_singleton=False)
        acquire = lock.acquire_read if mode == "read" else lock.acquire_write
        waits = False
        while True:
            try:
                acquire(timeout=PATIENCE if waits else 0)
                break
            except Timeout:
                if not waits:
                    say(f"waiting for another run that uses {root}")
                waits = True
    except (OSError, sqlite3.Error) as e:
        raise UsageError(f"cannot lock {root}: {e}", "name another --work") from e
    try:
        yield
    finally:
        lock.release()


def _missing(root: Path, repos: Sequence[Repo], ats: Mapping[str, Sequence[str]]) -> list[Repo]:
    """Repositories of which a snapshot is missing. One that is damaged lacks all."""
    try:
        index = opened(root) if (root / MANIFEST).exists() else None
    except (IndexVersion, IndexDamaged) as e:
        raise UsageError(f"the working index cannot be used: {e.message}", f"remove {root}") from e
    return [r for r in repos if _lacks(index, r.name, ats.get(r.name, ()))]


def _lacks(index: Index | None, name: str, shas: Sequence[str]) -> bool:
    if not shas or index is None:
        return bool(shas)
    try:
        if name not in index.repos:
            return True
        shard = index.shard(name)
        index.store(name)  # texts, which opening looks at
    except (IndexDamaged, IndexVersion):
        return True
    return any(shard.find(sha) is None for sha in shas)


def _without_damaged(root: Path) -> list[str]:
    """Remove repositories whose state or texts cannot be read: the names of their folders."""
    out = []
    for folder in sorted((root / "repos").glob("*/")):
        try:
            if (folder / "repo.json").exists():
                Store(folder / read_state(folder / "repo.json").store).close()
        except (IndexDamaged, IndexVersion):
            rmtree(folder, ignore_errors=True)
            out.append(folder.name)
    return out


def _about(root: Path) -> About:
    try:
        return msgspec.json.decode((root / ABOUT).read_bytes(), type=About)
    except (OSError, msgspec.MsgspecError):
        return About()


def _by_age(path: Path, shas: Sequence[str]) -> list[str | None]:
    """Commits in order of their age, oldest first."""
    with Git(path) as git:
        text = "".join(f"{sha}\n" for sha in shas).encode("ascii")
        newest_first = git.run("rev-list", "--no-walk=sorted", "--stdin", input=text).decode("ascii").split()
    return [*reversed(newest_first)]


def _names(index: Index, view: View) -> tuple[str, ...]:
    """Names of a repository's services at a snapshot, as `RepoState.aliases` has those of the head."""
    manifests = tuple((path, view.blob(n)) for n, path in enumerate(view.paths) if is_manifest(path))
    return _named(index, view.repo, manifests)


@lru_cache(maxsize=4_000)  # snapshots of a set; most have the manifests of another
def _named(index: Index, repo: str, manifests: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(
        sorted(names_of(repo, [(path, _declared(index, repo, path, blob)) for path, blob in manifests]))
    )


@lru_cache(maxsize=20_000)
def _declared(index: Index, repo: str, path: str, blob: str) -> Declaration:
    return declaration(path, index.store(repo).text(blob))


def default_folder(repos: Sequence[Repo], pattern: str) -> Path:
    """A folder of the user's cache for clones that lie here, read by exactly this code. Older code's are removed."""
    import platformdirs

    places = (
        str(Path(pattern).absolute()) if pattern else "\n".join(sorted(f"{r.name} {r.path}" for r in repos))
    )
    key = xxhash.xxh3_64_hexdigest(places.encode("utf-8", "surrogatepass"))
    home = platformdirs.user_cache_path("bugatlas") / "eval" / key
    root = home / f"{SCHEMA}-{code.digest(code.SNAPSHOTS)}"
    for old in home.glob("*/") if home.is_dir() else ():
        if old.name != root.name and not old.is_symlink():
            _remove(old)
    return root


def _remove(folder: Path) -> None:
    """Remove a folder of other code, unless a run uses it now."""
    from filelock import ReadWriteLock, Timeout

    with (
        suppress(OSError, Timeout, sqlite3.Error),  # first: making a lock writes, too
        ReadWriteLock(folder / LOCK, is_singleton=False).write_lock(timeout=0),
    ):
        rmtree(folder, ignore_errors=True)
