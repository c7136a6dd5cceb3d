"""Cost curves: the same questions to ever larger parts of one system.

A part is a folder of links to the index's own repositories with a routing map of its own, so that an index is
made once. A size beyond the index is filled up with copies under other names: for what it costs, not what it finds.
Every figure is of a process of its own.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from benchmarks.measure import command
from eval.cases import Case
from locator.locate import Options, best_files, locate, rank_in
from locator.query import understand
from locator.report.reader import read
from locator.shortlist import ALL
from summaries.index import routing_update as mapping
from summaries.index.index import MANIFEST, Index, read_state, slug
from summaries.index.routing_map import PATTERN

QUESTIONS = 60  # questions of each size
EVERYWHERE = 12  # of them to every repository, to compare


def curve(root: Path, cases: Sequence[Case], sizes: Sequence[int], runs: int) -> dict[str, Any]:
    """One row a size: cost of a question, its accuracy, memory, bytes; beside searching every repository."""
    whole = Index.open(root)
    rows = []
    for size in sizes:
        with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
            part = part_of(whole, size, Path(folder) / "index")
            rows.append(_row(part, cases, Path(folder), runs, copies=size > len(whole.repos)))
    return {"rows": rows, "fit": _fit(rows)}


def part_of(whole: Index, size: int, into: Path) -> Path:
    """An index of so many repositories, with its own map: by links, and beyond those there are by renamed copies."""
    (into / "repos").mkdir(parents=True)
    shutil.copy(whole.root / MANIFEST, into / MANIFEST)
    names = list(whole.repos)
    for n in range(size):
        copy, place = divmod(n, len(names))
        folder = whole.folder(names[place]).resolve()
        if copy:
            _renamed(folder, names[place], f"{copy}{names[place][1:]}", into)
        else:
            (into / "repos" / folder.name).symlink_to(folder)
    part = Index.open(into)
    mapping.update(into, part.repos, part.local_path)
    return into


def _renamed(folder: Path, old: str, new: str, into: Path) -> None:
    """The same repository under another name of the same length, which the head of its shard tells."""
    state = read_state(folder / "repo.json")
    here = into / "repos" / slug(new)
    here.mkdir()
    (here / state.store).symlink_to(folder / state.store)
    data = (folder / state.shard).read_bytes()
    head = 8 + int.from_bytes(data[:8], "little")
    (here / state.shard).write_bytes(data[:head].replace(old.encode(), new.encode()) + data[head:])
    (here / "repo.json").write_bytes(msgspec.json.encode(replace(state, name=new)))


def _row(root: Path, cases: Sequence[Case], work: Path, runs: int, *, copies: bool) -> dict[str, Any]:
    index = Index.open(root)
    held = [c for c in cases if all(g.repo in index.repos for g in c.gold)]
    some = held[:: max(1, len(held) // QUESTIONS)][:QUESTIONS]
    reports = work / "reports.json"
    reports.write_bytes(msgspec.json.encode([f"{c.title}\n\n{c.body}" for c in some]))
    warm = min(
        (
            msgspec.json.decode(command("benchmarks.query", str(root), str(reports)).output)
            for _ in range(runs)
        ),
        key=lambda w: w["locate"]["median_ms"],
    )
    text = work / "report.md"
    text.write_text(f"{some[0].title}\n\n{some[0].body}")
    asked = ("bugatlas", "--index", str(root), "locate", "--file", str(text))
    cold = [command(*asked, check=False).seconds for _ in range(max(3, runs))]
    row: dict[str, Any] = {
        "repositories": len(index.repos),
        "files": warm["files"],
        "lines": sum(s.lines for s in index.repos.values()),
        "warm": warm["locate"],
        "first_s": warm["first_s"],
        "resident_mb": warm["resident_mb"],
        "resident_2_threads_mb": warm["resident_2_threads_mb"],
        "cold_s": round(median(cold), 3),
        "map_bytes": sum(p.stat().st_size for p in root.glob(PATTERN)),
        "index_bytes": sum(p.stat().st_size for n in index.repos for p in index.folder(n).iterdir()),
        "reports": len(some),
    }
    if copies:  # of two that are the same, either is right, and all together do not fit into memory
        return row
    row["accuracy"] = _accuracy([_rank(c, _hits(index, c)) for c in some])
    if len(index.repos) > ALL:
        row["everywhere"] = _everywhere(index, some[:: max(1, len(some) // EVERYWHERE)])
    return row


def _hits(index: Index, case: Case) -> list[tuple[str, str]]:
    answer = locate(index, _report(case), Options(limit=10, details=False))
    return [(f.repo, f.path) for f in answer.files]


def _everywhere(index: Index, cases: Sequence[Case]) -> dict[str, Any]:
    """The same without the map: every repository opened and ranked."""
    views = [index.view(n) for n in index.repos]
    seconds, all_ranks, map_ranks = [], [], []
    for case in cases:
        began = time.perf_counter()
        scope, ranking = rank_in(index, views, understand(_report(case)))
        seconds.append(time.perf_counter() - began)
        places = [scope.locate(i) for i in best_files(ranking, 10)]
        all_ranks.append(_rank(case, [(v.repo, v.path(n)) for v, n in places]))
        map_ranks.append(_rank(case, _hits(index, case)))
    return {
        "reports": len(cases),
        "median_ms": round(median(seconds) * 1e3, 1),
        "accuracy": _accuracy(all_ranks),
        "accuracy_with_map": _accuracy(map_ranks),
    }


def _report(case: Case) -> Any:
    return read(case.body, case.title)


def _rank(case: Case, hits: Sequence[tuple[str, str]]) -> int:
    gold = {(g.repo, g.path) for g in case.gold}
    return next((n for n, hit in enumerate(hits) if hit in gold), 10**6)


def _accuracy(ranks: Sequence[int]) -> dict[str, float]:
    return {f"success@{k}": round(sum(r < k for r in ranks) / len(ranks), 3) for k in (1, 5, 10)}


def _fit(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds of a warm question as a straight line over repositories above the map's threshold, and how
    far the last point lies from the line through the others."""
    many = [r for r in rows if r["repositories"] > ALL]
    if len(many) < 3:
        return {}
    x = np.array([r["repositories"] for r in many], np.float64)
    y = np.array([r["warm"]["median_ms"] for r in many])
    slope, base = np.polyfit(x[:-1], y[:-1], 1)
    said = base + slope * x[-1]
    return {
        "base_ms": round(float(base), 2),
        "ms_per_1000": round(float(slope) * 1000, 2),
        "predicted_last_ms": round(float(said), 2),
        "measured_last_ms": float(y[-1]),
    }
