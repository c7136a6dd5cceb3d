"""Exact evidence: what the report quotes or names, looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from locator.query import Query
from locator.report.reader import Frame
from locator.scope import Scope
from summaries.index.postings import Floats
from summaries.paths import suffixes
from summaries.words import hashes

MOST_FILES = 200  # a mention that so many files could mean says nothing


def marks(scope: Scope, query: Query) -> dict[str, Floats]:
    """Names, phrases of messages, routes, topics, keys: each counts by its rarity in scope."""
    kinds = sorted({m.kind for m in query.marks})
    out = {f"mark:{k}": np.zeros(scope.size, np.float32) for k in kinds}
    if not query.marks:
        return out
    keys = np.array([m.key for m in query.marks], np.uint64)
    found = scope.matches("marks", keys)
    df = found.frequencies(len(keys))
    worth = np.where(df > 0, 1.0 / np.maximum(df, 1), 0) * np.array(
        [1.5 if m.title else 1.0 for m in query.marks]
    )
    kind_of = np.array([kinds.index(m.kind) for m in query.marks])
    for n, kind in enumerate(kinds):
        on = kind_of[found.query] == n
        score = np.bincount(found.docs[on], worth[found.query[on]], int(scope.firsts("blob")[-1]))
        out[f"mark:{kind}"] = score[scope.blob_ids].astype(np.float32)
    return out


_PACKAGES = re.compile(r".*(?:^|/)(?:site-packages|dist-packages|node_modules|vendor|gems|pkg/mod)/")


class Mentioned(NamedTuple):
    """A file that the report names in some way."""

    kind: str
    names: list[str]  # suffixes of its path, the longest first
    worth: float
    trace: int = -1  # of a stack frame: which trace


def mentioned(query: Query) -> list[Mentioned]:
    """Files that the report names in any way; frames of a trace from the innermost outwards."""
    wanted = [
        Mentioned("frame", names, 1.0, f.trace)
        for f in query.report.frames
        if (names := _installed(f) if f.library else _called(f))
    ]
    for m in query.report.mentions:
        if m.kind in ("path", "position", "url_file"):
            path = m.text.split(":", 1)[-1] if m.kind == "url_file" else m.text
            names = suffixes(path)[::-1]
            deep = "/" in path.strip("/")
            kind = {"position": "position", "url_file": "link"}.get(m.kind, "path" if deep else "file")
            wanted.append(Mentioned(kind, names, 1.5 if m.title else 1.0))
        elif m.kind == "dotted":
            wanted.append(Mentioned("module", _module_suffixes(m.text), 1.5 if m.title else 1.0))
    return wanted


def placed(
    wanted: Iterable[Mentioned], known: Callable[[str], bool]
) -> Iterator[tuple[Mentioned, str, float]]:
    """Mentions with the longest of their suffixes that is known, and their worth.

    The innermost file of a trace counts in full, the next one half: files met, not calls, and only those that
    lie in scope. What a library calls in between says nothing.
    """
    met: dict[int, list[str]] = {}
    for m in wanted:
        name = next((n for n in m.names if known(n)), None)
        if name is None:
            continue
        if m.trace < 0:
            yield m, name, m.worth
            continue
        row = met.setdefault(m.trace, [])
        if name not in row:
            row.append(name)
        yield m, name, m.worth / (1 + row.index(name))


def paths(scope: Scope, query: Query) -> dict[str, Floats]:
    """Files that the report names: by path, module, link, log position or stack frame.

    A mention is matched by the longest suffix that any file has; it is worth 1 / number of such files.
    """
    wanted = mentioned(query)
    out = {
        f"at:{k}": np.zeros(scope.size, np.float32)
        for k in ("frame", "path", "file", "position", "link", "module")
    }
    if not wanted:
        return out
    every = sorted({n for m in wanted for n in m.names})
    keys = hashes("p:" + n for n in every)
    at = {n: i for i, n in enumerate(every)}
    found = scope.matches("names", keys)
    df = found.frequencies(len(every))
    for m, name, worth in placed(wanted, lambda n: 0 < df[at[n]] <= MOST_FILES):
        best = at[name]
        files = scope.file_of_path[found.docs[found.query == best]]
        np.maximum.at(out[f"at:{m.kind}"], files, worth / df[best])
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
