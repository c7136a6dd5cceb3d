"""What is near a question in meaning: the vector store of summaries, asked in two phases.

The store is opened by the first question that needs it and stays open until another state of it is published. It
holds the heads; of other snapshots the summaries themselves are embedded, which is exact and the same every time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
from msgspec import Struct

from locator.scope import Scope
from summaries.errors import BugatlasError, UsageError
from summaries.index.index import Index
from summaries.index.postings import Floats
from summaries.index.shard import View
from summaries.vectors.knowledge import RECORD, Knowledge, Near

NOTES = "summary"  # notes of a store: the summaries of its head
MOST = 50  # files that are near: those beyond say little (a guess)
MOST_EXACT = 3_000  # files of other snapshots than the head that one question embeds

T = TypeVar("T")


class Nearness(Struct, frozen=True):
    """What is near, for the files of a scope."""

    files: Floats  # float32 (files,): 1 the nearest, 0 what is not among the nearest
    cosines: dict[int, float]  # of the nearest files
    texts: dict[int, str]  # their summaries
    places: tuple[Near, ...] = ()  # the nearest repositories and directories
    note: str = ""  # why meaning could not be asked, or of what not


def nearness(index: Index, scope: Scope, text: str = "", near: str = "") -> Nearness:
    """How near the files of a scope are to a text, or to what `near` (REPO/PATH) says of itself.

    Where the store is missing, damaged or of another embedder, nothing is near and the note says why. Raises
    UsageError where `near` names nothing.
    """
    repo, path = _named(index, near) if near else ("", "")
    empty = Nearness(np.zeros(scope.size, np.float32), {}, {})
    heads = [v.repo for v in scope.views if v.number == 0]
    if len(heads) < len(scope.views):
        return Nearness(empty.files, {}, {}, note="meaning is compared at the head only")

    def ask(base: Knowledge) -> Nearness:
        if near:
            text_there = index.store(repo).note(NOTES, path)
            if not text_there:
                raise UsageError(
                    f"near:{near} names nothing that has a summary", "bugatlas show lists what there is"
                )
            vector = base.vector_of(text_there, repo, path)
        else:
            vector = base.embedder.query(text)
        everything = set(heads) >= set(base.collections)
        found = base.nearest(vector, None if everything else heads, MOST)
        there = [n for n in found.files if (n.repo, n.path) != (repo, path)]
        note = f"meaning is not up to date for {len(base.behind):,} repositories" if base.behind else ""
        return _spread(index, scope, there, found.places, note)

    try:
        return _asked(index, ask)
    except UsageError:
        raise
    except BugatlasError as e:
        return Nearness(empty.files, {}, {}, note=f"searched by words alone: {e.message}")


def _spread(index: Index, scope: Scope, near: list[Near], places: tuple[Near, ...], note: str) -> Nearness:
    """The nearest files as numbers of the scope, the nearest 1 and the last of them just above 0."""
    numbers = {v.repo: r for r, v in enumerate(scope.views)}
    starts = scope.starts.tolist()
    files = np.zeros(scope.size, np.float32)
    cosines: dict[int, float] = {}
    texts: dict[int, str] = {}
    if near:
        top, last = near[0].score, near[-1].score
        for n in near:
            view = scope.views[numbers[n.repo]] if n.repo in numbers else None
            at = view.kept(_by_path).get(n.path) if view else None
            if at is not None:
                i = starts[numbers[n.repo]] + at
                files[i] = (n.score - last + 1e-3) / (top - last + 1e-3)
                cosines[i] = n.score
                texts[i] = index.store(n.repo).note(NOTES, n.path) or ""
    return Nearness(files, cosines, texts, places, note)


def _by_path(view: View) -> dict[str, int]:
    return {p: n for n, p in enumerate(view.paths)}


def _named(index: Index, target: str) -> tuple[str, str]:
    """Repository and path of REPO/PATH; the last part of a repository's name will do where it is the only one."""
    target = target.strip("/ ")
    for short in (False, True):
        called = [(n.rpartition("/")[2] if short else n, n) for n in index.repos]
        fits = [(c, n) for c, n in called if target == c or target.startswith(c + "/")]
        if len(fits) > 1 and short:
            raise UsageError(
                f"near:{target} could be in {', '.join(n for _, n in fits[:3])}", "give the whole name"
            )
        if fits:
            own, name = max(fits, key=lambda f: len(f[0]))
            return name, target[len(own) :].strip("/")
    raise UsageError(f"near:{target} names no indexed repository", "write near:REPO/PATH")


_lock = Lock()
_open: dict[Path, tuple[tuple[int, str, str], Knowledge]] = {}  # by folder of the index, one at most


def _asked(index: Index, ask: Callable[[Knowledge], T]) -> T:
    """Ask the index's knowledge base, opened where it isn't or where another state was published since."""
    manifest = index.manifest
    try:
        stamp = (index.root / RECORD).stat().st_mtime_ns
    except OSError:
        stamp = 0
    state = (stamp, manifest.digest, manifest.vectors)
    with _lock:  # one question at a time: it takes milliseconds, and none sees the store close
        kept = _open.get(index.root)
        if not kept or kept[0] != state:
            forget()
            kept = state, Knowledge(index)
            _open[index.root] = kept
        return ask(kept[1])


def forget() -> None:
    """Let go of the open store."""
    while _open:
        _, (_, base) = _open.popitem()
        base.close()
