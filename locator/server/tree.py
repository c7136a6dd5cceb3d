"""The tree of an index: what a repository, directory or file holds, and what it says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from locator.server.shapes import Entry, Lines, MapNode, Node, Outline, Repositories, Repository
from locator.terminal import link
from summaries.index import Index, RepoState
from summaries.shard import View
from summaries.static import directory_summary, file_summary
from summaries.store import Store

MOST_ENTRIES = 1000
MOST_SUMMARIES = 150  # files summed up for one directory
MOST_LINES = 2000
MOST_CHARACTERS = 400_000  # of lines given at once
LONG = 2000  # characters kept of one line


class NotHereError(LookupError):
    """No such repository, directory or file for this caller."""


def repositories(index: Index, edition: int) -> Repositories:
    """Everything indexed."""
    found = tuple(repository(index, s) for s in index.repos.values())
    return Repositories(found, edition, sum(r.files for r in found), sum(r.lines for r in found))


def repository(index: Index, state: RepoState) -> Repository:
    """One repository, without places on this machine."""
    snapshots = index.shard(state.name).info.snapshots
    return Repository(
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


def split(index: Index, where: str) -> tuple[str, str]:
    """Repository and path of `repo/path`: names may hold slashes, and the longest that fits counts."""
    where = where.strip("/")
    fitting = [n for n in index.repos if where == n or where.startswith(n + "/")]
    if not fitting:
        raise NotHereError("no such repository")
    name = max(fitting, key=len)
    return name, where[len(name) + 1 :]


def node(index: Index, repo: str, path: str, at: str | None = None) -> Node:
    """A place of the tree. Raises NotHereError, SnapshotMissing."""
    view = _view(index, repo, at)
    if path in view.paths:
        return _file(index.store(repo), view, path)
    prefix = path + "/" if path else ""
    below = [i for i, p in enumerate(view.paths) if p.startswith(prefix)]
    if not below and path:
        raise NotHereError("no such file or directory")
    return _directory(index, view, path, prefix, below)


def _file(store: Store, view: View, path: str) -> Node:
    i = view.paths.index(path)
    facts = store.facts(view.blob(i))
    outline = tuple(
        Outline(s.qualname, s.kind, s.start, s.end, s.signature) for s in facts.symbols[:MOST_ENTRIES]
    )
    summary = file_summary(path, facts, view.repo)
    return Node(
        view.repo, path, "file", view.info.commit, summary, facts.language, facts.lines, 1, outline=outline
    )


def _directory(index: Index, view: View, path: str, prefix: str, below: Sequence[int]) -> Node:
    store = index.store(view.repo)
    counts: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    own: list[int] = []
    sizes = _sizes(view)
    for i in below:
        name, slash, _ = view.paths[i][len(prefix) :].partition("/")
        if slash:
            counts[name] += 1
            weights[name] += int(sizes[i])
        else:
            own.append(i)
    own.sort(key=lambda i: view.paths[i])
    told = {i: store.facts(view.blob(i)) for i in own[:MOST_SUMMARIES]}
    entries = [Entry(prefix + n, "directory", counts[n], weights[n]) for n in sorted(counts)]
    entries += [
        Entry(
            view.paths[i],
            "file",
            1,
            int(sizes[i]),
            _language(view, i),
            file_summary(view.paths[i], told[i], view.repo) if i in told else "",
        )
        for i in own
    ]
    summary = directory_summary(
        path, [(view.paths[i], f) for i, f in told.items()], [(prefix + n, "") for n in counts]
    )
    return Node(
        view.repo,
        path,
        "directory" if path else "repository",
        view.info.commit,
        summary,
        files=len(below),
        entries=tuple(entries[:MOST_ENTRIES]),
        left_out=max(0, len(entries) - MOST_ENTRIES),
    )


def lines(index: Index, repo: str, path: str, start: int, end: int, at: str | None = None) -> Lines:
    """Lines of a file as it was indexed, 2,000 at most. Raises NotHereError, SnapshotMissing."""
    view = _view(index, repo, at)
    if path not in view.paths:
        raise NotHereError("no such file")
    i = view.paths.index(path)
    text = index.store(repo).text(view.blob(i)).split("\n")
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
    return Lines(repo, path, view.info.commit, _language(view, i), start, tuple(given), len(text), url)


def nodes(index: Index) -> tuple[MapNode, ...]:
    """Repositories with their sizes."""
    return tuple(
        MapNode(s.name, sum(s.files.values()), s.lines, next(iter(s.files), "")) for s in index.repos.values()
    )


def _view(index: Index, repo: str, at: str | None) -> View:
    if repo not in index.repos:
        raise NotHereError("no such repository")
    return index.view(repo, at)


def _language(view: View, i: int) -> str:
    return view.shard.info.languages[int(view.shard.arrays["blob_languages"][view.blob_ids[i]])]


def _sizes(view: View) -> np.ndarray:
    """Words of every file: the index keeps no sizes in bytes."""
    per_blob, _, _ = view.lengths
    sizes: np.ndarray = per_blob[view.blob_ids].astype(np.int64)
    return sizes
