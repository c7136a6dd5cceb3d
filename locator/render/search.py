"""Results of a code search on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locator.render.page import Page, Piece, counted, linked
from locator.search.search import Results, SearchHit
from locator.terminal import link
from summaries.index.index import Index
from summaries.offline.file import language as spoken
from summaries.offline.text import clip

if TYPE_CHECKING:
    from rich.console import Console

SUMMARY = 240  # characters of a summary


def render(console: Console, index: Index, results: Results) -> None:
    """Print results: each file with its best function and the lines that match."""
    page = Page(console)
    page.prose((_count(results), "bold"))
    repos = counted(results.repositories, "repository", "repositories")
    page.prose((f"searched {counted(results.searched, 'file')} of {repos} in {results.seconds:.2f} s", "dim"))
    for note in results.notes:
        page.prose((note, "yellow"))
    if not results.files:
        _nothing(page, results)
    for n, hit in enumerate(results.files, 1):
        page.blank()
        _hit(page, index, n, hit)


def _count(results: Results) -> str:
    if not results.files:
        return "Nothing found"
    query = results.query
    some = "any of the words" if len(query.words) > 1 else "the word"
    words = query.words and not (query.texts or query.symbols or any(h.nearness for h in results.files))
    what = f"with {some}" if words else "found"
    least = "over " if results.more else ""
    best = f": the best {len(results.files)}" if len(results.files) < results.total or results.more else ""
    return f"{least}{counted(results.total, 'file')} {what}{best}".capitalize()


def _nothing(page: Page, results: Results) -> None:
    query, files = results.query, results.query.files
    page.prose(("What to try", "bold"))
    if query.texts:
        page.prose("the words without the quotes: they are found in any order and form", mark="· ", indent=2)
    if query.symbols:
        page.prose("the name without symbol:, which also finds where it is used", mark="· ", indent=2)
    if query.repos or query.not_repos or any(getattr(files, f) for f in files.__struct_fields__):
        page.prose("fewer filters", mark="· ", indent=2)
    if not results.asked.tests:
        page.prose("tests as well: --include-tests", mark="· ", indent=2)
    page.prose("what is indexed, and how fresh it is: bugatlas status", mark="· ", indent=2)


def _hit(page: Page, index: Index, n: int, hit: SearchHit) -> None:
    number = f"{n:>2}  "
    line = hit.lines[0].number if hit.lines else hit.symbol.start if hit.symbol else 0
    state = index.repos.get(hit.repo)
    url = link(state.git_dir, state.url, state.commit, hit.path, line or 1) if state else ""
    page.whole(
        (number, "dim"), (hit.path, linked("bold", url)), (f":{line}" if line else "", linked("cyan", url))
    )
    about: list[Piece] = [(f"{hit.repo} · {spoken(hit.language)}", "dim")]
    if s := hit.symbol:
        about += [
            (" · ", "dim"),
            f"{s.kind} ",
            (s.qualname, "green"),
            (f" {s.start}-{s.end}" if s.end > s.start else "", "cyan"),
        ]
    if hit.nearness:
        about.append((f" · near in meaning {hit.nearness:.2f}", "dim"))
    if hit.matches > len(hit.lines):
        about.append((f" · {hit.matches} lines", "dim"))
    page.prose(*about, indent=len(number))
    if hit.summary:
        page.prose((clip(hit.summary, SUMMARY), "italic"), indent=len(number))
    page.matched_lines([(row.number, row.text, row.spans) for row in hit.lines], indent=len(number))
