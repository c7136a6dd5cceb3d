"""The process of one indexing job: an order on standard input, events as JSON lines on standard output.

It is a process of its own so that parsing takes nothing from queries, and so that a job can be ended at any
moment: what the index publishes is whole at all times. When standard input closes, the service is gone, and
this process and its workers end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from locator.server.shapes import Settled
from summaries.errors import BugatlasError


class Order(Struct, frozen=True):
    """What to bring up to date."""

    root: str
    repos: tuple[str, ...]
    workers: int


class Event(Struct, frozen=True, omit_defaults=True):
    """How far it is."""

    done: int = 0
    total: int = 0
    settled: Settled | None = None
    error: str = ""


def main() -> None:
    """Run one order."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_end_with_service, daemon=True).start()
    try:
        _run(order)
    except BugatlasError as e:
        _tell(Event(error=str(e)))
        sys.exit(1)


def _run(order: Order) -> None:
    from indexer.build import build
    from indexer.repos import Listed
    from indexer.repository import Outcome
    from indexer.sources import sources

    root = Path(order.root)

    def done(o: Outcome) -> None:
        _tell(Event(settled=Settled(o.repo, o.reason, o.failed, o.parsed, o.changed)))

    found, failures = sources(root, [Listed(name) for name in order.repos])
    for failure in failures:
        _tell(Event(error=str(failure)))
    build(
        root,
        found,
        workers=order.workers,
        on_done=done,
        on_files=lambda parsed, expected: _tell(Event(parsed, expected)),
    )


def _tell(event: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_service() -> None:
    while os.read(0, 4096):  # not through sys.stdin: its lock would be held when the interpreter ends
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
