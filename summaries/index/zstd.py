"""Zstandard for whoever keeps pieces small; its codecs are not safe to share between threads."""

from __future__ import annotations

import threading

import zstandard

__all__ = ["ZstdError", "compress", "decompress"]

ZstdError = zstandard.ZstdError


class _Own(threading.local):
    """Each thread's own."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor()


_own = _Own()


def compress(data: bytes, level: int) -> bytes:
    """A piece, compressed."""
    found = _own.compressors.get(level)
    if found is None:
        found = _own.compressors[level] = zstandard.ZstdCompressor(level=level)
    return found.compress(data)


def decompress(data: bytes, size: int | None = None) -> bytes:
    """A piece as it was. Raises ZstdError where it is damaged, or not of the size that it should have."""
    if size is not None and zstandard.frame_content_size(data) != size:
        raise ZstdError("not of the size expected")
    return _own.decompressor.decompress(data)
