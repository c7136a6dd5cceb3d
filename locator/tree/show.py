"""The summary tree, read: what a name stands for, and that node with what is below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from msgspec import Struct

from locator.snapshots import views_at
from locator.tree.system import system_summary
from locator.tree.tree import Tree
from summaries.errors import UsageError, did_you_mean
from summaries.index.index import Index
from summaries.types import Facts

_LINES = re.compile(r":\d+(?:-\d+)?$")
MOST_SYMBOLS = 1000


class Outline(Struct, frozen=True):
    """A definition in a file. Lines are 1-based and inclusive."""

    qualname: str
    kind: str
    start: int
    end: int
    signature: str = ""
    doc: str = ""


class Node(Struct, frozen=True):
    """A place of the tree: all repositories, a repository, a directory or a file."""

    kind: str  # "index", "repository", "directory" or "file"
    repo: str  # "" for the index
    path: str  # "" for a repository and the index
    summary: str
    files: int  # in it and below
    lines: int = 0  # of a file, or of a repository at its head
    languages: tuple[tuple[str, int], ...] = ()  # with the number of files, most first
    commit: str = ""
    time: int = 0  # of the commit, UTC seconds
    url: str = ""
    git_dir: str = ""
    children: tuple[Node, ...] = ()
    symbols: tuple[Outline, ...] = ()
    origin: str = (
        ""  # whose words the summary is in: "edited by hand", "written by a model", or "" for our own
    )


def look(index: Index, target: str = "", at: str | None = None, depth: int = 1) -> Node:
    """The node that a name stands for, with `depth` levels below it.

    Raises UsageError for a name that is unknown or means several things, SnapshotMissing for `at`.
    """
    if not target.strip("/ "):
        repos = tuple(_repository(index, name, at, 0) for name in index.repos)
        return Node(
            "index",
            "",
            "",
            system_summary(index),
            sum(r.files for r in repos),
            sum(r.lines for r in repos),
            children=repos,
        )
    name, path = resolve(index, target)
    if not path:
        return _repository(index, name, at, depth)
    tree = _tree(index, name, at)
    path = _within(tree, path)
    return _node(tree, path, depth)


def resolve(index: Index, target: str) -> tuple[str, str]:
    """A repository and a path in it. Names hold slashes: the longest name that fits counts.

    The last part of a repository's name will do, where it is the only one. Raises UsageError.
    """
    target = target.strip().strip("/")
    low = target.lower()
    found: dict[str, int] = {}
    for name in index.repos:
        parts = name.lower().split("/")
        tails = ["/".join(parts[k:]) for k in range(len(parts))]
        fits = [len(t) for t in tails if low == t or low.startswith(t + "/")]
        if fits:
            found[name] = max(fits)
    if not found:
        raise UsageError(f"nothing indexed is called {target}", _suggestions(index, target))
    best = max(found.values())
    names = [n for n, size in found.items() if size == best]
    whole = [n for n in names if n.lower() == low[:best]]
    rest = target[best:].strip("/")
    if rest and not any(_holds(index, n, _LINES.sub("", rest)) for n in names):
        # "shop/shop/app.py" may be shop/app.py of shop/shop.
        shorter = _elsewhere(index, target)
        if len(shorter) == 1:
            return shorter[0]
    if len(names) > 1 and not whole and rest:
        names = [n for n in names if _holds(index, n, _LINES.sub("", rest))] or names
    if len(names) > 1 and not whole:
        raise UsageError(f"{target} could be in {_listed(names)}", "give the whole name of the repository")
    return (whole or names)[0], rest


def _elsewhere(index: Index, target: str) -> list[tuple[str, str]]:
    """Every repository with a path in it that the target names, by any of the repository's last parts."""
    out = []
    for name in index.repos:
        parts = name.lower().split("/")
        for tail in ("/".join(parts[k:]) for k in range(len(parts))):
            rest = target[len(tail) :].strip("/")
            if target.lower().startswith(tail + "/") and rest and _holds(index, name, _LINES.sub("", rest)):
                out.append((name, rest))
    return out


def _holds(index: Index, name: str, path: str) -> bool:
    return any(p == path or p.startswith(path + "/") for p in index.view(name).paths)


def _suggestions(index: Index, target: str) -> str:
    """A hint: files and directories of that name in any repository, else repositories named alike."""
    tail = "/" + _LINES.sub("", target)
    places = []
    for name in index.repos:
        paths = index.view(name).paths
        files = [p for p in paths if ("/" + p).endswith(tail)]
        folders = {p[: at + len(tail) - 1] for p in paths if (at := ("/" + p).find(tail + "/")) >= 0}
        places += [f"{name}/{p}" for p in (*files, *sorted(folders))[:2]]
    if places:
        return did_you_mean(places[:4])
    names = {part: n for n in index.repos for part in (n.rpartition("/")[2], n)}
    close = get_close_matches(target.split("/")[0], names, 3, 0.5) + get_close_matches(target, names, 3, 0.5)
    found = [names[c] for c in close] or _closest(tail.rpartition("/")[2], _every_path(index))
    likely = list(dict.fromkeys(found))[:3]
    return did_you_mean(likely) or "`bugatlas show` lists the repositories"


def _every_path(index: Index) -> Iterator[str]:
    for name in index.repos:
        for path in index.view(name).paths:
            yield f"{name}/{path}"
            yield f"{name}/{path}".rpartition("/")[0]


def _within(tree: Tree, path: str) -> str:
    """The file or directory meant; `:12-20` behind it is left out. Raises UsageError with suggestions."""
    for asked in (path, _LINES.sub("", path)):
        if asked in tree.files or tree.is_directory(asked):
            return asked
    asked = _LINES.sub("", path)
    folders = [*tree.every_directory()]
    same = [p for p in (*tree.files, *folders) if p.lower() == asked.lower()]
    ends = [p for p in (*tree.files, *folders) if p.lower().endswith("/" + asked.lower())]
    close = get_close_matches(asked, [*tree.files, *folders], 3, 0.7)
    near = _closest(asked.rpartition("/")[2], (*tree.files, *folders))
    likely = list(dict.fromkeys([*same, *ends, *close, *near]))[:3]
    hint = did_you_mean(likely) or f"see `bugatlas show {tree.view.repo} --depth 3`"
    raise UsageError(f"{tree.view.repo} has no {asked}", hint)


def _closest(name: str, paths: Iterable[str]) -> list[str]:
    """Paths whose last names are like `name`."""
    by_name: dict[str, str] = {}
    for p in paths:
        by_name.setdefault(p.rpartition("/")[2], p)
    return [by_name[m] for m in get_close_matches(name, by_name, 3, 0.7)]


def _listed(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _tree(index: Index, name: str, at: str | None) -> Tree:
    views, _ = views_at(index, [name], at)
    return Tree(index, views[0])


def _repository(index: Index, name: str, at: str | None, depth: int) -> Node:
    return _node(_tree(index, name, at), "", depth)


def _node(tree: Tree, path: str, depth: int) -> Node:
    if path in tree.files:
        return _file(tree, path)
    below = tree.below(path)
    children: list[Node] = []
    if depth > 0:
        children += [_node(tree, d, depth - 1) for d in tree.directories(path)]
        if path or depth > 1 or len(tree.own_files(path)) == len(below):
            children += [_file(tree, f, outline=False) for f in tree.own_files(path)]
    info, state = tree.view.info, tree.state
    return Node(
        kind="directory" if path else "repository",
        repo=tree.view.repo,
        path=path,
        summary=tree.summary(path),
        files=len(below),
        lines=state.lines if not path and tree.view.number == 0 else 0,
        languages=tree.languages(below),
        commit=info.commit,
        time=info.time,
        url=state.url,
        git_dir=state.git_dir,
        children=tuple(children),
        origin=tree.origin(path),
    )


def _file(tree: Tree, path: str, *, outline: bool = True) -> Node:
    facts = tree.facts(path)
    info, state = tree.view.info, tree.state
    return Node(
        kind="file",
        repo=tree.view.repo,
        path=path,
        summary=tree.summary(path),
        files=1,
        lines=facts.lines,
        languages=((facts.language, 1),),
        commit=info.commit,
        time=info.time,
        url=state.url,
        git_dir=state.git_dir,
        symbols=_outline(facts) if outline else (),
        origin=tree.origin(path),
    )


def _outline(facts: Facts) -> tuple[Outline, ...]:
    return tuple(
        Outline(s.qualname, s.kind, s.start, s.end, s.signature, s.doc) for s in facts.symbols[:MOST_SYMBOLS]
    )
