"""Keep the routing map in step with the index: changed repositories in a segment of their own, now and then one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import Arrays
from summaries.postings import Mask, Matches, Postings
from summaries.routing import PATTERN, STEPS, Listed, RoutingMap, number, salted, write
from summaries.shard import Shard, View
from summaries.state import RepoState
from summaries.words import Hashes

LEAST = 64  # repositories; fewer are all searched, and need no map
SEGMENTS = 6  # at most
K1, B, LENGTH = (
    1.2,
    0.75,
    300.0,
)  # of BM25, with a fixed mean length, so that no repository depends on another

Held = Callable[[str, str], Path]  # (repository, file name): where the file is
Entries = tuple[NDArray[np.uint64], NDArray[np.uint8]]


def update(root: Path, repos: Mapping[str, RepoState], held: Held) -> int:
    """Map what is not mapped yet; how many repositories that were. The caller holds the write lock."""
    now = {n: s.generation for n, s in repos.items()}
    old = sorted(root.glob(PATTERN), key=number)
    if len(now) < LEAST:
        for path in old:
            path.unlink()
        return 0
    have = RoutingMap(root, now)
    behind = sorted(now.keys() - set(have.names))
    if not behind and len(old) <= SEGMENTS and 2 * len(have.names) >= _listed(have):
        return 0
    path = root / f"map-{number(old[-1]) + 1 if old else 1}.safetensors"
    if len(old) < SEGMENTS and len(behind) * 4 <= len(now) and have.names:
        _write(path, repos, held, behind, ())
        return len(behind)
    _write(path, repos, held, behind, [have])
    for gone in old:
        gone.unlink()
    return len(behind)


def _listed(have: RoutingMap) -> int:
    return sum(len(at) for _, at in have.parts)


def _write(
    path: Path,
    states: Mapping[str, RepoState],
    held: Held,
    names: Sequence[str],
    kept: Iterable[RoutingMap],
) -> None:
    keys, repos, weights = [], [], []
    listed: list[Listed] = []
    for one in kept:
        listed += [Listed(n, states[n].generation) for n in one.names]
        for segment, at in one.parts:
            key, repo, weight = segment.entries()
            now = at[repo.astype(np.int64)]
            keys.append(key[now >= 0])
            repos.append(now[now >= 0])
            weights.append(weight[now >= 0])
    for name in names:
        key, weight = _entries(states[name], held)
        keys.append(key)
        repos.append(np.full(len(key), len(listed), np.int64))
        weights.append(weight)
        listed.append(Listed(name, states[name].generation))
    write(path, np.concatenate(keys), np.concatenate(repos), np.concatenate(weights), listed)


def _entries(state: RepoState, held: Held) -> Entries:
    """Entries of a repository: those published with it, or else taken from its shard."""
    if not state.words:
        return entries(Shard(held(state.name, state.shard)))
    data = Arrays(held(state.name, state.words))
    return data["keys"], data["weights"]


def entries(shard: Shard, view: View | None = None) -> Entries:
    """All terms of a repository, or of one snapshot, and what its best file or commit could say of each."""
    units, peaks = _peaks(shard, view.unit_mask if view else None)
    messages, said = _often(shard, view.commit_mask if view else None)
    keys, weights = [salted("units", units), salted("messages", messages)], [_bytes(peaks), _bytes(said)]
    for field, mask in (
        ("marks", view.blob_mask if view else None),
        ("names", view.path_mask if view else None),
    ):
        terms = _held(getattr(shard, field), mask)
        keys.append(salted(field, terms))
        weights.append(np.full(len(terms), round(STEPS), np.uint8))
    return np.concatenate(keys), np.concatenate(weights)


def _bytes(weights: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.rint(weights * STEPS), 1, 255).astype(np.uint8)


def _matches(postings: Postings, mask: Mask | None) -> Matches:
    """All postings, or those of some documents."""
    terms = np.repeat(np.arange(len(postings.terms)), np.diff(postings.starts))
    every = Matches(terms, postings.docs.astype(np.int64), postings.counts.astype(np.float32))
    return every if mask is None else every.keep(mask)


def _held(postings: Postings, mask: Mask | None) -> Hashes:
    found: Hashes = postings.terms[np.unique(_matches(postings, mask).query)]
    return found


def _often(shard: Shard, mask: Mask | None) -> tuple[Hashes, NDArray[np.float64]]:
    """Words of commits, and in how many of them each stands: 0 to 1, by logarithms."""
    found = _matches(shard.messages, mask)
    often = found.frequencies(len(shard.messages.terms))
    on = often > 0
    size = len(shard.messages.lengths) if mask is None else int(mask.sum())
    return shard.messages.terms[on], np.log1p(often[on]) / np.log1p(max(size, 1))


def _peaks(shard: Shard, mask: Mask | None) -> tuple[Hashes, NDArray[np.float64]]:
    """Words of files, and the highest saturated frequency of each in any of them: 0 to 1 + K1."""
    files = _matches(shard.units, mask).grouped(shard.unit_blobs)
    lengths = np.bincount(shard.unit_blobs, weights=shard.units.lengths, minlength=len(shard.blobs))
    part = files.counts * (K1 + 1) / (files.counts + K1 * (1 - B + B * lengths[files.docs] / LENGTH))
    peaks = np.zeros(len(shard.units.terms))
    np.maximum.at(peaks, files.query, part)
    on = peaks > 0
    return shard.units.terms[on], peaks[on]
