"""How well the routing map chooses, beside the textbook methods and beside searching everything.

Of each case the repositories are taken as they were, and a map is made of just those snapshots. Told are the
share of cases whose repository is among the N chosen, and the accuracy of the search within them.
CORI: Callan, Lu & Croft, SIGIR 1995. ReDDE: Si & Callan, SIGIR 2003, from a tenth of the files. Taily: Aly,
Hiemstra & Demeester, SIGIR 2013, with exact means and variances.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, Repo
from eval.snapshots import commits_of
from eval.working_index import asked
from locator.locate import best_files, rank_in
from locator.query import Query, understand
from locator.report.reader import read
from locator.shortlist import scores
from summaries.index.index import Index
from summaries.index.postings import bm25, idf, weighted
from summaries.index.routing_map import MappedRepository, RoutingMap, write
from summaries.index.routing_update import entries
from summaries.index.shard import View

Scores = NDArray[np.floating]
TAKEN = 10  # one file in so many is sampled by ReDDE
EXPECTED = 50  # files that Taily cuts the ranking at


def routing_accuracy(
    root: Path, cases: Sequence[Case], repos: Sequence[Repo] | None, pattern: str, counts: Sequence[int]
) -> dict[str, Any]:
    """Recall and accuracy by method and number of repositories; heads are searched where `repos` is None."""
    index = Index.open(root)
    commits = commits_of(cases, repos, pattern, "all")[0] if repos else None
    shared = None if commits else Maker([index.view(n) for n in index.repos])
    recall: dict[str, list[int]] = {}
    found: dict[tuple[str, int], list[int]] = {}
    seconds: dict[str, list[float]] = {}
    for case in cases:
        views = asked(index, commits[case.id])[1] if commits else [index.view(n) for n in index.repos]
        held = {v.repo for v in views}
        gold = {(g.repo, g.path) for g in case.gold if g.repo in held}
        if not gold:
            continue
        report = read(case.body, case.title)
        query = understand(report)
        maker = shared or Maker(views)
        aliases = {v.repo: index.repos[v.repo].aliases for v in views}
        began = time.perf_counter()
        by_method: dict[str, Scores] = {"map": maker.mapped(query, aliases)}
        seconds.setdefault("map", []).append(time.perf_counter() - began)
        by_method |= textbook(views, query)
        for method, score in by_method.items():
            order = [views[int(i)].repo for i in np.argsort(-score, kind="stable")]
            recall.setdefault(method, []).append(min(order.index(r) for r, _ in gold))
        order = [views[int(i)].repo for i in np.argsort(-by_method["map"], kind="stable")]
        for count in (*counts, len(views)):
            some = [v for v in views if v.repo in set(order[:count])]
            began = time.perf_counter()
            scope, ranking = rank_in(index, some, query)
            name = "all" if count == len(views) else f"map {count}"
            seconds.setdefault(name, []).append(time.perf_counter() - began)
            listed = [
                (scope.locate(i)[0].repo, scope.locate(i)[0].path(scope.locate(i)[1]))
                for i in best_files(ranking, 100)
            ]
            rank = next((n for n, hit in enumerate(listed) if hit in gold), 10**6)
            found.setdefault((name, count if name != "all" else 0), []).append(rank)
    return {
        "cases": len(next(iter(recall.values()))),
        "repositories": len(index.repos),
        "recall": {m: {str(k): _share(p, k) for k in counts} for m, p in recall.items()},
        "accuracy": {
            name: {f"success@{k}": _share(ranks, k) for k in (1, 5, 10)} for (name, _), ranks in found.items()
        },
        "median_ms": {n: round(float(np.median(s)) * 1e3, 2) for n, s in seconds.items()},
    }


def _share(positions: Sequence[int], within: int) -> float:
    return round(sum(p < within for p in positions) / len(positions), 4)


class Maker:
    """A routing map of some snapshots."""

    def __init__(self, views: Sequence[View]) -> None:
        found = [entries(v.shard, v) for v in views]
        keys, weights = np.concatenate([f.keys for f in found]), np.concatenate([f.weights for f in found])
        first = np.cumsum([0, *(f.size for f in found)])
        rows = np.concatenate([f.rows + n for f, n in zip(found, first, strict=False)])
        listed = [MappedRepository(v.repo, 1, f.size) for v, f in zip(views, found, strict=True)]
        with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
            path = Path(folder) / "map-1.safetensors"
            write(path, keys, rows, weights, listed)
            self.size = path.stat().st_size
            self.map = RoutingMap(Path(folder), {v.repo: 1 for v in views})

    def mapped(self, query: Query, aliases: Mapping[str, tuple[str, ...]]) -> Scores:
        """Score of every repository, in the order given."""
        return scores(self.map, query, aliases)


def textbook(views: Sequence[View], query: Query) -> dict[str, Scores]:
    """CORI, ReDDE and Taily, on the words of files alone, with all the statistics that they wish for."""
    keys, weights = weighted(query.bag)
    found = [v.shard.units.match(keys).keep(v.unit_mask).grouped(v.shard.unit_blobs) for v in views]
    df = np.array([m.frequencies(len(keys)) for m in found], np.float64)
    sizes = np.array([max(len(v), 1) for v in views], np.float64)
    words = np.array([v.lengths[1] for v in views])
    mean = words.sum() / sizes.sum()
    rare = weights * idf(df.sum(axis=0), sizes.sum())
    by_file = [bm25(m, rare, v.lengths[0], mean, 1.2, 0.75) for m, v in zip(found, views, strict=True)]
    return {
        "cori": _cori(df, words, weights),
        "redde": _redde(views, by_file),
        "taily": _taily(sizes, by_file, views),
        "size": sizes,
    }


def _cori(df: Scores, words: Scores, weights: Scores) -> Scores:
    spread = np.maximum((df > 0).sum(axis=0), 1)
    belief = df / (df + 50 + 150 * (words / words.mean())[:, None])
    rarity = np.log((len(words) + 0.5) / spread) / np.log(len(words) + 1.0)
    out: Scores = ((0.4 + 0.6 * belief * rarity) * (df > 0) * weights).sum(axis=1)
    return out


def _redde(views: Sequence[View], by_file: Sequence[Scores]) -> Scores:
    sampled: list[tuple[float, int, float]] = []
    for r, (v, score) in enumerate(zip(views, by_file, strict=True)):
        taken = np.unique(v.blob_ids)[:: max(1, min(TAKEN, len(v) // 3))]
        sampled += [(float(s), r, len(v) / max(len(taken), 1)) for s in score[taken] if s > 0]
    sampled.sort(reverse=True)
    out = np.zeros(len(views))
    for value, r, stands_for in sampled[:100]:
        out[r] += value * stands_for
    return out


def _taily(sizes: Scores, by_file: Sequence[Scores], views: Sequence[View]) -> Scores:
    from scipy.stats import gamma

    own = [s[v.blob_ids] for s, v in zip(by_file, views, strict=True)]
    mean = np.array([max(float(s.mean()), 1e-9) if len(s) else 1e-9 for s in own])
    var = np.array([max(float(s.var()), 1e-9) if len(s) else 1e-9 for s in own])
    low, high = 0.0, max(float(s.max()) if len(s) else 0.0 for s in own)
    for _ in range(40):
        cut = (low + high) / 2
        expected = sizes * gamma.sf(cut, mean**2 / var, scale=var / mean)
        low, high = (cut, high) if expected.sum() > EXPECTED else (low, cut)
    out: Scores = sizes * gamma.sf(low, mean**2 / var, scale=var / mean)
    return out
