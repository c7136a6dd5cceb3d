"""One score per file: a weighted sum of all voters, of its repository's route, less what its role costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from locator import route
from locator.aside import aside
from locator.query import Query
from locator.scope import Scope, join
from locator.voters.ballot import Ballot, Votes
from locator.voters.callees import FILES, Texts, callees
from locator.voters.messages import FactsOf
from locator.voters.neighbours import Walks, reached
from locator.voters.registry import BY_NAME, VOTERS, Scale
from locator.weights import Weights
from summaries.index.postings import Floats, highest
from summaries.paths import Role

if TYPE_CHECKING:
    from locator.meaning import Nearness

ROLES = {"config": Role.CONFIG, "example": Role.EXAMPLE, "tool": Role.TOOL, "migration": Role.MIGRATION}
TRACED = ("at:frame", "at:raised")
COUNTED_HALF = 1.0  # a sum of this much counts half: a guess


class Features(Struct, frozen=True):
    """Everything that the fusion weighs, each 0-1."""

    files: dict[str, Floats]  # float32 (files,) by voter
    routes: dict[str, Floats]  # float32 (views,) by voter, without "files", which depends on the weights
    roles: dict[str, Floats]  # float32 (files,), 0 or 1
    candidates: NDArray[np.bool_]
    votes: Votes


class Ranking(Struct, frozen=True):
    """Scores of every file and repository in scope, with each voter's part."""

    scores: Floats  # float32 (files,), higher is better; below 0: not a candidate
    parts: dict[str, Floats]  # each voter's share of a file's score
    costs: Floats  # what a file's role takes off
    routes: Floats  # float32 (views,), 0-1
    route_parts: dict[str, Floats]
    candidates: NDArray[np.bool_]
    votes: Votes
    top: float = 1.0  # the best file's score before it became 1: how much speaks for it at all


def vote(
    scope: Scope,
    query: Query,
    aliases: Mapping[str, tuple[str, ...]],
    first: Weights,
    texts: Texts | None = None,
    facts: FactsOf | None = None,
    near: Nearness | None = None,
    walks: Walks | None = None,
    *,
    tests: bool = False,
) -> Features:
    """Ask all voters. Tests, mocks and documentation are no candidates unless `tests` says so.

    Collaborators ("callees") are those of the best files by the weights `first`; without `texts` nobody asks.
    Literals are held against the report where `facts` gives those of a file; `walks` are those of the service graph.
    """
    candidates = ~scope.with_role(Role.DOC)
    if not tests:
        candidates &= ~scope.with_role(Role.TEST | Role.MOCK)
    candidates &= ~(join([v.memo(aside) for v in scope.views]) > 0)
    ballot = Ballot(scope, query, facts, near)
    raw = {v.name: v.ask(ballot) for v in VOTERS if v.ask}
    words, history = ballot.words, ballot.history
    votes = Votes(raw, words.units, history.commits, words.found, words.rarity, words.share, words.covering, words.telling,
                  near=near.texts if near else {})  # fmt: skip
    files = {n: _scaled(n, v, candidates) for n, v in raw.items()}
    routes = route.features(scope, query, history, votes, files, aliases)
    routes["meaning"] = near.repos if near else np.zeros(len(scope.views), np.float32)
    routes["uses"] = reached(routes["name"], [v.repo for v in scope.views], walks or {})
    roles = {n: scope.with_role(r).astype(np.float32) for n, r in ROLES.items()}
    found = Features(files, routes, roles, candidates, votes)
    if texts is None or not first.voters.get("callees"):
        return found
    scores = fuse(scope, found, first).scores
    best = [i for i in highest(scores, FILES).tolist() if scores[i] > 0]
    weight, called = callees(scope, votes.units, best, texts)
    files = files | {"callees": _scaled("callees", weight, candidates)}
    return replace(found, files=files, votes=replace(votes, called=called))


def fuse(scope: Scope, features: Features, weights: Weights) -> Ranking:
    """Weigh the features. Scores are relative to the best file's, which has 1."""
    parts = {
        n: features.files[n] * np.float32(w) for n, w in weights.voters.items() if w and n in features.files
    }
    if (
        "message" in parts
    ):  # an error's text stands where it was raised: a trace that leads there says the same
        by_trace = sum((parts[n] for n in TRACED if n in parts), np.float32(0))
        parts["message"] = np.maximum(parts["message"] - by_trace, 0)
    fused = np.sum(list(parts.values()), axis=0) if parts else np.zeros(scope.size, np.float32)
    routes = features.routes | {"files": route.unit(route.best(fused * features.candidates, scope))}
    route_parts = {n: routes[n] * np.float32(w) for n, w in weights.routes.items() if w and n in routes}
    total = (
        np.sum(list(route_parts.values()), axis=0) if route_parts else np.zeros(len(scope.views), np.float32)
    )
    if weights.offsets:
        learnt = np.array([weights.offsets.get(v.repo, 0.0) for v in scope.views], np.float32)
        route_parts["learnt"], total = np.maximum(learnt, 0), total + learnt
    scores = fused + (total[scope.repo_of] if scope.size else 0)
    costs = np.zeros(scope.size, np.float32)
    for name in sorted(weights.priors.keys() & features.roles.keys()):
        costs = costs + np.float32(weights.priors[name]) * features.roles[name]
    scores = scores - costs
    top = float(scores[features.candidates].max()) if features.candidates.any() else 1.0
    scores = np.where(features.candidates, scores / (top if top > 0 else 1.0), -1.0).astype(np.float32)
    # A repository is as good as its best files are in the end; its own voters have spoken in their scores.
    shares = route.unit(route.best(np.maximum(scores, 0), scope, decay=0.5))
    return Ranking(
        scores, parts, costs, shares, route_parts, features.candidates, features.votes, max(top, 0.0)
    )


def _scaled(voter: str, values: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """0-1 over the candidates; others are zero."""
    own = np.where(candidates, values, 0).astype(np.float32)
    match BY_NAME[voter].scale:
        case Scale.BOUNDED:
            return np.minimum(own, 1)
        case Scale.COUNTED:
            return (own / (own + COUNTED_HALF)).astype(np.float32)
        case Scale.RELATIVE:
            return route.unit(own)
