"""A question in the mode that is wanted: the offline ones at the desk, those that wait for a model in a line of their own.

A model takes seconds. Its questions have threads of their own, so that they keep nobody else waiting; where all of
these are taken, and whenever the model is late, down or over its budget, the answer is the offline one, with a note.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from locator.access import Caller
from locator.answer import Answer
from locator.judge.answers import FAILED
from locator.locate import Options, Progress
from locator.modes import mode_of
from locator.server.metrics import Meters
from locator.server.questions import EncodedAnswer, Locate, Lookup, nobody
from locator.server.service import Service
from summaries.config import Settings
from summaries.config_models import Mode
from summaries.errors import UsageError

T = TypeVar("T", bound=Answer | EncodedAnswer)
Sent = TypeVar("Sent")

MARGIN = 0.8  # part of a request's time-out that a model may take


async def ask(
    service: Service,
    caller: Caller,
    report: str,
    options: Options,
    form: Callable[[Answer], T],
    *,
    mode: Mode = "",
    title: str | None = None,
    attachments: Sequence[tuple[str, str]] = (),
    progress: Progress = nobody,
) -> T:
    """Answer a report from what a caller may see; `attachments` are names and texts.

    `form`, a function of a module, makes of the answer what is wanted, in the process that answers where there are
    some. Raises what `locate` raises, and ProblemError (503).
    """
    settings = settled(service, mode)
    question = Locate(
        caller, report, options, settings, form, title, tuple(attachments), progress is not nobody
    )

    def work(question: Locate[T]) -> T:
        if service.processes and question.settings.mode == "offline":
            return service.processes.answer(question, progress)
        index = service.live_index.index(caller)
        patience = MARGIN * service.settings.timeout
        return question.answer(index, service.weights, progress, service.chat, patience)

    if settings.mode == "offline":
        found = await service.queries.run(partial(work, question))
    elif service.judging.busy >= service.judging.most:
        note = f"{FAILED} ({settings.mode}): too many questions are before it already"
        plain = replace(question, settings=replace(settings, mode="offline"), notes=(note,))
        found = await service.queries.run(partial(work, plain))
    else:
        found = await service.judging.run(partial(work, question))
    count(service.meters, settings.mode, found)
    return found


async def look_up(service: Service, question: Lookup[Sent]) -> Sent:
    """Search what a caller may see. Raises what `locator.modes.look_up` raises, and ProblemError (503)."""

    def work() -> Sent:
        if service.processes:
            return service.processes.answer(question)
        return question.answer(service.live_index.index(question.caller), service.weights, nobody)

    return await service.queries.run(work)


def settled(service: Service, mode: Mode) -> Settings:
    """Settings of a question: its mode, or the service's own for "". Raises UsageError where it is not to be had."""
    own = mode_of(service.asking)
    mode = mode or own
    if mode != "offline" and service.chat is None:
        raise UsageError(f"mode {mode} needs a model, and this service has none", "leave the mode out")
    if mode == "paper" and own != "paper":
        raise UsageError("mode paper is not offered here", "it reads every summary: its operator may set it")
    return replace(service.asking, mode=mode)


def count(meters: Meters, mode: Mode, answer: Answer | EncodedAnswer) -> None:
    """Count an answer, and what its calls took."""
    meters.locate.observe(answer.seconds)
    meters.verdicts.labels(answer.verdict).inc()
    if mode == "offline":
        return
    failed = any(n.startswith(FAILED) for n in answer.notes)
    meters.judged.labels(mode, "offline" if failed else "heard").inc()
    for call in answer.calls:
        if call.source not in ("cache", "replay"):
            meters.tokens.labels(call.stage).inc(call.read + call.written)
            meters.money.labels(call.stage).inc(call.money)
