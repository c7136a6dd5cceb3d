"""An index with something damaged in it answers from the rest, and says what it left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from summaries.errors import IndexDamaged
from summaries.index.index import Index
from summaries.index.manifest import read_states

T = TypeVar("T")

LOOKED_AT = 512  # so many repositories are all opened at once, which tells of damage before anybody asks


def with_readable_states(index: Index) -> list[IndexDamaged]:
    """Let an index go without the repositories whose `repo.json` is unreadable; what was wrong with each."""
    damaged: list[IndexDamaged] = []
    try:
        if index.repos:
            return damaged
    except IndexDamaged:
        pass
    index.__dict__["repos"] = read_states(index.root, damaged)
    return damaged


def unopened(index: Index) -> dict[str, IndexDamaged]:
    """Repositories that cannot be opened, and why."""
    damaged = {}
    for name in index.repos if len(index.repos) <= LOOKED_AT else ():
        try:
            index.shard(name)
            index.store(name)
        except IndexDamaged as e:
            damaged[name] = e
    return damaged


def answered(index: Index, work: Callable[[Index], T]) -> tuple[Index, T, tuple[str, ...]]:
    """What `work` makes of an index, or else of its sound repositories: these, its result, a note on each other.

    Raises IndexDamaged where nothing is left, no repository is at fault, or what was asked for is what is damaged.
    """
    unreadable = with_readable_states(index)
    if unreadable and not index.repos:
        raise unreadable[0]
    notes = [_note(index, e.file.parent.name if e.file else "a repository", e) for e in unreadable]
    first: IndexDamaged | None = None
    while True:
        try:
            return index, work(index), tuple(notes)
        except IndexDamaged as e:
            first = first or e
            damaged = {n: e for n in index.repos if e.file and e.file.parent == index.folder(n)} or unopened(
                index
            )
            if not damaged or len(damaged) == len(index.repos):
                raise
            notes += [_note(index, name, error) for name, error in damaged.items()]
            index = index.only(index.repos.keys() - damaged.keys())
        except Exception as e:
            if first:  # without it there is no answer
                raise first from e
            raise


def _note(index: Index, name: str, error: IndexDamaged) -> str:
    """What was left out, without the index's place on this machine: whoever asks may be elsewhere."""
    return f"left out: {name} is damaged: {str(error).replace(f'{index.root}/', '')}"
