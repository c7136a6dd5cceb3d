"""Regular expressions that are compiled when they are first used: most of those that read reports see no use in one."""

from __future__ import annotations

import re
from typing import Any, cast


class _Later:
    """Stands for a pattern. What was asked of it once is its own, so that later uses cost nothing more."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is a compiled one."""
        return re.compile, self._given

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, but what is wrong with a pattern shows when it is used, and `match.re` is another object."""
    return cast("re.Pattern[str]", _Later(text, flags))
