"""What the service adds to a question: throughput and latency beside the bare call, and memory over many queries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks.bare import WARM_UP, call, calling
from benchmarks.measure import HOME, spread
from eval.cases import Case

CLIENTS = (1, 8, 32)
FRESH_CLIENTS = 8
ROUNDS = 4


def service_speed(root: Path, cases: Sequence[Case], queries: int, memory_queries: int) -> dict[str, Any]:
    """Answer reports in process and over HTTP with 1, 8 and 32 clients, by one process and by several; then watch memory.

    All are asked in turn, round by round, and the best round of each counts: what else the machine does in a
    round can only slow it down. Processor time (`cpu_ms` a query) suffers less from that than seconds do. The bare call
    is also made in as many processes at once as there are cores: what they do together is all that the machine has to
    give, and the service's part of it is `of_all_cores`. Git is asked who changed the lines of an answer when they are
    met first: in the rounds that is known already, and the reports that are left are asked once, as `fresh`.
    """
    reports = [f"{c.title}\n\n{c.body}" for c in cases]
    each = queries // ROUNDS
    own = reports[:: max(1, len(reports) // each)][:each]  # the same in every round: they are compared
    cores = os.cpu_count() or 1
    rounds: dict[str, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        single = stack.enter_context(serving(root, "rate = 0\nworkers = 1\n"))
        many = stack.enter_context(serving(root))
        bare = [stack.enter_context(calling(root, own)) for _ in range(cores)]
        both = (("one_process_clients", single), ("clients", many))
        for _, (address, _) in both:
            _ask(address, own, max(WARM_UP, 4 * len(own)), 4)
        for _ in range(ROUNDS):
            rounds.setdefault("in_process", []).append(call(bare[:1], each))
            rounds.setdefault("in_processes", []).append(call(bare, each))
            for clients in CLIENTS:
                for name, (address, pid) in both:
                    rounds.setdefault(f"{name}_{clients}", []).append(
                        _level(address, pid, own, each, clients)
                    )
        if fresh := [r for r in reports if r not in own]:
            for name, (address, pid) in both:
                rounds[name.replace("clients", "fresh")] = [
                    _level(address, pid, fresh, len(fresh), FRESH_CLIENTS)
                ]
        memory = _memory(*many, reports, memory_queries) if memory_queries else {}
    found = {name: _best(r) for name, r in rounds.items()}
    alone, together = found["in_process"], found["in_processes"]
    for key, level in found.items():
        level["throughput_ratio"] = round(level["per_second"] / alone["per_second"], 3)
        level["of_all_cores"] = round(level["per_second"] / together["per_second"], 3)
        level["cpu_ratio"] = round(level["cpu_ms"] / alone["cpu_ms"], 3)
        if one := found.get(f"one_process_{key}"):
            level["of_one_process"] = round(level["per_second"] / one["per_second"], 3)
    about = {"reports": len(reports), "queries": queries, "rounds": ROUNDS, "cores": cores}
    return {**about, **found, "memory": memory}


def _best(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The round of most questions a second, with the least processor time of all rounds and every failure."""
    cpu = [k for k in rounds[0] if k.endswith("cpu_ms")]
    found = dict(max(rounds, key=lambda r: r["per_second"]))
    found |= {k: min(r[k] for r in rounds) for k in cpu}
    if "failed" in found:
        found["failed"] = sum(r["failed"] for r in rounds)
    return found


def _level(url: str, pid: int, reports: Sequence[str], queries: int, clients: int) -> dict[str, Any]:
    """Queries by so many clients, with the processor time a query of the service, of its door alone, and of the clients."""
    before, door, own = spent(pid), spent_alone(pid), time.process_time()
    asked = _ask(url, reports, queries, clients)
    took = {
        "cpu_ms": spent(pid) - before,
        "door_cpu_ms": spent_alone(pid) - door,
        "client_cpu_ms": time.process_time() - own,
    }
    return asked | {name: round(1000 * seconds / queries, 2) for name, seconds in took.items()}


def _ask(url: str, reports: Sequence[str], queries: int, clients: int) -> dict[str, Any]:
    """So many queries by so many clients, each with its own connection. Answers are read, not parsed: that costs too."""
    bodies = [json.dumps({"report": r}).encode() for r in reports]
    host = urlsplit(url).netloc
    failed: list[int] = []

    def client(which: int) -> list[float]:
        taken = []
        http = HTTPConnection(host, timeout=120)
        for n in range(which, queries, clients):
            began = time.perf_counter()
            http.request("POST", "/v1/locate", bodies[n % len(bodies)], {"content-type": "application/json"})
            got = http.getresponse()
            got.read()
            taken.append(time.perf_counter() - began)
            if got.status != 200:
                failed.append(got.status)
        http.close()
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
    for first in range(0, queries, step):
        numbers = range(first, min(first + step, queries))
        asked = [f"{reports[n % len(reports)]}\n\nrequest {n:x}{n * 7919:x}" for n in numbers]
        if failed := _ask(url, asked, len(asked), 1)["failed"]:
            raise RuntimeError(f"{failed} questions failed")
        seen.append(resident_mb(pid))
    half = seen[len(seen) // 2]
    return {"queries": queries, "mb": seen, "growth_second_half": round(seen[-1] / half - 1, 4)}


def spent(pid: int) -> float:
    """Processor seconds of a process and of those that it started, so far."""
    return sum(map(spent_alone, (pid, *below(pid))))


def spent_alone(pid: int) -> float:
    """Processor seconds of a process, so far, with those of children that have ended: git's, say."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


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
