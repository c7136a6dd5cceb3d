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

import numpy as np
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
    if not 0 <= count * kind.itemsize <= MOST or min(shape, default=0) < 0 or kind.hasobject:
        raise ValueError("larger than what is packed")
    raw = decompress(data.tobytes(), count * kind.itemsize)
    array: Array = np.frombuffer(raw, np.uint8)
    if kind.itemsize > 1:
        array = array.reshape(kind.itemsize, count).T.copy().view(kind).reshape(shape)
        array.cumsum(axis=0, dtype=kind, out=array)
        array.flags.writeable = False
    found: Array = array.view(kind).reshape(shape)
    return found


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
            header = json.loads(self._map[8 : 8 + size])
            self.meta: dict[str, str] = header.pop("__metadata__", {})
            self._spans = {k: (v["dtype"], v["shape"], v["data_offsets"]) for k, v in header.items()}
            self._base = 8 + size
            for dtype, shape, (start, end) in self._spans.values():
                if self._base + end > self.size:
                    raise ValueError("cut short")
                held = math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize
                if not 0 <= start <= end or held != end - start or min(shape, default=0) < 0:
                    raise ValueError("an array is not of its size")
            said = json.loads(self._mapped(PACKED).tobytes())
            self._packed = {k: (np.dtype(t), s) for k, (t, s) in said.items()}
            self._unpacked: dict[str, Array] = {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as e:
            if isinstance(e, OSError) and e.errno in (errno.EMFILE, errno.ENFILE):
                raise IndexError_(
                    f"too many open files: {path}", "raise `ulimit -n`, or lower open_repositories"
                ) from e
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`", path) from e

    def __contains__(self, name: str) -> bool:
        return name in self._spans

    def __getitem__(self, name: str) -> Array:
        """Raises IndexDamaged where there is none of that name, or it cannot be unpacked."""
        if name not in self._spans:
            raise IndexDamaged(f"{self.path} lacks {name}", "run `bugatlas doctor`", self.path)
        if name not in self._packed:
            return self._mapped(name)
        if name not in self._unpacked:
            try:
                self._unpacked[name] = _unpack(self._mapped(name), *self._packed[name])
            except (ZstdError, ValueError, TypeError, OverflowError) as e:
                raise IndexDamaged(
                    f"cannot read {name} of {self.path}: {e}", "run `bugatlas doctor`", self.path
                ) from e
        return self._unpacked[name]

    def _mapped(self, name: str) -> Array:
        dtype, shape, (start, end) = self._spans[name]
        kind = np.dtype(_DTYPES[dtype])
        if start == end:
            return np.zeros(shape, kind)
        count = (end - start) // kind.itemsize
        return np.frombuffer(self._map, kind, count, self._base + start).reshape(shape)

    def names(self) -> list[str]:
        """Names of the arrays held."""
        return sorted(self._spans.keys() - {PACKED})


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
