"""Files that no word of the report leads to: a model sees their names, in the repositories that may be meant.

Of 30 reports of one system the file to fix was not among the 80 best of the search for four; its repository was among
the eight likeliest for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import groupby

from locator.answer import FileHit, RouteHit
from locator.judge.candidates import Candidate
from locator.judge.sources import Sources
from summaries.llm.types import tokens
from summaries.paths import Role

REPOSITORIES = 20  # of a system of which all are named: a guess
ROOM = 1000  # tokens of names, as many names of each repository: a guess
_NO_ANSWER = int(Role.TEST | Role.MOCK | Role.DOC | Role.EXAMPLE | Role.TOOL | Role.CONFIG | Role.MIGRATION)
_CALLABLE = frozenset(("function", "method"))

Place = tuple[str, str]  # repository, path


def others(sources: Sources, routes: Sequence[RouteHit], offered: Sequence[Candidate]) -> list[Candidate]:
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
    places = list(_fitting(_in_turn(queues)))
    order = {repo: n for n, repo in enumerate(repos)}
    places.sort(key=lambda p: (order[p[0]], _folder(p[1]), p[1]))
    return [_named(sources, place) for place in places]


def block(sources: Sources, named: Sequence[Candidate], first: int) -> str:
    """Files by name, a line a folder under their repositories; their numbers begin with `first`.

    No colons: "secrets: NAME" would be taken for a secret, and taken out.
    """
    lines = []
    for repo, files in groupby(enumerate(named, first), lambda f: f[1].hit.repo):
        lines.append(f"in {sources.short[repo]}")
        for folder, some in groupby(files, lambda f: _folder(f[1].hit.path)):
            names = ", ".join(f"{n} {c.hit.path[len(folder) :]}" for n, c in some)
            lines.append(f"  {folder or './'} {names}")
    return "\n".join(lines)


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


def _fitting(places: Iterable[Place]) -> Iterator[Place]:
    """Places whose names fit into the room: each costs its name and a number, the first of a folder that too."""
    left, folders = ROOM, set[Place]()
    for repo, path in places:
        folder = _folder(path)
        left -= tokens(f"{path[len(folder) :]}, 100")
        if (repo, folder) not in folders:
            left -= tokens(folder) + 1
            folders.add((repo, folder))
        if left < 0:
            return
        yield repo, path


def _named(sources: Sources, place: Place) -> Candidate:
    facts = sources.facts(*place)
    return Candidate(FileHit(*place, facts.language, 0.0, ()), facts, named=True)
