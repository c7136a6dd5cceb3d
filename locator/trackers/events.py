"""What a delivery says: an issue to look at, or why there's nothing to do."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from locator.trackers.settings import TrackerSettings


class Event(Struct, frozen=True):
    """An issue that may need a comment."""

    delivery: str  # the same for every try of one delivery
    issue: str  # "SHOP-12", "owner/name#12"
    forced: bool = False  # a person asked for it by a comment
    wrong: bool = False  # a person says by a comment that the answer is wrong


class Ignored(Struct, frozen=True):
    """Nothing to do, and why."""

    why: str


Read = Event | Ignored


def dig(value: Any, *path: str) -> Any:
    """A value inside nested objects; None where any of them is missing or no object."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(value: Any, *path: str) -> str:
    """A text inside nested objects; "" where there's none. Numbers are written out."""
    found = dig(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def names(value: Any, *path: str, of: str = "name") -> list[str]:
    """Names in a list of objects."""
    found = dig(value, *path)
    return [text(x, of) for x in found] if isinstance(found, list) else []


def seconds(moment: str) -> float:
    """An ISO 8601 time as UTC seconds; 0 where it is none."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def digest(*parts: str) -> str:
    """A delivery's name where its sender gave it none."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def listed(settings: TrackerSettings, project: str) -> bool:
    """Whether a project or repository is one to comment in."""
    return any(fnmatchcase(project.lower(), p.lower()) for p in settings.projects)


def named(settings: TrackerSettings) -> list[str]:
    """Projects that are listed by name rather than by a pattern."""
    return [p for p in settings.projects if not any(c in p for c in "*?[")]


def labelled(settings: TrackerSettings, labels: Collection[str]) -> bool:
    """Whether an issue has one of the labels wanted."""
    have = {x.lower() for x in labels}
    return not settings.labels or any(w.lower() in have for w in settings.labels)


def command(settings: TrackerSettings, comment: str, delivery: str, issue: str) -> Event | None:
    """What a comment asks for: an answer, or that one be noted as wrong; None where it asks for nothing."""
    text = comment.lstrip().lower()
    if settings.wrong and text.startswith(settings.wrong.lower()):
        return Event(delivery, issue, wrong=True)
    asked = bool(settings.command) and text.startswith(settings.command.lower())
    return Event(delivery, issue, forced=True) if asked else None
