"""A file of named numpy arrays in the safetensors format, written in one piece and read by memory map.

Format: huggingface/safetensors (8-byte header length, JSON header, raw little-endian data). The library
writes; we map, because its reader copies and a shard is opened to look at a small part of it. Small arrays of
integers are packed, which makes two fifths of them; large ones are not, so that a large shard is never loaded.
"""

from __future__ import annotations

import errno
import json
import math
import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from summaries.errors import IndexDamaged, IndexError_
from summaries.fs import replacing
from summaries.index.zstd import ZstdError, compress, decompress

Array = NDArray[Any]
_DTYPES: dict[str, Any] = {
    "I8": np.int8, "U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64,
    "I32": np.int32, "I64": np.int64, "F16": np.float16, "F32": np.float32,
}  # fmt: skip
MOST = 1 << 20  # bytes of an array that is packed: to unpack so many takes a millisecond
LEVEL = 3
PACKED = "packed"  # the array that says type and shape of every packed one, as JSON
MOST_ROWS = 1 << 40  # and columns of an array: more than a file holds, less than numpy refuses
# Bytes of all packed arrays of a file: a thousand snapshots of a large repository take half of it. A guess.
MOST_OF_ALL = 1 << 29


def write(path: Path, arrays: Mapping[str, Array], meta: Mapping[str, str] | None = None) -> None:
    """Write all arrays, flush to disk, then rename into place: a reader sees the old file or the new one.

    Raises OSError or IndexError_ where the disk fails.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    packed: dict[str, tuple[str, Sequence[int]]] = {}
    data: dict[str, Array] = {}
    for name, a in arrays.items():
        data[name] = np.ascontiguousarray(a)
        small = _pack(data[name]) if a.dtype.kind in "iu" and a.nbytes <= MOST else b""
        if 0 < len(small) < a.nbytes:
            packed[name] = a.dtype.str, a.shape
            data[name] = np.frombuffer(small, np.uint8)
    data[PACKED] = np.frombuffer(json.dumps(packed).encode(), np.uint8)
    try:
        with replacing(path) as part:
            save_file(data, part, dict(meta or {}))
    except SafetensorError as e:
        raise IndexError_(f"cannot write {path}: {e}", "is the disk full?") from e


def _pack(array: Array) -> bytes:
    """Differences of neighbours, the lowest bytes of all before the next: sorted numbers become mostly zeros."""
    if array.itemsize > 1:
        array = np.diff(array, axis=0, prepend=array.dtype.type(0))
        array = array.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T
    return compress(array.tobytes(), LEVEL)


def _unpack(data: Array, kind: np.dtype[Any], shape: Sequence[int]) -> Array:
    """What `_pack` packed. Raises ZstdError, ValueError."""
    count = math.prod(shape)
    raw = decompress(data.tobytes(), count * kind.itemsize)
    array: Array = np.frombuffer(raw, np.uint8)
    if kind.itemsize > 1:
        array = array.reshape(kind.itemsize, count).T.copy().view(kind).reshape(shape)
        array.cumsum(axis=0, dtype=kind, out=array)
        array.flags.writeable = False
    found: Array = array.view(kind).reshape(shape)
    return found


class _Span(Struct, frozen=True):
    """An array as the header of its file tells of it."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]

    @property
    def kind(self) -> np.dtype[Any]:
        """Raises KeyError for a type that no array of ours has."""
        found: np.dtype[Any] = np.dtype(_DTYPES[self.dtype])
        return found


_header = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_meta = msgspec.json.Decoder(dict[str, str]).decode
_span = msgspec.json.Decoder(_Span).decode
_packed = msgspec.json.Decoder(dict[str, tuple[str, tuple[int, ...]]]).decode


class Arrays:
    """An opened file, mapped if it is large: `a["name"]` is a read-only array that costs nothing until it is read."""

    def __init__(self, path: Path) -> None:
        """Raises IndexDamaged where the file is missing, cut short or not of the format."""
        self.path = path
        try:
            with path.open("rb") as f:
                self.size = os.fstat(f.fileno()).st_size
                # A map keeps a file handle, of which a process may have a thousand.
                self._map = (
                    mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if self.size > MOST else f.read()
                )
            size = int.from_bytes(self._map[:8], "little")
            if size > self.size - 8:
                raise ValueError("cut short")
            header = _header(self._map[8 : 8 + size])
            self.meta = _meta(header.pop("__metadata__", b"{}"))
            self._spans = {name: _span(said) for name, said in header.items()}
            self._base = 8 + size
            for span in self._spans.values():
                start, end = span.data_offsets
                if self._base + end > self.size:
                    raise ValueError("cut short")
                if not 0 <= start <= end or _size(span.kind, span.shape) != end - start:
                    raise ValueError("an array is not of its size")
            said = _packed(self._mapped(PACKED).tobytes())
            self._packed = {name: (np.dtype(kind), shape) for name, (kind, shape) in said.items()}
            sizes = [_size(*packed) for packed in self._packed.values()]
            if max(sizes, default=0) > MOST or sum(sizes) > MOST_OF_ALL:
                raise ValueError("larger than what is packed")
            if any(kind.kind not in "iu" for kind, _ in self._packed.values()):
                raise ValueError("packed, and no integers")
            self._unpacked: dict[str, Array] = {}
        except (OSError, ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError) as e:
            if isinstance(e, OSError) and e.errno in (errno.EMFILE, errno.ENFILE):
                raise IndexError_(
                    f"too many open files: {path}", "raise `ulimit -n`, or lower open_repositories"
                ) from e
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`", path) from e

    def __contains__(self, name: str) -> bool:
        return name in self._spans

    def __getitem__(self, name: str) -> Array:
        """Raises IndexDamaged where there is none of that name, or it cannot be unpacked."""
        kind, shape = self.about(name)
        if name not in self._packed:
            return self._mapped(name)
        if name not in self._unpacked:
            try:
                self._unpacked[name] = _unpack(self._mapped(name), kind, shape)
            except (ZstdError, ValueError) as e:
                raise self.damage(name, str(e)) from e
        return self._unpacked[name]

    def about(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Type and shape of an array, of which nothing is read. Raises IndexDamaged where there is none of that name."""
        if name not in self._spans:
            raise IndexDamaged(f"{self.path} lacks {name}", "run `bugatlas doctor`", self.path)
        return self._packed.get(name) or (self._spans[name].kind, self._spans[name].shape)

    def damage(self, name: str, why: str) -> IndexDamaged:
        """The error of an array that cannot be used."""
        return IndexDamaged(f"cannot read {name} of {self.path}: {why}", "run `bugatlas doctor`", self.path)

    def _mapped(self, name: str) -> Array:
        span = self._spans[name]
        start, end = span.data_offsets
        if start == end:
            return np.zeros(span.shape, span.kind)
        count = (end - start) // span.kind.itemsize
        return np.frombuffer(self._map, span.kind, count, self._base + start).reshape(span.shape)

    def names(self) -> list[str]:
        """Names of the arrays held."""
        return sorted(self._spans.keys() - {PACKED})


def _size(kind: np.dtype[Any], shape: Sequence[int]) -> int:
    """Bytes of an array. Raises ValueError where there can be none of that shape."""
    if min(shape, default=0) < 0 or len(shape) > 2 or max(shape, default=0) > MOST_ROWS:
        raise ValueError("an array of no possible shape")
    return math.prod(shape) * kind.itemsize


class Strings(Sequence[str]):
    """A column of strings in two arrays: UTF-8 bytes end to end, and where each ends."""

    __slots__ = ("_bytes", "_ends")

    def __init__(self, ends: Array, data: Array) -> None:
        self._ends = ends
        self._bytes = data

    @staticmethod
    def pack(texts: Sequence[str]) -> tuple[Array, Array]:
        """The two arrays of a column: ends (n,), bytes uint8 (total,)."""
        raw = [t.encode("utf-8", "replace") for t in texts]
        ends = np.cumsum(np.fromiter((len(r) for r in raw), np.int64, len(raw)), dtype=np.int64)
        return ends.astype(np.min_scalar_type(ends[-1] if len(ends) else 0)), np.frombuffer(
            b"".join(raw), np.uint8
        )

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        if i < 0:
            i += len(self)
        if not 0 <= i < len(self):
            raise IndexError(i)
        start = int(self._ends[i - 1]) if i else 0
        return self._bytes[start : int(self._ends[i])].tobytes().decode("utf-8", "replace")

    def all(self) -> list[str]:
        """Every string, decoded in one pass."""
        data = self._bytes.tobytes()
        ends = self._ends.tolist()
        return [data[a:b].decode("utf-8", "replace") for a, b in zip([0, *ends][:-1], ends, strict=True)]
