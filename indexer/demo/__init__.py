"""A small shop of six services to try things on: real git repositories, with three bugs planted in them.

The code is ours and made up; see `indexer.demo.history` for how it is stored. Authors and dates are fixed, so
that the commits have the same hashes everywhere.
"""

from __future__ import annotations

import os
import subprocess
from importlib.resources import files
from pathlib import Path

from indexer.demo.history import Change, changes
from indexer.demo.reports import REPORTS, DemoReport
from summaries.errors import RepositoryError, UsageError

__all__ = ["REPORTS", "SERVICES", "DemoReport", "build"]

SERVICES = (
    "shop-catalog",
    "shop-gateway",
    "shop-inventory",
    "shop-notifications",
    "shop-orders",
    "shop-payments",
)


def build(target: Path) -> list[Path]:
    """Write the six repositories below `target`, each with its branch "main" checked out; their paths.

    Raises UsageError where one of them is there already, RepositoryError where git fails.
    """
    taken = [name for name in SERVICES if (target / name).exists()]
    if taken:
        raise UsageError(f"{target / taken[0]} is there already", "give a folder without it")
    return [_build(target / name, load(name)) for name in SERVICES]


def load(name: str) -> list[Change]:
    """The commits of one service, oldest first."""
    return changes(files("indexer.demo").joinpath(f"{name}.history").read_text("utf-8"))


def _build(path: Path, history: list[Change]) -> Path:
    path.mkdir(parents=True)
    _git(path, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    _git(path, "fast-import", "--quiet", "--date-format=raw", stdin=_stream(history))
    _git(path, "reset", "--quiet", "--hard", "main")
    return path


def _git(path: Path, *args: str, stdin: bytes = b"") -> None:
    """Run git with none of the user's settings. Raises RepositoryError with what it said."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(["git", *args], cwd=path, env=environment, input=stdin, capture_output=True)
    except OSError as error:
        raise RepositoryError(f"git cannot be run: {error.strerror}", "install git 2.30 or newer") from error
    if done.returncode:
        raise RepositoryError(f"git {args[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")


def _stream(history: list[Change]) -> bytes:
    """The history in the language of `git fast-import` (git-fast-import(1), "Input format")."""
    out: list[bytes] = []
    for number, change in enumerate(history, 1):
        mail = f"{change.author.split()[0].lower()}@shop.example"
        when = f"{int(change.date.timestamp())} {change.date:%z}"
        who = f"{change.author} <{mail}> {when}"
        out.append(b"commit refs/heads/main\nmark :%d\n" % number)
        out.append(f"author {who}\ncommitter {who}\n".encode() + _data(change.message))
        for path, text in sorted(change.files.items()):
            if text is None:
                out.append(f"D {path}\n".encode())
            else:
                out.append(f"M 100644 inline {path}\n".encode() + _data(text))
        out += [f"reset refs/tags/{tag}\nfrom :{number}\n\n".encode() for tag in change.tags]
    return b"".join([*out, b"done\n"])


def _data(text: str) -> bytes:
    body = text.encode()
    return b"data %d\n%b\n" % (len(body), body)
