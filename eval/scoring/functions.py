"""Function level: did an answer name a function that the fix changed?

The functions that a fix changed are those of the version before it in which it changed, removed or added lines: the
innermost ones, and none that it made. Versions are parsed as the indexer parses them, and functions compared
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
from eval.runfile import RunLine
from indexer.git.git import Git
from summaries.errors import BugatlasError
from summaries.types import Symbol

KS = (1, 5)
FILES = 200  # of a fix that are looked at
CALLED = ("function", "method")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

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
        old, new = _spans(diff)
        if not old and not new:
            continue
        before = _functions(git, f"{sha}^", path)
        after = _functions(git, sha, path) if new else []
        known = {s.qualname for s in before}
        names = {s.qualname for first, last in old for s in _touched(before, first, last)}
        names |= {s.qualname for first, last in new for s in _touched(after, first, last)} & known
        yield from ((path, name) for name in sorted(names))


Spans = list[tuple[int, int]]  # first and last line


def _spans(diff: bytes) -> tuple[Spans, Spans]:
    """Lines of the old version that were changed or removed, and of the new one that were changed or added."""
    old: Spans = []
    new: Spans = []
    for m in filter(None, map(_HUNK.match, diff.split(b"\n"))):
        for spans, first, size in ((old, m[1], m[2]), (new, m[3], m[4])):
            count = 1 if size is None else int(size)
            if count:
                spans.append((int(first), int(first) + count - 1))
    return old, new


def _functions(git: Git, at: str, path: str) -> list[Symbol]:
    """Functions of a file at a commit."""
    from indexer.parse.languages import language_of, refine
    from indexer.parse.parse import parse

    text = git.run("cat-file", "blob", f"{at}:{path}").decode("utf-8", "replace")
    language = refine(path, text) or language_of(path)
    return [s for s in parse(path, text, language).symbols if s.kind in CALLED] if language else []


def _touched(symbols: Sequence[Symbol], first: int, last: int) -> Iterable[Symbol]:
    """The innermost functions that hold these lines."""
    for n in range(first, min(last, first + 5000) + 1):
        around = [s for s in symbols if s.start <= n <= s.end]
        if around:
            yield min(around, key=lambda s: s.end - s.start)


def named_functions(line: RunLine | None) -> list[Function]:
    """Functions of an answer: file by file, those of a file in their order."""
    if line is None:
        return []
    return list(dict.fromkeys((h.repo, h.path, f.name) for h in line.ranked for f in h.functions))


def function_scores(
    gold: Mapping[str, set[Function]], cases: Sequence[Case], run: Mapping[str, RunLine]
) -> FunctionScores:
    """Success@k of a run over the cases whose fix changed a function."""
    ids = [c.id for c in cases if gold.get(c.id)]
    values = np.zeros((len(ids), len(KS)))
    for n, i in enumerate(ids):
        named = named_functions(run.get(i))
        values[n] = [bool(gold[i] & set(islice(named, k))) for k in KS]
    return FunctionScores(tuple(ids), values)
