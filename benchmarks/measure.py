"""Run a command and say what it cost: seconds, processor seconds, peak memory. Write results by commit."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec
from msgspec import Struct

HOME = Path(__file__).resolve().parent.parent
RESULTS = HOME / "benchmarks" / "results"
PAUSE = 0.05  # seconds between two looks at a command's memory


class Cost(Struct, frozen=True):
    """What a command cost."""

    seconds: float
    cpu: float  # seconds of all its processes
    peak_mb: float  # of all its processes at once; pages that they share count once (Linux; else 0)
    output: str = ""


def command(*args: str, check: bool = True, memory: bool = True) -> Cost:
    """Run `python -m ARGS` of this checkout. Raises RuntimeError with what it said where it fails."""
    path = os.pathsep.join(p for p in (str(HOME), os.environ.get("PYTHONPATH", "")) if p)
    compiled = {
        k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"
    }  # as people have it installed
    before = _spent()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=compiled | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},  # as the command line has it
        text=True,
    )
    peak = 0
    while True:
        try:
            out, error = process.communicate(timeout=PAUSE if memory else None)
            break
        except subprocess.TimeoutExpired:
            peak = max(peak, resident(process.pid))
    seconds = time.perf_counter() - began
    if check and process.returncode:
        raise RuntimeError(f"{' '.join(args)} ended with {process.returncode}: {error[-2000:]}")
    return Cost(round(seconds, 3), round(_spent() - before, 3), round(peak / 1e6, 1), out)


def resident(pid: int) -> int:
    """Bytes that a process and its descendants hold now, each shared page counted once in all."""
    total, waiting = 0, [pid]
    while waiting:
        at = waiting.pop()
        try:
            for line in Path(f"/proc/{at}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{at}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, ValueError):
            continue  # it has just ended
    return total


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each figure: what the work costs when nothing disturbs it."""
    return Cost(
        min(c.seconds for c in costs),
        min(c.cpu for c in costs),
        max(c.peak_mb for c in costs),
        costs[0].output,
    )


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    tail = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return {"median_ms": round(median(seconds) * 1e3, 2), "p95_ms": round(tail * 1e3, 2)}


def folder_bytes(path: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def machine() -> dict[str, Any]:
    """What the figures were taken on, and how busy it was."""
    model = ""
    if (info := Path("/proc/cpuinfo")).exists():
        model = next((x.split(":")[1].strip() for x in info.read_text().split("\n") if "model name" in x), "")
    return {
        "cores": os.cpu_count(),
        "processor": model or platform.processor(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def save(name: str, figures: dict[str, Any], into: Path = RESULTS) -> Path:
    """Write figures as `NAME-COMMIT.json`; a tree with changes is marked in them."""

    def git(*args: str) -> str:
        return subprocess.run(["git", "-C", str(HOME), *args], capture_output=True, text=True).stdout.strip()

    commit = git("rev-parse", "HEAD")[:12] or "unknown"
    dirty = bool(git("status", "--porcelain", "--", "summaries", "indexer", "locator", "eval"))
    said = {"commit": commit, "changed": dirty, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    path = into / f"{name}-{commit}.json"
    into.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        msgspec.json.format(msgspec.json.encode(said | {"machine": machine()} | figures)) + b"\n"
    )
    return path
