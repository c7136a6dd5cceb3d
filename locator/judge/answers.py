"""What models answer, made safe to show; and the offline answer where they don't answer in time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from locator.answer import Answer, Call, Evidence, FileHit
from locator.locate import directories
from summaries.errors import BugatlasError, ModelError
from summaries.llm.chat import Answered
from summaries.llm.types import prompt_tokens, tokens

T = TypeVar("T")

UNHEARD = "answered offline, without the model"
LONGEST = 300  # characters of a reason
_LINK = re.compile(
    r"(?:https?|ftp|javascript|data)://?\S{1,2000}|!?\[[^\]]{0,200}\]\([^)]{0,2000}\)", re.IGNORECASE
)


def plain(text: str) -> str:
    """A model's words as one short line: nothing that a terminal, a page or a tracker would act upon."""
    text = _LINK.sub("(link)", text[: 4 * LONGEST])
    text = "".join(c if c.isprintable() and c not in "<>`" else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def within(seconds: float | None, work: Callable[[], T]) -> T:
    """The result of `work`, or ModelError after so many seconds (None: no limit), leaving it behind."""
    if seconds is None:
        return work()
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as e:
            failed.append(e)

    thread = threading.Thread(target=run, daemon=True)  # a hanging endpoint must not keep the process alive
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise ModelError(f"the model did not answer within {seconds:g} s")
    return done[0]


def reordered(answer: Answer, order: Sequence[tuple[FileHit, str]], limit: int, voter: str) -> Answer:
    """The answer with the model's files first, each with its reason, and the rest in their order.

    Scores go by place, so that a list stays in falling order; what the model added is a part of its own.
    """
    chosen = {(f.repo, f.path) for f, _ in order}
    rest = [(f, "") for f in answer.files if (f.repo, f.path) not in chosen]
    scores = sorted((f.score for f in answer.files), reverse=True)
    files = []
    for (f, why), score in list(zip([*order, *rest], scores, strict=False))[:limit]:
        moved = round(score - f.score, 4)
        parts = {**f.parts, voter: moved} if why else f.parts
        said = (Evidence(voter, why, 0, round(max(0.0, moved), 4)), *f.evidence) if why else f.evidence
        files.append(replace(f, score=score, evidence=said, parts=parts))
    return narrowed(replace(answer, files=tuple(files)), limit)


def narrowed(answer: Answer, limit: int) -> Answer:
    """The answer with its first files only."""
    files = answer.files[:limit]
    return replace(answer, files=files, directories=directories(files))


def unheard(answer: Answer, limit: int, error: BugatlasError, mode: str) -> Answer:
    """The offline answer, with a note that says why it is that."""
    note = f"{UNHEARD} ({mode}): {plain(str(error))}"
    return narrowed(replace(answer, notes=(*answer.notes, note)), limit)


def calls_of(told: Sequence[Answered[T]]) -> tuple[Call, ...]:
    """What each call took. What was kept is told by our estimate of its tokens, so that repeated runs compare."""
    out = []
    for a in told:
        r = a.reply
        read, written = r.read or prompt_tokens(a.request), r.written or tokens(r.text)
        out.append(
            Call(a.request.stage, a.request.model, read, written, r.money, round(r.seconds, 3), r.source)
        )
    return tuple(out)


def bill(calls: Sequence[Answered[T]], model: str) -> str:
    """What calls took, for people."""
    used = sum(c.reply.read + c.reply.written for c in calls)
    money = sum(c.reply.money for c in calls)
    kept = " (from the cache)" if calls and all(c.reply.source in ("cache", "replay") for c in calls) else ""
    cost = f", {money:.4f} spent" if money else ""
    hidden = sum(c.reply.redacted for c in calls)
    secrets = f", {hidden} secrets redacted" if hidden else ""
    count = f"{len(calls)} call{'s' if len(calls) != 1 else ''}"
    return f"{model}: {count}{kept}, {used:,} tokens{cost}{secrets}"
