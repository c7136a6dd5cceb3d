"""Voters: what each kind of evidence says of every file in scope, as one number per file.

All vectors run over the files of the scope, end to end. Statistics (document frequencies, mean lengths) are
those of the whole scope, so that scores of different repositories can be compared.
"""

from __future__ import annotations

from msgspec import Struct

from locator.query import Query
from locator.scope import Scope
from locator.voters import context
from locator.voters.exact import marks, paths
from locator.voters.lexical import lexical
from locator.voters.past import past
from summaries.index.postings import Floats


class Votes(Struct, frozen=True):
    """All voters, raw, and the finer scores that explanations need."""

    files: dict[str, Floats]  # float32 (files,) by voter
    units: list[Floats]  # by view: float32 (units of the shard,)
    commits: list[Floats]  # by view: float32 (commits of the shard,)
    rarity: dict[int, float]  # idf of the query's words
    share: Floats  # float32 (views,): how widely each repository uses the report's words


def vote(scope: Scope, query: Query) -> Votes:
    """Ask every voter."""
    by_words = lexical(scope, query)
    by_past = past(scope, query)
    files = {
        "service": context.services(scope, query),
        "language": context.languages(scope, query),
        "tests": context.tests(scope, by_words.files["units"]),
        "activity": context.activity(scope),
    }
    files |= by_words.files | marks(scope, query) | paths(scope, query) | by_past.files
    return Votes(files, by_words.units, by_past.commits, by_words.rarity, by_words.share)
