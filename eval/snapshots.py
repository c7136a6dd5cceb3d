"""Time travel: which commit of every repository a case is asked of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import xxhash
from msgspec import Struct

from eval import working_index
from eval.cases import Case, Repo
from eval.working_index import Say
from indexer.git.git import Git
from summaries.errors import BugatlasError, SnapshotMissing

SCOPES = ("all", "reported", "oracle")
Commits = dict[str, dict[str, str]]  # case id -> repository -> commit


class CaseSnapshots(Struct, frozen=True):
    """An index that holds every snapshot that the cases need, and which one each of them needs."""

    root: Path
    commits: Commits
    problems: tuple[str, ...] = ()


def prepare(
    cases: Sequence[Case],
    repos: Sequence[Repo],
    pattern: str,
    scope: str,
    work: Path | None = None,
    jobs: int | None = None,
    say: Say = lambda line: None,
) -> CaseSnapshots:
    """Resolve every case's commits and index what the working folder does not hold yet.

    What cannot be resolved or indexed is told in `problems`, and the rest goes on.
    """
    commits, problems = commits_of(cases, repos, pattern, scope)
    root = work or working_index.default_folder(repos, pattern)
    problems += working_index.fill(root, repos, pattern, every_commit(commits), jobs, say)
    return CaseSnapshots(root, commits, tuple(problems))


def commits_of(
    cases: Sequence[Case], repos: Sequence[Repo], pattern: str, scope: str
) -> tuple[Commits, list[str]]:
    """For each case and repository in scope the commit to search, and what could not be resolved.

    `base` wins; else the newest commit on the first-parent line whose committer time is before `as_of`.
    """
    out: Commits = {c.id: {} for c in cases}
    known = {r.name for r in repos}
    problems = [
        c.problem(f"{r} is not among the repositories") for c in cases for r in sorted(_needed(c) - known)
    ]
    problems += [
        c.problem("neither base nor as_of: searched at the newest commit") for c in cases if _dateless(c)
    ]
    for repo in repos:
        asked = [c for c in cases if admits(scope, c, repo.name)]
        if not asked:
            continue
        try:
            with Git(repo.where(pattern)) as git:
                problems += _resolve(git, repo.name, asked, out)
        except BugatlasError as e:
            problems.append(f"{repo.name}: {e}")
    return out, problems


def admits(scope: str, case: Case, repo: str) -> bool:
    """Whether a scope lets this case search this repository."""
    if scope == "reported":
        return repo == case.reported_in if case.reported_in else any(b.repo == repo for b in case.base)
    return scope == "all" or any(g.repo == repo for g in case.gold)


def every_commit(commits: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Distinct commits by repository, in first-asked order."""
    out: dict[str, dict[str, None]] = {}
    for by_repo in commits.values():
        for repo, commit in by_repo.items():
            out.setdefault(repo, {})[commit] = None
    return {r: list(c) for r, c in out.items()}


def digest(commits: Mapping[str, Mapping[str, str]]) -> str:
    """16 hex digits that pin the corpus: every repository's commit in every case."""
    lines = sorted(f"{case} {r} {c}" for case, by_repo in commits.items() for r, c in by_repo.items())
    return xxhash.xxh3_64_hexdigest("\n".join(lines).encode())


def _needed(case: Case) -> set[str]:
    return {g.repo for g in case.gold} | {b.repo for b in case.base}


def _dateless(case: Case) -> bool:
    return case.as_of is None and not case.base


def _resolve(git: Git, repo: str, cases: Sequence[Case], out: Commits) -> list[str]:
    line = _first_parents(git)
    based = {c.id: b.commit for c in cases for b in c.base if b.repo == repo}
    full = dict(zip(based, git_commits(git, based.values()), strict=True))
    problems = []
    at: dict[int | None, str | None] = {}
    for case in cases:
        if case.before not in at:
            at[case.before] = _before(line, case.before)
        commit = full[case.id] if case.id in based else at[case.before]
        if commit:
            out[case.id][repo] = commit
        elif case.id in based:
            problems.append(case.problem(f"{repo} has no commit {based[case.id][:12]}"))
        elif any(g.repo == repo for g in case.gold):
            problems.append(case.problem(f"{repo} has no commit before {case.as_of}"))
    return problems + _absent(git, repo, [c for c in cases if repo in out[c.id]], out)


def _absent(git: Git, repo: str, cases: Sequence[Case], out: Commits) -> list[str]:
    """Gold files that were not there when the bug was reported: no ranking can hold them."""
    asked = [(c, g.path) for c in cases for g in c.gold if g.repo == repo]
    there = git_paths(git, [(out[c.id][repo], path) for c, path in asked])
    return [
        c.problem(f"{repo} has no file {path} at {out[c.id][repo][:12]}")
        for (c, path), found in zip(asked, there, strict=True)
        if not found
    ]


def git_commits(git: Git, names: Iterable[str]) -> list[str | None]:
    """The full hash of each commit; None where it is not (or no longer) in the repository."""
    out: list[str | None] = []
    for name in names:
        try:
            out.append(git.resolve(name)[0] if len(name) >= 7 else None)
        except SnapshotMissing:
            out.append(None)
    return out


def git_paths(git: Git, wanted: Sequence[tuple[str, str]]) -> list[bool]:
    """Whether each (commit, path) is a file."""
    plain = ["\n" not in path for _, path in wanted]
    text = "".join(f"{sha}:{path}\n" for (sha, path), ok in zip(wanted, plain, strict=True) if ok)
    said = git.run(
        "cat-file", "--batch-check=%(objecttype)", input=text.encode("utf-8", "replace")
    ).splitlines()
    answers = iter(line == b"blob" for line in said)
    return [ok and next(answers) for ok in plain]


def _first_parents(git: Git) -> list[tuple[int, str]]:
    """(committer time, commit) of the first-parent line, oldest first."""
    head, _, _ = git.resolve(None)
    out: list[tuple[int, str]] = []
    for line in reversed(
        git.run("rev-list", "--first-parent", "--timestamp", head).decode("ascii").splitlines()
    ):
        time, sha = line.split()
        out.append((int(time), sha))
    return out


def _before(line: Sequence[tuple[int, str]], moment: int | None) -> str | None:
    if moment is None:
        return line[-1][1] if line else None
    return next((sha for time, sha in reversed(line) if time < moment), None)
