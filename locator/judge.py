"""Mode `judge`: the offline search proposes, a model orders and explains what was proposed, and nothing else.

One cheap call sees up to 50 candidates. A second one reads code of the first few, only where the confidence
after the first says that it pays: neither sure enough to leave it nor so lost that reading won't help. The
model names candidates by number; a number that was not offered is dropped. Whatever goes wrong, and
whenever the time is up, the offline answer stands.
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
from locator.judge_prompt import brief, candidates, code
from locator.locate import Options, Progress, locate
from locator.report import Report, read
from locator.told import bill, calls_of, narrowed, plain, reordered, unheard, within
from locator.weights import Weights
from summaries.chat import Answered, Chat
from summaries.chat_shape import read_as, schema_of
from summaries.chat_types import ContextTooLong, Request
from summaries.errors import ModelError
from summaries.index import Index
from summaries.prompting import prompt
from summaries.types import Facts

OFFERED = 50  # candidates
READ = 4  # files whose code the second call reads
AGREES, DIFFERS = 0.8, -0.2  # what the model's first choice adds to the log-odds of the offline confidence
SURE = {"high": 0.8, "medium": 0.0, "low": -0.8}


class Judging(Struct, frozen=True):
    """How much a judge may read and how long it may take. Tokens are our estimate, a little high."""

    report: int = 1200  # tokens of the report
    listed: int = 4800  # tokens of the list of candidates
    code: int = 3600  # tokens of code in the second call
    second: bool = True
    pays: tuple[float, float] = (0.15, 0.6)  # confidence after the first call between which a second one pays
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

    def first() -> Answer:
        offered = answer.files[:OFFERED]
        told = _ask_first(answer, offered, report, limit, chat, judging, deadline)
        calls.append(told)
        order, odd = _chosen(offered, told.value.ranking)
        if not order:
            raise ModelError("the model chose none of the candidates")
        sure = _confidence(answer.confidence, order[0][0] == offered[0], told.value.sure)
        notes = (*answer.notes, *_notes(told.value.analysis, odd))
        return _rated(reordered(answer, order, max(limit, READ), "judge"), sure, notes)

    def second(ruled: Answer) -> Answer:
        files = ruled.files[:READ]
        told = _ask_second(index, ruled, files, report, chat, judging, deadline)
        calls.append(told)
        order, odd = _chosen(files, told.value.ranking)
        if not order:
            raise ModelError("the model chose none of the candidates")
        functions = {c.id: c.function for c in told.value.ranking}
        at = {(f.repo, f.path): n for n, f in enumerate(files, 1)}
        picked = [
            (_function(index, ruled, f, functions.get(at[f.repo, f.path], "")), why) for f, why in order
        ]
        sure = _confidence(ruled.confidence, order[0][0] == files[0], told.value.sure)
        return _rated(
            reordered(ruled, picked, limit, "code"),
            sure,
            (*ruled.notes, *_notes(told.value.analysis, odd)),
        )

    try:
        out = within(judging.seconds, first)
    except ModelError as e:
        return unheard(answer, limit, e, "judge")
    if judging.second and judging.pays[0] <= out.confidence < judging.pays[1] and len(out.files) > 1:
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


def _ask_first(
    answer: Answer,
    offered: Sequence[FileHit],
    report: Report,
    limit: int,
    chat: Chat,
    judging: Judging,
    deadline: float | None,
) -> Answered[Ruling]:
    asked = prompt("judge", _folder(judging))
    room, listed = judging.report, judging.listed
    while True:
        messages = asked.filled(
            report=brief(report, room),
            candidates=candidates(offered, answer.routes, listed),
            count=str(min(limit, len(offered))),
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
    index: Index,
    ruled: Answer,
    files: Sequence[FileHit],
    report: Report,
    chat: Chat,
    judging: Judging,
    deadline: float | None,
) -> Answered[CodeRuling]:
    shown = [(n, f, *_blob(index, ruled, f)) for n, f in enumerate(files, 1)]
    messages = prompt("judge-code", _folder(judging)).filled(
        report=brief(report, judging.report), code=code(shown, judging.code, report)
    )
    model = judging.model or chat.model
    request = Request("judge code", model, messages, "ruling", schema_of(CodeRuling), 700,
                      options=chat.settings.options)  # fmt: skip
    return chat.ask(request, lambda text: read_as(text, CodeRuling), deadline)


def _folder(judging: Judging) -> Path | None:
    return Path(judging.folder) if judging.folder else None


def _blob(index: Index, answer: Answer, f: FileHit) -> tuple[Facts, str]:
    commit = next(r.commit for r in answer.routes if r.repo == f.repo)
    view = index.view(f.repo, commit)
    blob = view.blob(view.paths.index(f.path))
    store = index.store(f.repo)
    return store.facts(blob), store.text(blob)


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


def _function(index: Index, answer: Answer, f: FileHit, name: str) -> FileHit:
    """The file with the function that the model named in front, where the file has one of that name."""
    name = name.strip().rstrip("()")
    found = next((s for s in f.symbols if name and name in (s.qualname, s.qualname.rsplit(".", 1)[-1])), None)
    if not found and name:
        named = [s for s in _blob(index, answer, f)[0].symbols if name in (s.qualname, s.name)]
        made = [SymbolHit(s.qualname, s.kind, s.start, s.end, s.signature, 1.0) for s in named[:1]]
        found = made[0] if made else None
    if not found:
        return f
    return replace(
        f, symbols=(replace(found, score=1.0), *(s for s in f.symbols if s.start != found.start))[:3]
    )
