"""Answers by file exchange: any model, script or person answers, without an endpoint.

    DIR/KEY.request.json   written by us, whole or not at all
    DIR/KEY.answer.json    awaited: {"answer": "text"}, {"answer": {...}}, {"error": "why not"},
                           or a chat completion as OpenAI-compatible endpoints send it

KEY is a hash of the question: a run that was stopped finds its answers when it is started again.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from summaries.errors import ModelError
from summaries.fs import replace
from summaries.llm.types import Message, Reply, Request, encode

POLL = 0.05, 1.0  # seconds between looks: at first, and at most
MOST = 4_000_000  # bytes of an answer


class Files:
    """An endpoint that is a folder."""

    source = "file"

    def __init__(self, folder: Path) -> None:
        """Raises ModelError where the folder cannot be made."""
        self.folder = folder
        self._closed = threading.Event()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise ModelError(f"cannot make {folder}: {e.strerror}") from e

    def send(self, request: Request, timeout: float) -> Reply:
        """Write the request and wait for its answer. Raises ModelError where none came in time."""
        began = time.monotonic()
        asked, answer = (self.folder / f"{request.key}.{what}.json" for what in ("request", "answer"))
        if not asked.exists():
            self._write(asked, request)
        pause, most = POLL
        why = "no answer yet"
        while True:
            try:
                return self._read(answer, request, time.monotonic() - began)
            except FileNotFoundError:
                pass
            except (OSError, msgspec.MsgspecError, RecursionError) as e:
                why = f"{answer.name} cannot be read: {e}"  # perhaps it is still being written
            left = timeout - (time.monotonic() - began)
            if left <= 0:
                raise ModelError(f"{why} ({asked})", "answer it and run this again")
            if self._closed.wait(min(pause, left)):
                raise ModelError("stopped while waiting for an answer", "run this again to go on")
            pause = min(most, pause * 1.5)

    @staticmethod
    def _write(path: Path, request: Request) -> None:
        told = {
            "key": request.key,
            **msgspec.to_builtins(msgspec.structs.replace(request, tools=msgspec.UNSET)),
        }
        try:
            replace(path, msgspec.json.format(encode(told), indent=2))
        except OSError as e:
            raise ModelError(f"cannot write {path}: {e.strerror}") from e

    def _read(self, path: Path, request: Request, seconds: float) -> Reply:
        if path.stat().st_size > MOST:
            raise ModelError(f"{path} is larger than {MOST:,} bytes")
        told: Any = msgspec.json.decode(path.read_bytes())
        if not isinstance(told, dict):
            raise ModelError(f"{path} is no JSON object", 'expected {"answer": ...}')
        if told.get("error"):
            raise ModelError(f"{path.name}: {str(told['error'])[:300]}")
        answer = told.get("answer")
        if answer is None:
            try:
                answer = told["choices"][0]["message"]["content"]
            except (KeyError, IndexError, TypeError):
                raise ModelError(f"{path} has no answer", 'expected {"answer": ...}') from None
        text = answer if isinstance(answer, str) else encode(answer).decode()
        usage = told.get("usage") if isinstance(told.get("usage"), dict) else {}
        return Reply(text, _count(usage, "prompt_tokens"), 0, _count(usage, "completion_tokens"),
                     seconds=seconds, source=self.source)  # fmt: skip

    def close(self) -> None:
        """Stop waiting for answers."""
        self._closed.set()


def _count(usage: Any, name: str) -> int:
    value = usage.get(name, 0)
    return value if isinstance(value, int) and value >= 0 else 0


def waiting(folder: Path) -> list[tuple[Path, tuple[Message, ...]]]:
    """Requests without an answer, oldest first: what the one who answers has to do."""
    asked = sorted(folder.glob("*.request.json"), key=lambda p: (p.stat().st_mtime, p.name))
    answered = {p.name.split(".")[0] for p in folder.glob("*.answer.json")}
    return [
        (p, msgspec.json.decode(p.read_bytes(), type=Request).messages)
        for p in asked
        if p.name.split(".")[0] not in answered
    ]
