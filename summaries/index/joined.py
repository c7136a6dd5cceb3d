"""Postings of several shards asked at once: one look-up takes the place of one for each of them.

Shards that are asked together time and again are copied: the terms of neighbours into one vector, each with the number of
its shard above its 48 bits, which leaves them sorted; a small table says beforehand which shards can have a term at all.
Those that a map chose for one report are asked where they lie. What is found is the same, in the same order, as if each
were asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from summaries.index.postings import NO_MATCHES, Ints, Matches, Postings
from summaries.words import BITS, Hashes

MOST = 8_000_000  # postings of a field that are copied, five bytes each; larger shards are asked where they lie. A guess
TOGETHER = 64  # shards at most: one bit of the table for each
# Times that shards are asked where they lie: of 48 small ones that is 1 ms more a question, and to copy them takes 12 ms.
ALONE = 12
_TERM = np.uint64((1 << BITS) - 1)


class Joined:
    """Postings of one field of several shards, their documents numbered end to end.

    Raises ValueError where one is not `sound`, here or when it is asked.
    """

    def __init__(self, parts: Sequence[Postings]) -> None:
        self.lengths = np.concatenate([np.zeros(0, np.uint32), *(p.lengths for p in parts)])
        self._parts = list(parts)
        self._asked = 0  # times

    def match(self, keys: Hashes) -> Matches:
        """Postings of all the keys, ordered by shard, then key, then document."""
        self._asked += 1
        if self._asked <= ALONE:
            return self._where_they_lie(keys)
        found = [r.match(keys) for r in self._together]
        if len(found) == 1:
            return found[0]
        firsts = np.cumsum([0, *(len(r.lengths) for r in self._together)]).tolist()
        moved = (m._replace(docs=m.docs + first) for m, first in zip(found, firsts, strict=False))
        return Matches(*(np.concatenate(columns) for columns in zip(NO_MATCHES, *moved, strict=True)))

    def _where_they_lie(self, keys: Hashes) -> Matches:
        """The same of shards as they are: `Postings.match` of each, but what all have in common is done once."""
        sizes = np.array([len(p.lengths) for p in self._parts], np.int64)
        some = np.array([len(p.terms) > 0 for p in self._parts], np.bool_)
        parts = [p for p in self._parts if len(p.terms)]
        if not parts:
            return NO_MATCHES
        at = [p.terms.searchsorted(keys) for p in parts]
        known = [p.terms.take(a, mode="clip") for p, a in zip(parts, at, strict=True)] == keys
        begin = np.array([p.starts.take(a, mode="clip") for p, a in zip(parts, at, strict=True)], np.int64)
        end = np.array([p.starts.take(a + 1, mode="clip") for p, a in zip(parts, at, strict=True)], np.int64)
        count = np.where(known, end - begin, 0)
        shard, query = count.nonzero()
        size = count[shard, query]
        ends = size.cumsum()
        where = np.arange(size.sum())
        where += (begin[shard, query] - (ends - size)).repeat(size)
        each = count.sum(axis=1)
        found = [(p, w) for p, w in zip(parts, np.split(where, each.cumsum()[:-1]), strict=True) if len(w)]
        docs = np.concatenate([NO_MATCHES.docs, *(p.docs[w] for p, w in found)])
        if (docs >= sizes[some].repeat(each)).any():
            raise ValueError("documents that there are not")
        docs += (sizes.cumsum() - sizes)[some].repeat(each)
        counts = np.concatenate([NO_MATCHES.counts, *(p.counts[w] for p, w in found)])
        return Matches(query.repeat(size), docs, counts)

    @cached_property
    def _together(self) -> list[Postings | _Run]:
        return [_Run(some) if len(some) > 1 else some[0] for some in _runs(self._parts)]


class _Run:
    """Postings of a few shards as those of one."""

    def __init__(self, parts: Sequence[Postings]) -> None:
        self.shards = len(parts)
        size = 1 << sum(len(p.terms) for p in parts).bit_length()
        self._last = np.uint64(size - 1)
        self._having = np.zeros(size, np.uint64)  # by a term's last bits: the shards that have one with these
        terms, starts, docs, first, begin = [], [], [], 0, 0
        for n, p in enumerate(parts):
            if not p.sound():
                raise ValueError("documents that there are not")
            self._having[p.terms & self._last] |= np.uint64(1 << n)
            terms.append(p.terms & _TERM)
            starts.append(p.starts[:-1].astype(np.uint32))
            docs.append(p.docs.astype(np.uint32))
            terms[-1] |= np.uint64(n << BITS)
            starts[-1] += np.uint32(begin)
            docs[-1] += np.uint32(first)
            first, begin = first + len(p.lengths), begin + len(p.docs)
        starts.append(np.array([begin], np.uint32))
        counts, lengths = ([getattr(p, name) for p in parts] for name in ("counts", "lengths"))
        self._postings = Postings(*(np.concatenate(a) for a in (terms, starts, docs, counts, lengths)))
        self.lengths: NDArray[np.uint32] = self._postings.lengths

    def match(self, keys: Hashes) -> Matches:
        """As `Joined.match`."""
        shards = self._having[keys & self._last].view(np.uint8).reshape(len(keys), 8)
        shard, key = np.unpackbits(shards, axis=1, bitorder="little")[:, : self.shards].T.nonzero()
        found = self._postings.match(keys[key] | shard.astype(np.uint64) << np.uint64(BITS))
        query: Ints = key[found.query]
        return found._replace(query=query)


def _runs(parts: Sequence[Postings]) -> Iterator[list[Postings]]:
    """Neighbours that are copied into one, and others by themselves: the smallest are copied, where most is saved."""
    sizes = np.array([len(p.docs) for p in parts], np.int64)
    order = np.argsort(sizes, kind="stable")
    copied = np.zeros(len(parts), np.bool_)
    copied[order] = np.cumsum(sizes[order]) <= MOST
    run: list[Postings] = []
    for p, small in zip(parts, copied.tolist(), strict=True):
        if run and (not small or len(run) == TOGETHER):
            yield run
            run = []
        if small:
            run.append(p)
        else:
            yield [p]
    if run:
        yield run
