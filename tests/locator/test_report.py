"""The report reader: title, regions and mentions of reports from a fictional shop; hostile input."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locator.report.mentions import MAX_MENTIONS
from locator.report.reader import Mention, MentionKind, RegionKind, Report, read
from locator.report.regions import LIMIT
from summaries.errors import UsageError


def of(report: Report, kind: str) -> list[str]:
    return [m.text for m in report.mentions if m.kind == kind]


def said(text: str, kind: str) -> list[str]:
    return of(read(text, "t"), kind)


def numbered(text: str, kind: str) -> list[tuple[str, int]]:
    return [(m.text, m.number) for m in read(text, "t").mentions if m.kind == kind]


# --- title and regions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["# Orders are lost", "Title: Orders are lost", "  Bug: Orders are lost ", "**Orders are lost**"]
)
def test_the_title_is_the_first_line_without_its_prefix(line: str) -> None:
    report = read(f"\n{line}\n\nSince Monday.")
    assert (report.title, report.body) == ("Orders are lost", "Since Monday.")


def test_a_given_title_leaves_the_body_whole() -> None:
    report = read("First line.\nSecond line.", "Orders  are\nlost")
    assert (report.title, report.body) == ("Orders are lost", "First line.\nSecond line.")


def test_a_report_that_is_only_a_trace_keeps_its_first_line() -> None:
    report = read("KeyError: 'EUR'\n  File \"/srv/shop/rates.py\", line 3, in rate\n")
    assert report.title == "KeyError: 'EUR'"
    assert report.body.startswith("KeyError")


def test_regions_are_told_apart() -> None:
    report = read(
        """Checkout fails

It happens now and then.

```python
cart.add("tea")
```

The log:

```
2024-05-01 12:00:00 INFO [main] Cart - opened
level=error msg="cart is empty" source=cart.go:7
```

Traceback (most recent call last):
  File "/srv/shop/cart.py", line 7, in add
    raise CartError("full")
CartError: full

    total = cart.total()

That is all.
"""
    )
    kinds = [(r.kind, r.line, r.text.split("\n")[0].strip()) for r in report.regions]
    assert kinds == [
        ("prose", 1, "It happens now and then."),
        ("code", 4, 'cart.add("tea")'),
        ("prose", 7, "The log:"),
        ("log", 10, "2024-05-01 12:00:00 INFO [main] Cart - opened"),
        ("trace", 14, "Traceback (most recent call last):"),
        ("code", 19, "total = cart.total()"),
        ("prose", 21, "That is all."),
    ]
    assert report.regions[4].text.endswith("CartError: full")


def test_issue_template_comments_are_removed_and_lines_stay() -> None:
    report = read(
        "Lost orders\n\n<!-- please fill\nin OrderForm -->\nIn `OrderService`.\n```html\n<!-- kept -->\n```",
        "t",
    )
    assert "OrderForm" not in report.body
    assert "kept" in report.body
    assert next(m.line for m in report.mentions if m.text == "OrderService") == 5


def test_an_open_comment_hides_nothing() -> None:
    assert read("A <!-- b --> c <!-- d\ne", "t").body == "A  c <!-- d\ne"


@pytest.mark.parametrize("text", ["", " \n\t\r\n", "<!-- only a comment -->", "\x00\x00"])
def test_a_blank_report_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert caught.value.hint


def test_a_title_alone_will_do() -> None:
    assert of(read("", "OrderService.place fails"), "dotted") == ["OrderService.place"]


# --- mentions --------------------------------------------------------------------------------------------


def test_paths_and_positions() -> None:
    text = (
        r"See ./shop/cart.py and C:\shop\till.cs, config.yaml, internal/app/; source=runtime.go:67, "
        r"till.c: 12, [Order.java:31], (rates.py:8), internal/x/handler.go line 284, web/a.ts#L9, "
        r"web/b.ts:3:14. Not Node.js, e.g. or 1.5.go."
    )
    assert said(text, "path") == ["shop/cart.py", "C:/shop/till.cs", "config.yaml", "internal/app/"]
    assert numbered(text, "position") == [
        ("runtime.go", 67),
        ("till.c", 12),
        ("Order.java", 31),
        ("rates.py", 8),
        ("internal/x/handler.go", 284),
        ("web/a.ts", 9),
        ("web/b.ts", 3),
    ]


@pytest.mark.parametrize(
    ("link", "repository", "file", "line"),
    [
        ("https://github.com/acme/shop/blob/main/src/cart.py#L12-L20", "acme/shop", "src/cart.py", 12),
        ("https://gitlab.com/acme/web/shop/-/blob/v1.2/src/cart.py#L7", "acme/web/shop", "src/cart.py", 7),
        ("https://bitbucket.org/acme/shop/src/1a2b3c/src/cart.py#lines-3", "acme/shop", "src/cart.py", 3),
        ("https://raw.githubusercontent.com/acme/shop/main/src/cart.py", "acme/shop", "src/cart.py", 0),
        (
            "[cart](https://git.acme.example/acme/shop/src/branch/main/src/cart.py#L5).",
            "acme/shop",
            "src/cart.py",
            5,
        ),
    ],
)
def test_links_to_code_hosts(link: str, repository: str, file: str, line: int) -> None:
    assert said(link, "repository") == [repository]
    assert numbered(link, "url_file") == [(f"{repository}:{file}", line)]
    assert not said(link, "host")


def test_repositories_and_issues() -> None:
    text = (
        "Since github.com/acme/orders/v3/internal/app and acme/pay#12, SHOP-123, #9, "
        "https://github.com/acme/web/issues/77 (UTF-8)."
    )
    assert said(text, "repository") == ["acme/orders", "acme/pay", "acme/web"]
    assert said(text, "issue") == ["#12", "SHOP-123", "#9", "#77"]


def test_endpoints_hosts_and_ports() -> None:
    text = (
        "GET http://localhost:59882/api/v3/order/all?offset=2 and POST /api/v1/order, PATCH order/7, "
        "http://{host}:8080/api/v1/order/{id}. "
        "In .../api/v2/cart, orders-db:5432, payments.svc.local; not /usr/lib/x."
    )
    assert said(text, "endpoint") == [
        "GET /api/v3/order/all",
        "POST /api/v1/order",
        "PATCH /order/7",
        "/api/v1/order/{id}",
        "/api/v2/cart",
    ]
    assert numbered(text, "host") == [("localhost", 59882), ("orders-db", 5432), ("payments.svc.local", 0)]


def test_names() -> None:
    text = (
        "The `cart` of OrderService calls place_order() and shop.orders.Order.confirm(7), a "
        "MAX_ITEMS of Cart::Item, self.total and http.Client; order(s) on GitHub with JavaScript."
    )
    assert said(text, "identifier") == ["cart", "OrderService", "MAX_ITEMS", "total"] or said(
        text, "identifier"
    ) == [
        "cart",
        "OrderService",
        "MAX_ITEMS",
    ]
    assert said(text, "call") == ["place_order", "shop.orders.Order.confirm"]
    assert said(text, "dotted") == ["Cart.Item", "http.Client"]


def test_services_config_and_versions() -> None:
    text = (
        "app=orders-export and service=billing; shop-orders-1 restarts. A read-only, pre-defined start-up. "
        "With MaxRetryCount=2, StoreOrders: false, --enable-cache and "
        "SHOP_DB_URL on v1.2.3 and 2.4-rc1, in 1.5 seconds."
    )
    assert said(text, "service") == ["orders-export", "billing", "shop-orders-1", "shop-orders"]
    assert said(text, "config") == ["MaxRetryCount", "StoreOrders", "enable-cache", "SHOP_DB_URL"]
    assert said(text, "version") == ["v1.2.3", "2.4-rc1"]


def test_services_of_containers_images_and_logs() -> None:
    text = (
        'orders_1  | 2024-05-01 12:00:00 INFO up\n{"level":"info","service":"billing","msg":"ready"}\n'
        "2024-05-01 12:00:00 INFO pulled registry.example:5000/shop/catalog:1.2 "
        "for pod/stock-api-7d9f8b6c5-x2x9z"
    )
    assert said(text, "service") == ["orders", "billing", "catalog", "stock-api-7d9f8b6c5-x2x9z", "stock-api"]
    assert said("Set orders.http-client.max-size first.", "config") == ["orders.http-client.max-size"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'level=ERROR source=runtime.go:67 "Unable to read order: no device"',
            "Unable to read order: no device",
        ),
        ("ValueError: not enough values to unpack", "not enough values to unpack"),
        ("It says “cart is empty” twice.", "cart is empty"),
        ("2024-05-01 12:00:00,1 ERROR [main] c.s.Pay - Payment 12 was declined", "Payment 12 was declined"),
        ("time=1 level=warn msg=retrying order=7 source=x", "retrying"),
        ('{"level":"error","msg":"cart \\"7\\" is gone"}', 'cart "7" is gone'),
        ("panic: send on closed channel, goroutine 104", "send on closed channel"),
        ('Exception in thread "main" java.lang.IllegalStateException: till isn\'t open', "till isn't open"),
        ("it logs 'order can't be placed' each time", "order can't be placed"),
        ("run `make till` twice", "make till"),
    ],
)
def test_messages_stand_alone(text: str, message: str) -> None:
    assert message in said(text, "quoted")


def test_exceptions_lose_their_package_and_are_not_said_again() -> None:
    report = read("java.lang.NullPointerException: null and shop.errors.CartError", "t")
    assert of(report, "exception") == ["NullPointerException", "CartError"]
    assert not of(report, "identifier")
    assert not of(report, "dotted")


def test_a_mention_is_kept_once_and_the_title_wins() -> None:
    report = read("OrderService fails. OrderService again.", "OrderService is down")
    assert [m for m in report.mentions if m.text == "OrderService"] == [
        Mention(MentionKind.IDENTIFIER, "OrderService", 0, True, RegionKind.PROSE)
    ]


def test_mentions_are_capped_with_prose_before_logs() -> None:
    log = "\n".join(
        f"2024-05-01 12:00:00 INFO call{i}Order to svc{i}-orders in file{i}.go" for i in range(3_000)
    )
    mentions = read(log + "\n\nThe fault is in PayService.", "t").mentions
    assert len(mentions) <= MAX_MENTIONS
    assert any(m.text == "PayService" for m in mentions)


# --- hostile input ---------------------------------------------------------------------------------------


def test_a_long_report_keeps_both_ends() -> None:
    middle = "x " * 200_000
    report = read(
        f'First AlphaOrder\n{middle}\n  File "/srv/shop/end.py", line 3, in last\nEndError: done', "t"
    )
    assert report.truncated
    assert len(report.body) <= LIMIT
    assert "AlphaOrder" in of(report, "identifier")
    assert [f.symbol for f in report.frames] == ["last"]
    assert not read("short", "t").truncated


@given(st.text(max_size=300) | st.text(alphabet="ab/.:-_'\"`<>!()[]{}#=@\\ \n\t1A~*|", max_size=300))
def test_any_text_is_read(text: str) -> None:
    try:
        report = read(text)
    except UsageError:
        return
    assert report.title
    lines = report.body.split("\n")
    end = 0
    for region in report.regions:
        assert region.line > end
        end = region.line + region.text.count("\n")
        assert region.text == "\n".join(lines[region.line - 1 : end])
    assert end <= len(lines)
    assert all(m.text and m.number >= 0 and 0 <= m.line <= len(lines) for m in report.mentions)


@given(st.text(alphabet=st.characters(exclude_characters="\r"), max_size=300))
def test_line_ends_do_not_matter(text: str) -> None:
    try:
        report = read(text)
    except UsageError:
        return
    assert read(text.replace("\n", "\r\n")) == report


@given(st.text(max_size=200))
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    once = read(text, "title")
    assert read(once.body, once.title) == once


@pytest.mark.parametrize(
    "text",
    ["\ud800 lone", "a\x00b.py", "İstanbul ıslak ŞişeServis", "订单服务.创建 失败", "\x1b[31mred\x1b[0m"],
)
def test_odd_characters_are_safe(text: str) -> None:
    report = read(text)
    (report.title + report.body).encode("utf-8")
    assert "\x00" not in report.title + report.body
    assert "\x1b" not in report.title + report.body


# fmt: off
UNITS = [  # what is repeated, after what
    "a.", "(", '"', "`", "at ", " 'a", "a\n", "a-", "a/", "a:1:", "a_", "A", "http://", '{"a', "a=b ",
    "#1 ", "\\n", "::<", ".(*", "a.bError: ", 'File "', "<!--", "` ", "<a ", "- a: ", "(a.b.(",
    "2024-01-01 00:00:00 ERROR a", "\n    at a(", "/a.py in b(\n", "|", "'a'", "GET ", "a@", "GET /a{", "-",
    "1.", "--> 1\n", "```\n", "_", "Caused by: a\n", "[a](", "\t", "x.go:1\n", "$", "a@b", "at ( … /",
    " f'3a", ")", "::3", "at a( … [", "at a.b in x: … :1", "File x …   ", "x.py:1: …   ",
]
# fmt: on


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_size_and_not_faster(unit: str) -> None:
    """Four times the text takes about four times as long; a quadratic pattern takes sixteen times."""

    start_, _, unit = unit.rpartition(" … ")

    def seconds(size: int) -> float:
        text = start_ + unit * (size // len(unit))
        best = 9e9
        for _ in range(2):
            start = time.process_time()
            read(text, "t")
            best = min(best, time.process_time() - start)
        return best

    small = seconds(10_000)
    for _ in range(3):  # a busy machine may spoil a measurement, not three
        ratio = seconds(40_000) / max(small, 0.001)
        if ratio < 10:
            return
    pytest.fail(f"{ratio:.1f} times the time for four times the text of {unit!r}")


@pytest.mark.slow
def test_ten_megabytes_cost_little_more_than_the_limit() -> None:
    at_limit, huge = "a.b " * (LIMIT // 4), "a.b " * 2_500_000
    start = time.process_time()
    read(at_limit, "t")
    middle = time.process_time()
    read(huge, "t")
    assert time.process_time() - middle < 3 * (middle - start) + 0.5


@pytest.mark.parametrize(
    "line",
    [
        "E, [2025-02-20T13:31:17.442318 #93840] ERROR -- : order seven is archived",
        '[2025-02-20 13:31:17] production.ERROR: order seven is archived {"a":1} []',
        "[13:31:17 ERR] order seven is archived",
        "2025-02-20 13:31:17.123 +01:00 [FTL] order seven is archived",
        "fail: Shop.Totals[0]\n      order seven is archived",
        "[pod/shop-orders-6d5c7b9f8d-x2x9z/orders] 2025-02-20T13:31:17Z ERROR order seven is archived",
        '│ {"level":"error","msg":"order seven is archived"} │',
        "E/ShopTag( 123): order seven is archived",
        "ERROR:shop.orders:order seven is archived",
        '{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"order seven is archived\\"}\\n","stream":"stderr"}',
        "sept. 29 10:11:12 host orders[12]: order seven is archived",
    ],
)
def test_a_log_line_of_any_tool_gives_its_message(line: str) -> None:
    assert "order seven is archived" in said("It fails.\n\n" + line, "quoted")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("### Steps to reproduce\n\nAdd it twice.", ["form", "prose"]),
        ("**What did you expect?**\nA till.", ["form", "prose"]),
        ("- [x] I have searched the existing issues\n- [ ] frontend\n- [x] backend", ["form", "prose"]),
        ("### Environment\n\n```\n- Browser: Firefox\n```", ["form", "environment"]),
        ("It broke.\n\n- orders: 1.2.0\n- mail: 7.1.3\n- tasks 5.0", ["prose", "environment"]),
        ("```\nPackage    Version\n-------  ----\norders   1.2.0\n```", ["environment"]),
        ("```yaml\napiVersion: v1\nkind: Pod\n```", ["environment"]),
        ("```\nSHOP_URL=http://x\nSHOP_TIME=1\nSHOP_MODE=dev\n```", ["environment"]),
        ("### Refund twice\n\nIt pays twice.", ["prose"]),
        ("### Environment\n\n2024-05-01 12:00:00 ERROR it is closed", ["form", "log"]),
    ],
)
def test_forms_and_set_ups_are_told_from_what_was_reported(text: str, kinds: list[str]) -> None:
    assert [r.kind for r in read(text, "t").regions] == kinds


def test_a_set_up_points_at_nothing_but_names_images_and_routes() -> None:
    manifest = "apiVersion: v1\nkind: Pod\n# Source: shop/templates/a.yaml\nimage: acme/shop-orders:1.2\nurl: http://shop-mail:80/api/send"
    report = read(f"It fails.\n\n```\n{manifest}\n```", "t")
    assert not of(report, "path")
    assert not of(report, "config")
    assert "shop-orders" in of(report, "service")
    assert "/api/send" in of(report, "endpoint")


def test_a_module_at_a_version_is_no_address() -> None:
    report = read("See github.com/acme/shop-lib@v1.4.2/pkg/retry/backoff.go for it.", "t")
    assert of(report, "url_file") == ["acme/shop-lib:pkg/retry/backoff.go"]


@pytest.mark.parametrize(
    "picture",
    [
        '<img width="1440" alt="Screenshot" src="https://github.com/user-attachments/assets/6ad9-9bd9">',
        "![Screenshot](https://user-images.githubusercontent.com/1/6ad9-9bd9.png)",
    ],
)
def test_of_a_picture_only_its_words_are_read(picture: str) -> None:
    report = read(f"Broken\n\nThe total is wrong {picture} here.\n\n```html\n{picture}\n```\n")
    prose = report.regions[0].text
    assert "wrong" in prose and "here" in prose
    assert not {"1440", "attachments", "githubusercontent", "6ad9"} & set(re.findall(r"\w+", prose))
    assert picture in report.body  # as code it is what it is about
    assert report.body.count("\n") == 4


def test_what_examines_an_installation_tells_of_the_set_up() -> None:
    text = (
        "### Platform\n\nTill Mobile\n\n### Actual result\n\nThe total is wrong.\n\n"
        "[✓] Till (Channel stable, 3.24.3)\n    • Till version 3.22.2 at\n      /Users/jane/till\n"
        "    • Upstream https://github.com/acme/till.git\n[!] Toolchain\n    ✗ cmdline-tools component is missing\n"
        "      Run `path/to/sdkmanager --install` first\n\n• Open the till\n• Press total\n• It is wrong\n"
    )
    kinds = [(r.kind.value, r.text.split("\n")[0]) for r in read(f"Broken\n\n{text}").regions]
    assert ("environment", "Till Mobile") in kinds
    assert ("environment", "[✓] Till (Channel stable, 3.24.3)") in kinds
    assert ("prose", "• Open the till") in kinds
    assert not said(text, "path") and not said(text, "config")


def test_pages_of_code_hosts_are_no_routes_of_a_system() -> None:
    text = "See https://gist.github.com/jane/1a2b3c, https://github.com/jane and https://shop.example/v1/orders/open."
    assert said(text, "host") == ["shop.example"]
    assert said(text, "endpoint") == ["/v1/orders/open"]


def test_a_class_of_php_is_no_folder() -> None:
    text = (
        "Argument 2 passed to Shop\\Orders\\Basket::add() in src\\main\\java or C:\\Shop\\Orders\\Basket.php"
    )
    assert "Shop.Orders.Basket" in said(text, "dotted")
    assert said(text, "path") == ["src/main/java/", "C:/Shop/Orders/Basket.php"]


def test_a_shell_names_the_line_that_failed() -> None:
    assert numbered("install/check.sh: line 22: docker: command not found", "position") == [
        ("install/check.sh", 22)
    ]


def test_lines_of_a_collector_are_a_log_of_their_service() -> None:
    pad = " " * 30
    text = (
        f"\tJun 3, 2021 17:01:59\tshop-till{pad}| 2021-06-03T12:01:59Z [shop::till::drawer] WARN: the drawer is stuck\n\n"
        f"\tJun 3, 2021 5:02:07 PM\tshop-till{pad}| 2021-06-03T12:02:07Z [shop::till] TRACE: closing\n"
    )
    report = read(f"Broken\n\n{text}")
    assert {r.kind for r in report.regions} == {RegionKind.LOG}
    assert "the drawer is stuck" in of(report, "quoted")
    assert "shop-till" in of(report, "service")
    assert "shop.till.drawer" in of(report, "dotted")
