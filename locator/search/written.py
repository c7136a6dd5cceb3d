"""Files of a code search by their written summaries: the words of whoever reports, which code seldom has.

Only what a model or a person wrote is looked at: offline summaries are made of words that other fields hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from locator.scope import Scope
from summaries import words
from summaries.index.index import Index
from summaries.index.parameters import TEXT
from summaries.index.postings import Floats, idf
from summaries.index.shard import View
from summaries.written.store import FILE, Written, newest

WEIGHT = 0.8  # of the best summary, beside 1 for the best body and .5 for the best heads
K1, B = TEXT
MOST = 32  # words of a query that summaries are asked for


class SummaryMatches(Struct, frozen=True):
    """What the written summaries say about the words of a query."""

    scores: Floats  # 0-1, of every file of the scope
    texts: dict[int, str]  # summaries with words of the query, by file
    met: frozenset[str]  # words that some summary has


def match_summaries(index: Index, scope: Scope, wanted_words: Sequence[str]) -> SummaryMatches | None:
    """Look words up in the written summaries of a scope; None where none of them has any. Raises IndexDamaged."""
    wanted = {w: {k for t in words.tokens(w) for k in words.keys_of(t)[:1]} for w in wanted_words[:MOST]}
    texts: dict[int, str] = {}
    count = 0
    for start, view in zip(scope.starts.tolist(), scope.views, strict=False):
        if wanted and (index.folder(view.repo) / FILE).exists():
            kept = Written(index.folder(view.repo))
            try:
                found = _of(view, kept, [_stem(t) for w in wanted for t in words.tokens(w)])
                count += sum(kept.counts())
            finally:
                kept.close()
            texts |= {start + n: text for n, text in found.items()}
    keys = sorted({k for own in wanted.values() for k in own})
    counts = {i: {k: n for k, n in words.count(text).items() if k in keys} for i, text in texts.items()}
    counts = {i: own for i, own in counts.items() if own}
    if not counts:
        return None
    df = Counter(k for own in counts.values() for k in own)
    worth = dict(
        zip(keys, idf(np.array([df[k] for k in keys]), max(count, len(counts))).tolist(), strict=True)
    )
    lengths = {i: len(texts[i].split()) for i in counts}
    mean = sum(lengths.values()) / len(lengths)
    scores = np.zeros(scope.size, np.float32)
    for i, own in counts.items():
        norm = K1 * (1 - B + B * lengths[i] / mean)
        score = sum(worth[k] * n * (K1 + 1) / (n + norm) for k, n in own.items())
        scores[i] = score * sum(worth[k] for k in own) / sum(worth.values())
    met = frozenset(w for w, own in wanted.items() if own & df.keys())
    return SummaryMatches(scores / scores.max(), {i: texts[i] for i in counts}, met)


def _stem(token: str) -> str:
    """What every form of a word begins with, more or less: rows without it need not be read."""
    return token[: max(3, len(token) - 3)]


def _of(view: View, written: Written, stems: Sequence[str]) -> dict[int, str]:
    """Summaries that may have the words, by number of the file in the view; a person's before a model's."""
    by_blob, by_path = view.memo(_numbers)
    holding = written.holding(stems)
    out = {by_path[p]: t.text for p, t in newest(holding).items() if p in by_path}  # of earlier versions
    own = written.files(view.blob(n) for n in out)
    out = {n: text for n, text in out.items() if view.blob(n) not in own}
    out |= {n: t.text for blob, t in holding.items() for n in by_blob.get(blob, ())}
    return out | {by_path[p]: text for p, text in written.edits().items() if p in by_path}


def _numbers(view: View) -> tuple[dict[str, list[int]], dict[str, int]]:
    by_blob: dict[str, list[int]] = {}
    for n in range(len(view)):
        by_blob.setdefault(view.blob(n), []).append(n)
    return by_blob, {p: n for n, p in enumerate(view.paths)}
