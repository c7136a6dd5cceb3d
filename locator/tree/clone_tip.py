"""Where a clone stands now, read from its files: a branch's tip without running git."""

from __future__ import annotations

import re
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MAX = 20_000_000  # bytes of packed-refs that are read


def tip(git_dir: Path, branch: str = "") -> str:
    """The commit that a branch, or else HEAD, names; "" where the files don't say (gitrepository-layout(5)).

    A tag of a commit is not followed, nor is the reftable format read.
    """
    common = git_dir / _read(git_dir / "commondir") if (git_dir / "commondir").is_file() else git_dir
    head = f"ref: refs/heads/{branch}" if branch else _read(git_dir / "HEAD")
    for _ in range(5):  # a symbolic reference may name another
        if _SHA.fullmatch(head):
            return head
        if not head.startswith("ref: refs/") or ".." in head:
            return ""
        name = head.removeprefix("ref: ").strip()
        head = _read(common / name) or _packed(common / "packed-refs", name)
        if not head and branch:
            remote = f"refs/remotes/origin/{branch}"
            head = _read(common / remote) or _packed(common / "packed-refs", remote)
    return ""


def _read(file: Path) -> str:
    try:
        with file.open("rb") as f:
            return f.read(4096).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _packed(file: Path, name: str) -> str:
    try:
        with file.open("rb") as f:
            lines = f.read(_MAX).decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((sha for sha, _, ref in (x.partition(" ") for x in lines) if ref == name), "")
