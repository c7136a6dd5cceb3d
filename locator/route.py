"""Phase 1: which repositories a report is about. Voters give one number per repository; the fusion is soft.

A repository's own best files vote too: among sibling services that share a vocabulary no other voter is as good.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import NamedTuple

import numpy as np

from locator.query import Query
from locator.report.reader import MentionKind, RegionKind
from locator.scope import Scope
from locator.voters.ballot import Votes
from locator.voters.past import Past, commit_counts
from summaries.index.postings import Floats

TOP_FILES = 5
TOP_COMMITS = 8
DECAY = 0.7  # of the next best file or commit: a guess
IN_TITLE, IN_BODY, IN_SETUP, NEXT_NAME = (
    1.0,
    0.6,
    0.3,
    0.9,
)  # what a name counts, and each further one: guesses
SMOOTH = 2000  # words of the whole mixed in (Dirichlet prior): Zhai & Lafferty find 500 to 10,000 good


def features(
    scope: Scope,
    query: Query,
    history: Past,
    votes: Votes,
    files: Mapping[str, Floats],
    aliases: Mapping[str, tuple[str, ...]],
) -> dict[str, Floats]:
    """Every routing voter but the best files' own, each 0-1: float32 (views,)."""
    return {
        "past": unit(decayed(votes.commits)),
        "familiar": unit(familiar(scope, history)),
        "share": unit(votes.share),
        "name": named(query, [v.repo for v in scope.views], aliases),
        "service": best(files["service"], scope, depth=1),
    }


def unit(values: Floats) -> Floats:
    """Divided by the maximum, where there is one above zero."""
    top = float(values.max()) if values.size else 0.0
    return (values / top).astype(np.float32) if top > 0 else values.astype(np.float32)


def best(scores: Floats, scope: Scope, depth: int = TOP_FILES, decay: float = DECAY) -> Floats:
    """Decayed sum of each repository's best file scores."""
    return decayed([scores[a:b] for a, b in pairwise(scope.starts.tolist())], depth, decay)


def decayed(scored: Sequence[Floats], depth: int = TOP_COMMITS, decay: float = DECAY) -> Floats:
    """Decayed sum of the best scores of each list."""
    worth = (decay ** np.arange(depth)).tolist()
    tops = (np.sort(s)[: -depth - 1 : -1].tolist() for s in scored)
    return np.array([sum(map(mul, top, worth)) for top in tops], np.float32)


_LANGUAGES = frozenset(
    "go golang c cpp py python java kt kotlin js ts node rs rust rb ruby php net dotnet scala swift".split()
)
_WORDS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=50_000)
def names_of(repo: str, aliases: tuple[str, ...] = ()) -> frozenset[tuple[str, ...]]:
    """Word sequences by which people call a repository: its name, without owner and without a language suffix.

    "acme/shop-orders-go" is called "shop-orders-go" and "shop-orders". A single word must have four letters.
    """
    out = set()
    for name in (repo, *aliases):
        short = tuple(_WORDS.findall(name.rsplit("/", 1)[-1].lower()))
        out.add(short)
        if len(short) > 2 and short[-1] in _LANGUAGES:
            out.add(short[:-1])
    return frozenset(n for n in out if len(n) > 1 or (n and len(n[0]) > 3))


_REVERSED = re.compile(
    r"(?:com|org|net|io|dev|de|fr|uk|eu|app|cloud|co|me|ai)\.[\w-]+\.[\w.-]+"
)  # a Maven group
Row = tuple[str, ...]


@lru_cache(maxsize=4)  # of all repositories, and of those searched
def _owners(repos: tuple[tuple[str, Row], ...]) -> dict[Row, list[int]]:
    """Numbers of the repositories that bear each name, from their names and aliases.

    A name belongs to the repository that is called so. A word that most of them begin with names none of them.
    """
    owners: dict[Row, list[int]] = {}
    called: dict[Row, list[int]] = {}
    firsts = Counter(next(iter(_WORDS.findall(repo.rsplit("/", 1)[-1].lower())), "") for repo, _ in repos)
    common = {(w,) for w, n in firsts.items() if n >= max(3, len(repos) / 2)}
    for r, (repo, aliases) in enumerate(repos):
        own = names_of(repo)
        for name in own:
            called.setdefault(name, []).append(r)
        for name in names_of(repo, tuple(a for a in aliases if not _REVERSED.fullmatch(a))) - own - common:
            owners.setdefault(name, []).append(r)
    return owners | called


class NameMention(NamedTuple):
    """A repository's name in a report."""

    repo: int
    words: Row
    weight: float


def names_mentioned(query: Query, repos: Sequence[str], aliases: Mapping[str, Row]) -> list[NameMention]:
    """Names of repositories in a report: in the title 1, in the body 0.6, later names less.

    A name inside a longer name that another repository bears does not count: "shop-orders-ui" names
    `shop-orders-ui`, not `shop-orders`.
    """
    owners = _owners(tuple((repo, aliases.get(repo, ())) for repo in repos))
    longest = max((len(n) for n in owners), default=0)
    out: list[NameMention] = []
    said = (m for m in query.report.mentions if m.region == RegionKind.ENVIRONMENT)
    in_setup = "\n".join(m.text for m in said if m.kind == MentionKind.SERVICE)
    for text, worth in (
        (query.report.title, IN_TITLE),
        (query.report.own[:50_000], IN_BODY),
        (in_setup[:5_000], IN_SETUP),
    ):
        row = _WORDS.findall(text.lower())
        i = met = 0
        while i < len(row):
            size = next(
                (n for n in range(min(longest, len(row) - i), 0, -1) if tuple(row[i : i + n]) in owners), 0
            )
            if size:
                words = tuple(row[i : i + size])
                out += [
                    NameMention(r, words, worth * NEXT_NAME**met / len(owners[words])) for r in owners[words]
                ]
                met += 1
            i += max(size, 1)
    return out


def named(query: Query, repos: Sequence[str], aliases: Mapping[str, Row]) -> Floats:
    """How plainly the report names each repository."""
    return plainly(names_mentioned(query, repos, aliases), len(repos))


def plainly(names: Sequence[NameMention], repos: int) -> Floats:
    """How plainly these mentions name each of so many repositories."""
    out = np.zeros(repos, np.float32)
    for name in names:
        out[name.repo] = max(out[name.repo], name.weight)
    return out


def familiar(scope: Scope, history: Past) -> Floats:
    """How likely a repository's commit messages are to use the report's words.

    Log-likelihood ratio against all repositories, Dirichlet smoothing (Zhai & Lafferty, SIGIR 2001), per word.
    """
    weights = history.weights
    if not scope.views:
        return np.zeros(0, np.float32)
    counts = scope.sums("commit", history.found, len(weights))
    whole = counts.sum(axis=0)
    sizes = [v.memo(commit_counts)[1] for v in scope.views]
    share = (whole + 1e-3) / max(sum(sizes), 1.0)
    size = np.array(sizes)[:, None]
    ratio = np.log((counts + SMOOTH * share) / (size + SMOOTH) / share)
    mean = (ratio * weights * (whole > 0)).sum(axis=1) / max(float(weights.sum()), 1e-9)
    return np.asarray(np.maximum(mean, 0), np.float32)
