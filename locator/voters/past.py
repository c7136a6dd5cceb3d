"""History: files that past commits in similar words changed.

After Zhou, Zhang & Lo, "Where should the bugs be fixed?", ICSE 2012, with commits in place of past reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from locator.query import Query
from locator.scope import Scope, total
from summaries.postings import Floats, Ints, Matches, bm25, idf, weighted
from summaries.shard import View

NEIGHBOURS = 50  # past commits that vote
MOST_FILES = 15  # a commit that changed more says little about each


class Past(Struct, frozen=True):
    """What history says: per file, and per commit of every view's shard."""

    files: dict[str, Floats]
    commits: list[Floats]  # BM25 of the report's prose


def past(scope: Scope, query: Query) -> Past:
    """Match the report's prose to commit messages and let the best commits vote for what they changed."""
    keys, weights = weighted({k: w for k, w in query.bag.items() if k in query.prose})
    title = np.array([query.title.get(int(k), 0.0) for k in keys], np.float32)
    found, lengths, n = [], 0.0, 0
    for v, m in zip(scope.views, scope.gather("messages", keys), strict=True):
        mask = v.commit_mask & (v.shard.messages.lengths > 0)
        found.append(m.keep(mask))
        lengths += float(v.shard.messages.lengths[mask].sum())
        n += int(mask.sum())
    rarity = idf(total(found, len(keys)), n)

    def score(w: Floats) -> list[Floats]:
        mean = lengths / max(n, 1)
        return [
            bm25(m, w * rarity, v.shard.messages.lengths, mean, 1.2, 0.75)
            for v, m in zip(scope.views, found, strict=True)
        ]

    prose = score(weights)
    return Past(
        {"messages": _messages(scope, found, weights * rarity), "past": _spread(scope, score(title))}, prose
    )


HALF_LIFE = 365 * 86400  # seconds after which a commit's words count half


def _messages(scope: Scope, found: Sequence[Matches], weights: Floats) -> Floats:
    """BM25-like score of the words of all commits that changed a file, old ones counting less."""
    out = np.zeros(scope.size, np.float32)
    for v, m, start in zip(scope.views, found, scope.starts, strict=False):
        arrays = v.shard.arrays
        sizes = arrays["commit_sizes"].astype(np.int64)
        age = np.maximum(v.info.time - arrays["commit_times"], 0) / HALF_LIFE
        worth = np.where((sizes > 0) & (sizes <= MOST_FILES), 0.5**age / np.sqrt(np.maximum(sizes, 1)), 0.0)
        if not len(m.docs) or not len(v):
            continue
        where, count = changed(v, m.docs)
        files = v.file_of_path[arrays["commit_paths"][where].astype(np.int64)]
        query = np.repeat(m.query, count)
        tf = np.repeat(worth[m.docs], count)
        on = (files >= 0) & (tf > 0)
        cell = query[on] * len(v) + files[on]
        cells, at = np.unique(cell, return_inverse=True)
        total_tf = np.bincount(at, weights=tf[on])
        part = weights[cells // len(v)] * total_tf / (total_tf + 0.3)
        out[start : start + len(v)] = np.bincount(cells % len(v), weights=part, minlength=len(v))
    return out


def _spread(scope: Scope, scored: Sequence[Floats]) -> Floats:
    """Scores of the best commits in scope to the files they changed, a commit of many files giving less to each."""
    every = np.concatenate(scored) if scored else np.zeros(0, np.float32)
    out = np.zeros(scope.size, np.float32)
    if not every.size or every.max() <= 0:
        return out
    floor = float(np.partition(every, -NEIGHBOURS)[-NEIGHBOURS]) if len(every) > NEIGHBOURS else 0.0
    top = float(every.max())
    for v, s, start in zip(scope.views, scored, scope.starts, strict=False):
        arrays = v.shard.arrays
        at = np.flatnonzero((s > 0) & (s >= floor))
        sizes = arrays["commit_sizes"][at].astype(np.int64)
        at = at[(sizes > 0) & (sizes <= MOST_FILES)]
        where, count = changed(v, at)
        files = v.file_of_path[arrays["commit_paths"][where].astype(np.int64)]
        worth = np.repeat((s[at] / top) ** 2 / np.sqrt(np.maximum(arrays["commit_sizes"][at], 1)), count)
        on = files >= 0
        out[start : start + len(v)] += np.bincount(files[on], weights=worth[on], minlength=len(v)).astype(
            np.float32
        )
    return out


def changed(view: View, commits: Ints) -> tuple[Ints, Ints]:
    """Positions in "commit_paths" of what the commits changed, end to end, and how many each changed."""
    begins = view.shard.arrays["commit_starts"]
    count = begins[commits + 1] - begins[commits]
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(begins[commits] - (ends - count), count), count
