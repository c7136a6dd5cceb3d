"""Processes that answer questions: Python does one at a time in each, so two cores need two.

All else of a service stays in its own process: the door, limits, jobs, trackers. A process has the index open for itself
and follows what is published; pages of the index are mapped and shared. One that dies is replaced, and its question
asked once more.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from queue import Empty
from typing import Any, TypeVar

from locator.access import LOCAL
from locator.answer import Step
from locator.locate import Progress
from locator.server.free import Free
from locator.server.metrics import Meters
from locator.server.problems import ProblemError
from locator.server.questions import Done, Opening, Question, answer_all, nobody
from locator.weights import Weights
from summaries.errors import BugatlasError
from summaries.index.open_files import Room
from summaries.scratch import Scratch

T = TypeVar("T")

TRIES = 2  # of a question, each in a process of its own: the first may have died for want of memory
STUCK = 2  # time-outs after which a process is taken for stuck and ended: nobody has waited since the first (a guess)
LOADING = 120.0  # seconds in which a process must be able to answer; 2 are usual, so a guess
MOST = 4  # processes unless set: more than a team asks at once, and each costs memory (a guess)
ENDING = 2.0  # seconds for a process to end by itself

log = logging.getLogger("bugatlas.processes")


class _Died(Exception):
    """A process ended with a question in it."""


class _Stuck(Exception):
    """A process was ended because it had a question for too long."""


class Processes:
    """So many processes, each with one question at a time."""

    def __init__(
        self,
        count: int,
        root: Path,
        room: Room,
        weights: Weights,
        timeout: float,
        meters: Meters | None = None,
    ) -> None:
        self.count, self.timeout, self.meters = count, timeout, meters
        self._start = root, room, weights
        self._free: Free[_Process] = Free()
        self._all: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False
        self._scratch: Scratch | None = None

    def open(self) -> None:
        """Start the processes. They load the reader and the voters beside one another, before anybody asks."""
        self._scratch = Scratch("workers")
        self._all = [_Process(self._scratch.name, *self._start) for _ in range(self.count)]
        for process in self._all:
            try:
                process.start()
            except OSError as e:  # tried again when somebody asks
                log.warning("a process could not be started: %s", e)
            self._free.put(process)

    def close(self) -> None:
        """End them."""
        with self._lock:
            self._closed = True
        for process in self._all:
            process.end()
        for process in self._all:
            process.wait()
        if self._scratch:
            self._scratch.cleanup()

    def answer(self, question: Question[T], progress: Progress = nobody) -> T:
        """Answer in a process that is free; wait for one. Raises what the question does, and ProblemError (503)."""
        # Before its turn comes: the process need not wait for that.
        data = bytes(ForkingPickler.dumps(question))
        for _ in range(TRIES):
            try:
                process = self._free.get(timeout=self.timeout)
            except Empty:
                raise ProblemError(503, "no process is free", headers={"retry-after": "5"}) from None
            try:
                if not process.alive():
                    self._replace(process)
                found: T = process.ask(data, progress, STUCK * self.timeout)
                return found
            except _Died:
                continue
            except _Stuck:
                detail = f"no answer within {STUCK * self.timeout:g} seconds"
                raise ProblemError(503, detail, "ask for less", headers={"retry-after": "5"}) from None
            finally:
                self._free.put(process)
        raise ProblemError(
            503, "the process that answered has died, twice", "ask for less", headers={"retry-after": "5"}
        )

    def down(self) -> int:
        """How many are dead, or follow one that died before it could answer. Those without a question are replaced."""
        for process in self._free.each():
            process.heard()
            if not process.alive():
                with contextlib.suppress(ProblemError):
                    self._replace(process)
        return 0 if self._closed else sum(p.stillborn or not p.alive() for p in self._all)

    def blind(self) -> int:
        """How many have no question and cannot open the index: one that was started after it went, say."""
        data = bytes(ForkingPickler.dumps(Opening(LOCAL)))
        found = 0
        for process in self._free.each():
            try:
                if process.alive():
                    process.ask(data, nobody, STUCK * self.timeout)
            except (BugatlasError, _Died, _Stuck):
                found += 1
        return found

    def pids(self) -> list[int]:
        """Ids of the processes that live."""
        return [p.pid for p in self._all if p.alive()]

    def _replace(self, dead: _Process) -> None:
        """Start a process in place of one that has ended. Raises ProblemError (503) where none can be started."""
        if how := dead.ended():
            log.warning("process %d has ended (%s) and is replaced", dead.pid, how)
            if self.meters:
                self.meters.replaced.inc()
        with self._lock:  # none is started once all are being ended
            if self._closed:
                raise ProblemError(503, "the service is ending")
            try:
                dead.start()
            except OSError as e:
                log.warning("a process could not be started: %s", e)
                raise ProblemError(503, "no process could be started", headers={"retry-after": "5"}) from e


class _Process:
    """A place for one process, and the pipe to it. Used by one thread at a time, but for `alive` and `end`."""

    def __init__(self, folder: str, *args: Any) -> None:
        self._args = folder, *args
        self._process: Any = None
        self._pipe: Any = None
        self._up = True  # whether it has said that it can answer
        # Whether the one before it died without having said so, and it has not yet either.
        self.stillborn = False

    def start(self) -> None:
        """Start it, or another in its place. Raises OSError; then it is dead."""
        self.stillborn, self._process = not self._up, None
        context: Any = get_context("spawn")  # threads of this process hold locks that a fork would never get
        pipe, theirs = context.Pipe()
        process = context.Process(target=answer_all, args=(theirs, *self._args), daemon=True)
        with contextlib.ExitStack() as failing:
            failing.callback(pipe.close)
            with contextlib.closing(theirs):
                process.start()
            failing.pop_all()
        if self._pipe:
            self._pipe.close()
        self._pipe, self._up, self._process = pipe, False, process

    @property
    def pid(self) -> int:
        """Its id; 0 where it was never started."""
        return int(self._process.pid) if self._process else 0

    def alive(self) -> bool:
        """Whether it can be asked."""
        process = self._process
        return bool(process and process.is_alive())

    def heard(self) -> None:
        """Take note that it is up. Not while it has a question."""
        with contextlib.suppress(EOFError, OSError):
            while self._pipe and self._pipe.poll():
                self._pipe.recv()
                self._is_up()

    def ask(self, question: bytes, progress: Progress, seconds: float) -> Any:
        """Answer a pickled question. Raises what the process raised, what `progress` raised, _Died and _Stuck.

        It is ended once it has had the question for so many seconds. What it takes to load doesn't count.
        """
        stopped: Exception | None = None
        # Sending waits, too, where the process doesn't read: it is ended, which whoever waits hears of by the pipe.
        limit = _Limit(self._process.kill)
        limit.start(seconds if self._up else LOADING)
        try:
            self._pipe.send_bytes(question)
            while True:
                said = self._pipe.recv()
                if said is None:
                    self._is_up()
                    limit.start(seconds)
                    continue
                if not isinstance(said, Step):
                    break
                try:
                    if stopped is None:
                        progress(said)
                except Exception as e:  # whoever asked has gone: the answer is waited for, and nobody's
                    stopped = e
        except BaseException as e:
            self._process.join(0.1)  # its pipe may be seen to close before its end
            self._process.kill()  # else its answer would be taken for that of the next question
            self._process.join(ENDING)
            if isinstance(e, EOFError | OSError):
                raise (_Stuck if limit.over else _Died) from e
            raise
        finally:
            limit.stop()
        if stopped:
            raise stopped
        if isinstance(said, Done):
            return said.value
        raise said

    def ended(self) -> str:
        """How it has ended; "" where it was never started."""
        self.heard()
        return f"exit code {self._process.exitcode}" if self._process else ""

    def end(self) -> None:
        """Ask it to end. A thread that waits for its answer hears of it by the pipe, which stays open meanwhile."""
        if self._process:
            self._process.terminate()

    def wait(self) -> None:
        """Wait till it has ended; not for long."""
        if self._process:
            self._process.join(ENDING)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(ENDING)

    def _is_up(self) -> None:
        self._up, self.stillborn = True, False


class _Limit:
    """A time limit that can be set anew."""

    def __init__(self, end: Callable[[], None]) -> None:
        self.over = False
        self._end = end
        self._timer: threading.Timer | None = None

    def start(self, seconds: float) -> None:
        """Call `end` after so many seconds from now, unless it is stopped."""
        self.stop()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Call it no more."""
        if self._timer:
            self._timer.cancel()

    def _expire(self) -> None:
        self.over = True
        self._end()


def default_count(cores: int) -> int:
    """Processes for so many cores: one for each, four at most. One means that no other process is started."""
    return max(1, min(cores, MOST))
