"""A bug set out of the indexed repositories' own history: fixes, the issues they name, the files they changed.

The rules are `RULES`; they are written beside the set, with how many commits and issues each of them left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from eval.cases import Base, Case, Gold, Repo, seconds_of
from eval.mining.exports import ExportedIssue
from eval.mining.fixes import Fix, fixes, own_words
from eval.mining.notes import issues_of_notes
from eval.snapshots import commits_of, git_paths
from indexer.git.git import Git
from summaries.errors import BugatlasError, UsageError
from summaries.index.index import Index

RULES = (
    "A fix is a commit reachable from the indexed head whose message settles an issue: a closing word before "
    "#12, owner/repo#12, GH-12 or an issue's URL; or a tracker's key (ABC-12) in its subject or a trailer. A "
    "number without a closing word counts only where the export has an issue of that number. Where no export "
    "tells of the issue, one of its commits must speak of a repair.",
    "Left out: merges, first commits, reverts and what they revert, dependency bumps and releases, commits that "
    "change more than `max_files` source files, commits that settle more than `max_issues` issues.",
    "Gold: source files that the fixes changed and that were there before the first of them, without tests, "
    "mocks, documentation, examples, vendored, generated and lock files; configuration and build files count "
    "only where a fix changes no other source file. An issue with more than `max_gold` gold files is left out.",
    "One issue is one case, in however many repositories it was fixed. `as_of` is a second before its earliest "
    "fix, by the earlier of author's and committer's time.",
    "The text is the tracker's, in Markdown; cases with `words: notes` have a line of a change log or of release notes "
    "that names the issue, or the change that settled it, without links, numbers and names of people; cases with "
    "`words: commit` have the first fix's message, without issue numbers, trailers and the conventional prefix.",
)


class MiningLimits(Struct, frozen=True):
    """Where a fix or an issue is too large to say which file held the bug."""

    max_files: int = 15
    max_gold: int = 10
    max_issues: int = 3
    since: int = 0  # seconds since the epoch; a case whose `as_of` is earlier is left out
    until: int = 2**40


LIMITS = MiningLimits()
LEAST_WORDS = 4  # of a commit message that stands for a report


class Mined(Struct, frozen=True):
    """A bug set and how it came about."""

    cases: tuple[Case, ...]  # by `as_of`
    commits: int  # looked at
    left_out: Mapping[str, int]  # by reason
    by_repo: Mapping[str, int]
    problems: tuple[str, ...] = ()


def repos_of(index: Index, names: Sequence[str] = ()) -> list[Repo]:
    """The index's repositories, where they lie."""
    known = [s for s in index.repos.values() if not names or s.name in names]
    return [Repo(s.name, s.name, s.git_dir) for s in known]


def mine(
    index: Index,
    issues: Sequence[ExportedIssue] = (),
    limits: MiningLimits = LIMITS,
    *,
    only: Sequence[str] = (),
    own: bool = False,
    notes: bool = False,
) -> Mined:
    """Find fixes in all repositories and make a case of every issue they settle.

    With `issues`, only those are told of, and others too (in the commits' own words) where `own` is set; without
    them all are told in the commits' own words. `notes` are lines of change logs: what no tracker tells of is told
    in theirs, be it an issue or a change that settled it.
    """
    repos = repos_of(index, only)
    run = _Mine(names_of(index), {}, limits, own or not (issues or notes), Counter())
    for keys, issue in issues_of_notes(index, tuple(r.name for r in repos)) if notes else ():
        home = run.names.get(issue.repo, issue.repo)
        run.known.update({(home, key): issue for key in keys if (home, key) not in run.known})
    run.known.update({(run.names.get(i.repo, i.repo), i.key): i for i in issues})
    problems: list[str] = []
    by_issue: dict[tuple[str, str], list[Fix]] = {}
    looked = 0
    for repo in repos:
        try:
            found = fixes(index, repo.name, run.left, limits.max_files)
        except BugatlasError as e:
            problems.append(f"{repo.name}: {e}")
            continue
        looked += found.looked
        for fix in found.fixes:
            for key in run.settled(fix):
                by_issue.setdefault(key, []).append(fix)
    cases = [c for key, fixed in by_issue.items() if (c := run.case(key, fixed))]
    cases.sort(key=lambda c: (c.before or 0, c.id))
    cases, told = _existing(cases, repos, limits, run.left)
    counts = Counter(r for c in cases for r in sorted({g.repo for g in c.gold}))
    left = dict(run.left.most_common())
    return Mined(tuple(cases), looked, left, dict(counts.most_common()), (*problems, *told))


class _Mine(Struct, frozen=True):
    """What is known while mining."""

    names: Mapping[str, str]  # repository of the index by what trackers call it
    known: dict[tuple[str, str], ExportedIssue]
    limits: MiningLimits
    own: bool  # issues without an exported text are told in the commits' words
    left: Counter[str]

    def settled(self, fix: Fix) -> list[tuple[str, str]]:
        """(repository or "", key) of the issues that a commit settles."""
        out: dict[tuple[str, str], None] = {}
        why = "settles no issue"
        for ref in fix.references:
            number = ref.key.isdecimal()
            home = self.names.get(ref.repo, ref.repo) or (fix.repo if number else "")
            at = next(((r, ref.key) for r in (home, "") if (r, ref.key) in self.known), None)
            if at and self.known[at].bug is False:
                why = "settles no bug, by the issue's type or labels"
            elif at and (ref.closes or number or fix.speaks):
                issue = self.known[at]  # a line of notes may name it by several numbers
                out[self.names.get(issue.repo, issue.repo), issue.key] = None
            elif ref.closes:
                out[home, ref.key] = None
        if not out:
            self.left[f"commit: {why}"] += 1
        elif len(out) > self.limits.max_issues:
            self.left["commit: settles more than max_issues issues"] += 1
            return []
        return list(out)

    def case(self, key: tuple[str, str], fixed: Sequence[Fix]) -> Case | None:
        """The case of an issue, with all files that its fixes changed."""
        issue = self.known.get(key)
        first = min(fixed, key=lambda f: (f.earliest, f.repo, f.commit))
        before = first.earliest - 1
        if issue is None and not self.own:
            self.left["issue: not in the export"] += 1
            return None
        doubted = issue is None or (issue.words == "notes" and issue.bug is None)
        if doubted and not any(f.speaks for f in fixed):
            self.left["issue: no commit of it speaks of a repair"] += 1
            return None
        if not self.limits.since <= before < self.limits.until:
            self.left["issue: fixed outside the time asked"] += 1
            return None
        title, body = (issue.title, issue.body) if issue else own_words(first.message)
        if not issue and len(f"{title} {body}".split()) < LEAST_WORDS:
            self.left["issue: the commit's own words say too little"] += 1
            return None
        return Case(
            id=f"{key[0]}#{key[1]}" if key[0] else key[1],
            title=title,
            body=body,
            gold=tuple(Gold(r, p) for r, p in sorted({(f.repo, p) for f in fixed for p in f.files})),
            reported_in=key[0] or None,
            as_of=_iso(before),
            created=(issue.created or None) if issue else None,
            fix_commits=tuple(
                Base(f.repo, f.commit) for f in sorted(fixed, key=lambda f: (f.earliest, f.commit))
            ),
            fixed=_iso(max(f.latest for f in fixed)),
            words=issue.words if issue else "commit",
        )


def _existing(
    cases: Sequence[Case], repos: Sequence[Repo], limits: MiningLimits, left: Counter[str]
) -> tuple[list[Case], list[str]]:
    """Cases with only the gold files that their snapshots hold."""
    commits, _ = commits_of(cases, repos, "", "oracle")
    there: set[tuple[str, str, str]] = set()
    problems = []
    for repo in repos:
        mine = [(c.id, commits[c.id][repo.name], g.path) for c in cases for g in c.gold
                if g.repo == repo.name and repo.name in commits[c.id]]  # fmt: skip
        try:
            with Git(repo.where("")) as git:
                found = git_paths(git, [(sha, path) for _, sha, path in mine])
        except BugatlasError as e:
            problems.append(f"{repo.name}: {e}")
            continue
        there |= {(i, repo.name, path) for (i, _, path), ok in zip(mine, found, strict=True) if ok}
    out = []
    for case in cases:
        gold = tuple(g for g in case.gold if (case.id, g.repo, g.path) in there)
        if not gold:
            left["issue: no changed file was there before"] += 1
        elif len(gold) > limits.max_gold:
            left["issue: more gold files than max_gold"] += 1
        else:
            out.append(replace(case, gold=gold))
    return out, problems


def split(cases: Sequence[Case], where: str) -> tuple[list[Case], list[Case], int]:
    """Cases before and after a moment, and how many fall between. `where` is a date, or the share to be early.

    A case goes to the early part only if all its fixes were made before the first late case: what is learnt
    from the early part has seen nothing of the late one. Raises UsageError.
    """
    ordered = sorted(cases, key=lambda c: (c.before or 0, c.id))
    moment = _moment(ordered, where)
    late = [c for c in ordered if (c.before or 0) >= moment]
    early = [c for c in ordered if seconds_of(c.fixed or c.as_of or "9999-01-01") < moment]
    return early, late, len(ordered) - len(early) - len(late)


def _moment(ordered: Sequence[Case], where: str) -> int:
    try:
        if 0 < float(where) < 1:
            cut = int(len(ordered) * float(where))
            return ordered[cut].before or 0 if cut < len(ordered) else 2**40
    except ValueError:
        pass
    try:
        return seconds_of(where)
    except ValueError as e:
        raise UsageError(f"{where!r} is neither a date nor a share between 0 and 1") from e


def about(mined: Mined, limits: MiningLimits, sources: Iterable[Path], index: Index) -> dict[str, object]:
    """What lies beside a bug set: rules, limits, what was left out and why."""
    return {
        "cases": len(mined.cases),
        "in the commits' own words": sum(c.words == "commit" for c in mined.cases),
        "in the words of change logs": sum(c.words == "notes" for c in mined.cases),
        "rules": list(RULES),
        "limits": {k: getattr(limits, k) for k in ("max_files", "max_gold", "max_issues")},
        "exports": [p.name for p in sources],
        "commits looked at": mined.commits,
        "left out": dict(mined.left_out),
        "cases by repository": dict(mined.by_repo),
        "heads": {name: s.commit for name, s in index.repos.items()},
    }


_PLACE = re.compile(r"^(?:[a-z+]{2,12}://)?[^/:]{1,200}(?::\d{1,5}/|[:/])(.{1,400}?)(?:\.git)?/?$")


def names_of(index: Index) -> dict[str, str]:
    """Repositories by their names here and by owner/name of the URL they were cloned from."""
    out = {name: name for name in index.repos}
    for name, state in index.repos.items():
        if found := _PLACE.match(state.url):
            out.setdefault(found[1].lstrip("/"), name)
    return out


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
