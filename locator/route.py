"""Phase 1: which repositories a report is about. Voters give one number per repository; the fusion is soft."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from locator.query import Query
from locator.scope import Scope
from locator.voters import Votes
from locator.weights import Weights
from summaries.postings import Floats

TOP_FILES = 5
TOP_COMMITS = 8
DECAY = 0.7


def fuse(
    scope: Scope,
    query: Query,
    fused: Floats,
    votes: Votes,
    aliases: Mapping[str, Sequence[str]],
    weights: Weights,
) -> tuple[Floats, dict[str, Floats]]:
    """Score of every repository, 0-1, and each voter's weighted part."""
    raw = {
        "files": best(fused, scope),
        "history": decayed(votes.commits),
        "name": named(query, [v.repo for v in scope.views], aliases),
    }
    parts = {}
    for name, weight in weights.routes.items():
        values = raw[name]
        top = float(values.max()) if len(values) else 0.0
        parts[name] = (values / top if top > 0 else values) * np.float32(weight)
    routes = np.sum(list(parts.values()), axis=0) if parts else np.zeros(len(scope.views), np.float32)
    return (routes / max(sum(weights.routes.values()), 1e-9)).astype(np.float32), parts


def best(scores: Floats, scope: Scope, depth: int = TOP_FILES, decay: float = DECAY) -> Floats:
    """Decayed sum of each repository's best file scores."""
    out = np.zeros(len(scope.views), np.float32)
    for r in range(len(scope.views)):
        own = scores[scope.starts[r] : scope.starts[r + 1]]
        top = np.sort(own)[::-1][:depth]
        out[r] = float((top * decay ** np.arange(len(top))).sum())
    return out


def decayed(scored: Sequence[Floats], depth: int = TOP_COMMITS, decay: float = DECAY) -> Floats:
    """Decayed sum of the best scores of each list."""
    out = np.zeros(len(scored), np.float32)
    for r, s in enumerate(scored):
        top = np.sort(s)[::-1][:depth]
        out[r] = float((top * decay ** np.arange(len(top))).sum())
    return out


def named(query: Query, repos: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> Floats:
    """How fully the report names each repository: the longest of its names found, rare names counting more.

    A name counts whole ("shop-orders"), and by its words where all but common ones are there.
    """
    text = f"{query.report.title}\n{query.report.body}".lower()
    found = re.findall(r"[a-z0-9][a-z0-9._/-]*[a-z0-9]", text)
    said = set(found) | {p for f in found for p in f.split("/")}
    out = np.zeros(len(repos), np.float32)
    for r, repo in enumerate(repos):
        for alias in {repo, repo.rsplit("/", 1)[-1], *aliases.get(repo, ())}:
            low = alias.lower()
            if low in said or ("/" in low and low in text):
                out[r] = max(out[r], len(low.rsplit("/", 1)[-1]))
    return out
