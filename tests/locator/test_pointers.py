"""What a report points at: files of stack frames, and the roles that paths give."""

from __future__ import annotations

import pytest

from locator.placement import Placement
from locator.pointers import Pointed, by_frame
from locator.query import understand
from locator.report.packages import installed, owns
from locator.report.reader import Frame, read
from locator.report.traces import is_library
from locator.voters.frames import File, module_suffixes, placed
from summaries.paths import Role, role, suffixes
from summaries.types import Facts, Symbol


def worth(report: str, paths: list[str]) -> dict[str, float]:
    """How well frames of a report fit each of these files, the innermost file of a trace first; of one repository."""
    names: dict[str, list[File]] = {}
    for i, path in enumerate(paths):
        for name in suffixes(path):
            names.setdefault(name, []).append((i, "shop", path))
    frames = understand(read(report)).report.frames
    out: dict[str, float] = {}
    met: list[int] = []
    for _, fits in placed(frames, Placement({"shop": ()}), lambda name: names.get(name, [])):
        for i, fit in fits.items():
            met += [] if i in met else [i]
            out.setdefault(paths[i], fit / len(fits) / (1 + met.index(i)))
    return out


JVM = """Refunds fail

java.lang.IllegalStateException: no charge
\tat org.framework.aop.Proxy.invoke(Proxy.java:30)
\tat com.shop.refunds.Splitter.shareOf(Splitter.java:27)
\tat com.shop.refunds.Splitter.split(Splitter.java:19)
\tat com.shop.orders.OrderService.place(OrderService.java:80)
"""


def test_the_innermost_file_in_scope_counts_in_full_and_is_counted_once() -> None:
    paths = ["a/src/main/java/com/shop/refunds/Splitter.java", "b/com/shop/orders/OrderService.java"]
    assert worth(JVM, paths) == {paths[0]: 1.0, paths[1]: 0.5}


def test_a_class_is_told_from_its_namesakes_by_its_package() -> None:
    paths = ["x/com/shop/refunds/Splitter.java", "y/com/shop/text/Splitter.java"]
    assert worth(JVM, paths) == {paths[0]: 1.0}


PYTHON = """Orders fail

Traceback (most recent call last):
  File "/srv/app/main.py", line 3, in <module>
    place()
  File "/srv/app/venv/lib/python3.11/site-packages/shoplib/orders/place.py", line 7, in place
    json.loads("")
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError
json.decoder.JSONDecodeError: Expecting value
"""


def test_an_installed_library_of_ones_own_is_found_by_its_whole_path() -> None:
    paths = ["src/shoplib/orders/place.py", "other/place.py", "json/decoder.py"]
    assert worth(PYTHON, paths) == {paths[0]: 1.0}
    assert worth(PYTHON, paths[1:]) == {}


@pytest.mark.parametrize(
    ("path", "name", "inner"),
    [
        ("/go/pkg/mod/github.com/!acme/shop@v1.4.2/pkg/a.go", "github.com/Acme/shop", "pkg/a.go"),
        ("k8s.io/apimachinery@v0.25.2/pkg/wait/backoff.go", "k8s.io/apimachinery", "pkg/wait/backoff.go"),
        ("/src/vendor/github.com/acme/shop/pkg/a.go", "github.com/acme/shop", "pkg/a.go"),
        ("/var/lib/gems/3.2.0/gems/shop-lib-1.4.2/lib/a.rb", "shop-lib", "lib/a.rb"),
        ("/opt/bundler/gems/shop-ui-75d5211b3207/app/a.rb", "shop-ui", "app/a.rb"),
        ("/app/node_modules/.pnpm/@acme+a@1.4.2/node_modules/@acme/a/lib/b.js", "@acme/a", "lib/b.js"),
        ("/venv/lib/python3.11/site-packages/shoplib/a.py", "shoplib", "shoplib/a.py"),
        (
            "/root/.cargo/registry/src/index.crates.io-6f17d22b/shop-lib-1.4.2/src/a.rs",
            "shop-lib",
            "src/a.rs",
        ),
        ("/root/.nuget/packages/shop.lib/1.4.2/src/A.cs", "shop.lib", "src/A.cs"),
        ("/var/www/vendor/acme/shop/src/A.php", "acme/shop", "src/A.php"),
    ],
)
def test_files_of_installed_libraries(path: str, name: str, inner: str) -> None:
    found = installed(path)
    assert found is not None
    assert (found.name, found.inner) == (name, inner)


@pytest.mark.parametrize(
    ("path", "repo", "aliases", "own"),
    [
        ("/go/pkg/mod/github.com/acme/shop@v1.4.2/a.go", "shop", (), True),
        ("/go/pkg/mod/github.com/acme/shop/v2@v2.4.2/a.go", "x", ("github.com/acme/shop",), True),
        ("/go/pkg/mod/github.com/other/shop@v1.4.2/a.go", "shop", ("github.com/acme/shop",), False),
        ("/go/pkg/mod/github.com/other/shop@v1.4.2/a.go", "acme/shop", (), False),
        ("/app/node_modules/@acme/shop/a.js", "web", ("@acme/shop",), True),
        ("/app/node_modules/@other/shop/a.js", "shop", ("@acme/shop",), False),
        ("/gems/shop_lib-1.4.2/lib/a.rb", "acme/shop-lib", (), True),
        ("/gems/money-1.4.2/lib/a.rb", "acme/shop-lib", (), False),
    ],
)
def test_whose_library_it_is(path: str, repo: str, aliases: tuple[str, ...], own: bool) -> None:
    package = installed(path)
    assert package is not None
    assert owns(package, repo, aliases) == own


@pytest.mark.parametrize(
    "path",
    [
        "/usr/local/go/src/net/server.go",
        "/go/pkg/mod/github.com/acme/money@v1.0.0/price.go",
        "/venv/lib/python3.11/site-packages/money/price.py",
        "/app/node_modules/money/price.js",
        "/root/.cargo/registry/src/index.crates.io-1/money-1.0.0/src/price.rs",
        "/usr/lib/ruby/gems/3.2.0/gems/money-6.0/lib/price.rb",
    ],
)
def test_a_strangers_call_never_lies_in_an_own_file_of_the_same_name(path: str) -> None:
    frame = Frame(path, 4, "round", "", 0, 0, is_library(path, ""))
    name = path.rpartition("/")[2]
    for own in (name, f"src/{name}", f"app/lib/{name}", f"server/{name}"):
        assert Placement({"shop": ("shop-app",)}).fit(frame, "shop", own) == 0


def test_a_line_of_a_compiled_file_is_not_told() -> None:
    report = read(
        "Broken\n\nError: x\n    at round (/srv/app/dist/price.js:2:5)\n    at show (/srv/app/dist/b.js:3:1)"
    )
    facts = Facts("typescript", 40, symbols=(Symbol("round", "round", "function", 30, 32),))
    found = by_frame(report, "shop", "src/price.ts", facts, Placement({"shop": ()}))
    assert found == Pointed("frame 1 of the stack trace: round", 30)


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("web/src/main/groovy/com/shop/test/Cart.groovy", "groovy", Role.NONE),
        ("web/web.gradle", "groovy", Role.CONFIG),
        ("src/Shop.Orders.Tests/PlaceOrder.cs", "csharp", Role.TEST),
        ("com.shop.orders.tests.model/src/Place.java", "java", Role.TEST),
        ("shop-test/src/main/java/Fixtures.java", "java", Role.TEST),
        ("src/latest/contest.py", "python", Role.NONE),
        ("web/test/client.py", "python", Role.NONE),
        ("web/test/test_client.py", "python", Role.TEST),
        ("test/client.py", "python", Role.TEST),
        ("t/unit/client.py", "python", Role.TEST),
        ("lib/t/client.pl", "perl", Role.NONE),
        ("web/test/client.js", "javascript", Role.TEST),
        ("app/scripts/cart.ts", "typescript", Role.NONE),
        ("scripts/release.sh", "shell", Role.TOOL),
        ("db/migrate/20240301120000_add_stock.rb", "ruby", Role.MIGRATION),
        ("src/main/resources/db/migration/V1_2__stock.sql", "sql", Role.MIGRATION),
        ("src/orders/404_page.html", "html", Role.NONE),
        ("app/migrations/runner.py", "python", Role.NONE),
    ],
)
def test_roles_of_paths(path: str, language: str, expected: Role) -> None:
    assert role(path, language) == expected


def test_a_call_of_a_library_that_is_indexed_lies_only_in_its_repository() -> None:
    placement = Placement({"acme/shop": ("shop-rails",), "acme/web": ()})
    own = Frame("lib/cart.rb", 4, "total", "", 0, 0, False, package="shop-rails")
    other = Frame("lib/cart.rb", 4, "total", "", 0, 0, False, package="money")
    assert placement.fit(own, "acme/shop", "shop-rails/lib/cart.rb") == 1
    assert placement.fit(own, "acme/web", "lib/cart.rb") == 0
    assert (
        placement.fit(other, "acme/web", "lib/cart.rb") == 1
    )  # nobody declares it: it may be called otherwise


@pytest.mark.parametrize("printed", ["package:till/src/cart.dart:4:2", "packages/till/src/cart.dart:4:2"])
def test_a_call_of_dart_lies_in_the_package_that_it_names(printed: str) -> None:
    ours = [
        "packages/shop/lib/src/cart.dart",
        "packages/till/lib/src/cart.dart",
        "packages/till/lib/cart.dart",
    ]
    assert worth(f"Broken\n\n#0  Cart.total ({printed})\n", ours) == {"packages/till/lib/src/cart.dart": 1}
    renamed = [
        "packages/dart/lib/src/cart.dart",
        "web/cart.dart",
    ]  # a folder may be called otherwise than its package
    assert worth(f"Broken\n\n#0  Cart.total ({printed})\n", renamed) == {"packages/dart/lib/src/cart.dart": 1}


def test_a_call_without_a_path_lies_in_the_project_of_its_namespace() -> None:
    call = Frame("", 0, "Basket.Total", "Shop.Orders.Basket", 0, 0, False)
    placement = Placement({"acme/shop": ()})
    assert placement.fit(call, "acme/shop", "src/Shop.Orders/Basket.cs") == 1
    assert placement.fit(call, "acme/shop", "src/Shop.Billing/Basket.cs") == 0
    assert "shop.orders/basket" in module_suffixes(call.module)


def test_a_call_without_a_name_is_told_by_its_place() -> None:
    report = read("Broken\n\nTypeError : no\n /srv/shop/src/Basket.php:12\n /srv/shop/src/Cart.php:8\n")
    found = by_frame(report, "shop", "src/Basket.php", Facts("php", 40), Placement({"shop": ()}))
    assert found == Pointed("frame 1 of the stack trace: Basket.php:12", 12)
