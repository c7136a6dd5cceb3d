"""Report in, answer out: the two phases, and the path that was taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from locator import explain
from locator.answer import Answer, DirectoryHit, FileHit, Step
from locator.confidence import confidence, verdict
from locator.filters import Filter, passing, repositories
from locator.query import Query, understand
from locator.rank import Features, Ranking, features, fuse
from locator.report.reader import Report, read
from locator.route_evidence import introduced, routed
from locator.scope import Scope
from locator.shortlist import likeliest
from locator.snapshots import views_at
from locator.weights import Weights
from summaries.index.index import Index
from summaries.index.postings import Mask
from summaries.index.shard import View
from summaries.index.store import Store
from summaries.types import Facts
from summaries.written.store import effective


class Options(Struct, frozen=True):
    """What to search and how much to tell."""

    at: str | None = None  # a ref, commit or date that the index holds; None is the head
    repos: tuple[str, ...] = ()  # only these (names, or their ends); empty: all
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # only paths that contain one of these, or match as a glob
    limit: int = 10
    tests: bool = False  # also rank tests
    explain: bool = False  # all evidence, not only the strongest
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
    report = read(report) if isinstance(report, str) else report
    progress(Step("route", title=report.title, frames=len(report.frames), mentions=len(report.mentions)))
    views, notes = views_for(index, report, options)
    return locate_in(index, views, report, options, weights, progress, notes)


def views_for(index: Index, report: Report, options: Options) -> tuple[Sequence[View], tuple[str, ...]]:
    """The snapshots that a report is searched in, and notes on what is left out. Raises what `locate` raises."""
    names = repositories(index, options.repos)
    some = names if options.at else likeliest(index, report, names)
    views, notes = views_at(index, some, options.at)
    if len(some) < len(names):
        notes = (*notes, f"searched the {len(some)} likeliest of {len(names):,} repositories")
    return views, notes


def locate_in(
    index: Index,
    views: Sequence[View],
    report: Report,
    options: Options,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
    notes: tuple[str, ...] = (),
) -> Answer:
    """As `locate`, over these snapshots, whatever the options say of repositories and `at`."""
    began = time.perf_counter()
    weights = weights or Weights.of(index.root)
    scope, query, ranking = search(index, views, report, weights, tests=options.tests)
    wanted = passing(scope, Filter(options.languages, options.paths))
    order = best_files(ranking, options.limit, wanted)
    sure = confidence(scope, ranking, weights)
    return _answer(index, scope, query, ranking, order, options, began, notes, progress, sure)


def search(
    index: Index,
    views: Sequence[View],
    report: Report,
    weights: Weights | None = None,
    *,
    tests: bool = False,
) -> tuple[Scope, Query, Ranking]:
    """Rank every file of the views: what `locate` answers from, and what the evaluation scores."""
    weights = weights or Weights.of(index.root)
    scope, query, found = weigh(index, views, report, weights, tests=tests)
    return scope, query, fuse(scope, found, weights)


def weigh(
    index: Index, views: Sequence[View], report: Report, first: Weights, *, tests: bool = False
) -> tuple[Scope, Query, Features]:
    """What every voter says of the views' files; `first` as in `rank.features`."""
    query = understand(report)
    scope = Scope(views)
    aliases = {v.repo: index.repos[v.repo].aliases for v in views}

    def texts(view: View, n: int) -> str:
        return index.store(view.repo).text(view.blob(n))

    return scope, query, features(scope, query, aliases, first, texts, tests=tests)


def best_files(ranking: Ranking, limit: int, among: Mask | None = None) -> list[int]:
    """Candidates by score; ties by position, so that the order is stable."""
    order = np.argsort(-ranking.scores, kind="stable")
    on = ranking.scores[order] > 0 if among is None else among[order] & (ranking.scores[order] > 0)
    found: list[int] = order[on][:limit].tolist()
    return found


def _answer(
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
    return Answer(
        title=query.report.title,
        routes=introduced(index, scope, query, ranking, files),
        directories=directories(files),
        files=files,
        confidence=round(sure, 3),
        verdict=verdict(sure, bool(files)),
        searched=int(ranking.candidates.sum()),
        seconds=round(time.perf_counter() - began, 4),
        notes=notes,
    )


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
    language = view.shard.info.languages[int(view.shard.arrays["blob_languages"][view.blob_ids[n]])]
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
