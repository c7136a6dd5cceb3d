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
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from locator.server.shapes import JobOutcome, MapLink, Site
from summaries.errors import BugatlasError
from summaries.index.index import Index

SITES = 8  # kept of each link


class Order(Struct, frozen=True):
    """What to bring up to date."""

    root: str
    repos: tuple[str, ...]
    workers: int


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far an indexing job has come, as the process reports it."""

    done: int = 0
    total: int = 0
    settled: JobOutcome | None = None
    error: str = ""


def main() -> None:
    """Run the order that stands on standard input."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    if sys.argv[1:] == ["links"]:
        os.nice(10)
        _send(_links(Path(order.root)))
        return
    threading.Thread(target=_end_with_service, daemon=True).start()
    try:
        _run(order)
    except BugatlasError as e:
        _send(Progress(error=str(e)))
        sys.exit(1)


def _run(order: Order) -> None:
    from indexer.build import build
    from indexer.repository import Outcome
    from indexer.sources.discover import Listed
    from indexer.sources.sources import sources

    root = Path(order.root)

    def done(o: Outcome) -> None:
        _send(Progress(settled=JobOutcome(o.repo, o.reason, o.failed, o.parsed, o.changed)))

    found, failures = sources(root, [Listed(name) for name in order.repos])
    for failure in failures:
        _send(Progress(error=str(failure)))
    build(
        root,
        found,
        workers=order.workers,
        on_done=done,
        on_files=lambda parsed, expected: _send(Progress(parsed, expected)),
    )


def _links(root: Path) -> list[MapLink]:
    from indexer.services.links import links

    index = Index.open(root)
    repos = {}
    for name in index.repos:
        view = index.view(name)
        facts = index.store(name).facts_of([view.blob(i) for i in range(len(view))])
        repos[name] = [(view.path(i), f) for i, (_, f) in enumerate(facts)]
    found: dict[tuple[str, str, str], dict[str, Site]] = {}
    count: Counter[tuple[str, str, str]] = Counter()
    for x in links(repos, {n: s.aliases for n, s in index.repos.items()}):
        key = (x.source, x.target, x.kind)
        count[key] += 1
        found.setdefault(key, {}).setdefault(x.detail, Site(x.detail, x.path, x.line))
    return [MapLink(*key, count[key], tuple(sites.values())[:SITES]) for key, sites in found.items()]


def _send(event: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_service() -> None:
    while os.read(0, 4096):  # not through sys.stdin: its lock would be held when the interpreter ends
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
