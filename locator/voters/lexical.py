"""Words: of files, of their units, of what files say of themselves, of paths; and the report's rare words."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from locator.query import Query
from locator.scope import Scope
from summaries.index.parameters import BM25, PATHS, TEXT, UNITS
from summaries.index.postings import Floats, Ints, Matches, bm25, idf, weighted
from summaries.products import product
from summaries.words import Hashes

UNIT_DECAY = 0.6  # weight of the next best unit of the same file
UNIT_DEPTH = 5
TELLING = 0.05  # a word in this share of the files, or fewer, counts as one that tells files apart: a guess
RARE = 4  # a word in at most so many files is rare


class Found(Struct, frozen=True):
    """Where the words of a report stand."""

    keys: Hashes  # the words
    # (views, words): the files of each view that have each word, times what that counts
    worth: NDArray[np.float64]
    units: list[Matches]  # by view, in functions; both numbered end to end
    heads: list[Matches]  # in what files say of themselves


class Lexical(Struct, frozen=True):
    """What words say: per file, and per unit of every view's shard."""

    files: dict[str, Floats]
    units: list[Floats]
    found: Found
    rarity: dict[int, float]  # idf of every query word over the files in scope
    share: Floats  # by view: how widely a repository uses the report's words, those of few repositories above all
    covering: Floats  # per file: the share of the report's own words that it has, each by its rarity, 0-1
    telling: float  # how many words of the report tell one file from another, see `TELLING`


def lexical(scope: Scope, query: Query) -> Lexical:
    """Words of files and of their units, rare words of the report's prose, words of heads and paths."""
    keys, weights = weighted(query.bag)
    listed: list[int] = keys.tolist()
    title = np.array([query.title.get(k, 0.0) for k in listed], np.float32)
    prose = np.array([k in query.prose for k in listed], np.float32)
    units = scope.matches("units", keys)
    blob_of = scope.unit_blobs[units.docs]
    files = Matches(units.query, blob_of, units.counts).merged()
    per_blob = scope.blob_lengths
    words_total, n_units = scope.totals
    df = files.frequencies(len(keys))
    idf_files = idf(df, scope.size)
    idf_units = idf(units.frequencies(len(keys)), n_units)
    rare = np.where((df > 0) & (df <= RARE), prose / np.maximum(df, 1), 0).astype(np.float32)
    mean_file = words_total / max(scope.size, 1)
    mass = float((title * idf_files).sum()) or 1.0
    scores = bm25(units, weights * idf_units, scope.lengths("units"), words_total / max(n_units, 1), *UNITS)
    heads, names = (scope.matches(field, keys) for field in ("heads", "names"))
    decayed, top = _by_blob(scores, scope.unit_blobs, len(per_blob))

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
        "summary": _field(scope, heads, weights, scope.lengths("heads"), scope.blob_ids, TEXT),
        "path": _field(scope, names, weights, scope.lengths("names"), scope.path_ids, PATHS),
    }
    rarity = dict(zip(listed, idf_files.tolist(), strict=True))
    holders = scope.frequencies("blob", files, len(keys))
    own = np.array([k in query.prose and k in query.spelled for k in listed], np.float32)
    everything = float((own * idf_files).sum()) or 1.0
    covering = (added(own * idf_files) / everything).astype(np.float32)
    telling = float((own * (df > 0) * np.minimum(idf_files / -np.log(TELLING), 1.0)).sum())
    share = _share(scope, holders, weights)
    found = Found(keys, holders * weights * idf_files, scope.split("unit", units), scope.split("blob", heads))
    return Lexical(votes, scope.by_view("unit", scores), found, rarity, share, covering, telling)


def _share(scope: Scope, holders: NDArray[np.float64], weights: Floats) -> Floats:
    """Per view: the share of its files that hold each word, times how few repositories have the word at all."""
    if not scope.views:
        return np.zeros(0, np.float32)
    few = np.log((len(scope.views) + 1) / ((holders > 0).sum(axis=0) + 0.5))
    sizes = np.array([max(len(v), 1) for v in scope.views])
    return product(holders / sizes[:, None] * few, weights.astype(np.float64)).astype(np.float32)


def _by_blob(scores: Floats, blob_of: Ints, blobs: int) -> tuple[Floats, Floats]:
    """Decayed sum of the best units of each blob, and the best alone."""
    hit = np.flatnonzero(scores > 0)
    # The bits of positive floats sort as they do.
    falling = np.uint32(0xFFFFFFFF) - scores[hit].view(np.uint32)
    cells = np.sort(blob_of[hit] << 32 | falling)
    blob, best = cells >> 32, (np.uint32(0xFFFFFFFF) - cells.astype(np.uint32)).view(np.float32)
    first = np.flatnonzero(np.diff(blob, prepend=-1))
    rank = np.arange(len(cells)) - first.repeat(np.diff(first, append=len(cells)))
    on = rank < UNIT_DEPTH
    worth = UNIT_DECAY ** np.arange(UNIT_DEPTH)
    decayed = np.bincount(blob[on], best[on] * worth[rank[on]], blobs)
    top = np.zeros(blobs, np.float32)
    top[blob[first]] = best[first]
    return decayed.astype(np.float32), top


def _field(
    scope: Scope, found: Matches, weights: Floats, lengths: NDArray[np.uint32], rows: Ints, by: BM25
) -> Floats:
    """BM25 over a field of blobs or of paths, for the files whose blobs or paths these are."""
    w = weights * idf(found.frequencies(len(weights)), scope.size)
    return bm25(found, w, lengths, float(lengths[rows].sum()) / max(scope.size, 1), *by)[rows]
