"""Term counts of many parts of one text at once: `words.count`, vectorised over the lines of a file.

A *chunk* is a run of characters that tokens are made of, so no token crosses its ends. Chunks repeat: what terms
one holds is found out once a process; after that a text costs one split, one look-up a chunk and one sort.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries import words

_LINE, _SPACE = b"\x01", b" "
_TABLE = bytes(
    c if c > 127 or chr(c).isalnum() or chr(c) in "_$." else _LINE[0] if c == 10 else _SPACE[0]
    for c in range(256)
)
MOST = 4_000_000  # terms of all chunks known at a time, about 200 MB
MOST_BYTES = 64 << 20  # of these chunks: one may be a line of a megabyte

Tally = tuple[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int32]]  # part, term key, count


class _Column:
    """Numbers that become more. Unlike an `array`, it may grow while somebody still looks at it."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._kept = np.zeros(1 << 12, kind)
        self.size = 0  # of those taken over
        self.fresh: list[int] = []  # the newest, for `all` to take over: a list grows ten times as fast

    def all(self) -> NDArray[Any]:
        if self.fresh:
            size = self.size + len(self.fresh)
            if size > len(self._kept):
                self._kept = np.append(self._kept[: self.size], np.zeros(size, self._kept.dtype))
            self._kept[self.size : size] = self.fresh
            self.size, self.fresh = size, []
        return self._kept[: self.size]


class _Chunks(dict[bytes, int]):
    """Numbers of chunks, and the terms of each number. The end of a line is chunk 0, which has none."""

    def __init__(self) -> None:
        super().__init__({_LINE: 0})
        self.size = 0  # terms of all chunks
        self.weight = 0  # bytes of all chunks
        self.ends = _Column(np.int64)  # where the terms of each chunk end in `terms`
        self.ends.fresh.append(0)
        self.terms = _Column(np.int32)  # positions in `hashes`
        self.hashes = _Column(np.uint64)
        self._fresh: list[bytes] = []  # numbered, their terms not yet known
        self._known: dict[int, int] = {}  # by key
        self._terms: dict[str, int] = {}  # the same by term: it has its key found out once

    def __missing__(self, chunk: bytes) -> int:
        self._fresh.append(chunk)
        number = self[chunk] = len(self)
        return number

    def numbers(self, chunks: Sequence[bytes]) -> NDArray[np.int64]:
        """The number of each chunk. Terms of those that are new are found out together, by one search for tokens."""
        found = np.fromiter(map(self.__getitem__, chunks), np.int64, len(chunks))
        if self._fresh:
            self._learn(str(b"\n".join(self._fresh), "utf-8", "surrogatepass").split("\n"))
            self.weight += sum(map(len, self._fresh))
            self._fresh = []
        return found

    def _learn(self, chunks: Sequence[str]) -> None:
        known, found, ends = self._terms, self.terms.fresh, self.ends.fresh
        before = self.size - len(found)
        for word in words.token_rows(chunks):
            if word == "\n":
                ends.append(before + len(found))
                continue
            for term in words.terms_of(word):
                number = known.get(term)
                found.append(self._new(term) if number is None else number)
        self.size = before + len(found)

    def _new(self, term: str) -> int:
        key = words.key(term)
        number = self._known.setdefault(key, len(self._known))
        if number == len(self.hashes.fresh) + self.hashes.size:
            self.hashes.fresh.append(key)
        self._terms[term] = number
        return number


class _Own(threading.local):
    """Known chunks of text, kept by each thread for itself."""

    def __init__(self) -> None:
        self.chunks = _Chunks()


_own = _Own()


def tally(text: str, parts: NDArray[np.int32]) -> Tally:
    """Terms of each part of a text and how often they occur there, ordered by part.

    `parts` says for every line to which part it belongs: int32 (lines,).
    """
    if _own.chunks.size > MOST or _own.chunks.weight > MOST_BYTES:
        _own.chunks = _Chunks()
    known = _own.chunks
    data = text.encode("utf-8", "surrogatepass").translate(_TABLE)
    try:
        chunk = known.numbers(data.replace(_LINE, _SPACE + _LINE + _SPACE).split())
    except BaseException:  # an interrupt leaves numbers without terms
        _own.chunks = _Chunks()
        raise
    ends = known.ends.all()
    terms = known.terms.all()
    keys = known.hashes.all()
    first = ends[np.maximum(chunk - 1, 0)]
    size = ends[chunk] - first
    last = np.cumsum(size)
    where = np.arange(size.sum()) + np.repeat(first - (last - size), size)
    part = np.repeat(parts[np.cumsum(chunk == 0)].astype(np.int64), size)
    cells, counts = np.unique(part << 32 | terms[where], return_counts=True)
    return (cells >> 32).astype(np.int32), keys[cells & 0xFFFFFFFF], counts.astype(np.int32)
