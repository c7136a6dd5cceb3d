"""Places that the report points to: paths, modules, links, log positions and stack frames."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from locator.placement import Placement
from locator.query import TITLE_NAMES, Query
from locator.report.reader import Frame, MentionKind
from locator.report.traces import is_library
from locator.scope import Scope
from locator.voters.frames import frames, module_suffixes, suffixes_of
from summaries.index.postings import Floats
from summaries.paths import suffixes
from summaries.words import hashes

MOST_FILES = 200  # a mention that so many files could mean says nothing


class PointerKind(StrEnum):
    """How a report points to a file."""

    FRAME = "frame"
    RAISED = "raised"  # the innermost call of a trace in indexed code
    PATH = "path"
    FILE = "file"  # a path without a folder
    POSITION = "position"
    LINK = "link"
    MODULE = "module"


_PLACES = {
    MentionKind.PATH: PointerKind.PATH,
    MentionKind.POSITION: PointerKind.POSITION,
    MentionKind.URL_FILE: PointerKind.LINK,
}


class Mentioned(NamedTuple):
    """A file that the report names in some way."""

    kind: PointerKind
    names: list[str]  # suffixes of its path, the longest first
    weight: float
    package: Frame | None = None  # as a call, where the path is that of an installed library


def mentioned(query: Query) -> list[Mentioned]:
    """Files that the report names in words: by path, position, link or module."""
    wanted: list[Mentioned] = []
    for m in query.report.mentions:
        weight = TITLE_NAMES if m.title else 1.0
        if m.kind in _PLACES:
            path = m.text.split(":", 1)[-1] if m.kind == MentionKind.URL_FILE else m.text
            call = Frame(path, 0, "", "", 0, 0, is_library(path, ""))
            names = suffixes_of(call) if call.library else suffixes(path)[::-1]
            kind = _PLACES[m.kind]
            if kind == PointerKind.PATH and "/" not in path.strip("/"):
                kind = PointerKind.FILE
            wanted.append(Mentioned(kind, names, weight, call if call.library else None))
        elif m.kind == MentionKind.DOTTED:
            wanted.append(Mentioned(PointerKind.MODULE, module_suffixes(m.text), weight))
    return wanted


def paths(scope: Scope, query: Query) -> dict[PointerKind, Floats]:
    """Files that the report names: by path, module, link, log position or stack frame.

    A mention is matched by the longest suffix that any file has; it is worth 1 / number of such files.
    """
    wanted = mentioned(query)
    out = {kind: np.zeros(scope.size, np.float32) for kind in PointerKind}
    if query.report.frames:
        out[PointerKind.FRAME], out[PointerKind.RAISED] = frames(scope, query)
    if not wanted:
        return out
    placement = Placement(scope.names)
    every = sorted({n for m in wanted for n in m.names})
    keys = hashes("p:" + n for n in every)
    at = {n: i for i, n in enumerate(every)}
    found = scope.matches("names", keys)
    df = found.frequencies(len(every))
    for m in wanted:
        for best in (at[n] for n in m.names if 0 < df[at[n]] <= MOST_FILES):
            files = scope.file_of_path[found.docs[found.query == best]]
            if m.package:  # of a library only its own repository has the file
                files = np.array(
                    [i for i in files.tolist() if _fits(scope, placement, m.package, i)], np.int64
                )
            if len(files):
                np.maximum.at(out[m.kind], files, m.weight / len(files))
                break
    return out


def _fits(scope: Scope, placement: Placement, call: Frame, i: int) -> bool:
    view, n = scope.locate(i)
    return placement.fit(call, view.repo, view.path(n)) > 0
