"""History: files that past commits in similar words changed.

After Zhou, Zhang & Lo, "Where should the bugs be fixed?", ICSE 2012, with commits in place of past reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from locator.query import Query
from locator.scope import Scope, total
from summaries.postings import Floats, Matches, bm25, idf, weighted

NEIGHBOURS = 50  # past commits that vote


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

    prose, head = score(weights), score(title)
    votes = {
        "messages": _messages(scope, found, weights * rarity),
        "history": _spread(scope, prose),
        "history_own": _spread(scope, prose, per_view=True),
        "history_title": _spread(scope, head),
        "history_title_own": _spread(scope, head, per_view=True),
    }
    return Past(votes, prose)


HALF_LIFE = 365 * 86400  # seconds after which a commit's words count half


def _messages(scope: Scope, found: Sequence[Matches], weights: Floats) -> Floats:
    """BM25-like score of the words of all commits that changed a file, old ones counting less."""
    out = np.zeros(scope.size, np.float32)
    for v, m, start in zip(scope.views, found, scope.starts, strict=False):
        arrays = v.shard.arrays
        begins = arrays["commit_starts"]
        sizes = arrays["commit_sizes"].astype(np.int64)
        age = np.maximum(v.info.time - arrays["commit_times"], 0) / HALF_LIFE
        worth = np.where((sizes > 0) & (sizes <= 15), 0.5**age / np.sqrt(np.maximum(sizes, 1)), 0.0)
        own = v.file_of_path[arrays["commit_paths"].astype(np.int64)]
        count = begins[m.docs + 1] - begins[m.docs]
        ends = np.cumsum(count)
        if not len(ends) or not len(v):
            continue
        where = np.arange(int(ends[-1])) + np.repeat(begins[m.docs] - (ends - count), count)
        files = own[where]
        query = np.repeat(m.query, count)
        tf = np.repeat(worth[m.docs], count)
        on = (files >= 0) & (tf > 0)
        cell = query[on] * len(v) + files[on]
        cells, at = np.unique(cell, return_inverse=True)
        total_tf = np.bincount(at, weights=tf[on])
        part = weights[cells // len(v)] * total_tf / (total_tf + 0.3)
        out[start : start + len(v)] = np.bincount(cells % len(v), weights=part, minlength=len(v))
    return out


def _spread(scope: Scope, scored: Sequence[Floats], *, per_view: bool = False) -> Floats:
    """Scores of commits to the files they changed: the best commits in scope (or of each view) vote."""
    every = np.concatenate(scored) if scored else np.zeros(0, np.float32)
    if not every.size or every.max() <= 0:
        return np.zeros(scope.size, np.float32)

    def bar(s: Floats) -> float:
        return float(np.partition(s, -NEIGHBOURS)[-NEIGHBOURS]) if len(s) > NEIGHBOURS else 0.0

    floor, top = bar(every), float(every.max())
    out = np.zeros(scope.size, np.float32)
    for v, s, start in zip(scope.views, scored, scope.starts, strict=False):
        if not len(s):
            continue
        at = np.flatnonzero((s > 0) & (s >= (bar(s) if per_view else floor)))
        sizes = v.shard.arrays["commit_sizes"][at].astype(np.int64)
        at = at[(sizes > 0) & (sizes <= 15)]
        begins = v.shard.arrays["commit_starts"]
        count = begins[at + 1] - begins[at]
        ends = np.cumsum(count)
        total = int(ends[-1]) if len(ends) else 0
        where = np.arange(total) + np.repeat(begins[at] - (ends - count), count)
        files = v.file_of_path[v.shard.arrays["commit_paths"][where].astype(np.int64)]
        worth = np.repeat((s[at] / top) ** 2 / np.sqrt(np.maximum(v.shard.arrays["commit_sizes"][at], 1)), count)
        on = files >= 0
        out[start : start + len(v)] += np.bincount(files[on], weights=worth[on], minlength=len(v)).astype(np.float32)
    return out
