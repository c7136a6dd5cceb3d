"""Stack traces of each language against golden frames, and what must hold for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.paths import FIXTURES

from locator.report.reader import read
from locator.report.traces import MAX_FRAMES, find

REPORTS = FIXTURES / "reports"
LANGUAGES = sorted(p.stem for p in REPORTS.glob("*.frames"))


def golden(text: str) -> str:
    """Frames as the fixtures show them: trace.depth, + own or - library code, path:line, symbol, module."""
    rows: list[str] = []
    for f in read(text).frames:
        where = f"{f.trace}.{f.depth} {'-' if f.library else '+'} {f.path or '?'}:{f.line}"
        rows.append(f"{where} {f.symbol or '?'} {f.module or '?'}\n")
    return "".join(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_traces_of_each_language_read_as_their_golden_frames(language: str) -> None:
    text = (REPORTS / f"{language}.txt").read_text(encoding="utf-8")
    assert golden(text) == (REPORTS / f"{language}.frames").read_text(encoding="utf-8")


def test_the_golden_frames_cover_every_report_with_a_trace() -> None:
    assert len(LANGUAGES) >= 15
    assert sorted(p.stem for p in REPORTS.glob("*.txt")) == LANGUAGES


def test_a_root_cause_is_innermost_and_a_repeated_section_is_read_once() -> None:
    section = 'Traceback (most recent call last):\n  File "/srv/shop/a.py", line 1, in low\nKeyError: 1\n'
    outer = 'Traceback (most recent call last):\n  File "/srv/shop/b.py", line 2, in high\nShopError\n'
    chain = "\nDuring handling of the above exception, another exception occurred:\n\n"
    frames = find((section + chain + outer + chain + section).split("\n")).frames
    assert [(f.symbol, f.depth, f.trace) for f in frames] == [("low", 0, 0), ("high", 1, 0)]


def test_the_same_trace_logged_twice_is_one_trace() -> None:
    trace = "java.lang.Error: x\n\tat com.shop.A.b(A.java:1)\n\tat com.shop.A.c(A.java:2)\n"
    frames = find((trace + "\n" * 9 + trace).split("\n")).frames
    assert [(f.trace, f.depth) for f in frames] == [(0, 0), (0, 1)]


def test_of_an_endless_recursion_the_innermost_calls_are_kept() -> None:
    lines = [f"    at f{i} (/app/a.js:{i + 1}:1)" for i in range(2_000)]
    frames = find(lines).frames
    assert len(frames) == MAX_FRAMES
    assert [f.line for f in frames] == list(range(1, MAX_FRAMES + 1))


def test_a_line_number_beyond_reason_is_unknown() -> None:
    frames = find(
        [f'  File "/srv/shop/a.py", line {"9" * 5_000}, in f', "    at g (/app/a.js:" + "9" * 30 + ":1)"]
    ).frames
    assert [f.line for f in frames] == [0, 0]


def test_prose_after_a_trace_is_not_part_of_it() -> None:
    lines = [
        "at com.shop.A.b(A.java:1)",
        "",
        "That is all.",
        "Next I open the cart.",
        "Caused by: my own change?",
        "Bye.",
    ]
    assert find(lines).spans == ((0, 0),)


def test_ruby_traces_printed_upside_down_are_turned() -> None:
    lines = [
        "Traceback (most recent call last):",
        "\t1: from app/till.rb:9:in `<main>'",
        "app/till.rb:3:in `open': stuck (Till::Stuck)",
    ]
    assert [f.line for f in find(lines).frames] == [3, 9]


# fmt: off
_PIECES = st.sampled_from([
    "at ", "(", ")", ".", ":1", ":1:2", "a.b.C.m", 'File "', '", line ', "3", ", in f", "\n", "\t", "#0 ",
    "0x1 in ", "x.go", "goroutine 1 [running]:", "pkg.(*T).m", "panicked at ", "::", "<", ">", "`", "'",
    "@http://h/", "Caused by: ", "\\n", " --> 7", "/a/b.php(3): ", "in /a/b.php:3", "/x.py in f(", "E   ",
    "|", "é", "ı", "订单", "\u0000",
])
# fmt: on


@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_gives_well_formed_frames(text: str) -> None:
    lines = text.split("\n")
    found = find(lines)
    depths: dict[int, list[int]] = {}
    for frame in found.frames:
        assert frame.line >= 0
        assert frame.path or frame.symbol
        depths.setdefault(frame.trace, []).append(frame.depth)
    assert list(depths) == list(range(len(depths)))
    assert all(d == list(range(len(d))) for d in depths.values())
    assert all(0 <= first <= last < len(lines) for first, last in found.spans)
    assert all(0 <= i < len(lines) for i in found.shown)


if __name__ == "__main__":
    for path in sorted(REPORTS.glob("*.txt")):
        path.with_suffix(".frames").write_text(golden(path.read_text(encoding="utf-8")), encoding="utf-8")


def calls(text: str) -> list[tuple[str, int, str]]:
    return [(f.path, f.line, f.symbol) for f in read("Broken\n\n" + text).frames if not f.library]


@pytest.mark.parametrize(
    ("text", "innermost"),
    [
        ("    place orders.js:10\n    serve orders.js:20\n", ("orders.js", 10, "place")),
        ("place\t@\torders.js:10\n(anonymous)\t@\tmain.ts:4\n", ("orders.js", 10, "place")),
        (
            "0. /var/www/lib/Order.php line 60\n   Shop\\Mapper->archived(1)\n"
            "1. /var/www/lib/Api.php line 12\n   Shop\\Order->reorder()\n",
            ("/var/www/lib/Order.php", 60, "Order.reorder"),
        ),
        (
            '{"level":3,"Trace":[{"file":"\\/var\\/www\\/Order.php","line":60,"function":"archived"},'
            '{"file":"\\/var\\/www\\/Api.php","line":7,"function":"reorder","class":"Shop\\\\Order"}]}\n',
            ("/var/www/Order.php", 60, "Order.reorder"),
        ),
        (
            '{\n  "file": "/var/www/Order.php",\n  "line": 60,\n  "function": "archived"\n},\n'
            '{\n  "line": 7,\n  "file": "/var/www/Api.php",\n  "function": "reorder"\n}\n',
            ("/var/www/Order.php", 60, ""),
        ),
        (
            "│ /srv/shop/main.py:80 in run          │\n│ ❱ 80   place()    │\n│ /srv/shop/orders.py:12 in place    │\n",
            ("/srv/shop/orders.py", 12, "place"),
        ),
        (
            "09-12 10:11:12.123  12  12 E AndroidRuntime: FATAL EXCEPTION: main\n"
            "09-12 10:11:12.123  12  12 E AndroidRuntime: \tat com.shop.Cart.total(Cart.kt:12)\n",
            ("Cart.kt", 12, "Cart.total"),
        ),
        (
            "[pod/shop-6d5c7b9f8d-x2x9z/shop] goroutine 1 [running]:\n"
            "[pod/shop-6d5c7b9f8d-x2x9z/shop] shop.example/a.Wait(...)\n[pod/shop-6d5c7b9f8d-x2x9z/shop] \t/src/a/b.go:5\n",
            ("/src/a/b.go", 5, "Wait"),
        ),
        (
            "   0: shop::orders::place\n           with id=7\n             at src/orders.rs:10\n",
            ("src/orders.rs", 10, "place"),
        ),
        ("cart is empty at lib/Cart.pm line 12.\n\tShop::total(7) called at lib/O.pm line 4\n", ("lib/Cart.pm", 12, "")),
        ("\tlib/cart.lua:12: in function 'total'\n\tlib/o.lua:4: in main chunk\n", ("lib/cart.lua", 12, "total")),
        ("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:4\n", ("/src/main.go", 4, "main")),
    ],
)  # fmt: skip
def test_calls_in_the_formats_of_tools(text: str, innermost: tuple[str, int, str]) -> None:
    assert calls(text)[0] == innermost


GIN = """runtime error: invalid memory address or nil pointer dereference
/usr/local/Cellar/go/1.12.1/libexec/src/runtime/panic.go:82 (0x443050)
\tpanicmem: panic(memoryError)
/home/ci/shop/orders/basket.go:206 (0xc864a8)
\t(*Basket).Empty: b.lines = nil
/home/ci/shop/router/router.go:55 (0xcc6b06)
/go/pkg/mod/github.com/gin-gonic/gin@v1.6.2/context.go:156 (0xa5ed59)
"""
REACT = "TypeError: Cannot read property 'map' of undefined\n    at OrderRow.jsx:141\n    at Table.jsx:12:7\n"
ASYNC = "System.Exception: no\n   at Shop.Audit.Import.<Run>d__2`2.MoveNext()\n   at Shop.Audit.Start.Now(String a)\n"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (
            GIN,
            [
                ("/home/ci/shop/orders/basket.go", 206, "Basket.Empty"),
                ("/home/ci/shop/router/router.go", 55, ""),
            ],
        ),
        (REACT, [("OrderRow.jsx", 141, ""), ("Table.jsx", 12, "")]),
        (ASYNC, [("", 0, "Import.Run"), ("", 0, "Start.Now")]),
    ],
)
def test_calls_that_are_ones_own(text: str, own: list[tuple[str, int, str]]) -> None:
    assert [(f.path, f.line, f.symbol) for f in find(text.split("\n")).frames if not f.library] == own


def test_a_framework_of_dart_is_a_library() -> None:
    text = "#0  Page.build (package:shop/page.dart:4:2)\n#1  Element.build (package:flutter/src/framework.dart:9:1)\n"
    assert [f.library for f in find(text.split("\n")).frames] == [False, True]


def test_a_sentence_about_a_place_is_no_trace() -> None:
    assert not calls("I changed the file at line 12 and orders.js:12 broke.\n  see orders.js:12 for this\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        '"file": "a/b.php", ',
        "  a b.js:1\n",
        "│ x.py:1 in f ",
        '{"file":"x.php","line":1}',
        " at a.pl line ",
        "a.go:1 (0x1)\n",
        " at a.jsx:1",
        "\t(((((a: ",
        "a.go:1 (0x" + "f" * 99,
    ],
)
def test_new_formats_take_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        find((unit * (size // len(unit))).split("\n"))
        return time.process_time() - start

    assert min(seconds(100_000) / max(seconds(25_000), 0.005) for _ in range(3)) < 12
