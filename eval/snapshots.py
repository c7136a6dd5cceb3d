"""Time travel: which commit of every repository a case is asked of, and the index that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree

import xxhash
from msgspec import Struct

from eval import code
from eval.cases import Case, Repo
from indexer.git.git import Git
from summaries.errors import BugatlasError, IndexDamaged, IndexVersion, SnapshotMissing, UsageError
from summaries.index.index import MANIFEST, Index
from summaries.index.shard import SCHEMA, View

SCOPES = ("all", "reported", "oracle")
Commits = dict[str, dict[str, str]]  # case id -> repository -> commit
Say = Callable[[str], None]


class CaseSnapshots(Struct, frozen=True):
    """An index that holds every snapshot that the cases need, and which one each of them needs."""

    root: Path
    commits: Commits
    problems: tuple[str, ...] = ()


def views_of(index: Index, commits: Mapping[str, str]) -> list[View]:
    """The snapshots of one case. They are made anew, so that views of past cases hold no memory."""
    out = []
    for repo, commit in sorted(commits.items()):
        if repo in index.repos:
            shard = index.shard(repo)
            number = shard.find(commit)
            if number is not None:
                out.append(View(shard, number))
    return out


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
    ats = every_commit(commits)
    root = work or _cached(repos, pattern, ats)
    index = _opened(root)
    missing = [r for r in repos if _lacks(index, r.name, ats.get(r.name, ()))]
    if missing and not work and (larger := _larger(root, repos, pattern, ats)):
        return CaseSnapshots(larger, commits, tuple(problems))
    if missing:
        from indexer.build import build
        from indexer.sources.discover import Source

        # Names of services are read off a repository's first snapshot: the oldest knows nothing of the future.
        wanted = {r.name: _by_age(r.where(pattern), ats[r.name]) for r in missing}
        sources = [Source(r.name, r.where(pattern)) for r in missing]
        sources.sort(key=lambda s: -len(wanted[s.name]))  # the longest first: workers end together
        say(f"indexing {sum(map(len, wanted.values()))} snapshots of {len(missing)} repositories into {root}")
        report = build(root, sources, wanted, workers=jobs)
        problems += [f"{o.repo}: {o.reason}" for o in report.failed]
    return CaseSnapshots(root, commits, tuple(problems))


def _opened(root: Path) -> Index | None:
    try:
        return Index.open(root) if (root / MANIFEST).exists() else None
    except (IndexVersion, IndexDamaged) as e:
        raise UsageError(f"the working index cannot be used: {e.message}", f"remove {root}") from e


def _larger(root: Path, repos: Sequence[Repo], pattern: str, ats: Mapping[str, Sequence[str]]) -> Path | None:
    """Another index of the cache, by this code and of the same repositories, that has all of these snapshots.

    A sample of cases asks what the whole set had made. Scores are those of a snapshot, whatever else an index holds.
    """
    where = {r.name: str(r.where(pattern).resolve()) for r in repos if r.name in ats}
    for other in sorted(root.parent.parent.glob(f"*/{root.name}")):
        index = _opened(other)
        if index is None or any(_lacks(index, name, shas) for name, shas in ats.items()):
            continue
        if all(str(Path(index.repos[n].git_dir).resolve()) == place for n, place in where.items()):
            return other
    return None


def _lacks(index: Index | None, name: str, shas: Sequence[str]) -> bool:
    if not shas or index is None or name not in index.repos:
        return bool(shas)
    shard = index.shard(name)
    return any(shard.find(sha) is None for sha in shas)


def _by_age(path: Path, shas: Sequence[str]) -> list[str | None]:
    """Commits in order of their age, oldest first."""
    with Git(path) as git:
        asked = "".join(f"{sha}\n" for sha in shas).encode("ascii")
        newest_first = git.run("rev-list", "--no-walk=sorted", "--stdin", input=asked).decode("ascii").split()
    return [*reversed(newest_first)]


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


def _cached(repos: Sequence[Repo], pattern: str, ats: Mapping[str, Sequence[str]]) -> Path:
    """A folder of the user's cache for exactly these snapshots, read by exactly this code."""
    import platformdirs

    where = {r.name: str(r.where(pattern).resolve()) for r in repos if r.name in ats}
    asked = [f"{name} {where[name]} {' '.join(sorted(shas))}" for name, shas in sorted(ats.items())]
    corpus = xxhash.xxh3_64_hexdigest("\n".join(asked).encode("utf-8", "surrogatepass"))
    home = platformdirs.user_cache_path("bugatlas") / "eval" / corpus
    root = home / f"{SCHEMA}-{code.digest(code.SNAPSHOTS)}"
    for old in home.glob("*") if home.is_dir() else ():
        if old != root:  # made by other code: nobody will ask for it again
            rmtree(old, ignore_errors=True)
    return root
