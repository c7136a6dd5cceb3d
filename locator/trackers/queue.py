"""The queue on disk (SQLite, write-ahead log): one row for each issue that waits, and what was written where.

A delivery is on disk before it is answered. Rows are by issue, not by delivery: several deliveries for one
issue are one piece of work, two workers never have the same issue, and so there is one comment.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from summaries.errors import TrackerError

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists delivery(id text primary key, at real not null) without rowid;
create table if not exists task(
    tracker text, issue text, state text not null, version integer not null, forced integer not null,
    due real not null, attempts integer not null, error text not null, since real not null,
    primary key(tracker, issue)) without rowid;
create index if not exists task_due on task(state, due);
create table if not exists mark(name text primary key, at real not null) without rowid;
create table if not exists comment(
    tracker text, issue text, id text not null, digest text not null, at real not null,
    primary key(tracker, issue)) without rowid;
"""
_LATEST = """
select max(at) from (select at from mark where name = 'clock' union all select max(since) from task
                     union all select max(at) from comment)"""
REMEMBERED = 30 * 86_400.0  # seconds that a delivery's name is kept
MOST = 200_000  # issues that may wait


class FullError(TrackerError):
    """The queue takes nothing more."""


class QueuedIssue(Struct, frozen=True):
    """An issue whose turn it is."""

    tracker: str
    issue: str
    version: int
    forced: bool
    attempts: int  # that went before
    since: float


class Waiting(Struct, frozen=True):
    """A row of the queue, for people."""

    tracker: str
    issue: str
    state: str  # "ready", "running" or "dead"
    attempts: int
    due: float
    error: str


class WrittenComment(Struct, frozen=True):
    """The comment that was written on an issue."""

    id: str  # "" where it is no longer there
    digest: str  # "" until the tracker lists the comment, and no other one of ours

    @property
    def withdrawn(self) -> bool:
        """Whether a person took it away."""
        return not self.id


class Queue:
    """All methods may be called from any thread."""

    def __init__(self, path: Path, *, owner: bool = False) -> None:
        """Open it. The one owner makes ready what a killed one was at. Raises TrackerError."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # titles of issues are in it: its owner's alone
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            self._db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
            self._db.executescript(_SCHEMA)
            if owner:  # an attempt more: a task that kills its process is set aside in the end
                again = "update task set state = 'ready', attempts = attempts + 1 where state = 'running'"
                self._db.execute(again)
            (latest,) = self._db.execute(_LATEST).fetchone()
        except (OSError, sqlite3.Error) as e:
            raise TrackerError(
                f"cannot open the queue {path}: {e}", "check the folder, or set `state`"
            ) from e
        self._began = max(time.time(), latest or 0.0) - time.monotonic()
        self._lock = threading.Lock()
        self._added = threading.Condition(self._lock)

    def now(self) -> float:
        """Seconds by a clock that nobody sets back: the wall clock's when it was opened, or the latest on disk."""
        return self._began + time.monotonic()

    def usable(self) -> bool:
        """Whether something can be written. Looks at the disk."""
        try:
            self.mark("clock", self.now())
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        """Close the database file."""
        with self._lock:
            self._db.close()

    def accept(
        self, tracker: str, issue: str, deliveries: Sequence[str], forced: bool, due: float, now: float
    ) -> bool:
        """Put a delivery on disk under all its names. False where one of them is known. Raises FullError."""
        names = [(f"{tracker}:{d}", now) for d in deliveries]
        with self._lock:
            self._db.execute("begin immediate")
            try:
                known = "select 1 from delivery where id = ?"
                if any(self._db.execute(known, n[:1]).fetchone() for n in names):
                    return False
                (waiting,) = self._db.execute("select count(*) from task").fetchone()
                if waiting >= MOST:
                    raise FullError("too many issues wait")
                self._db.executemany("insert or ignore into delivery values(?, ?)", names)
                self._db.execute(
                    "insert into task values(?, ?, 'ready', 1, ?, ?, 0, '', ?) on conflict do update set"
                    " version = version + 1, forced = max(forced, excluded.forced),"
                    " due = case state when 'dead' then excluded.due else min(due, excluded.due) end,"
                    " attempts = case state when 'dead' then 0 else attempts end,"
                    " state = case state when 'dead' then 'ready' else state end",
                    (tracker, issue, int(forced), due, now),
                )
                self._added.notify_all()
                return True
            finally:
                self._end()

    def _end(self) -> None:
        """Commit; what cannot be committed is undone, so that the next statement finds no open transaction."""
        if not self._db.in_transaction:
            return
        try:
            self._db.execute("commit")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise

    def take(self, trackers: Collection[str], now: float) -> QueuedIssue | None:
        """The issue that has waited longest, if one of these trackers has any; it is running from now on."""
        marks = ",".join("?" * len(trackers))
        with self._lock:
            row = self._db.execute(
                "update task set state = 'running' where (tracker, issue) = (select tracker, issue from task"  # noqa: S608
                f" where state = 'ready' and due <= ? and tracker in ({marks}) order by due limit 1)"
                " returning tracker, issue, version, forced, attempts, since",
                (now, *trackers),
            ).fetchone()
        return QueuedIssue(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) if row else None

    def wait(self, seconds: float) -> None:
        """Until something is added, or that long."""
        with self._added:
            self._added.wait(seconds)

    def done(self, task: QueuedIssue) -> None:
        """It is dealt with; a delivery that came meanwhile has its turn next."""
        with self._lock:
            self._db.execute(
                "delete from task where tracker = ? and issue = ? and version = ?",
                (task.tracker, task.issue, task.version),
            )
            self._db.execute(
                "update task set state = 'ready', attempts = 0, error = '' where tracker = ? and issue = ?",
                (task.tracker, task.issue),
            )

    def later(self, task: QueuedIssue, due: float, error: str, *, counted: bool = True) -> None:
        """Try again from then on."""
        self._put(task, "ready", due, error, counted)

    def release(self, task: QueuedIssue, due: float) -> None:
        """Make ready what a turn left behind that could not put it anywhere. Harmless where it did."""
        with self._lock:
            self._db.execute(
                "update task set state = 'ready', due = ?, attempts = attempts + 1"
                " where tracker = ? and issue = ? and state = 'running' and attempts = ?",
                (due, task.tracker, task.issue, task.attempts),
            )

    def bury(self, task: QueuedIssue, error: str) -> None:
        """Set aside: `bugatlas tracker retry` tries again."""
        self._put(task, "dead", 0.0, error, True)

    def _put(self, task: QueuedIssue, state: str, due: float, error: str, counted: bool) -> None:
        with self._lock:
            self._db.execute(
                "update task set state = ?, due = ?, error = ?, attempts = attempts + ?"
                " where tracker = ? and issue = ?",
                (state, due, error[:1000], int(counted), task.tracker, task.issue),
            )

    def written(self, tracker: str, issue: str) -> WrittenComment | None:
        """What was written on an issue."""
        with self._lock:
            row = self._db.execute(
                "select id, digest from comment where tracker = ? and issue = ?", (tracker, issue)
            ).fetchone()
        return WrittenComment(*row) if row else None

    def remember(self, tracker: str, issues: Sequence[str], written: WrittenComment) -> None:
        """Keep what was written, under all names of its issue."""
        rows = [(tracker, i, written.id, written.digest, self.now()) for i in dict.fromkeys(issues)]
        with self._lock:
            self._db.execute("begin immediate")
            try:
                self._db.executemany("insert or replace into comment values(?, ?, ?, ?, ?)", rows)
            finally:
                self._end()

    def counts(self) -> dict[str, int]:
        """Number of issues in each state."""
        with self._lock:
            return dict(self._db.execute("select state, count(*) from task group by state").fetchall())

    def waiting(self, state: str = "", limit: int = 100) -> list[Waiting]:
        """Rows, the longest waiting first."""
        with self._lock:
            rows = self._db.execute(
                "select tracker, issue, state, attempts, due, error from task"
                " where state = ? or ? = '' order by since limit ?",
                (state, state, limit),
            ).fetchall()
        return [Waiting(*r) for r in rows]

    def retry(self, tracker: str = "", now: float = 0.0) -> int:
        """Give what was set aside another chance; how many."""
        with self._lock:
            done = self._db.execute(
                "update task set state = 'ready', attempts = 0, due = ? where state = 'dead' and (tracker = ? or ? = '')",
                (now, tracker, tracker),
            )
            self._added.notify_all()
            return done.rowcount

    def marked(self, name: str) -> float:
        """A time that was noted; 0 where there's none."""
        with self._lock:
            row = self._db.execute("select at from mark where name = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def mark(self, name: str, at: float) -> None:
        """Store a time under a name."""
        with self._lock:
            self._db.execute("insert or replace into mark values(?, ?)", (name, at))

    def prune(self, now: float) -> None:
        """Forget names of old deliveries, and keep the time."""
        self.mark("clock", now)
        with self._lock:
            self._db.execute("delete from delivery where at < ?", (now - REMEMBERED,))
