"""One issue from its key to its comment. Safe to be killed anywhere: run again, it ends with one comment."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from locator.answer import Answer, Verdict
from locator.trackers import comment
from locator.trackers.queue import Queue, QueuedIssue, WrittenComment
from locator.trackers.settings import TrackerSettings
from locator.trackers.tracker import Gone, Issue, Later, Refused, Tracker
from summaries.errors import BugatlasError, UsageError
from summaries.index.index import RepoState

SURE = (Verdict.CONFIDENT, Verdict.LIKELY)  # answers that may set a component or label

log = logging.getLogger("bugatlas.trackers")

LOOKS = 6  # at an issue whose tracker does not list the comment that it took; a guess

Locate = Callable[[str, str], tuple[Answer, Mapping[str, RepoState]]]  # title, body -> answer, repositories


class PostedComment(Struct, frozen=True):
    """A line of the feedback file: what was commented, for `bugatlas eval live`."""

    tracker: str
    issue: str  # "SHOP-12", "owner/name#12"
    title: str
    at: float  # UTC seconds
    confidence: float
    verdict: str
    files: tuple[tuple[str, str], ...]  # (repository, path), best first
    commits: dict[str, str]  # that were searched, by repository


class Handler:
    """Handles the issues of one tracker."""

    def __init__(
        self,
        settings: TrackerSettings,
        tracker: Tracker,
        queue: Queue,
        locate: Locate,
        feedback: Path,
        write: Callable[[], Any] = contextlib.nullcontext,
        page: str = "",
    ) -> None:
        """`write` is entered around each write: it keeps the pace. `page` is the address of the service's page."""
        self.settings, self.tracker, self.queue = settings, tracker, queue
        self.locate, self.feedback, self.write = locate, feedback, write
        self.page = page
        self._turns = Turns()

    def preview(self, key: str) -> tuple[Issue, comment.Note, Answer]:
        """What would be said on an issue. Raises TrackerError, UsageError."""
        issue = self.tracker.issue(key)
        answer, states = self.locate(issue.title, issue.body)
        note = self._note(issue.key, answer, states)
        return issue, note, answer

    def handle(self, task: QueuedIssue) -> str:
        """Do it; what was done, in a word. Raises Later, Refused."""
        issue = self._fetch(task.issue)
        if issue is None:
            return "gone"
        with self._turns.of(issue.identity) as waited:
            if waited:  # somebody else was at it: what was fetched may be old
                issue = self._fetch(task.issue)
            return self._handle(task, issue) if issue else "gone"

    def _fetch(self, key: str) -> Issue | None:
        try:
            return self.tracker.issue(key)
        except Gone:
            return None

    def _handle(self, task: QueuedIssue, issue: Issue) -> str:
        if not self.tracker.wants(issue):  # asking for an answer doesn't change who would read it
            return "not listed"
        if not issue.title.strip() and not issue.body.strip():
            return "empty"
        try:
            answer, states = self.locate(issue.title, issue.body)
        except UsageError:
            return "empty"
        sure = answer.confidence >= self.settings.threshold
        if not answer.files or not (sure or task.forced):
            return "unsure"
        note = self._note(issue.key, answer, states)
        before = self.queue.written(task.tracker, issue.identity)
        if before and before.digest == note.digest and not task.forced:
            return "unchanged"
        done = self._write(task, issue, note, before)
        if done != "withdrawn":
            self._record(task, issue, answer)
            if answer.verdict in SURE:
                with contextlib.suppress(Gone, Refused), self.write():  # a label is not worth another try
                    self.tracker.tag(issue, answer.files[0].repo)
        return done

    def _note(self, key: str, answer: Answer, states: Mapping[str, RepoState]) -> comment.Note:
        s = self.settings
        return comment.note(
            key, answer, states, s.limit, s.links,
            questions=s.questions, code=s.code, page=self.page, wrong=s.wrong,
        )  # fmt: skip

    def _write(
        self, task: QueuedIssue, issue: Issue, note: comment.Note, before: WrittenComment | None
    ) -> str:
        """Edit our comment where there is one, else write one. What a person took away stays away.

        A comment is remembered without a digest until the tracker lists it and no other one of ours.
        """
        body = self.tracker.render(note)
        if before and before.withdrawn and not task.forced:
            return "withdrawn"
        id_ = (before.id if before else "") or next(iter(self.tracker.own_comments(issue.key)), "")
        if id_:
            try:
                with self.write():
                    self.tracker.edit(issue.key, id_, body)
            except Gone:
                if before and before.digest and not task.forced:
                    self._remember(task, issue, WrittenComment("", note.digest))
                    return "withdrawn"
                id_ = ""
        done = "edited" if id_ else "written"
        if not id_:
            with self.write():
                id_ = self.tracker.post(issue, body)
        if done == "written" or task.attempts or not (before and before.digest):
            id_ = self._only(task, issue, id_, body)
        self._remember(task, issue, WrittenComment(id_, note.digest))
        return done

    def _only(self, task: QueuedIssue, issue: Issue, id_: str, body: Any) -> str:
        """Take away all comments of ours but the oldest, which says `body` in the end; its id.

        An earlier try may have gone through after all, and a delivery by another name may have been faster. A
        tracker that doesn't list what it took is looked at again, a few times.
        """
        self._remember(task, issue, WrittenComment(id_, ""))
        ours = self.tracker.own_comments(issue.key)
        if id_ not in ours and task.attempts + 1 < min(LOOKS, self.settings.attempts):
            raise Later(f"comment {id_[:40]} is not listed yet")
        first, *others = list(dict.fromkeys([*ours, id_]))
        if others:
            self._remember(task, issue, WrittenComment(first, ""))  # whose text may be of an earlier try
            self._drop(issue, others)
            with self.write():
                self.tracker.edit(issue.key, first, body)
        return first

    def _drop(self, issue: Issue, comments: list[str]) -> None:
        for other in comments:
            with contextlib.suppress(Gone, Refused), self.write():
                self.tracker.delete(issue.key, other)

    def _remember(self, task: QueuedIssue, issue: Issue, written: WrittenComment) -> None:
        self.queue.remember(task.tracker, (issue.identity, issue.key), written)

    def _record(self, task: QueuedIssue, issue: Issue, answer: Answer) -> None:
        line = PostedComment(
            tracker=task.tracker,
            issue=issue.key,
            title=issue.title,
            at=time.time(),
            confidence=answer.confidence,
            verdict=answer.verdict,
            files=tuple((f.repo, f.path) for f in answer.files),
            commits={r.repo: r.commit for r in answer.routes},
        )
        data = msgspec.json.encode(line) + b"\n"
        with open(self.feedback, "ab", buffering=0, opener=_private) as f:
            end = f.tell()
            if (f.write(data) or 0) < len(data):  # a full disk: no half of a line stays
                f.truncate(end)
                raise OSError(errno.ENOSPC, "no space left", str(self.feedback))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Turns:
    """One at a time by name: two workers that got to one issue by different names take turns."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def of(self, name: str) -> Iterator[bool]:
        """Wait for one's turn; whether one had to."""
        with self._changed:
            waited = name in self._busy
            self._changed.wait_for(lambda: name not in self._busy)
            self._busy.add(name)
        try:
            yield waited
        finally:
            with self._changed:
                self._busy.discard(name)
                self._changed.notify_all()


def settle(queue: Queue, task: QueuedIssue, handler: Handler) -> tuple[str, float]:
    """Handle a task and put it where it belongs: what was done, and for how long to leave the tracker alone.

    Raises sqlite3.Error where the queue takes nothing.
    """
    now = queue.now
    try:
        done = handler.handle(task)
        queue.done(task)
        return done, 0.0
    except Later as e:
        counted = not e.everything
        if counted and task.attempts + 1 >= handler.settings.attempts:
            queue.bury(task, str(e))
            return "set aside", 0.0
        wait = max(e.seconds, pause(handler.settings, task.attempts))
        queue.later(task, now() + wait, str(e), counted=counted)
        return "later", e.seconds if e.everything else 0.0
    except (Refused, Gone) as e:
        queue.bury(task, str(e))
        return "set aside", 0.0
    except BugatlasError as e:  # the index: nothing is lost by waiting
        queue.later(task, now() + 60, str(e), counted=False)
        return "later", 0.0
    except Exception as e:
        log.exception("%s %s", task.tracker, task.issue)
        if task.attempts + 1 >= handler.settings.attempts:
            queue.bury(task, f"{type(e).__name__}: {e}")
            return "set aside", 0.0
        queue.later(task, now() + pause(handler.settings, task.attempts), f"{type(e).__name__}: {e}")
        return "failed", 0.0


def pause(settings: TrackerSettings, attempts: int) -> float:
    """Seconds until the next try: doubling, an hour at most, and never the same for all (full jitter)."""
    longest: float = min(3600.0, settings.backoff * 2.0 ** min(attempts, 20))
    return random.uniform(0.5, 1.0) * longest  # noqa: S311
