"""Walks over the service graph: from a repository that a report names to those that it uses, directly or not.

The share of time that a random walk which keeps returning to its start spends elsewhere is personalised PageRank (Page
et al. 1999; Haveliwala, WWW 2002). It is linear in the start: of several repositories that a report names, the sum of
their walks counts. So one walk for each repository, worked out here, answers every report without the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log1p

import numpy as np

from summaries.system import Use, Walk

RETURNS = 0.15  # of the steps lead back to the start: the literature's usual value
FAR = 3  # uses in a row: a guess
NEAREST = 12  # repositories that are kept of a walk: a guess
CLOSE = 1e-6  # change of a share in one step, in the mean, at which a walk has settled: as NetworkX has it
STEPS = 200  # at most: each makes the change smaller by RETURNS, so half of them always do

Graph = Mapping[str, Mapping[str, float]]


def graph(uses: Sequence[Use]) -> Graph:
    """From who uses to who is used; a link weighs more where more routes, topics or modules make it."""
    out: dict[str, dict[str, float]] = {}
    for u in uses:
        row = out.setdefault(u.source, {})
        out.setdefault(u.target, {})
        row[u.target] = row.get(u.target, 0.0) + log1p(u.sites)
    return out


def walks(uses: Sequence[Use]) -> dict[str, tuple[Walk, ...]]:
    """The walk of each repository that uses another."""
    wired = graph(uses)
    out: dict[str, tuple[Walk, ...]] = {}
    for source in sorted(n for n, used in wired.items() if used):
        paths = _paths(wired, source)
        shares = _shares(wired, list(paths))
        found = [
            Walk(round(shares[n], 4), path)
            for n, path in paths.items()
            if n != source and len(path) <= FAR + 1
        ]
        out[source] = tuple(sorted(found, key=lambda w: (-w.share, w.path))[:NEAREST])
    return out


def _paths(wired: Graph, source: str) -> dict[str, tuple[str, ...]]:
    """The shortest way to every repository that can be reached, the source's first; nearer ones first."""
    paths: dict[str, tuple[str, ...]] = {source: (source,)}
    for name in (waiting := [source]):
        for used in wired[name]:
            if used not in paths:
                paths[used] = (*paths[name], used)
                waiting.append(used)
    return paths


def _shares(wired: Graph, names: Sequence[str]) -> dict[str, float]:
    """Of each repository the share of time that a walk from the first one spends there: personalised PageRank.

    `names` are all that it can reach. Where a repository uses none, the walk returns.
    """
    at = {n: i for i, n in enumerate(names)}
    links = [(at[n], at[used], w / sum(wired[n].values())) for n in names for used, w in wired[n].items()]
    sources, targets = (np.array([link[k] for link in links], np.int64) for k in range(2))
    weights = np.array([w for _, _, w in links])
    ends = np.array([not wired[n] for n in names])
    shares = np.full(len(names), 1 / len(names))
    for _ in range(STEPS):
        before = shares
        shares = (1 - RETURNS) * np.bincount(targets, before[sources] * weights, len(names))
        shares[0] += (1 - RETURNS) * before[ends].sum() + RETURNS
        if np.abs(shares - before).sum() < len(names) * CLOSE:
            break
    return dict(zip(names, shares.tolist(), strict=True))
