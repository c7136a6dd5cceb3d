"""Past fixes of one repository: commits that mend something, and the source files they changed."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from msgspec import Struct

from eval.mining.references import Reference, references, speaks_of_fix
from indexer.files.choose import LOCK_FILES
from indexer.files.secrets import is_secret
from indexer.files.signs import is_generated, is_vendored
from indexer.parse.languages import DOCUMENTS, language_of
from summaries.index.index import Index
from summaries.paths import Role, role
from summaries.types import Commit

_REVERT = re.compile(r"^\W{0,3}(?:revert|back out|backout)\b|^reapply\b", re.IGNORECASE)
_REVERTED = re.compile(r"\breverts commit ([0-9a-f]{7,40})", re.IGNORECASE)
_BUMP = re.compile(
    r"^(?:\w{1,12}(?:\([^)]{0,40}\))?!?:\s*)?(?:bump|upgrade|update|upgrading|updating)s?\b[^\n]{0,60}"
    r"(?:\bdep\w*\b|\bversions?\b|\bfrom v?\d|\bto v?\d|\bv?\d+\.\d+|requirement|modules?\b|submodule|snapshot)"
    r"|^(?:\w{1,12}\(deps[^)]{0,20}\)|build\(release\)|chore\(release\))!?:"
    r"|^(?:release|prepare(?:\sfor)?\srelease|set version|version|tag)\s+v?\d"
    r"|^\[maven-release-plugin\]|^v?\d+\.\d+(?:\.\d+)*\S{0,20}$",
    re.IGNORECASE,
)
_ASIDE = Role.TEST | Role.DOC | Role.EXAMPLE | Role.MOCK
_LESSER = Role.CONFIG | Role.TOOL

_PREFIX = re.compile(r"^(?:\w{1,14}(?:\([^)\n]{0,60}\))?!?:|\[[^\]\n]{1,40}\]:?)\s*")
_ISSUES = re.compile(
    r"\(?\s{0,2}(?:\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|refs?|see|issue|part of)\b)?"
    r"\s{0,2}:?\s{0,2}"
    r"(?:https?://\S{1,300}/(?:issues|pull|merge_requests)/\d{1,9}|(?:[\w.-]{1,60}/[\w.-]{1,60})?#\d{1,9}|GH-\d{1,9}"
    r"|\b[A-Z][A-Z0-9_]{1,15}-[1-9]\d{0,7}\b)\s{0,2}\)?:?",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^[A-Z][A-Za-z-]{2,30}: |^\s*(?:git-svn-id|cherry picked from|\(cherry picked)", re.IGNORECASE
)


class Fix(Struct, frozen=True):
    """A commit that mends something."""

    repo: str
    commit: str
    parent: str
    message: str
    earliest: int  # the earlier of author's and committer's time, UTC seconds
    latest: int
    files: tuple[str, ...]  # source files changed; they need not have been there before
    references: tuple[Reference, ...]
    speaks: bool  # the message uses words of a repair


class Fixes(Struct, frozen=True):
    """Fixes of a repository, oldest first, and how many commits were looked at."""

    fixes: tuple[Fix, ...]
    looked: int


def fixes(index: Index, repo: str, left: Counter[str], max_files: int = 15) -> Fixes:
    """Single commits reachable from the indexed head that change a few source files; why others aren't goes to
    `left`. Whether they mend anything is for the caller to judge by their references and words."""
    view = index.view(repo)
    reachable = {sha for sha, on in zip(view.shard.commits, view.commit_mask, strict=True) if on}
    commits = [c for c in index.store(repo).commits() if c.sha in reachable]
    gone = {sha for c in commits for sha in _REVERTED.findall(c.message)}
    short = {sha[:7] for sha in gone}
    out = []
    for c in commits:
        undone = c.sha[:7] in short and any(c.sha.startswith(sha.lower()) for sha in gone)
        if why := "reverted later" if undone else _unfit(c):
            left[f"commit: {why}"] += 1
            continue
        files = sources(c.paths)
        if not files:
            left["commit: changes no source file"] += 1
        elif len(files) > max_files:
            left["commit: changes more than max_files source files"] += 1
        else:
            times = (c.time, c.authored or c.time)
            out.append(Fix(repo, c.sha, c.parents[0], c.message, min(times), max(times), files,
                           references(c.message), speaks_of_fix(c.message)))  # fmt: skip
    return Fixes(tuple(out), len(commits))


def _unfit(c: Commit) -> str:
    subject = c.message.split("\n", 1)[0].strip()
    if len(c.parents) > 1:
        return "merge"
    if not c.parents:
        return "first commit"
    if _REVERT.match(subject) or _REVERTED.search(c.message):
        return "revert"
    return "bump or release" if _BUMP.match(subject) else ""


def sources(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a commit's files that can hold the fault; configuration only where there is nothing else."""
    main: list[str] = []
    lesser: list[str] = []
    for path in paths:
        language = language_of(path)
        if language is None or language in DOCUMENTS or path.rpartition("/")[2].lower() in LOCK_FILES:
            continue
        if is_vendored(path) or is_secret(path) or is_generated(path, ""):
            continue
        roles = role(path, language)
        if not roles & _ASIDE:
            (lesser if roles & _LESSER else main).append(path)
    return tuple(sorted(main or lesser))


def own_words(message: str) -> tuple[str, str]:
    """Title and body of a report made of a commit message: no issue numbers, trailers or conventional prefix."""
    subject, _, rest = message.partition("\n")
    title = " ".join(_ISSUES.sub(" ", _PREFIX.sub("", subject[:500], count=1)).split()).strip(" -–:,.")
    lines = [line for line in rest[:4_000].strip().split("\n") if not _TRAILER.match(line)]
    kept = [_ISSUES.sub(" ", line).rstrip() for line in lines]
    body = "\n".join(line for line in kept if not line or re.search(r"\w", line)).strip()
    if not title and body:  # "Fixes ABC-12" says nothing; what follows does
        title, _, body = body.partition("\n")
    return " ".join((title or subject).split()), body.strip()


def spread(fixed: list[Fix], most: int) -> list[Fix]:
    """At most so many fixes, evenly over time and the same ones every time."""
    ordered = sorted(fixed, key=lambda f: (f.earliest, f.repo, f.commit))
    if len(ordered) <= most:
        return ordered
    return [ordered[int(i)] for i in np.linspace(0, len(ordered) - 1, most)]
