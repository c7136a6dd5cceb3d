"""Embedders: unit rows, nothing depends on neighbours, and what is learnt is kept and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries import backends
from summaries.errors import ModelError, UsageError
from summaries.protocols import Embedder
from summaries.vectors.embed import lsa as embed_lsa
from summaries.vectors.embed.hash import Hash
from summaries.vectors.embed.lsa import FILE, Lsa
from summaries.vectors.embed.terms import unit

TOPICS = {
    "order": "order basket checkout buy line quantity place placed cart total",
    "card": "card charge payment capture refund money euro provider network settle",
    "stock": "stock warehouse reserve shelf inventory restock parcel carton depot pallet",
}


def corpus(each: int = 30) -> list[str]:
    """Texts of three topics, each with a sample of its topic's words."""
    draw = np.random.default_rng(1)
    texts = []
    for n in range(each):
        texts += [" ".join(draw.choice(words.split(), 5)) + f" file{n}" for words in TOPICS.values()]
    return texts


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Lsa:
    texts = corpus()
    return Lsa.learn(tmp_path_factory.mktemp("lsa"), texts, len(texts))


@pytest.mark.parametrize("name", ["lsa", "hash"])
def test_rows_have_length_one(name: str, learnt: Lsa) -> None:
    embedder: Embedder = learnt if name == "lsa" else Hash()
    rows = embedder.documents([*corpus(2), "", "?!", "\ud800 nobody has this word"])
    assert rows.shape == (9, embedder.dimension)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert embedder.documents([]).shape == (0, embedder.dimension)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_text_has_the_same_vector_alone(learnt: Lsa, texts: list[str]) -> None:
    for embedder in (learnt, Hash()):
        together = embedder.documents(texts)
        for row, text in zip(together, texts, strict=True):
            np.testing.assert_array_equal(row, embedder.query(text))


def test_words_of_one_topic_lie_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two texts share no word: only what was learnt brings them together."""
    monkeypatch.setattr(embed_lsa, "DIMENSION", 3)
    lsa = Lsa.learn(tmp_path, corpus(), 90)
    texts = ("charge capture provider", "refund money euro", "pallet depot shelf")
    paid, euros, depot = (lsa.query(t) for t in texts)
    assert paid @ euros > 0.9
    assert abs(float(paid @ depot)) < 0.2


def test_learning_twice_gives_the_same(tmp_path: Path, learnt: Lsa) -> None:
    again = Lsa.learn(tmp_path, corpus(), 90)
    assert again.digest == learnt.digest
    np.testing.assert_array_equal(again.basis, learnt.basis)
    assert Lsa.learn(tmp_path, corpus()[:-3], 87).digest != learnt.digest


def test_what_was_learnt_is_opened_again(tmp_path: Path) -> None:
    made = Lsa.learn(tmp_path, corpus(), 90)
    opened = backends.embedder("lsa", tmp_path)
    assert opened.digest == made.digest
    np.testing.assert_array_equal(opened.query("refund the basket"), made.query("refund the basket"))


def test_stale_says_why(tmp_path: Path) -> None:
    assert Lsa.stale(tmp_path, 5) == "the first time"
    Lsa.learn(tmp_path, corpus(), 90)
    assert [Lsa.stale(tmp_path, n) for n in (46, 90, 179)] == ["", "", ""]
    assert Lsa.stale(tmp_path, 180) == "it learnt from 90 files, now there are 180"
    assert Lsa.stale(tmp_path, 44) != ""
    data = (tmp_path / FILE).read_bytes()
    for bad in (b"", data[:100], data[: len(data) // 2], b"\xff" * 64):
        (tmp_path / FILE).write_bytes(bad)
        assert "cannot be read" in Lsa.stale(tmp_path, 90)
        with pytest.raises(ModelError):
            Lsa.open(tmp_path)


@pytest.mark.parametrize("texts", [[], [""], ["a"], ["hello"], ["hello hello"] * 3, ["x y z", "", "x y z"]])
def test_the_smallest_corpora(texts: Sequence[str], tmp_path: Path) -> None:
    embedder = Lsa.learn(tmp_path, texts, len(texts))
    assert embedder.dimension >= 1
    assert np.linalg.norm(embedder.query("hello world")) == pytest.approx(1)
    assert Lsa.stale(tmp_path, len(texts)) == ""


def test_unknown_words_are_left_out(learnt: Lsa) -> None:
    np.testing.assert_allclose(learnt.query("refund zzzunheard"), learnt.query("refund"), atol=1e-6)


def test_unit_of_nothing_is_a_direction() -> None:
    np.testing.assert_allclose(unit(np.zeros((1, 4))), [[0.5, 0.5, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nope", UsageError),
        ("no_such_module:Thing", ModelError),
        ("summaries.vectors.embed.terms:nope", UsageError),
    ],
)
def test_unknown_backends_say_what_there_is(name: str, kind: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(kind) as told:
        backends.embedder(name, tmp_path)
    if name == "nope":
        assert "lsa, hash" in str(told.value)


def test_ones_own_embedder_by_dotted_path(tmp_path: Path) -> None:
    assert backends.embedder("summaries.vectors.embed.hash:Hash", tmp_path).name == "hash"
    assert backends.learner("hash") is None
    assert backends.learner("lsa") is Lsa
