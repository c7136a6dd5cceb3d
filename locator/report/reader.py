"""The report reader: a bug report in plain words to its title, regions, stack frames and mentions."""

from __future__ import annotations

import re

from locator.report import traces as _frames
from locator.report.forms import Forms
from locator.report.mentions import mentions_of
from locator.report.regions import clean, cut, split, uncomment, unpictured
from locator.report.types import Frame, Mention, MentionKind, Region, RegionKind, Report
from summaries.errors import UsageError

__all__ = ["Frame", "Mention", "MentionKind", "Region", "RegionKind", "Report", "read"]

MAX_TITLE = 300  # characters
_PREFIX = re.compile(
    r"^\s*(?:#{1,6}\s+|\*\*|(?:title|bug|bug report|issue|summary|subject)\s*:\s*|\[bug\]\s*:?\s*)",
    re.IGNORECASE,
)


def read(text: str, title: str | None = None, forms: Forms = ()) -> Report:
    """Read a report in Markdown or plain text. The title is its first line that is not blank.

    `forms` are lines of issue forms (`forms.lines_of`), which are nobody's words.

    Over 200,000 characters the middle is left out (`truncated`). Raises UsageError on a blank report.
    """
    text, truncated = cut(text)
    body = unpictured(uncomment(clean(text))).strip("\n")
    if title is not None:
        title = " ".join(clean(title[: 4 * MAX_TITLE]).split())
    lines = body.split("\n")
    found = _frames.find(lines)
    regions = split(lines, found.spans, forms)
    if not title and not body.strip():
        raise UsageError(
            "the report is empty", hint="describe the bug: what was done, what happened, any stack trace"
        )
    if not title:
        title, rest = _headline(lines, regions)
        if rest is not None:
            body = rest
            lines = body.split("\n")
            found = _frames.find(lines)
            regions = split(lines, found.spans, forms)
    return Report(
        title[:MAX_TITLE], body, regions, found.frames, mentions_of(title, regions, found), truncated
    )


def _headline(lines: list[str], regions: tuple[Region, ...]) -> tuple[str, str | None]:
    """The title in the first line, and the body without it if that line is prose and fits as a title."""
    if not regions:  # nothing but fences
        return next(line.strip() for line in lines if line.strip())[:MAX_TITLE], None
    first = regions[0]
    line = first.text.split("\n", 1)[0].strip()
    title = _PREFIX.sub("", line).strip(" *#\t") or line
    if len(title) > MAX_TITLE:
        return title[:MAX_TITLE].rsplit(" ", 1)[0], None
    if first.kind != RegionKind.PROSE:
        return title, None
    return title, "\n".join(lines[first.line :]).strip("\n")
