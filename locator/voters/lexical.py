"""Words: of files, of their units, of what files say of themselves, of paths; and the report's rare words."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from locator.query import Query
from locator.scope import Scope, join
from summaries.index.parameters import BM25, PATHS, TEXT, UNITS
from summaries.index.postings import Floats, Ints, Matches, bm25, idf, weighted
from summaries.products import product
from summaries.words import Hashes

UNIT_DECAY = 0.6  # weight of the next best unit of the same file
UNIT_DEPTH = 5
TELLING = 0.05  # a word in this share of the files, or fewer, counts as one that tells files apart: a guess
RARE = 4  # a word in at most so many files is rare


class Lexical(Struct, frozen=True):
    """What words say: per file, and per unit of every view's shard."""

    files: dict[str, Floats]
    units: list[Floats]
    rarity: dict[int, float]  # idf of every query word over the files in scope
    share: Floats  # by view: how widely a repository uses the report's words, those of few repositories above all
    covering: Floats  # per file: the share of the report's own words that it has, each by its rarity, 0-1
    telling: float  # how many words of the report tell one file from another, see `TELLING`


def lexical(scope: Scope, query: Query) -> Lexical:
    """Words of files and of their units, rare words of the report's prose, words of heads and paths."""
    keys, weights = weighted(query.bag)
    title = np.array([query.title.get(int(k), 0.0) for k in keys], np.float32)
    prose = np.array([float(int(k) in query.prose) for k in keys], np.float32)
    units = scope.matches("units", keys)
    blob_of = _blobs(scope, keys)
    files = Matches(units.query, blob_of, units.counts).merged()
    lengths = [v.lengths for v in scope.views]
    per_blob = join([x[0] for x in lengths])
    words_total = sum(x[1] for x in lengths)
    n_units = sum(x[2] for x in lengths)
    df = files.frequencies(len(keys))
    idf_files = idf(df, scope.size)
    idf_units = idf(units.frequencies(len(keys)), n_units)
    rare = np.where((df > 0) & (df <= RARE), prose / np.maximum(df, 1), 0).astype(np.float32)
    mean_file = words_total / max(scope.size, 1)
    mass = float((title * idf_files).sum()) or 1.0
    scores = bm25(units, weights * idf_units, scope.lengths("units"), words_total / max(n_units, 1), *UNITS)
    decayed, top = _by_blob(scores, units, blob_of, len(per_blob))

    def added(worth: Floats) -> NDArray[np.float64]:
        """Each file's sum of the worth of the words that it has."""
        return np.asarray(np.bincount(files.docs, worth[files.query], len(per_blob)), np.float64)[
            scope.blob_ids
        ]

    votes = {
        "body": bm25(files, weights * idf_files, per_blob, mean_file, *TEXT)[scope.blob_ids],
        "title": bm25(files, title * idf_files, per_blob, mean_file, *TEXT)[scope.blob_ids],
        "units": decayed[scope.blob_ids],
        "unit": top[scope.blob_ids],
        "rare": added(rare).astype(np.float32),
        "covered": (added(title * idf_files) / mass).astype(np.float32),
        "summary": _field(scope, "heads", query.bag, scope.blob_ids, TEXT),
        "path": _field(scope, "names", query.bag, scope.path_ids, PATHS),
    }
    rarity = dict(zip(keys.tolist(), idf_files.tolist(), strict=True))
    holders = scope.frequencies("blob", files, len(keys))
    own = np.array([float(int(k) in query.prose and int(k) in query.spelled) for k in keys], np.float32)
    everything = float((own * idf_files).sum()) or 1.0
    covering = (added(own * idf_files) / everything).astype(np.float32)
    telling = float((own * (df > 0) * np.minimum(idf_files / -np.log(TELLING), 1.0)).sum())
    share = _share(scope, holders, weights)
    return Lexical(votes, scope.by_view("unit", scores), rarity, share, covering, telling)


def _blobs(scope: Scope, keys: Hashes) -> Ints:
    """Blob of every posting of units."""
    firsts = scope.firsts("blob")
    parts = zip(scope.views, scope.in_snapshots("units", keys), firsts, strict=False)
    found = [v.shard.unit_blobs[m.docs] + first for v, m, first in parts]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _share(scope: Scope, holders: NDArray[np.float64], weights: Floats) -> Floats:
    """Per view: the share of its files that hold each word, times how few repositories have the word at all."""
    if not scope.views:
        return np.zeros(0, np.float32)
    few = np.log((len(scope.views) + 1) / ((holders > 0).sum(axis=0) + 0.5))
    sizes = np.array([max(len(v), 1) for v in scope.views])
    return product(holders / sizes[:, None] * few, weights.astype(np.float64)).astype(np.float32)


def _by_blob(scores: Floats, units: Matches, blob_of: Ints, blobs: int) -> tuple[Floats, Floats]:
    """Decayed sum of the best units of each blob, and the best alone."""
    of_unit = np.empty(len(scores), np.int64)
    of_unit[units.docs] = blob_of
    hit = np.flatnonzero(scores > 0)
    blob = of_unit[hit]
    # The bits of positive floats sort as they do.
    falling = np.uint32(0xFFFFFFFF) - scores[hit].view(np.uint32)
    order = np.argsort(blob << 32 | falling)
    hit, blob = hit[order], blob[order]
    first = np.searchsorted(blob, blob)
    rank = np.arange(len(hit)) - first
    on = rank < UNIT_DEPTH
    decayed = np.bincount(blob[on], weights=scores[hit[on]] * UNIT_DECAY ** rank[on], minlength=blobs)
    top = np.bincount(blob[rank == 0], weights=scores[hit[rank == 0]], minlength=blobs)
    return decayed.astype(np.float32), top.astype(np.float32)


def _field(scope: Scope, field: str, bag: dict[int, float], rows: Ints, by: BM25) -> Floats:
    """BM25 over a field of blobs or of paths, for the files whose blobs or paths these are."""
    keys, weights = weighted(bag)
    found, lengths = scope.matches(field, keys), scope.lengths(field)
    w = weights * idf(found.frequencies(len(keys)), scope.size)
    return bm25(found, w, lengths, float(lengths[rows].sum()) / max(scope.size, 1), *by)[rows]
