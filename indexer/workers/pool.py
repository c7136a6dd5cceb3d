"""Worker processes that leave nothing behind: they end with an error, an interrupt or their parent."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any

from summaries.scratch import Scratch
from summaries.worker import begin


@contextmanager
def gently() -> Iterator[None]:
    """A request to end (SIGTERM) is an interrupt meanwhile, so that what is open is closed and temporary goes."""
    if threading.current_thread() is not threading.main_thread():  # only that one may say what a signal does
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Workers(ProcessPoolExecutor):
    """A pool that leaves nothing behind: an error or interrupt inside `with` ends its processes at once.

    Where the parent has but one thread, as the command line has, its processes are forked and find all imported: half a
    second of each, a sixth of what indexing forty services takes. Elsewhere they are spawned, because the locks of other
    threads would stay locked for ever in a fork. What they keep in temporary folders lies in one of the parent's, which
    outlives them.
    """

    def __init__(self, count: int, start: Callable[..., None] | None = None, *args: object) -> None:
        initializer: Any = begin  # the stubs lose the arguments of an initializer
        self._folder = Scratch("workers")
        arguments: Any = (self._folder.name, start, *args)
        context = get_context("fork" if _alone() else "spawn")
        super().__init__(count, context, initializer=initializer, initargs=arguments)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            ours: list[Any] = list((self._processes or {}).values())
            self.shutdown(wait=False, cancel_futures=True)
            for process in ours:
                process.terminate()
        self.shutdown(wait=True)
        self._folder.cleanup()


def _alone() -> bool:
    """Whether this process has one thread, those of libraries counted; False where nobody can say."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
    except OSError:
        return False
