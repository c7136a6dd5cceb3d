"""Vectors in one mapped file a collection, searched one by one: exact, and a millisecond for thousands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from summaries.errors import IndexDamaged
from summaries.index import arrays
from summaries.index.arrays import Strings
from summaries.products import product
from summaries.protocols import Match, Node, Vector, Vectors


class _Collection(Struct, frozen=True):
    """A collection as read from its file."""

    ids: list[str]
    hashes: list[str]
    rows: Vectors


class Exact:
    """Files DIR/exact/COLLECTION.safetensors, each replaced in one piece."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "exact"

    def replace(
        self,
        collection: str,
        nodes: Sequence[Node],
        embed: Callable[[Sequence[str]], Vectors],
        repos: Collection[str] = (),
    ) -> int:
        """Make a collection hold these nodes, and of other repositories what it has where `repos` are given.

        Unchanged ones are not embedded again.
        """
        path = self._path(collection)
        try:
            old = _read(path)
        except IndexDamaged:
            old = None  # not there, or unreadable: written anew
        have = dict(zip(old.hashes, old.rows, strict=True)) if old else {}
        stays = list(zip(old.ids, old.hashes, strict=True)) if old and repos else []
        stays = [(i, h) for i, h in stays if i.partition("//")[0] not in repos]
        fresh = [n for n in nodes if n.hash not in have]
        want = stays + [(n.id, n.hash) for n in nodes]
        if not want:
            path.unlink(missing_ok=True)
            return 0
        ids, hashes = [i for i, _ in want], [h for _, h in want]
        if old and (ids, hashes) == (old.ids, old.hashes):
            return 0
        if fresh:
            made = embed([n.words for n in fresh])
            have |= {n.hash: row for n, row in zip(fresh, made, strict=True)}
        rows = np.stack([have[h] for h in hashes]).astype(np.float32)
        self._folder.mkdir(exist_ok=True)
        data = {"rows": rows, **_column("ids", ids), **_column("hashes", hashes)}
        arrays.write(path, data, {"collection": collection})
        return len(fresh)

    def query(self, collections: Sequence[str], vector: Vector, limit: int) -> list[Match]:
        """The nearest nodes of the collections together, best first. Raises IndexDamaged."""
        found: list[Match] = []
        for name in collections:
            if self._path(name).exists():
                held = _read(self._path(name))
                scores = product(held.rows, vector)
                best = np.argsort(-scores, kind="stable")[:limit]
                found += [Match(name, held.ids[i], float(scores[i])) for i in best]
        return sorted(found, key=lambda m: (-m.score, m.collection, m.id))[:limit]

    def counts(self) -> Mapping[str, int]:
        """Every collection, and how many nodes it holds. Raises IndexDamaged."""
        return {p.stem: len(_read(p).ids) for p in sorted(self._folder.glob("*.safetensors"))}

    def close(self) -> None:
        """Files are mapped only while they are read."""

    def _path(self, collection: str) -> Path:
        return self._folder / f"{collection}.safetensors"


def _column(name: str, texts: Sequence[str]) -> dict[str, arrays.Array]:
    ends, data = Strings.pack(texts)
    return {f"{name}.ends": ends, f"{name}.bytes": data}


def _read(path: Path) -> _Collection:
    """Read a collection. Raises IndexDamaged."""
    data = arrays.Arrays(path)
    try:
        ids, hashes = (Strings(data[f"{n}.ends"], data[f"{n}.bytes"]).all() for n in ("ids", "hashes"))
        return _Collection(ids, hashes, data["rows"])
    except (KeyError, ValueError) as e:
        raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`") from e
