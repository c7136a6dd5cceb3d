"""The routing map: what every repository's words are, in one small file, to choose which shards to open at all.

For each term of a repository one byte says how strongly its best file speaks of it. That is a repository's upper
bound for a query, as dynamic pruning keeps it for blocks of postings (Ding & Suel, SIGIR 2011), and it selects
shards better than CORI and ReDDE do; Taily is as good from eight repositories up (docs/scale.md).

    DIR/map-N.safetensors    a segment: terms × repositories. A repository counts in the newest segment that
                             holds its published generation; one that no segment holds must be opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from summaries import arrays
from summaries.errors import IndexDamaged
from summaries.postings import Floats
from summaries.words import Hashes

PATTERN = "map-*.safetensors"
STEPS = 100.0  # of a weight's byte to 1
FIELDS = {"units": 0, "messages": 1, "marks": 2, "names": 3}

_SALTS = np.array([0, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


class Listed(Struct, frozen=True, array_like=True):
    """A repository of a segment and the generation that was read."""

    name: str
    generation: int


def salted(field: str, keys: Hashes) -> Hashes:
    """Term keys of a field as the map has them: fields share one sorted column."""
    mixed: Hashes = keys ^ _SALTS[FIELDS[field]]
    return mixed


class Segment:
    """Terms × some repositories, mapped."""

    def __init__(self, path: Path) -> None:
        """Raises IndexDamaged."""
        data = arrays.Arrays(path)
        self.path = path
        self.keys: Hashes = data["keys"]
        self.starts: NDArray[Any] = data["starts"]
        self.repos: NDArray[Any] = data["repos"]
        self.weights: NDArray[np.uint8] = data["weights"]
        try:
            self.listed = msgspec.json.decode(data.meta["repos"], type=list[Listed])
        except (KeyError, msgspec.MsgspecError) as e:
            raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas index`") from e

    def entries(self) -> tuple[Hashes, NDArray[Any], NDArray[np.uint8]]:
        """Key, repository and weight of every entry."""
        return np.repeat(self.keys, np.diff(self.starts)), self.repos, self.weights

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """(position of the key asked, repository, weight) of all entries of some keys."""
        if not len(self.keys) or not len(keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
        at = self.keys.searchsorted(keys)
        at[at == len(self.keys)] = 0
        known = (self.keys[at] == keys).nonzero()[0]
        begin = self.starts[at[known]].astype(np.int64)
        size = self.starts[at[known] + 1].astype(np.int64) - begin
        ends = size.cumsum()
        where = np.arange(ends[-1] if len(ends) else 0) + (begin - (ends - size)).repeat(size)
        weights = self.weights[where].astype(np.float32) / np.float32(STEPS)
        return known.repeat(size), self.repos[where].astype(np.int64), weights


class RoutingMap:
    """All segments of an index, with the repositories that they still speak for."""

    def __init__(self, root: Path, generations: Mapping[str, int]) -> None:
        """`generations` are those published now. Segments that cannot be read count as missing."""
        self.names: list[str] = []
        self.parts: list[
            tuple[Segment, NDArray[np.int64]]
        ] = []  # number of each of its repositories here, or -1
        seen: set[str] = set()
        for path in sorted(root.glob(PATTERN), key=number, reverse=True):
            try:
                segment = Segment(path)
            except IndexDamaged:
                continue
            at = np.full(len(segment.listed), -1, np.int64)
            for n, one in enumerate(segment.listed):
                if one.name not in seen and generations.get(one.name) == one.generation:
                    seen.add(one.name)
                    at[n] = len(self.names)
                    self.names.append(one.name)
            if (at >= 0).any():
                self.parts.append((segment, at))

    def find(self, field: str, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """(position of the key asked, repository by `names`, weight 0-2.55) of all entries of a field's terms."""
        asked = salted(field, keys)
        found = []
        for segment, at in self.parts:
            query, repo, weight = segment.find(asked)
            repo = at[repo]
            on = repo >= 0
            found.append((query[on], repo[on], weight[on]))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
        query, repo, weight = (np.concatenate([f[k] for f in found]) for k in range(3))
        return query, repo, weight


def number(path: Path) -> int:
    """Number of a segment's file."""
    digits = path.stem.partition("-")[2]
    return int(digits) if digits.isdecimal() else -1


def write(path: Path, keys: Hashes, repos: Any, weights: Any, listed: Sequence[Listed]) -> None:
    """Write a segment from entries in any order."""
    order = np.argsort(keys, kind="stable")
    keys, repos, weights = keys[order], repos[order], weights[order]
    terms, at = np.unique(keys, return_index=True)
    found = {
        "keys": terms,
        "starts": np.append(at, len(keys)).astype(np.uint32 if len(keys) < 1 << 32 else np.uint64),
        "repos": repos.astype(np.uint16 if len(listed) < 1 << 16 else np.uint32),
        "weights": weights.astype(np.uint8),
    }
    arrays.write(path, found, {"repos": msgspec.json.encode(listed).decode()})
