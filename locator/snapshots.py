"""Repositories as they were: which snapshot of each answers `--at REF|COMMIT|DATE`.

A date means what it means to the indexer: the newest commit on the head's first-parent line before it (UTC,
midnight unless a time is given). The index answers only where it holds exactly that commit: a later or
earlier snapshot would be a wrong answer that looks like a right one.
"""

from __future__ import annotations

from collections.abc import Sequence

from summaries import dates
from summaries.errors import SnapshotMissing, UsageError
from summaries.index.index import Index
from summaries.index.shard import Shard, View

SHOWN = 3  # repositories that a message names


def views_at(index: Index, names: Sequence[str], at: str | None) -> tuple[list[View], tuple[str, ...]]:
    """The asked snapshot of each repository, and a note on those left out.

    A reference or commit is searched where it is held. For a date, a repository without a commit before it
    is left out. Raises SnapshotMissing where no repository holds `at`, or where one lacks its commit of that
    date; UsageError for a date that is none.
    """
    if at is None or at == "HEAD":
        return [index.view(n) for n in names], ()
    moment = _moment(at)
    numbers = {n: _number(index, n, at, moment) for n in names}
    found = [
        index.shard(n).view(number) for n, number in numbers.items() if number is not None and number >= 0
    ]
    missing = [n for n, number in numbers.items() if number is None]
    if missing and (moment is not None or not found):
        raise SnapshotMissing(_lacking(missing, len(names), at), f"run `{_command(missing, at)}`")
    if not found:
        raise SnapshotMissing(f"no repository has a commit before {at}", "give a later date")
    left = [n for n, number in numbers.items() if number is None or number < 0]
    why = f"not indexed at {at}" if moment is None else f"no commit before {at}"
    return found, ((f"left out, {why}: {_named(left)}",) if left else ())


def _number(index: Index, name: str, at: str, moment: float | None) -> int | None:
    """Number of a repository's snapshot; None where it isn't held, -1 where there was no commit yet."""
    shard = index.shard(name)
    held = shard.find(at)
    if held is not None or moment is None:
        return held
    commit = _newest_before(index, name, shard, moment)
    return shard.find(commit) if commit else -1


def _newest_before(index: Index, name: str, shard: Shard, moment: float) -> str:
    """The newest commit before a time on the head's first-parent line; "" where the line begins later.

    In a shallow clone the line ends in a commit that isn't here, which no snapshot is of.
    """
    commits = {c.sha: c for c in index.store(name).commits()}
    sha = shard.info.snapshots[0].commit
    while sha in commits and commits[sha].time >= moment:
        sha = next(iter(commits[sha].parents), "")
    return sha


def _moment(at: str) -> float | None:
    if not dates.is_date(at):
        return None
    try:
        return dates.moment(at).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(f"{at} is not a date", dates.HINT) from None


def _lacking(names: Sequence[str], of: int, at: str) -> str:
    if len(names) == of > SHOWN:
        return f"none of the {of} repositories is indexed at {at}"
    return f"{_named(names)} {'is' if len(names) == 1 else 'are'} not indexed at {at}"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _command(names: Sequence[str], at: str) -> str:
    at = f'"{at}"' if " " in at else at
    return f"bugatlas index --at {at}" + (f" {' '.join(names)}" if len(names) <= SHOWN else "")
