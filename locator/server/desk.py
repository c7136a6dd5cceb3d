"""Where queries run: a few threads, a short line in front of them, and a time-out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from locator.server.meters import Meters
from locator.server.problems import ProblemError
from locator.server.settings import ServiceSettings

T = TypeVar("T")


class Desk:
    """Runs functions in threads. A line that is full turns the next one away rather than let all wait."""

    def __init__(self, settings: ServiceSettings, meters: Meters) -> None:
        threads = settings.threads or os.cpu_count() or 1
        self.most, self.timeout, self.meters = threads + settings.waiting, settings.timeout, meters
        self.busy = 0  # changed in the event loop only
        self._pool = ThreadPoolExecutor(threads, "query")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Put work into the line. Raises ProblemError (503) where it is full. Call in the event loop."""
        if self.busy >= self.most:
            self.meters.refused.inc()
            raise ProblemError(503, "too many queries are waiting", headers={"retry-after": "1"})
        loop = asyncio.get_running_loop()
        future = self._pool.submit(work)
        self.busy += 1
        self.meters.busy.set(self.busy)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
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

    def _done(self) -> None:
        self.busy -= 1
        self.meters.busy.set(self.busy)
