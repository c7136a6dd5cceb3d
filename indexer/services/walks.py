"""Walks over the service graph: from a repository that a report names to those that it uses, directly or not.

The share of time that a random walk which keeps returning to its start spends elsewhere is personalised PageRank (Page
et al. 1999; Haveliwala, WWW 2002). It is linear in the start: of several repositories that a report names, the sum of
their walks counts. So one walk for each repository, worked out here, answers every report without the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from typing import TYPE_CHECKING

from summaries.system import Use, Walk

if TYPE_CHECKING:
    import networkx as nx

RETURNS = 0.15  # of the steps lead back to the start: the literature's usual value
FAR = 3  # uses in a row: a guess
NEAREST = 12  # repositories that are kept of a walk: a guess


def graph(uses: Sequence[Use]) -> nx.DiGraph[str]:
    """From who uses to who is used; a link weighs more where more routes, topics or modules make it."""
    import networkx as nx

    out: nx.DiGraph[str] = nx.DiGraph()
    for u in uses:
        before = out.get_edge_data(u.source, u.target, {"weight": 0.0})["weight"]
        out.add_edge(u.source, u.target, weight=before + log1p(u.sites))
    return out


def walks(uses: Sequence[Use]) -> dict[str, tuple[Walk, ...]]:
    """The walk of each repository that uses another."""
    import networkx as nx

    wired = graph(uses)
    out: dict[str, tuple[Walk, ...]] = {}
    for source in sorted(n for n in wired if wired.out_degree(n)):
        paths = nx.single_source_shortest_path(wired, source, FAR)
        below = wired.subgraph(nx.descendants(wired, source) | {source})
        shares = nx.pagerank(below, 1 - RETURNS, personalization={source: 1.0}, weight="weight")
        found = [Walk(round(shares[n], 4), tuple(path)) for n, path in paths.items() if n != source]
        out[source] = tuple(sorted(found, key=lambda w: (-w.share, w.path))[:NEAREST])
    return out
