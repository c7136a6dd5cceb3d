"""Which repositories to open at all, where there are too many to search each: asked of the routing map alone.

Up to ALL repositories everything is searched. Above it the MOST likeliest are, and those that the map does not
know yet. What is left out was measured (docs/scale.md): the map keeps the repository that holds the bug.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from locator.placement import Placement
from locator.query import Query
from locator.route import named
from locator.voters.exact import mentioned
from locator.voters.frames import suffixes_of
from summaries.errors import IndexDamaged
from summaries.index.index import Index
from summaries.index.postings import Floats, idf, weighted
from summaries.index.routing_map import RoutingMap
from summaries.words import hashes

# Repositories that are searched without asking. The map begins to pay at some 75 of usual size, at 150 small ones.
ALL = 64
MOST = 48
MOST_ENTRIES = 2_000_000  # of the map that are read for a report; its most telling words come first
WEIGHTS = {"units": 3.0, "messages": 0.5, "marks": 1.0, "paths": 1.0, "name": 1.0}


def likeliest(index: Index, query: Query, names: Sequence[str]) -> list[str]:
    """The repositories worth opening for a question: all of a few, the likeliest of many."""
    if len(names) <= ALL:
        return list(names)
    aliases = {n: s.aliases for n, s in index.repos.items()}
    try:
        return shortlist(index.routing, query, names, aliases, MOST)
    except IndexDamaged:  # as without a map
        return list(names)


def shortlist(
    routing: RoutingMap,
    query: Query,
    names: Sequence[str],
    aliases: Mapping[str, tuple[str, ...]],
    most: int,
) -> list[str]:
    """The likeliest of some repositories, in their order, with all that the map does not hold."""
    at = {n: i for i, n in enumerate(routing.names)}
    asked = np.array([at[n] for n in names if n in at], np.int64)
    if len(asked) <= most:
        return list(names)
    score = scores(routing, query, aliases)
    kept = set(asked[np.argsort(-score[asked], kind="stable")[:most]].tolist())
    return [n for n in names if n not in at or at[n] in kept]


def scores(routing: RoutingMap, query: Query, aliases: Mapping[str, tuple[str, ...]]) -> Floats:
    """How likely each repository of the map holds what the query asks for."""
    parts = features(routing, query, aliases)
    total = np.zeros(len(routing.names), np.float32)
    for name, weight in WEIGHTS.items():
        total += _unit(parts[name]) * np.float32(weight)
    return total


def features(routing: RoutingMap, query: Query, aliases: Mapping[str, tuple[str, ...]]) -> dict[str, Floats]:
    """One number a repository by kind of evidence: float32 (repositories of the map,)."""
    size = len(routing.names)
    keys, weights = weighted(query.bag)
    prose = weights * np.array([float(int(k) in query.prose) for k in keys], np.float32)
    marks = np.array([m.key for m in query.marks], np.uint64)
    worth = np.array([m.weight for m in query.marks], np.float32)
    return {
        "units": _files(routing, keys, weights),
        "messages": _words(routing, "messages", keys, prose, size),
        "marks": _rare(routing, "marks", marks, worth, size),
        "paths": np.maximum(
            _paths(routing, query, size),
            _frames(routing, query, Placement({n: aliases.get(n, ()) for n in routing.names}), size),
        ),
        "name": named(query, routing.names, aliases),
    }


def _files(routing: RoutingMap, keys: np.ndarray, weights: Floats) -> Floats:
    """How well the best file of each repository has the report's words, by BM25."""
    spread = routing.spread("units", keys)
    order = np.argsort(-idf(np.minimum(spread, routing.rows), routing.rows) * weights, kind="stable")
    some = order[np.cumsum(spread[order]) <= MOST_ENTRIES]
    at, rows, weight = routing.find("units", keys[some])
    worth = weights[some] * idf(np.bincount(at, minlength=len(some)), routing.rows)
    score = np.bincount(rows, weights=worth[at] * weight, minlength=len(routing.owner))
    return routing.best(score.astype(np.float32))


def _words(routing: RoutingMap, field: str, keys: np.ndarray, weights: Floats, size: int) -> Floats:
    at, rows, weight = routing.find(field, keys)
    spread = np.bincount(at, minlength=len(keys))
    repo = routing.owner[rows]
    return np.bincount(repo, weights=(weights * idf(spread, size))[at] * weight, minlength=size).astype(
        np.float32
    )


def _rare(routing: RoutingMap, field: str, keys: np.ndarray, weights: Floats, size: int) -> Floats:
    at, rows, _ = routing.find(field, keys)
    spread = np.bincount(at, minlength=len(keys))
    repo = routing.owner[rows]
    return np.bincount(repo, weights=(weights / np.maximum(spread, 1))[at], minlength=size).astype(np.float32)


def _paths(routing: RoutingMap, query: Query, size: int) -> Floats:
    """Repositories with a file that the report names: each mention by the longest suffix that any has."""
    wanted = mentioned(query)
    every = sorted({n for m in wanted for n in m.names})
    at, rows, _ = routing.find("names", hashes("p:" + n for n in every))
    spread = np.bincount(at, minlength=len(every))
    place = {n: i for i, n in enumerate(every)}
    worth = np.zeros(len(every), np.float32)
    for m in wanted:
        best = next((place[n] for n in m.names if spread[place[n]]), None)
        if best is not None:
            worth[best] = max(worth[best], m.weight / float(spread[best]))
    return np.bincount(routing.owner[rows], weights=worth[at], minlength=size).astype(np.float32)


def _frames(routing: RoutingMap, query: Query, placement: Placement, size: int) -> Floats:
    """Repositories with a file of a call, the innermost of each trace first; of a library's call, those that own it."""
    calls = query.report.frames
    every = sorted({n for f in calls for n in suffixes_of(f)})
    at, rows, _ = routing.find("names", hashes("p:" + n for n in every))
    repos: dict[str, Counter[int]] = {n: Counter() for n in every}
    for n, r in zip(at.tolist(), routing.owner[rows].tolist(), strict=True):
        repos[every[n]][r] += 1
    out = np.zeros(size, np.float32)
    met: Counter[int] = Counter()
    for f in {(f.path, f.module, f.trace): f for f in calls}.values():
        own = placement.owners(f)
        allowed = [
            {r: n for r, n in repos[s].items() if own is None or routing.names[r] in own}
            for s in suffixes_of(f)
        ]
        best = next(filter(None, allowed), {})
        for r, n in best.items():
            out[r] = max(out[r], n / sum(best.values()) / (1 + met[f.trace]))
        met[f.trace] += bool(best)
    return out


def _unit(values: Floats) -> Floats:
    """Stretched to 0-1; all alike is 0."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    return ((values - low) / (high - low) if high > low else values * 0).astype(np.float32)
