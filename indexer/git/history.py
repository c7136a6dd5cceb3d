"""Commits: who changed what together, when and with which words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from itertools import chain, islice
from typing import IO

from indexer.git.git import Git, text_of_path
from summaries.dates import LAST
from summaries.types import Commit

MAX_MESSAGE = 4_000  # characters
MAX_NAME = 100  # characters of an author's name
MAX_PATHS = 500  # a commit that changes more says nothing about any one of them
MAX_RENAMES = 5_000  # a moved folder is worth following, so these outlive MAX_PATHS

_FORMAT = "--format=%H%x00%ct%x00%at%x00%P%x00%an%x00%B%x00"
_FLAGS = ("-z", "--raw", "--no-renames", "--no-abbrev", "--no-show-signature", "--encoding=UTF-8", _FORMAT)
_CHUNK = 1 << 20
_EMPTY = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}

Change = tuple[str, str]  # path, blob


def history(
    git: Git, tips: Iterable[str], known: Collection[str] = frozenset(), *, people: bool = True
) -> list[Commit]:
    """All commits reachable from the tips, parents before children, without those in `known`.

    Names of authors are left out unless `people`; addresses always are.

    `known` holds commits together with all their ancestors, as an earlier answer does. Raises
    RepositoryError where a commit or tree cannot be read.
    """
    asked = sorted(set(tips))
    if not asked or all(tip in known for tip in asked):
        return []
    starts = "".join(f"{tip}\n" for tip in asked).encode("ascii")
    walk = ["--topo-order", "--reverse"]
    if known:
        listed = git.run("rev-list", *walk, "--stdin", input=starts).decode("ascii").split()
        starts = "".join(f"{sha}\n" for sha in listed if sha not in known).encode("ascii")
        walk = ["--no-walk=unsorted"]
        if not starts:
            return []
    edge = git.shallow_edge()
    with git.stream("log", *_FLAGS, *walk, "--stdin", input=starts) as out:
        return list(_commits(_tokens(out), edge, people))


def _commits(tokens: Iterator[bytes], edge: Collection[str], people: bool) -> Iterator[Commit]:
    """Records of `git log`: six fields, an empty token, then pairs of a raw line and a path.

    A message cannot hold NUL and a path is always taken together with its raw line, so no text that a
    commit carries is ever read as structure.
    """
    token = next(tokens, b"")
    while token:
        sha = token.decode("ascii")
        time, authored, parents, author, message, _ = islice(tokens, 6)
        deleted: list[Change] = []
        added: list[Change] = []
        paths: list[str] = []
        for token in tokens:
            raw = token.lstrip(b"\n")
            if not raw.startswith(b":"):
                break
            path = text_of_path(next(tokens))
            paths.append(path)
            if raw.endswith((b"A", b"D")):
                _, _, before, after, status = raw.decode("ascii").split()
                if status == "D":
                    deleted.append((path, before))
                else:
                    added.append((path, after))
        else:
            token = b""
        if sha in edge:  # its parents aren't here, so git shows the whole tree as new
            paths, added = [], []
        yield Commit(
            sha,
            _time(time),
            tuple(parents.decode("ascii").split()),
            message.decode("utf-8", "replace").strip()[:MAX_MESSAGE],
            tuple(paths) if len(paths) <= MAX_PATHS else (),
            tuple(_renames(deleted, added)),
            _time(authored),
            " ".join(author.decode("utf-8", "replace").split())[:MAX_NAME] if people else "",
        )


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    return chain.from_iterable(_split(out))


def _split(out: IO[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    while chunk := out.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield whole


def _renames(deleted: list[Change], added: list[Change]) -> list[tuple[str, str]]:
    """Pairs of a file deleted and one added: same content and as much of the name as is needed to tell
    equals apart, then same content alone, then same base name alone; each only where one on either side fits.
    """
    if not deleted or not added:
        return []
    pairs: list[tuple[str, str]] = []
    for key in _KEYS:
        if not deleted or not added:
            break
        old, new = _by_key(deleted, key), _by_key(added, key)
        shared = {name for name in old.keys() & new.keys() if len(old[name]) == len(new[name]) == 1}
        pairs += [(old[name][0][0], new[name][0][0]) for name in shared]
        deleted = [change for name, changes in old.items() if name not in shared for change in changes]
        added = [change for name, changes in new.items() if name not in shared for change in changes]
    return sorted(pairs)[:MAX_RENAMES]


def _tail(path: str, parts: int) -> tuple[str, ...]:
    return tuple(path.split("/")[-parts:])


_KEYS: tuple[Callable[[Change], Hashable], ...] = (
    lambda change: (change[1], _tail(change[0], 4)),
    lambda change: (change[1], _tail(change[0], 2)),
    lambda change: (change[1], _tail(change[0], 1)),
    lambda change: change if change[1] in _EMPTY else change[1],  # two empty files have nothing in common
    lambda change: _tail(change[0], 1),
)


def _by_key(changes: list[Change], key: Callable[[Change], Hashable]) -> dict[Hashable, list[Change]]:
    groups: dict[Hashable, list[Change]] = {}
    for change in changes:
        groups.setdefault(key(change), []).append(change)
    return groups


def _time(text: bytes) -> int:
    return min(int(text), LAST) if text.isdigit() else 0
