"""Inverted postings over hashed terms, and BM25 over any subset of their documents.

The subset is what libraries for BM25 lack and what asking a repository "as it was" needs: document
frequencies and the mean length are those of the snapshot asked, out of postings that hold every version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from summaries.words import Hashes

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


FIELDS = "terms", "starts", "docs", "counts", "lengths"  # of `Postings`, as they are stored


class Matches(NamedTuple):
    """Postings of some query terms: three vectors of one length, ordered by query term, then document."""

    query: Ints  # position of the term in the query
    docs: Ints
    counts: NDArray[np.float32]

    def keep(self, mask: Mask) -> Matches:
        """Only documents for which `mask` (by document number) holds."""
        on = mask[self.docs]
        return Matches(self.query[on], self.docs[on], self.counts[on])

    def grouped(self, group: Ints) -> Matches:
        """Counts added up by `group[doc]`; documents of one group must be neighbours."""
        return Matches(self.query, group[self.docs], self.counts).merged()

    def merged(self) -> Matches:
        """Neighbours of the same document and term as one."""
        if not len(self.docs):
            return self
        first = np.empty(len(self.docs), np.bool_)
        first[0] = True
        np.not_equal(self.docs[1:], self.docs[:-1], out=first[1:])
        first[1:] |= self.query[1:] != self.query[:-1]
        at = np.flatnonzero(first)
        return Matches(self.query[at], self.docs[at], np.add.reduceat(self.counts, at))

    def frequencies(self, terms: int) -> Ints:
        """Document frequency of each query term, int64 (terms,)."""
        return np.bincount(self.query, minlength=terms)


class Postings:
    """Terms × documents, by term. Arrays may be memory-mapped and are never changed."""

    __slots__ = ("counts", "docs", "lengths", "starts", "terms")

    def __init__(self, terms: Hashes, starts: Any, docs: Any, counts: Any, lengths: Any) -> None:
        self.terms = terms  # uint64, sorted
        self.starts = starts  # (terms + 1,), like `docs` in the shortest unsigned integers that hold them
        self.docs = docs  # ascending within a term
        self.counts = counts  # uint8, capped at 255
        self.lengths = lengths  # uint32 (documents,): term occurrences in the document

    @classmethod
    def build(cls, docs: Any, keys: Hashes, counts: Any, size: int) -> Postings:
        """From parallel vectors of (document, term key, count). `size` is the number of documents."""
        ordered = bool(np.all(docs[1:] >= docs[:-1]))  # as blobs come: one sort is enough
        order = np.argsort(keys, kind="stable") if ordered else np.lexsort((docs, keys))
        lengths = np.bincount(docs, weights=counts, minlength=size).astype(np.uint32)
        numbers = docs.astype(np.min_scalar_type(size))[order]
        capped = np.minimum(counts, 255).astype(np.uint8)[order]
        keys = keys[order]
        first = np.flatnonzero(np.append(len(keys) > 0, keys[1:] != keys[:-1])[: len(keys)])
        starts = np.append(first, len(keys)).astype(np.min_scalar_type(len(keys)))
        return cls(keys[first], starts, numbers, capped, lengths)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays to store, by name."""
        return {f"{prefix}.{name}": getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, arrays: Any, prefix: str) -> Postings:
        """From stored arrays (anything indexed by name)."""
        return cls(*(arrays[f"{prefix}.{n}"] for n in FIELDS))

    def triples(self) -> tuple[Ints, Hashes, NDArray[np.int64]]:
        """(document, term key, count) vectors: what `build` takes."""
        keys = np.repeat(self.terms, np.diff(self.starts))
        return self.docs.astype(np.int64), keys, self.counts.astype(np.int64)

    def sound(self) -> bool:
        """Whether its documents are there: those of a stranger need not be. Reads all of them."""
        return not len(self.docs) or int(self.docs.max()) < len(self.lengths)

    def match(self, keys: Hashes) -> Matches:
        """Postings of all the keys; unknown keys have none. Raises ValueError where it is not `sound`."""
        if not len(self.terms) or not len(keys):
            return NO_MATCHES
        at = self.terms.searchsorted(keys)
        at[at == len(self.terms)] = 0
        known = (self.terms[at] == keys).nonzero()[0]
        if not len(known):
            return NO_MATCHES
        at = at[known]
        begin = self.starts[at].astype(np.int64)
        size = self.starts[at + 1] - begin
        ends = size.cumsum()
        where = np.arange(ends[-1])
        where += (begin - (ends - size)).repeat(size)
        docs = self.docs[where]
        if len(docs) and docs.max() >= len(self.lengths):
            raise ValueError("documents that there are not")
        return Matches(known.repeat(size), docs.astype(np.int64), self.counts[where].astype(np.float32))


NO_MATCHES = Matches(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


def idf(frequency: NDArray[Any], documents: float) -> Floats:
    """Inverse document frequency, never negative: ln(1 + (N - df + .5) / (df + .5)) (Lucene's BM25)."""
    return np.log1p((documents - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)


def bm25(
    matches: Matches, weights: Floats, lengths: NDArray[Any], mean_length: float, k1: float, b: float
) -> Floats:
    """BM25 score of every document, float32 (documents,).

    `weights` holds query weight × idf by query term; `lengths` the length of every document.
    Robertson & Zaragoza, The Probabilistic Relevance Framework, 2009.
    """
    tf = matches.counts
    norm = k1 * (1 - b + b * lengths / max(mean_length, 1e-9))
    part = weights[matches.query] * tf * (k1 + 1) / (tf + norm[matches.docs])
    return np.bincount(matches.docs, weights=part, minlength=len(lengths)).astype(np.float32)


def highest(values: Floats, most: int) -> Ints:
    """Positions of the highest values, at most so many, highest first; ties by position."""
    if not 0 < most < len(values):
        return np.argsort(-values, kind="stable")[:most]
    some = np.flatnonzero(values >= np.partition(values, -most)[-most])
    return some[np.argsort(-values[some], kind="stable")[:most]]


def weighted(bag: Mapping[int, float]) -> tuple[Hashes, Floats]:
    """A query bag as sorted keys and their weights."""
    keys = np.fromiter(sorted(bag), np.uint64, len(bag))
    return keys, np.fromiter((bag[int(k)] for k in keys), np.float32, len(bag))
