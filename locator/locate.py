"""Report in, answer out: understand -> shortlist -> vote -> fuse -> explain.

`understand` makes one query of the report (locator/query.py); where there are many repositories, the routing map gives
a shortlist (locator/shortlist.py); every voter speaks (locator/voters/), `fuse` weighs them (locator/rank.py), and what
comes first is explained (locator/explain.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from locator import alike, explain
from locator.alike import folded
from locator.answer import Answer, DirectoryHit, FileHit, Step, Verdict
from locator.confidence import confidence, verdict
from locator.filters import Filter, passing, repositories
from locator.forms import without_forms
from locator.query import Query, understand
from locator.rank import Features, Ranking, fuse, vote
from locator.report.reader import Report, read
from locator.route_evidence import introduced, routed
from locator.scope import Scope, scope_of
from locator.shortlist import likeliest
from locator.snapshots import views_at
from locator.translations.bridge import translated
from locator.weights import Weights
from summaries import system
from summaries.index.index import Index
from summaries.index.postings import Mask, highest
from summaries.index.shard import View
from summaries.index.store import Store
from summaries.types import Facts
from summaries.written.store import effective


class Options(Struct, frozen=True):
    """What to search and how much to tell."""

    at: str | None = None  # a ref, commit or date that the index holds; None is the head
    worktree: bool = False  # read files that are not committed, too
    repos: tuple[str, ...] = ()  # only these (names, or their ends); empty: all
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # only paths that contain one of these, or match as a glob
    limit: int = 10
    tests: bool = False  # also rank tests
    explain: bool = False  # all evidence, not only the strongest
    nearest: bool = False  # list the nearest files where nothing matches
    details: bool = True  # evidence, functions and excerpts of the files listed


Progress = Callable[[Step], None]


def locate(
    index: Index,
    report: Report | str,
    options: Options = Options(),  # noqa: B008  (frozen)
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
) -> Answer:
    """Find where a report's bug lives. The first call on an index opens its shards; later ones are warm.

    `progress` is called between steps, and may raise to give up. Raises UsageError for an empty report or a filter
    that nothing passes, SnapshotMissing for an unknown `at`.
    """
    query = understand(read(report) if isinstance(report, str) else report)
    said = query.report
    progress(Step("route", title=said.title, frames=len(said.frames), mentions=len(said.mentions)))
    views, notes = views_for(index, query, options)
    return locate_in(index, views, query, options, weights, progress, notes)


def views_for(index: Index, query: Query, options: Options) -> tuple[Sequence[View], tuple[str, ...]]:
    """The snapshots that a report is searched in, and notes on what is left out. Raises what `locate` raises."""
    names = repositories(index, options.repos)
    some = names if options.at else likeliest(index, query, names)
    views, notes = views_at(index, some, options.at)
    if len(some) < len(names):
        notes = (*notes, f"searched the {len(some)} likeliest of {len(names):,} repositories")
    return views, notes


def locate_in(
    index: Index,
    views: Sequence[View],
    query: Query,
    options: Options,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
    notes: tuple[str, ...] = (),
) -> Answer:
    """As `locate`, over these snapshots, whatever the options say of repositories and `at`."""
    began = time.perf_counter()
    weights = weights or Weights.of(index.root)
    query = translated(index, views, without_forms(index, views, query))
    scope, ranking = rank_in(index, views, query, weights, tests=options.tests)
    wanted = passing(scope, Filter(options.languages, options.paths))
    order = folded(scope, best_files(ranking, alike.MOST * options.limit, wanted), options.limit)
    sure = confidence(scope, ranking, weights)
    return _explain(index, scope, query, ranking, order, options, began, notes, progress, sure)


def rank_in(
    index: Index,
    views: Sequence[View],
    query: Query,
    weights: Weights | None = None,
    *,
    tests: bool = False,
) -> tuple[Scope, Ranking]:
    """Rank every file of the views: what `locate` answers from, and what the evaluation scores."""
    weights = weights or Weights.of(index.root)
    scope, found = vote_in(index, views, query, weights, tests=tests)
    return scope, fuse(scope, found, weights)


def vote_in(
    index: Index, views: Sequence[View], query: Query, first: Weights, *, tests: bool = False
) -> tuple[Scope, Features]:
    """What every voter says of the views' files; `first` as in `rank.vote`."""
    scope = scope_of(index, tuple(views), tuple((v.repo, index.repos[v.repo].aliases) for v in views))

    def texts(view: View, n: int) -> str:
        return index.store(view.repo).text(view.blob(n))

    def facts(view: View, n: int) -> Facts:
        return index.store(view.repo).facts(view.blob(n))

    near = None
    if first.voters.get("meaning") or first.routes.get("meaning"):  # else nobody loads the store
        from locator.meaning import nearness

        near = nearness(index, scope, f"{query.report.title}\n{query.report.body}")
    walks = system.read(index.root).walks if first.routes.get("uses") else None
    return scope, vote(scope, query, scope.names, first, texts, facts, near, walks, tests=tests)


def best_files(ranking: Ranking, limit: int, among: Mask | None = None) -> list[int]:
    """Candidates by score; ties by position, so that the order is stable."""
    scores = ranking.scores if among is None else np.where(among, ranking.scores, -1.0)
    return [i for i in highest(scores, limit).tolist() if scores[i] > 0]


def _explain(
    index: Index,
    scope: Scope,
    query: Query,
    ranking: Ranking,
    order: Sequence[int],
    options: Options,
    began: float,
    notes: tuple[str, ...],
    progress: Progress,
    sure: float,
) -> Answer:
    explainer = explain.Explainer(scope, query, ranking)
    top = float(ranking.scores[order[0]]) if order else 1.0
    found: list[FileHit] = []
    likely = routed(scope, ranking)
    for i in order:
        progress(Step("explain", len(found), len(order), routes=likely))
        found.append(_file(index, scope, explainer, i, top, options))
    files = _described(index, scope, found, order)
    if query.report.truncated:
        notes = ("the report is long: its middle was left out", *notes)
    routes, also = introduced(index, scope, query, ranking, files)
    answer = Answer(
        title=query.report.title,
        routes=routes,
        directories=directories(files),
        files=files,
        confidence=round(sure, 3),
        verdict=verdict(sure, bool(files)),
        searched=int(ranking.candidates.sum()),
        seconds=round(time.perf_counter() - began, 4),
        notes=notes,
        also=also,
    )
    return answer if options.nearest else matched(answer)


def matched(answer: Answer) -> Answer:
    """The answer, without its list where nothing matched: files that are merely nearest mislead."""
    if answer.verdict != Verdict.NONE:
        return answer
    return replace(answer, routes=(), directories=(), files=(), also=())


def _described(
    index: Index, scope: Scope, hits: Sequence[FileHit], order: Sequence[int]
) -> tuple[FileHit, ...]:
    """Hits with the summaries that a model or a person wrote, where there are any."""
    blobs: dict[str, dict[str, str]] = {}
    for i in order:
        view, n = scope.locate(i)
        blobs.setdefault(view.repo, {})[view.path(n)] = view.blob(n)
    texts = {r: effective(index.folder(r), files, ()).texts for r, files in blobs.items()}
    return tuple(replace(h, summary=texts[h.repo].get(h.path, h.summary)) for h in hits)


def _file(
    index: Index, scope: Scope, explainer: explain.Explainer, i: int, top: float, options: Options
) -> FileHit:
    view, n = scope.locate(i)
    score = round(max(0.0, float(explainer.ranking.scores[i]) / top), 4)
    language = view.language(n)
    if not options.details:
        return FileHit(view.repo, view.path(n), language, score, ())
    store = index.store(view.repo)
    facts = store.facts(view.blob(n))
    symbols = explainer.functions(i, facts)
    evidence = explainer.evidence(i, facts, None if options.explain else explain.MOST)
    return FileHit(
        view.repo,
        view.path(n),
        language,
        score,
        evidence,
        symbols,
        explain.excerpt(store.text(view.blob(n)), evidence, symbols),
        _summary(store, view, n, facts),
        {name: round(float(p[i]), 4) for name, p in explainer.ranking.parts.items() if p[i] > 0},
    )


def _summary(store: Store, view: View, n: int, facts: Facts) -> str:
    """What a file is for: as it was stored with the head, else told from its facts."""
    if view.number == 0 and (told := store.note("summary", view.path(n))):
        return told
    from summaries.offline.file import file_summary

    return file_summary(view.path(n), facts, view.repo)


def directories(files: Sequence[FileHit]) -> tuple[DirectoryHit, ...]:
    """Directories of the files listed, those of the best files first."""
    score: dict[tuple[str, str], float] = {}
    count: dict[tuple[str, str], int] = {}
    for f in files:
        key = (f.repo, f.path.rpartition("/")[0])
        score[key] = max(score.get(key, 0.0), f.score)
        count[key] = count.get(key, 0) + 1
    return tuple(
        DirectoryHit(r, d, s, count[r, d]) for (r, d), s in sorted(score.items(), key=lambda x: -x[1])
    )
