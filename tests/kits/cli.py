"""The command line in this process, as a user meets it: arguments and input in, output and exit code out."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from indexer.build import build
from indexer.sources.discover import discover


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*args: str, index: Path | None = None, data: bytes = b"", tty: bool = False, **env: str) -> Ran:
    """Run `bugatlas ARGS`. With `tty`, standard output takes itself for a terminal."""
    import bugatlas

    out, err = (_Terminal() if tty else io.StringIO()), io.StringIO()
    where = ["--index", str(index)] if index else []
    stdin = io.TextIOWrapper(io.BytesIO(data))
    with (
        mock.patch.object(sys, "argv", ["bugatlas", *where, *args]),
        mock.patch.object(sys, "stdin", stdin),
        mock.patch.dict(os.environ, env),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            bugatlas.main()
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else 1
    return Ran(code, out.getvalue(), err.getvalue())


def indexed(root: Path, repos: Path, ats: Sequence[str | None] = (None,)) -> Path:
    """Index all repositories of a folder at some refs; the index."""
    sources = discover(repos, root / "clones")
    report = build(root, sources, {s.name: ats for s in sources}, workers=1)
    assert not report.failed, report.failed
    return root
