"""Ask a language model, safely: redacted, within a budget, kept, retried, and given up on in time.

request -> redact -> answer kept? -> budget -> circuit, pace -> endpoint -> read -> keep, ledger
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from summaries.errors import ModelError
from summaries.llm.ledger import FILE, Ledger
from summaries.llm.limits import Limits
from summaries.llm.recording import Recorder, Replayer
from summaries.llm.types import (
    FOLDER,
    Message,
    ModelEndpoint,
    ModelSettings,
    Nonsense,
    Reply,
    Request,
    Unavailable,
)
from summaries.redact import redact

T = TypeVar("T")

LONGEST = 300.0  # seconds of Retry-After that are waited for; more is a failure
TRIES = 2  # for an answer that can be read


class Answered(Struct, Generic[T], frozen=True):
    """An answer as it was read, and what it took."""

    value: T
    reply: Reply
    request: Request  # as it was sent: without secrets


class Chat:
    """A model with all that protects the user from it. Safe to share between threads."""

    def __init__(
        self,
        settings: ModelSettings,
        endpoint: ModelEndpoint,
        ledger: Ledger | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.settings, self.endpoint, self.recorder = settings, endpoint, recorder
        self.ledger = ledger or Ledger(None)
        self.limits = Limits(settings)

    @property
    def model(self) -> str:
        """Name of the model, as requests give it."""
        return self.settings.name

    def close(self) -> None:
        """Close connections and recordings."""
        self.endpoint.close()
        self.ledger.close()

    def ask(self, request: Request, read: Callable[[str], T], deadline: float | None = None) -> Answered[T]:
        """The answer, read by `read`, which raises Nonsense for one that is to be asked again.

        `deadline` is on the clock of `time.monotonic`. Raises a ModelError.
        """
        request, taken = redacted(request)
        if answered := self._cached(request, read):
            return answered
        self.limits.hidden(taken)
        for n in range(TRIES):
            reply = replace(self._send(request, deadline), redacted=taken)
            try:
                value = read(reply.text)
            except Nonsense:
                self.ledger.add(request, reply, "Nonsense")
                if n == TRIES - 1 or self.endpoint.source != "endpoint":
                    raise
                continue
            self.ledger.add(request, reply)
            if self.endpoint.source != "replay":
                self.ledger.keep(request.key, reply.text)
            if self.recorder:
                self.recorder.add(request, reply)
            return Answered(value, reply, request)
        raise Nonsense("no answer could be read")

    def ask_all(
        self, requests: Sequence[Request], read: Callable[[str], T]
    ) -> Iterator[tuple[int, Answered[T] | ModelError]]:
        """Answers or errors with their requests' numbers, as they come; several calls at once."""
        with ThreadPoolExecutor(max(1, self.settings.jobs)) as pool:
            futures = {pool.submit(self.ask, r, read): i for i, r in enumerate(requests)}
            try:
                for future in as_completed(futures):
                    try:
                        yield futures[future], future.result()
                    except ModelError as e:
                        yield futures[future], e
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.endpoint.close()  # ends the calls that are on their way
                raise

    def _cached(self, request: Request, read: Callable[[str], T]) -> Answered[T] | None:
        text = self.ledger.answer(request.key)
        if text is None:
            return None
        reply = Reply(text, source="cache")
        try:
            value = read(text)
        except Nonsense:  # kept by a version that read more leniently
            return None
        self.ledger.add(request, reply)
        if self.recorder:
            self.recorder.add(request, reply)
        return Answered(value, reply, request)

    def _send(self, request: Request, deadline: float | None) -> Reply:
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
        from tenacity import wait_random_exponential as jittered

        jitter = jittered(multiplier=0.5, max=20)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.after if isinstance(error, Unavailable) else None
            wait = jitter(state) if asked is None else asked
            if error and (wait > LONGEST or (deadline is not None and time.monotonic() + wait >= deadline)):
                raise error
            if asked is not None:
                self.limits.hold(asked)
            return wait

        again = Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(max(1, self.settings.attempts)),
            wait=pause,
            reraise=True,
        )
        held = self.limits.reserve(request)
        reply = Reply("")
        try:
            reply = again(self._once, request, deadline)
        except ModelError as e:
            if self.endpoint.source == "endpoint":
                self.limits.failed(e)
            raise
        finally:
            self.limits.settle(held, reply)
        self.limits.worked()
        return reply

    def _once(self, request: Request, deadline: float | None) -> Reply:
        self.limits.turn(deadline)
        began = time.monotonic()
        timeout = self.settings.timeout
        if deadline is not None and deadline - began < timeout:
            timeout = deadline - began
        try:
            return self.endpoint.send(request, timeout)
        except ModelError as e:
            failed = Reply("", seconds=time.monotonic() - began, source=self.endpoint.source)
            self.ledger.add(request, failed, type(e).__name__)
            raise


def redacted(request: Request) -> tuple[Request, int]:
    """The request without secrets, and how many were taken out."""
    messages, taken = [], 0
    for m in request.messages:
        found = redact(m.content)
        messages.append(Message(m.role, found.text))
        taken += found.total
    return replace(request, messages=tuple(messages)), taken


def open_chat(
    settings: ModelSettings,
    index: Path | None = None,
    *,
    record: Path | None = None,
    replay: Path | None = None,
) -> Chat:
    """The model of the settings, with its ledger in the index folder.

    Raises ModelError where there's no model, where it cannot be reached in principle, or where `offline`
    forbids it; UsageError for a recording that cannot be read.
    """
    endpoint: ModelEndpoint
    if replay:
        endpoint = Replayer(replay)
    elif not settings.model:
        raise ModelError("no model is configured", "give one: --model NAME, or --model file:DIR")
    elif settings.model.startswith(FOLDER):
        from summaries.llm.file_exchange import Files

        endpoint = Files(Path(settings.model.removeprefix(FOLDER)).expanduser())
    elif settings.offline:
        raise ModelError(
            "--offline: no model is asked over the network", "use --replay FILE or --model file:DIR"
        )
    else:
        from summaries.llm.http import ChatHttp

        endpoint = ChatHttp(settings)
    # A replay gives the same bytes whatever was asked since: it doesn't read the index's own answers.
    ledger = Ledger(None if replay or index is None else index / FILE)
    return Chat(settings, endpoint, ledger, Recorder(record) if record else None)
