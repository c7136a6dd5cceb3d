"""Everything that one running service holds, and how a route gets at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from locator.access import Caller, Right
from locator.live_index import LiveIndex
from locator.server.jobs import Jobs
from locator.server.links import Links
from locator.server.metrics import Meters
from locator.server.problems import ProblemError
from locator.server.processes import Processes
from locator.server.settings import ServiceSettings
from locator.server.worker_pool import WorkerPool
from locator.weights import Weights
from summaries.config import Settings

if TYPE_CHECKING:
    from locator.trackers.run import Trackers
    from summaries.llm.chat import Chat


@dataclass(frozen=True)
class Service:
    """The parts of a service."""

    settings: ServiceSettings
    root: Path
    asking: Settings  # how questions are answered: mode, model, weights
    weights: Weights
    chat: Chat | None  # the model, where one is set: open as long as the service
    live_index: LiveIndex
    queries: WorkerPool  # for queries
    judging: WorkerPool  # for those that wait for a model
    deliveries: WorkerPool  # for deliveries, which wait for the disk only
    jobs: Jobs
    links: Links
    meters: Meters
    state: Path  # folder of what the service itself keeps
    trackers: Trackers | None = None
    processes: Processes | None = None  # that answer questions; None: threads of this one do

    def threads_down(self) -> dict[str, int]:
        """How many threads or processes have ended or fail, by part of the service."""
        trackers = len(self.trackers.problems()) if self.trackers else 0
        down = {"jobs": int(bool(self.jobs.problem())), "trackers": trackers}
        return down | ({"workers": self.processes.down()} if self.processes else {})


async def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service


async def _caller(request: Request, right: Right) -> Caller:
    caller: Caller = request.scope["bugatlas.caller"]
    if right not in caller.may:
        raise ProblemError(403, f"this token may not {right}", "ask for a token that may")
    return caller


async def reader(request: Request) -> Caller:
    """The caller, who must be allowed to read."""
    return await _caller(request, "read")


async def indexer(request: Request) -> Caller:
    """The caller, who must be allowed to index."""
    return await _caller(request, "index")


async def issue_reader(request: Request) -> Caller:
    """The caller, who must be allowed to read issues of the trackers."""
    return await _caller(request, "issues")


async def measurer(request: Request) -> Caller:
    """The caller, who must be allowed to read metrics."""
    return await _caller(request, "metrics")


Reader = Annotated[Caller, Depends(reader)]
Worker = Annotated[Caller, Depends(indexer)]
IssueReader = Annotated[Caller, Depends(issue_reader)]
Measurer = Annotated[Caller, Depends(measurer)]
Here = Annotated[Service, Depends(service_of)]
