"""Repositories that those which a report names use, directly or through others: who calls shows whose fault it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from summaries.index.postings import Floats
from summaries.system import System, Use, Walk

HOW = {"http": "calls over HTTP", "topic": "sends messages", "import": "builds on", "host": "connects to"}

Walks = Mapping[str, tuple[Walk, ...]]


def reached(named: Floats, repos: Sequence[str], walks: Walks) -> Floats:
    """How much walks from the repositories named come to each other one, 0-1: float32 (repositories,).

    `named` is how plainly the report names each.
    """
    number = {name: n for n, name in enumerate(repos)}
    out = np.zeros(len(repos), np.float32)
    for start in np.flatnonzero(named).tolist():
        for walk in walks.get(repos[start], ()):
            end = number.get(walk.path[-1])
            if end is not None and not named[end]:
                out[end] += named[start] * walk.share
    top = float(out.max()) if len(out) else 0.0
    return (out / top).astype(np.float32) if top > 0 else out


def paths(named: Floats, repos: Sequence[str], system: System, visible: Collection[str]) -> dict[str, str]:
    """The likeliest way to each repository that isn't named: 'orders → payments: calls over HTTP (POST /charges)'.

    Only ways over repositories that may be seen.
    """
    best: dict[str, tuple[float, tuple[str, ...]]] = {}
    for start in np.flatnonzero(named).tolist():
        for walk in system.walks.get(repos[start], ()):
            if all(p in visible for p in walk.path):
                known = best.get(walk.path[-1], (0.0, ()))
                best[walk.path[-1]] = max(known, (float(named[start]) * walk.share, walk.path))
    starts = {repos[n] for n in np.flatnonzero(named).tolist()}
    uses = _strongest(system.uses)
    return {end: _way(path, uses) for end, (_, path) in best.items() if end not in starts}


def _strongest(uses: Sequence[Use]) -> dict[tuple[str, str], Use]:
    """Of each pair the use that most routes, topics or modules make."""
    return {(u.source, u.target): u for u in sorted(uses, key=lambda u: u.sites)}


def _way(path: Sequence[str], uses: Mapping[tuple[str, str], Use]) -> str:
    return " → ".join(p.rpartition("/")[2] for p in path) + "".join(_how(path, uses))


def _how(path: Sequence[str], uses: Mapping[tuple[str, str], Use]) -> Iterator[str]:
    for n, pair in enumerate(pairwise(path)):
        if use := uses.get(pair):
            detail = f" ({use.detail})" if use.detail and len(path) == 2 else ""
            yield f"{', ' if n else ': '}{HOW.get(use.kind, use.kind)}{detail}"
