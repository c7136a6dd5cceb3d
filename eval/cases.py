"""Cases: bug reports with the files that their fixes changed (qrels), and where their repositories lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from summaries.errors import UsageError


class Gold(Struct, frozen=True):
    """A file that the fix changed."""

    repo: str
    path: str


class Base(Struct, frozen=True):
    """A commit of a repository: the one to search, or one that fixed the bug."""

    repo: str
    commit: str


class Case(Struct, frozen=True, omit_defaults=True):
    """One report with its qrels. Either `base` or `as_of` says which snapshots are searched."""

    id: str
    title: str
    body: str
    gold: tuple[Gold, ...]
    reported_in: str | None = None
    base: tuple[Base, ...] = ()
    as_of: str | None = None  # ISO 8601, UTC unless it says otherwise
    created: str | None = None
    fix_commits: tuple[Base, ...] = ()
    fixed: str | None = None  # when the last of them was made
    words: str = ""  # where the text is from, if not from a person's report: "commit", "notes"
    place: str = ""  # "bugs.jsonl:12"; set on reading

    @property
    def before(self) -> int | None:
        """`as_of` in seconds since the epoch. Raises ValueError where it is no date."""
        return seconds_of(self.as_of) if self.as_of else None

    def problem(self, what: str) -> str:
        """A line that says what is wrong with this case, and where it stands."""
        return f"{self.place or 'case'}: {self.id}: {what}"


class Repo(Struct, frozen=True):
    """A repository of the search space: its name, and the name its clone goes by."""

    name: str
    mirror: str
    path: str = ""  # where the clone lies, if that is known without a pattern

    def where(self, pattern: str) -> Path:
        """Path of the clone: PATTERN with {owner} and {name} filled in."""
        if self.path:
            return Path(self.path)
        owner, _, name = self.mirror.rpartition("/")
        return Path(pattern.replace("{owner}", owner).replace("{name}", name))


def seconds_of(date: str) -> int:
    """Seconds since the epoch of an ISO 8601 date; UTC unless it says otherwise. Raises ValueError."""
    moment = datetime.fromisoformat(date)
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except OverflowError as error:
        raise ValueError(f"{date} is out of range") from error


def read_cases(path: Path) -> tuple[list[Case], list[str]]:
    """Cases of a JSON-lines file, and a message with line number for every line that is none."""
    cases: list[Case] = []
    problems: list[str] = []
    seen: set[str] = set()
    for n, line in _lines(path):
        if not line.strip():
            continue
        place = f"{path.name}:{n}"
        try:
            case = replace(msgspec.json.decode(line, type=Case), place=place)
            _ = case.before
        except (msgspec.MsgspecError, ValueError, RecursionError) as e:
            problems.append(f"{place}: {e}")
            continue
        if case.id in seen:
            problems.append(case.problem("this id stands twice; the first counts"))
        elif not case.gold:
            problems.append(case.problem("no gold file: nothing to score"))
        else:
            seen.add(case.id)
            cases.append(case)
    return cases, problems


def read_repos(path: Path) -> list[Repo]:
    """`owner/name [mirror-owner/mirror-name]` a line. Raises UsageError with the line of a malformed one."""
    repos: dict[str, Repo] = {}
    for n, line in _lines(path):
        words = line.decode("utf-8", "replace").split("#")[0].split()
        if not words:
            continue
        if len(words) > 2 or any("/" not in w for w in words):
            raise UsageError(f"{path.name}:{n}: expected `owner/name [mirror-owner/mirror-name]`")
        repos.setdefault(words[0], Repo(words[0], words[-1]))
    if not repos:
        raise UsageError(f"{path} names no repository")
    return list(repos.values())


def write_cases(path: Path, cases: Iterable[Case]) -> None:
    """Write cases as JSON Lines, one case a line."""
    encode = msgspec.json.Encoder().encode
    path.write_bytes(b"".join(encode(replace(c, place="")) + b"\n" for c in cases))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
    return enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
