"""Phase 1 in words: the repositories of an answer, and what speaks for each that a person can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from locator.answer import Evidence, FileHit, RouteHit
from locator.query import Query
from locator.rank import Ranking
from locator.route import NameMention, names_mentioned, names_of, plainly
from locator.scope import Scope
from locator.voters.neighbours import paths
from locator.voters.registry import ROUTE_BY_NAME
from locator.voters.sentences import commit_label
from summaries import system
from summaries.index.index import Index
from summaries.index.shard import View

LEARNT = "more reports end here than their words say, as calibrated"
LEAST = 3  # repositories told of, though no file of theirs is in the answer
WORDS = 4  # of the report, quoted for a repository


Particulars = Callable[[int, str], str]  # (number of a view, voter) -> what its sentence is filled with


def routed(
    scope: Scope,
    ranking: Ranking,
    files: Sequence[FileHit] = (),
    particulars: Particulars = lambda r, voter: "",
) -> tuple[RouteHit, ...]:
    """Repositories by phase 1, best first: those that files of the answer lie in, and three at least.

    A sentence that has nothing to be filled with is left out.
    """
    listed = {f.repo for f in files}
    out: list[RouteHit] = []
    for r in np.argsort(-ranking.routes, kind="stable").tolist():
        view = scope.views[r]
        if ranking.routes[r] <= 0 or (len(out) >= LEAST and view.repo not in listed):
            continue
        parts = sorted(
            ((n, float(p[r])) for n, p in ranking.route_parts.items() if p[r] > 0), key=lambda x: -x[1]
        )
        said: list[Evidence] = []
        for name, weight in parts:
            sentence = ROUTE_BY_NAME[name].says if name in ROUTE_BY_NAME else LEARNT
            found = particulars(r, name) if "{}" in sentence else ""
            if found or "{}" not in sentence:
                said.append(Evidence(name, sentence.replace("{}", found), 0, round(weight, 3)))
        out.append(RouteHit(view.repo, view.info.commit, round(float(ranking.routes[r]), 4), tuple(said)))
    return tuple(out)


def introduced(
    index: Index, scope: Scope, query: Query, ranking: Ranking, files: Sequence[FileHit]
) -> tuple[tuple[RouteHit, ...], tuple[RouteHit, ...]]:
    """Repositories with summaries and particulars: those of the files in the files' order, and the others.

    Summaries are those of the heads; an older snapshot is introduced by its own README.
    """
    number = {v.repo: r for r, v in enumerate(scope.views)}
    repos = list(scope.names)
    names = names_mentioned(query, repos, scope.names)
    ways = paths(plainly(names, len(repos)), repos, system.read(index.root), index.repos)
    count = Counter(f.repo for f in files)

    def particulars(r: int, voter: str) -> str:
        repo = scope.views[r].repo
        match voter:
            case "files":
                return str(count[repo]) if count[repo] else ""
            case "share":
                return ", ".join(_words(query, ranking, r))
            case "past":
                return _past(scope, ranking, r)
            case "uses":
                return ways.get(repo, "")
            case "name":
                return _name(names, r, repo)
        return ""

    out = {}
    for route in routed(scope, ranking, files, particulars):
        view = scope.views[number[route.repo]]
        text = (index.store(view.repo).note("summary") if view.number == 0 else "") or _purpose(index, view)
        # What the offline ones begin with is printed above them.
        summary = text.removeprefix(f"{view.repo}: ").removeprefix(f"{view.repo.rpartition('/')[2]}: ")
        out[route.repo] = replace(route, summary=summary, evidence=_with_way(route, view, ways))
    listed = list(dict.fromkeys(f.repo for f in files if f.repo in out))
    return tuple(out[r] for r in listed), tuple(hit for r, hit in out.items() if r not in count)


def _with_way(route: RouteHit, view: View, ways: Mapping[str, str]) -> tuple[Evidence, ...]:
    """The way from a repository that the report names, whatever it weighs. Links are those of the heads."""
    if view.number or route.repo not in ways or any(e.voter == "uses" for e in route.evidence):
        return route.evidence
    return (*route.evidence, Evidence("uses", ways[route.repo]))


def _purpose(index: Index, view: View) -> str:
    """What the snapshot's own README and manifests say that it is for; where they don't, what its code shows."""
    # A tenth of a cold start, and heads don't need it.
    from summaries.offline.repository import purpose, repository_summary
    from summaries.offline.tree import outside

    number = {p: n for n, p in enumerate(view.paths)}
    store = index.store(view.repo)
    readme, manifests = outside(number, lambda path: store.text(view.blob(number[path])))
    own = purpose(view.repo, readme, manifests, ())
    if own.enough:
        return f"{own.text}."
    facts = (f for _, f in store.facts_of([view.blob(n) for n in range(len(view))]))
    return repository_summary(view.repo, readme, manifests, (), zip(view.paths, facts, strict=True))


def _words(query: Query, ranking: Ranking, r: int) -> list[str]:
    """The report's words that most of a repository's files have, each by its rarity in all of them."""
    found = ranking.votes.found
    worth = found.worth[r]
    said = (
        query.spelled.get(int(found.keys[q]), "") for q in np.argsort(-worth, kind="stable") if worth[q] > 0
    )
    return list(dict.fromkeys(w for w in said if w))[:WORDS]


def _name(names: Sequence[NameMention], r: int, repo: str) -> str:
    """The words that name a repository, and how they do where it isn't called so."""
    best = max((n for n in names if n.repo == r), key=lambda n: n.weight, default=None)
    if best is None:
        return ""
    declared = "" if best.words in names_of(repo) else ", as its manifests declare"
    return f'"{" ".join(best.words)}"{declared}'


def _past(scope: Scope, ranking: Ranking, r: int) -> str:
    scores = ranking.votes.commits[r]
    return (
        commit_label(scope.views[r], int(np.argmax(scores)), 60) if scores.size and scores.max() > 0 else ""
    )
