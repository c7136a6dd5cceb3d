"""The mask: a git directory of ours over a repository that nobody vouches for.

A repository's own configuration can name programs that git then runs (`core.fsmonitor`, filters, textconv,
`gpg.program`, hooks, remote helpers of a partial clone). So it is never read: commands run in a temporary
git directory that has a configuration of ours and links to the repository's objects and references.
Ownership checks, replacement objects, grafts and lazy fetching fall away with it.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

OPTIONS = (
    "--no-pager",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "log.showSignature=false"),
)
SETTINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "LC_ALL": "C",
}

_EXTENSION = re.compile(r"^\s*(objectformat|refstorage)\s*=\s*(sha1|sha256|files|reftable)\b", re.I | re.M)


def git_dir_of(path: Path) -> Path | None:
    """The git directory of the worktree, linked worktree or bare repository at `path`, if it's one."""
    try:
        if is_git_dir(path):
            return path
        inner = path / ".git"
        if inner.is_dir():
            return inner if is_git_dir(inner) else None
        if inner.is_file():
            with inner.open("rb") as file:
                named = os.fsdecode(file.read(4096)).strip()
            target = path / named.removeprefix("gitdir:").strip()
            return target if named.startswith("gitdir:") and is_git_dir(target) else None
    except OSError:
        return None
    return None


def is_git_dir(path: Path) -> bool:
    """Whether git would take `path` for a git directory: a HEAD, objects and references, own or shared."""
    if not (path / "HEAD").is_file():
        return False
    return (path / "commondir").is_file() or ((path / "objects").is_dir() and (path / "refs").is_dir())


def common_dir_of(git_dir: Path) -> Path:
    """Where a git directory keeps objects and references: elsewhere for a linked worktree. Raises OSError."""
    link = git_dir / "commondir"
    try:
        if link.is_file():
            with link.open("rb") as file:
                return (git_dir / os.fsdecode(file.read(4096)).strip()).resolve()
        return git_dir.resolve()
    except (RuntimeError, ValueError) as error:  # a loop of links, a NUL in a name
        raise OSError(errno.EINVAL, str(error)) from error


def environment() -> dict[str, str]:
    """The caller's environment without anything that steers git, and with our settings."""
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | SETTINGS


def write_mask(git_dir: Path, common: Path, mask: Path) -> None:
    """Fill the empty folder `mask` for a git directory and its common one. Raises OSError."""
    with (git_dir / "HEAD").open("rb") as file:
        (mask / "HEAD").write_bytes(file.read(4096))
    settings = ["[core]", "repositoryformatversion = 1", "bare = true", "[extensions]"]
    config = common / "config"
    if config.is_file():
        with config.open("rb") as file:
            text = file.read(1_000_000).decode("utf-8", "replace")
        settings += [f"{key} = {value}" for key, value in _EXTENSION.findall(text)]
    (mask / "config").write_text("\n".join(settings) + "\n")
    for name in ("objects", "refs", "packed-refs", "reftable", "shallow"):
        if (common / name).exists():
            (mask / name).symlink_to(common / name)
