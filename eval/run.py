"""Run one configuration over all cases: in order, side by side, resumable, the same bytes every time."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct, structs

from eval import code
from eval.cases import Case, Gold
from eval.rankers.baselines import BASELINES
from eval.rankers.models import ask, close, places
from eval.rankers.settings import RunSettings
from eval.runfile import (
    LISTED,
    About,
    Named,
    RankedFile,
    Reason,
    RunLine,
    Target,
    about_path,
    encode,
    finished,
    read_about,
)
from eval.scoring.strata import kind_of
from eval.snapshots import CaseSnapshots, digest
from eval.working_index import Say, asked, opened, reading
from indexer.workers.pool import Workers
from locator.answer import Answer
from locator.confidence import confidence
from locator.explain import Explainer
from locator.forms import without_forms
from locator.judge.answers import FAILED
from locator.judge.code import CALLED
from locator.locate import best_files, rank_in
from locator.query import Query, understand
from locator.rank import Ranking
from locator.report.reader import read
from locator.scope import Scope
from locator.translations.bridge import translated
from locator.weights import Weights
from summaries.errors import BugatlasError, UsageError
from summaries.fs import replace
from summaries.index.index import Index
from summaries.index.postings import Floats
from summaries.index.shard import View

EXPLAINED = 10  # files of an answer that say why they are there

OnLine = Callable[[RunLine], None]


class CaseTask(Struct, frozen=True):
    """One case and the commits that it is asked of."""

    case: Case
    commits: dict[str, str]


def run(
    cases: Sequence[Case],
    world: CaseSnapshots,
    settings: RunSettings,
    scope: str,
    out: Path,
    *,
    jobs: int = 1,
    fresh: bool = False,
    on_line: OnLine = lambda line: None,
    say: Say = lambda line: None,
) -> int:
    """Answer every case that `out` does not answer yet; the number answered now.

    Raises UsageError where `out` was made with other settings, commits or code and `fresh` is not set.
    """
    about = about_of(cases, world, settings, scope)
    if fresh:
        out.unlink(missing_ok=True)
    else:
        _check(out, about)
    done = finished(out, [c.id for c in cases])
    tasks = [CaseTask(c, world.commits.get(c.id, {})) for c in cases[done:]]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace(about_path(out), msgspec.json.format(msgspec.json.encode(about)))
        with reading(world.root, say), out.open("ab") as f:
            for line in _answers(tasks, world.root, settings, jobs):
                f.write(encode(line))
                f.flush()
                on_line(line)
    except OSError as e:
        raise UsageError(f"cannot write {out}: {e.strerror}") from e
    return len(tasks)


def about_of(cases: Sequence[Case], world: CaseSnapshots, settings: RunSettings, scope: str) -> About:
    """What makes a run what it is."""
    at = {c.id: world.commits.get(c.id, {}) for c in cases}
    said = {
        "ranker": settings.ranker,
        "weights": msgspec.to_builtins(settings.weights),
        "tests": settings.tests,
    }
    if settings.model:
        said["models"] = settings.model.fingerprint
    typed = shlex.join(["bugatlas", *sys.argv[1:]])[:1000]
    return About(settings.name, scope, len(cases), digest(at), code.digest(code.ANSWERS), said, typed)


def _check(out: Path, about: About) -> None:
    old = read_about(out) if out.exists() else None
    if old is None or msgspec.structs.replace(old, command=about.command) == about:
        return
    fields = ("settings", "scope", "commits", "cases", "code")
    what = ", ".join(f for f in fields if getattr(old, f) != getattr(about, f)) or "name"
    raise UsageError(f"{out} is a run with other {what}", "choose another --out, or --fresh to start over")


def _answers(tasks: Sequence[CaseTask], root: Path, settings: RunSettings, jobs: int) -> Iterator[RunLine]:
    if jobs < 2 or len(tasks) < 2:
        index = opened(root)
        try:
            yield from (answer(index, t, settings) for t in tasks)
        finally:
            close()
        return
    with Workers(jobs, _start, root, settings, jobs) as pool:
        try:
            yield from pool.map(_work, tasks)
        except BrokenProcessPool as e:
            raise BugatlasError(
                "a worker died, perhaps for want of memory", "run again with fewer --jobs"
            ) from e


_opened: tuple[Index, RunSettings]


def _start(root: Path, settings: RunSettings, processes: int) -> None:
    global _opened
    _opened = opened(root, processes), settings


def _work(task: CaseTask) -> RunLine:
    index, settings = _opened
    return answer(index, task, settings)


def answer(index: Index, task: CaseTask, settings: RunSettings) -> RunLine:
    """Answer one case. `seconds` is the time of reading and ranking, with the snapshots open (warm)."""
    case = task.case
    index, views = asked(index, task.commits)
    if not views:
        return RunLine(case.id, error="none of its repositories could be searched")
    for view in views:
        _warm(view)
    weights = settings.weights or Weights()  # not those of the working index: a run is what its settings say
    try:
        began = time.perf_counter()
        report = read(case.body, case.title) if case.body.strip() else read(case.title)
        query = translated(index, views, without_forms(index, views, understand(report)))
        ranking: Ranking | None = None
        if settings.ranker in BASELINES:
            scope = Scope(views)
            simple = BASELINES[settings.ranker](scope, report, index)
            by_files, by_repos, order = simple.scores, simple.routes, simple.best(LISTED)
        else:
            scope, ranking = rank_in(index, views, query, weights, tests=settings.tests)
            by_files, by_repos, order = ranking.scores, ranking.routes, best_files(ranking, LISTED)
        told: Answer | None = None
        if settings.model:
            told = ask(index, views, report, settings.model, weights, tests=settings.tests)
            order = places(scope, told)
            by_files = _reordered(by_files, order)
            listed = [r.repo for r in told.routes]
            by_repos = np.array(
                [100 - listed.index(v.repo) if v.repo in listed else 1 for v in views], np.float32
            )
        seconds = time.perf_counter() - began
    except BugatlasError as e:
        return RunLine(case.id, error=e.message)
    line = _line(
        _AnsweredCase(index, case, scope, query, ranking, weights, by_files, by_repos, told), order, seconds
    )
    if told is None:
        return line
    heard = next((n for n in told.notes if n.startswith(FAILED)), "")
    return structs.replace(
        line, confidence=told.confidence, calls=told.calls, note=heard, judgement=told.judgement
    )


class _AnsweredCase(Struct, frozen=True):
    """A case with all that its answer is told from."""

    index: Index
    case: Case
    scope: Scope
    query: Query
    ranking: Ranking | None  # None: a baseline, which gives no reasons
    weights: Weights
    scores: Floats  # (files,)
    routes: Floats  # (views,)
    answer: Answer | None  # of a model


def _line(a: _AnsweredCase, order: Sequence[int], seconds: float) -> RunLine:
    top = float(a.scores[order[0]]) if order else 1.0
    hits = []
    for n, i in enumerate(order):
        view, at = a.scope.locate(i)
        told, parts = _why(a, i) if n < EXPLAINED else ((), {})
        functions = _functions(a, n, i) if n < EXPLAINED else ()
        hits.append(
            RankedFile(view.repo, view.path(at), round(float(a.scores[i]) / top, 4), parts, told, functions)
        )
    routed = [a.scope.views[int(r)].repo for r in np.argsort(-a.routes, kind="stable") if a.routes[r] > 0]
    sure = round(confidence(a.scope, a.ranking, a.weights), 4) if a.ranking else None
    candidates = a.ranking.candidates if a.ranking else a.scores > 0
    targets = tuple(_target(a, g, top) for g in a.case.gold)
    return RunLine(
        a.case.id, tuple(hits), tuple(routed), round(seconds, 4), sure, targets, int(candidates.sum())
    )


def _functions(a: _AnsweredCase, place: int, i: int) -> tuple[Named, ...]:
    """Functions that an answer shows of its file at a place: a model's, else the search's."""
    view, n = a.scope.locate(i)
    if a.answer is not None:
        symbols = a.answer.files[place].symbols
    elif a.ranking is not None:
        facts = a.index.store(view.repo).facts(view.blob(n))
        symbols = Explainer(a.scope, a.query, a.ranking).functions(i, facts)
    else:
        return ()
    return tuple(Named(s.qualname, s.start, s.end) for s in symbols if s.kind in CALLED)


def _target(a: _AnsweredCase, gold: Gold, top: float) -> Target:
    rows = ((v, int(s)) for v, s in zip(a.scope.views, a.scope.starts, strict=False) if v.repo == gold.repo)
    view, start = next(rows, (None, 0))
    if view is None or gold.path not in view.paths:
        return Target(gold.repo, gold.path)
    n = view.paths.index(gold.path)
    i = start + n
    better = int((a.scores > a.scores[i]).sum()) + int((a.scores[:i] == a.scores[i]).sum())
    rank = better + 1 if a.scores[i] > 0 else None
    language = view.language(n)
    told, parts = _why(a, i)
    kind = kind_of(a.query, view, n)
    score = round(float(a.scores[i]) / top, 4)
    return Target(gold.repo, gold.path, rank, language, kind, score, parts, told)


def _why(a: _AnsweredCase, i: int) -> tuple[tuple[Reason, ...], dict[str, float]]:
    """What speaks for a file, in words and by voter."""
    if a.ranking is None:
        return (), {}
    view, n = a.scope.locate(i)
    at = a.scope.number(i)
    facts = a.index.store(view.repo).facts(view.blob(n))
    told = Explainer(a.scope, a.query, a.ranking).evidence(i, facts)
    parts = {name: float(p[i]) for name, p in a.ranking.parts.items()}
    parts |= {f"route:{name}": float(p[at]) for name, p in a.ranking.route_parts.items()}
    parts["role"] = -float(a.ranking.costs[i])
    kept = {name: round(x, 4) for name, x in parts.items() if abs(x) >= 5e-4}
    return tuple(Reason(e.voter, e.text, round(e.weight, 3), e.line) for e in told), kept


def _reordered(scores: Floats, order: Sequence[int]) -> Floats:
    """Scores in the order of an answer: listed files above all others, which keep theirs."""
    out = np.where(scores > 0, scores / (float(scores.max()) or 1.0), scores).astype(np.float32)
    out[list(order)] = 2 - np.arange(len(order), dtype=np.float32) / max(1, len(order))
    return out


def _warm(view: View) -> None:
    """Compute what a long-lived process has at hand: `seconds` are those of a warm query."""
    for name, member in vars(View).items():
        if isinstance(member, cached_property):
            getattr(view, name)
