"""History: files that past commits in similar words changed.

After Zhou, Zhang & Lo, "Where should the bugs be fixed?", ICSE 2012, with commits in place of past reports.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from locator.query import Query
from locator.scope import Scope
from summaries.index.parameters import TEXT
from summaries.index.postings import Floats, Ints, bm25, idf, weighted
from summaries.index.shard import View
from summaries.words import Hashes

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
    found, lengths = scope.matches("messages", keys), scope.lengths("messages")
    sizes = [v.memo(commit_counts) for v in scope.views]
    n = sum(count for count, _ in sizes)
    mean = sum(words for _, words in sizes) / max(n, 1)
    rarity = idf(found.frequencies(len(keys)), n)
    prose, by_title = (bm25(found, w * rarity, lengths, mean, *TEXT) for w in (weights, title))
    votes = {"messages": _messages(scope, keys, weights * rarity), "past": _spread(scope, by_title)}
    return Past(votes, scope.by_view("commit", prose))


def commit_counts(view: View) -> tuple[int, float]:
    """Commits of a snapshot with a message, and the words of all of them."""
    lengths = view.shard.messages.lengths[view.message_mask]
    return int((lengths > 0).sum()), float(lengths.sum())


SOON = 0.3  # of a word in old or wide commits, against which its weight counts half: a guess
HALF_LIFE = 365 * 86400  # seconds after which a commit's words count half


def age_weight(view: View) -> NDArray[np.float64]:
    """What a commit's words count for each file that it changed: old ones and wide ones less."""
    arrays = view.shard.arrays
    sizes = arrays["commit_sizes"].astype(np.int64)
    age = np.maximum(view.info.time - arrays["commit_times"], 0) / HALF_LIFE
    return np.where((sizes > 0) & (sizes <= MOST_FILES), 0.5**age / np.sqrt(np.maximum(sizes, 1)), 0.0)


def _messages(scope: Scope, keys: Hashes, weights: Floats) -> Floats:
    """BM25-like score of the words of all commits that changed a file, old ones counting less."""
    cells, tfs = [np.zeros(0, np.int64)], [np.zeros(0)]
    terms = len(weights)
    for v, m, start in zip(scope.views, scope.in_snapshots("messages", keys), scope.starts, strict=False):
        if not len(m.docs):
            continue
        where, count = changed(v, m.docs)
        files = v.file_of_path[v.shard.arrays["commit_paths"][where]]
        tf = np.repeat(v.memo(age_weight)[m.docs], count)
        on = (files >= 0) & (tf > 0)
        cells.append((files[on] + start) * terms + np.repeat(m.query, count)[on])
        tfs.append(tf[on])
    cell, at = np.unique(np.concatenate(cells), return_inverse=True)
    total_tf = np.bincount(at, weights=np.concatenate(tfs))
    part = weights[cell % max(terms, 1)] * total_tf / (total_tf + SOON)
    return np.bincount(cell // max(terms, 1), weights=part, minlength=scope.size).astype(np.float32)


def _spread(scope: Scope, scores: Floats) -> Floats:
    """Scores of the best commits in scope to the files they changed, a commit of many files giving less to each."""
    out = np.zeros(scope.size, np.float32)
    if not scores.size or scores.max() <= 0:
        return out
    floor = float(np.partition(scores, -NEIGHBOURS)[-NEIGHBOURS]) if len(scores) > NEIGHBOURS else 0.0
    top = float(scores.max())
    for v, s, start in zip(scope.views, scope.by_view("commit", scores), scope.starts, strict=False):
        arrays = v.shard.arrays
        at = np.flatnonzero((s > 0) & (s >= floor))
        sizes = arrays["commit_sizes"][at].astype(np.int64)
        at = at[(sizes > 0) & (sizes <= MOST_FILES)]
        if not len(at):
            continue
        where, count = changed(v, at)
        files = v.file_of_path[arrays["commit_paths"][where]]
        given = np.repeat((s[at] / top) ** 2 / np.sqrt(np.maximum(arrays["commit_sizes"][at], 1)), count)
        on = files >= 0
        out[start : start + len(v)] += np.bincount(files[on], weights=given[on], minlength=len(v)).astype(
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
