"""Old issues: into the queue, or into a file as they were when they were reported."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from locator.trackers.events import dig, named, text
from locator.trackers.jira import FIELDS, Jira, jql
from locator.trackers.tracker import Tracker
from summaries.errors import UsageError

TEXTS = ("summary", "description", "environment")


def keys(tracker: Tracker, query: str | None, days: int) -> Iterator[str]:
    """Keys of issues by JQL, else of those made within so many days. Raises UsageError, TrackerError."""
    if query and not isinstance(tracker, Jira):
        raise UsageError("--jql is for Jira", "use --days")
    if isinstance(tracker, Jira):
        yield from (
            text(told, "key") for told in tracker.search(query or _query(tracker, days), ("summary",))
        )
    else:
        yield from tracker.created(time.time() - 86_400 * days)


def as_reported(jira: Jira, query: str | None, days: int, path: Path) -> int:
    """Write issues as JSON lines in the shape of Jira's own search results; how many.

    Summary, description and environment are as they were at first: later edits may hold the answer.
    """
    fields = [*FIELDS.split(","), "created", "resolutiondate", "status"]
    count = 0
    with path.open("wb") as out:
        for told in jira.search(query or _query(jira, days), fields, "changelog"):
            if isinstance(told, Mapping) and text(told, "key"):
                out.write(msgspec.json.encode({"key": told["key"], "fields": first(told)}) + b"\n")
                count += 1
    return count


def first(issue: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an issue, with its texts before their first change."""
    fields = dict(issue.get("fields") or {}) if isinstance(issue.get("fields"), Mapping) else {}
    histories = dig(issue, "changelog", "histories")
    changes = [h for h in histories if isinstance(h, Mapping)] if isinstance(histories, list) else []
    changes.sort(key=lambda h: (text(h, "created"), text(h, "id")))
    seen: set[str] = set()
    for history in changes:
        items = history.get("items")
        for item in items if isinstance(items, list) else ():
            field = text(item, "field").lower()
            if field in TEXTS and field not in seen:
                seen.add(field)
                fields[field] = text(item, "fromString") or None
    return fields


def _query(jira: Jira, days: int) -> str:
    projects = named(jira.settings)
    if not projects:
        raise UsageError("no project is listed by name", "list some in the settings, or give --jql")
    return f"{jql(projects, jira.settings.types)} AND created >= -{days}d ORDER BY created ASC"
