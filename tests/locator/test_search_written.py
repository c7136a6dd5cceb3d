"""Code search finds files by the summaries that a model or a person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from kits.cli import run
from kits.model import shop

from locator.search.search import search
from locator.server.tree import node
from locator.tree.edit import keep
from summaries.index.index import Index
from summaries.written.store import FileText, Written

FILE = "src/orders/discount.py"
WORDS = "Works out how much a gift card of a customer takes off the price. Concerns: rebates_100%\\ are off."


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    made = shop(tmp_path_factory.mktemp("shop"))
    view = made.view("shop-orders")
    own = Written(made.folder("shop-orders"), write=True)
    own.keep_files(
        {view.blob(view.paths.index(FILE)): FileText(WORDS), "0" * 40: FileText("A gift card is gone.")}
    )
    own.close()
    keep(made, "shop-payments", "src/payments/refund.py", "Hands money back to whoever bought a gift.")
    return Index.open(made.root)


def test_words_that_no_code_has_are_found(index: Index) -> None:
    found = search(index, "gifts works")
    assert [(f.repo, f.path) for f in found.files] == [
        ("shop-orders", FILE), ("shop-payments", "src/payments/refund.py")]  # fmt: skip
    assert found.files[0].summary == WORDS
    assert found.files[0].score > found.files[1].score
    assert not any("no file has" in n for n in found.notes)
    assert search(index, "gift repo:shop-payments").total == 1
    assert search(index, "gift path:nowhere/").total == 0


def test_code_and_summaries_add_up(index: Index) -> None:
    alone = {f.path: f for f in search(index, "voucher").files}
    both = search(index, "voucher gift")
    assert both.files[0].path == FILE
    assert both.files[0].lines
    assert alone[FILE].summary == ""
    assert {f.path for f in both.files} >= set(alone)


@pytest.mark.parametrize("query", ["100%", "rebates_100%\\", "%", "_", "\\", "'; drop table blob; --"])
def test_signs_of_the_database_are_text(index: Index, query: str) -> None:
    for f in search(index, f"{query} gift").files:
        assert f.path in (FILE, "src/payments/refund.py")


def test_a_word_unknown_to_both_is_told(index: Index) -> None:
    assert any("zeppelin" in n for n in search(index, "gift zeppelin").notes)
    assert search(index, "zeppelin").files == ()


def test_it_is_seen_at_the_terminal(index: Index) -> None:
    told = run("search", "gift", index=index.root)
    assert "takes off the price" in " ".join(told.out.split())


def test_a_summary_holds_wherever_the_content_goes(index: Index, tmp_path: Path) -> None:
    """It's kept by content: the tree tells the same words."""
    assert node(index, f"shop-orders/{FILE}", None, 0).summary == WORDS
