"""Cases: bug reports with the files that their fixes changed (qrels), and where their repositories lie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries.errors import UsageError


class Gold(Struct, frozen=True):
    """A file that the fix changed."""

    repo: str
    path: str


class Base(Struct, frozen=True):
    """A repository's commit to search."""

    repo: str
    commit: str


class Case(Struct, frozen=True):
    """One report with its qrels. Either `base` or `as_of` says which snapshots are searched."""

    id: str
    title: str
    body: str
    gold: tuple[Gold, ...]
    reported_in: str | None = None
    base: tuple[Base, ...] = ()
    as_of: str | None = None  # ISO 8601, UTC unless it says otherwise
    created: str | None = None

    @property
    def before(self) -> int | None:
        """`as_of` in seconds since the epoch."""
        return int(datetime.fromisoformat(self.as_of).timestamp()) if self.as_of else None


class Repo(Struct, frozen=True):
    """A repository of the search space: its name, and the name its clone goes by."""

    name: str
    mirror: str

    def where(self, pattern: str) -> Path:
        """Path of the clone: PATTERN with {owner} and {name} filled in."""
        owner, _, name = self.mirror.rpartition("/")
        return Path(pattern.format(owner=owner, name=name))


def read_cases(path: Path) -> tuple[list[Case], list[str]]:
    """Cases of a JSON-lines file, and a message with line number for every line that is none."""
    cases: list[Case] = []
    problems: list[str] = []
    seen: set[str] = set()
    for n, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            case = msgspec.json.decode(line, type=Case)
            _ = case.before
        except (msgspec.MsgspecError, ValueError) as e:
            problems.append(f"{path.name}:{n}: {e}")
            continue
        if case.id in seen:
            problems.append(f"{path.name}:{n}: id {case.id} stands twice; the first counts")
            continue
        seen.add(case.id)
        cases.append(case)
    return cases, problems


def read_repos(path: Path) -> list[Repo]:
    """`owner/name [mirror-owner/mirror-name]` a line. Raises UsageError with the line of a malformed one."""
    repos = []
    for n, line in enumerate(_lines(path), 1):
        words = line.decode("utf-8", "replace").split("#")[0].split()
        if not words:
            continue
        if len(words) > 2 or any("/" not in w for w in words):
            raise UsageError(f"{path.name}:{n}: expected `owner/name [mirror-owner/mirror-name]`")
        repos.append(Repo(words[0], words[-1]))
    return repos


def _lines(path: Path) -> Sequence[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
