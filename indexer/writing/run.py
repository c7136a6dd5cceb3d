"""Have summaries written by a model: bottom-up, each kept by its content, the trivial ones left as they are.

    seed of the repository -> files -> directories, the deepest first -> the repository

What is done is kept at once, so a run that stops for any reason goes on where it was. Whatever the model
does not say, or says wrongly, stays as the offline summariser has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from indexer.writing.repository import Draft, Pages, Writing
from indexer.writing.system import Whole
from summaries.errors import IndexLocked, ModelError
from summaries.fs import locked
from summaries.index.index import Index
from summaries.llm.chat import Answered, Chat
from summaries.llm.schema import read_as
from summaries.llm.types import BudgetSpent, ContextTooLong, Message, Price, Request, prompt_tokens
from summaries.written.check import check, true_phrases
from summaries.written.prompt import FileAnswer, WrittenAnswer, parts

STAGES = ("seed", "file", "directory", "repository", "system")
ANSWER = {
    "seed": 200,
    "file": 110,
    "directory": 110,
    "repository": 240,
    "system": 800,
}  # tokens that answers have, as a rule
BATCH = 64  # drafts in the air; what a crash can cost is what they cost
_PARTICULAR = re.compile(  # a path or the key of a request
    r"\s?\(?(?:\S*/\S*|[\w.-]*[0-9a-f]{12}[\w.-]*)\)?"
)
Say = Callable[[str], None]


class Stage(Struct, frozen=True):
    """One stage of a run, over all repositories."""

    name: str
    calls: int = 0
    current: int = 0  # kept from an earlier run
    skipped: Mapping[str, int] = {}  # why the offline summary will do
    failed: Mapping[str, int] = {}  # why the offline summary stays
    struck: int = 0  # summaries out of which invented names were struck
    redone: int = 0  # summaries asked for again, for having little else
    read: int = 0  # tokens
    written: int = 0
    money: float = 0.0


class WriteReport(Struct, frozen=True):
    """What a run did, or with `planned` what it would."""

    model: str
    planned: bool
    repositories: int
    stages: tuple[Stage, ...]
    redacted: int = 0
    stopped: str = ""  # why the run ended before its end

    @property
    def money(self) -> float:
        """Cost of all stages by the configured prices."""
        return sum(s.money for s in self.stages)


class StageCounts:
    """A stage's counters while it runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = self.current = self.struck = self.redone = self.read = self.written = 0
        self.money = 0.0
        self.skipped: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def paid(self, answer: Answered[FileAnswer | WrittenAnswer]) -> None:
        """Count an answer's calls, tokens and money."""
        self.calls += 1
        self.read += answer.reply.read
        self.written += answer.reply.written
        self.money += answer.reply.money

    def done(self) -> Stage:
        """The counters as they stand now, as a frozen `Stage`."""
        return Stage(self.name, self.calls, self.current, dict(self.skipped.most_common()),
                     dict(self.failed.most_common()), self.struck, self.redone, self.read, self.written,
                     round(self.money, 6))  # fmt: skip


def plan(
    index: Index, names: Sequence[str], model: str, price: Price, writing: Writing | None = None
) -> WriteReport:
    """What a run would send and cost. Directories count as if every file's summary changed."""
    tallies = {s: StageCounts(s) for s in STAGES}
    for name in names:
        with _pages(index, name, model, writing or Writing(), write=False) as pages:
            for stage, drafts in pages.stages(tallies, planned=True):
                tally = tallies[stage]
                for d in drafts:
                    read = prompt_tokens(d.request)
                    tally.calls += 1
                    tally.read += read
                    tally.written += ANSWER[stage]
                    tally.money += price.of(read, ANSWER[stage])
    how = writing or Writing()
    whole = Whole(index, model, how.prompts, {})
    if how.whole and not whole.current:
        tally, read = tallies["system"], prompt_tokens(whole.request())
        tally.calls, tally.read, tally.written = 1, read, ANSWER["system"]
        tally.money = price.of(read, ANSWER["system"])
    return WriteReport(model, True, len(names), tuple(t.done() for t in tallies.values()))


def write(
    index: Index,
    names: Sequence[str],
    chat: Chat,
    writing: Writing | None = None,
    say: Say = lambda line: None,
) -> WriteReport:
    """Write what is missing or out of date, and publish it.

    Raises IndexLocked where another run is at it. What the model fails at is in the report.
    """
    tallies = {s: StageCounts(s) for s in STAGES}
    stopped = ""
    changed: list[str] = []
    with alone(index):
        for name in names:
            with _pages(index, name, chat.model, writing or Writing(), write=True) as pages:
                try:
                    _one(pages, chat, tallies, say)
                except BudgetSpent as e:
                    stopped = e.message
                finally:
                    if pages.wrote:
                        changed.append(name)
            if stopped:
                break
        if changed:
            publish(index, changed, say)
        if not stopped and (writing or Writing()).whole:
            stopped = _whole(index, chat, tallies["system"], writing or Writing(), say)
    limits = chat.limits
    return WriteReport(chat.model, False, len(names), tuple(t.done() for t in tallies.values()),
                       limits.redacted, stopped)  # fmt: skip


def _one(pages: Pages, chat: Chat, tallies: Mapping[str, StageCounts], say: Say) -> None:
    for stage, drafts in pages.stages(tallies):
        done = 0
        for batch in _batches(drafts):
            again = _ask(pages, chat, tallies[stage], batch)
            if again:
                tallies[stage].redone += len(again)
                for d in _ask(pages, chat, tallies[stage], again):
                    tallies[stage].failed["the model invents names"] += 1
                    pages.failed(d)
            done += len(batch)
            what = f"{done:,} {stage} summar{'y' if done == 1 else 'ies'}"
            say(f"{pages.name}: {what}, {chat.limits.money:.2f} spent")


def _whole(index: Index, chat: Chat, tally: StageCounts, writing: Writing, say: Say) -> str:
    """Have the system described; why the run has to stop, or "". Whatever fails, the offline text stands."""
    whole = Whole(index, chat.model, writing.prompts, dict(writing.options))
    if whole.current:
        tally.current += 1
        return ""

    def read(text: str) -> FileAnswer | WrittenAnswer:
        return read_as(text, WrittenAnswer)

    for _, got in chat.ask_all([whole.request()], read):
        if isinstance(got, BudgetSpent):
            return got.message
        if isinstance(got, ModelError):
            tally.failed[_trouble(got.message)] += 1
            continue
        tally.paid(got)
        checked = check(parts(got.value)[0], (whole.shown,))
        if not checked.useful:
            tally.failed["the model invents names"] += 1
            continue
        tally.struck += bool(checked.removed)
        whole.keep(checked.text)
        say(f"the system as a whole, {chat.limits.money:.2f} spent")
    return ""


def _batches(drafts: Sequence[Draft]) -> Iterator[Sequence[Draft]]:
    for i in range(0, len(drafts), BATCH):
        yield drafts[i : i + BATCH]


def _ask(pages: Pages, chat: Chat, tally: StageCounts, drafts: Sequence[Draft]) -> list[Draft]:
    """Ask for all, keep what is good, and return what is to be asked again. Raises BudgetSpent."""
    again: list[Draft] = []
    spent: BudgetSpent | None = None

    def read(text: str) -> FileAnswer | WrittenAnswer:
        return read_as(text, FileAnswer)  # its second field may be missing: it reads both shapes

    for i, got in chat.ask_all([d.request for d in drafts], read):
        draft = drafts[i]
        if isinstance(got, BudgetSpent):
            spent = got
        elif isinstance(got, ContextTooLong) and (shorter := pages.shorter(draft)):
            again.append(shorter)
        elif isinstance(got, ModelError):
            tally.failed[_trouble(got.message)] += 1
            pages.failed(draft)
        else:
            tally.paid(got)
            summary, concerns = parts(got.value)
            checked = check(summary, draft.known)
            if not checked.useful and draft.first:
                again.append(_warned(draft, checked.removed))
            elif not checked.useful:
                again.append(draft)
            else:
                tally.struck += bool(checked.removed)
                pages.keep(draft, checked.text, true_phrases(concerns, draft.known))
    if spent:
        raise spent
    return again


def _trouble(message: str) -> str:
    """What went wrong, without which request it was: the same trouble is counted, not listed."""
    return " ".join(_PARTICULAR.sub("", message).split())[:200] or "no answer"


def _warned(draft: Draft, removed: Sequence[str]) -> Draft:
    listed = ", ".join(removed[:8]) or "nothing that could be checked"
    note = Message("user", f"Your last answer named what is not there: {listed}. Use names of the data only.")
    request: Request = replace(draft.request, messages=(*draft.request.messages, note))
    return replace(draft, request=request, first=False)


def publish(index: Index, names: Sequence[str], say: Say = lambda line: None) -> None:
    """Make new summaries of repositories seen: notes, and vectors where the index has them."""
    from indexer import system
    from indexer.knowledge import update
    from summaries.written.renew import renew

    with index.writing():
        renew(index, names)
        update(index, say)
        system.update(index, anew=True)


@contextmanager
def alone(index: Index) -> Iterator[None]:
    """One run at a time; indexing may go on beside it."""
    taken = IndexLocked("another run writes summaries of this index", "wait for it to end")
    with locked(index.root / "models.lock", taken):
        yield


@contextmanager
def _pages(index: Index, name: str, model: str, writing: Writing, *, write: bool) -> Iterator[Pages]:
    pages = Pages(index, name, model, writing, write=write)
    try:
        yield pages
    finally:
        pages.close()
