"""What a question costs: warm in a process that has the index open, and cold as a command of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.measure import command, resident, spread
from benchmarks.stages import staged
from eval.cases import Case, Repo

TABLE = (  # (module, function, stage) of a question
    ("locator.locate", "understand", "read the report"),
    ("locator.locate", "likeliest", "choose repositories by the map"),
    ("locator.voters.ballot", "lexical", "words of files and functions"),
    ("locator.voters.ballot", "past", "past commits"),
    ("locator.voters.ballot", "messages", "literals of the likeliest files"),
    ("locator.locate", "translated", "texts of catalogues"),
    ("locator.locate", "without_forms", "issue forms"),
    ("locator.voters.ballot", "marks", "names, phrases, routes, keys"),
    ("locator.voters.ballot", "paths", "paths"),
    ("locator.voters.context", "tests", "tests"),
    ("locator.rank", "callees", "collaborators of the best"),
    ("locator.route", "features", "routes"),
    ("locator.locate", "fuse", "weigh"),
    ("locator.rank", "fuse", "weigh"),
    ("locator.locate", "_explain", "explain the first ten"),
)
WARM_UP = 3  # reports asked before the clock starts


def query_speed(
    repos: Sequence[Repo], pattern: str, cases: Sequence[Case], runs: int, jobs: int, root: Path | None
) -> dict[str, Any]:
    """Warm and cold times over the reports."""
    with TemporaryDirectory(prefix="bugatlas-bench-") as name:
        if root is None:
            root = Path(name) / "index"
            listed = Path(name) / "repos.txt"
            listed.write_text("".join(f"{r.where(pattern)} name={r.name}\n" for r in repos))
            command("bugatlas", "--index", str(root), "index", "--from", str(listed), "-j", str(jobs))
        reports = Path(name) / "reports.json"
        reports.write_bytes(msgspec.json.encode([f"{c.title}\n\n{c.body}" for c in cases]))
        warm = [
            msgspec.json.decode(command("benchmarks.query", str(root), str(reports)).output)
            for _ in range(runs)
        ]
        first = Path(name) / "report.md"
        cold, helped = [], []
        for case in cases[: max(5, runs)]:
            first.write_text(f"{case.title}\n\n{case.body}")
            asked = ("bugatlas", "--index", str(root), "locate", "--file", str(first))
            cold.append(command(*asked, check=False, memory=False))  # to look at its memory slows it
            helped.append(command("bugatlas", "--help", memory=False).seconds)
        nothing = [command("this", memory=False).seconds for _ in range(5)]
    return {
        "repositories": len(repos),
        "reports": len(cases),
        "runs": runs,
        "warm": min(warm, key=lambda w: w["locate"]["median_ms"]),
        "cold_locate_s": round(median(c.seconds for c in cold), 3),
        "cold_locate_cpu_s": round(median(c.cpu for c in cold), 3),
        "help_s": round(median(helped), 3),
        "bare_python_s": round(median(nothing), 3),
    }


def warm(root: Path, reports: Sequence[str]) -> dict[str, Any]:
    """Times of `locate` with all details and of the ranking alone, and from two threads at once."""
    from locator.locate import locate, rank_in
    from locator.query import understand
    from locator.report.reader import read
    from locator.shortlist import ALL
    from summaries.index.index import Index

    began = time.perf_counter()
    index = Index.open(root)
    locate(index, reports[0])
    first = time.perf_counter() - began
    for report in reports[:WARM_UP]:
        locate(index, report)
    asked: list[float] = []
    spent_on: list[float] = []
    for report in reports:
        before = time.process_time()
        asked.append(_timed(lambda r=report: locate(index, r)))
        spent_on.append(time.process_time() - before)
    few = len(index.repos) <= ALL
    views = [index.view(n) for n in index.repos] if few else []
    ranked = [_timed(lambda r=r: rank_in(index, views, understand(read(r)))) for r in reports] if few else []
    table = [(import_module(module), name, stage) for module, name, stage in TABLE]
    spent = staged(lambda: [locate(index, r) for r in reports], table)
    alone = resident(os.getpid())
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda r: locate(index, r), reports))
    together = time.perf_counter() - began
    return {
        "first_s": round(first, 3),
        "locate": spread(asked),
        "locate_cpu": spread(spent_on),
        "ranking": spread(ranked) if ranked else None,
        "per_second_1_thread": round(len(asked) / sum(asked), 1),
        "per_second_2_threads": round(len(reports) / together, 1),
        "stages_ms": {n: round(cpu / len(reports) * 1e3, 2) for n, (_, cpu) in spent.items()},
        "files": sum(sum(s.files.values()) for s in index.repos.values()),
        "resident_mb": round(alone / 1e6, 1),
        "resident_2_threads_mb": round(resident(os.getpid()) / 1e6, 1),
    }


def _timed(run: Any) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    texts = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[str])
    sys.stdout.write(msgspec.json.encode(warm(Path(sys.argv[1]), texts)).decode() + "\n")
