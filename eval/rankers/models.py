"""Runs that ask a model: the mode of a configuration, one client a process, and what its calls took by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from eval.rankers.settings import ModelSetup, RunSettings
from eval.runfile import LISTED, RunLine
from locator.answer import Answer, Call
from locator.locate import Options
from locator.modes import find_in, mode_of, open_model, replaying
from locator.report.reader import Report
from locator.scope import Scope
from locator.weights import Weights
from summaries.config import load
from summaries.config_models import reach
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.llm.chat import Chat

_chats: dict[str, Chat] = {}  # by configuration: a process opens each once


def ask(
    index: Index, views: Sequence[View], report: Report, model: ModelSetup, weights: Weights, *, tests: bool
) -> Answer:
    """The answer of a mode that asks a model, with everything that the search found behind it."""
    key = msgspec.json.encode(msgspec.to_builtins(model)).decode()
    if key not in _chats:
        record, replay = (Path(p) if p else None for p in (model.record, model.replay))
        _chats[key] = open_model(model.settings, index.root, record, replay)
    options = Options(limit=LISTED, tests=tests, nearest=True)
    return find_in(index, views, report, options, model.settings, _chats[key], weights)


def close() -> None:
    """Let go of the clients of this process."""
    while _chats:
        _chats.popitem()[1].close()


def places(scope: Scope, answer: Answer) -> list[int]:
    """Numbers of an answer's files in a scope, in order."""
    at = {v.repo: (dict(zip(v.paths, range(len(v)), strict=True)), int(s))
          for v, s in zip(scope.views, scope.starts, strict=False)}  # fmt: skip
    return [at[f.repo][1] + at[f.repo][0][f.path] for f in answer.files]


def with_model(
    settings: RunSettings,
    mode: str,
    model: str,
    file: Path | None,
    record: Path | None,
    replay: Path | None,
    changes: Sequence[str] = (),
) -> RunSettings:
    """Settings of a run that asks a model. Raises UsageError where there's a mode and no model."""
    said = [f"{k}={v}" for k, v in (("mode", mode), ("model", model)) if v]
    found = replaying(load(file, [*said, *changes]), replay)
    chosen = mode_of(found)
    if chosen == "offline":
        return settings
    if not found.model:
        raise UsageError(
            f"mode {chosen} needs a model", "give --model NAME, --model file:DIR or --replay FILE"
        )
    asked = ModelSetup(replace(found, mode=chosen), str(record or ""), str(replay or ""))
    name = f"{settings.name} {chosen} {reach(found).name}".strip()
    return replace(settings, name=name, model=asked)


class StageCost(Struct, frozen=True):
    """Calls of one stage, over all cases."""

    stage: str
    model: str
    cases: int
    calls: int
    kept: int  # of those, answered from the cache or a recording
    tokens: float  # median of a case that has such a call
    total: int
    money: float
    median_seconds: float  # of calls that a model answered; 0 where none did
    p95_seconds: float


def stages(lines: Mapping[str, RunLine]) -> tuple[StageCost, ...]:
    """What a run's calls took, in order of their first use, and last all of them together."""
    calls = [(line.id, c) for line in lines.values() for c in line.calls]
    names = list(dict.fromkeys((c.stage, c.model) for _, c in calls))
    out = [_stage(n, m, [(i, c) for i, c in calls if (c.stage, c.model) == (n, m)]) for n, m in names]
    return (*out, _stage("all", "", calls)) if len(out) > 1 else tuple(out)


def _stage(name: str, model: str, calls: Sequence[tuple[str, Call]]) -> StageCost:
    by_case: dict[str, int] = {}
    for case, c in calls:
        by_case[case] = by_case.get(case, 0) + c.read + c.written
    kept = [c for _, c in calls if c.source in ("cache", "replay")]
    seconds = [c.seconds for _, c in calls if c.source not in ("cache", "replay")]
    return StageCost(
        name, model, len(by_case), len(calls), len(kept), float(median(by_case.values())), sum(by_case.values()),
        round(sum(c.money for _, c in calls), 6), median(seconds) if seconds else 0.0,
        float(np.percentile(seconds, 95)) if seconds else 0.0,
    )  # fmt: skip


COSTS = ("stage", "model", "cases", "calls", "tokens a case", "tokens", "money", "median s", "p95 s")


def costs(s: StageCost) -> tuple[str, ...]:
    """A stage as the cells of a table."""
    calls = f"{s.calls:,}" + (f" ({s.kept:,} kept)" if s.kept else "")
    waited = (f"{s.median_seconds:.2f}", f"{s.p95_seconds:.2f}") if s.calls > s.kept else ("–", "–")
    return (
        s.stage,
        s.model,
        f"{s.cases:,}",
        calls,
        f"{s.tokens:,.0f}",
        f"{s.total:,}",
        f"{s.money:.4f}",
        *waited,
    )
