"""Things that are free, given to whoever has waited longest: a queue of Python's gives them to whoever comes by first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Free(Generic[T]):
    """What is free, the last one that came back first."""

    def __init__(self) -> None:
        self._free: list[T] = []
        self._waiting: deque[SimpleQueue[T]] = deque()
        self._lock = threading.Lock()

    def put(self, one: T) -> None:
        """Give one back."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(one)
            else:
                self._free.append(one)

    def each(self) -> Iterator[T]:
        """Every one that is free, the longest free first: nobody gets it meanwhile, but whoever comes gets another."""
        with self._lock:
            some = tuple(self._free)
        for one in some:
            with self._lock:
                if one not in self._free:
                    continue
                self._free.remove(one)
            try:
                yield one
            finally:
                self.put(one)

    def get_nowait(self) -> T:
        """Take one. Raises Empty where none is free."""
        with self._lock:
            if not self._free:
                raise Empty
            return self._free.pop()

    def get(self, timeout: float) -> T:
        """Take one, or wait so many seconds for it behind all who wait already. Raises Empty."""
        with self._lock:
            if self._free:
                return self._free.pop()
            own: SimpleQueue[T] = SimpleQueue()
            self._waiting.append(own)
        try:
            return own.get(timeout=timeout)
        except Empty:
            with self._lock:
                if own in self._waiting:
                    self._waiting.remove(own)
                    raise
            return own.get_nowait()  # it came in the last moment
