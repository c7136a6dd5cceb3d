"""The last commits that changed a file, read off the index; or its lines, asked of git where the clone is at hand."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from indexer.git.git import Git
from locator.answer import Change
from locator.terminal import commit_link, one_line
from summaries.errors import RepositoryError
from summaries.index.index import RepoState
from summaries.index.shard import View
from summaries.owners import without_addresses

MOST = 3  # changes of a place
MOST_BYTES = 4_000_000  # of git's answer: every line that is asked about, with its commit
MOST_LINES = 400  # of a place: of a longer one, the file's history says as much
SUBJECT = 120  # characters


def newest(view: View, n: int, most: int, before: int = 0) -> list[int]:
    """Numbers of the last commits that changed a file of a snapshot, newest first; those up to `before`, if given."""
    arrays = view.shard.arrays
    hits = np.flatnonzero(arrays["commit_paths"] == view.path_ids[n])
    commits = np.flatnonzero(np.bincount(np.searchsorted(arrays["commit_starts"], hits, side="right") - 1))
    commits = commits[view.commit_mask[commits]]
    times = arrays["commit_times"][commits].astype(np.int64)
    if before:
        commits, times = commits[times <= before], times[times <= before]
    order: list[int] = commits[np.argsort(-times, kind="stable")[:most]].tolist()
    return order


def of_file(state: RepoState, view: View, path: str, before: int = 0) -> tuple[Change, ...]:
    """The last commits that changed a file, newest first, as far as the index knows them."""
    shard = view.shard
    subjects, shas, authors = shard.strings("subjects"), shard.commits, shard.strings("authors")
    out = []
    for c in newest(view, view.paths.index(path), MOST, before):
        author = str(authors[int(shard.arrays["commit_authors"][c])])
        out.append(_change(state, shas[c], int(shard.arrays["commit_times"][c]), str(subjects[c]), author))
    return tuple(out)


def of_lines(
    state: RepoState, commit: str, path: str, start: int, end: int, seconds: float, before: int = 0
) -> tuple[Change, ...]:
    """The commits that lines are from, newest first; empty where git cannot say, or not in time."""
    if not start or end - start >= MOST_LINES or "\0" in path:
        return ()
    found = _blamed(state.git_dir, commit, path, start, end, seconds)
    kept = sorted((x for x in found if not before or x[1] <= before), key=lambda x: (-x[1], x[0]))[:MOST]
    return tuple(_change(state, sha, time, subject, author, n) for sha, time, subject, author, n in kept)


_Line = tuple[str, int, str, str, int]  # commit, its time, subject, author, lines


@lru_cache(maxsize=2048)
def _blamed(git_dir: str, commit: str, path: str, start: int, end: int, seconds: float) -> tuple[_Line, ...]:
    """What `git blame` says of lines, by commit. Whatever goes wrong, nothing is said."""
    try:
        with Git(Path(git_dir)) as git:
            edge = git.shallow_edge()  # there all lines seem to be new
            asked = ("-w", "--root", "--no-textconv", "--porcelain", f"-L{start},{end}", commit, "--", path)
            with git.stream("blame", *asked, seconds=seconds) as out:
                said = out.read(MOST_BYTES).decode("utf-8", "replace")
    except (RepositoryError, OSError, ValueError):
        return ()
    return tuple(x for x in _read(said) if x[0] not in edge)


def _read(said: str) -> list[_Line]:
    """`git blame --porcelain`: a head for each line, what its commit is called the first time, and the line."""
    about: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    sha, head = "", True
    for line in said.split("\n"):
        if head and line:
            sha, head = line.partition(" ")[0], False
            lines[sha] = lines.get(sha, 0) + 1
            about.setdefault(sha, {})
        elif line.startswith("\t"):
            head = True
        elif line:
            key, _, value = line.partition(" ")
            about[sha][key] = value
    return [
        (s, int(a["committer-time"]), a.get("summary", ""), a.get("author", ""), lines[s])
        for s, a in about.items()
        if a.get("committer-time", "").isdecimal()
    ]


def _change(state: RepoState, sha: str, time: int, subject: str, author: str, lines: int = 0) -> Change:
    text = one_line(without_addresses(subject), SUBJECT)
    name = one_line(without_addresses(author), 100)
    return Change(sha, time, text, name, commit_link(state.url, sha), lines)
