"""From a repository that a report names to those that it uses: the voter, and the way that is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from locator.access import LOCAL
from locator.live_index import LiveIndex
from locator.locate import locate, rank_in
from locator.query import understand
from locator.report.reader import read
from locator.voters.neighbours import paths, reached
from locator.weights import Weights
from summaries.index.index import Index
from summaries.system import System, Use, Walk

REPOS = ["acme/page", "acme/orders", "acme/ledger", "acme/other"]
USES = (
    Use("acme/page", "acme/orders", "http", 2, "GET /orders"),
    Use("acme/page", "acme/orders", "host", 1, "http://orders"),
    Use("acme/orders", "acme/ledger", "topic", 1, "order.paid"),
)
WALKS = {
    "acme/page": (
        Walk(0.4, ("acme/page", "acme/orders")),
        Walk(0.2, ("acme/page", "acme/orders", "acme/ledger")),
    ),
    "acme/orders": (Walk(0.5, ("acme/orders", "acme/ledger")),),
}
SYSTEM = System(uses=USES, walks=WALKS)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_walks_of_all_that_are_named_add_up_and_those_named_have_none() -> None:
    assert reached(floats(1, 0, 0, 0), REPOS, WALKS).tolist() == pytest.approx([0, 1, 0.5, 0])
    assert reached(floats(1, 0.6, 0, 0), REPOS, WALKS).tolist() == [0, 0, 1, 0]
    assert reached(floats(0, 0, 1, 1), REPOS, WALKS).tolist() == [0, 0, 0, 0]
    assert reached(floats(1), REPOS[:1], WALKS).tolist() == [0]
    assert reached(floats(), [], WALKS).tolist() == []


def test_the_way_says_how_each_uses_the_next() -> None:
    assert paths(floats(1, 0, 0, 0), REPOS, SYSTEM, REPOS) == {
        "acme/orders": "page → orders: calls over HTTP (GET /orders)",
        "acme/ledger": "page → orders → ledger: calls over HTTP, sends messages",
    }
    assert paths(floats(0.5, 1, 0, 0), REPOS, SYSTEM, REPOS) == {
        "acme/ledger": "orders → ledger: sends messages (order.paid)"
    }


def test_no_way_leads_over_a_repository_that_may_not_be_seen() -> None:
    assert paths(floats(1, 0, 0, 0), REPOS, SYSTEM, ["acme/page", "acme/ledger"]) == {}


TEXT = "shop-gateway answers 500\n\nOrders with a voucher fail in shop-gateway, and the charge is refused."


def test_an_answer_shows_the_way_from_the_repository_that_is_named(shop_index: Path) -> None:
    answer = locate(Index.open(shop_index), TEXT)
    ways = {r.repo: e.text for r in (*answer.routes, *answer.also) for e in r.evidence if e.voter == "uses"}
    assert "shop-gateway" not in ways
    assert ways["shop-orders"].startswith("shop-gateway → shop-orders: calls over HTTP (")


def test_who_may_not_see_a_repository_is_shown_no_way_to_it(shop_index: Path) -> None:
    caller = replace(LOCAL, repos=("shop-orders", "shop-payments"))
    answer = locate(LiveIndex(shop_index).index(caller), TEXT)
    assert not [e for r in (*answer.routes, *answer.also) for e in r.evidence if "shop-gateway" in e.text]


def test_weight_is_what_switches_the_voter_on(shop_index: Path) -> None:
    index = Index.open(shop_index)
    query, views = understand(read(TEXT)), [index.view(n) for n in index.repos]
    off = rank_in(index, views, query)[1]
    on = rank_in(index, views, query, replace(Weights(), routes={**Weights().routes, "uses": 0.2}))[1]
    at = {v.repo: n for n, v in enumerate(views)}
    assert "uses" not in off.route_parts
    assert on.route_parts["uses"][at["shop-orders"]] > 0
    assert on.route_parts["uses"][at["shop-gateway"]] == 0
