"""One way in for all faces: the mode of the settings, its model, and the offline answer where that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from summaries.config import Settings
from summaries.config_models import Mode, reach
from summaries.errors import ModelError, UsageError

if TYPE_CHECKING:
    from locator.answer import Answer
    from locator.judge.limits import Judging
    from locator.locate import Options, Progress
    from locator.report.reader import Report
    from locator.search.query import SearchQuery
    from locator.search.search import Results, SearchOptions
    from locator.weights import Weights
    from summaries.index.index import Index
    from summaries.index.shard import View
    from summaries.llm.chat import Chat


def mode_of(settings: Settings) -> Mode:
    """The mode that applies: as set, else `judge` where there's a model."""
    return settings.mode or ("judge" if settings.model else "offline")


def find(
    index: Index,
    report: Report,
    options: Options,
    settings: Settings,
    weights: Weights | None = None,
    progress: Progress = lambda step: None,
    *,
    chat: Chat | None = None,
    record: Path | None = None,
    replay: Path | None = None,
    patience: float | None = None,
) -> Answer:
    """Answer a report in the mode of the settings. `chat` is one to use and leave open, for services.

    A model that cannot be asked, or hasn't answered after `patience` seconds, whatever the settings allow, leaves
    the offline answer, with a note. Who owns the files and changed them last, and how old the index is, is added in
    the end. Raises what `locate` raises, and StaleError where the settings want it.
    """
    from locator.people.whom import with_people
    from locator.tree.freshness import checked, with_freshness
    from locator.tree.worktree import worktrees

    if options.worktree:
        with worktrees(index, options.repos, options.at) as (here, notes):
            committed = replace(options, worktree=False)
            found = find(
                here, report, committed, replace(settings, stale="ignore"), weights, progress,
                chat=chat, record=record, replay=replay, patience=patience,
            )  # fmt: skip
            return replace(found, notes=(*notes, *found.notes))
    if not options.at:
        checked(index, options.repos, settings.stale)
    answer = _answered(index, report, options, settings, weights, progress, chat, record, replay, patience)
    answer = with_people(index, answer, report, options.at, names=settings.people)
    return with_freshness(index, answer, options.at, settings.stale)


def look_up(index: Index, query: SearchQuery, options: SearchOptions, stale: str) -> Results:
    """Search, and note which of the repositories found have moved on. Raises what `search` does, and StaleError."""
    from locator.search.search import search
    from locator.tree.freshness import checked, moved, notes_of

    if not options.at:
        checked(index, query.repos, stale)
    found = search(index, query, options)
    if options.at or stale == "ignore":
        return found
    return replace(found, notes=(*found.notes, *notes_of(moved(index, (h.repo for h in found.files)))))


def _answered(
    index: Index,
    report: Report,
    options: Options,
    settings: Settings,
    weights: Weights | None,
    progress: Progress,
    chat: Chat | None,
    record: Path | None,
    replay: Path | None,
    patience: float | None,
) -> Answer:
    """The answer of a mode, without its chat."""
    from locator.locate import locate

    mode = mode_of(settings)
    if mode == "offline":
        return locate(index, report, options, weights, progress)
    from locator.judge.answers import failed

    try:
        asked = chat or open_model(settings, index.root, record, replay)
    except ModelError as e:
        return failed(locate(index, report, options, weights, progress), options.limit, e, mode)
    try:
        if mode == "paper":
            from locator.judge.paper import CALLS, paper

            each = judging(settings, patience and patience / CALLS)
            return paper(index, report, options, asked, each, weights, progress)
        from locator.judge.judge import judge

        return judge(index, report, options, asked, judging(settings, patience), weights, progress)
    finally:
        if asked is not chat:
            asked.close()


def find_in(
    index: Index,
    views: Sequence[View],
    report: Report,
    options: Options,
    settings: Settings,
    chat: Chat,
    weights: Weights | None = None,
) -> Answer:
    """As `find` with a model, over these snapshots: what the evaluation asks."""
    if mode_of(settings) == "paper":
        from locator.judge.paper import paper_in

        return paper_in(index, views, report, options, chat, judging(settings), weights)
    from locator.judge.judge import judge_in

    return judge_in(index, views, report, options, chat, judging(settings), weights)


def replaying(settings: Settings, replay: Path | None) -> Settings:
    """Settings with the models of a recording, where they name none. Raises UsageError."""
    if not replay or settings.model or settings.mode == "offline":
        return settings
    from summaries.llm.recording import recorded

    models = {line.stage: line.model for line in recorded(replay).values()}
    if not models:
        raise UsageError(f"{replay} holds no answers", "make a recording with --record FILE")
    dug = models.pop("dig", "")
    first = next(iter(models.values()), dug)
    return replace(settings, model=first, dig_model=settings.dig_model or (dug if dug != first else ""))


def open_model(
    settings: Settings, root: Path, record: Path | None = None, replay: Path | None = None
) -> Chat:
    """The configured model with its ledger in the index. Raises ModelError."""
    from summaries.llm.chat import open_chat

    return open_chat(reach(settings), root, record=record, replay=replay)


def judging(settings: Settings, patience: float | None = None) -> Judging:
    """How much a judge may read, and how long it may take: `patience` seconds at most."""
    from locator.judge.limits import Judging

    waits = settings.model.startswith("file:")

    def limit(seconds: float) -> float | None:
        return patience if waits or not seconds else min(seconds, patience or seconds)

    return Judging(
        dig=settings.dig,
        always=settings.mode == "dig",
        dig_total=settings.dig_tokens,
        dig_turns=settings.dig_turns,
        dig_seconds=limit(settings.dig_seconds),
        model=settings.dig_model,
        seconds=limit(settings.judge_seconds),
        small=settings.judge_small,
        spare=settings.judge_spare,
        folder=settings.prompts,
    )


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a click command that has settings `--mode`, `--model`, `--record` and `--replay`."""
    import click

    @click.option("--mode", type=click.Choice(["offline", "judge", "dig", "paper"]),
                  help="Who orders the files.  [default: judge where a model is set, else offline]")  # fmt: skip
    @click.option(
        "--model", metavar="NAME|file:DIR", help="Language model, or a folder in which somebody answers."
    )
    @click.option("--record", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                  help="Write the model's answers to FILE as well.")  # fmt: skip
    @click.option("--replay", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
                  help="Take the model's answers from FILE and ask nobody.")  # fmt: skip
    @wraps(command)
    def run(*args: Any, settings: Settings, mode: Mode | None, model: str | None, **others: Any) -> None:
        changes = {n: v for n, v in (("mode", mode), ("model", model)) if v is not None}
        settings = replaying(replace(settings, **changes), others["replay"])
        if settings.mode in ("judge", "dig", "paper") and not settings.model:
            raise UsageError(
                f"mode {settings.mode} needs a model", "give --model NAME, --model file:DIR or --replay"
            )
        command(*args, settings=settings, **others)

    return run
