"""One question over one scope: what its voters share, and what they say of every file.

All vectors run over the files of the scope, end to end. Statistics (document frequencies, mean lengths) are
those of the whole scope, so that scores of different repositories can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from locator.query import MarkKind, Query
from locator.scope import Scope
from locator.voters.callees import Called
from locator.voters.exact import PointerKind, paths
from locator.voters.lexical import Found, Lexical, lexical
from locator.voters.marks import marks
from locator.voters.messages import FactsOf, messages
from locator.voters.past import Past, past
from summaries.index.postings import Floats

if TYPE_CHECKING:
    from locator.meaning import Nearness


class Ballot:
    """A question that voters answer. What several of them need is computed once, when the first asks."""

    def __init__(
        self, scope: Scope, query: Query, facts: FactsOf | None = None, near: Nearness | None = None
    ) -> None:
        """`near` is what the vector store says, where a voter that counts asks it."""
        self.scope, self.query, self.facts, self.near = scope, query, facts, near

    @property
    def meaning(self) -> Floats:
        """How near the summaries of files are in meaning; nothing where nobody asked."""
        return self.near.files if self.near else np.zeros(self.scope.size, np.float32)

    @cached_property
    def words(self) -> Lexical:
        """Words of files, functions, summaries and paths."""
        return lexical(self.scope, self.query)

    @cached_property
    def history(self) -> Past:
        """Past commits in similar words."""
        return past(self.scope, self.query)

    @cached_property
    def marks(self) -> dict[MarkKind, Floats]:
        """Exact things that the report names."""
        return marks(self.scope, self.query)

    @cached_property
    def messages(self) -> Floats:
        """String literals that stand in the report."""
        return messages(self.scope, self.query, self.marks, self.words.files["units"], self.facts)

    @cached_property
    def pointers(self) -> Mapping[PointerKind, Floats]:
        """Places that the report points to."""
        return paths(self.scope, self.query)


class Votes(Struct, frozen=True):
    """What all voters say, raw, and the finer scores that explanations need."""

    files: dict[str, Floats]  # float32 (files,) by voter
    units: list[Floats]  # by view: float32 (units of the shard,)
    commits: list[Floats]  # by view: float32 (commits of the shard,)
    found: Found
    rarity: dict[int, float]  # idf of the query's words
    share: Floats  # float32 (views,): how widely each repository uses the report's words
    covering: Floats  # float32 (files,): share of the report's own words that a file has, by rarity
    telling: float  # how many of its words tell one file from another
    called: Called = {}  # collaborators of the best files
    near: Mapping[int, str] = {}  # summaries that are near in meaning, by file
