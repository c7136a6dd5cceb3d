"""One issue from its key to its comment. Safe to be killed anywhere: run again, it ends with one comment."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from locator.answer import Answer, Verdict
from locator.trackers import comment
from locator.trackers.queue import Queue, Task, Written
from locator.trackers.settings import TrackerSettings
from locator.trackers.tracker import Gone, Issue, Later, Refused, Tracker
from summaries.errors import BugatlasError, UsageError
from summaries.index.index import RepoState

SURE = (Verdict.CONFIDENT, Verdict.LIKELY)  # answers that may set a component or label

Locate = Callable[[str, str], tuple[Answer, Mapping[str, RepoState]]]  # title, body -> answer, repositories


class Told(Struct, frozen=True):
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
    ) -> None:
        """`write` is entered around each write: it keeps the pace."""
        self.settings, self.tracker, self.queue = settings, tracker, queue
        self.locate, self.feedback, self.write = locate, feedback, write

    def preview(self, key: str) -> tuple[Issue, comment.Note, Answer]:
        """What would be said on an issue. Raises TrackerError, UsageError."""
        issue = self.tracker.issue(key)
        answer, states = self.locate(issue.title, issue.body)
        note = self._note(issue.key, answer, states)
        return issue, note, answer

    def handle(self, task: Task) -> str:
        """Do it; what was done, in a word. Raises Later, Refused."""
        try:
            issue = self.tracker.issue(task.issue)
        except Gone:
            return "gone"
        if not self.tracker.wants(issue) and not task.forced:
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
        before = self.queue.written(task.tracker, issue.key) or self.queue.written(task.tracker, task.issue)
        if before and before.digest == note.digest and not task.forced:
            return "unchanged"
        done = self._write(task, issue, note, before)
        if done != "withdrawn":
            self._tell(task, issue, answer)
            if answer.verdict in SURE:
                with contextlib.suppress(Gone, Refused), self.write():  # a label is not worth another try
                    self.tracker.tag(issue, answer.files[0].repo)
        return done

    def _note(self, key: str, answer: Answer, states: Mapping[str, RepoState]) -> comment.Note:
        s = self.settings
        return comment.note(key, answer, states, s.limit, s.links, questions=s.questions)

    def _write(self, task: Task, issue: Issue, note: comment.Note, before: Written | None) -> str:
        """Edit our comment where there is one, else write one. What a person took away stays away."""
        body = self.tracker.render(note)
        if before and not before.id and not task.forced:
            return "withdrawn"
        known = before.id if before else ""
        if not known:
            known, *others = self.tracker.own_comments(issue.key) or [""]
            self._drop(issue, others)
        if known:
            try:
                with self.write():
                    self.tracker.edit(issue.key, known, body)
                self._remember(task, issue, Written(known, note.digest))
                return "edited"
            except Gone:
                if not task.forced:
                    self._remember(task, issue, Written("", note.digest))
                    return "withdrawn"
        with self.write():
            known = self.tracker.post(issue, body)
        self._remember(task, issue, Written(known, note.digest))
        if task.attempts:  # an earlier try may have gone through after all, late
            first, *others = self.tracker.own_comments(issue.key) or [known]
            if others:
                self._remember(task, issue, Written(first, ""))  # whose text may be of the earlier try
                self._drop(issue, others)
                with self.write():
                    self.tracker.edit(issue.key, first, body)
                self._remember(task, issue, Written(first, note.digest))
        return "written"

    def _drop(self, issue: Issue, comments: list[str]) -> None:
        for other in comments:
            with contextlib.suppress(Gone, Refused), self.write():
                self.tracker.delete(issue.key, other)

    def _remember(self, task: Task, issue: Issue, written: Written) -> None:
        self.queue.remember(task.tracker, issue.key, written, time.time())

    def _tell(self, task: Task, issue: Issue, answer: Answer) -> None:
        line = Told(
            tracker=task.tracker,
            issue=issue.key,
            title=issue.title,
            at=time.time(),
            confidence=answer.confidence,
            verdict=answer.verdict,
            files=tuple((f.repo, f.path) for f in answer.files),
            commits={r.repo: r.commit for r in answer.routes},
        )
        with self.feedback.open("ab") as f:
            f.write(msgspec.json.encode(line) + b"\n")


def settle(queue: Queue, task: Task, handler: Handler) -> tuple[str, float]:
    """Handle a task and put it where it belongs: what was done, and for how long to leave the tracker alone."""
    now = time.time
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
        if task.attempts + 1 >= handler.settings.attempts:
            queue.bury(task, f"{type(e).__name__}: {e}")
        else:
            queue.later(task, now() + pause(handler.settings, task.attempts), f"{type(e).__name__}: {e}")
        raise


def pause(settings: TrackerSettings, attempts: int) -> float:
    """Seconds until the next try: doubling, an hour at most, and never the same for all (full jitter)."""
    longest: float = min(3600.0, settings.backoff * 2.0 ** min(attempts, 20))
    return random.uniform(0.5, 1.0) * longest  # noqa: S311
