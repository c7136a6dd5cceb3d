"""Files that no word of the report leads to: a model sees their names, in the repositories that may be meant.

Beside a name stands the function that comes closest to the report, where one shares a rare word with it.

Of 30 reports of one system three had no file to fix among the 80 best of the search; all three have one here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import groupby

from locator.answer import FileHit, RouteHit
from locator.judge.candidates import Candidate
from locator.judge.sources import Sources
from locator.judge.words import Wanted, name_closeness
from summaries.llm.types import tokens
from summaries.paths import Role

REPOSITORIES = 20  # of a system of which all are named: a guess
ROOM = 1000  # tokens of names, as many names of each repository: a guess
CLOSE = 1.0  # of a function name, from which it is shown: a rare word of the report, or several (guess)
_NO_ANSWER = int(Role.TEST | Role.MOCK | Role.DOC | Role.EXAMPLE | Role.TOOL | Role.CONFIG | Role.MIGRATION)
_CALLABLE = frozenset(("function", "method"))

Place = tuple[str, str]  # repository, path


def others(
    sources: Sources, routes: Sequence[RouteHit], offered: Sequence[Candidate], wanted: Wanted
) -> list[Candidate]:
    """Files with functions that are not offered yet, long ones before short ones.

    Of the likeliest repositories; of all where the system has few. Each has its turn while fewer of its files are
    offered than of the next.
    """
    known = {(c.hit.repo, c.hit.path) for c in offered}
    likely = [r.repo for r in routes]
    all_of_few = list(sources.views) if len(sources.views) <= REPOSITORIES else []
    repos = list(dict.fromkeys([*likely, *all_of_few]))
    counts = Counter(c.hit.repo for c in offered)
    queues = [(counts[repo], _longest(sources, repo, known)) for repo in repos]
    files = list(_fitting((_named(sources, place) for place in _in_turn(queues)), wanted))
    order = {repo: n for n, repo in enumerate(repos)}
    return sorted(files, key=lambda c: (order[c.hit.repo], _folder(c.hit.path), c.hit.path))


def block(sources: Sources, named: Sequence[Candidate], first: int, wanted: Wanted) -> str:
    """Files by name, a line a folder under their repositories; their numbers begin with `first`.

    No colons: "secrets: NAME" would be taken for a secret, and taken out.
    """
    lines = []
    for repo, files in groupby(enumerate(named, first), lambda f: f[1].hit.repo):
        lines.append(f"in {sources.short[repo]}")
        for folder, some in groupby(files, lambda f: _folder(f[1].hit.path)):
            names = ", ".join(f"{n} {_called(c, wanted)}" for n, c in some)
            lines.append(f"  {folder or './'} {names}")
    return "\n".join(lines)


def _called(c: Candidate, wanted: Wanted) -> str:
    """A file by its name, with the function that comes closest to the report."""
    name = c.hit.path[len(_folder(c.hit.path)) :]
    calls = [s.name for s in c.facts.symbols if s.kind in _CALLABLE]
    near, function = max(zip(name_closeness(calls, wanted), calls, strict=True), default=(0.0, ""))
    return f"{name} ({function})" if near >= CLOSE else name


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _longest(sources: Sources, repo: str, known: Collection[Place]) -> Iterator[Place]:
    view = sources.views.get(repo)
    if view is None:
        return
    some = [
        n for n, p in enumerate(view.paths) if (repo, p) not in known and not int(view.roles[n]) & _NO_ANSWER
    ]
    facts = sources.index.store(repo).facts_of([view.blob(n) for n in some])
    sizes = {
        n: f.lines
        for n, (_, f) in zip(some, facts, strict=True)
        if any(s.kind in _CALLABLE for s in f.symbols)
    }
    for n in sorted(sizes, key=lambda n: (-sizes[n], view.path(n))):
        yield repo, view.path(n)


def _in_turn(queues: Iterable[tuple[int, Iterator[Place]]]) -> Iterator[Place]:
    """The next of the one that had the fewest, by what each had before, until all are empty."""
    heap = [(count, n, queue) for n, (count, queue) in enumerate(queues)]
    heapify(heap)
    while heap:
        count, n, queue = heap[0]
        if (place := next(queue, None)) is None:
            heappop(heap)
        else:
            heapreplace(heap, (count + 1, n, queue))
            yield place


def _fitting(files: Iterable[Candidate], wanted: Wanted) -> Iterator[Candidate]:
    """Files whose names fit into the room: each costs its name and a number, the first of a folder that too."""
    left, folders = ROOM, set[Place]()
    for c in files:
        folder = _folder(c.hit.path)
        left -= tokens(f"{_called(c, wanted)}, 100")
        if (c.hit.repo, folder) not in folders:
            left -= tokens(folder) + 1
            folders.add((c.hit.repo, folder))
        if left < 0:
            return
        yield c


def _named(sources: Sources, place: Place) -> Candidate:
    facts = sources.facts(*place)
    return Candidate(FileHit(*place, facts.language, 0.0, ()), facts, named=True)
