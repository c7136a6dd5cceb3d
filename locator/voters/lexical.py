"""Words: of files, of their units, of what files say of themselves, of paths; and the report's rare words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from locator.query import Query
from locator.scope import Scope, join, total
from summaries.postings import Floats, Matches, bm25, idf, weighted
from summaries.shard import View

UNIT_DECAY = 0.6  # weight of the next best unit of the same file
UNIT_DEPTH = 5
RARE = 4  # a word in at most so many files is rare


class Lexical(Struct, frozen=True):
    """What words say: per file, and per unit of every view's shard."""

    files: dict[str, Floats]
    units: list[Floats]
    rarity: dict[int, float]  # idf of every query word over the files in scope
    share: Floats  # by view: how widely a repository uses the report's words, those of few repositories above all


def lexical(scope: Scope, query: Query) -> Lexical:
    """Words of files and of their units, rare words of the report's prose, words of heads and paths."""
    keys, weights = weighted(query.bag)
    title = np.array([query.title.get(int(k), 0.0) for k in keys], np.float32)
    prose = np.array([float(int(k) in query.prose) for k in keys], np.float32)
    units = [m.keep(v.unit_mask) for v, m in zip(scope.views, scope.gather("units", keys), strict=True)]
    files = [m.grouped(v.shard.unit_blobs) for v, m in zip(scope.views, units, strict=True)]
    lengths = [v.lengths for v in scope.views]
    words_total = sum(x[1] for x in lengths)
    n_units = sum(x[2] for x in lengths)
    df = total(files, len(keys))
    idf_files = idf(df, scope.size)
    idf_units = idf(total(units, len(keys)), n_units)
    rare = np.where((df > 0) & (df <= RARE), prose / np.maximum(df, 1), 0).astype(np.float32)
    body, head, by_unit, best, seldom, per_unit, covered = [], [], [], [], [], [], []
    mass = float((title * idf_files).sum()) or 1.0
    for v, u, f, (per_blob, _, _) in zip(scope.views, units, files, lengths, strict=True):
        mean_file = words_total / max(scope.size, 1)
        body.append(bm25(f, weights * idf_files, per_blob, mean_file, 1.2, 0.75)[v.blob_ids])
        head.append(bm25(f, title * idf_files, per_blob, mean_file, 1.2, 0.75)[v.blob_ids])
        scores = bm25(u, weights * idf_units, v.shard.units.lengths, words_total / max(n_units, 1), 1.5, 0.5)
        per_unit.append(scores)
        hit = np.bincount(f.docs, weights=(title * idf_files)[f.query], minlength=len(v.shard.blobs))
        covered.append(hit[v.blob_ids] / mass)
        decayed, top = _by_blob(scores, v)
        by_unit.append(decayed[v.blob_ids])
        best.append(top[v.blob_ids])
        seldom.append(np.bincount(f.docs, weights=rare[f.query], minlength=len(v.shard.blobs))[v.blob_ids])
    votes = {
        "body": join(body),
        "title": join(head),
        "units": join(by_unit),
        "unit": join(best),
        "rare": join(seldom),
        "covered": join(covered),
        "summary": _field(scope, "heads", query.bag, 1.2, 0.75, by_path=False),
        "path": _field(scope, "names", query.bag, 1.2, 0.3, by_path=True),
    }
    rarity = dict(zip(keys.tolist(), idf_files.tolist(), strict=True))
    return Lexical(votes, per_unit, rarity, _share(scope, files, weights))


def _share(scope: Scope, files: Sequence[Matches], weights: Floats) -> Floats:
    """Per view: the share of its files that hold each word, times how few repositories have the word at all."""
    if not files:
        return np.zeros(0, np.float32)
    holders = np.array([m.frequencies(len(weights)) for m in files])
    few = np.log((len(files) + 1) / ((holders > 0).sum(axis=0) + 0.5))
    sizes = np.array([max(len(v), 1) for v in scope.views])
    return np.asarray((holders / sizes[:, None] * few) @ weights, np.float32)


def _by_blob(scores: Floats, view: View) -> tuple[Floats, Floats]:
    """Decayed sum of the best units of each blob, and the best alone."""
    blobs = len(view.shard.blobs)
    hit = np.flatnonzero(scores > 0)
    blob = view.shard.unit_blobs[hit]
    order = np.lexsort((-scores[hit], blob))
    hit, blob = hit[order], blob[order]
    first = np.searchsorted(blob, blob)
    rank = np.arange(len(hit)) - first
    on = rank < UNIT_DEPTH
    decayed = np.bincount(blob[on], weights=scores[hit[on]] * UNIT_DECAY ** rank[on], minlength=blobs)
    top = np.bincount(blob[rank == 0], weights=scores[hit[rank == 0]], minlength=blobs)
    return decayed.astype(np.float32), top.astype(np.float32)


def _field(scope: Scope, field: str, bag: dict[int, float], k1: float, b: float, *, by_path: bool) -> Floats:
    """BM25 over a field of blobs or of paths."""
    keys, weights = weighted(bag)
    found, words = [], 0.0
    for v, m in zip(scope.views, scope.gather(field, keys), strict=True):
        found.append(m.keep(v.path_mask if by_path else v.blob_mask))
        rows = v.path_ids if by_path else v.blob_ids
        words += float(getattr(v.shard, field).lengths[rows].sum())
    w = weights * idf(total(found, len(keys)), scope.size)
    return join(
        [
            bm25(m, w, getattr(v.shard, field).lengths, words / max(scope.size, 1), k1, b)[
                v.path_ids if by_path else v.blob_ids
            ]
            for v, m in zip(scope.views, found, strict=True)
        ]
    )
