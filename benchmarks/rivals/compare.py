"""Bugatlas and its rivals on real reports, each over the repositories as they were when it was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.rivals import commands, libraries
from benchmarks.rivals.chunks import chunks
from benchmarks.rivals.corpus import LISTED, Ask, Corpus, File, corpus
from eval.cases import Case
from eval.runfile import RankedFile, RunLine
from eval.scoring.intervals import differences
from eval.scoring.measures import score
from eval.snapshots import CaseSnapshots
from eval.working_index import asked
from locator.locate import Options, locate_in
from locator.query import understand
from locator.report.reader import read
from summaries.index.index import Index

MEASURES = ("Success@1", "Success@5", "Success@10", "MRR", "Route@1")
OURS = "bugatlas"

Rival = Callable[[Corpus], Ask]
RIVALS: Mapping[str, tuple[Rival, bool]] = {  # with whether it is installed
    "bm25s": (libraries.bm25s, bool(find_spec("bm25s"))),
    "SQLite FTS5": (libraries.fts5, True),
    "tantivy": (libraries.tantivy, bool(find_spec("tantivy"))),
    "semble, its lexical part": (libraries.semble, bool(find_spec("semble"))),
    "probe": (commands.probe, bool(which("probe"))),
    "ripgrep": (commands.ripgrep, bool(which("rg"))),
}


class _Runs:
    """Answers of each, and what they took."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[str, RunLine]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.built: dict[
            str, float
        ] = {}  # seconds, the longest: words of files that come again are counted already

    def ask(self, name: str, case: Case, ask: Callable[[], Sequence[File]]) -> None:
        began = time.perf_counter()
        found = ask()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        ranked = tuple(RankedFile(repo, path) for repo, path in found)
        self.lines.setdefault(name, {})[case.id] = RunLine(case.id, ranked)


def rivals(world: CaseSnapshots, cases: Sequence[Case], model: str = "") -> dict[str, Any]:
    """Accuracy and seconds of each over the reports; embedded chunks only where a `model` is named.

    What is not installed is left out and named in `absent`.
    """
    index = Index.open(world.root)
    taken = {name: rival for name, (rival, there) in RIVALS.items() if there}
    if model:
        taken["embedded chunks"] = partial(chunks, model=model)
    runs, sizes = _Runs(), []
    for case in cases:
        then, views = asked(index, world.commits[case.id])

        def ours(case: Case = case, then: Index = then, views: Any = views) -> list[File]:
            report = read(case.body, case.title) if case.body.strip() else read(case.title)
            answer = locate_in(then, views, understand(report), Options(limit=LISTED, nearest=True))
            return [(f.repo, f.path) for f in answer.files]

        runs.ask(OURS, case, ours)
        with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
            files = corpus(then, views, Path(folder))
            sizes.append(len(files.files))
            report = f"{case.title}\n\n{case.body}"
            for name, rival in taken.items():
                began = time.perf_counter()
                ask = rival(files)
                runs.built[name] = max(runs.built.get(name, 0.0), time.perf_counter() - began)
                runs.ask(name, case, partial(ask, report))
    return {
        "repositories": len(index.repos),
        "files": round(median(sizes)),
        "reports": len(cases),
        "absent": [name for name, (_, there) in RIVALS.items() if not there],
        "rows": [_row(name, cases, runs) for name in (OURS, *taken)],
    }


def _row(name: str, cases: Sequence[Case], runs: _Runs) -> dict[str, Any]:
    found, ours = score(cases, runs.lines[name]), score(cases, runs.lines[OURS])
    means = found.means()
    behind = differences(ours.of("MRR")[:, None], found.of("MRR")[:, None])[0]
    return {
        "name": name,
        "accuracy": {m: round(means[m], 4) for m in MEASURES},
        "behind": None if name == OURS else [round(x, 4) for x in (behind.mean, behind.low, behind.high)],
        "median_ms": round(median(runs.seconds[name]) * 1e3, 2),
        "build_s": round(runs.built[name], 2) if name in runs.built else None,
    }
