"""Engines of the fan-out side by side: the same repositories, the same bytes, what each costs."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xxhash

from benchmarks.index import BARE
from benchmarks.measure import best, command
from eval.cases import Repo

ENGINES = (
    ("in this process", "processes", 1),
    ("processes, 2", "processes", 2),
    ("Dask, 2 workers", "dask", 2),
)


def engines(repos: Sequence[Repo], pattern: str, runs: int) -> dict[str, Any]:
    """Cold indexes without vectors by each engine."""
    with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
        listed = Path(folder) / "repos.txt"
        listed.write_text("".join(f"{r.where(pattern)} name={r.name}\n" for r in repos))
        rows = []
        first = ""
        for name, engine, jobs in ENGINES:
            costs = []
            for _ in range(runs):
                root = Path(folder) / "index"
                shutil.rmtree(root, ignore_errors=True)
                asked = ("index", "--from", str(listed), "-j", str(jobs), "-c", f"engine={engine}", *BARE)
                costs.append(command("bugatlas", "--index", str(root), *asked))
            cost, bytes_ = best(costs), digest(root)
            first = first or bytes_
            same = "yes" if bytes_ == first else "no"
            rows.append(
                {
                    "name": name,
                    "seconds": cost.seconds,
                    "cpu": cost.cpu,
                    "peak_mb": cost.peak_mb,
                    "same": same,
                }
            )
    return {"repositories": len(repos), "runs": runs, "rows": rows}


def digest(root: Path) -> str:
    """16 hex digits of all that is published; of a database its rows."""
    seen = xxhash.xxh3_64()
    for path in sorted((root / "repos").glob("*/*")):
        seen.update(f"{path.parent.name}/{path.name}".encode())
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                for line in db.iterdump():
                    seen.update(line.encode())
        else:
            seen.update(path.read_bytes())
    return seen.hexdigest()
