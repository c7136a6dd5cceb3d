"""Jobs on a Dask cluster: of this machine's own making ("dask"), or behind a scheduler's address.

Dask was chosen over Ray by measurement (docs/scale.md): a sixth of the size, the same speed on jobs of seconds,
and a worker that dies costs its job one more start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import xxhash

from indexer.engines.engine import KILLED, Show, guarded
from indexer.repository import Job, Outcome
from summaries.errors import UsageError, with_extra

OWN = "dask"
WAIT = "30s"  # for a scheduler to answer


class Cluster:
    """Jobs as Dask tasks. A task whose worker died is given to another, three times by Dask's own rule."""

    def __init__(self, address: str, cores: int) -> None:
        """Raises UsageError where `address` is none or the package is missing."""
        if address != OWN and "://" not in address:
            raise UsageError(f"there is no engine {address}", "write processes, dask or tcp://HOST:8786")
        self.address, self.cores = address, cores

    def outcomes(self, jobs: Sequence[Job], show: Show) -> Iterator[Outcome]:
        """Outcomes as they come. Raises UsageError where nobody answers or the workers run other code."""
        try:
            dask: Any = import_module("distributed")
        except ImportError as e:
            raise UsageError("the package distributed is missing", with_extra("cluster")) from e
        if self.address != OWN and not all(job.url for job in jobs):
            what = "the machines of a cluster meet in a published index, and this one is not"
            raise UsageError(what, "bugatlas publish URL, then bugatlas --index FOLDER attach URL")
        with ExitStack() as stack:
            client = _client(dask, stack, self.address, min(self.cores, len(jobs)))
            waiting: dict[Any, Job] = {
                client.submit(guarded, job, key=f"index {n} {job.source.name}", pure=False): job
                for n, job in enumerate(jobs)
            }
            parsed = 0
            for n, future in enumerate(dask.as_completed(waiting, loop=client.loop)):
                error = future.exception()
                outcome = future.result() if error is None else _failed(waiting[future], error)
                parsed += outcome.parsed
                show(parsed, parsed, n + 1)
                yield outcome


def _client(dask: Any, stack: ExitStack, address: str, cores: int) -> Any:
    if address == OWN:
        place: Any = stack.enter_context(
            dask.LocalCluster(cores, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=40)
        )
    else:
        place = address
    try:
        client = stack.enter_context(dask.Client(place, timeout=WAIT, set_as_default=False))
    except OSError as e:
        raise UsageError(
            f"no scheduler answers at {address}", "dask scheduler, and dask worker on each"
        ) from e
    ours = code()
    others = {worker for worker, theirs in client.run(code).items() if theirs != ours}
    if others:
        raise UsageError(f"{len(others)} workers run other code than this", "install the same version there")
    return client


def code() -> str:
    """16 hex digits of what decides an index's bytes: our source, and the packages that parse."""
    from importlib.metadata import distributions, version

    home = Path(__file__).resolve().parents[2]
    seen = xxhash.xxh3_64()
    for path in sorted(p for part in ("indexer", "summaries") for p in (home / part).rglob("*.*")):
        if path.suffix in (".py", ".scm"):
            seen.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    grammars = {
        d.name for d in distributions() if d.name and d.name.replace("_", "-").startswith("tree-sitter")
    }
    for package in sorted({"numpy", "pystemmer", "zstandard", *grammars}):
        seen.update(f"{package} {version(package)}".encode())
    return seen.hexdigest()


def _failed(job: Job, error: BaseException) -> Outcome:
    why = KILLED if type(error).__name__ == "KilledWorker" else f"{type(error).__name__}: {error}"
    return Outcome(job.source.name, None, why, failed=True)
