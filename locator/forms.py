"""Issue forms of the repositories that are searched: their lines are nobody's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from msgspec.structs import replace

from locator.query import Query, understand
from locator.report.forms import is_template, lines_of, normal
from locator.report.reader import Region, RegionKind
from summaries.index.index import Index
from summaries.index.shard import View

MOST = 200  # forms that are read


def without_forms(index: Index, views: Sequence[View], query: Query) -> Query:
    """The query without the words of these repositories' issue forms; itself where the report has none of them."""
    report = query.report
    if not any(r.kind == RegionKind.PROSE for r in report.regions):
        return query
    forms = _lines(index, views)
    gone = {
        (r.source, r.line + n)
        for r in report.regions
        if forms and r.kind == RegionKind.PROSE
        for n, line in enumerate(r.text.split("\n"))
        if normal(line) in forms
    }
    if not gone:
        return query
    regions = tuple(_blanked(r, gone) if r.kind == RegionKind.PROSE else r for r in report.regions)
    mentions = tuple(m for m in report.mentions if m.title or (m.source, m.line) not in gone)
    return understand(replace(report, regions=tuple(r for r in regions if r.text.strip()), mentions=mentions))


def _blanked(region: Region, gone: Collection[tuple[str, int]]) -> Region:
    rows = enumerate(region.text.split("\n"), region.line)
    return replace(region, text="\n".join("" if (region.source, n) in gone else line for n, line in rows))


def _lines(index: Index, views: Sequence[View]) -> frozenset[str]:
    """Lines of the forms of these repositories, at most `MOST` forms."""
    found: set[str] = set()
    some = islice(((v, n) for v in views for n in v.memo(templates)), MOST)
    for view, n in some:
        known = view.memo(_known)
        if n not in known:
            known[n] = lines_of(view.path(n), index.store(view.repo).text(view.blob(n)))
        found |= known[n]
    return frozenset(found)


def _known(view: View) -> dict[int, frozenset[str]]:
    """Where a snapshot keeps the lines of its forms, by number of the file."""
    return {}


def templates(view: View) -> tuple[int, ...]:
    """Issue forms and templates of trackers among the files of a view."""
    return tuple(i for i, p in enumerate(view.paths) if is_template(p))
