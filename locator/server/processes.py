"""Processes that answer questions: Python does one at a time in each, so two cores need two.

All else of a service stays in its own process: the door, limits, jobs, trackers. A process has the index open for itself
and follows what is published; pages of the index are mapped and shared. One that dies is replaced, and its question
asked once more.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

from msgspec import Struct

from locator.access import Caller
from locator.answer import Answer, Step
from locator.locate import Options, Progress
from locator.server.metrics import Meters
from locator.server.problems import ProblemError
from locator.weights import Weights
from summaries.config import Settings
from summaries.index.open_files import Room
from summaries.scratch import Scratch
from summaries.worker import begin

TRIES = 2  # of a question, each in a process of its own: the first may have died for want of memory
STUCK = 10  # time-outs after which a process is taken for stuck and ended: a guess
MOST = 4  # processes unless set: more than a team asks at once, and each costs memory (a guess)
ENDING = 2.0  # seconds for a process to end by itself

log = logging.getLogger("bugatlas.processes")


class Question(Struct, frozen=True):
    """What a process needs to answer."""

    caller: Caller
    report: str
    title: str | None
    attachments: tuple[tuple[str, str], ...]  # names and texts
    options: Options
    settings: Settings
    steps: bool = False  # whether somebody follows its progress


class _Died(Exception):
    """A process ended, or is stuck, with a question in it."""


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
        self._free: LifoQueue[_Process] = LifoQueue()
        self._all: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False
        self._scratch: Scratch | None = None

    def open(self) -> None:
        """Start the processes. They load the reader and the voters beside one another, before anybody asks."""
        self._scratch = Scratch("workers")
        for _ in range(self.count):
            self._free.put(self._added())

    def close(self) -> None:
        """End them."""
        with self._lock:
            self._closed = True
            ending, self._all = self._all, []
        for process in ending:
            process.end()
        for process in ending:
            process.wait()
        if self._scratch:
            self._scratch.cleanup()

    def answer(self, question: Question, progress: Progress = lambda step: None) -> Answer:
        """Answer in a process that is free; wait for one. Raises what `find` raises, and ProblemError (503)."""
        for _ in range(TRIES):
            process = self._taken()
            try:
                return process.ask(question, progress, STUCK * self.timeout)
            except _Died:
                process = self._replaced(process)
            finally:
                self._free.put(process)
        raise ProblemError(
            503, "the process that answered has died, twice", "ask for less", headers={"retry-after": "5"}
        )

    def down(self) -> int:
        """How many are dead. Those without a question are replaced first."""
        idle: list[_Process] = []
        with contextlib.suppress(Empty):
            while True:
                idle.append(self._free.get_nowait())
        for process in reversed(idle):
            self._free.put(process if process.alive() else self._replaced(process))
        with self._lock:
            return 0 if self._closed else sum(not p.alive() for p in self._all)

    def pids(self) -> list[int]:
        """Ids of the processes."""
        with self._lock:
            return [p.pid for p in self._all]

    def _taken(self) -> _Process:
        try:
            process = self._free.get(timeout=STUCK * self.timeout)
        except Empty:
            raise ProblemError(503, "no process is free", headers={"retry-after": "5"}) from None
        return process if process.alive() else self._replaced(process)

    def _replaced(self, dead: _Process) -> _Process:
        log.warning("process %d has ended (%s) and is replaced", dead.pid, dead.kill())
        if self.meters:
            self.meters.replaced.inc()
        with self._lock:
            if self._closed:
                return dead
            self._all.remove(dead)
        return self._added()

    def _added(self) -> _Process:
        assert self._scratch
        process = _Process(self._scratch.name, *self._start)
        with self._lock:
            if self._closed:
                process.end()
            self._all.append(process)
        return process


class _Process:
    """One process, and the pipe to it."""

    def __init__(self, folder: str, *args: Any) -> None:
        context: Any = get_context("spawn")  # threads of this process hold locks that a fork would never get
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, folder, *args), daemon=True)
        self._process.start()
        theirs.close()
        self.pid: int = self._process.pid

    def alive(self) -> bool:
        """Whether it can be asked."""
        return bool(self._process.is_alive())

    def ask(self, question: Question, progress: Progress, seconds: float) -> Answer:
        """Answer a question. Raises what the process raised, what `progress` raised, and _Died."""
        end, stopped = time.monotonic() + seconds, None
        try:
            self._pipe.send(question)
            while True:
                if not self._pipe.poll(max(0.0, end - time.monotonic())):
                    raise _Died
                said = self._pipe.recv()
                if not isinstance(said, Step):
                    break
                try:
                    if stopped is None:
                        progress(said)
                except Exception as e:  # whoever asked has gone: the answer is waited for, and nobody's
                    stopped = e
        except (EOFError, OSError) as e:
            raise _Died from e
        if stopped:
            raise stopped
        if isinstance(said, Answer):
            return said
        raise said

    def end(self) -> None:
        """Ask it to end. A thread that waits for its answer hears of it by the pipe, which stays open meanwhile."""
        self._process.terminate()

    def kill(self) -> str:
        """End it at once, even where it is stopped; how it had ended by itself."""
        self._process.join(0.1)  # its pipe may be seen to close before its end
        code = self._process.exitcode
        self._process.kill()
        self._process.join(ENDING)
        return f"exit code {code}" if code is not None else "stuck"

    def wait(self) -> None:
        """Wait till it has ended; not for long."""
        self._process.join(ENDING)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(ENDING)


def _work(pipe: Connection, folder: str, root: Path, room: Room, weights: Weights) -> None:
    """The life of a process: questions in, steps and answers out, until the service closes the pipe."""
    begin(folder, None)
    from locator.live_index import LiveIndex
    from locator.modes import find
    from locator.report.attachments import attach
    from locator.report.reader import read

    logging.getLogger().addHandler(
        logging.NullHandler()
    )  # the service's own process says what is wrong, once
    live = LiveIndex(root, room=room)
    while True:
        try:
            question: Question = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            whole = read(question.report, question.title)
            for name, content in question.attachments:
                whole = attach(whole, name, content.encode("utf-8", "replace"))
            send = pipe.send if question.steps else _nobody
            index = live.index(question.caller)
            said: Any = find(index, whole, question.options, question.settings, weights, send)
        except Exception as e:
            log.debug("a question was not answered", exc_info=e)
            said = _sendable(e)
        pipe.send(said)


def _nobody(step: Step) -> None:
    """Nobody follows."""


def _sendable(error: Exception) -> Exception:
    """The error as another process can have it: a cause in words, and never what cannot be pickled."""
    import pickle
    import traceback

    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301  (our own, just made)
            error.add_note("".join(traceback.format_exception(error))[-4000:])
            return error
    except Exception:  # noqa: S110  (whatever a class does that cannot be pickled)
        pass
    return RuntimeError("".join(traceback.format_exception(error))[-4000:])


def default_count(cores: int) -> int:
    """Processes for so many cores: one for each, four at most. One means that no other process is started."""
    return max(1, min(cores, MOST))
