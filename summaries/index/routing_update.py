"""Keep the routing map in step with the index: changed repositories in a segment of their own, now and then all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.errors import IndexDamaged
from summaries.index.arrays import Arrays
from summaries.index.manifest import RepoState
from summaries.index.parameters import TEXT
from summaries.index.postings import Ints, Mask, Matches, Postings
from summaries.index.routing_map import (
    ASTRAY,
    MOST_ROWS,
    PATTERN,
    STEPS,
    Entries,
    MappedRepository,
    RoutingMap,
    number,
    salted,
    vector,
    write,
)
from summaries.index.shard import Shard, View
from summaries.words import Hashes

LEAST = 64  # repositories; fewer are all searched, and need no map
SEGMENTS = 6  # at most, and one more for each
ROWS = 250_000  # rows: so many are sorted at a time, which bounds the memory
K1, B = TEXT
LENGTH = 300.0  # mean length, fixed, so that no repository depends on another

PathOf = Callable[[str, str], Path]  # (repository, file name): where the file is


def update(root: Path, repos: Mapping[str, RepoState], path_of: PathOf) -> int:
    """Map what is not mapped yet; how many repositories that were. The caller holds the write lock."""
    now = {n: s.generation for n, s in repos.items()}
    old = sorted(root.glob(PATTERN), key=number)
    if len(now) < LEAST:
        for path in old:
            path.unlink()
        return 0
    have = RoutingMap(root, now)
    behind = sorted(now.keys() - set(have.names))
    most = SEGMENTS + have.rows // ROWS
    if not behind and len(old) <= most and 2 * len(have.names) >= len(have.listed):
        return 0
    if broken := [s.path for s in have.segments if not s.sound()]:
        for path in broken:
            path.unlink()
        return update(root, repos, path_of)
    fresh = number(old[-1]) + 1 if old else 1
    if len(old) < most and len(behind) * 4 <= len(now) and have.names:
        _write(root / f"map-{fresh}.safetensors", repos, behind, None, path_of)
        return len(behind)
    for n, names in enumerate(_pieces(have, behind)):
        _write(root / f"map-{fresh + n}.safetensors", repos, names, have if have.names else None, path_of)
    for gone in old:
        gone.unlink()
    return len(behind)


def _pieces(have: RoutingMap, behind: Sequence[str]) -> Iterator[list[str]]:
    """All repositories, in pieces that are sorted one after the other; of a new one a mean size is guessed."""
    mean = have.rows // len(have.names) if have.names else 100
    piece: list[str] = []
    rows = 0
    for name in (*have.names, *behind):
        piece.append(name)
        rows += have.size_of.get(name, mean)
        if rows > ROWS:
            yield piece
            piece, rows = [], 0
    if piece:
        yield piece


def _write(
    path: Path,
    states: Mapping[str, RepoState],
    names: Sequence[str],
    have: RoutingMap | None,
    path_of: PathOf,
) -> None:
    """Write a segment of some repositories; what another map has of them is taken from there."""
    listed: list[MappedRepository] = []
    parts: list[Entries] = []
    size = 0
    known = {n: i for i, n in enumerate(have.names)} if have else {}
    first = np.full(len(known), -1, np.int64)  # row of each known repository in the new segment
    for name in names:
        if have and name in known:
            first[known[name]] = size
            rows = have.size_of[name]
        else:
            try:
                found = _entries(states[name], path_of)
            except IndexDamaged:  # `doctor` names it; what the map does not know is searched
                continue
            parts.append(found._replace(rows=found.rows + np.uint32(size)))
            rows = found.size
        listed.append(MappedRepository(name, states[name].generation, rows))
        size += rows
    if not listed:
        return
    if have:
        parts += _moved(have, first)
    keys, rows_, weights = (np.concatenate([p[k] for p in parts]) for k in range(3))
    write(path, keys, rows_, weights, listed)


def _moved(have: RoutingMap, first: NDArray[np.int64]) -> Iterator[Entries]:
    """Entries of those repositories that get a row in a new segment, which `first` says (or -1)."""
    base = 0
    start = have.starts[:-1]
    where = np.repeat(np.where(have.listed >= 0, first[have.listed], -1), have.sizes)
    place = where + np.arange(len(where)) - np.repeat(start, have.sizes)
    for segment in have.segments:
        rows = segment.rows.astype(np.int64) + base
        on = where[rows] >= 0
        keys = np.repeat(segment.keys, np.diff(segment.starts))
        yield Entries(keys[on], place[rows[on]].astype(np.uint32), segment.weights[on], 0)
        base += segment.size


def _entries(state: RepoState, path_of: PathOf) -> Entries:
    """Entries of a repository: those published with it, or else taken from its shard."""
    if state.words:
        data = Arrays(path_of(state.name, state.words))
        if "rows" in data:  # as published by this version
            return _published(data)
    return entries(Shard(path_of(state.name, state.shard)))


def _published(data: Arrays) -> Entries:
    """What somebody else worked out. Raises IndexDamaged where it cannot be."""
    keys = vector(data, "keys", "u8")
    rows, weights = vector(data, "rows", "u4", len(keys)), vector(data, "weights", "u1", len(keys))
    said = data.meta.get("size", "")
    size = int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0
    if not 1 <= size <= MOST_ROWS or (len(rows) and rows.max() >= size):
        raise data.damage("rows", ASTRAY)
    return Entries(keys, rows, weights, size)


def entries(shard: Shard, view: View | None = None) -> Entries:
    """What a repository's files say, or those of one snapshot, and what its commits, marks and paths do."""
    size = max(1, len(shard.blobs))
    terms, rows, peaks = _saturated(shard, view.unit_mask if view else None)
    messages, often = _often(shard, view.commit_mask if view else None)
    keys = [salted("units", shard.units.terms[terms]), salted("messages", messages)]
    weights = [_bytes(peaks), _bytes(often)]
    for field, mask in (
        ("marks", view.blob_mask if view else None),
        ("names", view.path_mask if view else None),
    ):
        found = _terms_in(getattr(shard, field), mask)
        keys.append(salted(field, found))
        weights.append(np.full(len(found), round(STEPS), np.uint8))
    every = np.concatenate(keys)
    at = np.zeros(len(every), np.uint32)
    at[: len(rows)] = rows
    return Entries(every, at, np.concatenate(weights), size)


def _bytes(weights: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.rint(weights * STEPS), 1, 255).astype(np.uint8)


def _matches(postings: Postings, mask: Mask | None) -> Matches:
    """All postings, or those of some documents."""
    terms = np.repeat(np.arange(len(postings.terms)), np.diff(postings.starts))
    every = Matches(terms, postings.docs.astype(np.int64), postings.counts.astype(np.float32))
    return every if mask is None else every.keep(mask)


def _terms_in(postings: Postings, mask: Mask | None) -> Hashes:
    found: Hashes = postings.terms[np.unique(_matches(postings, mask).query)]
    return found


def _often(shard: Shard, mask: Mask | None) -> tuple[Hashes, NDArray[np.float64]]:
    """Words of commits, and in how many of them each stands: 0 to 1, by logarithms."""
    found = _matches(shard.messages, mask)
    often = found.frequencies(len(shard.messages.terms))
    on = often > 0
    size = len(shard.messages.lengths) if mask is None else int(mask.sum())
    return shard.messages.terms[on], np.log1p(often[on]) / np.log1p(max(size, 1))


def _saturated(shard: Shard, mask: Mask | None) -> tuple[Ints, Ints, NDArray[np.floating]]:
    """Position of a word, row of a file, and the word's saturated frequency in it, 0 to 1 + K1."""
    files = _matches(shard.units, mask).grouped(shard.unit_blobs)
    lengths = np.bincount(shard.unit_blobs, weights=shard.units.lengths, minlength=len(shard.blobs))
    part = files.counts * (K1 + 1) / (files.counts + K1 * (1 - B + B * lengths[files.docs] / LENGTH))
    return files.query, files.docs, part
