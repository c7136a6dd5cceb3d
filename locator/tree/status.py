"""What an index holds: repositories, the commits they were read at, sizes, snapshots, and how fresh it is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from locator.tree.freshness import clone_of
from locator.weights import Learnt
from summaries.index.index import Index, RepoState
from summaries.llm.ledger import Spent, spent_in
from summaries.written.store import Written


class IndexedSnapshot(Struct, frozen=True):
    """A snapshot that the index holds."""

    ref: str  # as asked: "HEAD", a tag, a branch, a commit, a date
    commit: str
    time: int


class RepositoryStatus(Struct, frozen=True):
    """One repository's state. Times are UTC seconds, sizes bytes."""

    name: str
    commit: str
    time: int  # of the commit
    indexed: int  # when it was published
    branch: str
    url: str
    git_dir: str
    files: int
    languages: Mapping[str, int]
    skipped: Mapping[str, int]
    lines: int
    symbols: int
    snapshots: tuple[IndexedSnapshot, ...]
    bytes: int
    shallow: bool
    written: int = 0  # summaries that a model wrote
    edited: int = 0  # summaries that people wrote
    clone: str = ""  # with --check: "current", "moved on", "gone" or "unknown"
    clone_commit: str = ""


class Status(Struct, frozen=True):
    """The state of an index."""

    root: str
    schema: int
    embedder: str  # "" where summaries have no vectors
    repositories: tuple[RepositoryStatus, ...]
    languages: Mapping[str, int]
    files: int
    lines: int
    symbols: int
    bytes: int
    now: int
    spent: tuple[Spent, ...] = ()  # what models took, by stage
    learnt: str = ""  # what its weights were learnt from; "" where they are the shipped ones


def state(index: Index, *, check: bool = False) -> Status:
    """Read it. `check` also reads the clones' references. Raises IndexDamaged."""
    repos = tuple(_repository(index, s, check) for s in index.repos.values())
    languages: Counter[str] = Counter()
    for r in repos:
        languages.update(r.languages)
    return Status(
        root=str(index.root),
        schema=index.manifest.schema,
        embedder=index.manifest.embedder,
        repositories=repos,
        languages=dict(languages.most_common()),
        files=sum(r.files for r in repos),
        lines=sum(r.lines for r in repos),
        symbols=sum(r.symbols for r in repos),
        bytes=_size(index.root),
        now=int(time.time()),
        spent=tuple(spent_in(index.root)),
        learnt=_learnt(index),
    )


def _learnt(index: Index) -> str:
    learnt = Learnt.of(index.root)
    return str(learnt.told.get("lessons", "past fixes")) if learnt else ""


def _repository(index: Index, s: RepoState, check: bool) -> RepositoryStatus:
    folder = index.folder(s.name)
    clone, now = clone_of(s) if check else ("", "")
    kept = Written(folder)
    written, edited = kept.counts()
    kept.close()
    return RepositoryStatus(
        name=s.name,
        commit=s.commit,
        time=s.time,
        indexed=index.indexed(s.name),
        branch=s.branch,
        url=s.url,
        git_dir=s.git_dir,
        files=sum(s.files.values()),
        languages=s.files,
        skipped={k.value: n for k, n in s.skipped.items()},
        lines=s.lines,
        symbols=s.symbols,
        snapshots=tuple(IndexedSnapshot(i.ref, i.commit, i.time) for i in index.shard(s.name).info.snapshots),
        bytes=_size(folder),
        shallow=s.shallow,
        written=written,
        edited=edited,
        clone=clone,
        clone_commit=now,
    )


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            if file.is_file() and not file.is_symlink():
                total += file.stat().st_size
        except OSError:  # a file that a writer has just replaced
            continue
    return total
