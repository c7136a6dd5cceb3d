"""The state of an index on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from locator.render.page import Page, Piece, counted
from locator.terminal import age
from locator.tree.freshness import CURRENT, MOVED
from locator.tree.status import RepositoryStatus, Status
from summaries.llm.ledger import Spent
from summaries.offline.file import spoken_counts

if TYPE_CHECKING:
    from rich.console import Console

_MOST = 5  # snapshots listed of a repository


def render(console: Console, status: Status) -> None:
    """Print the whole and then each repository."""
    page = Page(console)
    page.whole((status.root, "bold"))
    repos = counted(len(status.repositories), "repository", "repositories")
    sizes = ((status.files, "file"), (status.lines, "line"), (status.symbols, "symbol"))
    page.prose(" · ".join([repos, *(counted(n, one) for n, one in sizes)]))
    page.prose(languages_in(status.languages, 8))
    how = f"schema {status.schema} · {'embedder ' + status.embedder if status.embedder else 'no embedder'}"
    page.prose((f"{size(status.bytes)} on disk · {how}", "dim"))
    if status.learnt:
        page.prose((f"weights learnt from {status.learnt}", "dim"))
    if status.spent:
        page.prose((f"models: {'; '.join(map(_spent, status.spent))}", "dim"))
    for r in status.repositories:
        page.blank()
        _repository(page, r, status.now)
    if any(r.clone not in ("", CURRENT) for r in status.repositories):
        page.blank()
        page.prose("to bring the index up to date: bugatlas index")


def _repository(page: Page, r: RepositoryStatus, now: int) -> None:
    head: list[Piece] = [(r.name, "bold cyan")]
    if r.clone:
        color = "green" if r.clone == CURRENT else "yellow" if r.clone == MOVED else "red"
        to = f" to {r.clone_commit[:7]}" if r.clone == MOVED else ""
        head.append((f"  clone {r.clone}{to}", color))
    page.whole(*head)
    when = datetime.fromtimestamp(r.time, UTC).strftime("%Y-%m-%d")
    place = f"{r.commit[:7]}{' on ' + r.branch if r.branch else ''}, {when} ({age(now - r.time)})"
    told = [place, f"indexed {age(now - r.indexed)}", size(r.bytes), "shallow clone" if r.shallow else ""]
    page.prose(" · ".join(x for x in told if x), indent=2)
    sizes = f"{counted(r.files, 'file')}, {counted(r.lines, 'line')}"
    sizes += f", {sum(r.skipped.values()):,} skipped" if r.skipped else ""
    page.prose((f"{sizes} · {languages_in(r.languages, 3)}", "dim"), indent=2)
    if r.written or r.edited:
        edited = f", {r.edited:,} edited by hand" if r.edited else ""
        page.prose(
            (f"{counted(r.written, 'summary', 'summaries')} written by a model{edited}", "dim"), indent=2
        )
    if held := r.snapshots[1:]:
        named = [s.ref[:7] if s.ref == s.commit else s.ref for s in held[:_MOST]]
        rest = f" and {len(held) - _MOST} more" if len(held) > _MOST else ""
        page.prose((f"also held: {', '.join(named)}{rest}", "dim"), indent=2)


def _spent(s: Spent) -> str:
    money = f", {s.money:.2f} spent" if s.money else ""
    failed = f" ({s.failed:,} failed)" if s.failed else ""
    return f"{s.stage} {counted(s.calls, 'call')}{failed}, {s.read + s.written:,} tokens{money}"


def languages_in(languages: Mapping[str, int], most: int) -> str:
    """Languages with their numbers of files, most first."""
    counts = spoken_counts(languages)
    told = [f"{name} {n:,}" for name, n in list(counts.items())[:most]]
    rest = len(counts) - most
    return ", ".join(told) + (f" and {rest} more" if rest > 0 else "")


def size(count: int) -> str:
    """'12.3 MB'."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} B"
