"""What a report points at: files of stack frames, and the roles that paths give."""

from __future__ import annotations

import pytest

from locator.query import understand
from locator.report.reader import read
from locator.voters.exact import mentioned, placed
from summaries.paths import Role, role, suffixes


def worth(report: str, paths: list[str]) -> dict[str, float]:
    """The best worth that frames of a report give each of these files."""
    names: dict[str, list[str]] = {}
    for path in paths:
        for name in suffixes(path):
            names.setdefault(name, []).append(path)
    out: dict[str, float] = {}
    for m, name, value in placed(mentioned(understand(read(report))), lambda n: n in names):
        if m.kind == "frame":
            for path in names[name]:
                out[path] = max(out.get(path, 0.0), value / len(names[name]))
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
