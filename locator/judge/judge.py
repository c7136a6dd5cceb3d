"""Mode `judge`: the offline search proposes, a model orders and explains what was proposed, and nothing else.

One call sees up to 60 candidates, the first dozen with code, and further files by name. The model names candidates by
number; a number that was not offered is dropped. Where it stays unsure it may go on and look things up (`dig`).
Whatever goes wrong, and whenever the time is up, the offline answer stands.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from locator.answer import Answer, FileHit, Judgement, Step
from locator.judge.answers import (
    calls_of,
    failed,
    limited,
    notes_of,
    plain,
    questions_of,
    reordered,
    usage_note,
    within,
)
from locator.judge.candidates import OFFERED, SEARCHED, Candidate, candidates, scored
from locator.judge.chance import doubtful, rated
from locator.judge.limits import Judging
from locator.judge.others import others
from locator.judge.prompt import brief, listed
from locator.judge.sources import Sources
from locator.judge.words import Wanted, wanted_of
from locator.locate import Options, Progress, locate_in, matched, views_for
from locator.query import understand
from locator.report.reader import Report, read
from locator.weights import Weights
from summaries.errors import ModelError
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.llm.chat import Answered, Chat
from summaries.llm.prompting import prompt
from summaries.llm.schema import read_as, schema_of
from summaries.llm.types import ContextTooLong, Message, Request, tokens

CHOSEN = 10  # candidates at most: more reasons would not fit into an answer, and the rest keep their order
ANSWER, WRITTEN = 1200, 500  # tokens that an answer may have, and that one has (of 60 answers .95 have less)
LEAST = 800  # tokens of candidates below which a shorter prompt is no use


SMALL = 10  # candidates that a small model is offered
SMALL_TOTAL = 3200  # tokens of its call


class Choice(Struct, frozen=True):
    """A candidate by its number."""

    id: int
    functions: list[str] = []
    why: str = ""


class Ruling(Struct, frozen=True):
    """What the judge's one call answers."""

    analysis: str
    ranking: list[Choice]
    sure: Literal["high", "medium", "low"]
    questions: list[str] = []


def judge(
    index: Index,
    report: Report | str,
    options: Options,
    chat: Chat,
    judging: Judging | None = None,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
) -> Answer:
    """As `locate`, ordered and explained by a model where it answers in time. Raises what `locate` raises."""
    report = read(report) if isinstance(report, str) else report
    query = understand(report)
    views, notes = views_for(index, query, options)
    progress(Step("route", title=report.title, frames=len(report.frames), mentions=len(report.mentions)))
    return judge_in(index, views, report, options, chat, judging, weights, progress, notes)


def judge_in(
    index: Index,
    views: Sequence[View],
    report: Report,
    options: Options,
    chat: Chat,
    judging: Judging | None = None,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
    notes: tuple[str, ...] = (),
) -> Answer:
    """As `judge`, over these snapshots."""
    judging = judging or Judging()
    wide = replace(options, limit=max(SEARCHED, options.limit), details=True, nearest=True)
    found = locate_in(index, views, understand(report), wide, weights, progress, notes)
    if judging.spare and found.confidence >= judging.spare and not judging.always:
        note = f"no model was asked: the search is sure enough ({found.confidence:.0%})"
        return limited(replace(found, notes=(*found.notes, note)), options.limit)
    progress(Step("judge", 0, len(found.files), routes=found.routes))
    ruled = judged(Sources(index, views), found, report, options.limit, chat, judging, weights, progress)
    return ruled if options.nearest else matched(ruled)


def judged(
    sources: Sources,
    answer: Answer,
    report: Report,
    limit: int,
    chat: Chat,
    judging: Judging | None = None,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
) -> Answer:
    """An offline answer with its candidates judged; of these `limit` remain."""
    began = time.monotonic()
    if not answer.files:
        return answer
    judging = judging or Judging()
    weights = weights or Weights()
    try:
        out, call = within(judging.seconds, lambda: _first(sources, answer, report, chat, judging, weights))
    except ModelError as e:
        return failed(answer, limit, e, "judge")
    calls: list[Answered[Any]] = [call]
    if out.judgement and (judging.always or (judging.dig and doubtful(out.judgement))):
        from locator.judge.dig import dig

        out = dig(sources, out, report, chat, judging, weights, calls, progress)
    seconds = round(answer.seconds + time.monotonic() - began, 4)
    notes = (*out.notes, usage_note(calls, chat.model))
    return replace(limited(out, limit), seconds=seconds, notes=notes, calls=calls_of(calls))


def _first(
    sources: Sources, answer: Answer, report: Report, chat: Chat, judging: Judging, weights: Weights
) -> tuple[Answer, Answered[Ruling]]:
    """The answer in the model's order."""
    offered = candidates(sources, answer.files, SMALL if judging.small else OFFERED)
    wanted = wanted_of(report, sources.scope)
    if not judging.small:
        offered += others(sources, (*answer.routes, *answer.also), offered, wanted)
    call = _ask(sources, answer, offered, report, wanted, chat, judging)
    files = scored(offered)
    chosen, unknown = _chosen(files, call.value.ranking)
    if not chosen:
        raise ModelError("the model chose none of the candidates")
    order = [
        (sources.with_functions(_whole(sources, f), c.functions), plain(c.why) or "chosen without a reason")
        for f, c in chosen
    ]
    agrees = order[0][0].path == answer.files[0].path and order[0][0].repo == answer.files[0].repo
    word = Judgement(answer.confidence, agrees, call.value.sure)
    out = reordered(answer, order, "judge")
    notes = (*answer.notes, *notes_of(call.value.analysis, unknown))
    asked = questions_of(call.value.questions) if doubtful(word) else ()
    return rated(replace(out, notes=notes, questions=asked), word, weights), call


def _ask(
    sources: Sources,
    answer: Answer,
    offered: Sequence[Candidate],
    report: Report,
    wanted: Wanted,
    chat: Chat,
    judging: Judging,
) -> Answered[Ruling]:
    deadline = None if judging.seconds is None else time.monotonic() + judging.seconds
    total = SMALL_TOTAL if judging.small else judging.total
    while True:
        messages = _messages(sources, answer, offered, report, wanted, judging, total)
        request = Request("judge", chat.model, messages, "ruling", schema_of(Ruling), ANSWER,
                          options=chat.settings.options)  # fmt: skip
        try:
            return chat.ask(request, lambda text: read_as(text, Ruling), deadline)
        except ContextTooLong:
            total //= 2
            if total < 2 * LEAST:
                raise


def _messages(
    sources: Sources,
    answer: Answer,
    offered: Sequence[Candidate],
    report: Report,
    wanted: Wanted,
    judging: Judging,
    total: int,
) -> tuple[Message, ...]:
    """The prompt within `total` tokens, answer and all: what the report leaves is for candidates and code."""
    asked = prompt("judge-small" if judging.small else "judge", judging.prompts)
    text = brief(report, min(judging.report, total // 4))
    fixed = tokens(asked.system) + tokens(asked.user) + tokens(repr(schema_of(Ruling))) + tokens(text)
    room = max(LEAST, total - fixed - WRITTEN)
    shown = listed(sources, offered, answer.routes, room, wanted, 4 if judging.small else 12)
    return asked.filled(report=text, candidates=shown, count=str(min(CHOSEN, len(offered))))


def _whole(sources: Sources, file: FileHit) -> FileHit:
    """A file with its summary, which one that was offered by name alone lacks."""
    return file if file.summary else replace(sources.hit(file.repo, file.path), score=file.score)


def _chosen(
    offered: Sequence[FileHit], ranking: Iterable[Choice]
) -> tuple[list[tuple[FileHit, Choice]], int]:
    """Offered files in the model's order, each once; and how many others it named."""
    out: dict[int, Choice] = {}
    unknown = 0
    for choice in ranking:
        if not 1 <= choice.id <= len(offered):
            unknown += 1
        elif choice.id not in out:
            out[choice.id] = choice
    return [(offered[n - 1], c) for n, c in out.items()], unknown
