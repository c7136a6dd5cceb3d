"""What hangs together with a file: who uses a name, what a function uses, who shares a route or topic, what changed.

All of it is read off the postings and facts of the snapshots at hand; each answer is bounded, and a text is read
only to verify what the postings promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec import Struct

from locator.judge.sources import Sources
from locator.people.changes import newest
from locator.terminal import one_line
from summaries import words
from summaries.paths import Role
from summaries.types import Facts, Symbol

READ = 40  # texts that one question reads at most
BODY = 50_000  # characters of a function that are looked at
OWNERS = 3  # files that may define a name that is followed: of more it means anything
_NAME = re.compile(r"[A-Za-z_]\w{3,80}")
_TOPICS = {"publish": "publishes to", "subscribe": "subscribes to"}


class CodePlace(Struct, frozen=True):
    """A line of a file, and what is there."""

    repo: str
    path: str
    line: int
    text: str


def defining(sources: Sources, names: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Files (repository, path) that define each name; names that none or more than OWNERS define are left out."""
    return _holding(sources, [f"n:{n}" for n in names], names, OWNERS)


def sharing(sources: Sources, marks: Sequence[str], most: int) -> dict[str, list[tuple[str, str]]]:
    """Files that have each mark ("r:orders/{}", "t:orders"), of marks that at most `most` files have."""
    return _holding(sources, marks, marks, most)


def _holding(
    sources: Sources, marks: Sequence[str], names: Sequence[str], most: int
) -> dict[str, list[tuple[str, str]]]:
    if not marks:
        return {}
    scope = sources.scope
    found = scope.matches("marks", words.hashes(marks))
    # A blob may lie at several paths: files are counted, not blobs.
    out: dict[str, list[tuple[str, str]]] = {}
    blobs = scope.blob_ids
    often = found.frequencies(len(marks))
    for q, name in enumerate(names):
        if not 0 < often[q] <= most:
            continue
        files = np.flatnonzero(np.isin(blobs, found.docs[found.query == q]))
        if 0 < len(files) <= most:
            out[name] = [_file(sources, int(i)) for i in files]
    return out


def _file(sources: Sources, i: int) -> tuple[str, str]:
    view, n = sources.scope.locate(i)
    return view.repo, view.path(n)


def callers(sources: Sources, name: str, most: int) -> list[CodePlace]:
    """Lines that use a name, but for those that define it, at most `most`; of READ files at most; tests last."""
    return list(_uses(sources, name, most)) if _NAME.fullmatch(name) else []


def _uses(sources: Sources, name: str, most: int) -> Iterator[CodePlace]:
    keys = words.keys_of(name)[:1]
    if not keys:
        return
    scope = sources.scope
    found = scope.matches("units", np.array(keys, np.uint64))
    files = np.flatnonzero(np.isin(scope.blob_ids, np.unique(scope.unit_blobs[found.docs])))
    whole = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    files = files[~scope.with_role(Role.DOC)[files]]
    files = files[np.argsort(scope.with_role(Role.TEST | Role.MOCK)[files], kind="stable")]  # tests last
    left = most
    for i in files[:READ].tolist():
        repo, path = _file(sources, i)
        starts = {s.start for s in sources.facts(repo, path).symbols if s.name == name}
        for n, line in enumerate(sources.text(repo, path).split("\n"), 1):
            if left and n not in starts and whole.search(line[:1000]):
                left -= 1
                yield CodePlace(repo, path, n, " ".join(line.split())[:160])
        if not left:
            return


def callees(sources: Sources, repo: str, path: str, symbol: Symbol, most: int) -> list[tuple[str, CodePlace]]:
    """Names that a function uses and few files define, with where they are defined; those of its own file too."""
    lines = sources.text(repo, path).split("\n")[symbol.start - 1 : symbol.end]
    names = [n for n in dict.fromkeys(_NAME.findall("\n".join(lines)[:BODY])) if n != symbol.name]
    out = []
    for name, files in defining(sources, names).items():
        for r, p in files:
            found = next((s for s in sources.facts(r, p).symbols if s.name == name and s is not symbol), None)
            if found:
                out.append((name, CodePlace(r, p, found.start, found.signature or found.qualname)))
            if len(out) == most:
                return out
    return out


def changes(sources: Sources, repo: str, path: str, most: int) -> list[str]:
    """The newest changes of a file: month and subject."""
    view, n = sources.views[repo], sources.paths(repo)[path]
    times = view.shard.arrays["commit_times"]
    subjects = view.shard.strings("subjects")
    return [
        f"{datetime.fromtimestamp(int(times[c]), UTC):%Y-%m} {one_line(str(subjects[c]), 120)}"
        for c in newest(view, n, most)
    ]


def route_marks(route: str) -> list[str]:
    """Marks of a route's ends, the longest first: two services seldom write the whole of one alike."""
    parts = [p for p in words.route_key(route).split("/") if p]
    return ["r:" + "/".join(parts[i:]) for i in range(max(1, len(parts) - 1))] if parts else []


def ties(facts: Facts) -> Iterator[tuple[str, str]]:
    """Marks by which a file hangs together with others, each with what it stands for."""
    for e in (*facts.serves, *facts.calls):
        for mark in route_marks(e.route)[:2]:
            yield mark, e.route
    for t in facts.topics:
        yield f"t:{t.name.lower()}", t.name


def touching(facts: Facts, marks: Iterable[str]) -> list[str]:
    """How a file takes part in routes or topics with these marks: "serves GET /orders (line 12)"."""
    wanted = set(marks)
    out = [
        f"{verb} {e.method} {e.route} (line {e.line})".replace("  ", " ")
        for verb, ends in (("serves", facts.serves), ("calls", facts.calls))
        for e in ends
        if wanted & set(route_marks(e.route))
    ]
    return out + [
        f"{_TOPICS.get(t.role, 'names')} the topic {t.name} (line {t.line})"
        for t in facts.topics
        if f"t:{t.name.lower()}" in wanted
    ]
