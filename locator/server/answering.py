"""A question in the mode that is wanted: the offline ones at the desk, those that wait for a model in a line of their own.

A model takes seconds. Its questions have threads of their own, so that they keep nobody else waiting; where all of
these are taken, and whenever the model is late, down or over its budget, the answer is the offline one, with a note.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from locator.access import Caller
from locator.answer import Answer
from locator.judge.answers import FAILED
from locator.locate import Options, Progress
from locator.modes import find, mode_of
from locator.report.reader import read
from locator.server.metrics import Meters
from locator.server.processes import Question, nobody
from locator.server.service import Service
from summaries.config import Settings
from summaries.config_models import Mode
from summaries.errors import UsageError
from summaries.index.index import Index

MARGIN = 0.8  # part of a request's time-out that a model may take


async def ask(
    service: Service,
    index: Callable[[], Index],
    report: str,
    title: str | None,
    options: Options,
    mode: Mode = "",
    progress: Progress = nobody,
    attachments: Sequence[tuple[str, str]] = (),
    caller: Caller | None = None,
) -> Answer:
    """Answer a report from the index that a caller may see; `attachments` are names and texts.

    Where the caller is given and the service has processes that answer, one of them does.

    Raises what `locate` raises, and ProblemError (503).
    """
    settings = settled(service, mode)

    def work(settings: Settings) -> Answer:
        if service.processes and caller and settings.mode == "offline":
            asked = Question(
                caller, report, title, tuple(attachments), options, settings, progress is not nobody
            )
            return service.processes.answer(asked, progress)
        from locator.report.attachments import attach

        whole = read(report, title)
        for name, content in attachments:
            whole = attach(whole, name, content.encode("utf-8", "replace"))
        return find(
            index(), whole, options, settings, service.weights, progress,
            chat=service.chat, patience=MARGIN * service.settings.timeout,
        )  # fmt: skip

    if settings.mode == "offline":
        found = await service.queries.run(partial(work, settings))
    elif service.judging.busy >= service.judging.most:
        found = await service.queries.run(partial(work, replace(settings, mode="offline")))
        note = f"{FAILED} ({settings.mode}): too many questions are before it already"
        found = replace(found, notes=(*found.notes, note))
    else:
        found = await service.judging.run(partial(work, settings))
    count(service.meters, settings.mode, found)
    return found


def settled(service: Service, mode: Mode) -> Settings:
    """Settings of a question: its mode, or the service's own for "". Raises UsageError where it is not to be had."""
    own = mode_of(service.asking)
    mode = mode or own
    if mode != "offline" and service.chat is None:
        raise UsageError(f"mode {mode} needs a model, and this service has none", "leave the mode out")
    if mode == "paper" and own != "paper":
        raise UsageError("mode paper is not offered here", "it reads every summary: its operator may set it")
    return replace(service.asking, mode=mode)


def count(meters: Meters, mode: Mode, answer: Answer) -> None:
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
