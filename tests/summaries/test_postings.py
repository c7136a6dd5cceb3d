"""The lexical core: postings and BM25, against a plain reading of the formula."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries import words
from summaries.index import joined
from summaries.index.parameters import BM25, PATHS, TEXT, UNITS
from summaries.index.postings import FIELDS, Matches, Postings, bm25, highest, idf, weighted

DOCS = [
    "the order service retries the payment",
    "payment payment payment",
    "a stock list of the warehouse",
    "order of the payment list with the order number and the warehouse number",
    "",
]


def built(docs: list[str]) -> Postings:
    bags = [Counter(d.split()) for d in docs]
    rows = [(n, words.key(w), c) for n, bag in enumerate(bags) for w, c in bag.items()]
    at, counts = np.array([(n, c) for n, _, c in rows], np.int64).T
    return Postings.build(at, np.array([k for _, k, _ in rows], np.uint64), counts, len(docs))


def reference(docs: list[str], query: dict[str, float], by: BM25) -> list[float]:
    """Robertson & Zaragoza 2009 with Lucene's idf, word by word."""
    bags = [d.split() for d in docs]
    mean = sum(map(len, bags)) / len(bags)
    out = []
    for bag in bags:
        score = 0.0
        for word, weight in query.items():
            df = sum(word in other for other in bags)
            tf = bag.count(word)
            if tf:
                norm = by.k1 * (1 - by.b + by.b * len(bag) / mean)
                score += (
                    weight * log(1 + (len(docs) - df + 0.5) / (df + 0.5)) * tf * (by.k1 + 1) / (tf + norm)
                )
        out.append(score)
    return out


def scored(docs: list[str], query: dict[str, float], by: BM25) -> list[float]:
    postings = built(docs)
    keys, weights = weighted({words.key(w): x for w, x in query.items()})
    found = postings.match(keys)
    worth = weights * idf(found.frequencies(len(keys)), len(docs))
    mean = float(postings.lengths.sum()) / len(docs)
    return [float(x) for x in bm25(found, worth, postings.lengths, mean, *by)]


@pytest.mark.parametrize("by", [TEXT, UNITS, PATHS])
@pytest.mark.parametrize(
    "query", [{"payment": 1.0}, {"order": 2.0, "warehouse": 0.5, "nowhere": 3.0}, {"the": 1.0, "list": 1.0}]
)
def test_scores_are_those_of_the_formula(query: dict[str, float], by: BM25) -> None:
    assert scored(DOCS, query, by) == pytest.approx(reference(DOCS, query, by), rel=1e-5)


_WORD = st.sampled_from("a b c d e f g".split())


@given(
    st.lists(st.lists(_WORD, max_size=12).map(" ".join), min_size=1, max_size=8),
    st.dictionaries(_WORD, st.floats(0.1, 5), min_size=1, max_size=4),
)
def test_any_documents_score_as_the_formula_says(docs: list[str], query: dict[str, float]) -> None:
    if any(docs):
        assert scored(docs, query, TEXT) == pytest.approx(reference(docs, query, TEXT), rel=1e-4, abs=1e-5)


def test_a_word_of_every_document_still_counts_a_little() -> None:
    assert 0 < float(idf(np.array([9]), 9)[0]) < float(idf(np.array([1]), 9)[0])


def test_documents_that_are_masked_are_gone_and_frequencies_with_them() -> None:
    postings = built(DOCS)
    keys, _ = weighted({words.key("payment"): 1.0})
    found = postings.match(keys)
    assert found.frequencies(1).tolist() == [3]
    some = found.keep(np.array([True, False, True, True, True]))
    assert (some.docs.tolist(), some.frequencies(1).tolist()) == ([0, 3], [2])


def test_counts_of_one_group_add_up() -> None:
    found = Matches(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 2]), np.array([1, 2, 4, 8], np.float32))
    files = found.grouped(np.array([0, 0, 1]))
    assert (files.query.tolist(), files.docs.tolist(), files.counts.tolist()) == (
        [0, 0, 1],
        [0, 1, 1],
        [3, 4, 8],
    )


def test_what_is_stored_comes_back() -> None:
    postings = built(DOCS)
    docs, keys, counts = postings.triples()
    again = Postings.build(docs, keys, counts, len(DOCS))
    assert {n: a.tolist() for n, a in again.arrays("x").items()} == {
        n: a.tolist() for n, a in postings.arrays("x").items()
    }


def test_unknown_words_match_nothing() -> None:
    keys, _ = weighted({words.key("zeppelin"): 1.0})
    assert len(built(DOCS).match(keys).docs) == 0


@pytest.mark.parametrize("shards", [0, 1, 3, 70])  # more than go together
@pytest.mark.parametrize("most", [joined.MOST, 40])  # and some too large to be copied
def test_shards_asked_together_say_what_each_says(
    shards: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined, "MOST", most)
    rng = np.random.default_rng(shards)
    said = [str(w) for w in range(30)]
    parts = [built([" ".join(rng.choice(said, 9)) for _ in range(rng.integers(1, 9))]) for _ in range(shards)]
    keys = words.hashes([*rng.permutation(said)[:20], "none has this"])
    together, first = joined.Joined(parts), 0
    want: list[tuple[int, int, float]] = []
    for p in parts:
        m = p.match(keys)
        want += zip(m.query.tolist(), (m.docs + first).tolist(), m.counts.tolist(), strict=True)
        first += len(p.lengths)
    for _ in range(joined.ALONE + 2):  # first one by one, then in copies
        found = together.match(keys)
        assert list(zip(*(column.tolist() for column in found), strict=True)) == want
    assert together.lengths.tolist() == [n for p in parts for n in p.lengths.tolist()]
    assert shards == 0 or want, "otherwise nothing was tried"


def test_nothing_is_copied_for_a_few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []
    monkeypatch.setattr(joined, "_Run", lambda parts: copied.append(len(parts)) or parts[0])
    together = joined.Joined([built(DOCS), built(DOCS)])
    for n in range(joined.ALONE + 2):
        assert copied == ([] if n <= joined.ALONE else [2])
        together.match(words.hashes(["payment"]))


def test_what_is_copied_is_bounded_and_the_smallest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = built(["a b c d e f g h"] * 5), built(["a b"])  # 40 postings and 2
    monkeypatch.setattr(joined, "MOST", 100)
    runs = [len(r) for r in joined._runs([large, small, small, large, small, large, large])]
    assert runs == [5, 1, 1]
    monkeypatch.setattr(joined, "MOST", 6)
    assert [len(r) for r in joined._runs([large, small, small, large, small])] == [1, 2, 1, 1]


def test_a_key_that_is_no_key_of_ours_spoils_its_own_shard_only(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = built(DOCS)
    strange = Postings(
        sound.terms | np.uint64(1 << 60), sound.starts, sound.docs, sound.counts, sound.lengths
    )
    keys = words.hashes(["payment", "order"])
    monkeypatch.setattr(joined, "ALONE", 0)
    found, alone = joined.Joined([sound, strange, sound]).match(keys), sound.match(keys)
    for first in (0, 2 * len(DOCS)):
        own = (found.docs >= first) & (found.docs < first + len(DOCS))
        assert (found.docs[own] - first).tolist() == alone.docs.tolist()


HARM: dict[
    str, tuple[str, object]
] = {  # what is changed of five documents that shows when postings are asked
    "documents beyond": ("docs", lambda a: np.full(len(a), 1 << 31)),
    "lengths cut": ("lengths", lambda a: a[:2]),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("most", [joined.MOST, 0])
@pytest.mark.parametrize("alone", [joined.ALONE, 0])
def test_what_says_anything_is_found_and_takes_no_memory(
    harm: str, most: int, alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined, "MOST", most)
    monkeypatch.setattr(joined, "ALONE", alone)
    sound = built(DOCS)
    name, change = HARM[harm]
    arrays = {n: getattr(sound, n) for n in FIELDS}
    harmed = Postings(**(arrays | {name: change(arrays[name])}))  # type: ignore[operator]
    assert (sound.sound(), harmed.sound()) == (True, False)
    with pytest.raises(ValueError, match="documents"):
        joined.Joined([sound, harmed, sound]).match(sound.terms)


def test_no_postings_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Postings.build(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64), 0)
    assert none.sound()
    monkeypatch.setattr(joined, "ALONE", 0)
    assert len(joined.Joined([none, built(DOCS), none]).match(built(DOCS).terms).docs)


@given(st.lists(st.integers(-2, 3), max_size=30), st.integers(0, 12))
def test_the_highest_come_first_and_ties_keep_their_order(values: list[int], most: int) -> None:
    some = np.array(values, np.float32)
    assert highest(some, most).tolist() == np.argsort(-some, kind="stable")[:most].tolist()
