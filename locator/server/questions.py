"""Questions with all that it takes to answer them, so that any process can, and answers that are ready to be sent."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from locator.access import Caller
from locator.answer import Answer, Call, Step, Verdict
from locator.damaged import answered
from locator.live_index import LiveIndex
from locator.locate import Options, Progress
from locator.modes import find, look_up
from locator.report.attachments import attach
from locator.report.reader import read
from locator.search.query import parse
from locator.search.search import Results, SearchOptions
from locator.weights import Weights
from summaries.config import Settings
from summaries.errors import BugatlasError
from summaries.index.index import Index
from summaries.index.open_files import Room
from summaries.worker import begin

if TYPE_CHECKING:
    from summaries.llm.chat import Chat

T = TypeVar("T")
Sent = TypeVar("Sent", covariant=True)

log = logging.getLogger("bugatlas.processes")


class Question(Protocol[Sent]):
    """What a process is asked. It is pickled."""

    @property
    def caller(self) -> Caller:
        """Who asks, and what they may see."""

    @property
    def steps(self) -> bool:
        """Whether somebody follows its progress."""

    def answer(self, index: Index, weights: Weights, progress: Progress) -> Sent:
        """What is sent back. Raises what the locator raises."""


class Locate(Struct, Generic[T], frozen=True):
    """Where does this bug live? `form` is a function of a module and makes of the answer what is sent back."""

    caller: Caller
    report: str
    options: Options
    settings: Settings
    form: Callable[[Answer], T]
    title: str | None = None
    attachments: tuple[tuple[str, str], ...] = ()  # names and texts
    steps: bool = False
    notes: tuple[str, ...] = ()  # for the answer, behind its own

    def answer(
        self,
        index: Index,
        weights: Weights,
        progress: Progress,
        chat: Chat | None = None,
        patience: float | None = None,
    ) -> T:
        """The answer in the mode of the settings, as `find` gives it. Raises what `find` raises."""
        whole = read(self.report, self.title)
        for name, content in self.attachments:
            whole = attach(whole, name, content.encode("utf-8", "replace"))

        def work(sound: Index) -> Answer:
            return find(
                sound, whole, self.options, self.settings, weights, progress, chat=chat, patience=patience
            )

        _, found, left_out = answered(index, work)
        return self.form(replace(found, notes=(*left_out, *found.notes, *self.notes)))


class Lookup(Struct, Generic[T], frozen=True):
    """Which code has these words? `form` is as that of `Locate`."""

    caller: Caller
    query: str
    options: SearchOptions
    stale: str  # as in the settings: "warn", "ignore" or "fail"
    form: Callable[[Results], T]
    steps: bool = False

    def answer(self, index: Index, weights: Weights, progress: Progress) -> T:
        """What the search finds. Raises what `look_up` raises."""
        query = parse(self.query)
        _, found, left_out = answered(index, lambda sound: look_up(sound, query, self.options, self.stale))
        return self.form(replace(found, notes=(*left_out, *found.notes)))


class Opening(Struct, frozen=True):
    """Can the index be opened?"""

    caller: Caller
    steps: bool = False

    def answer(self, index: Index, weights: Weights, progress: Progress) -> None:
        """It was, to ask this."""


class EncodedAnswer(Struct, frozen=True):
    """An answer as JSON, with what a log and counts want of it."""

    json: bytes
    title: str
    verdict: Verdict
    searched: int  # files
    seconds: float
    notes: tuple[str, ...]
    calls: tuple[Call, ...]


def encoded(answer: Answer) -> EncodedAnswer:
    """An answer ready to be sent."""
    return EncodedAnswer(
        msgspec.json.encode(answer), answer.title, answer.verdict, answer.searched, answer.seconds,
        answer.notes, answer.calls,
    )  # fmt: skip


def encoded_results(results: Results) -> bytes:
    """What a search found, as JSON."""
    return msgspec.json.encode(results)


def itself(found: T) -> T:
    """No other form."""
    return found


class Done(Struct, frozen=True):
    """What a process sends last for a question that it could answer."""

    value: Any


def answer_all(pipe: Connection, folder: str, root: Path, room: Room, weights: Weights) -> None:
    """The life of a process: questions in, steps and answers out, until the service closes the pipe.

    It opens the index and sends None: it can answer. Then for each question its steps, and at last Done or an exception.
    """
    begin(folder, None)
    # The service's own process says what is wrong, once.
    logging.getLogger().addHandler(logging.NullHandler())
    live = LiveIndex(root, room=room)
    with suppress(BugatlasError):  # which whoever asks is told of
        live.edition()
    pipe.send(None)
    while True:
        try:
            question: Question[Any] = pipe.recv()
        except (EOFError, OSError):
            return
        said: Done | Exception
        try:
            send = pipe.send if question.steps else nobody
            said = Done(question.answer(live.index(question.caller), weights, send))
        except MemoryError:
            # What is left of it may be enough neither for the next one nor for ending in good order.
            os.write(2, b"a process that answers ran out of memory\n")
            os._exit(1)
        except Exception as e:
            log.debug("a question was not answered", exc_info=e)
            said = _sendable(e)
        pipe.send(said)


def nobody(step: Step) -> None:
    """Nobody follows the progress of a question."""


def _sendable(error: Exception) -> Exception:
    """The error as another process can have it: a cause in words, and never what cannot be pickled."""
    import pickle
    import traceback

    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301  (our own, just made)
            error.add_note("".join(traceback.format_exception(error))[-4000:])
            return error
    except Exception:  # noqa: S110  (whatever a class does that cannot be pickled)
        pass
    return RuntimeError("".join(traceback.format_exception(error))[-4000:])
