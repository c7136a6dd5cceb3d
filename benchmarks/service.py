"""What the service adds to a question: throughput and latency beside the bare call, and memory over many queries."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.measure import HOME, spread
from eval.cases import Case

CLIENTS = (1, 8, 32)
ROUNDS = 4
WARM_UP = 40


def service_speed(root: Path, cases: Sequence[Case], queries: int, memory_queries: int) -> dict[str, Any]:
    """Answer reports in process and over HTTP with 1, 8 and 32 clients, by one process and by several; then watch memory.

    All are asked in turn, round by round, and the best round of each counts: what else the machine does in a
    round can only slow it down. Processor time (`cpu_ms` a query) suffers less from that than seconds do.
    """
    reports = [f"{c.title}\n\n{c.body}" for c in cases]
    each = queries // ROUNDS
    own = reports[:: max(1, len(reports) // each)][:each]  # the same in every round: they are compared
    rounds: dict[str, list[dict[str, Any]]] = {}
    with serving(root, "rate = 0\nworkers = 1\n") as (single, alone), serving(root) as (url, pid):
        both = (("one_process_clients", single, alone), ("clients", url, pid))
        for _, address, _ in both:
            _ask(address, reports, WARM_UP, 4)
        for _ in range(ROUNDS):
            rounds.setdefault("in_process", []).append(_bare(root, own, each))
            for clients in CLIENTS:
                for name, address, process in both:
                    before = spent(process)
                    asked = _ask(address, own, each, clients)
                    asked["cpu_ms"] = round(1000 * (spent(process) - before) / each, 2)
                    rounds.setdefault(f"{name}_{clients}", []).append(asked)
        memory = _memory(url, pid, reports, memory_queries) if memory_queries else {}
    found: dict[str, Any] = {name: max(r, key=lambda x: x["per_second"]) for name, r in rounds.items()}
    bare = found["in_process"]
    bare["cpu_ms"] = min(r["cpu_ms"] for r in rounds["in_process"])
    for key in [k for k in rounds if k != "in_process"]:
        level = found[key]
        level["throughput_ratio"] = round(level["per_second"] / bare["per_second"], 3)
        level["cpu_ms"] = min(r["cpu_ms"] for r in rounds[key])
        level["cpu_ratio"] = round(level["cpu_ms"] / bare["cpu_ms"], 3)
        level["median_ratio"] = round(level["median_ms"] / bare["median_ms"], 2)
        level["failed"] = sum(r["failed"] for r in rounds[key])
    return {"reports": len(reports), "queries": queries, "rounds": ROUNDS, **found, "memory": memory}


def _bare(root: Path, reports: Sequence[str], queries: int) -> dict[str, Any]:
    """The call that a program makes that has the index open, one after another, as JSON."""
    import msgspec

    from locator.locate import Options, locate
    from locator.report.reader import read
    from summaries.index.index import Index

    index = Index.open(root)
    seconds, spent_before = [], 0.0
    for n in range(WARM_UP + queries):
        if n == WARM_UP:
            spent_before = time.process_time()
        began = time.perf_counter()
        msgspec.json.encode(locate(index, read(reports[n % len(reports)]), Options()))
        if n >= WARM_UP:
            seconds.append(time.perf_counter() - began)
    cpu = 1000 * (time.process_time() - spent_before) / queries
    return {"per_second": round(queries / sum(seconds), 2), **spread(seconds), "cpu_ms": round(cpu, 2)}


def _ask(url: str, reports: Sequence[str], queries: int, clients: int) -> dict[str, Any]:
    """So many queries by so many clients, each with its own connection."""
    failed: list[int] = []

    def client(which: int) -> list[float]:
        taken = []
        with httpx.Client(base_url=url, timeout=120) as http:
            for n in range(which, queries, clients):
                began = time.perf_counter()
                got = http.post("/v1/locate", json={"report": reports[n % len(reports)]})
                taken.append(time.perf_counter() - began)
                if got.status_code != 200:
                    failed.append(got.status_code)
        return taken

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        seconds = [s for part in pool.map(client, range(clients)) for s in part]
    wall = time.perf_counter() - began
    return {"per_second": round(queries / wall, 2), **spread(seconds), "failed": len(failed)}


def _memory(url: str, pid: int, reports: Sequence[str], queries: int) -> dict[str, Any]:
    """Resident megabytes of the service after every tenth of so many queries, no report twice the same."""
    seen = [resident_mb(pid)]
    step = max(1, queries // 10)
    with httpx.Client(base_url=url, timeout=120) as http:
        for n in range(queries):
            report = f"{reports[n % len(reports)]}\n\nrequest {n:x}{n * 7919:x}"
            http.post("/v1/locate", json={"report": report}).raise_for_status()
            if (n + 1) % step == 0:
                seen.append(resident_mb(pid))
    half = seen[len(seen) // 2]
    return {"queries": queries, "mb": seen, "growth_second_half": round(seen[-1] / half - 1, 4)}


def spent(pid: int) -> float:
    """Processor seconds of a process and of those that it started, so far."""
    fields = [Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split() for p in (pid, *below(pid))]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Megabytes that a process and those that it started hold, their mapped files left out."""
    held = 0
    for p in (pid, *below(pid)):
        status = Path(f"/proc/{p}/status").read_text()
        held += int(next(x for x in status.splitlines() if x.startswith("RssAnon")).split()[1])
    return round(held / 1024, 1)


def below(pid: int) -> list[int]:
    """Processes that a process started and that go on."""
    return [int(p) for t in Path(f"/proc/{pid}/task").iterdir() for p in (t / "children").read_text().split()]


@contextmanager
def serving(root: Path, settings: str = "rate = 0\n") -> Iterator[tuple[str, int]]:
    """`bugatlas serve` on a free port, in a process of its own; its address and process id."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "service.toml"
        file.write_text(f'port = 0\nstate = "{folder}/state"\n{settings}')
        with started(root, file) as (url, process):
            yield url, process.pid


@contextmanager
def started(root: Path, file: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A service with these settings; ended with the block."""
    command = [sys.executable, "-m", "bugatlas", "--index", str(root), "serve", "--service", str(file)]
    path = os.pathsep.join(p for p in (str(HOME), os.environ.get("PYTHONPATH", "")) if p)
    log = file.with_suffix(f".{time.monotonic_ns()}.log")
    with log.open("w") as out:
        process = subprocess.Popen(command, stderr=out, text=True, env=os.environ | {"PYTHONPATH": path})
    try:
        yield _address(log, process), process
    finally:
        process.kill()
        process.wait()


def _address(log: Path, process: subprocess.Popen[str]) -> str:
    for _ in range(6000):
        said = log.read_text()
        if "running on http" in said:
            return said.split("running on ")[1].split()[0]
        if process.poll() is not None:
            raise RuntimeError(said[-2000:])
        time.sleep(0.05)
    raise RuntimeError("the service does not come up")
