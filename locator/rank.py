"""Phase 2: one score per file out of all voters, and phase 1's routes out of the same evidence.

Each voter is divided by its maximum over the candidates; the sum has non-negative weights. Fusion by rank
loses the margins that say how sure a voter is (measured: see docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from locator import route
from locator.query import Query
from locator.scope import Scope
from locator.voters import Votes, vote
from locator.weights import Weights
from summaries.paths import Role
from summaries.postings import Floats


class Ranking(Struct, frozen=True):
    """Scores of every file and repository in scope, with each voter's part."""

    scores: Floats  # float32 (files,), higher is better; -1 and below: not a candidate
    parts: dict[str, Floats]  # weighted, normalised; sum to the score before routing and priors
    routes: Floats  # float32 (views,), 0-1
    route_parts: dict[str, Floats]
    candidates: NDArray[np.bool_]
    votes: Votes


def rank(
    scope: Scope, query: Query, aliases: Mapping[str, tuple[str, ...]], weights: Weights, *, tests: bool = False
) -> Ranking:
    """Score every file of the scope."""
    candidates = ~scope.with_role(Role.DOC)
    if not tests:
        candidates &= ~scope.with_role(Role.TEST | Role.MOCK)
    votes = vote(scope, query)
    raw = votes.files
    parts = {
        name: scaled(raw[name], candidates) * np.float32(w) for name, w in weights.voters.items() if w and name in raw
    }
    fused = np.sum(list(parts.values()), axis=0) if parts else np.zeros(scope.size, np.float32)
    fused = np.where(candidates, fused, 0).astype(np.float32)
    routes, route_parts = route.fuse(scope, query, fused, votes, aliases, weights)
    top = float(fused.max()) or 1.0
    scores = fused / top + weights.route * routes[scope.repo_of]
    for role, prior in ((Role.CONFIG, weights.config), (Role.EXAMPLE | Role.TOOL, weights.aside)):
        scores = scores + prior * scope.with_role(role)
    scores = np.where(candidates, scores, scores - 10).astype(np.float32)
    return Ranking(scores, parts, routes, route_parts, candidates, votes)


def scaled(values: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """Divided by the maximum over the candidates; others are zero."""
    kept = np.where(candidates, values, 0)
    top = float(kept.max()) if kept.size else 0.0
    return (kept / top if top > 0 else kept).astype(np.float32)
