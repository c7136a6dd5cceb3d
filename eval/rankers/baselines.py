"""Baselines: simple rankers over the same candidates, so that a reader sees what each part of ours brings.

Each one sees the report as plain text: no weights by region, no marks, no history. Tests and documents are
left out, as they are for ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import xxhash
from msgspec import Struct

from locator.report.reader import Report
from locator.scope import Scope, join, total
from summaries import words
from summaries.index.index import Index
from summaries.index.parameters import BM25, PATHS, TEXT
from summaries.index.postings import Floats, Ints, Mask, Matches, bm25, idf, weighted
from summaries.paths import Role

FOLDER, ROUTE = (
    0.5,
    0.7,
)  # what a file's directory and repository count on the walk down, beside itself (guesses that
# hold on two development sets; between .3 and 1 they hardly matter)
FIELDS = {"body": 1.0, "path": 5.0, "heads": 2.0}  # of BM25F: how often a field's word counts


class Ranked(Struct, frozen=True):
    """Scores of all files (0 or less: not listed) and of all repositories of a scope."""

    scores: Floats
    routes: Floats

    def best(self, limit: int) -> list[int]:
        """Files by score; ties by position."""
        order = np.argsort(-self.scores, kind="stable")[:limit]
        return [int(i) for i in order if self.scores[i] > 0]


Baseline = Callable[[Scope, Report, Index], Ranked]


def _random(scope: Scope, report: Report, index: Index) -> Ranked:
    """A random order of all files: the floor that every ranker must beat."""
    seed = xxhash.xxh3_64_intdigest((report.title + report.body).encode("utf-8", "replace"))
    draws = np.random.default_rng(seed).random(scope.size, np.float32) + 1e-6
    return _flat(scope, draws.astype(np.float32))


def _paths(scope: Scope, report: Report, index: Index) -> Ranked:
    """Words of the report in the path."""
    return _flat(scope, _bm25(scope, [_field(scope, "names", _keys(report))], _keys(report), PATHS))


def _body(scope: Scope, report: Report, index: Index) -> Ranked:
    """BM25 of the whole report over whole files."""
    return _flat(scope, _bm25(scope, [_field(scope, "units", _keys(report))], _keys(report)))


def _bm25f(scope: Scope, report: Report, index: Index) -> Ranked:
    """BM25F over body, path and what the file says of itself (Robertson, Zaragoza & Taylor, CIKM 2004)."""
    bag = _keys(report)
    fields = {"body": "units", "path": "names", "heads": "heads"}
    found = [_weighted(_field(scope, f, bag), FIELDS[name]) for name, f in fields.items()]
    return _flat(scope, _bm25(scope, found, bag))


def _summaries(scope: Scope, report: Report, index: Index) -> Ranked:
    """Flat retrieval over file summaries: the paper's ablation without its directory filter."""
    bag = _keys(report)
    return _flat(scope, _bm25(scope, [_in_summaries(scope, index, bag)], bag))


def _dense(scope: Scope, report: Report, index: Index) -> Ranked:
    """Vectors of file summaries alone, by cosine to the report's."""
    from eval.rankers.dense import nearness

    return _flat(scope, nearness(index, scope, report))


def _top_down(scope: Scope, report: Report, index: Index) -> Ranked:
    """A walk down the tree of summaries: repository, directory and file each have a say, none is cut off.

    What a repository or a directory is about is what the files below say of themselves; a file counts as much as its
    own summary fits, and more in a place whose summaries fit. A wrong turn above costs a place, not the answer.
    """
    bag = _keys(report)
    files = _in_summaries(scope, index, bag)
    on = _candidates(scope)
    scores = _whole(np.where(on, _bm25(scope, [files], bag), 0))
    routes = _whole(_grouped(scope, files, bag, scope.repo_of, len(scope.views)))
    folders, owner = _folders(scope)
    by_folder = _whole(_grouped(scope, files, bag, folders, len(owner)))
    walked = scores + FOLDER * by_folder[folders] + ROUTE * routes[scope.repo_of]
    return _flat(scope, np.where(scores > 0, walked, 0).astype(np.float32))


def _whole(scores: Floats) -> Floats:
    """Scores as shares of the best."""
    return scores / max(float(scores.max(initial=0)), 1e-9)


BASELINES: Mapping[str, Baseline] = {
    "random": _random,
    "path-words": _paths,
    "bm25": _body,
    "bm25f": _bm25f,
    "summaries-flat": _summaries,
    "summaries-dense": _dense,
    "summaries-top-down": _top_down,
}


class _Counts(Struct, frozen=True):
    """Term counts of one field by file of the scope, and the length of every file in it."""

    matches: Matches
    lengths: Floats


def _in_summaries(scope: Scope, index: Index, bag: Mapping[int, float]) -> _Counts:
    """Term counts of what `show` prints of each file."""
    from eval.rankers.summary_words import matches

    keys, _ = weighted(bag)
    return _Counts(*matches(index, scope, keys))


def _keys(report: Report) -> dict[int, float]:
    """The report as a plain bag of words."""
    return {k: float(n) for k, n in words.count(f"{report.title}\n{report.body}").items()}


def _field(scope: Scope, field: str, bag: Mapping[int, float]) -> _Counts:
    keys, _ = weighted(bag)
    parts, lengths = [], []
    for v, m, start in zip(scope.views, scope.gather(field, keys), scope.starts, strict=False):
        if field == "names":
            rows, size, kept = v.path_ids, len(v.shard.roles), m.keep(v.path_mask)
            own = getattr(v.shard, field).lengths
        elif field == "units":
            rows, size = v.blob_ids, len(v.shard.blobs)
            kept = m.keep(v.unit_mask).grouped(v.shard.unit_blobs)
            own = v.lengths[0]
        else:
            rows, size, kept = v.blob_ids, len(v.shard.blobs), m.keep(v.blob_mask)
            own = getattr(v.shard, field).lengths
        parts.append(_spread(kept, rows, size, int(start)))
        lengths.append(own[rows])
    query, docs, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Counts(Matches(query, docs, counts), join(lengths))


def _spread(m: Matches, rows: Ints, size: int, start: int) -> Matches:
    """From rows of a shard to files of the scope: one blob can be several files."""
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(size + 1))
    count = starts[m.docs + 1] - starts[m.docs]
    ends = np.cumsum(count)
    where = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts[m.docs] - (ends - count), count)
    return Matches(np.repeat(m.query, count), start + order[where], np.repeat(m.counts, count))


def _weighted(c: _Counts, times: float) -> _Counts:
    f = c.matches
    return _Counts(Matches(f.query, f.docs, f.counts * np.float32(times)), c.lengths * np.float32(times))


def _bm25(scope: Scope, fields: Sequence[_Counts], bag: Mapping[int, float], by: BM25 = TEXT) -> Floats:
    """BM25 over the fields' counts added up."""
    keys, asked = weighted(bag)
    cells = np.concatenate([f.matches.query * scope.size + f.matches.docs for f in fields])
    cell, at = np.unique(cells.astype(np.int64), return_inverse=True)
    counts = np.bincount(at, weights=np.concatenate([f.matches.counts for f in fields]), minlength=len(cell))
    added = Matches(cell // max(scope.size, 1), cell % max(scope.size, 1), counts.astype(np.float32))
    lengths = np.sum([f.lengths for f in fields], axis=0)
    w = asked * idf(added.frequencies(len(keys)), scope.size)
    return bm25(added, w, lengths, float(lengths.mean()) if scope.size else 0.0, *by)


def _grouped(scope: Scope, c: _Counts, bag: Mapping[int, float], group: Ints, size: int) -> Floats:
    """BM25 of groups of files taken as one document each."""
    keys, asked = weighted(bag)
    on = _candidates(scope)
    m = c.matches.keep(on)
    cell, at = np.unique(m.query * size + group[m.docs], return_inverse=True)
    counts = np.bincount(at, weights=m.counts, minlength=len(cell)).astype(np.float32)
    lengths = np.bincount(group[on], weights=c.lengths[on], minlength=size)
    together = Matches(cell // max(size, 1), cell % max(size, 1), counts)
    w = asked * idf(total([together], len(keys)), size)
    return bm25(together, w, lengths, float(lengths.mean()) if size else 0.0, *TEXT)


def _folders(scope: Scope) -> tuple[Ints, Ints]:
    """Directory number of every file, and the repository number of every directory."""
    numbers: dict[tuple[int, str], int] = {}
    of = np.zeros(scope.size, np.int64)
    for r, (v, (start, _)) in enumerate(zip(scope.views, pairwise(scope.starts), strict=True)):
        for i, path in enumerate(v.paths):
            of[start + i] = numbers.setdefault((r, path.rpartition("/")[0]), len(numbers))
    return of, np.array([r for r, _ in numbers], np.int64)


def _candidates(scope: Scope) -> Mask:
    return ~scope.with_role(Role.DOC | Role.TEST | Role.MOCK)


def _flat(scope: Scope, scores: Floats) -> Ranked:
    """Files as scored; a repository is as good as its best file."""
    kept = np.where(_candidates(scope), scores, 0).astype(np.float32)
    best = [float(kept[a:b].max()) if b > a else 0.0 for a, b in pairwise(scope.starts)]
    return Ranked(kept, np.array(best, np.float32))
