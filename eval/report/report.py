"""Everything that a report says of its runs, as values; `eval.report.page` shows them, JSON and Markdown too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from eval.cases import Case
from eval.rankers.models import COSTS, StageCost, costs, stages
from eval.report import plain
from eval.runfile import RunLine, read_about, read_run
from eval.scoring.breakdown import Breakdown, breakdowns, kind_of
from eval.scoring.calibration_error import Trust, trust
from eval.scoring.intervals import Difference, Interval, differences, intervals
from eval.scoring.measures import COVERED, HEADLINE, Scores, first_ranks, given_repositories, repos_of, score
from summaries.errors import UsageError

MISSED = 1  # a case is a miss where no gold file is among so many first ones
SHOWN = 10  # files of a miss
HITS = 3  # shown before the misses


class Curve(Struct, frozen=True):
    """Success@k for every k to 100, with its interval."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class RunPart(Struct, frozen=True):
    """One run of the report."""

    name: str
    scope: str
    answered: int
    measures: Mapping[str, Interval]
    given: Mapping[str, Interval]  # with the gold's repositories given: files of others struck out
    against: Mapping[str, Difference]  # the first run minus this one; empty for the first
    curve: Curve
    given_curve: Curve
    trust: Trust | None
    seconds: tuple[float, ...]
    median_seconds: float
    p95_seconds: float
    stages: tuple[StageCost, ...] = ()  # what its models took


class Confusion(Struct, frozen=True):
    """How often gold of each repository was routed first to each."""

    repos: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]  # rows: the gold's repository


class Miss(Struct, frozen=True):
    """A case with its answer: mostly one whose first file was not gold."""

    case: Case
    line: RunLine | None
    rank: int | None  # of the first gold file listed
    kind: str
    routed: int | None  # rank of the first gold repository
    balance: Mapping[str, float]  # by voter: the best gold file's part less the first file's


class Book(Struct, frozen=True):
    """A report over one or more runs of the same cases."""

    title: str
    cases: int
    owner: str  # that all repositories of the gold share; "" where they don't
    parts: tuple[RunPart, ...]
    breakdowns: tuple[Breakdown, ...]  # of the first run
    confusion: Confusion | None
    misses: tuple[Miss, ...]  # of the first run, nearest first
    balance: Mapping[str, float]  # mean over misses whose gold came close
    hits: tuple[Miss, ...] = ()  # of the first run: some whose first file was gold
    repositories: tuple[tuple[str, int], ...] = ()  # of the gold, with how many cases each
    origin: tuple[tuple[str, str], ...] = ()  # of the first run: when, by which command and code


def book(cases: Sequence[Case], runs: Sequence[Path], title: str) -> tuple[Book, list[str]]:
    """Read and measure the runs; the first is told in full, the others beside it. Problems of lines are told."""
    if not runs:
        raise UsageError("no run given")
    read = [read_run(path) for path in runs]
    cases = cases_of(cases, runs[0], read[0][0])
    problems = [p for _, told in read for p in told]
    for path, (lines, _) in zip(runs, read, strict=True):
        strange = len(lines.keys() - {c.id for c in cases})
        if strange:
            problems.append(f"{path.name}: {strange} answers belong to no case")
    first, scores = read[0][0], score(cases, read[0][0])
    parts = [_part(path, cases, lines, scores) for path, (lines, _) in zip(runs, read, strict=True)]
    missed = misses(cases, first)
    near = [m.balance for m in missed if m.balance and m.rank is not None and m.rank <= 20]
    sums: Counter[str] = Counter()
    for balance in near:
        sums.update(balance)
    mean = {n: v / len(near) for n, v in sorted(sums.items(), key=lambda x: x[1])}
    told = breakdowns(cases, first, scores)
    owners = {g.repo.rpartition("/")[0] for c in cases for g in c.gold}
    owner = owners.pop() if len(owners) == 1 else ""
    found = Book(
        title,
        len(cases),
        owner,
        tuple(parts),
        told,
        confusion(cases, first),
        missed,
        mean,
        hits(cases, first),
        plain.repositories(cases),
        plain.origin(runs[0], read_about(runs[0])),
    )
    return found, problems


def cases_of(cases: Sequence[Case], run: Path, lines: Mapping[str, RunLine]) -> Sequence[Case]:
    """The cases that a run was about: with `--limit`, the first so many.

    A run that was broken off has asked fewer than it says, and what it did not answer counts as not found.
    """
    about = read_about(run)
    if about is None or not 0 < about.cases < len(cases):
        return cases
    first = cases[: about.cases]
    return first if lines.keys() <= {c.id for c in first} else cases


def _part(path: Path, cases: Sequence[Case], run: Mapping[str, RunLine], first: Scores) -> RunPart:
    about = read_about(path)
    scores, given = score(cases, run), given_repositories(cases, run)
    rows, other = (s.values[:, [s.names.index(n) for n in HEADLINE]] for s in (scores, score(cases, given)))
    base = first.values[:, [first.names.index(n) for n in HEADLINE]]
    same = bool(np.array_equal(first.values, scores.values))
    seconds = tuple(run[c.id].seconds for c in cases if c.id in run and run[c.id].seconds > 0)
    return RunPart(
        name=about.name if about else path.stem,
        scope=about.scope if about else "",
        answered=sum(bool(run[c.id].ranked) for c in cases if c.id in run),
        measures=dict(zip(HEADLINE, intervals(rows), strict=True)),
        given=dict(zip(HEADLINE, intervals(other), strict=True)),
        against={} if same else dict(zip(HEADLINE, differences(base, rows), strict=True)),
        curve=_curve(first_ranks(cases, run)),
        given_curve=_curve(first_ranks(cases, given)),
        trust=trust(cases, run),
        seconds=seconds,
        median_seconds=median(seconds) if seconds else 0.0,
        p95_seconds=float(np.percentile(seconds, 95)) if seconds else 0.0,
        stages=stages(run),
    )


def _curve(ranks: Sequence[int | None]) -> Curve:
    hits = np.array([[r is not None and r <= k for k in range(1, COVERED + 1)] for r in ranks], np.float64)
    found = intervals(hits.reshape(len(ranks), COVERED))
    return Curve(tuple(i.mean for i in found), tuple(i.low for i in found), tuple(i.high for i in found))


def confusion(cases: Sequence[Case], run: Mapping[str, RunLine]) -> Confusion | None:
    """None where only one repository was ever in question. Of several gold repositories the best routed counts."""
    pairs: Counter[tuple[str, str]] = Counter()
    for case in cases:
        routed = repos_of(run.get(case.id))
        if routed:
            gold = {g.repo for g in case.gold}
            truth = next((r for r in routed if r in gold), min(gold))
            pairs[truth, routed[0]] += 1
    weight: Counter[str] = Counter()
    for (truth, said), n in pairs.items():
        weight.update({truth: 1000 * n, said: n})
    names = tuple(sorted(weight, key=lambda r: (-weight[r], r)))
    if len(names) < 2:
        return None
    return Confusion(names, tuple(tuple(pairs[a, b] for b in names) for a in names))


def misses(cases: Sequence[Case], run: Mapping[str, RunLine]) -> tuple[Miss, ...]:
    """Cases whose first file is not gold, those that came nearest first."""
    out = []
    for case, rank in zip(cases, first_ranks(cases, run), strict=True):
        if rank is None or rank > MISSED:
            out.append(_answered(case, run.get(case.id), rank))
    return tuple(sorted(out, key=lambda m: (m.rank or 10**6, m.case.id)))


def hits(cases: Sequence[Case], run: Mapping[str, RunLine]) -> tuple[Miss, ...]:
    """Some cases whose first file is gold, of as many repositories as there are, the surest first."""
    found = [
        _answered(case, run.get(case.id), rank)
        for case, rank in zip(cases, first_ranks(cases, run), strict=True)
        if rank == 1
    ]
    found.sort(key=lambda m: (-((m.line.confidence if m.line else 0) or 0), m.case.id))
    first = {m.line.ranked[0].repo: m for m in reversed(found) if m.line}  # the surest of each repository
    ids = {m.case.id for m in first.values()}
    found.sort(key=lambda m: m.case.id not in ids)
    return tuple(found[:HITS])


def _answered(case: Case, line: RunLine | None, rank: int | None) -> Miss:
    gold = {g.repo for g in case.gold}
    routed = next((i for i, r in enumerate(repos_of(line), 1) if r in gold), None)
    short = replace(line, ranked=line.ranked[:SHOWN]) if line else None
    return Miss(case, short, rank, kind_of(line), routed, _balance(line))


def _balance(line: RunLine | None) -> dict[str, float]:
    """What each voter says for the best gold file over the first file of the answer."""
    targets = [t for t in line.gold if t.rank and t.parts] if line else []
    if not targets or line is None or not line.ranked or not line.ranked[0].parts:
        return {}
    best, top = min(targets, key=lambda t: t.rank or 0), line.ranked[0]
    names = {*best.parts, *top.parts}
    return {n: round(best.parts.get(n, 0.0) - top.parts.get(n, 0.0), 4) for n in sorted(names)}


def in_words(b: Book) -> list[str]:
    """What the runs mean, in plain sentences."""
    runs = [(p.name, p.measures) for p in b.parts]
    return list(plain.sentences(b.cases, runs, routed=len(b.repositories) > 1))


def as_markdown(b: Book) -> str:
    """The tables of a report, without its misses' texts."""
    out = [f"# {b.title}", "", _plain(" ".join(in_words(b))), ""]
    out += [*(f"- {name}: {_plain(value)}" for name, value in b.origin), ""] if b.origin else []
    out += [f"{b.cases} cases. Intervals are 95 % (bootstrap over cases).", ""]
    shown = (
        "Success@1",
        "Success@3",
        "Success@5",
        "Success@10",
        "MRR",
        "MAP",
        "Recall@10",
        "Route@1",
        "Route@3",
    )
    out += ["| run | scope | " + " | ".join(shown) + " | s |", "|---" * (len(shown) + 3) + "|"]
    for p in b.parts:
        told = " | ".join(_cell(p.measures[m]) for m in shown)
        out.append(f"| {_plain(p.name)} | {p.scope} | {told} | {p.median_seconds:.3f} |")
    if any(p.against for p in b.parts):
        out += ["", f"## {_plain(b.parts[0].name)} less each other run (paired; * leaves out zero)", ""]
        out += ["| run | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
        for p in b.parts[1:]:
            told = " | ".join(_difference(p.against.get(m)) for m in shown)
            out.append(f"| {_plain(p.name)} | {told} |")
    for p in b.parts:
        if p.stages:
            out += ["", f"## What the models of {_plain(p.name)} took", ""]
            out += ["| " + " | ".join(COSTS) + " |", "|---" * len(COSTS) + "|"]
            out += ["| " + " | ".join(map(_plain, costs(s))) + " |" for s in p.stages]
    out += ["", "## With the right repositories given", "", "| run | " + " | ".join(shown[:6]) + " |"]
    out.append("|---" * 7 + "|")
    out += [
        f"| {_plain(p.name)} | " + " | ".join(_cell(p.given[m]) for m in shown[:6]) + " |" for p in b.parts
    ]
    for way in b.breakdowns:
        names = list(way.groups[0].measures)
        out += [
            "",
            f"## {way.title}",
            "",
            "| | cases | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|",
        ]
        out += [
            f"| {_plain(g.name)} | {g.cases} | " + " | ".join(_cell(g.measures[m]) for m in names) + " |"
            for g in way.groups
        ]
    if t := b.parts[0].trust:
        out += ["", "## Confidence", "", f"Calibration error {t.error:.3f}, Brier score {t.brier:.3f}; "
                f"the surest half has Success@1 {t.surest_half:.3f}."]  # fmt: skip
    out += ["", f"## Misses ({len(b.misses)})", "", "| case | rank of gold | routed | evidence | title |"]
    out.append("|---" * 5 + "|")
    out += [
        f"| {_plain(m.case.id)} | {m.rank or '–'} | {m.routed or '–'} | {m.kind or '–'} | {_plain(m.case.title)[:90]} |"
        for m in b.misses
    ]
    return "\n".join(out) + "\n"


def _cell(i: Interval) -> str:
    return f"{i.mean:.3f} [{i.low:.2f}, {i.high:.2f}]"


def _difference(d: Difference | None) -> str:
    return f"{d.mean:+.3f}{'*' if d.sure else ''}" if d else "same"


def _plain(text: str) -> str:
    """Fit for a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'").split())
