"""A report as it was given: words, a file, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from summaries.errors import UsageError

MAX_INPUT = 8_000_000  # bytes of a report that are read; the report reader keeps far less


def report_text(words: Sequence[str], file: Path | None) -> str:
    """The report's text. Raises UsageError where there's none, or more than one."""
    if words and file:
        raise UsageError("the report is given twice", "give TEXT or --file, not both")
    if file or list(words) == ["-"]:
        return _decoded(read_input(file), str(file or "standard input"))
    if not words:
        raise UsageError(
            "there is no report", 'give it as "TEXT", as --file FILE, or on standard input with -'
        )
    if len(words) == 1 and " " not in words[0] and Path(words[0]).is_file():
        raise UsageError(f"{words[0]} is a file", f"to read the report from it: --file {words[0]}")
    return " ".join(words)


def read_input(file: Path | None) -> bytes:
    """A file's bytes, or those of standard input. Raises UsageError."""
    if file is None:
        return sys.stdin.buffer.read(MAX_INPUT)
    try:
        with file.open("rb") as f:
            return f.read(MAX_INPUT)
    except OSError as e:
        raise UsageError(f"cannot read {file}: {e.strerror or e}") from e


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:8000]:
        raise UsageError(f"{name} is not text", "give the report as Markdown or plain text")
    return data.decode("utf-8-sig", "replace")
