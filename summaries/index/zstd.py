"""Zstandard for whoever keeps pieces small; its codecs are not safe to share between threads."""

from __future__ import annotations

import threading

import zstandard

__all__ = ["ZstdError", "compress", "decompress"]

MOST = 256 << 20  # bytes of one piece: a pack holds a file of 100 MB at the very most, with its facts

ZstdError = zstandard.ZstdError


class _Own(threading.local):
    """A compressor and a decompressor, one for each thread."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor()


_own = _Own()


def compress(data: bytes, level: int) -> bytes:
    """Compress one piece, with a compressor of this thread."""
    found = _own.compressors.get(level)
    if found is None:
        found = _own.compressors[level] = zstandard.ZstdCompressor(level=level)
    return found.compress(data)


def decompress(data: bytes, size: int | None = None) -> bytes:
    """A piece as it was. Raises ZstdError where it is damaged, too large, or not of the size that it should have.

    What a piece says of its own size is asked before anything is made of it: a published index is a stranger's.
    """
    try:
        said = zstandard.frame_content_size(data)
    except ValueError as e:
        raise ZstdError(str(e)) from e
    if said < 0 or said > MOST:
        raise ZstdError(f"more than {MOST >> 20} MiB, or of no known size")
    if size is not None and said != size:
        raise ZstdError("not of the size expected")
    return _own.decompressor.decompress(data)
