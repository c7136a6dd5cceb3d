"""Who calls whom, on hand-made facts and on the demo shop."""

from __future__ import annotations

import string
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.demo import build
from indexer.parse.languages import language_of
from indexer.parse.parse import parse
from indexer.services.links import SITES, Link, aliases, links
from indexer.services.match import Book, distinctive, literal_route, topic_fits
from indexer.services.walks import RETURNS, walks
from summaries.system import Use
from summaries.types import Endpoint, Facts, Literal, Topic


def serving(*routes: str) -> Facts:
    return Facts("go", 1, serves=tuple(Endpoint(m, route, 1) for m, route in (r.split(" ") for r in routes)))


def calling(*routes: str) -> Facts:
    return Facts("go", 1, calls=tuple(Endpoint(m, route, 7) for m, route in (r.split(" ") for r in routes)))


def pairs(
    repos: dict[str, Facts], names: dict[str, list[str]] | None = None
) -> set[tuple[str, str, str, str]]:
    found = links({r: [(f"{r}.x", f)] for r, f in repos.items()}, names or {})
    return {(link.source, link.target, link.kind, link.detail) for link in found}


@pytest.mark.parametrize(
    ("called", "detail"),
    [
        ("GET /v1/orders/7", "GET /v1/orders/{id}"),
        ("GET http://h:1/v1/orders/{orderId}?x=1", "GET /v1/orders/{id}"),
        ("GET /v1/orders/open", "GET /v1/orders/open"),
        (" /v1/orders/{n}/cancel", "POST /v1/orders/:id/cancel"),
        ("GET /shop/v1/orders/{n}", "GET /v1/orders/{id}"),
        ("DELETE /v1/orders/7", None),
        ("GET /v1/invoices/7", None),
        ("GET /health", None),
        ("GET /v1/{}", None),
    ],
)
def test_calls_link_to_the_most_specific_route(called: str, detail: str | None) -> None:
    served = serving(
        "GET /v1/orders/{id}", "GET /v1/orders/open", "POST /v1/orders/:id/cancel", "GET /health"
    )
    found = pairs({"a": calling(called), "b": served})
    assert found == ({("a", "b", "http", detail)} if detail else set())


def test_routes_of_everybody_link_nobody() -> None:
    repos = {f"r{i}": serving("GET /internal/reload") for i in range(6)}
    assert pairs(repos | {"a": calling("GET /internal/reload")}) == set()


def test_own_routes_are_called_at_home() -> None:
    both = Facts("go", 1, serves=serving("GET /v1/x").serves, calls=calling("GET /v1/x").calls)
    assert pairs({"a": both, "b": serving("GET /v1/x")}) == set()


def test_the_host_decides_between_two_that_serve_a_route() -> None:
    repos = {"a": calling("GET http://shop-b/v1/x"), "b": serving("GET /v1/x"), "c": serving("GET /v1/x")}
    assert ("a", "b", "http", "GET /v1/x") in pairs(repos, {"b": ["shop-b"]})
    assert ("a", "c", "http", "GET /v1/x") not in pairs(repos, {"b": ["shop-b"]})


def test_routes_in_plain_strings_count_when_one_repository_serves_them() -> None:
    text = Facts("typescript", 1, strings=(Literal(3, "${this.url}/v1/orders/${id}/cancel"),))
    assert pairs({"a": text, "b": serving("POST /v1/orders/{id}/cancel")}) == {
        ("a", "b", "http", "POST /v1/orders/{id}/cancel")
    }
    two = {"b": serving("GET /v1/orders/{id}/cancel"), "c": serving("GET /v1/orders/{id}/cancel")}
    assert pairs({"a": text} | two) == set()


def topic(name: str, role: str) -> Facts:
    return Facts("go", 1, topics=(Topic(name, role, 4),))


def test_topics_lead_from_publisher_to_subscriber() -> None:
    repos = {
        "a": topic("order.placed", "publish"),
        "b": topic("order.placed", "subscribe"),
        "c": topic("x", "publish"),
    }
    assert pairs(repos) == {("a", "b", "topic", "order.placed")}


@pytest.mark.parametrize("pattern", ["order.*", "order.#", "*.placed", "order.+"])
def test_wildcards_subscribe_to_what_they_cover(pattern: str) -> None:
    repos = {"a": topic("order.placed", "publish"), "b": topic(pattern, "subscribe")}
    assert pairs(repos) == {("a", "b", "topic", "order.placed")}


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("#", "a.b", False),
        ("a/#", "a/b/c", True),
        ("a.*", "a.b.c", False),
        ("a.b", "a.b", True),
        ("a.b.*", "a.b", False),
    ],
)
def test_topic_patterns(pattern: str, name: str, fits: bool) -> None:
    assert topic_fits(pattern, name) is fits


def test_a_mention_without_a_role_takes_the_other_sides() -> None:
    mention = Facts("csharp", 1, strings=(Literal(9, "order.placed"),))
    assert pairs({"a": topic("order.placed", "publish"), "b": mention}) == {
        ("a", "b", "topic", "order.placed")
    }
    assert pairs({"a": topic("order.placed", "subscribe"), "b": mention}) == {
        ("b", "a", "topic", "order.placed")
    }
    assert (
        pairs({"a": topic("placed", "publish"), "b": Facts("go", 1, strings=(Literal(9, "placed"),))})
        == set()
    )


def importing(language: str, *names: str) -> Facts:
    return Facts(language, 1, imports=names)


def test_imports_link_by_the_longest_module_name() -> None:
    names = {"b": ["shop.example/pay"], "c": ["shop.example/pay/money"]}
    repos = {
        "a": importing("go", "shop.example/pay/money/rates", "fmt"),
        "b": Facts("go", 1),
        "c": Facts("go", 1),
    }
    assert pairs(repos, names) == {("a", "c", "import", "shop.example/pay/money/rates")}


def test_imports_of_one_word_may_be_local() -> None:
    found = links(
        {"a": [("orders/x.py", importing("python", "orders.models"))], "orders": []}, {"orders": ["orders"]}
    )
    assert found == ()
    found = links(
        {"a": [("src/x.py", importing("python", "orders.models"))], "orders": []}, {"orders": ["orders"]}
    )
    assert [(link.target, link.kind) for link in found] == [("orders", "import")]


@pytest.mark.parametrize(
    ("language", "item", "target", "linked"),
    [
        ("typescript", "fs/promises", "rust", False),
        ("typescript", "node:fs", "typescript", False),
        ("python", "json.decoder", "python", False),
        ("rust", "std::fs", "rust", False),
        ("go", "orders", "csharp", False),
        ("go", "orders", "go", True),
        ("tsx", "orders", "typescript", True),
        ("dockerfile", "registry.example/acme/orders:1", "csharp", True),
    ],
)
def test_an_import_is_of_code_in_its_own_language(
    language: str, item: str, target: str, linked: bool
) -> None:
    repos = {"a": importing(language, item), "b": Facts(target, 1)}
    assert bool(pairs(repos, {"b": ["orders", "fs", "json", "std"]})) == linked


def test_classes_are_found_by_their_path() -> None:
    owner = [("src/main/java/com/shop/orders/Order.java", Facts("java", 1))]
    user = [
        (
            "src/main/kotlin/com/shop/stock/A.kt",
            importing("kotlin", "com.shop.orders.Order", "java.util.List"),
        )
    ]
    found = links({"o": owner, "s": user}, {})
    assert [(link.source, link.target, link.detail) for link in found] == [
        ("s", "o", "com.shop.orders.Order")
    ]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("http://shop-orders:8080/x", True),
        ("amqp://user:pw@shop_orders/", True),
        ("http://shop-orders.prod.svc.cluster.local", True),
        ("shop-orders:9090", True),
        ("shop-orders", True),
        ("http://shop-orders-db:5432", False),
        ("orders", False),
        ("http://", False),
    ],
)
def test_hosts_link_by_service_name(text: str, linked: bool) -> None:
    repos = {"a": Facts("yaml", 1, strings=(Literal(2, text),)), "shop-orders": Facts("go", 1)}
    assert bool(pairs(repos)) is linked


def test_tests_and_documents_do_not_speak() -> None:
    url = (Literal(2, "http://shop-orders:8080"),)
    files = [("x_test.go", Facts("go", 1, strings=url)), ("README.md", Facts("markdown", 1, strings=url))]
    assert links({"a": files, "shop-orders": []}, {}) == ()


def test_names_that_two_claim_belong_to_the_one_called_so() -> None:
    book = Book({"org/orders": ["money"], "pay": ["orders", "money"]})
    assert book.owner("orders") == "org/orders"
    assert book.owner("money") is None
    assert book.owner("PAY") == "pay"


def test_sites_are_bounded() -> None:
    files = [(f"f{i}.go", calling("GET /v1/x")) for i in range(50)]
    found = links({"a": files, "b": [("s.go", serving("GET /v1/x"))]}, {})
    assert len(found) == SITES


def test_aliases_come_from_manifests_outside_test_data() -> None:
    manifests = [
        ("go.mod", "module shop.example/orders/v2\n"),
        ("cmd/orders-worker/Dockerfile", "FROM scratch\n"),
        ("api/pom.xml", "<project><groupId>com.shop.orders</groupId><artifactId>api</artifactId></project>"),
        ("testdata/go.mod", "module example.com/x\n"),
        ("internal/forks/money/go.mod", "module github.com/other/money\n"),
        (".devcontainer/Dockerfile", "FROM scratch\n"),
        ("images/alpine/Dockerfile", "FROM scratch\n"),
        ("package.json", "{{{"),
    ]
    assert aliases("org/orders", manifests) == frozenset(
        (
            "org/orders",
            "orders",
            "shop.example/orders",
            "shop.example/orders/v2",
            "orders-worker",
            "com.shop.orders:api",
            "com.shop.orders",
        )
    )


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("${a}/v1/x/${b(c)}", "/v1/x/{}"),
        ("http://h:1/v1/x?y=1", "/v1/x"),
        ("%s/v1/x/%d", "/v1/x/%d"),
        ("/v1/x", "/v1/x"),
        ("a/b", None),
        ("see /v1/x for more", None),
        ("http://h:1", None),
    ],
)
def test_routes_in_literals(text: str, route: str | None) -> None:
    assert literal_route(text) == route


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Link, ...]:
    repos: dict[str, list[tuple[str, Facts]]] = {}
    names: dict[str, frozenset[str]] = {}
    for path in build(tmp_path_factory.mktemp("shop")):
        texts = {
            p.relative_to(path).as_posix(): p.read_text("utf-8")
            for p in sorted(path.rglob("*"))
            if p.is_file() and ".git" not in p.relative_to(path).parts
        }
        repos[path.name] = [(p, parse(p, t, lang)) for p, t in texts.items() if (lang := language_of(p))]
        names[path.name] = aliases(path.name, list(texts.items()))
    return links(repos, names)


SHOP = {
    ("shop-gateway", "shop-orders", "http", "POST /v1/orders"),
    ("shop-gateway", "shop-payments", "http", "POST /v1/charges"),
    ("shop-gateway", "shop-catalog", "http", "GET /v1/items/{sku}"),
    ("shop-orders", "shop-catalog", "http", "POST /v1/prices"),
    ("shop-orders", "shop-inventory", "http", "POST /v1/reservations"),
    ("shop-orders", "shop-payments", "http", "POST /v1/refunds"),
    ("shop-catalog", "shop-inventory", "http", "GET /v1/stock/{sku}"),
    ("shop-notifications", "shop-orders", "http", "GET /v1/orders/{id}"),
    ("shop-orders", "shop-inventory", "topic", "order.cancelled"),
    ("shop-orders", "shop-notifications", "topic", "order.placed"),
    ("shop-payments", "shop-orders", "topic", "payment.captured"),
    ("shop-inventory", "shop-notifications", "topic", "stock.low"),
    ("shop-inventory", "shop-orders", "import", "com.shop.orders.events.OrderCancelled"),
    ("shop-notifications", "shop-orders", "host", "http://shop-orders:8080"),
}


def test_the_shop_is_wired_as_its_authors_say(shop: tuple[Link, ...]) -> None:
    found = {(link.source, link.target, link.kind, link.detail) for link in shop}
    assert found >= SHOP
    ways = {(s, t) for s, t, _, _ in found}
    assert ways == {(s, t) for s, t, _, _ in SHOP}


def test_walks_follow_uses_and_come_less_often_to_what_is_further(shop: tuple[Link, ...]) -> None:
    count = Counter((link.source, link.target, link.kind) for link in shop)
    uses = [Use(*key, n) for key, n in count.items()]
    found = walks(uses)
    assert {w.path[-1] for w in found["shop-gateway"]} == {t for _, t, _, _ in SHOP} - {"shop-gateway"}
    for start, some in found.items():
        assert [w.share for w in some] == sorted((w.share for w in some), reverse=True)
        for walk in some:
            assert walk.path[0] == start
            assert all((a, b) in {(u.source, u.target) for u in uses} for a, b in pairwise(walk.path))


def test_a_walk_is_personalised_pagerank() -> None:
    """On a line a -> b -> c the share of each is that of the one before, less those steps that lead back."""
    found = walks([Use("a", "b", "http", 1), Use("b", "c", "import", 3), Use("d", "a", "http", 1)])
    assert [w.path for w in found["a"]] == [("a", "b"), ("a", "b", "c")]
    b, c = (w.share for w in found["a"])
    assert c / b == pytest.approx(1 - RETURNS, abs=1e-3)
    assert b == pytest.approx((1 - RETURNS) / (1 + (1 - RETURNS) + (1 - RETURNS) ** 2), abs=1e-3)
    assert len(found["d"]) == 3
    assert "c" not in found


def test_links_that_many_routes_make_weigh_more() -> None:
    found = walks([Use("a", "b", "http", 40), Use("a", "c", "http", 1)])
    assert [w.path[-1] for w in found["a"]] == ["b", "c"]
    assert walks([]) == {}


def test_order_of_input_does_not_matter() -> None:
    repos = {
        "a": [("x", calling("GET /v1/x"))],
        "b": [("y", serving("GET /v1/x")), ("z", topic("t.u", "publish"))],
    }
    turned = {r: f[::-1] for r, f in reversed(repos.items())}
    assert links(repos, {}) == links(turned, {})


words = st.text(alphabet=string.ascii_lowercase + "/.:-_{}$*#% é\x00", max_size=40)
few = st.lists(words, max_size=4).map(tuple)
endpoints = st.lists(
    st.builds(Endpoint, st.sampled_from(["", "GET", "RPC"]), words, st.integers(0, 9)), max_size=4
).map(tuple)
topics = st.lists(
    st.builds(Topic, words, st.sampled_from(["publish", "subscribe", ""]), st.integers(0, 9)), max_size=4
).map(tuple)
literals = st.lists(st.builds(Literal, st.integers(0, 9), words), max_size=4).map(tuple)
facts = st.builds(
    Facts, st.sampled_from(["go", "java", "dockerfile", "python"]), st.just(1), imports=few, strings=literals,
    serves=endpoints, calls=endpoints, topics=topics,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(words, st.lists(st.tuples(words, facts), max_size=3), max_size=4),
    st.dictionaries(words, few, max_size=4),
)
def test_anything_gives_links_between_the_given(
    repos: dict[str, list[tuple[str, Facts]]], names: dict[str, tuple[str, ...]]
) -> None:
    for link in links(repos, names):
        assert link.source in repos
        assert link.target in repos
        assert link.source != link.target


@settings(max_examples=100, deadline=None)
@given(
    words,
    st.lists(st.tuples(st.sampled_from(["go.mod", "pom.xml", "a.yml", "compose.yml", "Cargo.toml"]), words)),
)
def test_any_manifest_gives_names(name: str, manifests: list[tuple[str, str]]) -> None:
    assert all(aliases(name, manifests))


@pytest.mark.parametrize(
    ("name", "says"), [("order.placed", True), ("orders", False), ("a b.c d", False), ("${x}.yz", False)]
)
def test_distinctive_topics(name: str, says: bool) -> None:
    assert distinctive(name) is says


def test_hostile_literals_take_no_time() -> None:
    nasty = ["/a" * 150, "{" * 300, "$" * 300, "http://" + "a." * 150, "%s" * 150, ("/" + "a" * 59) * 5]
    repos = {
        "a": Facts("go", 1, strings=tuple(Literal(1, n) for n in nasty * 200)),
        "b": serving("GET /v1/x"),
    }
    assert pairs(repos) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docker/Dockerfile", "FROM scratch\n"),
        ("deploy/base/Dockerfile", "FROM scratch\n"),
        ("charts/queue-worker/Chart.yaml", "name: queue-worker\n"),
        ("k8s/kafka.yaml", "kind: Deployment\nmetadata:\n  name: broker\nspec:\n  image: bitnami/kafka:3\n"),
        (
            "client-tests/pom.xml",
            "<project><groupId>com.shop</groupId><artifactId>grpc</artifactId></project>",
        ),
        ("app/package.json", '{"name": "shop"}'),
    ],
)
def test_what_any_repository_could_be_called_or_only_runs_is_no_name(path: str, text: str) -> None:
    assert aliases("shop/orders", [(path, text)]) == {"shop/orders", "orders"}


def test_a_workload_whose_image_is_built_here_is_a_name() -> None:
    workload = "kind: Deployment\nmetadata:\n  name: checkout\nspec:\n  image: acme/orders-worker:1\n"
    known = aliases(
        "shop/orders", [("cmd/orders-worker/Dockerfile", "FROM scratch\n"), ("k8s/a.yaml", workload)]
    )
    assert known == {"shop/orders", "orders", "orders-worker", "checkout"}
