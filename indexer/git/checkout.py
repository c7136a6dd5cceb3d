"""The files of a working tree, committed or not, as git would list them; read without following a link.

Git is asked on the mask, with the tree's own list of files (its `index`) and ignore files: no filter, hook or
configuration of the repository takes effect. Contents are read by us, folder by folder from the top, so that a link put in
their place leads nowhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from indexer.git.git import Git, TreeEntry, text_of_path
from summaries.errors import RepositoryError

MOST_FILES = 5_000  # that differ from what is staged: more is a build folder that nobody ignores
MOST_BYTES = 64_000_000  # read of all of them
SECONDS = 20.0  # for one listing


class WorkTree:
    """A working tree with the objects behind it: what `choose` and the parser read, in place of `Git`."""

    def __init__(self, git: Git, top: Path, max_bytes: int) -> None:
        self.git, self.top, self.max_bytes = git, top, max_bytes
        self._read: dict[str, bytes] = {}

    @property
    def git_dir(self) -> Path:
        """Of the repository."""
        return self.git.git_dir

    def tree(self) -> list[TreeEntry]:
        """Every file: the staged ones as they lie there now, and new ones that no ignore file names.

        Raises RepositoryError where git cannot say, or where too much differs.
        """
        staged: dict[str, TreeEntry] = {}
        for line in self._listed("-s"):
            head, _, name = line.partition(b"\t")
            mode, blob, stage = head.decode("ascii").split()
            path = text_of_path(name)
            if stage != "3" or path not in staged:  # of a conflict ours, unless only theirs is there
                staged[path] = TreeEntry(mode, "commit" if mode == "160000" else "blob", blob, 0, path)
        for line in self._listed("-d"):
            staged.pop(text_of_path(line), None)
        digits = len(next(iter(staged.values())).blob) if staged else 40
        fresh = [*self._listed("-m"), *self._listed("-o", "--exclude-standard")]
        if len(fresh) > MOST_FILES:
            raise RepositoryError(
                f"{self.git.shown}: {len(fresh):,} uncommitted files", "ignore what is built"
            )
        size = 0
        for name in dict.fromkeys(fresh):
            path = text_of_path(name)
            entry = None if name.endswith(b"/") else self._entry(name, path, digits)
            if entry is None:  # a folder that is a repository of its own, or what cannot be read
                staged.pop(path, None)
                continue
            staged[path] = entry
            size += len(self._read.get(entry.blob, b""))
            if size > MOST_BYTES:
                raise RepositoryError(f"{self.git.shown}: more than {MOST_BYTES >> 20} MB are not committed")
        return self._sized(staged.values())

    def blobs(self, shas: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """As `Git.blobs`, with what is not committed."""
        asked = list(shas)
        there = iter(self.git.blobs([s for s in asked if s not in self._read]))
        for sha in asked:
            yield (sha, self._read[sha]) if sha in self._read else next(there)

    def _listed(self, *what: str) -> list[bytes]:
        with self.git.stream(
            "ls-files", "-z", *what, seconds=SECONDS, GIT_WORK_TREE=str(self.top), GIT_INDEX_FILE=self._index
        ) as out:
            return [x for x in out.read().split(b"\0") if x]

    @property
    def _index(self) -> str:
        return str(self.git.git_dir / "index")

    def _entry(self, name: bytes, path: str, digits: int) -> TreeEntry | None:
        """A file as it lies there, and its content kept if it is small enough; None for what is no plain file."""
        try:
            data, size, program = read_inside(self.top, name, self.max_bytes)
        except OSError as e:
            if e.errno == errno.ELOOP:
                return TreeEntry(
                    "120000", "blob", "0" * digits, 0, path
                )  # a link: it is listed, and not read
            return None
        if data is None:
            return TreeEntry("100644", "blob", "0" * digits, size, path)  # too large
        kind = hashlib.sha1 if digits == 40 else hashlib.sha256
        sha = kind(b"blob %d\0" % len(data) + data).hexdigest()
        self._read[sha] = data
        return TreeEntry("100755" if program else "100644", "blob", sha, size, path)

    def _sized(self, entries: Iterable[TreeEntry]) -> list[TreeEntry]:
        """Staged entries with their sizes, which git's list has not."""
        every = list(entries)
        asked = [e.blob for e in every if e.type == "blob" and e.blob not in self._read and int(e.blob, 16)]
        shas = list(dict.fromkeys(asked))
        text = "".join(f"{s}\n" for s in shas).encode("ascii")
        said = self.git.run("cat-file", "--batch-check=%(objectsize)", input=text).split(b"\n")
        sizes = {s: int(x) if x.isdigit() else -1 for s, x in zip(shas, said, strict=False)}
        return [e._replace(size=sizes.get(e.blob, e.size)) for e in every]


def read_inside(top: Path, name: bytes, most: int) -> tuple[bytes | None, int, bool]:
    """Content, size and whether it may be run, of a plain file below `top`; no content for one larger than `most`.

    Raises OSError for what is no plain file, or lies behind a link (ELOOP, ENOTDIR).
    """
    *folders, last = name.split(b"/")
    if not last or any(part in (b"", b".", b"..") for part in (*folders, last)):
        raise OSError(errno.EINVAL, "no path of a file")
    at = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = inner
        file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)
    with os.fdopen(file, "rb") as f:
        status = os.fstat(f.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "no plain file")
        program = bool(status.st_mode & 0o100)
        if status.st_size > most:
            return None, status.st_size, program
        data = f.read(most + 1)
        return (data, len(data), program) if len(data) <= most else (None, len(data), program)
