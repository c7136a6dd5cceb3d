"""Real git repositories for tests, the same hashes every time.

    make_repo(path, [{"a.py": "x = 1\n"}, commit({"a.py": None, "b.py": "x = 1\n"}, "Move", tag="v1")])

Each commit is the files it changes; None deletes. Names and contents may be bytes, and anything that git
can hold: `Program("#!/bin/sh")` is executable, `Link("target")` is a symbolic link, `Module("<sha>")` a submodule.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START = 1_700_000_000  # 2023-11-14T22:13:20Z; each commit is an hour after the one before
HOUR = 3600


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Module:
    sha: str


@dataclass(frozen=True)
class Program:
    """A file that may be run."""

    text: str


Content = str | bytes | Link | Module | Program | None
Files = Mapping[str, Any] | Mapping[bytes, Any]  # Content, which literals of mixed kinds don't look like


@dataclass(frozen=True)
class Made:
    files: Files = field(default_factory=dict)
    message: str | bytes = ""
    time: int | None = None
    authored: int | None = None
    parents: tuple[int, ...] | None = None  # indices into the list; the commit before it unless given
    branch: str = ""
    tag: str = ""


def commit(files: Files | None = None, message: str | bytes = "", **more: object) -> Made:
    return Made(files or {}, message, **more)  # type: ignore[arg-type]


def git(path: Path, *args: str, data: bytes | None = None, ok: tuple[int, ...] = (0,)) -> bytes:
    """Plain git, as a user has it but for their settings. Fails loudly."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    fixed = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", f"{START} +0000"))
    }
    done = subprocess.run(
        ["git", "-C", str(path), *args], input=data, capture_output=True, env=clean | fixed | who
    )
    assert done.returncode in ok, done.stderr.decode("utf-8", "replace")
    return done.stdout


def make_repo(
    path: Path,
    commits: Sequence[Files | Made] = (),
    *,
    branch: str = "main",
    bare: bool = False,
    checkout: bool = False,
    origin: str = "",
) -> list[str]:
    """Make a repository at `path`; the commits' hashes, in order. `checkout` also writes the files."""
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "-q", f"--initial-branch={branch}", *(["--bare"] if bare else []))
    if origin:
        git(path, "config", "remote.origin.url", origin)
    if not commits:
        return []
    steps = [step if isinstance(step, Made) else Made(step) for step in commits]
    stream = b"feature done\n" + b"".join(_step(i, step, branch) for i, step in enumerate(steps)) + b"done\n"
    git(path, "fast-import", "--quiet", "--export-marks=marks.tmp", data=stream)
    marks = path / "marks.tmp"
    listed = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    if checkout:
        git(path, "reset", "-q", "--hard")
    return [listed[f":{i + 1}"] for i in range(len(steps))]


def loose(path: Path, sha: str) -> Path:
    """The file of an object of the repository at `path`, writable, after unpacking all of them."""
    found = path / ".git" / "objects" / sha[:2] / sha[2:]
    if not found.exists():
        packs = list((path / ".git" / "objects" / "pack").iterdir())
        moved = [pack.rename(path / pack.name) for pack in packs]
        for pack in moved:
            if pack.suffix == ".pack":
                git(path, "unpack-objects", "-q", data=pack.read_bytes())
    found.chmod(0o644)
    return found


def _step(index: int, made: Made, branch: str) -> bytes:
    time = START + HOUR * index if made.time is None else made.time
    authored = time if made.authored is None else made.authored
    message = made.message.encode() if isinstance(made.message, str) else made.message
    message = message or f"Commit {index}\n".encode()
    parents = ((index - 1,) if index else ()) if made.parents is None else made.parents
    reference = f"refs/heads/{made.branch or branch}"
    out = [
        f"commit {reference}\nmark :{index + 1}\nauthor Ada <ada@example.org> {authored} +0000\n"
        f"committer Ada <ada@example.org> {time} +0000\ndata {len(message)}\n".encode()
        + message
        + b"\n"
    ]
    if not parents:
        out[0] = f"reset {reference}\n".encode() + out[0]
    out += [f"{'merge' if n else 'from'} :{parent + 1}\n".encode() for n, parent in enumerate(parents)]
    for name, content in made.files.items():
        quoted = _quoted(name.encode() if isinstance(name, str) else name)
        if content is None:
            out.append(b"D " + quoted + b"\n")
        elif isinstance(content, Module):
            out.append(b"M 160000 " + content.sha.encode() + b" " + quoted + b"\n")
        else:
            mode = (
                b"120000"
                if isinstance(content, Link)
                else b"100755"
                if isinstance(content, Program)
                else b"100644"
            )
            text = content.target if isinstance(content, Link) else content
            text = text.text if isinstance(text, Program) else text
            data = text.encode() if isinstance(text, str) else text
            out.append(b"M " + mode + b" inline " + quoted + f"\ndata {len(data)}\n".encode() + data + b"\n")
    if made.tag:
        out.append(f"reset refs/tags/{made.tag}\nfrom :{index + 1}\n\n".encode())
    return b"".join(out)


def _quoted(name: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'
