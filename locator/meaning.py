"""What is near a question in meaning: the vector store of summaries, asked in two phases.

The store is opened by the first question that needs it and stays open until another state of it is published. It
holds the heads; of other snapshots the summaries themselves are embedded, which is exact and the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from summaries.products import product
from summaries.protocols import Embedder, Vector, Vectors
from summaries.vectors.knowledge import RECORD, Knowledge, Near, words

NOTES = "summary"  # notes of a store: the summaries of its head
MOST = 50  # files that are near: those beyond say little (a guess)
MOST_EXACT = 3_000  # files of other snapshots than the head that one question embeds

T = TypeVar("T")


class Nearness(Struct, frozen=True):
    """What is near, for the files of a scope."""

    files: Floats  # float32 (files,): 1 the nearest, 0 what is not among the nearest
    repos: Floats  # float32 (views,): the same of the best of a repository's places
    cosines: dict[int, float]  # of the nearest files
    texts: dict[int, str]  # their summaries
    note: str = ""  # why meaning could not be asked, or of what not


def nearness(index: Index, scope: Scope, text: str = "", near: str = "") -> Nearness:
    """How near the files of a scope are to a text, or to what `near` (REPO/PATH) says of itself.

    Heads are asked in the store; of other snapshots the summaries are embedded one by one. Where the store is
    missing, damaged or of another embedder, nothing is near and the note says why. Raises UsageError where `near`
    names nothing.
    """
    repo, path = _named(index, near) if near else ("", "")
    heads = [v.repo for v in scope.views if v.number == 0]
    past = [v for v in scope.views if v.number != 0]

    def ask(base: Knowledge) -> Nearness:
        if near:
            own = index.store(repo).note(NOTES, path)
            if not own:
                raise UsageError(
                    f"near:{near} names nothing that has a summary", "`bugatlas show` lists what there is"
                )
            vector = base.vector_of(own, repo, path)
        else:
            vector = base.embedder.query(text)
        files: list[tuple[Near, str | None]] = []
        places: tuple[Near, ...] = ()
        if heads:
            everything = set(heads) >= set(base.collections)
            found = base.nearest(vector, None if everything else heads, MOST)
            files, places = [(n, None) for n in found.files], found.places
        size = sum(map(len, past))
        if size <= MOST_EXACT:
            files += [near for view in past for near in _exact(index, view, base.embedder, vector)]
        files = sorted(files, key=lambda f: (-f[0].score, f[0].repo, f[0].path))[:MOST]
        there = [f for f in files if (f[0].repo, f[0].path) != (repo, path)]
        behind = (
            f"meaning is not up to date for {len(base.behind):,} repositories"
            if base.behind and heads
            else ""
        )
        many = (
            f"meaning is compared at the head only: the snapshots have {size:,} files"
            if size > MOST_EXACT
            else ""
        )
        return _spread(index, scope, there, places, many or behind)

    try:
        return _with_knowledge(index, ask)
    except UsageError:
        raise
    except BugatlasError as e:
        return _spread(index, scope, [], (), f"searched by words alone: {e.message}")


def _exact(index: Index, view: View, embedder: Embedder, vector: Vector) -> list[tuple[Near, str]]:
    """The nearest files of a snapshot that the store does not hold, by the summaries that they had."""
    kept = view.memo(_rows)
    if embedder.digest not in kept:
        from summaries.offline.file import file_summary

        facts = index.store(view.repo).facts_of([view.blob(n) for n in range(len(view))])
        texts = [file_summary(p, f, view.repo) for p, (_, f) in zip(view.paths, facts, strict=True)]
        said = [words(view.repo, p, t) for p, t in zip(view.paths, texts, strict=True)]
        kept[embedder.digest] = embedder.documents(said), texts
    rows, texts = kept[embedder.digest]
    scores = product(rows, vector)
    best = np.argsort(-scores, kind="stable")[:MOST].tolist()
    return [(Near(view.repo, view.path(n), float(scores[n])), texts[n]) for n in best]


def _rows(view: View) -> dict[str, tuple[Vectors, list[str]]]:
    """Where a snapshot keeps the vectors of its summaries, by embedder."""
    return {}


def _spread(
    index: Index, scope: Scope, near: Sequence[tuple[Near, str | None]], places: Sequence[Near], note: str
) -> Nearness:
    """The nearest files and repositories as numbers of the scope, the nearest 1 and the last of them just above 0."""
    numbers = {v.repo: r for r, v in enumerate(scope.views)}
    starts = scope.starts.tolist()
    found = Nearness(np.zeros(scope.size, np.float32), np.zeros(len(scope.views), np.float32), {}, {}, note)
    for n, text in near:
        view = scope.views[numbers[n.repo]] if n.repo in numbers else None
        at = view.memo(_by_path).get(n.path) if view else None
        if at is not None:
            i = starts[numbers[n.repo]] + at
            found.files[i] = _share(n, near[0][0], near[-1][0])
            found.cosines[i] = n.score
            found.texts[i] = (index.store(n.repo).note(NOTES, n.path) or "") if text is None else text
    for place in reversed(places):
        if place.repo in numbers:
            found.repos[numbers[place.repo]] = _share(place, places[0], places[-1])
    return found


def _share(one: Near, first: Near, last: Near) -> float:
    return (one.score - last.score + 1e-3) / (first.score - last.score + 1e-3)


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


def _with_knowledge(index: Index, ask: Callable[[Knowledge], T]) -> T:
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
