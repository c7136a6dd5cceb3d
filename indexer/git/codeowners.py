"""The CODEOWNERS file of a commit, read as data."""

from __future__ import annotations

from indexer.git.git import Git
from summaries.owners import MOST_TEXT, PLACES


def owners(git: Git, commit: str) -> dict[str, str]:
    """Path and text of the file that counts; empty where there is none. Raises RepositoryError."""
    listed = git.run("ls-tree", "-l", "-z", "--full-tree", commit, "--", *PLACES).decode("utf-8", "replace")
    found = {}
    for line in listed.split("\0"):
        head, _, path = line.partition("\t")
        mode, kind, blob, size = head.split() if path else ("", "", "", "")
        if kind == "blob" and mode.startswith("100") and size.isdecimal() and int(size) <= MOST_TEXT:
            found[path] = blob
    path = next((p for p in PLACES if p in found), "")
    if not path:
        return {}
    _, data = next(git.blobs([found[path]]))
    return {path: (data or b"").decode("utf-8", "replace")}
