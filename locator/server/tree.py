"""The tree of an index: what a repository, directory or file holds, and what it says of itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from locator.live_index import Edition, MapPart
from locator.render.highlight import spans
from locator.server.shapes import FileLines, IndexedRepository, MapNode, Repositories
from locator.terminal import link
from locator.tree.show import Node, look
from summaries.index.index import Index, RepoState
from summaries.index.shard import View

MOST_LINES = 2000
MOST_CHARACTERS = 400_000  # of lines given at once
PARTS = 10  # of a repository on the map
LONG = 2000  # characters kept of one line


class NotHereError(LookupError):
    """No such repository or file for this caller."""


def repositories(index: Index, edition: int) -> Repositories:
    """All repositories that the caller may see."""
    found = tuple(repository(index, s) for s in index.repos.values())
    return Repositories(found, edition, sum(r.files for r in found), sum(r.lines for r in found))


def repository(index: Index, state: RepoState) -> IndexedRepository:
    """One repository, without places on this machine."""
    snapshots = index.shard(state.name).info.snapshots
    return IndexedRepository(
        name=state.name,
        url=state.url,
        branch=state.branch,
        commit=state.commit,
        time=state.time,
        generation=state.generation,
        files=sum(state.files.values()),
        languages=state.files,
        lines=state.lines,
        symbols=state.symbols,
        skipped={k.value: n for k, n in state.skipped.items()},
        snapshots=tuple(s.ref if s.ref != "HEAD" else s.commit for s in snapshots[1:100]),
    )


def node(index: Index, where: str, at: str | None, depth: int) -> Node:
    """A place of the tree with what is below it. Raises UsageError, SnapshotMissing."""
    return _public(look(index, where, at, depth))


def _public(node: Node) -> Node:
    return replace(node, git_dir="", children=tuple(_public(c) for c in node.children))


def lines(
    index: Index,
    repo: str,
    path: str,
    start: int,
    end: int,
    at: str | None = None,
    *,
    highlight: bool = False,
) -> FileLines:
    """Lines of a file as it was indexed, 2,000 at most. Raises NotHereError, SnapshotMissing."""
    view = _view(index, repo, at)
    if path not in view.paths:
        raise NotHereError("no such file")
    i = view.paths.index(path)
    whole = index.store(repo).text(view.blob(i))
    text = whole.split("\n")
    if len(text) > 1 and not text[-1]:
        text.pop()
    start = min(max(1, start), len(text))
    given: list[str] = []
    size = 0
    for line in text[start - 1 : min(end, start + MOST_LINES - 1)]:
        size += min(len(line), LONG) + 1
        if size > MOST_CHARACTERS:
            break
        given.append(line[:LONG].rstrip("\r"))
    state = index.repos[repo]
    url = link("", state.url, view.info.commit, path, start, start + len(given) - 1)
    language = _language(view, i)
    marked = spans(whole, language)[start - 1 : start - 1 + len(given)] if highlight else []
    colours = tuple(tuple(s for s in row if s[0] < LONG) for row in marked)
    return FileLines(repo, path, view.info.commit, language, start, tuple(given), len(text), url, colours)


def nodes(edition: Edition, index: Index) -> tuple[MapNode, ...]:
    """Repositories of an index, which is the edition's or a part of it, with their sizes."""
    for name in index.repos.keys() - edition.parts.keys():
        edition.parts[name] = parts(index.view(name).paths)
    return tuple(
        MapNode(s.name, sum(s.files.values()), s.lines, next(iter(s.files), ""), edition.parts[s.name])
        for s in index.repos.values()
    )


def parts(paths: Sequence[str]) -> tuple[MapPart, ...]:
    """A repository in ten to twenty directories: the largest is divided until there are enough.

    Of one that holds more than there is room for, the largest are told and the others stay together under its name.
    """
    held: dict[str, list[str]] = {"": list(paths)}
    whole: set[str] = set()
    while len(held) < PARTS and (open_ := [d for d in held if d not in whole]):
        largest = max(open_, key=lambda d: (len(held[d]), d))
        inside: dict[str, list[str]] = defaultdict(list)
        for path in held[largest]:
            name, slash, _ = path[len(largest) + 1 if largest else 0 :].partition("/")
            inside[f"{largest}/{name}".strip("/") if slash else largest].append(path)
        whole.add(largest)
        del held[largest]
        ranked = sorted(inside, key=lambda d: (d == largest, -len(inside[d]), d))
        room = 2 * PARTS - len(held)
        if len(ranked) > room:
            ranked, small = ranked[: room - 1], ranked[room - 1 :]
            inside[largest] = [p for d in small for p in inside[d]]
            ranked.append(largest)
        held |= {d: inside[d] for d in ranked}
    found = [MapPart(d, len(p)) for d, p in held.items()]
    return tuple(sorted(found, key=lambda p: (-p.files, p.path)))


def _view(index: Index, repo: str, at: str | None) -> View:
    if repo not in index.repos:
        raise NotHereError("no such repository")
    return index.view(repo, at)


def _language(view: View, i: int) -> str:
    return view.language(i)
