"""Token buckets: how often somebody may ask."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

MOST = 10_000  # keys remembered; the longest unseen is forgotten first


class Rate:
    """`burst` requests at once and `per_minute` in the long run, by key. 0 per minute is no limit."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self.per_second, self.burst = per_minute / 60, float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str, now: float | None = None) -> float:
        """Take one. 0 when it was there, else the seconds until there is one."""
        return self._wait(key, now, 1)

    def missing(self, key: str, now: float | None = None) -> float:
        """The same, and nothing is taken."""
        return self._wait(key, now, 0)

    def _wait(self, key: str, now: float | None, taken: int) -> float:
        if not self.per_second:
            return 0.0
        now = time.monotonic() if now is None else now
        with self._lock:
            left, then = self._left.pop(key, (self.burst, now))
            left = min(self.burst, left + (now - then) * self.per_second)
            wait = 0.0 if left >= 1 else (1 - left) / self.per_second
            self._left[key] = (left if wait else left - taken, now)
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        return wait
