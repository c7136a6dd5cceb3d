"""How long a server asks to be left alone: the Retry-After header (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", re.ASCII)  # whole ones by the RFC; some send parts


def retry_after(value: str | None) -> float | None:
    """Seconds from now, given as a number or as a date; None where it says neither."""
    if not value:
        return None
    if said := _SECONDS.fullmatch(value):
        return float(said[1])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
