"""Offline summaries: they read as the golden files say, stay within their bounds and never fail."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.paths import GOLDEN

from summaries.offline import manifest as static_manifest
from summaries.offline.behaviour import behaviours
from summaries.offline.directory import directory_summary
from summaries.offline.file import file_summary, talk
from summaries.offline.kind import file_kind
from summaries.offline.repository import repository_summary
from summaries.offline.system import outside
from summaries.offline.text import clip, first_sentence, spaced, unnested
from summaries.offline.tree import summarise
from summaries.types import Endpoint, Facts, Literal, Symbol, Topic

GOLDEN = GOLDEN / "summaries"

CONTROLLER = Facts(
    language="java",
    lines=88,
    symbols=(
        Symbol(
            "OrderController",
            "OrderController",
            "class",
            14,
            88,
            doc="Accepts and looks up customer orders. Thin.",
        ),
        Symbol("OrderController", "OrderController.OrderController", "method", 20, 24),
        Symbol("place", "OrderController.place", "method", 26, 50, "public ResponseEntity<Order> place(...)"),
        Symbol("find", "OrderController.find", "method", 52, 60, "public Order find(long id)"),
        Symbol("validate", "OrderController.validate", "method", 62, 87, "private void validate(Basket b)"),
    ),
    imports=(
        "java.util.List",
        "com.shop.orders.service.OrderService",
        "com.shop.orders.client.PaymentClient",
    ),
    serves=(Endpoint("POST", "/orders", 26), Endpoint("GET", "/orders/{id}", 52)),
    errors=("OrderNotFoundException",),
)
ROUTES = Facts(
    language="typescript",
    lines=40,
    doc="// eslint-disable no-console",
    symbols=(
        Symbol(
            "ordersRouter",
            "ordersRouter",
            "function",
            8,
            40,
            doc="Forwards order calls, adding the caller's id.",
        ),
    ),
    imports=("express", "../clients/orders", "node:crypto"),
    serves=(Endpoint("POST", "/api/orders", 12),),
    calls=(Endpoint("POST", "http://orders:8080/orders", 15),),
    keys=("ORDERS_URL",),
)
MONEY = Facts(
    language="go",
    lines=70,
    doc="Package money converts and rounds amounts.\nAmounts are in minor units.",
    symbols=(
        Symbol("Amount", "Amount", "struct", 10, 14, doc="Amount is a sum in minor units."),
        Symbol(
            "Convert",
            "Amount.Convert",
            "method",
            20,
            40,
            doc="Convert changes the currency, e.g. EUR to JPY. Rounds.",
        ),
        Symbol("roundHalfUp", "roundHalfUp", "function", 42, 60, doc="roundHalfUp rounds .5 away from zero"),
    ),
    imports=(
        "fmt",
        "math/big",
        "github.com/shop/shop-payments/internal/rates",
        "github.com/shopspring/decimal",
    ),
    errors=("ErrUnknownCurrency",),
)
LISTENER = Facts(
    language="python",
    lines=30,
    symbols=(Symbol("on_order_cancelled", "on_order_cancelled", "function", 5, 30),),
    imports=("json", "shop.stock"),
    topics=(Topic("order.cancelled", "subscribe", 5), Topic("stock.released", "publish", 20)),
)
TESTS = Facts(
    language="python",
    lines=50,
    symbols=(
        Symbol("test_rejects_empty_basket", "test_rejects_empty_basket", "function", 1, 9),
        Symbol("test_releases_stock_once", "test_releases_stock_once", "function", 10, 20),
    ),
)
YAML = Facts(language="yaml", lines=9, keys=("server.port", "spring.application.name", "shop.payments.url"))
README = Facts(
    language="markdown",
    lines=30,
    doc="Takes payments.",
    symbols=(
        Symbol("Running it", "Running it", "section", 3, 9),
        Symbol("Endpoints", "Endpoints", "section", 10, 30),
    ),
)
FILES = {
    "controller": ("src/main/java/com/shop/orders/api/OrderController.java", CONTROLLER),
    "routes": ("src/routes/orders.ts", ROUTES),
    "money": ("internal/money/money.go", MONEY),
    "listener": ("app/events/stock.py", LISTENER),
    "tests": ("tests/test_basket.py", TESTS),
    "yaml": ("src/main/resources/application.yml", YAML),
    "readme": ("README.md", README),
    "empty": ("src/index.js", Facts(language="javascript", lines=0)),
}
REPO = "shop-payments"
SHOP_README = """<p align="center"><img src="logo.png"></p>

# shop-payments

[![build](https://x/y.svg)](https://x) ![cover](z.svg)

Takes **payments** for orders and pays them back, in [any currency](docs/currencies.md).
Amounts are kept in minor units.

## Running
"""
MANIFESTS = (
    ("go.mod", "module github.com/shop/shop-payments\n\ngo 1.22\n"),
    (
        "docker-compose.yml",
        "services:\n  payments:\n    build: .\n    container_name: shop-payments\n  db:\n    image: pg:16\n",
    ),
)


def golden(name: str, text: str) -> None:
    assert text + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


def texts() -> dict[str, str]:
    found = {name: file_summary(path, facts, REPO) for name, (path, facts) in FILES.items()}
    below = [("internal/money", directory_summary("internal/money", [FILES["money"]], []))]
    found["directory"] = directory_summary("internal", list(FILES.values()), below)
    found["parent"] = directory_summary("", [], below)
    found["repository"] = repository_summary(
        REPO, ("README.md", SHOP_README), MANIFESTS, [("internal", found["directory"])], FILES.values()
    )
    return found


@pytest.mark.parametrize("name", sorted(texts()))
def test_reads_as_the_golden_file_says(name: str) -> None:
    golden(name, texts()[name])


def test_order_of_input_does_not_matter() -> None:
    files = list(FILES.values())
    subs = [("a", "First."), ("b", "Second.")]
    assert directory_summary("x", files, subs) == directory_summary("x", files[::-1], subs[::-1])
    assert repository_summary("r", ("", ""), MANIFESTS, subs, files) == repository_summary(
        "r", ("", ""), MANIFESTS[::-1], subs[::-1], files[::-1]
    )


@pytest.mark.parametrize(
    ("path", "facts", "one"),
    [
        ("a/OrderController.java", Facts("java", 1), "HTTP controller"),
        ("a/order_store.go", Facts("go", 1), "data access"),
        ("a/orders.py", Facts("python", 1, serves=(Endpoint("GET", "/", 1),)), "HTTP endpoints"),
        ("a/orders.py", Facts("python", 1), "module"),
        (
            "a/controllers/x.py",
            Facts("python", 1, symbols=(Symbol("f", "f", "function", 1, 1),)),
            "HTTP controller",
        ),
        ("a/controllers/__init__.py", Facts("python", 1), "module"),
        (
            "cmd/shop/main.go",
            Facts("go", 1, symbols=(Symbol("main", "main", "function", 1, 1),)),
            "program entry point",
        ),
        ("db/migrations/V2__add.sql", Facts("sql", 1), "database migration"),
        ("Dockerfile", Facts("dockerfile", 1), "container image definition"),
        ("src/OrderServiceTest.java", Facts("java", 1), "tests"),
        ("src/contest.py", Facts("python", 1), "module"),
        ("src/payments_client.ts", Facts("typescript", 1, calls=(Endpoint("GET", "/", 1),)), "HTTP client"),
        (".github/workflows/ci.yml", Facts("yaml", 1), "continuous-integration workflow"),
    ],
)
def test_roles_need_evidence(path: str, facts: Facts, one: str) -> None:
    assert file_kind(path, facts).one == one


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("StoreAndForward", "store and forward"),
        ("HTTPServer", "HTTP server"),
        ("MAX_SIZE", "max size"),
        ("", ""),
    ],
)
def test_identifiers_become_words(identifier: str, text: str) -> None:
    assert spaced(identifier) == text


@pytest.mark.parametrize(
    ("doc", "sentence"),
    [
        ("/** Finds {@link Order orders} by <b>id</b>. Then more. */", "Finds Order orders by id"),
        ("Copyright 2024 Somebody. All rights reserved.", ""),
        (" * Rounds, e.g. to cents. Slow.\n * @param x the x", "Rounds, e.g. to cents"),
        ("@param x the x", ""),
        ("/// Releases the stock!\n/// Once.", "Releases the stock"),
        ("TODO", ""),
        ("TODO(jane): enable the strict rules for this folder", ""),
        ("// FIXME: Update this file and then delete the line below\n#nullable disable", ""),
        ("// deno-lint-ignore-file prefer-primordials no-explicit-any", ""),
        ('#![expect(clippy::unwrap_used, reason = "contains legacy code which uses unwrap")]', ""),
        (
            "Lists what is still to do: todo items of a customer.",
            "Lists what is still to do: todo items of a customer",
        ),
    ],
)
def test_doc_comments_are_quoted_clean(doc: str, sentence: str) -> None:
    assert first_sentence(doc) == sentence


@pytest.mark.parametrize(
    ("path", "text", "names", "description"),
    [
        ("go.mod", "module github.com/a/b\n", ("github.com/a/b",), ""),
        ("package.json", '{"name": "@shop/gw", "description": "The door"}', ("@shop/gw",), "The door"),
        (
            "pom.xml",
            "<project><parent><groupId>com.shop</groupId><artifactId>p</artifactId></parent>"
            "<artifactId>orders</artifactId><description>Takes orders</description>"
            "<dependencies><dependency><artifactId>x</artifactId></dependency></dependencies></project>",
            ("com.shop:orders",),
            "Takes orders",
        ),
        ("pyproject.toml", '[project]\nname = "cat"\ndescription = "Lists items"\n', ("cat",), "Lists items"),
        ("Cargo.toml", '[package]\nname = "stock"\n', ("stock",), ""),
        ("setup.py", "setup(name='cat', description='Lists')", ("cat",), "Lists"),
        ("src/A.csproj", "<Project><AssemblyName>Shop.Mail</AssemblyName></Project>", ("Shop.Mail",), ""),
        ("settings.gradle.kts", 'rootProject.name = "stock"', ("stock",), ""),
        ("charts/x/Chart.yaml", "name: gw\ndescription: The door\n", ("gw",), "The door"),
        ("Dockerfile", 'FROM x\nLABEL org.opencontainers.image.title="gw"\n', ("gw",), ""),
        ("res/application.yml", "spring:\n  application:\n    name: orders\n", ("orders",), ""),
        ("application.properties", "spring.application.name=orders\n", ("orders",), ""),
        ("a.yaml", "kind: Service\nmetadata:\n  name: orders\n  labels:\n    name: n\n", ("orders",), ""),
        ("compose.yaml", MANIFESTS[1][1], ("payments", "shop-payments"), ""),
        ("compose.yml", "services:\n  a:\n    build:\n      context: ../a\n  b:\n    build: .\n", ("b",), ""),
    ],
)  # fmt: skip
def test_manifests_declare(path: str, text: str, names: tuple[str, ...], description: str) -> None:
    found = static_manifest.read(path, text)
    assert found is not None
    assert (found.names, found.description) == (names, description)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "[" * 100_000),
        ("package.json", "[1]"),
        ("pyproject.toml", "a = " + "[" * 3000),
        ("Cargo.toml", "a." * 90_000),
        ("pom.xml", "<parent>" * 9),
    ],
)
def test_unreadable_manifests_declare_nothing(path: str, text: str) -> None:
    assert static_manifest.read(path, text) is None


words_ = st.text(alphabet=string.printable + "äé中\x00\ud800\u202e", max_size=60)
few = st.lists(words_, max_size=4).map(tuple)
numbers = st.integers(min_value=0, max_value=9_999)
symbols = st.builds(
    Symbol, words_, words_, st.sampled_from(["function", "method", "class", "interface", "enum", "table"]),
    numbers, numbers, words_, words_,
)  # fmt: skip
endpoints = st.lists(st.builds(Endpoint, words_, words_, numbers), max_size=4).map(tuple)
topics = st.lists(
    st.builds(Topic, words_, st.sampled_from(["publish", "subscribe", ""]), numbers), max_size=4
).map(tuple)
languages = st.one_of(words_, st.sampled_from(["java", "go", "python", "typescript", "yaml", "markdown"]))
facts = st.builds(
    Facts, languages, numbers, words_, st.lists(symbols, max_size=8).map(tuple), few,
    st.just((Literal(1, "x"),)), endpoints, endpoints, topics, few, few, st.booleans(),
)  # fmt: skip
paths = st.one_of(
    words_,
    st.lists(st.sampled_from(["src", "test", "a.py", "README.md", "main.go", "x"]), max_size=4).map("/".join),
)
described = st.lists(st.tuples(paths, facts), max_size=5)
told = st.lists(st.tuples(paths, words_), max_size=40)


def well_formed(text: str, limit: int) -> bool:
    return (
        len(text) <= limit and text == text.strip() and not any(c in text for c in "\x00\n\r\x1b\u202e\ud800")
    )


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(paths, facts, words_)
def test_any_file_has_a_bounded_summary(path: str, parsed: Facts, repo: str) -> None:
    text = file_summary(path, parsed, repo)
    assert text
    assert well_formed(text, 700)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(paths, described, told)
def test_any_directory_has_a_bounded_summary(
    path: str, files: list[tuple[str, Facts]], subdirs: list[tuple[str, str]]
) -> None:
    assert well_formed(directory_summary(path, files, subdirs), 800)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    words_,
    words_,
    st.lists(st.tuples(st.sampled_from(["go.mod", "package.json", "pom.xml", "x.yml"]), words_), max_size=3),
    told,
    described,
)
def test_any_repository_has_a_bounded_summary(
    name: str,
    readme: str,
    manifests: list[tuple[str, str]],
    directories: list[tuple[str, str]],
    files: list[tuple[str, Facts]],
) -> None:
    assert well_formed(repository_summary(name, ("README.md", readme), manifests, directories, files), 1500)


@given(words_, st.integers(min_value=0, max_value=80))
def test_clip_never_exceeds(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


if __name__ == "__main__":  # writes the golden files, for a person to read and commit
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (GOLDEN / f"{name}.txt").write_text(text + "\n", "utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("saveNoteManually", "saves notes"),
        ("reloadNow", "reloads notes"),
        ("removeRecursively", "removes notes"),
        ("updateFamily", "updates families"),
        ("applyWeeklyPlan", "applies weekly plans"),
        ("applyChangesToNote", "applies changes"),
        ("noteDelete", "deletes notes"),
        ("getNote", ""),
    ],
)
def test_names_of_functions_are_read_as_verbs_and_objects(name: str, said: str) -> None:
    method = Symbol(name, f"NoteStore.{name}", "method", 1, 9, f"{name}()", "")
    assert ", ".join(behaviours([method], 3)) == said


def test_a_part_does_not_speak_for_the_whole() -> None:
    part = ("packages/base-image/package.json", '{"name": "base", "description": "Base image for tests"}')
    said = repository_summary("shop/page", ("", ""), [part], [], [])
    assert "Base image" not in said.partition(". ")[0]
    root = ("package.json", '{"name": "page", "description": "Shows the shop to customers"}')
    said = repository_summary("shop/page", ("", ""), [part, root], [], [])
    assert said.startswith("shop/page: Shows the shop to customers.")


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("ai (fetches the cache; runs it); env (deletes); node", "ai; env; node"),
        ("orders (baskets (prices them", "orders"),
        ("calls place()) and cancel", "calls place and cancel"),
        ("takes orders", "takes orders"),
    ],
)
def test_what_stands_in_parentheses_has_none(text: str, flat: str) -> None:
    assert unnested(text) == flat


def test_a_directory_of_directories_closes_what_it_opens() -> None:
    inner = [(f"ext/{n}", f"{n}: a (b (c); d); e ({'words ' * 40})") for n in ("ai", "env", "node")]
    told = directory_summary("ext", [], inner)
    assert told.count("(") == told.count(")")
    assert "((" not in told


def test_an_address_that_is_all_holes_is_reached_by_nobody() -> None:
    routes = ("http://{{", "http://localhost{path}", "https://pay.example", "https://{host}/v1/orders")
    said = talk([], [Endpoint("", r, 1) for r in routes], [], 9)
    assert said == "calls https://{host}/v1/orders; reaches https://pay.example"


def test_tests_among_the_code_do_not_speak_for_it() -> None:
    facts = Facts(
        "rust",
        90,
        symbols=(
            Symbol("place", "place", "function", 3, 20),
            Symbol("tests", "tests", "module", 40, 90),
            Symbol("refuses_baskets", "tests.refuses_baskets", "function", 50, 60),
        ),
        strings=(
            Literal(10, "the basket of this order is empty"),
            Literal(55, "the till of the test is stuck"),
        ),
        calls=(Endpoint("POST", "/v1/pay", 9), Endpoint("POST", "/v1/orders", 52)),
    )
    told = file_summary("src/orders.rs", facts, "shop")
    assert "/v1/pay" in told and "basket of this order" in told
    assert "/v1/orders" not in told and "stuck" not in told and "refuse" not in told
    tree = summarise("shop", {"src/orders.rs": facts}, lambda _: "")
    assert not any("/v1/orders" in text for text in tree.values())
    assert "/v1/orders" not in str(outside("", {"src/orders.rs": facts}))
