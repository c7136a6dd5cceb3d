"""The baseline of vectors alone: file summaries and the report in the built-in embedder's space, nearest first.

The space is learnt from the oldest snapshot of every repository, so that no later word or fix shapes it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from locator.report.reader import Report
from locator.scope import Scope, join
from summaries.index.index import Index
from summaries.index.postings import Floats
from summaries.index.shard import View
from summaries.offline.file import file_summary
from summaries.products import product
from summaries.vectors.embed.lsa import Lsa


def nearness(index: Index, scope: Scope, report: Report) -> Floats:
    """Cosine of the report and each file's summary, float32 (files,), 0 or more."""
    space = _space(index.root)
    query = space.embedder.query(f"{report.title}\n{report.body}")
    near = [product(space.vectors(index, v), query) for v in scope.views]
    return np.maximum(join(near), 0)


class _Space:
    """An embedder and the vectors of blobs met so far."""

    def __init__(self, index: Index) -> None:
        texts: list[str] = []
        for repo in index.repos:
            shard = index.shard(repo)
            times = [s.time for s in shard.info.snapshots]
            texts += _summaries(index, View(shard, times.index(min(times))), None)
        with TemporaryDirectory() as folder:
            self.embedder = Lsa.learn(Path(folder), texts, len(texts))
        self.known: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def vectors(self, index: Index, view: View) -> np.ndarray:
        """One row a file of the view."""
        if view.repo not in self.known:
            size = len(view.shard.blobs)
            self.known[view.repo] = (
                np.zeros((size, self.embedder.dimension), np.float32),
                np.zeros(size, np.bool_),
            )
        rows, met = self.known[view.repo]
        fresh = np.flatnonzero(~met[view.blob_ids])
        if len(fresh):
            rows[view.blob_ids[fresh]] = self.embedder.documents(_summaries(index, view, fresh))
            met[view.blob_ids[fresh]] = True
        return rows[view.blob_ids]


@lru_cache(maxsize=1)
def _space(root: Path) -> _Space:
    return _Space(Index.open(root))


def _summaries(index: Index, view: View, files: np.ndarray | None) -> list[str]:
    numbers = range(len(view)) if files is None else files.tolist()
    facts = index.store(view.repo).facts_of([view.blob(n) for n in numbers])
    return [file_summary(view.path(n), f, view.repo) for n, (_, f) in zip(numbers, facts, strict=True)]
