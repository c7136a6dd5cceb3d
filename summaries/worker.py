"""How a worker process begins: it ends with its parent, and leaves interrupts to it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable


def begin(folder: str, start: Callable[..., None] | None, *args: object) -> None:
    """Make this process a worker: it ends with its parent, and leaves interrupts to it. `start(*args)` comes last."""
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which a forked one has from `gently`
    gc.freeze()  # what a fork inherits stays shared with the parent
    # Facts hold no cycles: looking for them every 700 objects takes 4 % of the time.
    gc.set_threshold(100_000)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if start:
        start(*args)


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on, and publish without the lock."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
