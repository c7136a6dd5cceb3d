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
    """Words to look for."""

    terms: frozenset[int] = frozenset()  # keys of words
    said: frozenset[str] = frozenset()  # as they stand, in small letters: `all` and `for` are no terms
    named: frozenset[str] = frozenset()  # names, perhaps of functions

    def and_of(self, why: str) -> Wanted:
        """These, and what a reason speaks of."""
        said = words.tokens(why)
        return Wanted(
            self.terms | words.count(why).keys(),
            self.said | {t.lower() for t in said},
            self.named | {t for t in said if not _PLAIN.fullmatch(t)},
        )


def speaks(report: Report) -> Wanted:
    """What a report speaks of."""
    text = f"{report.title}\n{report.body}"
    told = {m.text.strip("()").replace("::", ".") for m in report.mentions if m.kind in NAMING}
    return Wanted(
        frozenset(words.count(text)),
        frozenset(t.lower() for t in words.tokens(text)),
        frozenset(t.rpartition(".")[2] for t in told),
    )


def worth(texts: Sequence[str], wanted: Wanted) -> list[float]:
    """How close each text is: the words that it shares, each the more the fewer of these texts have it."""
    has = [wanted.terms & words.count(t).keys() for t in texts]
    often = Counter(k for shared in has for k in shared)
    return [sum(log(1 + len(texts) / often[k]) for k in shared) for shared in has]


def names_worth(names: Sequence[str], wanted: Wanted) -> list[float]:
    """As `worth`, for names of functions or keys: one that is a word of the report, or is named, counts more."""
    return [
        w + 1.5 * (last.lower() in wanted.said) + 10 * (last in wanted.named)
        for w, last in zip(worth(names, wanted), (n.rpartition(".")[2] for n in names), strict=True)
    ]


def closest(names: Sequence[str], wanted: Wanted, *, sharing: bool = False) -> list[str]:
    """Names, those close to the report first; with `sharing` no others."""
    ranked = sorted(zip(names, names_worth(names, wanted), strict=True), key=lambda x: -x[1])
    return list(dict.fromkeys(n for n, w in ranked if w > 0 or not sharing))
