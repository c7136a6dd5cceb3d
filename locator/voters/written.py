"""Written summaries: what a model or a person says of a file, and what a reporter would say if it were wrong.

Only what was written of the snapshot or of a commit before it is read. A file that nothing is written of gets the
median: with nothing, a new file would be buried because nobody wrote of it yet (measured in docs/embedder.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct

from locator.query import Query
from locator.scope import Scope
from summaries import words
from summaries.index.parameters import TEXT
from summaries.index.postings import Floats, Ints, Matches, Postings, bm25, idf, weighted
from summaries.index.shard import View
from summaries.paths import Role
from summaries.written.store import FILE, FileText, Written, newest


class SummaryRows(Struct, frozen=True):
    """The written summaries of a snapshot's files."""

    texts: Mapping[int, FileText]  # by number of the file
    files: Ints  # their numbers
    words: Postings  # of summary and concerns; documents are numbered as `files`


_NO_DOCS = np.zeros(0, np.int64)
NOTHING = SummaryRows({}, _NO_DOCS, Postings.build(_NO_DOCS, np.zeros(0, np.uint64), _NO_DOCS, 0))


def written(scope: Scope, query: Query) -> Floats:
    """BM25 of the report over summaries and concerns, as a share of the best: float32 (files,)."""
    out = np.zeros(scope.size, np.float32)
    lines = [lines_of(v) for v in scope.views]
    files = [own.files + start for own, start in zip(lines, scope.starts.tolist(), strict=False)]
    firsts = np.cumsum([0, *(len(f) for f in files)])
    if not firsts[-1]:
        return out
    keys, asked = weighted(words.count(f"{query.report.title}\n{query.report.body}"))
    found = [own.words.match(keys) for own in lines]
    matches = Matches(
        np.concatenate([m.query for m in found]),
        np.concatenate([m.docs + first for m, first in zip(found, firsts.tolist(), strict=False)]),
        np.concatenate([m.counts for m in found]),
    )
    lengths = np.concatenate([own.words.lengths for own in lines])
    weights = asked * idf(matches.frequencies(len(keys)), len(lengths))
    scores = bm25(matches, weights, lengths, float(lengths.mean()), *TEXT)
    every = np.concatenate(files)
    compared = scores[~scope.with_role(Role.DOC | Role.TEST | Role.MOCK)[every]]
    out[:] = np.median(compared) if len(compared) else 0.0
    out[every] = scores
    return out


def lines_of(view: View) -> SummaryRows:
    """What is written of the files of a snapshot: of this content, else of an earlier version of the path."""
    path = view.shard.path.parent / FILE
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return NOTHING
    kept = view.memo(_nothing_yet)
    if stamp not in kept:
        kept.clear()
        kept[stamp] = _lines(view, _stored(path, stamp, view.info.time))
    return kept[stamp]


def _nothing_yet(view: View) -> dict[int, SummaryRows]:
    """Where a snapshot keeps what was read, by state of the file."""
    return {}


def _lines(view: View, stored: Mapping[str, FileText]) -> SummaryRows:
    before = newest(stored)
    texts = {}
    for n, p in enumerate(view.paths):
        if found := stored.get(view.blob(n)) or before.get(p):
            texts[n] = found
    rows = [(d, k, n) for d, t in enumerate(texts.values()) for k, n in _counted(t).items()]
    if not rows:
        return NOTHING
    docs, keys, counts = (np.array(column, np.uint64) for column in zip(*rows, strict=True))
    postings = Postings.build(docs.astype(np.int64), keys, counts.astype(np.int64), len(texts))
    return SummaryRows(texts, np.fromiter(texts, np.int64, len(texts)), postings)


@lru_cache(maxsize=256)  # repositories at a time; another stamp is another state of the file
def _stored(path: Path, stamp: int, until: int) -> dict[str, FileText]:
    """Summaries by blob. Raises IndexDamaged."""
    stored = Written(path.parent)
    try:
        return stored.every_file(until)
    finally:
        stored.close()


@lru_cache(maxsize=20_000)
def _counted(text: FileText) -> Counter[int]:
    return words.count("\n".join([text.summary, *text.concerns]))
