"""One score per file: a weighted sum of all voters, of its repository's route, less what its role costs.

Voters of words are divided by their maximum over the candidates; exact evidence has a scale of its own, since
a weak pointer must not count in full for being the best there is. Fusion by rank loses the margins that say
how sure a voter is (measured: see docs/accuracy.md).
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
from locator.voters.callees import FILES, Called, Texts, callees
from locator.weights import Weights
from summaries.index.postings import Floats
from summaries.paths import Role

ROLES = {"config": Role.CONFIG, "example": Role.EXAMPLE, "tool": Role.TOOL, "migration": Role.MIGRATION}
COUNTED = ("mark:", "rare", "service", "callees")  # sums without a bound
FADE = 1.0  # of which so much counts half


class Features(Struct, frozen=True):
    """Everything that the fusion weighs, each 0-1."""

    files: dict[str, Floats]  # float32 (files,) by voter
    routes: dict[str, Floats]  # float32 (views,) by voter, without "files", which depends on the weights
    roles: dict[str, Floats]  # float32 (files,), 0 or 1
    candidates: NDArray[np.bool_]
    votes: Votes
    called: Called = {}


class Ranking(Struct, frozen=True):
    """Scores of every file and repository in scope, with each voter's part."""

    scores: Floats  # float32 (files,), higher is better; below 0: not a candidate
    parts: dict[str, Floats]  # each voter's share of a file's score
    costs: Floats  # what a file's role takes off
    routes: Floats  # float32 (views,), 0-1
    route_parts: dict[str, Floats]
    candidates: NDArray[np.bool_]
    votes: Votes
    called: Called = {}
    top: float = 1.0  # the best file's score before it became 1: how much speaks for it at all


def features(
    scope: Scope,
    query: Query,
    aliases: Mapping[str, tuple[str, ...]],
    first: Weights,
    texts: Texts | None = None,
    *,
    tests: bool = False,
) -> Features:
    """Ask all voters. Tests, mocks and documentation are no candidates unless `tests` says so.

    Collaborators ("callees") are those of the best files by the weights `first`; without `texts` nobody asks.
    """
    candidates = ~scope.with_role(Role.DOC)
    if not tests:
        candidates &= ~scope.with_role(Role.TEST | Role.MOCK)
    votes = vote(scope, query)
    files = {n: _scaled(n, v, candidates) for n, v in votes.files.items()}
    routes = route.features(scope, query, votes, files, aliases)
    roles = {n: scope.with_role(r).astype(np.float32) for n, r in ROLES.items()}
    found = Features(files, routes, roles, candidates, votes)
    if texts is None or not first.voters.get("callees"):
        return found
    scores = fuse(scope, found, first).scores
    best = [int(i) for i in np.argsort(-scores, kind="stable")[:FILES] if scores[i] > 0]
    worth, called = callees(scope, votes.units, best, texts)
    files = files | {"callees": _scaled("callees", worth, candidates)}
    return Features(files, routes, roles, candidates, votes, called)


def rank(
    scope: Scope,
    query: Query,
    aliases: Mapping[str, tuple[str, ...]],
    weights: Weights,
    texts: Texts | None = None,
    *,
    tests: bool = False,
) -> Ranking:
    """Score every file of the scope."""
    return fuse(scope, features(scope, query, aliases, weights, texts, tests=tests), weights)


def fuse(scope: Scope, found: Features, weights: Weights) -> Ranking:
    """Weigh the features. Scores are relative to the best file's, which has 1."""
    parts = {n: found.files[n] * np.float32(w) for n, w in weights.voters.items() if w and n in found.files}
    fused = np.sum(list(parts.values()), axis=0) if parts else np.zeros(scope.size, np.float32)
    routes = found.routes | {"files": route.unit(route.best(fused * found.candidates, scope))}
    route_parts = {n: routes[n] * np.float32(w) for n, w in weights.routes.items() if w and n in routes}
    total = (
        np.sum(list(route_parts.values()), axis=0) if route_parts else np.zeros(len(scope.views), np.float32)
    )
    scores = fused + (total[scope.repo_of] if scope.size else 0)
    costs = np.zeros(scope.size, np.float32)
    for name in sorted(weights.priors.keys() & found.roles.keys()):
        costs = costs + np.float32(weights.priors[name]) * found.roles[name]
    scores = scores - costs
    top = float(scores[found.candidates].max()) if found.candidates.any() else 1.0
    scores = np.where(found.candidates, scores / (top if top > 0 else 1.0), -1.0).astype(np.float32)
    # A repository is as good as its best files are in the end; its own voters have spoken in their scores.
    shares = route.unit(route.best(np.maximum(scores, 0), scope, decay=0.5))
    return Ranking(
        scores, parts, costs, shares, route_parts, found.candidates, found.votes, found.called, max(top, 0.0)
    )


def _scaled(voter: str, values: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """0-1 over the candidates; others are zero."""
    kept = np.where(candidates, values, 0).astype(np.float32)
    if voter.startswith("at:"):  # 1 is the only file that a mention can mean
        return np.minimum(kept, 1)
    return (kept / (kept + FADE)).astype(np.float32) if voter.startswith(COUNTED) else route.unit(kept)
