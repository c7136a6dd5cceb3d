"""Stack traces: files that the calls lie in, and the file where an exception was raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from locator.placement import Placement, in_tree
from locator.query import Query
from locator.report.packages import installed
from locator.report.reader import Frame
from locator.scope import Scope
from summaries.index.postings import Floats
from summaries.paths import suffixes
from summaries.words import hashes

MOST_FILES = 200  # a name that so many files bear says nothing

File = tuple[int, str, str]  # number in scope, repository, path


def frames(scope: Scope, query: Query) -> tuple[Floats, Floats]:
    """Files of calls, the innermost of each trace in full, the next one half; files met, not calls.

    And where errors were raised: the file of the innermost call in indexed code, of the first trace in full, of
    the second half. What a library calls in between says nothing. Several files that a call can mean share what it counts.
    """
    called, raised = np.zeros(scope.size, np.float32), np.zeros(scope.size, np.float32)
    met: dict[int, list[frozenset[int]]] = {}
    for f, fits in placed(query.report.frames, Placement(scope.names), _files(scope, query.report.frames)):
        row = met.setdefault(f.trace, [])
        files = frozenset(fits)
        first = not row
        if files not in row:
            row.append(files)
        for i, fit in fits.items():
            share = fit / len(fits)
            called[i] = max(called[i], share / (1 + row.index(files)))
            if first:
                raised[i] = max(raised[i], share / len(met))
    return called, raised


def placed(
    calls: Sequence[Frame], placement: Placement, having: Callable[[str], Sequence[File]]
) -> Iterator[tuple[Frame, dict[int, float]]]:
    """Calls that lie in indexed files, each with how well these fit: the files of the longest suffix that fit best."""
    known: dict[tuple[str, str, str], dict[int, float]] = {}
    for f in calls:
        key = (f.path, f.module, f.package)
        if key not in known:
            known[key] = next(filter(None, (_best(f, placement, having(n)) for n in suffixes_of(f))), {})
        if known[key]:
            yield f, known[key]


def _best(f: Frame, placement: Placement, files: Sequence[File]) -> dict[int, float]:
    fits = {i: fit for i, repo, path in files if (fit := placement.fit(f, repo, path))}
    top = max(fits.values(), default=0.0)
    return {i: fit for i, fit in fits.items() if fit == top}


def suffixes_of(f: Frame) -> list[str]:
    """Path suffixes that a call may stand for, longest first: its path, its module, a bare file name in its package."""
    if package := installed(f.path):
        return suffixes(package.inner)[::-1]
    names = suffixes(in_tree(f.path)) + module_suffixes(f.module)
    if f.path and f.module and "/" not in f.path:
        package_of = f.module if "/" in f.module else "/".join(f.module.split(".")[:-1])
        names += suffixes(f"{package_of}/{f.path}")
    return sorted(dict.fromkeys(names), key=lambda n: -n.count("/"))


def module_suffixes(module: str) -> list[str]:
    """Path suffixes that a dotted module name may stand for, longest first."""
    if not module or "/" in module:
        return []
    parts = [p for p in module.lower().replace("::", ".").split(".") if p]
    tails = []
    for end in (len(parts), len(parts) - 1, len(parts) - 2):
        for start in range(max(0, end - 6), end - 1):
            tails.append("/".join(parts[start:end]))
            tails.append("/".join([*parts[start:end], "__init__"]))
            tails.append(
                f"{'.'.join(parts[start : end - 1])}/{parts[end - 1]}"
            )  # a project of .NET: Shop.Orders/Basket
    return sorted(dict.fromkeys(tails), key=lambda t: -t.count("/"))


def _files(scope: Scope, calls: Sequence[Frame]) -> Callable[[str], list[File]]:
    """A look-up of files by a suffix of their path."""
    every = sorted({n for f in calls for n in suffixes_of(f)})
    at = {n: i for i, n in enumerate(every)}
    found = scope.matches("names", hashes("p:" + n for n in every))
    order = np.argsort(found.query, kind="stable")
    bounds = np.searchsorted(found.query[order], np.arange(len(every) + 1))

    def having(name: str) -> list[File]:
        first, end = bounds[at[name]], bounds[at[name] + 1]
        if end - first > MOST_FILES:
            return []
        files = scope.file_of_path[found.docs[order[first:end]]]
        return [_file(scope, int(i)) for i in files if i >= 0]

    return having


def _file(scope: Scope, i: int) -> File:
    view, n = scope.locate(i)
    return i, view.repo, view.path(n)
