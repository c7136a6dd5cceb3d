"""What people say of a comment: that it is wrong. A line of the service's feedback, as from an editor or the page."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from locator.trackers.handle import PostedComment

MOST = 8 << 20  # bytes of what was commented that are looked through, from the newest
LARGEST = 256 << 20  # bytes of the feedback; nothing is added to a larger file

log = logging.getLogger("bugatlas.trackers")


class WrongFile(Struct, frozen=True):
    """The file that is not right."""

    report: str
    repo: str
    path: str
    helpful: bool
    rank: int
    commit: str


class WrongLine(Struct, frozen=True):
    """A line of the feedback."""

    time: float  # UTC seconds
    by: str
    said: WrongFile


def last_answer(commented: Path, tracker: str, issue: str) -> PostedComment | None:
    """What was last commented on an issue; None where nothing was, or too long ago."""
    try:
        with commented.open("rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - MOST))
            lines = f.read(MOST).split(b"\n")
    except OSError:
        return None
    for line in reversed(lines):
        try:
            found = msgspec.json.decode(line, type=PostedComment)
        except msgspec.MsgspecError:  # the first may be half a line
            continue
        if (found.tracker, found.issue) == (tracker, issue):
            return found
    return None


def note(commented: Path, feedback: Path, tracker: str, issue: str) -> str:
    """Keep that the first file of the last comment on an issue is wrong; what was done, in a word. Raises OSError."""
    found = last_answer(commented, tracker, issue)
    if found is None or not found.files:
        return "not answered"
    repo, path = found.files[0]
    wrong = WrongFile(found.title, repo, path, helpful=False, rank=1, commit=found.commits.get(repo, ""))
    line = msgspec.json.encode(WrongLine(time.time(), f"tracker {tracker}", wrong)) + b"\n"
    with open(feedback, "ab", opener=_private) as f:
        if f.tell() + len(line) > LARGEST:
            log.warning("%s is full: what people say is kept no longer", feedback)
            return "not kept"
        f.write(line)
    return "wrong"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
