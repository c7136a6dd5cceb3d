"""Phase 1 in words: the repositories of an answer, and what speaks for each that a person can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from locator.answer import Evidence, FileHit, RouteHit
from locator.query import Query
from locator.rank import Ranking
from locator.route import Spoken, names_of, spoken_names
from locator.scope import Scope
from locator.voters.registry import ROUTE_BY_NAME
from locator.voters.sentences import commit_label
from summaries.index.index import Index
from summaries.index.postings import weighted
from summaries.index.shard import View
from summaries.offline.repository import purpose
from summaries.offline.tree import outside

LEAST = 3  # repositories told of, though no file of theirs is in the answer
WORDS = 4  # of the report, quoted for a repository


def routed(scope: Scope, ranking: Ranking, files: Sequence[FileHit] = ()) -> tuple[RouteHit, ...]:
    """Repositories by phase 1, best first: those that files of the answer lie in, and three at least."""
    listed = {f.repo for f in files}
    out: list[RouteHit] = []
    for r in np.argsort(-ranking.routes, kind="stable"):
        view = scope.views[int(r)]
        if ranking.routes[r] <= 0 or (len(out) >= LEAST and view.repo not in listed):
            continue
        parts = sorted(
            ((n, float(p[r])) for n, p in ranking.route_parts.items() if p[r] > 0), key=lambda x: -x[1]
        )
        said = tuple(Evidence(n, ROUTE_BY_NAME[n].says, 0, round(w, 3)) for n, w in parts)
        out.append(RouteHit(view.repo, view.info.commit, round(float(ranking.routes[r]), 4), said))
    return tuple(out)


def introduced(
    index: Index, scope: Scope, query: Query, ranking: Ranking, files: Sequence[FileHit]
) -> tuple[RouteHit, ...]:
    """`routed` with the repositories' summaries and with particulars.

    Summaries are those of the heads; an older snapshot is introduced by its own README.
    """
    number = {v.repo: r for r, v in enumerate(scope.views)}
    names = spoken_names(query, list(scope.names), scope.names)
    out = []
    for route in routed(scope, ranking, files):
        r = number[route.repo]
        view = scope.views[r]
        text = (index.store(view.repo).note("summary") if view.number == 0 else "") or _purpose(index, view)
        # What the offline ones begin with is printed above them.
        summary = text.removeprefix(f"{view.repo}: ").removeprefix(f"{view.repo.rpartition('/')[2]}: ")
        more = {
            "share": _list(_words(scope, query, ranking, r)),
            "past": _past(scope, ranking, r),
            "name": _name(names, r, route.repo),
        }
        said = tuple(replace(e, text=e.text + more.get(e.voter, "")) for e in route.evidence)
        out.append(replace(route, summary=summary, evidence=said))
    return tuple(out)


def _purpose(index: Index, view: View) -> str:
    """What the snapshot's own README and manifests say that it is for."""
    number = {p: n for n, p in enumerate(view.paths)}
    store = index.store(view.repo)
    readme, manifests = outside(number, lambda path: store.text(view.blob(number[path])))
    text = purpose(view.repo, readme, manifests, ()).text
    return f"{text}." if text else ""


def _words(scope: Scope, query: Query, ranking: Ranking, r: int) -> list[str]:
    """The report's words that most of a repository's files have, each by its rarity in all of them."""
    keys, weights = weighted(query.bag)
    view = scope.views[r]
    m = scope.gather("units", keys)[r].keep(view.unit_mask).grouped(view.shard.unit_blobs)
    rarity: Mapping[int, float] = ranking.votes.rarity
    worth = m.frequencies(len(keys)) * weights * np.array([rarity.get(int(k), 0.0) for k in keys], np.float32)
    said = (query.spelled.get(int(keys[q]), "") for q in np.argsort(-worth, kind="stable") if worth[q] > 0)
    return list(dict.fromkeys(w for w in said if w))[:WORDS]


def _name(names: Sequence[Spoken], r: int, repo: str) -> str:
    """The words that name a repository, and how they do where it isn't called so."""
    best = max((n for n in names if n.repo == r), key=lambda n: n.worth, default=None)
    if best is None:
        return ""
    declared = "" if best.words in names_of(repo) else ", as its manifests declare"
    return f': "{" ".join(best.words)}"{declared}'


def _past(scope: Scope, ranking: Ranking, r: int) -> str:
    scores = ranking.votes.commits[r]
    return (
        f": {commit_label(scope.views[r], int(np.argmax(scores)), 60)}"
        if scores.size and scores.max() > 0
        else ""
    )


def _list(words: Sequence[str]) -> str:
    return ": " + ", ".join(words) if words else ""
