"""Past fixes as lessons: a commit's message asks, the files it changed answer, over the tree before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from eval.cases import Base, Case, Gold
from eval.learning.fit import Sample
from eval.mining.fixes import Fix, fixes, own_words
from eval.mining.mine import LEAST_WORDS
from eval.working_index import asked
from locator.confidence import Shape, shape
from locator.locate import rank_in, vote_in
from locator.query import understand
from locator.rank import Ranking, fuse
from locator.report.reader import Report, read
from locator.scope import Scope
from locator.voters import registry
from locator.weights import Weights
from summaries.index.index import Index
from summaries.index.postings import Floats, Mask

# What a commit message can teach: how this system's words lie in its code. It names no service and carries no
# trace, and is written like other messages, so that it says nothing of what reports' pointers, names and
# likeness to history are worth. Fitted on messages, those made real reports worse on both development sets:
# docs/evaluation.md has the figures.
TEACHABLE = frozenset(f"voters.{v.name}" for v in registry.VOTERS if v.teachable) | {
    f"routes.{v.name}" for v in registry.ROUTES if v.teachable
}
MAX_FILES = 6  # of a fix: one that changes more says little about each
CANDIDATES = 100
PARTS = ("voters", "routes", "priors")  # of Weights, in the order of the features


class Lesson(Struct, frozen=True):
    """A past fix and the commits it is asked of."""

    case: Case
    commits: dict[str, str]


class Trial(Struct, frozen=True):
    """What some weights make of a lesson."""

    rank: int | None  # of the first gold file; None where it is no candidate
    route: int | None  # of the first gold repository
    shape: Shape | None


def names_of(weights: Weights) -> list[tuple[str, str]]:
    """(table, name) of every weight that is fitted, in the order of the features."""
    return [(part, name) for part in PARTS for name in getattr(weights, part)]


def lessons(index: Index, most: int, slices: int, until: int = 2**40) -> list[Case]:
    """The newest fixes of all repositories before `until`, oldest first.

    Times are cut into `slices`, and a fix is asked of the trees before its slice began: some weeks older than
    the fix, so that hundreds of lessons share the same few snapshots.
    """
    found: dict[str, Fix] = {}
    for repo in index.repos:
        for fix in fixes(index, repo, Counter(), MAX_FILES).fixes:
            settles = any(r.closes for r in fix.references)
            if fix.latest < until and (fix.speaks or settles) and len(fix.message.split()) >= LEAST_WORDS:
                found.setdefault(fix.message, fix)  # the same change in several repositories counts once
    ordered = sorted(found.values(), key=lambda f: (f.earliest, f.repo, f.commit))[-most:]
    return sliced([_case(f) for f in ordered], slices)


def sliced(ordered: Sequence[Case], slices: int) -> list[Case]:
    """Cases in the order of their times, each asked of the trees before its slice of time began."""
    out: list[Case] = []
    for group in np.array_split(np.arange(len(ordered)), max(1, min(slices, len(ordered)))):
        out += [replace(ordered[int(n)], as_of=ordered[int(group[0])].as_of) for n in group]
    return out


def _case(fix: Fix) -> Case:
    title, body = own_words(fix.message)
    return Case(
        id=f"{fix.repo}@{fix.commit}",
        title=title,
        body=body,
        gold=tuple(Gold(fix.repo, p) for p in fix.files),
        as_of=datetime.fromtimestamp(fix.earliest, UTC).isoformat(),
        fix_commits=(Base(fix.repo, fix.commit),),
        words="commit",
    )


def sample(index: Index, lesson: Lesson, shipped: Weights) -> Sample | None:
    """Features of the best candidates by the shipped weights, and of the gold; None without gold among them."""
    index, views = asked(index, lesson.commits)
    report = _report(lesson.case)
    scope, found = vote_in(index, views, understand(report), shipped)
    gold = _gold(scope, lesson.case) & found.candidates
    ranking = fuse(scope, found, shipped)
    best = np.argsort(-ranking.scores, kind="stable")[:CANDIDATES]
    rows = np.unique(np.concatenate([best[ranking.scores[best] > 0], np.flatnonzero(gold)]))
    if not gold.any() or len(rows) < 2 or gold[rows].all():
        return None
    columns: list[Floats] = []
    for part, name in names_of(shipped):
        if part == "voters":
            columns.append(
                found.files[name][rows] if name in found.files else np.zeros(len(rows), np.float32)
            )
        elif part == "priors":
            columns.append(
                -found.roles[name][rows] if name in found.roles else np.zeros(len(rows), np.float32)
            )
        else:
            weight = shipped.routes[name]
            told = found.routes.get(
                name, ranking.route_parts.get(name, np.zeros(len(views))) / (weight or 1.0)
            )
            columns.append(told[scope.repo_of[rows]].astype(np.float32))
    return Sample(np.column_stack(columns).astype(np.float32), gold[rows])


def ranked(index: Index, lesson: Lesson, weights: Weights) -> tuple[Scope, Ranking, Mask]:
    """Rank with some weights, as `locate` does, and which files are gold."""
    index, views = asked(index, lesson.commits)
    scope, ranking = rank_in(index, views, understand(_report(lesson.case)), weights)
    return scope, ranking, _gold(scope, lesson.case)


def trial(index: Index, lesson: Lesson, weights: Weights) -> Trial:
    """What some weights make of a lesson."""
    scope, ranking, wanted = ranked(index, lesson, weights)
    views = scope.views
    gold = np.flatnonzero(wanted & ranking.candidates & (ranking.scores > 0))
    rank = None
    if len(gold):
        best = int(gold[np.argmax(ranking.scores[gold])])
        rank = 1 + int((ranking.scores > ranking.scores[best]).sum())
        rank += int((ranking.scores[:best] == ranking.scores[best]).sum())
    routed = [views[int(r)].repo for r in np.argsort(-ranking.routes, kind="stable")]
    home = lesson.case.gold[0].repo
    route = routed.index(home) + 1 if home in routed else None
    return Trial(rank, route, shape(scope, ranking))


def _report(case: Case) -> Report:
    return read(case.body, case.title) if case.body.strip() else read(case.title)


def _gold(scope: Scope, case: Case) -> Mask:
    wanted = {(g.repo, g.path) for g in case.gold}
    out = np.zeros(scope.size, np.bool_)
    for v, start in zip(scope.views, scope.starts, strict=False):
        if any(repo == v.repo for repo, _ in wanted):
            out[start : start + len(v)] = [(v.repo, p) in wanted for p in v.paths]
    return out
