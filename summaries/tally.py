"""Term counts of many parts of one text at once: `words.count`, vectorised over the lines of a file.

A *chunk* is a run of characters that tokens are made of, so no token crosses its ends. Chunks repeat: what terms
one holds is found out once a process; after that a text costs one split, one look-up a chunk and one sort.
"""

from __future__ import annotations

import threading
from array import array

import numpy as np
from numpy.typing import NDArray

from summaries import words

_LINE, _SPACE = b"\x01", b" "
_TABLE = bytes(
    c if c > 127 or chr(c).isalnum() or chr(c) in "_$." else _LINE[0] if c == 10 else _SPACE[0]
    for c in range(256)
)
MOST = 4_000_000  # terms of all chunks known at a time, about 200 MB

Tally = tuple[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int32]]  # part, term key, count


class _Chunks(dict[bytes, int]):
    """Numbers of chunks, and the terms of each number. The end of a line is chunk 0, which has none."""

    def __init__(self) -> None:
        super().__init__({_LINE: 0})
        self.ends = array("q", [0])  # where the terms of each chunk end in `terms`
        self.terms = array("i")  # positions in `hashes`
        self.hashes = array("Q")
        self._known: dict[int, int] = {}

    def __missing__(self, chunk: bytes) -> int:
        for token in words.tokens(chunk.decode("utf-8", "surrogatepass")):
            for key in words.keys_of(token):
                number = self._known.setdefault(key, len(self.hashes))
                if number == len(self.hashes):
                    self.hashes.append(key)
                self.terms.append(number)
        self.ends.append(len(self.terms))
        self[chunk] = len(self.ends) - 1
        return self[chunk]


class _Own(threading.local):
    """Each thread's own: what numpy looks at cannot grow meanwhile."""

    def __init__(self) -> None:
        self.chunks = _Chunks()


_own = _Own()


def tally(text: str, parts: NDArray[np.int32]) -> Tally:
    """Terms of each part of a text and how often they occur there, ordered by part.

    `parts` says for every line to which part it belongs: int32 (lines,).
    """
    if len(_own.chunks.terms) > MOST:
        _own.chunks = _Chunks()
    known = _own.chunks
    data = text.encode("utf-8", "surrogatepass").translate(_TABLE)
    found = data.replace(_LINE, _SPACE + _LINE + _SPACE).split()
    chunk = np.fromiter(map(known.__getitem__, found), np.int64, len(found))
    ends = np.frombuffer(known.ends, np.int64)
    terms = np.frombuffer(known.terms, np.int32)
    keys = np.frombuffer(known.hashes, np.uint64)
    first = ends[np.maximum(chunk - 1, 0)]
    size = ends[chunk] - first
    last = np.cumsum(size)
    where = np.arange(size.sum()) + np.repeat(first - (last - size), size)
    part = np.repeat(parts[np.cumsum(chunk == 0)].astype(np.int64), size)
    cells, counts = np.unique(part << 32 | terms[where], return_counts=True)
    return (cells >> 32).astype(np.int32), keys[cells & 0xFFFFFFFF], counts.astype(np.int32)
