"""Mode `judge`: the offline search proposes, a model orders and explains what was proposed, and nothing else.

One cheap call sees up to 50 candidates. A second one reads code of the first few, where the first answer is
in doubt. The model names candidates by number; a number that was not offered is dropped. Whatever goes wrong,
and whenever the time is up, the offline answer stands.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from math import exp, log
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from locator.answer import Answer, FileHit, Step, SymbolHit
from locator.confidence import verdict
from locator.judge.answers import bill, calls_of, narrowed, plain, reordered, unheard, within
from locator.judge.code import code
from locator.judge.files import Files
from locator.judge.prompt import brief, candidates
from locator.judge.words import speaks
from locator.locate import Options, Progress, locate
from locator.report.reader import Report, read
from locator.weights import Weights
from summaries.errors import ModelError
from summaries.index.index import Index
from summaries.llm.chat import Answered, Chat
from summaries.llm.prompting import prompt
from summaries.llm.schema import read_as, schema_of
from summaries.llm.types import ContextTooLong, Request, prompt_tokens, tokens

OFFERED = 50  # candidates
CHOSEN = 10  # of them, at most: more reasons would not fit into an answer, and the rest keep their order
READ = 4  # files whose code the second call reads
AROUND, LEAST = 800, 1200  # tokens of the second call beside report and code; and of code, whatever is left
AGREES, DIFFERS = 0.8, -0.2  # what the model's first choice adds to the log-odds of the offline confidence
SURE = {"high": 0.8, "medium": 0.0, "low": -0.8}


class Judging(Struct, frozen=True):
    """How much a judge may read and how long it may take. Tokens are our estimate, a little high."""

    report: int = 1200  # tokens of the report
    listed: int = 3600  # tokens of the list of candidates
    code: int = 3000  # tokens of code in the second call
    total: int = 8000  # tokens of both calls: what the first one took the second one has not
    second: bool = True  # read code where the first answer is in doubt
    model: str = ""  # of the second call; "" is the first one's
    seconds: float | None = 30.0  # for all calls of a query; None waits as long as they take
    folder: str = ""  # of the user's own prompts


class Choice(Struct, frozen=True):
    """A candidate by its number."""

    id: int
    why: str = ""


class Ruling(Struct, frozen=True):
    """What the first call answers."""

    analysis: str
    ranking: list[Choice]
    sure: Literal["high", "medium", "low"]


class CodeChoice(Struct, frozen=True):
    """A candidate whose code was read."""

    id: int
    why: str = ""
    function: str = ""


class CodeRuling(Struct, frozen=True):
    """What the second call answers."""

    analysis: str
    ranking: list[CodeChoice]
    sure: Literal["high", "medium", "low"]


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
    judging = judging or Judging()
    report = read(report) if isinstance(report, str) else report
    wide = replace(options, limit=max(OFFERED, options.limit), details=True)
    found = locate(index, report, wide, weights, progress)
    progress(Step("judge", 0, len(found.files), routes=found.routes))
    return judged(index, found, report, options.limit, chat, judging)


def judged(
    index: Index, answer: Answer, report: Report, limit: int, chat: Chat, judging: Judging | None = None
) -> Answer:
    """An offline answer with its candidates judged; of these `limit` remain."""
    began = time.monotonic()
    if not answer.files:
        return answer
    judging = judging or Judging()
    deadline = None if judging.seconds is None else began + judging.seconds
    calls: list[Answered[Any]] = []
    source = Files(index, answer)

    def first() -> tuple[Answer, bool]:
        offered = answer.files[:OFFERED]
        told = _ask_first(source, answer, offered, report, chat, judging, deadline)
        calls.append(told)
        order, odd = _chosen(offered, told.value.ranking)
        if not order:
            raise ModelError("the model chose none of the candidates")
        agrees = order[0][0] == offered[0]
        sure = _confidence(answer.confidence, agrees, told.value.sure)
        notes = (*answer.notes, *_notes(told.value.analysis, odd))
        ruled = _rated(reordered(answer, order, max(limit, READ), "judge"), sure, notes)
        return ruled, doubtful(told.value.sure, agrees)

    def second(ruled: Answer) -> Answer:
        files = ruled.files[:READ]
        told = _ask_second(source, files, report, chat, judging, deadline, calls[0])
        calls.append(told)
        order, odd = _chosen(files, told.value.ranking)
        if not order:
            raise ModelError("the model chose none of the candidates")
        functions = {c.id: c.function for c in told.value.ranking}
        at = {(f.repo, f.path): n for n, f in enumerate(files, 1)}
        picked = [(_function(source, f, functions.get(at[f.repo, f.path], "")), why) for f, why in order]
        sure = _confidence(ruled.confidence, order[0][0] == files[0], told.value.sure)
        return _rated(
            reordered(ruled, picked, limit, "code"),
            sure,
            (*ruled.notes, *_notes(told.value.analysis, odd)),
        )

    try:
        out, doubted = within(judging.seconds, first)
    except ModelError as e:
        return unheard(answer, limit, e, "judge")
    if judging.second and doubted and len(out.files) > 1:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ruled = out
        try:
            out = within(left, lambda: second(ruled))
        except ModelError as e:
            note = f"the code was not read: {plain(str(e))}"
            out = replace(out, notes=(*out.notes, note))
    seconds = round(answer.seconds + time.monotonic() - began, 4)
    notes = (*out.notes, bill(calls, chat.model))
    return replace(narrowed(out, limit), seconds=seconds, notes=notes, calls=calls_of(calls))


def doubtful(sure: str, agrees: bool) -> bool:
    """Whether code is to be read: the model is not sure, or the search had put another file first.

    Of 40 first answers, 14 were sure of the search's own first file, and all 14 right; 7 of the other 26 were
    wrong. The rule before, by the confidence after the call, left out 2 of these 7 and read code for 3 of the 14.
    """
    return sure != "high" or not agrees


def _ask_first(
    source: Files,
    answer: Answer,
    offered: Sequence[FileHit],
    report: Report,
    chat: Chat,
    judging: Judging,
    deadline: float | None,
) -> Answered[Ruling]:
    asked = prompt("judge", _folder(judging))
    room, listed = judging.report, judging.listed
    shown = [(f, source.facts(f)) for f in offered]
    wanted = speaks(report)
    while True:
        messages = asked.filled(
            report=brief(report, room),
            candidates=candidates(shown, answer.routes, listed, wanted),
            count=str(min(CHOSEN, len(offered))),
        )
        request = Request("judge", chat.model, messages, "ruling", schema_of(Ruling), 900,
                          options=chat.settings.options)  # fmt: skip
        try:
            return chat.ask(request, lambda text: read_as(text, Ruling), deadline)
        except ContextTooLong:
            room, listed = room // 2, listed // 2
            if listed < 800:
                raise


def _ask_second(
    source: Files,
    files: Sequence[FileHit],
    report: Report,
    chat: Chat,
    judging: Judging,
    deadline: float | None,
    before: Answered[Ruling],
) -> Answered[CodeRuling]:
    shown = [(n, f, source.facts(f), source.text(f)) for n, f in enumerate(files, 1)]
    told = brief(report, judging.report)
    left = judging.total - prompt_tokens(before.request) - tokens(before.reply.text) - tokens(told) - AROUND
    messages = prompt("judge-code", _folder(judging)).filled(
        report=told, code=code(shown, max(LEAST, min(judging.code, left)), report)
    )
    model = judging.model or chat.model
    request = Request("judge code", model, messages, "ruling", schema_of(CodeRuling), 700,
                      options=chat.settings.options)  # fmt: skip
    return chat.ask(request, lambda text: read_as(text, CodeRuling), deadline)


def _folder(judging: Judging) -> Path | None:
    return Path(judging.folder) if judging.folder else None


def _chosen(
    offered: Sequence[FileHit], ranking: Iterable[Choice | CodeChoice]
) -> tuple[list[tuple[FileHit, str]], int]:
    """Offered files in the model's order with its reasons, each once; and how many others it named."""
    out: dict[int, str] = {}
    odd = 0
    for choice in ranking:
        if not 1 <= choice.id <= len(offered):
            odd += 1
        elif choice.id not in out:
            out[choice.id] = plain(choice.why) or "chosen without a reason"
    return [(offered[n - 1], why) for n, why in out.items()], odd


def _notes(analysis: str, odd: int) -> list[str]:
    said = [f"the model: {plain(analysis)}"] if plain(analysis) else []
    return said + ([f"{odd} files that the model named were not among the candidates"] if odd else [])


def _confidence(before: float, agrees: bool, sure: str) -> float:
    """Chance that the first file is right, from the offline one and the model's word (in log-odds)."""
    p = min(0.99, max(0.01, before))
    odds = log(p / (1 - p)) + (AGREES if agrees else DIFFERS) + SURE[sure]
    return 1 / (1 + exp(-odds))


def _rated(answer: Answer, sure: float, notes: tuple[str, ...]) -> Answer:
    return replace(answer, confidence=round(sure, 3), verdict=verdict(sure, bool(answer.files)), notes=notes)


def _function(source: Files, f: FileHit, name: str) -> FileHit:
    """The file with the function that the model named in front, where the file has one of that name."""
    name = name.strip().rstrip("()")
    found = next((s for s in f.symbols if name and name in (s.qualname, s.qualname.rsplit(".", 1)[-1])), None)
    if not found and name:
        named = [s for s in source.facts(f).symbols if name in (s.qualname, s.name)]
        made = [SymbolHit(s.qualname, s.kind, s.start, s.end, s.signature, 1.0) for s in named[:1]]
        found = made[0] if made else None
    if not found:
        return f
    return replace(
        f, symbols=(replace(found, score=1.0), *(s for s in f.symbols if s.start != found.start))[:3]
    )
