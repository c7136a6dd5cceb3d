"""What a report speaks of, and which names, functions and lines come close to it: a prompt has room for few."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from msgspec import Struct

from locator.report.reader import Report
from summaries import words

NAMING = ("identifier", "call", "dotted")  # mentions that may be functions
_PLAIN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # a word of English as far as one can see


class Wanted(Struct, frozen=True):
    """Words that the model asks to look for."""

    terms: frozenset[int] = frozenset()  # keys of words
    spelled: frozenset[str] = frozenset()  # as they stand, in small letters: `all` and `for` are no terms
    names: frozenset[str] = frozenset()  # perhaps of functions

    def and_of(self, text: str) -> Wanted:
        """These, and what a text speaks of."""
        tokens = words.tokens(text)
        return Wanted(
            self.terms | words.count(text).keys(),
            self.spelled | {t.lower() for t in tokens},
            self.names | {t for t in tokens if not _PLAIN.fullmatch(t)},
        )


def wanted_of(report: Report) -> Wanted:
    """What a report speaks of."""
    text = f"{report.title}\n{report.body}"
    names = {m.text.strip("()").replace("::", ".") for m in report.mentions if m.kind in NAMING}
    return Wanted(
        frozenset(words.count(text)),
        frozenset(t.lower() for t in words.tokens(text)),
        frozenset(t.rpartition(".")[2] for t in names),
    )


def closeness(texts: Sequence[str], wanted: Wanted) -> list[float]:
    """How close each text is: the words that it shares, each the more the fewer of these texts have it."""
    shared = [wanted.terms & words.count(t).keys() for t in texts]
    often = Counter(k for some in shared for k in some)
    return [sum(log(1 + len(texts) / often[k]) for k in some) for some in shared]


def name_closeness(names: Sequence[str], wanted: Wanted) -> list[float]:
    """As `closeness`, for names of functions or keys: one that is a word of the report, or is named, counts more."""
    return [
        w + 1.5 * (last.lower() in wanted.spelled) + 10 * (last in wanted.names)
        for w, last in zip(closeness(names, wanted), (n.rpartition(".")[2] for n in names), strict=True)
    ]


def closest(names: Sequence[str], wanted: Wanted, *, sharing: bool = False) -> list[str]:
    """Names, those close to the report first; with `sharing` no others."""
    ranked = sorted(zip(names, name_closeness(names, wanted), strict=True), key=lambda x: -x[1])
    return list(dict.fromkeys(n for n, w in ranked if w > 0 or not sharing))
