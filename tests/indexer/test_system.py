"""The top of the tree: who uses whom, layers and words, stored with the index and shown as far as one may see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kits.model import chat_of

from indexer import system
from indexer.build import build
from indexer.demo import SERVICES
from indexer.demo import build as demo
from indexer.removal import remove
from indexer.sources.discover import Source
from indexer.writing.run import plan, write
from locator.tree.show import look
from locator.tree.system import system_of, system_summary
from summaries.index.index import Index, Manifest
from summaries.llm.testing.server import TestServer, text_of
from summaries.llm.types import Price
from summaries.offline.system import compose, distinctive
from summaries.system import FILE, Member, System, Use, read


def sources(folder: Path) -> list[Source]:
    return [Source(f"shop/{name}", folder / name) for name in SERVICES]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("system")
    demo(base / "shop")
    root = base / "index"
    assert not build(
        root, sources(base / "shop"), manifest=Manifest(embedder="", vectors=""), workers=1
    ).failed
    return root


@pytest.mark.slow
def test_the_shop_is_described_from_above(shop: Path) -> None:
    text = system_summary(Index.open(shop))
    first, *lines = text.split("\n")
    assert first.startswith("A system of 6 repositories")
    assert any(x.startswith("On top") and "shop-gateway" in x for x in lines)
    orders = next(x for x in lines if x.startswith("- ") and "shop-orders:" in x)
    assert "payments" in orders
    assert "Used by" in orders
    assert "Its words: " in orders


@pytest.mark.slow
def test_bytes_are_the_same_from_run_to_run(shop: Path, tmp_path: Path) -> None:
    before = (shop / FILE).read_bytes()
    index = Index.open(shop)
    with index.writing():
        assert not system.update(index)
        assert system.update(index, anew=True)
    assert (shop / FILE).read_bytes() == before
    demo(tmp_path / "shop")
    build(
        tmp_path / "index",
        sources(tmp_path / "shop"),
        manifest=Manifest(embedder="", vectors=""),
        workers=2,
    )
    again = read(tmp_path / "index")
    assert (again.parts, again.uses) == (read(shop).parts, read(shop).uses)


def test_who_may_not_see_a_repository_reads_nothing_of_it(shop: Path) -> None:
    index = Index.open(shop)
    names = [n for n in index.repos if "payments" not in n]
    text = system_summary(index.only(names))
    assert "payments:" not in text
    assert "shop-payments" not in text


def test_an_index_without_the_file_is_described_from_its_repositories(shop: Path) -> None:
    index = Index.open(shop)
    kept = (shop / FILE).read_bytes()
    (shop / FILE).unlink()
    try:
        assert system_of(index).parts.keys() == index.repos.keys()
        assert system_summary(index).startswith("A system of 6 repositories")
        (shop / FILE).write_bytes(b"{not json")
        assert system_summary(index).startswith("A system of 6 repositories")
    finally:
        (shop / FILE).write_bytes(kept)


def test_show_without_an_argument_begins_with_the_system(shop: Path) -> None:
    assert look(Index.open(shop)).summary == system_summary(Index.open(shop))


@pytest.mark.slow
def test_what_is_removed_is_not_described(tmp_path: Path) -> None:
    demo(tmp_path / "shop")
    root = tmp_path / "index"
    build(root, sources(tmp_path / "shop"), manifest=Manifest(embedder="", vectors=""), workers=1)
    (name,) = (n for n in Index.open(root).repos if "payments" in n)
    remove(root, [name])
    assert f"- {name}" not in system_summary(Index.open(root))


def test_layers_and_words() -> None:
    parts = {
        "s/page": Member("Shows the shop.", (("basket", 9), ("order", 2))),
        "s/orders": Member("Takes orders.", (("order", 9), ("basket", 3))),
        "s/commons": Member("Shared by all.", (("retry", 5), ("order", 1))),
        "s/notes": Member("", ()),
    }
    uses = (
        Use("s/page", "s/orders", "http", 3, "GET /orders"),
        Use("s/orders", "s/commons", "import", 2),
        Use("s/page", "s/commons", "import", 1),
    )
    text = compose(System(parts, uses))
    assert text.split("\n") == [
        "A system of 4 repositories of s.",
        "On top, using others and used by none: page.",
        "Between, using and used: orders.",
        "At the bottom, used by others: commons.",
        "Linked to no other: notes.",
        "- s/commons: Shared by all. Used by orders and page. Its words: retry.",
        "- s/notes.",
        "- s/orders: Takes orders. Builds on commons. Used by page.",
        "- s/page: Shows the shop. Calls orders; builds on commons.",
    ]
    assert distinctive(parts)["s/commons"] == ["retry"]


def test_a_written_text_stands_where_all_of_it_may_be_seen() -> None:
    system_ = System({"a": Member("Takes orders."), "b": Member("Pays.")}, written="The shop.")
    assert compose(system_) == "The shop."
    assert "The shop" not in compose(system_, ["a"])


@pytest.mark.parametrize("limit", [0, 80, 500, 4000])
def test_the_text_is_bounded(limit: int) -> None:
    parts = {f"o/r{n}": Member("Takes " + "orders " * 30, (("word", 3),)) for n in range(200)}
    assert len(compose(System(parts), limit=limit)) <= max(limit, 400)


@pytest.mark.slow
def test_a_model_describes_the_whole_last_and_once(shop: Path) -> None:
    index = Index.open(shop)
    kept = (shop / FILE).read_bytes()

    def writer(body: dict[str, Any]) -> dict[str, str]:
        whole = "{{" not in text_of(body) and "A system of 6 repositories" in text_of(body)
        asked.append("system" if whole else "other")
        return {
            "summary": "The shop: shop-gateway takes requests, shop-orders keeps orders."
            if whole
            else "Takes orders of the shop."
        }

    asked: list[str] = []
    try:
        with TestServer(writer) as server:
            write(index, [], chat_of(server))
            assert asked == ["system"]
            assert (
                system_summary(Index.open(shop))
                == "The shop: shop-gateway takes requests, shop-orders keeps orders."
            )
            write(Index.open(shop), [], chat_of(server))
            assert asked == ["system"]
        assert "The shop:" not in system_summary(index.only(list(index.repos)[:3]))
        assert plan(Index.open(shop), [], "other", Price()).stages[-1].calls == 1
    finally:
        (shop / FILE).write_bytes(kept)
