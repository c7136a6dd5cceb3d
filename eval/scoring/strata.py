"""What in a report points at a file: the strata by which results are told apart.

Asked of the report and the gold file directly, not of the voters: switching a voter off moves no case.
"""

from __future__ import annotations

import numpy as np

from locator.query import Query
from locator.report.reader import Report
from summaries.index.shard import View

KINDS = ("frame", "path", "string", "identifier", "none")  # the strongest first
DESCRIPTIONS = {
    "frame": "a stack frame is in it",
    "path": "its path or module is named",
    "string": "a message of it is quoted",
    "identifier": "a name that it defines is used",
    "none": "nothing points at it",
}
_PATHS = frozenset(("path", "position", "url_file"))


def kind_of(query: Query, view: View, n: int) -> str:
    """The strongest of `KINDS` for file `n` of a view."""
    path = view.path(n).lower()
    if _in_frame(query.report, path):
        return "frame"
    if _named(query.report, path):
        return "path"
    kinds = _marks(query, view, n)
    if "phrase" in kinds:
        return "string"
    return "identifier" if kinds & {"name", "qualified"} else "none"


def _in_frame(report: Report, path: str) -> bool:
    return any(f.path and _same_end(f.path.lower(), path) for f in report.frames if not f.library)


def _named(report: Report, path: str) -> bool:
    stem = path.rpartition(".")[0] or path
    for m in report.mentions:
        text = m.text.lower()
        if m.kind in _PATHS and not text.endswith("/") and _same_end(text.rpartition(":")[2], path):
            return True
        if m.kind == "dotted" and "." in text and f"/{stem}".endswith("/" + text.replace(".", "/")):
            return True
    return False


def _same_end(named: str, path: str) -> bool:
    """Whether one path is the end of the other; names must have an extension to count alone."""
    named = named.replace("\\", "/").lstrip("./")
    name = named.rpartition("/")[2]
    if "." not in name:
        return False
    return f"/{path}".endswith("/" + named) or f"/{named}".endswith("/" + path)


def _marks(query: Query, view: View, n: int) -> set[str]:
    """Kinds of the marks of the report that the file has."""
    if not query.marks:
        return set()
    keys = np.array([m.key for m in query.marks], np.uint64)
    found = view.shard.marks.match(keys)
    mine = np.unique(found.query[found.docs == int(view.blob_ids[n])])
    return {query.marks[int(q)].kind.partition(":")[0] for q in mine}
