"""Every error that a user can meet. The command line prints one line of it and exits with its code.

BugatlasError
├── UsageError            the request itself is wrong (exit 2)
├── RepositoryError       a repository cannot be read
├── IndexError_           an index cannot be opened or written
│   ├── IndexMissing      nothing has been indexed there
│   ├── IndexVersion      made by another version or with other options: says what to rebuild
│   ├── IndexLocked       another process is writing
│   └── IndexDamaged      a file of it is unreadable: says which repository to index again
├── StaleError            a clone has moved on since it was indexed (exit 4)
├── SnapshotMissing       the index does not hold the asked ref or date of a repository
├── ModelError            a model endpoint or weights failed
└── TrackerError          an issue tracker cannot be reached or refuses
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class BugatlasError(Exception):
    """Base of all. `hint` says what to do next, in one line."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(BugatlasError):
    """The request itself is wrong."""

    exit_code = 2


class RepositoryError(BugatlasError):
    """A repository cannot be read."""


class IndexError_(BugatlasError):  # noqa: N801  (the builtin keeps its name)
    """An index cannot be opened or written."""


class IndexMissing(IndexError_):
    """Nothing has been indexed there."""


class IndexVersion(IndexError_):
    """The index was made by another version, or with other options."""


class IndexLocked(IndexError_):
    """Another process is writing to the index."""


class IndexDamaged(IndexError_):
    """A file of the index is unreadable: `file`, where it is known which."""

    def __init__(self, message: str, hint: str = "", file: Path | None = None) -> None:
        super().__init__(message, hint)
        self.file = file


class StaleError(BugatlasError):
    """A clone has moved on since it was indexed, and the settings say that this matters."""

    exit_code = 4


class SnapshotMissing(BugatlasError):
    """The index does not hold the asked ref or date of a repository."""


class ModelError(BugatlasError):
    """A model endpoint or its weights failed."""


class TrackerError(BugatlasError):
    """An issue tracker cannot be reached or refuses."""


def with_extra(extra: str) -> str:
    """A hint: how an optional part is installed, which is from the source, as all of Bugatlas is."""
    return f"in the folder of Bugatlas's source: pip install '.[{extra}]'"


def did_you_mean(likely: Sequence[str]) -> str:
    """A hint: the names that may have been meant, best first; "" without any."""
    *others, last = likely or ("",)
    return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if likely else ""
