"""Parameters of BM25 in one place: k1 is how soon more of a word counts no more, b how much long documents lose.

Robertson & Zaragoza, The Probabilistic Relevance Framework, 2009, give 1.2 to 2 and .5 to .8; 1.2 and .75 are what
Lucene ships. Others around these were tried on the development sets and made no difference that an interval shows
(docs/accuracy.md).
"""

from __future__ import annotations

from typing import NamedTuple


class BM25(NamedTuple):
    """k1 and b; `bm25(..., *TEXT)`."""

    k1: float
    b: float


TEXT = BM25(1.2, 0.75)  # files, summaries, commit messages: Lucene's
UNITS = BM25(1.5, 0.5)  # functions: their lengths differ for better reasons than those of files; a guess
PATHS = BM25(1.2, 0.3)  # words of paths: a deep path is no verbose one; a guess
