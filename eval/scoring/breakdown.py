"""Results told apart: by repository, language, number of gold files, and by what points at the gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from eval.cases import Case
from eval.runfile import RunLine
from eval.scoring.intervals import Interval, intervals
from eval.scoring.measures import Scores
from eval.scoring.strata import DESCRIPTIONS, KINDS
from indexer.parse.languages import language_of

MEASURES = ("Success@1", "Success@5", "Success@10", "MRR", "Recall@10", "All@10", "Route@1")


class CaseGroup(Struct, frozen=True):
    """Some of the cases and how they fared."""

    name: str
    cases: int
    measures: Mapping[str, Interval]


class Breakdown(Struct, frozen=True):
    """One way of telling cases apart. A case may be in several groups (gold in two repositories)."""

    title: str
    groups: tuple[CaseGroup, ...]


def breakdowns(cases: Sequence[Case], run: Mapping[str, RunLine], scores: Scores) -> tuple[Breakdown, ...]:
    """All of them; a way that puts every case into one group is left out."""
    by_repo: dict[str, list[int]] = {}
    by_language: dict[str, list[int]] = {}
    by_size: dict[str, list[int]] = {name: [] for _, name in _SIZES}
    by_kind: dict[str, list[int]] = {k: [] for k in KINDS}
    for n, case in enumerate(cases):
        for repo in sorted({g.repo for g in case.gold}):
            by_repo.setdefault(repo, []).append(n)
        for language in sorted(_languages(case, run.get(case.id))):
            by_language.setdefault(language, []).append(n)
        size = next(name for most, name in _SIZES if len(case.gold) <= most)
        by_size[size].append(n)
        if kind := kind_of(run.get(case.id)):
            by_kind[kind].append(n)
    ways = {
        "What points at the gold": {DESCRIPTIONS[k]: v for k, v in by_kind.items()},
        "Gold files": by_size,
        "Repository of the gold": dict(sorted(by_repo.items(), key=lambda x: (-len(x[1]), x[0]))),
        "Language of the gold": dict(sorted(by_language.items(), key=lambda x: (-len(x[1]), x[0]))),
    }
    out = []
    for title, groups in ways.items():
        kept = {name: at for name, at in groups.items() if at}
        if len(kept) > 1:
            out.append(Breakdown(title, tuple(_group(name, at, scores) for name, at in kept.items())))
    return tuple(out)


def kind_of(line: RunLine | None) -> str:
    """The strongest kind of evidence for any gold file of a case; "" where the run does not say."""
    kinds = {t.kind for t in line.gold} if line else set()
    return next((k for k in KINDS if k in kinds), "")


_SIZES = ((1, "1"), (2, "2"), (5, "3 to 5"), (10**9, "6 or more"))


def _languages(case: Case, line: RunLine | None) -> set[str]:
    said = {(t.repo, t.path): t.language for t in line.gold} if line else {}
    return {said.get((g.repo, g.path)) or language_of(g.path) or "other" for g in case.gold}


def _group(name: str, at: Sequence[int], scores: Scores) -> CaseGroup:
    rows = scores.where(at).values[:, [scores.names.index(m) for m in MEASURES]]
    return CaseGroup(name, len(at), dict(zip(MEASURES, intervals(rows), strict=True)))
