"""What a run did, for people: a bar or lines while it runs, a report at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from summaries.offline.file import spoken_counts

if TYPE_CHECKING:
    from indexer.build import BuildReport
    from indexer.repository import Outcome

PAUSE = 5.0  # seconds between two lines
MOST = 20  # repositories listed one by one


class Display(Protocol):
    """Shows a run while it goes on; a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def say(self, line: str) -> None:
        """Something a person should know now."""

    def expect(self, repositories: int) -> None:
        """So many repositories will be looked at."""

    def files(self, parsed: int, expected: int) -> None:
        """Files parsed so far, of about so many."""

    def done(self, outcome: Outcome) -> None:
        """A repository came to its end."""


def display(quiet: bool = False) -> Display:
    """A bar where standard error is a terminal, otherwise plain lines; nothing at all if `quiet`."""
    if quiet:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()


class Silence:
    """A display that shows nothing, for `--quiet`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, line: str) -> None:
        """Drop the line."""

    def expect(self, repositories: int) -> None:
        """Ignore the number of repositories."""

    def files(self, parsed: int, expected: int) -> None:
        """Ignore the number of files."""

    def done(self, outcome: Outcome) -> None:
        """Ignore the outcome."""


class Lines(Silence):
    """A line every few seconds, and one for each failure."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def say(self, line: str) -> None:
        """Print the line to standard error."""
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    def files(self, parsed: int, expected: int) -> None:
        """Print how far it is, now and then."""
        now = time.monotonic()
        if parsed and now - self._last >= PAUSE:
            self._last = now
            rate = parsed / (now - self._began)
            left = max(expected - parsed, 0) / rate
            self.say(f"{parsed:,} of {counted(expected, 'file')}, {rate:,.0f}/s, about {left:,.0f} s left")

    def done(self, outcome: Outcome) -> None:
        """Print it where it failed."""
        if outcome.failed:
            self.say(outcome_line(outcome))


class Bar(Silence):
    """Files done, files a second, time left. Redrawn four times a second."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._done = self._repositories = 0
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(30),
            TextColumn("{task.fields[far]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=4,
        )
        # Till it is known how many files there are, the bar moves and claims nothing.
        self._task = self._progress.add_task("looking", total=None, far="", left="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """Print the line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def expect(self, repositories: int) -> None:
        """Of how many the bar tells."""
        self._repositories = repositories
        self._describe()

    def files(self, parsed: int, expected: int) -> None:
        """Move the bar to the files parsed so far."""
        total = max(expected, parsed)
        if not total:
            return
        rate = parsed / max(time.monotonic() - self._began, 0.001)
        far = f"{parsed:,}/{total:,} files  {rate:,.0f}/s"
        self._progress.update(self._task, completed=parsed, total=total, far=far, left="left")

    def done(self, outcome: Outcome) -> None:
        """Count the repository; print it only where it failed."""
        self._done += 1
        self._describe()
        if outcome.failed:
            self.say(outcome_line(outcome))

    def _describe(self) -> None:
        of = f"{self._done:,} of {counted(self._repositories, 'repository')}"
        self._progress.update(self._task, description=of)


def outcome_line(outcome: Outcome) -> str:
    """One line on a repository: 'shop/orders: changed, 3 files, 2 parsed (0.4 s)'."""
    if outcome.failed:
        return f"{outcome.repo}: failed: {outcome.reason}"
    what = f"{outcome.reason}, {counted(outcome.changed, 'file')}, {outcome.parsed:,} parsed"
    return f"{outcome.repo}: {what} ({outcome.seconds:.1f} s)"


def counted(n: int, what: str, many: str = "") -> str:
    """'1 file', '1,234 files', '2 repositories'."""
    return f"{n:,} {what if n == 1 else many or (what[:-1] + 'ies' if what.endswith('y') else what + 's')}"


def render(report: BuildReport, unread: Sequence[str] = ()) -> str:
    """The report at the end of a run: what failed first, then what changed and what there is now."""
    failed = [f"{o.repo}: {o.reason}" for o in report.failed] + list(unread)
    lines = [*(f"failed: {f}" for f in failed)]
    if report.failed:
        lines += ["What was indexed of them before is still there."]
    if failed:
        lines += [""]
    if report.problem:
        lines += [f"the vector store is not up to date: {report.problem}", ""]
    if any(o.reason != "unchanged" for o in report.outcomes):
        lines += [*_changes(report), ""]
    files, repositories = sum(report.files.values()), len(report.outcomes) - len(report.failed)
    if repositories:
        head = f"{counted(repositories, 'repository')}, {counted(files, 'file')}, "
        head += (
            f"{counted(report.symbols, 'symbol')}, {counted(report.lines, 'line')} in {report.seconds:.1f} s"
        )
        lines += [head, *_tally("languages", spoken_counts(report.files))]
        lines += _tally("skipped", report.skipped)
        lines += _tally("not source, by kind", report.not_source)
    missing = sorted({(at, o.repo) for o in report.outcomes for at in o.missing})
    for at in dict.fromkeys(a for a, _ in missing):
        lacking = [r for a, r in missing if a == at]
        lines.append(f"no {at} in {_listed(lacking)}")
    for o in report.outcomes:
        for ref in o.gone:
            lines.append(
                f"{o.repo}: the commit of {ref} is gone; the index keeps what it has of it "
                f"(bugatlas forget {o.repo} --at {ref} lets it go)"
            )
        for ref in o.lost:
            lines.append(f"{o.repo}: the commit of {ref} is gone, so the rebuilt index does not have it")
    return "\n".join(lines).rstrip()


def _changes(report: BuildReport) -> list[str]:
    changed = [o for o in report.outcomes if not o.failed and o.reason != "unchanged"]
    same = sum(1 for o in report.outcomes if o.reason == "unchanged")
    lines = [outcome_line(o) for o in changed[:MOST]]
    if len(changed) > MOST:
        lines.append(f"and {counted(len(changed) - MOST, 'more repository', 'more repositories')}")
    if same:
        lines.append(f"{counted(same, 'repository')} unchanged")
    return lines


def _tally(title: str, counts: Mapping[Any, int]) -> list[str]:
    if not counts:
        return []
    return [f"{title}: " + ", ".join(f"{name} {n:,}" for name, n in counts.items())]


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])
