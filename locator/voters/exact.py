"""Places that the report points to: paths, modules, links, log positions and stack frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from locator.query import TITLE_NAMES, Query
from locator.report.reader import Frame, MentionKind
from locator.scope import Scope
from summaries.index.postings import Floats
from summaries.paths import suffixes
from summaries.words import hashes

MOST_FILES = 200  # a mention that so many files could mean says nothing


_PACKAGES = re.compile(r".*(?:^|/)(?:site-packages|dist-packages|node_modules|vendor|gems|pkg/mod)/")


class PointerKind(StrEnum):
    """How a report points to a file."""

    FRAME = "frame"
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
    trace: int = -1  # of a stack frame: which trace


def mentioned(query: Query) -> list[Mentioned]:
    """Files that the report names in any way; frames of a trace from the innermost outwards."""
    wanted = [
        Mentioned(PointerKind.FRAME, names, 1.0, f.trace)
        for f in query.report.frames
        if (names := _installed(f) if f.library else _called(f))
    ]
    for m in query.report.mentions:
        weight = TITLE_NAMES if m.title else 1.0
        if m.kind in _PLACES:
            path = m.text.split(":", 1)[-1] if m.kind == MentionKind.URL_FILE else m.text
            names = suffixes(path)[::-1]
            kind = _PLACES[m.kind]
            if kind == PointerKind.PATH and "/" not in path.strip("/"):
                kind = PointerKind.FILE
            wanted.append(Mentioned(kind, names, weight))
        elif m.kind == MentionKind.DOTTED:
            wanted.append(Mentioned(PointerKind.MODULE, _module_suffixes(m.text), weight))
    return wanted


def placed(
    wanted: Iterable[Mentioned], known: Callable[[str], bool]
) -> Iterator[tuple[Mentioned, str, float]]:
    """Mentions with the longest of their suffixes that is known, and their weight.

    The innermost file of a trace counts in full, the next one half: files met, not calls, and only those that
    lie in scope. What a library calls in between says nothing.
    """
    met: dict[int, list[str]] = {}
    for m in wanted:
        name = next((n for n in m.names if known(n)), None)
        if name is None:
            continue
        if m.trace < 0:
            yield m, name, m.weight
            continue
        row = met.setdefault(m.trace, [])
        if name not in row:
            row.append(name)
        yield m, name, m.weight / (1 + row.index(name))


def paths(scope: Scope, query: Query) -> dict[PointerKind, Floats]:
    """Files that the report names: by path, module, link, log position or stack frame.

    A mention is matched by the longest suffix that any file has; it is worth 1 / number of such files.
    """
    wanted = mentioned(query)
    out = {kind: np.zeros(scope.size, np.float32) for kind in PointerKind}
    if not wanted:
        return out
    every = sorted({n for m in wanted for n in m.names})
    keys = hashes("p:" + n for n in every)
    at = {n: i for i, n in enumerate(every)}
    found = scope.matches("names", keys)
    df = found.frequencies(len(every))
    for m, name, weight in placed(wanted, lambda n: 0 < df[at[n]] <= MOST_FILES):
        best = at[name]
        files = scope.file_of_path[found.docs[found.query == best]]
        np.maximum.at(out[m.kind], files, weight / df[best])
    return out


def _called(f: Frame) -> list[str]:
    """Path suffixes that a frame may stand for, longest first: its path, and a bare file name in its package."""
    names = suffixes(f.path) + _module_suffixes(f.module)
    if f.path and f.module and "/" not in f.path:
        package = f.module if "/" in f.module else "/".join(f.module.split(".")[:-1])
        names += suffixes(f"{package}/{f.path}")
    return sorted(dict.fromkeys(names), key=lambda n: -n.count("/"))


def _installed(f: Frame) -> list[str]:
    """The whole path within the folder of packages: one's own library may have been installed there."""
    rest = _PACKAGES.sub("", f.path)
    if rest == f.path or "/" not in rest:
        return []
    names = suffixes(rest)
    deepest = max(n.count("/") for n in names)
    return [n for n in names if n.count("/") == deepest]


def _module_suffixes(module: str) -> list[str]:
    """Path suffixes that a dotted or slashed module name may stand for, longest first."""
    if not module:
        return []
    if "/" in module:
        return []
    parts = [p for p in module.lower().replace("::", ".").split(".") if p]
    tails = []
    for end in (len(parts), len(parts) - 1, len(parts) - 2):
        for start in range(max(0, end - 6), end - 1):
            tails.append("/".join(parts[start:end]))
            tails.append("/".join([*parts[start:end], "__init__"]))
    return sorted(dict.fromkeys(tails), key=lambda t: -t.count("/"))
