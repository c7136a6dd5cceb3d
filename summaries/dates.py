"""Dates as people give them to `--at`: 2024-05-01, 2024-05-01T10:00:00Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LAST = 253_402_300_799  # the last second of the year 9999, after which Python has no dates
HINT = "write it as 2024-05-01 or 2024-05-01T10:00:00Z"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S{0,22})?", re.ASCII)


def is_date(text: str) -> bool:
    """Whether it has a date's form; `2024-13-01` has, and is none."""
    return bool(_DATE.fullmatch(text))


def moment(text: str) -> datetime:
    """The moment of a date, UTC where it names no zone. Raises ValueError where there is no such day or time."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
