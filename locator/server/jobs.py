"""Indexing jobs: one at a time, in a process of its own; queries go on beside it."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from locator.server.metrics import Meters
from locator.server.reindex import Order, Progress
from locator.server.settings import Refresh
from locator.server.shapes import Job
from summaries.index.index import Index

REMEMBERED = 100  # jobs remembered
QUEUED = 50  # jobs that may wait

log = logging.getLogger("bugatlas.jobs")


class Jobs:
    """Queued, running and past jobs. Past ones are forgotten with the process; the index is not."""

    def __init__(self, root: Path, refresh: Refresh, meters: Meters) -> None:
        self.root, self.refresh, self.meters = root, refresh, meters
        self._jobs: dict[str, tuple[int, Job]] = {}  # by id, oldest first, each with its version
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._running: subprocess.Popen[bytes] | None = None
        self._began = self._closed = False
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def open(self) -> None:
        """Start the thread that runs queued jobs."""
        self._thread.start()
        self._began = True

    def close(self) -> None:
        """End the running job and wait for its process."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._end_process()
        if self._thread.is_alive():
            self._thread.join(10)

    def add(self, repos: Sequence[str], sees: Callable[[str], bool] = lambda repo: True) -> Job | None:
        """Queue a job; None where too many wait.

        One that waits already and covers these is given instead, if its repositories all exist for the caller.
        """
        wanted = tuple(sorted(set(repos)))
        with self._changed:
            for job in (self._jobs[i][1] for i in self._waiting):
                if set(wanted) <= set(job.repos) and all(map(sees, job.repos)):
                    return job
            if len(self._waiting) >= QUEUED:
                return None
            job = Job(secrets.token_hex(6), "queued", wanted, time.time())
            self._jobs[job.id] = (1, job)
            self._waiting.append(job.id)
            self._forget()
            self._changed.notify_all()
            return job

    def problem(self) -> str:
        """Why no job can run now; "" where all is well."""
        with self._changed:
            ended = self._began and not self._closed and not self._thread.is_alive()
        return "the jobs thread has ended" if ended else ""

    def list(self) -> list[Job]:
        """All known jobs, newest first."""
        with self._changed:
            return [job for _, job in reversed(self._jobs.values())]

    def get(self, id_: str) -> tuple[int, Job] | None:
        """A job and its version, which grows whenever it changes."""
        with self._changed:
            return self._jobs.get(id_)

    def cancel(self, id_: str) -> Job | None:
        """End a job that waits or runs; others stay as they are. None where there is none of that id."""
        with self._changed:
            if id_ not in self._jobs:
                return None
            job = self._jobs[id_][1]
            if job.state in ("queued", "running"):
                if job.state == "queued":
                    self._waiting.remove(id_)
                else:
                    self._end_process()
                self._set(replace(job, state="cancelled", ended=time.time()))
            return self._jobs[id_][1]

    def _set(self, job: Job) -> None:
        version, old = self._jobs[job.id]
        self._jobs[job.id] = (version + 1, job)
        if job.state != old.state and job.ended:
            self.meters.jobs.labels(job.state).inc()
        self._changed.notify_all()

    def _forget(self) -> None:
        past = [i for i, (_, j) in self._jobs.items() if j.ended]
        for id_ in past[: max(0, len(self._jobs) - REMEMBERED)]:
            del self._jobs[id_]

    def _work(self) -> None:
        due = time.monotonic() + 60 * self.refresh.every
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    left = due - time.monotonic() if self.refresh.every else None
                    if left is not None and left <= 0:
                        break
                    self._changed.wait(left)
                if self._closed:
                    return
                id_ = self._waiting.popleft() if self._waiting else ""
            if id_:
                self._turn(id_)
            else:
                due = time.monotonic() + 60 * self.refresh.every
                self._queue_all()

    def _turn(self, id_: str) -> None:
        """One job. Whatever goes wrong is that job's end and not the thread's."""
        try:
            self._run(id_)
        except Exception as e:
            log.exception("job %s", id_)
            with self._changed:
                self._running = None
                job = self._jobs[id_][1]
                if not job.ended:
                    why = f"the job could not be run: {type(e).__name__}"
                    self._set(replace(job, state="failed", ended=time.time(), error=why))

    def _queue_all(self) -> None:
        try:
            self.add(list(Index.open(self.root).repos))
        except Exception:
            log.exception("the index cannot be brought up to date")

    def _run(self, id_: str) -> None:
        with self._changed:
            job = self._jobs[id_][1]
            if job.state != "queued":
                return
            self._set(replace(job, state="running", started=time.time()))
            process = self._running = subprocess.Popen(
                [sys.executable, "-m", "locator.server.reindex"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # a group to end: the job has workers
            )
        timer = threading.Timer(self.refresh.seconds, self._end, [process])
        timer.daemon = True
        timer.start()
        try:
            assert process.stdin and process.stdout
            order = Order(str(self.root), job.repos, self.refresh.workers or os.cpu_count() or 1)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                self._heard(id_, line)
            code = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                self._end(process)
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._ended(id_, code)

    def _heard(self, id_: str, line: bytes) -> None:
        try:
            event = msgspec.json.decode(line, type=Progress)
        except msgspec.MsgspecError:
            return
        with self._changed:
            job = self._jobs[id_][1]
            if job.state != "running":
                return
            if event.settled:
                job = replace(job, settled=(*job.settled, event.settled))
            elif event.error:
                job = replace(job, error=event.error[:500])
            else:
                job = replace(job, done=event.done, total=event.total)
            self._set(job)

    def _ended(self, id_: str, code: int) -> None:
        with self._changed:
            self._running = None
            job = self._jobs[id_][1]
            if job.state != "running":
                return
            failed = code != 0 or any(s.failed for s in job.settled) or bool(job.error)
            error = job.error
            if code < 0:
                error = f"ended after {self.refresh.seconds} seconds or for want of memory (signal {-code})"
            elif code and not error:
                error = f"exit code {code}: the service's log says more"
            self._set(replace(job, state="failed" if failed else "done", ended=time.time(), error=error))
        log.info("job %s: %s", id_, "failed" if failed else "done")

    def _end_process(self) -> None:
        if self._running:
            self._end(self._running)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and its workers."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
