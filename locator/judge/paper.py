"""Mode `paper`: the reference method, for comparison (Rafiei Oskooei et al., arXiv 2512.05908).

A model reads summaries only, three times: of all repositories, to route to 3; of all directories of each of
these, to choose 3; of the files in them, to choose 10. No search, no code, no history. What the paper leaves
open is decided as simply as can be: the files of all routed repositories are ranked in one prompt. Summaries
are those of the index: written ones where a model wrote them, else the offline ones.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from locator.answer import Answer, Evidence, FileHit, RouteHit, Step
from locator.confidence import verdict
from locator.filters import Filter, passing, repositories
from locator.judge.answers import calls_of, failed, plain, usage_note, within
from locator.judge.judge import Choice
from locator.judge.limits import Judging
from locator.judge.prompt import brief, clip
from locator.judge.sources import Sources
from locator.locate import Options, Progress, directories, locate_in
from locator.query import understand
from locator.report.reader import Report, read
from locator.scope import Scope
from locator.snapshots import views_at
from locator.tree.tree import Tree
from locator.weights import Weights
from summaries.errors import ModelError
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.llm.chat import Answered, Chat
from summaries.llm.prompting import data, prompt
from summaries.llm.schema import read_as, schema_of
from summaries.llm.types import BYTES, ContextTooLong, Message, Request, tokens
from summaries.paths import Role

REPOSITORIES, DIRECTORIES, FILES = 3, 3, 10  # chosen at each step, as published
READ = 100_000  # tokens of summaries in one prompt; longer ones are shortened evenly
CALLS = 3  # one after another; each may take as long as a judge may


class Choices(Struct, frozen=True):
    """What each step of the reference method answers."""

    reasoning: str
    ranking: list[Choice]


Place = tuple[str, str]  # repository, path; a path of "" is the repository


def paper(
    index: Index,
    report: Report | str,
    options: Options,
    chat: Chat,
    judging: Judging | None = None,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
) -> Answer:
    """The reference method's answer; the offline one where the model fails. Raises what `locate` raises."""
    report = read(report) if isinstance(report, str) else report
    views, notes = views_at(index, repositories(index, options.repos), options.at)
    progress(Step("paper", title=report.title, frames=len(report.frames), mentions=len(report.mentions)))
    return paper_in(index, views, report, options, chat, judging, weights, progress, notes)


def paper_in(
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
    """As `paper`, over these snapshots."""
    judging = judging or Judging()
    seconds = judging.seconds and judging.seconds * CALLS
    run = _Run(index, views, report, options, chat, judging)
    try:
        return within(seconds, partial(run.answer, notes, seconds))
    except ModelError as e:
        offline = locate_in(index, views, understand(report), options, weights, progress, notes)
        return failed(offline, options.limit, e, "paper")


class _Run:
    """One question on its way through the three steps."""

    def __init__(
        self,
        index: Index,
        views: Sequence[View],
        report: Report,
        options: Options,
        chat: Chat,
        judging: Judging,
    ) -> None:
        self.report, self.options, self.chat, self.judging = report, options, chat, judging
        self.sources = Sources(index, views)
        self.trees = {v.repo: Tree(index, v) for v in views}
        self.calls: list[Answered[Choices]] = []
        self.deadline: float | None = None
        scope = Scope(views)
        wanted = passing(scope, Filter(options.languages, options.paths))
        barred = Role.DOC if options.tests else Role.DOC | Role.TEST | Role.MOCK
        self.files: dict[str, list[str]] = {v.repo: [] for v in views}
        for i, off in enumerate(scope.with_role(barred)):
            if not off and (wanted is None or wanted[i]):
                view, n = scope.locate(i)
                self.files[view.repo].append(view.path(n))

    def answer(self, notes: tuple[str, ...], seconds: float | None) -> Answer:
        began = time.monotonic()
        self.deadline = None if seconds is None else began + seconds
        repos = [(r, "") for r, files in self.files.items() if files]
        routed = self._choose("route", repos, REPOSITORIES)
        folders: list[Place] = []
        for (repo, _), _ in routed:
            own = sorted({p.rpartition("/")[0] for p in self.files[repo]})
            folders += [d for d, _ in self._choose("directories", [(repo, d) for d in own], DIRECTORIES)]
        inside = [(r, p) for r, d in folders for p in self.files[r] if p.rpartition("/")[0] == d]
        limit = max(1, min(FILES, self.options.limit))
        files = tuple(
            self._hit(place, why, n) for n, (place, why) in enumerate(self._choose("files", inside, limit))
        )
        sure = 0.5 if files else 0.0
        return Answer(
            self.report.title,
            tuple(self._route(place[0], why, n) for n, (place, why) in enumerate(routed)),
            directories(files),
            files,
            sure,
            verdict(sure, bool(files)),
            sum(map(len, self.files.values())),
            round(time.monotonic() - began, 4),
            (
                *notes,
                "the reference method gives no confidence: 0.5 stands for it",
                usage_note(self.calls, self.chat.model),
            ),
            calls_of(self.calls),
        )

    def _choose(self, step: str, offered: Sequence[Place], count: int) -> list[tuple[Place, str]]:
        """Offered places in the model's order with its reasons; what was not offered is dropped."""
        if not offered:
            return []
        if len(offered) <= count and step != "files":
            return [(p, "all there is") for p in offered]
        budget = READ
        while True:
            request = Request(f"paper {step}", self.chat.model, self._messages(step, offered, count, budget),
                              "choices", schema_of(Choices), 1500, options=self.chat.settings.options)  # fmt: skip
            try:
                told = self.chat.ask(request, lambda text: read_as(text, Choices), self.deadline)
                break
            except ContextTooLong:
                budget //= 2
                if budget < 2000:
                    raise
        self.calls.append(told)
        chosen = {c.id: plain(c.why) or "chosen without a reason" for c in reversed(told.value.ranking)}
        order = dict.fromkeys(c.id for c in told.value.ranking if 1 <= c.id <= len(offered))
        if not order:
            raise ModelError(f"the model chose none of the {step} that were offered")
        return [(offered[n - 1], chosen[n]) for n in list(order)[:count]]

    def _messages(self, step: str, offered: Sequence[Place], count: int, budget: int) -> tuple[Message, ...]:
        texts = [self.trees[r].summary(p) for r, p in offered]
        names = [self.sources.label(r, p) if step == "files" else p or ("(top level)" if step == "directories" else r)
                 for r, p in offered]  # fmt: skip
        left = budget - sum(tokens(n) + 4 for n in names)
        share = max(60, int(BYTES * left) // len(offered))  # characters
        listed = "\n".join(f"{n}. {name}\n   {clip(text, share)}"
                           for n, (name, text) in enumerate(zip(names, texts, strict=True), 1))  # fmt: skip
        values: dict[str, Any] = {"report": brief(self.report, self.judging.report), "count": str(count)}
        shown = {"route": "repositories", "directories": "directories", "files": "files"}[step]
        values[shown] = data(shown, listed)
        if step == "directories":
            repo = offered[0][0]
            values["repository"] = data("repository", f"{repo}: {clip(self.trees[repo].summary(''), 1500)}")
        folder = Path(self.judging.folder) if self.judging.folder else None
        return prompt(f"paper-{step}", folder).filled(**values)

    def _route(self, repo: str, why: str, place: int) -> RouteHit:
        tree = self.trees[repo]
        commit, score = tree.view.info.commit, round(1 - place / (2 * REPOSITORIES), 4)
        return RouteHit(repo, commit, score, (Evidence("paper", why),), tree.summary(""))

    def _hit(self, place: Place, why: str, n: int) -> FileHit:
        repo, path = place
        tree = self.trees[repo]
        score = round(1 - n / (2 * FILES), 4)
        return FileHit(repo, path, tree.facts(path).language, score, (Evidence("paper", why, 0, score),),
                       summary=tree.summary(path))  # fmt: skip
