"""All configured trackers at work: deliveries in, workers, the pace of writes."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from locator.trackers import github, gitlab, jira
from locator.trackers.events import Event
from locator.trackers.handle import Handler, Locate, settle
from locator.trackers.queue import FullError, Queue, QueuedIssue
from locator.trackers.settings import TrackerSettings
from locator.trackers.signing import Headers
from locator.trackers.tracker import Adapter, Tracker
from locator.trackers.wrong import note
from summaries.errors import TrackerError, UsageError
from summaries.fs import locked

KINDS: Mapping[str, Adapter] = {
    "jira": jira,
    "github": github,
    "gitlab": gitlab,
}
OVERLAP = 600.0  # seconds that two looks for lost issues share
REST = 2.0  # seconds after a turn that failed
Count = Callable[[str, str], None]  # tracker, what was done

log = logging.getLogger("bugatlas.trackers")


def client(settings: TrackerSettings, token: str) -> Tracker:
    """The API of a tracker."""
    return KINDS[settings.kind].connect(settings, token)


class Pace:
    """One write at a time, so many seconds apart."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._next, self._lock = seconds, 0.0, threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Wait until the next request may be made."""
        with self._lock:
            wait = self._next - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self._next = time.monotonic() + self.seconds
        yield


class TrackerWorker:
    """One tracker: its secrets, its API, and until when it is left alone."""

    def __init__(
        self,
        settings: TrackerSettings,
        secret: Callable[[str], str],
        queue: Queue,
        locate: Locate,
        feedback: Path,
        page: str = "",
    ) -> None:
        self.settings, self.kind = settings, KINDS[settings.kind]
        self.secrets = {name: secret(getattr(settings, name)) for name in ("secret", "header_secret")}
        if not any(self.secrets.values()):
            hint = "give `secret`, or `header_secret` where the sender cannot sign"
            raise UsageError(f"tracker {settings.name} has no webhook secret", hint)
        token = secret(settings.token)
        if not token:
            raise UsageError(f"tracker {settings.name} has no token", "give `token` as env:NAME or file:PATH")
        self.api = client(settings, token)
        self.handler = Handler(settings, self.api, queue, locate, feedback, Pace(settings.pace), page)
        self.resumes = 0.0  # `time.monotonic()` before which nothing is asked of it
        self.own = ""  # our account there, until it has been found out
        self._ask = 0.0  # `time.monotonic()` from which to ask for it

    def learn_account(self) -> None:
        """Ask the tracker who we are, twice a minute at most."""
        if self.own or time.monotonic() < self._ask:
            return
        self._ask = time.monotonic() + 30
        try:
            self.own = self.api.account()
        except TrackerError as e:
            log.warning("%s: who we are there is not known yet: %s", self.settings.name, e)


class Trackers:
    """The pipeline. `locate` answers from the repositories that a tracker's settings name."""

    def __init__(
        self,
        settings: Sequence[TrackerSettings],
        state: Path,
        locate: Callable[[TrackerSettings], Locate],
        secret: Callable[[str], str],
        count: Count = lambda tracker, done: None,
        page: str = "",
        feedback: bool = True,
    ) -> None:
        """`page` is the service's own address, for links; without `feedback` nobody's word on an answer is kept.

        Raises TrackerError, UsageError.
        """
        state.mkdir(parents=True, exist_ok=True)
        taken = TrackerError(f"another service works on {state}", "give each its own `state`")
        self._lock = ExitStack()
        self._lock.enter_context(locked(state / "queue.lock", taken))
        self.queue, self.count = Queue(state / "queue.sqlite", owner=True), count
        self.commented = state / "live.jsonl"
        self.feedback = state / "feedback.jsonl" if feedback else None
        self.desks = {
            s.name: TrackerWorker(s, secret, self.queue, locate(s), self.commented, page) for s in settings
        }
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._again, args=(partial(self._turn, d, []),), name=f"{name}-{n}", daemon=True
            )
            for name, d in self.desks.items()
            for n in range(d.settings.workers)
        ]
        self._threads += [
            threading.Thread(
                target=self._again, args=(partial(self._catch_up, d),), name=f"{name}-catch-up", daemon=True
            )
            for name, d in self.desks.items()
        ]
        self._failing: dict[str, str] = {}  # by thread, while its turns fail
        self._open = False

    def open(self) -> None:
        """Start the thread that works the queue."""
        for t in self._threads:
            t.start()
        self._open = True

    def close(self) -> None:
        """Finish what is at hand and stop."""
        self._ends.set()
        for t in self._threads:
            if t.is_alive():
                t.join(30)
        for desk in self.desks.values():
            desk.api.close()
        self.queue.close()
        self._lock.close()

    def receive(self, desk: TrackerWorker, headers: Headers, body: bytes) -> str:
        """Take a verified delivery: "queued", "known" or why it is ignored. Raises UsageError, FullError."""
        try:
            payload: Any = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as e:
            raise UsageError(f"the delivery is not JSON: {e}") from e
        found = desk.kind.read(desk.settings, headers, payload, desk.own)
        if not isinstance(found, Event):
            self.count(desk.settings.name, "ignored")
            return str(found.why)
        if found.wrong:
            done = self._wrong(desk.settings.name, found.issue)
            self.count(desk.settings.name, done)
            return done
        now = self.queue.now()
        # The sender's name for a delivery isn't signed, its body is: a replay under another name is known too.
        names = (found.delivery[:200], "body:" + hashlib.sha256(body).hexdigest())
        due = now + desk.settings.settle
        try:
            new = self.queue.accept(desk.settings.name, found.issue, names, found.forced, due, now)
        except sqlite3.Error as e:
            raise FullError(f"deliveries cannot be stored now: {e}") from e
        done = "queued" if new else "known"
        self.count(desk.settings.name, done)
        return done

    def _wrong(self, tracker: str, issue: str) -> str:
        try:
            return note(self.commented, self.feedback, tracker, issue) if self.feedback else "not kept"
        except OSError as e:
            raise FullError(f"feedback cannot be stored now: {e.strerror}") from e

    def problems(self) -> tuple[str, ...]:
        """Threads that are down or whose last turn failed, each with why; empty where all is well."""
        down = [t.name for t in self._threads if self._open and not t.is_alive() and not self._ends.is_set()]
        return (*(f"{name}: ended" for name in down), *(f"{n}: {why}" for n, why in self._failing.items()))

    def _again(self, turn: Callable[[], None]) -> None:
        """Turn after turn until the end. A turn that fails, for a full disk or whatever else, ends no thread."""
        name = threading.current_thread().name
        while not self._ends.is_set():
            try:
                turn()
                self._failing.pop(name, None)
            except Exception as e:
                if name not in self._failing:
                    log.exception("%s: a turn failed; it goes on", name)
                self._failing[name] = f"{type(e).__name__}: {e}"[:200]
                self._ends.wait(REST)

    def _catch_up(self, desk: TrackerWorker) -> None:
        """Look for issues whose delivery never came: some senders try once only."""
        self.queue.prune(self.queue.now())
        now, name = time.time(), f"{desk.settings.name}:created"
        last = min(self.queue.marked(name), now)  # the tracker's clock and ours are walls' clocks
        if desk.settings.catch_up and now >= last + 60 * desk.settings.catch_up:
            try:
                if last:  # not what was there before we came
                    self._look(desk, last - OVERLAP)
                self.queue.mark(name, now)
            except TrackerError as e:
                log.warning("%s: looking for lost issues: %s", desk.settings.name, e)
        self._ends.wait(60)

    def _look(self, desk: TrackerWorker, since: float) -> None:
        for key in desk.api.created(since):
            if self._ends.is_set():
                return
            if self.queue.written(desk.settings.name, key) is None:
                now = self.queue.now()
                self.queue.accept(desk.settings.name, key, [f"created:{key}"], False, now, now)

    def _turn(self, desk: TrackerWorker, left: list[QueuedIssue]) -> None:
        """One issue, from the queue to its comment. `left`: what a turn that failed could not put back."""
        name = desk.settings.name
        while left:
            self.queue.release(left[-1], self.queue.now())
            left.pop()
        desk.learn_account()
        wait = desk.resumes - time.monotonic()
        if wait > 0:
            self._ends.wait(min(wait, 1.0))
            return
        task = self.queue.take([name], self.queue.now())
        if task is None:
            self.queue.wait(0.5)
            return
        left.append(task)
        done, pause = settle(self.queue, task, desk.handler)
        left.clear()
        if pause:
            desk.resumes = time.monotonic() + pause
        self.count(name, done)
        log.info("%s %s: %s", name, task.issue, done)
