"""What models answer, made safe to show; and the offline answer where they don't answer in time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from locator.answer import Answer, Call, Evidence, FileHit, RouteHit
from locator.locate import directories
from summaries.errors import BugatlasError, ModelError
from summaries.llm.chat import Answered
from summaries.llm.types import prompt_tokens, tokens

T = TypeVar("T")

FAILED = "answered offline, without the model"
LONGEST = 300  # characters of a reason
QUESTIONS = 3  # to the reporter
_LINK = re.compile(
    r"(?:https?|ftp|javascript|data)://?\S{1,2000}|!?\[[^\]]{0,200}\]\([^)]{0,2000}\)", re.IGNORECASE
)


def plain(text: str) -> str:
    """A model's words as one short line: nothing that a terminal, a page or a tracker would act upon."""
    text = _LINK.sub("(link)", text[: 4 * LONGEST])
    text = "".join(c if c.isprintable() and c not in "<>`" else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def questions_of(texts: Sequence[str]) -> tuple[str, ...]:
    """A model's questions to the reporter, made safe, a few."""
    return tuple(dict.fromkeys(q for text in texts[:10] if (q := plain(text))))[:QUESTIONS]


def within(seconds: float | None, work: Callable[[], T]) -> T:
    """The result of `work`, or ModelError after so many seconds (None: no limit), leaving it behind."""
    if seconds is None:
        return work()
    done: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as e:
            errors.append(e)

    thread = threading.Thread(target=run, daemon=True)  # a hanging endpoint must not keep the process alive
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not done:
        raise ModelError(f"the model did not answer within {seconds:g} s")
    return done[0]


def reordered(answer: Answer, order: Sequence[tuple[FileHit, str]], voter: str) -> Answer:
    """The answer with the model's files first, each with its reason, and the rest in their order; routes follow.

    Scores go by place, so that a list stays in falling order; what the model added is a part of its own.
    """
    chosen = {(f.repo, f.path) for f, _ in order}
    rest = [(f, "") for f in answer.files if (f.repo, f.path) not in chosen]
    scores = sorted((f.score for f in answer.files), reverse=True)
    low = scores[-1] if scores else 1.0
    scores += [low] * (len(order) + len(rest) - len(scores))
    files = []
    for (f, why), score in zip([*order, *rest], scores, strict=True):
        moved = round(score - f.score, 4)
        parts = {**f.parts, voter: moved} if why else f.parts
        reason = (Evidence(voter, why, f.symbols[0].start if f.symbols else 0, round(max(0.0, moved), 4)),)
        older = tuple(e for e in f.evidence if e.voter != voter)
        files.append(replace(f, score=score, evidence=reason + older if why else f.evidence, parts=parts))
    routes = _routes(answer.routes, [f.repo for f, _ in order])
    return replace(answer, files=tuple(files), routes=routes, directories=directories(files))


def _routes(routes: Sequence[RouteHit], chosen: Sequence[str]) -> tuple[RouteHit, ...]:
    """Repositories in the order of the files that the model chose, then those that it chose none of."""
    first = {repo: n for n, repo in reversed(list(enumerate(chosen)))}
    order = sorted(routes, key=lambda r: first.get(r.repo, len(chosen)))
    scores = sorted((r.score for r in routes), reverse=True)
    return tuple(replace(r, score=s) for r, s in zip(order, scores, strict=True))


def limited(answer: Answer, limit: int) -> Answer:
    """The answer with its first files only."""
    files = answer.files[:limit]
    return replace(answer, files=files, directories=directories(files))


def failed(answer: Answer, limit: int, error: BugatlasError, mode: str) -> Answer:
    """The offline answer, with a note that says why it is that."""
    note = f"{FAILED} ({mode}): {plain(str(error))}"
    return limited(replace(answer, notes=(*answer.notes, note)), limit)


def calls_of(answered: Sequence[Answered[T]]) -> tuple[Call, ...]:
    """What each call took. One that was kept has our estimate of its tokens, so that repeated runs compare."""
    out = []
    for a in answered:
        r = a.reply
        read, written = r.read or prompt_tokens(a.request), r.written or tokens(r.text)
        out.append(
            Call(a.request.stage, a.request.model, read, written, r.money, round(r.seconds, 3), r.source)
        )
    return tuple(out)


def usage_note(calls: Sequence[Answered[T]], model: str) -> str:
    """What calls took, for people."""
    each = calls_of(calls)
    used = sum(c.read + c.written for c in each)
    money = sum(c.money for c in each)
    cached = " (from the cache)" if calls and all(c.source in ("cache", "replay") for c in each) else ""
    cost = f", {money:.4f} spent" if money else ""
    hidden = sum(c.reply.redacted for c in calls)
    secrets = f", {hidden} secrets redacted" if hidden else ""
    count = f"{len(calls)} call{'s' if len(calls) != 1 else ''}"
    return f"{model}: {count}{cached}, {used:,} tokens{cost}{secrets}"
