"""Plumbing: what git has to say about one repository, asked behind a mask (see `indexer.git.sandbox`)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, NamedTuple, Self

from indexer.git.sandbox import OPTIONS, common_dir_of, environment, git_dir_of, write_mask
from summaries import dates
from summaries.dates import LAST
from summaries.errors import RepositoryError, SnapshotMissing
from summaries.scratch import Scratch

FSCK = "run git fsck there"
INSTALL = "install git 2.30 or newer"
TIMEOUT = 900  # seconds for one command; a reference that is a FIFO would otherwise hang for ever
MAX_RESTARTS = 100  # unreadable blobs that make `cat-file` give up, before the repository counts as damaged
MAX_ENTRIES = 1_000_000  # files of a tree; Chromium has 0.5 million
MAX_TREE = 256 << 20  # bytes of its listing
TREE_SECONDS = 300.0  # empty trees can name each other for ever and list nothing
HEADS = ("main", "master", "trunk", "develop")

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REVISION = re.compile(r"(?!-)[^\x00-\x20\x7f~^:?*\[\\{}]{1,300}(?:[~^]\d{0,6}){0,8}")
_LAST_TIME = 2**31 - 1  # git < 2.45 reads --min-age as a C int


class TreeEntry(NamedTuple):
    """One entry of a tree, as git has it. `size` is in bytes, -1 where the object is missing."""

    mode: str  # 100644 100755 120000 (symlink) 160000 (submodule)
    type: str  # blob commit
    blob: str
    size: int
    path: str


class Git:
    """Reads one repository. `path` is a worktree, a `.git` folder or a bare repository.

    A context manager: the mask goes with it. Raises RepositoryError where there's no repository.
    """

    def __init__(self, path: Path) -> None:
        found = git_dir_of(path)
        if found is None:
            raise RepositoryError(
                f"{shown(str(path))} is not a git repository", "git init, or clone it first"
            )
        self.git_dir = found
        self.shown = shown(str(found))
        self._mask = Scratch("git")
        mask = Path(self._mask.name)
        try:
            self._common = common_dir_of(found)
            write_mask(found, self._common, mask)
        except OSError as error:
            self.close()
            raise RepositoryError(f"cannot read {self.shown}: {error.strerror}") from error
        self.shallow = (mask / "shallow").is_file()
        self._env = environment() | {"GIT_DIR": str(mask), "GIT_ALLOW_PROTOCOL": "none"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the mask. Commands fail afterwards."""
        self._mask.cleanup()

    def run(self, *args: str, input: bytes | None = None) -> bytes:  # noqa: A002
        """Standard output of `git args`. Raises RepositoryError with what git said."""
        done = self._run(args, input)
        if done.returncode:
            raise self._failed(args[0], done.stderr)
        return done.stdout

    @contextmanager
    def stream(
        self,
        *args: str,
        input: bytes = b"",  # noqa: A002
        seconds: float | None = None,
        **env: str,
    ) -> Iterator[IO[bytes]]:
        """Standard output of `git args` as a stream; leaving early ends the process.

        `env` goes over the mask's own. Input comes from a file, so neither side can wait for the other. After
        `seconds` git is ended. Raises RepositoryError on leaving where git failed after all was read.
        """
        with TemporaryFile() as asked, TemporaryFile() as said:
            asked.write(input)
            asked.seek(0)
            command = ["git", *OPTIONS, *args]
            with subprocess.Popen(
                command,
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self._env | env,
                cwd=self._mask.name,
            ) as process:
                assert process.stdout is not None
                timer = Timer(seconds or 0.0, process.kill)
                timer.daemon = True  # an interrupt may come before it can be cancelled
                try:
                    if seconds:
                        timer.start()
                    yield process.stdout
                    ended = not process.stdout.read(1)
                except BaseException:
                    process.kill()
                    raise
                finally:
                    timer.cancel()
                if not ended:
                    process.kill()
            if ended and process.returncode:
                said.seek(0)
                raise self._failed(args[0], said.read(100_000))

    def resolve(self, at: str | None = None) -> tuple[str, int, str]:
        """Commit, its committer time and the reference as asked, for a tag, branch, commit or date.

        None is HEAD; a repository whose HEAD names no commit is read at its main or newest branch. A date
        ("2024-05-01", "2024-05-01T10:00:00Z", "2024-05-01 10:00"; UTC unless it says otherwise, midnight
        unless it has a time) is the newest commit on HEAD's first-parent line whose committer time is
        strictly before it. A name that exists wins over a date. Raises RepositoryError for a repository
        without a readable commit, SnapshotMissing for a reference that it doesn't have.
        """
        at = (at or "HEAD").strip()
        if at == "HEAD":
            sha, time = self._head()
            return sha, time, "HEAD"
        if _REVISION.fullmatch(at) and ".." not in at:
            for name in (at, f"refs/remotes/origin/{at}"):
                if found := self._commit(name):
                    return *found, at
        if dates.is_date(at):
            return *self._before(at), at
        self._head()  # an empty or damaged repository is the better message
        raise SnapshotMissing(
            f"{self.shown} has no {shown(at)!r}",
            "give a tag, a branch, a commit (4 hex digits or more) or a date such as 2024-05-01",
        )

    def tree(self, sha: str) -> list[TreeEntry]:
        """All files of a commit's tree, in git's order; see `text_of_path` for how names are decoded.

        Raises RepositoryError for a tree that is larger than any that people make: a few kilobytes of objects can
        name each other ten times over.
        """
        entries = []
        taken = 0
        with self.stream("ls-tree", "-r", "-l", "-z", "--full-tree", _sha(sha), seconds=TREE_SECONDS) as out:
            for line in _ended(out, b"\0"):
                head, _, path = line.partition(b"\t")
                mode, kind, blob, size = head.decode("ascii").split()
                known = int(size) if size.isdecimal() else -1  # "-" of a submodule, "BAD" where missing
                entries.append(TreeEntry(mode, kind, blob, known, text_of_path(path)))
                taken += len(line)
                if len(entries) > MAX_ENTRIES or taken > MAX_TREE:
                    raise RepositoryError(
                        f"the tree of {sha[:12]} in {self.shown} has more than {MAX_ENTRIES:,} files or "
                        f"{MAX_TREE >> 20} MiB of names"
                    )
        return entries

    def blobs(self, shas: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Content of each blob in the order asked; None where it's missing, damaged or not a blob."""
        waiting = [_sha(sha) for sha in shas]
        for _ in range(MAX_RESTARTS):
            if not waiting:
                return
            done = 0
            try:
                with self.stream("cat-file", "--batch", "--buffer", input=_lines(waiting)) as out:
                    while done < len(waiting):
                        header = out.readline()
                        if not header:
                            break
                        data = _read_object(out, header)
                        yield waiting[done], data
                        done += 1
            except RepositoryError:
                if done == len(waiting):
                    return
            if done == len(waiting):
                return
            yield waiting[done], None  # git died reading this one: go on after it
            del waiting[: done + 1]
        raise RepositoryError(f"{self.shown} is damaged", FSCK)

    def origin(self) -> str:
        """The URL that the repository calls origin, read as data (no includes); "" where there's none."""
        config = self._common / "config"
        if not config.is_file():
            return ""
        asked = ("config", "--file", str(config), "--get", "remote.origin.url")
        return self._run(asked).stdout.decode("utf-8", "replace").strip()

    def shallow_edge(self) -> frozenset[str]:
        """Commits of a shallow clone whose parents aren't here."""
        if not self.shallow:
            return frozenset()
        return frozenset(Path(self._mask.name, "shallow").read_text("ascii", "replace").split())

    def _run(self, args: tuple[str, ...], data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        command = ["git", *OPTIONS, *args]
        given = b"" if data is None else data
        try:
            return subprocess.run(
                command, input=given, capture_output=True, env=self._env, cwd=self._mask.name, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired as error:
            raise RepositoryError(f"git {args[0]} took over {TIMEOUT} s in {self.shown}") from error
        except FileNotFoundError as error:
            raise RepositoryError(
                "git is not installed, or not on PATH", "install git 2.30 or newer"
            ) from error

    def _failed(self, command: str, message: bytes) -> RepositoryError:
        lines = message.decode("utf-8", "replace").strip().splitlines()
        why = shown(lines[-1].removeprefix("fatal: ")) if lines else "no message"
        return RepositoryError(f"{self.shown}: git {command} failed: {why}", FSCK)

    def _commit(self, revision: str, *limits: str) -> tuple[str, int] | None:
        walk = limits or ("--no-walk",)
        target = revision if limits else f"{revision}^{{commit}}"
        done = self._run(("log", "-1", "--format=%H %ct", *walk, "--end-of-options", target, "--"))
        if done.returncode and b" is ambiguous" in done.stderr:
            raise SnapshotMissing(f"{shown(revision)} fits several commits", "give more of its digits")
        found = done.stdout.decode("ascii").split()
        return (found[0], _time(found[1])) if done.returncode == 0 and len(found) == 2 else None

    def _head(self) -> tuple[str, int]:
        if found := self._commit("HEAD"):
            return found
        listed = self.run(
            "for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/heads", "refs/remotes"
        )
        names = listed.decode("utf-8", "surrogateescape").split()
        usual = [f"{place}/{name}" for place in ("refs/heads", "refs/remotes/origin") for name in HEADS]
        for name in [name for name in usual if name in names] + names[:20]:
            if found := self._commit(name):
                return found
        if names:
            raise RepositoryError(f"{self.shown} is damaged: no commit can be read", FSCK)
        raise RepositoryError(f"{self.shown} has no commits yet", "commit something, then index it")

    def _before(self, date: str) -> tuple[str, int]:
        try:
            moment = dates.moment(date)
        except ValueError as error:
            raise SnapshotMissing(f"{date} is not a date", dates.HINT) from error
        head, _ = self._head()
        last = min(-int(-moment.timestamp() // 1) - 1, _LAST_TIME)  # the last whole second before it
        found = self._commit(head, "--first-parent", f"--min-age={last}") if last >= 0 else None
        if found is None:
            raise SnapshotMissing(f"{self.shown} has no commit before {date}", "give a later date")
        return found


def text_of_path(path: bytes) -> str:
    r"""A path as text that can be encoded again: bytes that aren't UTF-8 are written `\xff`."""
    return path.decode("utf-8", "backslashreplace")


def shown(text: str, most: int = 300) -> str:
    """Text from outside, fit for one line of a message: printable, at most so many characters."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])


def _read_object(out: IO[bytes], header: bytes) -> bytes | None:
    """One answer of `cat-file --batch` after its header line."""
    parts = header.split()
    if len(parts) != 3:
        return None  # "<sha> missing"
    size = int(parts[2])
    data = out.read(size + 1)
    if len(data) <= size:
        raise RepositoryError("git ended in the middle of an object")
    return data[:-1] if parts[1] == b"blob" else None


def _ended(out: IO[bytes], end: bytes) -> Iterator[bytes]:
    """Parts of a stream that each end in a byte, as they come. No part is kept beyond MAX_TREE bytes."""
    rest = b""
    while chunk := out.read(1 << 16):
        *parts, rest = (rest + chunk).split(end)
        yield from parts
        if len(rest) > 1 << 20:
            raise RepositoryError("a path is longer than a megabyte")
    if rest:
        yield rest


def _lines(shas: list[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode("ascii")


def _sha(text: str) -> str:
    if not _SHA.fullmatch(text):
        raise ValueError(f"not an object name: {text[:80]!r}")
    return text


def _time(text: str) -> int:
    return min(int(text), LAST) if text.isdecimal() else 0
