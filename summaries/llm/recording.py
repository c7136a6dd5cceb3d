"""Recorded answers: a JSON-lines file of questions and answers, to be read, kept in git and replayed."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries.errors import ModelError, UsageError
from summaries.llm.types import Message, Reply, Request, encode


class Recorded(Struct, frozen=True):
    """One line. `messages` are for the reader; the key decides."""

    key: str
    stage: str
    model: str
    answer: str
    read: int = 0
    written: int = 0
    messages: tuple[Message, ...] = ()


class Recorder:
    """Appends answers to a file, each question once."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError where the file is none of ours, or cannot be written."""
        self._known = set(recorded(path)) if path.exists() else set()
        self._path = path
        try:
            path.open("ab").close()
        except OSError as e:
            raise UsageError(f"cannot write {path}: {e.strerror}") from e
        self._lock = threading.Lock()

    def add(self, request: Request, reply: Reply) -> None:
        """Append a request and its reply as one line."""
        line = Recorded(
            request.key, request.stage, request.model, reply.text, reply.read, reply.written, request.messages
        )
        with self._lock:
            if line.key not in self._known:
                self._known.add(line.key)
                with self._path.open("ab") as f:
                    f.write(encode(line) + b"\n")


class Replayer:
    """An endpoint that knows only what was recorded, and connects to nothing."""

    source = "replay"

    def __init__(self, path: Path) -> None:
        """Raises UsageError where the file cannot be read."""
        self._path = path
        self._lines = recorded(path)

    def send(self, request: Request, timeout: float) -> Reply:
        """Raises ModelError where the question was not recorded."""
        line = self._lines.get(request.key)
        if line is None:
            raise ModelError(f"{self._path.name} holds no answer to this question", "record it with --record")
        return Reply(line.answer, line.read, 0, line.written, source=self.source)

    def close(self) -> None:
        """Do nothing: no file stays open."""


def recorded(path: Path) -> dict[str, Recorded]:
    """Lines of a recording by key; the last of equal keys counts. Raises UsageError with a line's number."""
    out: dict[str, Recorded] = {}
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
    lines = data.split(b"\n")
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=Recorded)
        except (msgspec.MsgspecError, RecursionError) as e:
            if n == len(lines):  # the run that wrote it was killed in the middle of a line
                break
            raise UsageError(f"{path.name}:{n}: {e}") from e
        out[found.key] = found
    return out
