"""How good a run is: the usual measures of ranked retrieval, by case.

Success@k, MRR, MAP and Recall@k are those of `ir_measures` (MacAvaney, Macdonald & Ounis, ECIR 2022): a case
without an answer scores zero. All@k and Route@k, which it lacks, are ours: every gold file among the first k
files, and any gold repository among the first k repositories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from eval.cases import Case
from eval.runfile import RunLine

KS = (1, 3, 5, 10)
ROUTES = (1, 2, 3)
COVERED = 100  # files that a reranker could be given
HEADLINE = ("Success@1", "Success@3", "Success@5", "Success@10", "MRR", "MAP", "Recall@10", "All@10",
            "Route@1", "Route@2", "Route@3", f"Success@{COVERED}")  # fmt: skip

Values = NDArray[np.float64]


class Scores(Struct, frozen=True):
    """Every measure of every case: `values` is (cases, measures)."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: Values

    def of(self, name: str) -> Values:
        """One measure of all cases."""
        return self.values[:, self.names.index(name)]

    def means(self) -> dict[str, float]:
        """Mean of every measure; 0 where there is no case."""
        return {
            n: float(self.values[:, i].mean()) if len(self.ids) else 0.0 for i, n in enumerate(self.names)
        }

    def where(self, keep: Sequence[int]) -> Scores:
        """Only the cases of those positions."""
        return Scores(tuple(self.ids[i] for i in keep), self.names, self.values[list(keep)])


def score(cases: Sequence[Case], run: Mapping[str, RunLine]) -> Scores:
    """Score a run over all cases, in their order."""
    import ir_measures
    from ir_measures import AP, RR, R, Success

    library = [(f"Success@{k}", Success @ k) for k in (*KS, COVERED)]
    library += [("MRR", RR), ("MAP", AP)] + [(f"Recall@{k}", R @ k) for k in KS]
    names = [n for n, _ in library] + [f"All@{k}" for k in KS] + [f"Route@{k}" for k in ROUTES]
    values = np.zeros((len(cases), len(names)))
    qrels: dict[str, dict[str, int]] = {}
    runs: dict[str, dict[str, float]] = {}
    for n, case in enumerate(cases):
        gold = {(g.repo, g.path) for g in case.gold}
        ranked = files_of(run.get(case.id))
        # Numbers stand for the files: names from outside may hold what the library's C strings cannot.
        number = {key: str(i) for i, key in enumerate(dict.fromkeys([*ranked, *sorted(gold)]))}
        qrels[str(n)] = {number[key]: 1 for key in gold}
        if ranked:
            runs[str(n)] = {number[key]: float(-i) for i, key in enumerate(ranked)}
        tail = [float(gold <= set(ranked[:k])) for k in KS]
        routed = repos_of(run.get(case.id))
        tail += [float(bool({r for r, _ in gold} & set(routed[:k]))) for k in ROUTES]
        values[n, len(library) :] = tail
    column: dict[Any, int] = {m: i for i, (_, m) in enumerate(library)}
    for found in ir_measures.iter_calc(list(column), qrels, runs) if runs else ():
        values[int(found.query_id), column[found.measure]] = found.value
    return Scores(tuple(c.id for c in cases), tuple(names), values)


def files_of(line: RunLine | None) -> list[tuple[str, str]]:
    """Ranked files; one that is listed twice counts once, at its best rank."""
    return list(dict.fromkeys((h.repo, h.path) for h in line.ranked)) if line else []


def repos_of(line: RunLine | None) -> list[str]:
    """Routed repositories, or those of the ranked files where a run has no routes."""
    if line is None:
        return []
    return list(line.routed) or list(dict.fromkeys(h.repo for h in line.ranked))


def first_ranks(cases: Sequence[Case], run: Mapping[str, RunLine]) -> list[int | None]:
    """Rank of the first gold file in each case's list, 1 is best; None where no gold file is listed."""
    out: list[int | None] = []
    for case in cases:
        gold = {(g.repo, g.path) for g in case.gold}
        out.append(next((i for i, key in enumerate(files_of(run.get(case.id)), 1) if key in gold), None))
    return out


def given_repositories(cases: Sequence[Case], run: Mapping[str, RunLine]) -> dict[str, RunLine]:
    """The same rankings with files of other repositories struck out: the difference is lost by routing."""
    out = {}
    for case in cases:
        if line := run.get(case.id):
            repos = {g.repo for g in case.gold}
            kept = tuple(h for h in line.ranked if h.repo in repos)
            out[case.id] = RunLine(case.id, kept, tuple(sorted(repos)), line.seconds, line.confidence)
    return out
