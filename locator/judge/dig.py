"""A model that looks things up before its last word: a few turns, each with typed requests, within a hard budget.

What was looked up, and why, stands in the answer, so that a person can follow. Whatever goes wrong, the answer
before it stands.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from locator.answer import Answer, FileHit, Look, RouteHit, Step
from locator.judge.answers import calls_of, notes_of, plain, questions_of, reordered, within
from locator.judge.chance import doubtful, rated
from locator.judge.limits import Judging
from locator.judge.prompt import brief, clip, system_map, telling
from locator.judge.sources import Sources
from locator.judge.tools import NotThere, Tools, Wish
from locator.judge.turns import LAST_TOOLS, TOOLS, Finding, Found, LastTurn, Turn, read_turn
from locator.locate import Progress
from locator.report.reader import Report
from locator.weights import Weights
from summaries.errors import ModelError
from summaries.llm.chat import Answered, Chat
from summaries.llm.prompting import data, prompt
from summaries.llm.schema import schema_of
from summaries.llm.types import Message, Request, Tool, prompt_tokens, tokens

REQUESTS = 5  # of a turn; further ones are not answered
LOOKED = 5500  # tokens of all that was looked up, in one prompt; the oldest gives way
TURN = 2600  # tokens of what one turn looks up
ANSWER, WRITTEN = 1500, 450  # tokens that a turn may have, and that one has
REPORT, LISTED = 900, 20  # tokens of the report; candidates in the list


class _Shown(Struct):
    """A request with what it was answered."""

    turn: int
    wish: Wish
    text: str


def dig(
    sources: Sources,
    answer: Answer,
    report: Report,
    chat: Chat,
    judging: Judging,
    weights: Weights,
    calls: list[Answered[Any]],
    progress: Progress = lambda step: None,
) -> Answer:
    """The judged answer, looked into further; `calls` gets those that were made."""
    seconds = judging.dig_seconds
    run = _Dig(sources, answer, report, chat, judging, weights, calls)
    try:
        found = within(seconds, partial(run.work, seconds, progress))
    except ModelError as e:
        note = f"looking further came to no answer: {plain(str(e))}"
        return replace(answer, notes=(*answer.notes, note), looks=run.looks())
    return run.ended(found)


class _Dig:
    """One question on its way."""

    def __init__(
        self,
        sources: Sources,
        answer: Answer,
        report: Report,
        chat: Chat,
        judging: Judging,
        weights: Weights,
        calls: list[Answered[Any]],
    ) -> None:
        self.answer, self.chat, self.judging, self.weights, self.calls = answer, chat, judging, weights, calls
        self.tools = Tools(sources, list(answer.files[:LISTED]), weights)
        self.shown: list[_Shown] = []
        self.prompt, self.last_prompt = (prompt(name, judging.prompts) for name in ("dig", "dig-last"))
        self.report = brief(report, REPORT)
        repos = list(dict.fromkeys(f.repo for f in answer.files))
        self.system = data("system", system_map(sources, answer.routes, repos))
        self.unknown = 0

    def work(self, seconds: float | None, progress: Progress) -> Finding:
        """Turns until the last word. Raises ModelError where none comes."""
        deadline = None if seconds is None else time.monotonic() + seconds
        for turn in range(1, self.judging.dig_turns + 1):
            progress(Step("dig", turn - 1, self.judging.dig_turns, routes=self.answer.routes))
            request, last = self._request(turn)
            call = self.chat.ask(request, read_turn, deadline)
            self.calls.append(call)
            if call.value.answer and call.value.answer.ranking:
                return call.value.answer
            if last:
                break
            self._look(turn, call.value.requests)
        raise ModelError("the model went on asking until the budget was spent")

    def _request(self, turn: int) -> tuple[Request, bool]:
        """The next question, and whether it is the last that the budget allows. Raises ModelError if none is."""
        left = self.judging.dig_total - sum(c.read + c.written for c in calls_of(self.calls))
        request = self._last()
        cost = prompt_tokens(request) + WRITTEN
        if cost > left:
            raise ModelError(f"the next call would need {cost:,} tokens, and {max(0, left):,} are left")
        further = self._further(turn, prompt_tokens(self._asks(1)) + WRITTEN, left)
        return (self._asks(further) if further else request), not further

    def _further(self, turn: int, cost: int, left: int) -> int:
        """How many times the model may ask before its last word, this turn among them.

        Each call reads all of the one before again and what that looked up, until there is no more room for it.
        """
        most = cost + max(0, LOOKED - tokens(self._looked()))
        times = 0
        while times < self.judging.dig_turns - turn:
            left -= cost
            cost = min(most, cost + TURN)
            if cost > left:
                break
            times += 1
        return times

    def _asks(self, further: int) -> Request:
        rounds = "one more round" if further == 1 else f"{further} more rounds"
        room = f"There is room for {rounds} of requests, this one included; then you have to answer."
        messages = self.prompt.filled(**self._data(), turn=room, most=str(REQUESTS), room=f"{TURN:,}")
        return self._asking(messages, Turn, TOOLS)

    def _last(self) -> Request:
        return self._asking(self.last_prompt.filled(**self._data()), LastTurn, LAST_TOOLS)

    def _data(self) -> dict[str, str]:
        return {
            "report": self.report,
            "system": self.system,
            "candidates": self._candidates(),
            "looked": self._looked(),
        }

    def _asking(
        self, messages: tuple[Message, ...], answer: type[Struct], tools: tuple[Tool, ...]
    ) -> Request:
        model = self.judging.model or self.chat.model
        options = self.chat.settings.options
        return Request(
            "dig", model, messages, "turn", schema_of(answer), ANSWER, options=options, tools=tools
        )

    def _candidates(self) -> str:
        """Known files: those of the first opinion with its reasons, of the others the path alone."""
        opinion = [n[len("the model: ") :] for n in self.answer.notes if n.startswith("the model: ")]
        word = self.answer.judgement
        lines = [f"First opinion ({word.sure if word else 'none'}): {opinion[-1]}"] if opinion else []
        hits = {(f.repo, f.path): f for f in self.answer.files[:LISTED]}
        for n, (repo, path) in enumerate(self.tools.known, 1):
            f = hits.get((repo, path))
            lines.append(f"{n}. {self.tools.sources.label(repo, path)}{_opinion(f) if f else ''}")
        return data("candidates", "\n".join(lines))

    def _looked(self) -> str:
        """What was looked up, the newest whole; of what there is no room for, what it was."""
        left = LOOKED
        out: list[str] = []
        for s in reversed(self.shown):
            head = f"[turn {s.turn}] {s.wish.tool} {s.wish.words()}"
            text = f"{head}\n{s.text}"
            if tokens(text) > left:
                text = f"{head}: seen before, left out for want of room"
            left -= tokens(text)
            out.append(text)
        return data("looked up", "\n\n".join(reversed(out)) or "nothing yet")

    def _look(self, turn: int, wishes: Sequence[Wish]) -> None:
        if not wishes:
            raise ModelError("the model neither answered nor asked for anything")
        asked = list(dict.fromkeys(wishes))[:REQUESTS]
        texts = [self.tools.answer(wish, TURN) for wish in asked]
        rooms = shared([tokens(text) for text in texts], TURN)
        for wish, text, room in zip(asked, texts, rooms, strict=True):
            fits = tokens(text) <= room
            self.shown.append(_Shown(turn, wish, text if fits else self.tools.answer(wish, room)))
        if len(wishes) > len(asked):
            more = f"{len(wishes) - len(asked)} further requests were not answered: {REQUESTS} a turn"
            self.shown.append(_Shown(turn, Wish("summary", why="too many"), more))

    def looks(self) -> tuple[Look, ...]:
        """What was looked up, for people."""
        return tuple(
            Look(s.turn, s.wish.tool, plain(s.wish.words()), plain(s.wish.why), plain(clip(s.text, 160)))
            for s in self.shown
        )

    def ended(self, finding: Finding) -> Answer:
        """The answer by the model's last word."""
        order = self._order(finding.ranking)
        if not order:
            note = "looking further named no file that is here"
            return replace(self.answer, notes=(*self.answer.notes, note), looks=self.looks())
        before = self.answer.judgement
        assert before is not None
        first, best = order[0][0], self.answer.files[0]
        same = (first.repo, first.path) == (best.repo, best.path)
        word = replace(before, agrees=before.agrees if same else False, sure=finding.sure, dug=True)
        base = replace(self.answer, routes=self._routes([f.repo for f, _ in order]))
        out = reordered(base, order, "dig")
        notes = (*self.answer.notes, *notes_of(finding.analysis, self.unknown))
        ask = questions_of(finding.questions) if doubtful(word) else ()
        out = replace(out, notes=notes, looks=self.looks(), doubt=plain(finding.doubt), questions=ask)
        return rated(out, word, self.weights)

    def _order(self, ranking: Sequence[Found]) -> list[tuple[FileHit, str]]:
        """Files of the last word, each once; those that are not here are counted and dropped."""
        hits = {(f.repo, f.path): f for f in self.answer.files}
        out: dict[tuple[str, str], tuple[FileHit, str]] = {}
        for choice in ranking[:20]:
            try:
                key = self.tools.file(choice.file)
            except NotThere:
                self.unknown += 1
                continue
            if key not in out:
                hit = hits.get(key) or self.tools.sources.hit(*key)
                hit = self.tools.sources.with_functions(hit, choice.functions)
                out[key] = hit, plain(choice.why) or "chosen without a reason"
        return list(out.values())

    def _routes(self, repos: Sequence[str]) -> tuple[RouteHit, ...]:
        """Routes with those of repositories that only the model came to."""
        known = {r.repo for r in self.answer.routes}
        views = self.tools.sources.views
        new = [r for r in dict.fromkeys(repos) if r not in known]
        return (*self.answer.routes, *(RouteHit(r, views[r].info.commit, 0.0, ()) for r in new))


def shared(wanted: Sequence[int], room: int) -> list[int]:
    """What each of several may have of the room: all that it wants where that is less than its share."""
    out = [0] * len(wanted)
    for n, i in enumerate(sorted(range(len(wanted)), key=lambda i: wanted[i])):
        out[i] = min(wanted[i], room // (len(wanted) - n))
        room -= out[i]
    return out


def _opinion(f: FileHit) -> str:
    """What has been said of a file so far, and its best function."""
    reason = next((e.text for e in f.evidence if e.voter == "judge"), "")
    told = reason or next((e.text for e in telling(f.evidence)), "")
    function = f.symbols[0].qualname if f.symbols and reason else ""
    text = ": ".join(x for x in (function, clip(told, 130)) if x)
    return f": {text}" if text else ""
