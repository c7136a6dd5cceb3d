"""Messages: what is seen without reading the literals drops none that stands in the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from locator.query import MarkKind, understand
from locator.report.reader import read
from locator.scope import Scope
from locator.voters import messages as voter
from summaries.index.shard import View
from summaries.types import Facts, Literal

WORDS = "volume %d cannot be attached to node {name} the Ünicode snapshot is gone after <id> retry".split()


class Files:
    """A scope of files that are nothing but their literals."""

    def __init__(self, files: list[Facts]) -> None:
        self.files, self.reads, self._known = files, 0, dict[int, Any]()
        self.size = len(files)

    def locate(self, i: int) -> tuple[View, int]:
        return cast(View, self), i

    def memo(self, make: Callable[[View], Any]) -> dict[int, Any]:
        return self._known

    def facts(self, view: View, n: int) -> Facts:
        self.reads += 1
        return self.files[n]


def drawn(seed: int, files: int = 40) -> list[Facts]:
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(files):
        texts = [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(rng.integers(0, 6))]
        out.append(Facts("go", 1, strings=tuple(Literal(1, t) for t in texts)))
    return out


@pytest.mark.parametrize("seed", range(30))
def test_none_that_stands_in_the_report_is_dropped(seed: int) -> None:
    rng = np.random.default_rng(1_000 + seed)
    said = " ".join(rng.choice([*WORDS, "i", "saw"], 120))
    report = read(f"Volume is gone\n\nI saw `{said[:80]}` today. {said}\n")
    files = Files(drawn(seed))
    scope = cast(Scope, files)
    whole = [voter.best(report, f) for f in files.files]
    for _ in range(2):  # the second time from what is remembered
        likely = voter._likely(scope, range(len(files.files)), report, files.facts)
        some = [
            voter.best(report, f, likely[n].numbers if n in likely else ()) for n, f in enumerate(files.files)
        ]
        assert some == whole
        telling = {n for n, f in enumerate(whole) if f and (f.whole or f.words >= voter.RUN)}
        assert telling <= {n for n, row in likely.items() if row.counts}
    assert files.reads == len(files.files), "literals are numbered once"
    assert any(whole) and len(likely) < len(files.files), "otherwise nothing was tried"


def test_a_short_literal_counts_less_where_a_longer_one_has_it_too() -> None:
    def votes(*texts: str) -> list[float]:
        files = Files([Facts("go", 1, strings=(Literal(1, t),)) for t in texts])
        scope = cast(Scope, files)
        some = np.ones(len(texts), np.float32)
        query = understand(read("It says `volume is gone` and no more"))
        by_phrase = {MarkKind.PHRASE: some, MarkKind.WORDS: some}
        return voter.messages(scope, query, by_phrase, some, files.facts).tolist()

    alone, none = votes("volume is gone", "no such thing at all")
    shared, longer = votes("volume is gone", "the volume is gone for good")
    spelled, _ = votes("Volume is gone!", "the volume is gone for good")  # another text: nothing is shared
    assert 0 < shared == alone / 2 and spelled == alone and none == longer == 0


def test_nothing_to_compare() -> None:
    report = read("???")
    files = Files([Facts("go", 1), Facts("go", 1, strings=(Literal(1, "a b"), Literal(2, "%d %d %d")))])
    assert voter._likely(cast(Scope, files), [0, 1], report, files.facts) == {}
