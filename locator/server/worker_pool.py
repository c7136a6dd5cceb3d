"""Where queries run: a few threads, a short line in front of them, and a time-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from locator.server.metrics import Meters
from locator.server.problems import ProblemError

T = TypeVar("T")


class WorkerPool:
    """Runs functions in threads. A line that is full turns the next one away rather than let all wait."""

    def __init__(self, threads: int, waiting: int, timeout: float, meters: Meters | None = None) -> None:
        self.most, self.timeout, self.meters = threads + waiting, timeout, meters
        self.busy = 0  # changed in the event loop only
        self._pool = ThreadPoolExecutor(threads, "desk")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Put work into the line. Raises ProblemError (503) where it is full. Call in the event loop."""
        if self.busy >= self.most:
            if self.meters:
                self.meters.refused.inc()
            raise ProblemError(503, "too many queries are waiting", headers={"retry-after": "1"})
        loop = asyncio.get_running_loop()
        future = self._pool.submit(work)
        self._count(1)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._count, -1))
        return future

    async def run(self, work: Callable[[], T]) -> T:
        """Do work and wait for it. Raises ProblemError (503) where the line is full or time is up."""
        future = self.submit(work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.timeout)
        except TimeoutError:
            raise ProblemError(503, f"no answer within {self.timeout:g} seconds", "ask for less") from None

    def close(self) -> None:
        """Forget what waits; what runs is finished."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _count(self, change: int) -> None:
        self.busy += change
        if self.meters:
            self.meters.busy.set(self.busy)
