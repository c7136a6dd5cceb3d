"""Repositories: found in folders, read from lists, cloned from URLs, and named."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from indexer.git.clones import Progress, clean, cloned, is_remote, parsed, place_of, public
from indexer.git.git import Git, shown
from indexer.git.sandbox import common_dir_of, git_dir_of
from summaries.errors import RepositoryError, UsageError

MAX_DEPTH = 6  # folders below the one given
MAX_FOLDERS = 200_000  # looked into before giving up: someone named their whole disk

_PLAIN = frozenset({"repo", "git", "src", "source", "code", "checkout", "clone", "mirror", "bare"})


class Source(Struct, frozen=True):
    """A repository to index. `branch` is empty for its HEAD; `url` never holds a password."""

    name: str
    path: Path  # git directory
    url: str = ""
    branch: str = ""


class Listed(Struct, frozen=True):
    """A line of a list file."""

    target: str  # path or URL
    name: str = ""
    branch: str = ""
    line: int = 0


def discover(
    target: str | Path, clones: Path, *, fetch: bool = True, progress: Progress = lambda line: None
) -> list[Source]:
    """The repositories at a path (one, or a folder that holds many) or a URL, by name.

    URLs (https, ssh, git, file, host:path) are cloned bare under `clones`, or fetched where they already
    are unless `fetch` is false. Folders are searched six deep, not through symbolic links nor into
    repositories. Raises RepositoryError where there's none, UsageError for a URL that isn't allowed.
    """
    target = str(target)
    folder = _expanded(target)
    try:
        here = folder.exists()
    except (OSError, ValueError):  # too long for a name
        here = False
    if not here and is_remote(target):
        git_dir = cloned(target, clones, fetch, progress)
        return _named([(git_dir, public(target))])
    if not here:
        raise RepositoryError(f"there is no {shown(target)}", "give a folder or a URL")
    found = list(_git_dirs(folder))
    if not found:
        raise RepositoryError(f"no git repository in {shown(target)}", _hint(folder))
    return _named([(git_dir, _origin(git_dir)) for git_dir in found])


def read_list(path: Path) -> list[Listed]:
    """The lines `PATH-or-URL [name=owner/name] [branch=main]` of a file; `#` starts a comment.

    Paths are relative to the file's folder. Raises UsageError with the file and line.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the list {shown(str(path))}: {error}") from error
    listed = []
    for number, line in enumerate(lines, 1):
        words = _words(f"{shown(str(path))}:{number}", line)
        if not words:
            continue
        options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        if len(options) < len(words) - 1 or not options.keys() <= {"name", "branch"}:
            raise UsageError(
                f"{shown(str(path))}:{number}: cannot read {shown(' '.join(words[1:]))!r}",
                "write PATH-or-URL [name=owner/name] [branch=main]",
            )
        target = words[0]
        if not is_remote(target):
            target = str(path.parent / _expanded(target))
        listed.append(Listed(target, options.get("name", ""), options.get("branch", ""), number))
    return listed


def discover_all(
    listed: Iterable[Listed], clones: Path, *, fetch: bool = True, progress: Progress = lambda line: None
) -> tuple[list[Source], list[RepositoryError]]:
    """The repositories of all lines under names of their own, and what went wrong with the others."""
    found: dict[Path, tuple[str, Listed]] = {}
    failures = []
    for item in listed:
        try:
            sources = discover(item.target, clones, fetch=fetch, progress=progress)
        except RepositoryError as error:
            failures.append(error)
            continue
        if item.name and len(sources) > 1:
            raise UsageError(
                f"line {item.line}: one name for {len(sources)} repositories", "name each of them"
            )
        found.update((source.path, (source.url, item)) for source in sources if source.path not in found)
    named = _named([(path, url) for path, (url, _) in found.items()])
    out = []
    for source in named:
        item = found[source.path][1]
        name = clean(item.name.split("/")) if item.name else source.name
        out.append(replace(source, name=name, branch=item.branch))
    clash, count = Counter(source.name for source in out).most_common(1)[0] if out else ("", 0)
    if count > 1:
        raise UsageError(f"two repositories are named {clash}", "give one of them another name=")
    return sorted(out, key=lambda source: source.name), failures


def _expanded(target: str) -> Path:
    try:
        return Path(target).expanduser()
    except RuntimeError:  # "~nobody"
        return Path(target)


def _git_dirs(folder: Path) -> Iterator[Path]:
    """Git directories at or below a folder; of several worktrees of a repository only one."""
    if one := git_dir_of(folder):
        yield one.resolve()
        return
    found: dict[Path, Path] = {}
    level, seen = [folder], 0
    for _ in range(MAX_DEPTH):
        below: list[Path] = []
        for parent in level:
            for child in _folders(parent):
                seen += 1
                if git_dir := git_dir_of(child):
                    common = _common(git_dir)
                    main = common == git_dir.resolve()
                    found[common] = git_dir.resolve() if main else found.get(common, git_dir.resolve())
                elif not child.name.startswith("."):
                    below.append(child)
        if seen > MAX_FOLDERS:
            raise RepositoryError(
                f"over {MAX_FOLDERS:,} folders in {shown(str(folder))}", "name a smaller folder"
            )
        level = below
    yield from sorted(found.values())


def _common(git_dir: Path) -> Path:
    try:
        return common_dir_of(git_dir)
    except OSError:
        return git_dir  # reading it will say what is wrong


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []  # may not be read: what it holds isn't the caller's either


def _hint(folder: Path) -> str:
    if folder.is_file():
        return "a list of repositories is given as --from FILE"
    for parent in folder.resolve().parents:
        if git_dir_of(parent):
            return f"it lies in one: {shown(str(parent))}"
    return "give a repository, or a folder that holds some"


def _origin(git_dir: Path) -> str:
    """Where a repository was cloned from, without password; "" for a local path or none at all."""
    try:
        with Git(git_dir) as git:
            url = git.origin()
    except RepositoryError:
        return ""  # others go on; whoever reads this one will meet the error
    match = parsed(url)
    return public(url) if match and match["scheme"] != "file" else ""


def _named(places: list[tuple[Path, str]]) -> list[Source]:
    """Sources under the shortest names that tell them apart: owner/name of a URL, else folders."""
    names = [_names(git_dir, url) for git_dir, url in places]
    depth = [0] * len(places)
    while True:
        now = [options[min(at, len(options) - 1)] for options, at in zip(names, depth, strict=True)]
        clashing = {name for name, count in Counter(map(str.casefold, now)).items() if count > 1}
        open_ = [
            i for i, name in enumerate(now) if name.casefold() in clashing and depth[i] < len(names[i]) - 1
        ]
        if not open_:
            break
        for i in open_:
            depth[i] += 1
    sources = [Source(name, git_dir, url) for name, (git_dir, url) in zip(now, places, strict=True)]
    return sorted(sources, key=lambda source: source.name)


def _names(git_dir: Path, url: str) -> list[str]:
    """Names for a repository, best first; the last is its whole path and nobody else's."""
    options = []
    match = parsed(url)
    if match and match["scheme"] == "file":
        options += _tails(match["path"].split("/"))
    elif match:
        parts = place_of(match)
        options += [clean(parts[-n:]) for n in range(min(2, len(parts)), len(parts) + 1)]
    folder = git_dir.parent if git_dir.name == ".git" else git_dir
    if (git_dir / "gitdir").is_file():  # a linked worktree: people know it by its folder
        folder = Path(os.fsdecode((git_dir / "gitdir").read_bytes()[:4096]).strip()).parent
    return [*options, *_tails(list(folder.parts[1:])), clean(folder.parts[1:])]


def _tails(parts: list[str]) -> list[str]:
    """The last name of a path, the last two and so on; one that says nothing gives way to its parent."""
    parts = [part.removesuffix(".git") or part for part in parts if part]
    if len(parts) > 1 and parts[-1].lower() in _PLAIN:
        parts.pop()
    return [clean(parts[-n:]) for n in range(1, len(parts) + 1)]


def _words(where: str, line: str) -> list[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters, reader.escape = True, "", ""
    words: list[str] = []
    try:
        for word in reader:
            if word.startswith("#"):
                break
            words.append(word)
    except ValueError as error:
        raise UsageError(f"{where}: {error}", "close the quotes") from error
    return words
