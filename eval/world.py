"""Time travel: an index that holds every repository as it was before each case's fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.cases import Case, Repo
from indexer.git import Git
from summaries.errors import BugatlasError

Commits = dict[str, dict[str, str]]  # case id -> repository -> commit


def commits_of(cases: Sequence[Case], repos: Sequence[Repo], pattern: str, scope: str) -> tuple[Commits, list[str]]:
    """For each case and repository in scope the commit to search, and what could not be resolved.

    `base` wins; else the newest commit on the first-parent line whose committer time is before `as_of`.
    """
    out: Commits = {c.id: {} for c in cases}
    problems: list[str] = []
    for repo in repos:
        try:
            with Git(repo.where(pattern)) as git:
                line = _first_parents(git)
                for case in cases:
                    if scope == "reported" and repo.name not in _searched(case):
                        continue
                    base = next((b.commit for b in case.base if b.repo == repo.name), None)
                    commit = base or _before(line, case.before)
                    if commit:
                        out[case.id][repo.name] = commit
        except BugatlasError as e:
            problems.append(f"{repo.name}: {e}")
    return out, problems


def _searched(case: Case) -> set[str]:
    return {b.repo for b in case.base} or {case.reported_in or ""}


def _first_parents(git: Git) -> list[tuple[int, str]]:
    """(latest committer time up to here, commit), oldest first: clocks run backwards in some histories."""
    head, _, _ = git.resolve(None)
    out: list[tuple[int, str]] = []
    for line in reversed(git.run("rev-list", "--first-parent", "--timestamp", head).decode().splitlines()):
        time, sha = line.split()
        out.append((int(time), sha))
    return out


def _before(line: Sequence[tuple[int, str]], moment: int | None) -> str | None:
    if moment is None:
        return line[-1][1] if line else None
    return next((sha for time, sha in reversed(line) if time < moment), None)


def every_commit(commits: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Distinct commits by repository, in first-asked order."""
    out: dict[str, dict[str, None]] = {}
    for by_repo in commits.values():
        for repo, commit in by_repo.items():
            out.setdefault(repo, {})[commit] = None
    return {r: list(c) for r, c in out.items()}

