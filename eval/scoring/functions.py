"""Function level: did an answer name a function that the fix changed?

The functions that a fix changed are those of the version before it in which lines were changed or removed, or between
whose lines some were added: the innermost one. Versions are parsed as the indexer parses them, and functions compared
by file and qualified name, because lines move between the snapshot searched and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from eval.cases import Case, Repo
from eval.runfile import Line
from indexer.git.git import Git
from summaries.errors import BugatlasError
from summaries.types import Symbol

KS = (1, 5)
FILES = 200  # of a fix that are looked at
CALLED = ("function", "method")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+")

Function = tuple[str, str, str]  # repository, path, qualified name


class FunctionScores(Struct, frozen=True):
    """Success@k of every case whose fix changed a function: `values` is (cases, KS)."""

    ids: tuple[str, ...]
    values: NDArray[np.float64]


def changed_functions(
    cases: Sequence[Case], repos: Sequence[Repo], pattern: str
) -> tuple[dict[str, set[Function]], list[str]]:
    """For each case the functions of its gold files that its fixes changed; and what could not be read."""
    out: dict[str, set[Function]] = {c.id: set() for c in cases}
    problems = []
    for repo in repos:
        fixed = [(c, f.commit) for c in cases for f in c.fix_commits if f.repo == repo.name]
        if not fixed:
            continue
        try:
            with Git(repo.where(pattern)) as git:
                for case, commit in fixed:
                    gold = {g.path for g in case.gold if g.repo == repo.name}
                    try:
                        found = set(_changed(git, commit, gold))
                    except BugatlasError as e:
                        problems.append(case.problem(f"{commit[:12]}: {e.message}"))
                        continue
                    out[case.id] |= {(repo.name, path, name) for path, name in found}
        except BugatlasError as e:
            problems.append(f"{repo.name}: {e}")
    return out, problems


def _changed(git: Git, commit: str, gold: set[str]) -> Iterator[tuple[str, str]]:
    """Path and qualified name of every function that a commit changed in these files."""
    sha, _, _ = git.resolve(commit)
    for path in sorted(gold)[:FILES]:
        diff = git.run(
            "diff", "-U0", "--no-renames", "--no-ext-diff", "--no-textconv", f"{sha}^", sha, "--", path
        )
        spans = list(_spans(diff))
        if not spans:
            continue
        text = git.run("cat-file", "blob", f"{sha}^:{path}").decode("utf-8", "replace")
        symbols = _functions(path, text)
        for first, last in spans:
            yield from ((path, s.qualname) for s in _touched(symbols, first, last))


def _spans(diff: bytes) -> Iterator[tuple[int, int]]:
    """Changed lines of the old version: first and last; of pure additions the lines that they stand between."""
    for line in diff.split(b"\n"):
        if m := _HUNK.match(line):
            first, size = int(m[1]), int(m[2] if m[2] is not None else 1)
            yield (first, first + size - 1) if size else (first, first + 1)


def _functions(path: str, text: str) -> list[Symbol]:
    from indexer.parse.languages import language_of, refine
    from indexer.parse.parse import parse

    language = refine(path, text) or language_of(path)
    return [s for s in parse(path, text, language).symbols if s.kind in CALLED] if language else []


def _touched(symbols: Sequence[Symbol], first: int, last: int) -> Iterable[Symbol]:
    """The innermost functions that hold changed lines. Between two functions nothing is touched."""
    for n in range(first, min(last, first + 5000) + 1):
        around = [s for s in symbols if s.start <= n <= s.end]
        if around:
            yield min(around, key=lambda s: s.end - s.start)


def named_functions(line: Line | None) -> list[Function]:
    """Functions of an answer: file by file, those of a file in their order."""
    if line is None:
        return []
    return list(dict.fromkeys((h.repo, h.path, f.name) for h in line.ranked for f in h.functions))


def function_scores(
    gold: Mapping[str, set[Function]], cases: Sequence[Case], run: Mapping[str, Line]
) -> FunctionScores:
    """Success@k of a run over the cases whose fix changed a function."""
    ids = [c.id for c in cases if gold.get(c.id)]
    values = np.zeros((len(ids), len(KS)))
    for n, i in enumerate(ids):
        named = named_functions(run.get(i))
        values[n] = [bool(gold[i] & set(islice(named, k))) for k in KS]
    return FunctionScores(tuple(ids), values)
