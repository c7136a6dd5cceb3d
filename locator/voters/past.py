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
from summaries.index.postings import Floats, Ints, Matches, bm25, idf, weighted
from summaries.index.shard import View

NEIGHBOURS = 50  # past commits that vote
MOST_FILES = 15  # a commit that changed more says little about each


class Past(Struct, frozen=True):
    """What history says: per file, and per commit of every view's shard."""

    files: dict[str, Floats]
    commits: list[Floats]  # BM25 of the report's prose
    weights: Floats  # of the words of the report's prose
    found: Matches  # of these words, in messages


def past(scope: Scope, query: Query) -> Past:
    """Match the report's prose to commit messages and let the best commits vote for what they changed."""
    keys, weights = weighted({k: w for k, w in query.bag.items() if k in query.prose})
    title = np.array([query.title.get(k, 0.0) for k in keys.tolist()], np.float32)
    found, lengths = scope.matches("messages", keys), scope.lengths("messages")
    sizes = [v.memo(commit_counts) for v in scope.views]
    n = sum(count for count, _ in sizes)
    mean = sum(words for _, words in sizes) / max(n, 1)
    rarity = idf(found.frequencies(len(keys)), n)
    prose, by_title = (bm25(found, w * rarity, lengths, mean, *TEXT) for w in (weights, title))
    changes = scope.memo(all_changes)
    votes = {
        "messages": _messages(scope.size, changes, found, weights * rarity),
        "past": _spread(scope.size, changes, by_title),
    }
    return Past(votes, scope.by_view("commit", prose), weights, found)


def commit_counts(view: View) -> tuple[int, float]:
    """Commits of a snapshot with a message, and the words of all of them."""
    lengths = view.shard.messages.lengths[view.message_mask]
    return int((lengths > 0).sum()), float(lengths.sum())


SOON = 0.3  # of a word in old or wide commits, against which its weight counts half: a guess
HALF_LIFE = 365 * 86400  # seconds after which a commit's words count half


class Changes(Struct, frozen=True):
    """What the commits of a scope changed, numbered end to end."""

    files: Ints  # file by change, -1 where the snapshots have no such file
    begins: Ints  # the first change of each commit, and how many there are
    sizes: NDArray[np.uint16]  # files that each commit changed, those that are gone as well
    ages: NDArray[np.float64]  # what its words count for each file

    def of(self, commits: Ints) -> tuple[Ints, Ints]:
        """Files that the commits changed, end to end, and how many each changed."""
        begins = self.begins[commits]
        count = self.begins[commits + 1] - begins
        ends = count.cumsum()
        where = np.arange(ends[-1] if len(ends) else 0) + (begins - (ends - count)).repeat(count)
        return self.files[where], count


def all_changes(scope: Scope) -> Changes:
    """Changes of a scope's snapshots."""
    files, begins, sizes, ages = [], [np.zeros(1, np.int64)], [np.zeros(0, np.uint16)], [np.zeros(0)]
    for v, start in zip(scope.views, scope.starts.tolist(), strict=False):
        arrays, own = v.shard.arrays, v.memo(_changed_files)
        files.append(np.where(own >= 0, own + start, -1))
        begins.append(arrays["commit_starts"][1:] + begins[-1][-1])
        sizes.append(arrays["commit_sizes"])
        ages.append(v.memo(_age_weight))
    return Changes(*(np.concatenate(column) for column in (files or [begins[0][:0]], begins, sizes, ages)))


def _changed_files(view: View) -> Ints:
    """File of every change of a shard's commits, -1 where the snapshot has none."""
    return view.file_of_path[view.shard.arrays["commit_paths"]]


def _age_weight(view: View) -> NDArray[np.float64]:
    """What a commit's words count for each file that it changed: old ones and wide ones less."""
    arrays = view.shard.arrays
    sizes = arrays["commit_sizes"].astype(np.int64)
    age = np.maximum(view.info.time - arrays["commit_times"], 0) / HALF_LIFE
    return np.where((sizes > 0) & (sizes <= MOST_FILES), 0.5**age / np.sqrt(np.maximum(sizes, 1)), 0.0)


def _messages(size: int, changes: Changes, found: Matches, weights: Floats) -> Floats:
    """BM25-like score of the words of all commits that changed a file, old ones counting less."""
    terms = max(len(weights), 1)
    ages = changes.ages[found.docs]
    on = ages > 0
    files, count = changes.of(found.docs[on])
    here = files >= 0
    cells = (files * terms + found.query[on].repeat(count))[here]
    cell, at = np.unique(cells, return_inverse=True)
    total_tf = np.bincount(at, weights=ages[on].repeat(count)[here])
    part = weights[cell % terms] * total_tf / (total_tf + SOON)
    return np.bincount(cell // terms, weights=part, minlength=size).astype(np.float32)


def _spread(size: int, changes: Changes, scores: Floats) -> Floats:
    """Scores of the best commits in scope to the files they changed, a commit of many files giving less to each."""
    if not scores.size or scores.max() <= 0:
        return np.zeros(size, np.float32)
    floor = float(np.partition(scores, -NEIGHBOURS)[-NEIGHBOURS]) if len(scores) > NEIGHBOURS else 0.0
    top = float(scores.max())
    at = np.flatnonzero((scores > 0) & (scores >= floor))
    at = at[(changes.sizes[at] > 0) & (changes.sizes[at] <= MOST_FILES)]
    files, count = changes.of(at)
    given = ((scores[at] / top) ** 2 / np.sqrt(changes.sizes[at])).repeat(count)
    on = files >= 0
    return np.bincount(files[on], weights=given[on], minlength=size).astype(np.float32)
