"""Webhooks under fire: thousands of deliveries, a tracker that fails and lies, a service that is killed, a full disk.

Every issue has to end with exactly one comment, and none may be lost.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.measure import HOME, spread
from benchmarks.service import started

sys.path.insert(0, str(HOME / "tests"))  # the tracker of ours lives there

from kits.jira import TOKEN, USER, Faults, Jira, adf, created, listening, signed

from indexer.demo import REPORTS

SECRET = "benchmark"  # noqa: S105
SENDERS = 8
KINDS = ("500", "503", "429", "drop", "unstored", "unlisted")  # how the tracker fails, the last two are lies
DISK = 64  # MiB of the file system that is filled
FULL = 10.0  # seconds that it stays full
LONGEST = 3600.0  # seconds until the run is given up; a busy machine needs more


def deliveries(
    root: Path,
    count: int = 5000,
    doubled: float = 0.1,
    failing: float = 0.2,
    kills: int = 10,
    fills: int = 0,
    longest: float = LONGEST,
    seed: int = 1,
) -> dict[str, Any]:
    """Send, fail, lie, kill, fill the disk; then count comments. Filling needs the right to mount a tmpfs."""
    logging.disable(logging.CRITICAL)  # the tracker of ours breaks connections on purpose
    rng = random.Random(seed)  # noqa: S311
    jira = Jira(faults=Faults(failing, KINDS, retry_after="0", seed=seed))
    issues = round(count * (1 - doubled))
    for n in range(1, issues + 1):
        report = REPORTS[n % len(REPORTS)]
        jira.add(f"SHOP-{n}", f"{report.title} ({n})", adf(report.body))
    sent = [(f"SHOP-{n}", f"d{n}") for n in range(1, issues + 1)]
    sent += rng.sample(sent, count - issues)
    rng.shuffle(sent)
    with (
        TemporaryDirectory() as folder,
        listening(jira) as tracker,
        small_disk(Path(folder) / "state", bool(fills)),
    ):
        run = _Run(root, Path(folder), tracker, jira)
        found = run.run(sent, kills, fills, longest, rng)
    made = Counter(len(jira.ours(key)) for key in jira.issues)
    return {
        "deliveries": count,
        "issues": issues,
        "failing": failing,
        "kinds": KINDS,
        "kills": kills,
        "fills": fills,
        "requests_to_the_tracker": len(jira.seen),
        "issues_by_number_of_comments": dict(sorted(made.items())),
        "exactly_one_comment": made == {1: issues},
        **found,
    }


@contextmanager
def small_disk(folder: Path, wanted: bool) -> Iterator[None]:
    """A file system of its own for a folder."""
    folder.mkdir()
    if not wanted:
        yield
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


class _Run:
    """One service after another on the same state."""

    def __init__(self, root: Path, folder: Path, tracker: str, jira: Jira) -> None:
        self.root, self.folder, self.jira = root, folder, jira
        self.file = folder / "service.toml"
        self.file.write_text(f"""
port = 0
rate = 0
state = "{folder / "state"}"
[[tracker]]
name = "jira"
kind = "jira"
url = "{tracker}"
user = "{USER}"
token = "file:{folder / "token"}"
secret = "file:{folder / "secret"}"
threshold = 0
settle = 0
backoff = 0.2
attempts = 100
pace = 0
timeout = 5
workers = 4
catch_up = 0
""")
        (folder / "token").write_text(TOKEN)
        (folder / "secret").write_text(SECRET)
        self.url = ""
        self.accepted: list[float] = []
        self.told: Counter[str] = Counter()
        self.filled = self.refused = 0

    def run(
        self, sent: list[tuple[str, str]], kills: int, fills: int, longest: float, rng: random.Random
    ) -> dict[str, Any]:
        """All of it; what it took."""
        began = time.perf_counter()
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(kills, rng, done))
        keeper.start()
        filler = threading.Thread(target=self._fill, args=(fills, rng, done))
        filler.start()
        try:
            with ThreadPoolExecutor(SENDERS) as pool:
                list(pool.map(lambda d: self._send(*d), sent))
            all_accepted = time.perf_counter() - began
            self._drained(began + longest)
        finally:
            drained = time.perf_counter() - began
            done.set()
            keeper.join()
            filler.join()
        return {
            "accepted": dict(self.told),
            "accept": spread(self.accepted),
            "seconds_until_accepted": round(all_accepted, 1),
            "seconds_until_drained": round(drained, 1),
            "issues_a_second": round(len(self.jira.issues) / drained, 1),
            "killed": self.killed,
            "filled": self.filled,
            "refused_while_full": self.refused,
            "set_aside": self._rows("dead"),
        }

    def _keep(self, kills: int, rng: random.Random, done: threading.Event) -> None:
        """Keep a service running; kill it (-9) at random moments."""
        self.killed = 0
        while not done.is_set():
            try:
                with started(self.root, self.file) as (url, process):
                    self.url = url
                    if self.killed >= kills:
                        done.wait()
                        return
                    done.wait(rng.uniform(2.0, 12.0))
                    self.url = ""
                    process.kill()
                    self.killed += 1
            except RuntimeError:  # it cannot begin on a full disk: whoever keeps it tries again
                done.wait(1.0)

    def _fill(self, fills: int, rng: random.Random, done: threading.Event) -> None:
        """Fill the disk to the last byte, wait, and free it again."""
        ballast = self.folder / "state" / "ballast"
        while self.filled < fills and not done.wait(rng.uniform(15.0, 30.0)):
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while file.write(b"x" * 65_536):
                    pass
            with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
                while file.write(b"x"):
                    pass
            done.wait(FULL)
            ballast.unlink()
            self.filled += 1

    def _send(self, key: str, delivery: str) -> None:
        """As Jira does: again, under the same id, until it is accepted."""
        body, head = signed(created(self.jira.issues[key], stamp=1), SECRET, delivery)
        while True:
            began = time.perf_counter()
            try:
                got = httpx.post(
                    f"{self.url or 'http://127.0.0.1:9'}/webhooks/jira",
                    content=body,
                    headers=head,
                    timeout=10,
                )
            except httpx.HTTPError:
                time.sleep(0.3)
                continue
            if got.status_code == 202:
                self.accepted.append(time.perf_counter() - began)
                self.told[got.json()["status"]] += 1
                return
            self.refused += got.status_code == 503
            time.sleep(0.3)

    def _drained(self, until: float) -> None:
        while self._rows("ready") + self._rows("running"):
            if time.perf_counter() > until:
                raise RuntimeError("the queue does not drain")
            time.sleep(0.5)

    def _rows(self, state: str) -> int:
        db = sqlite3.connect(self.folder / "state" / "queue.sqlite", timeout=30)
        try:
            (count,) = db.execute("select count(*) from task where state = ?", (state,)).fetchone()
        except sqlite3.OperationalError:  # a full disk, or one that a killed service has not recovered yet
            return 1
        finally:
            db.close()
        return int(count)
