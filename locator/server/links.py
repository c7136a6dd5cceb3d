"""Who uses whom: worked out in a process of its own when the index has changed, kept, and shown as far as seen."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
from msgspec import Struct

from locator.access import Caller
from locator.live_index import Edition
from locator.server.reindex import Order
from locator.server.shapes import MapLink
from summaries.errors import IndexError_
from summaries.fs import replace

SECONDS = 1800  # for one run
FILE = "links.json"

log = logging.getLogger("bugatlas.links")


class KnownLinks(Struct, frozen=True):
    """Links, and the commits that they were found in, by repository."""

    commits: dict[str, str]
    links: tuple[MapLink, ...]


class Links:
    """The newest known links; older ones are shown while newer ones are worked out."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root, self.path = root, state / FILE
        self._kept: KnownLinks | None = None
        self._tried: dict[str, str] = {}
        self._lock = threading.Lock()
        self._run: threading.Thread | None = None

    def of(self, edition: Edition, caller: Caller) -> tuple[MapLink, ...]:
        """Links between repositories that a caller may see, both ends of each."""
        commits = {n: s.commit for n, s in edition.index.repos.items()}
        with self._lock:
            if self._kept is None:
                self._kept = self._read()
            known = self._kept.links
            idle = self._run is None or not self._run.is_alive()
            if self._kept.commits != commits and self._tried != commits and idle:
                self._tried = commits
                self._run = threading.Thread(target=self._find, args=(commits,), daemon=True)
                self._run.start()
        there = {n for n in commits if caller.sees(n)}
        return tuple(x for x in known if x.source in there and x.target in there)

    @property
    def looking(self) -> bool:
        """Whether newer ones are being worked out."""
        return self._run is not None and self._run.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait for a run that goes on."""
        if self._run:
            self._run.join(seconds)

    def _read(self) -> KnownLinks:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=KnownLinks)
        except (OSError, msgspec.MsgspecError):
            return KnownLinks({}, ())

    def _find(self, commits: dict[str, str]) -> None:
        order = msgspec.json.encode(Order(str(self.root), (), 1)) + b"\n"
        command = [sys.executable, "-m", "locator.server.reindex", "links"]
        try:
            done = subprocess.run(command, input=order, stdout=subprocess.PIPE, timeout=SECONDS, check=True)
            kept = KnownLinks(commits, msgspec.json.decode(done.stdout, type=tuple[MapLink, ...]))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace(self.path, msgspec.json.encode(kept))
        except (OSError, subprocess.SubprocessError, msgspec.MsgspecError, IndexError_) as e:
            log.warning("no links: %s", e)
            return
        with self._lock:
            self._kept = kept
