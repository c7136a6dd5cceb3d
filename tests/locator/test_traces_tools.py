"""Calls as the tools around a language print them: loggers, browsers, test runners, trackers of errors."""

from __future__ import annotations

import time

import pytest

from locator.report.reader import Report, read

Call = tuple[str, int, str]


def report(text: str) -> Report:
    return read(f"Broken\n\n{text}")


def own(text: str) -> list[Call]:
    return [(f.path, f.line, f.symbol) for f in report(text).frames if not f.library]


SENTRY = """FunctionClauseError: no function clause matching
  File "lib/shop/basket.ex", line 23, in Shop.Basket.total/1
  File "lib/shop/orders.ex", line 9, in Shop.Orders.place/2
"""
SENTRY_NET = """System.ArgumentException: An item with the same key has already been added.
  File "Dictionary.cs", line 503, in bool Dictionary<TKey, TValue>.TryInsert(TKey key)
    if (key == null)
  File "BasketMiddleware.cs", line 104, in async Task BasketMiddleware.InvokeAsync(HttpContext context, Next next)
    context.Items.Add(key, basket);
"""
DEMYSTIFIED = """System.NullReferenceException: Object reference not set
   at void BasketExtensions.SetTotal(Exception ex, string type, bool? handled) in BasketExtensions.cs:line 38
      ex.Data[Key] = type;
   at async Task<Order> Orders.PlaceAsync(Basket basket)+(object sender) => { } in Orders.cs:line 7
   at int Till.Open(IntPtr handle)
"""
LISTED = """Shop.Web.BasketMiddleware.Populate(Shop.Scope, Microsoft.AspNetCore.Http.HttpContext)
Shop.Web.BasketMiddleware+<>c__DisplayClass8_2.<InvokeAsync>b__5(System.Object, System.EventArgs)
Shop.Client.Send(Shop.Event)+242
"""
RAYGUN = """[ArgumentException: An item with the same key has already been added.]
    System.ThrowHelper.Throw(ExceptionResource resource):16
    Shop.Net.Connection.Send(Message message) in c:\\build\\Net\\Connection.cs:309
"""
ELIXIR = """** (FunctionClauseError) no function clause matching in Jason.Fragment.new/1
    (jason 1.4.4) lib/fragment.ex:14: Jason.Fragment.new(nil)
    (shop 2.66.2) lib/shop/poller.ex:204: anonymous fn/6 in Shop.Poller.handle_list/4
    (elixir 1.18.4) lib/enum.ex:2546: Enum."-reduce/3-lists^foldl/2-0-"/3
    (stdlib 6.2.1) gen_server.erl:2345: :gen_server.try_handle_info/3
"""
TERMS = (
    "down with reason {:function_clause, [{Shop.Client, :payload, [:shutdown], [file: 'lib/shop/client.ex', line: 69]},"
    " {Shop.Web, :\"-handle_in/3-fun-2-\", 1, [file: 'lib/shop/web.ex', line: 81]}]}"
)
TERSE = """type 'Tag' is not a subtype of type 'Map<String, dynamic>' in type cast
package:shop/src/model/basket.g.dart 13:49  _$BasketFromJson
package:shop/src/model/basket.dart 62:7     new Basket.fromJson
dart:_internal                              ListIterable.toList
"""
BROWSER = """FormatException: Expected property name
dart-sdk/lib/convert/json.dart 610:36                  convert
packages/shop/src/basket.dart 785:43                   restore
"""
ANDROID = "Unhandled Exception: no\nBasket._total (package:shop/src/basket.dart:61:39)\n"
PHPUNIT = """TypeError : Argument 2 passed to Shop\\Basket::add() must be of the type string, null given
 .../vendor/acme/shop/src/Basket.php:151
 .../app/Checkout.php:280
"""
RAILS = """NoMethodError (undefined method `total' for nil):

shop-rails (5.18.2) lib/shop/rails/basket.rb:20:in `total?'
railties (7.1.3.4) lib/rails/rack/logger.rb:37:in `call_app'
"""
ARRAY = """["/srv/shop/lib/basket.rb:63:in 'Shop::Basket.total'",
 "/srv/shop/lib/orders.rb:36:in 'block in Shop::Orders.place'"]
"""
BREAKS = (
    "thread 'main' panicked at library/std/src/io/stdio.rs:1165:9:  <br>failed  <br>Stack Backtrace:  <br>"
    "0: std::panicking::panic_with_hook  <br>1: \\__rustc::rust_begin_unwind  <br>2: shop::basket::Basket::total  <br>"
    "3: shop::main"
)
LOGGER_JSON = """[
  {
    "context": [
      {
        "domain": ["elixir"],
        "file": "lib/shop/channel.ex",
        "function": "handle_info/2",
        "gl": "<0.2725.0>",
        "line": 302,
        "vm": [
          {
            "node": "shop"
          }
        ]
      }
"""
BARE_JVM = "com.shop.Basket.total(Basket.java:12)\ncom.shop.Orders.place(Orders.kt:15)\n"
FAULTHANDLER = """Current thread 0x00007f (most recent call first):
  File "/srv/shop/low.py", line 3 in low
  File "/srv/shop/high.py", line 4 in high
"""


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (SENTRY, [("lib/shop/basket.ex", 23, "Basket.total"), ("lib/shop/orders.ex", 9, "Orders.place")]),
        (
            SENTRY_NET,
            [("Dictionary.cs", 503, ""), ("BasketMiddleware.cs", 104, "BasketMiddleware.InvokeAsync")],
        ),
        (
            SENTRY.replace("FunctionClauseError", "Stacktrace (most recent call last):\nFunctionClauseError"),
            [("lib/shop/orders.ex", 9, "Orders.place"), ("lib/shop/basket.ex", 23, "Basket.total")],
        ),
        (
            DEMYSTIFIED,
            [
                ("BasketExtensions.cs", 38, "BasketExtensions.SetTotal"),
                ("Orders.cs", 7, "Orders.PlaceAsync"),
                ("", 0, "Till.Open"),
            ],
        ),
        (
            LISTED,
            [
                ("", 0, "BasketMiddleware.Populate"),
                ("", 0, "BasketMiddleware.InvokeAsync"),
                ("", 0, "Client.Send"),
            ],
        ),
        (RAYGUN, [("c:/build/Net/Connection.cs", 309, "Connection.Send")]),
        (ELIXIR, [("lib/fragment.ex", 14, "Fragment.new"), ("lib/shop/poller.ex", 204, "Poller.handle_list")]),
        (TERMS, [("lib/shop/client.ex", 69, "Client.payload"), ("lib/shop/web.ex", 81, "Web.handle_in")]),
        (
            TERSE,
            [
                ("package:shop/src/model/basket.g.dart", 13, "_$BasketFromJson"),
                ("package:shop/src/model/basket.dart", 62, "Basket.fromJson"),
            ],
        ),
        (BROWSER, [("packages/shop/src/basket.dart", 785, "restore")]),
        (ANDROID, [("package:shop/src/basket.dart", 61, "Basket._total")]),
        (PHPUNIT, [("/app/Checkout.php", 280, "")]),
        (
            RAILS,
            [("lib/shop/rails/basket.rb", 20, "total?"), ("lib/rails/rack/logger.rb", 37, "call_app")],
        ),
        (
            ARRAY,
            [
                ("/srv/shop/lib/basket.rb", 63, "Shop.Basket.total"),
                ("/srv/shop/lib/orders.rb", 36, "Shop.Orders.place"),
            ],
        ),
        (BREAKS, [("", 0, "Basket.total"), ("", 0, "main")]),
        (LOGGER_JSON, [("lib/shop/channel.ex", 302, "handle_info")]),
        (
            "basket.dart in Basket.total at line 12 within shop\nlib/orders.dart in place at line 273:5\n",
            [("basket.dart", 12, "Basket.total"), ("lib/orders.dart", 273, "place")],
        ),
        (
            "basket.dart 位置 Basket.total 行 12 在 shop\norders.dart 位置 place 行 273 在 shop\n",
            [("basket.dart", 12, "Basket.total"), ("orders.dart", 273, "place")],
        ),
        (BARE_JVM, [("Basket.java", 12, "Basket.total"), ("Orders.kt", 15, "Orders.place")]),
        (FAULTHANDLER, [("/srv/shop/low.py", 3, "low"), ("/srv/shop/high.py", 4, "high")]),
        ("panic: no\nruntime/debug.Stack()\n\truntime/debug/stack.go:24\na.F()\n\tshop/a.go:7\n", [("shop/a.go", 7, "F")]),
    ],
)  # fmt: skip
def test_calls_as_tools_print_them(text: str, calls: list[Call]) -> None:
    assert own(text) == calls


def test_each_of_these_is_one_trace() -> None:
    for text in (SENTRY, SENTRY_NET, DEMYSTIFIED, LISTED, RAYGUN, ELIXIR, TERMS, TERSE, RAILS, ARRAY, BREAKS):
        assert {f.trace for f in report(text).frames} == {0}, text


@pytest.mark.parametrize(
    "text",
    [
        "Stack Backtrace:\n  0: shop::hooks::on_panic\n  1: std::panicking::rust_panic_with_hook\n"
        "  2: core::panicking::panic_fmt\n  3: shop::basket::Basket::total\n"
        "  4: std::panicking::try::do_call\n  5: shop::main\n",
        "goroutine 3 [running]:\nruntime/debug.Stack(0x1)\n\t/usr/local/go/src/runtime/debug/stack.go:24\n"
        "acme.io/shop/hooks.Recover.func1()\n\t/srv/shop/hooks.go:7\n"
        "panic(0x1, 0x2)\n\t/usr/local/go/src/runtime/panic.go:679\n"
        "acme.io/shop.(*Basket).total(0x1)\n\t/srv/shop/basket.go:9\n",
    ],
)
def test_what_handled_a_panic_did_not_raise_it(text: str) -> None:
    called = [f for f in report(text).frames if not f.library]
    assert called[0].symbol == "Basket.total"
    assert called[-1].symbol in ("on_panic", "Recover")
    assert [f.depth for f in report(text).frames] == list(range(len(report(text).frames)))


def test_a_trace_says_which_library_a_call_is_of() -> None:
    assert [f.package for f in report(RAILS).frames] == ["shop-rails", "railties"]
    assert [(f.package, f.library) for f in report(ELIXIR).frames] == [
        ("jason", False),
        ("shop", False),
        ("elixir", True),
        ("stdlib", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "at startup Basket.total() is slow\n",
        "look at the Shop.Basket then\n",
        "Shop.Web.Basket.Total(System.Object)\n",  # one such line alone may be anything
        "/app/src/Basket.php:12\n/app/src/Orders.php:13\n",  # nothing was thrown
        "the file basket.dart in shop is wrong at line 12, I think\n",
        "I changed package:shop/basket.dart and it works\n",
        "self.client.sessions.create(user, token)\nself.client.sessions.close(user)\n",
    ],
)
def test_what_only_looks_like_calls_is_none(text: str) -> None:
    assert not report(text).frames


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "at async Task<",
        "at A<b, ",
        "A.B.C.D(A.B, ",
        "Shop.A.B(Shop.C)\n",
        "a.dart 1:2  ",
        "dart:a/b.",
        "(a 1.2) lib/a.ex:1: A.",
        "{A.B, :c, [x, ",
        "{A, :b, 1, [file: 'a', line: 1]}, ",
        "/a/b.php:1\n",
        "a <br> ",
        'File "a.cs", line 1, in A(',
        "a (1.2) a.rb:1:in 'b' ",
        "a.b.c(D.java:1)",
        "a.js in b at line 1 ",
    ],
)
def test_formats_of_tools_take_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        read("Broken\n\nError: x\n" + unit * (size // len(unit)))
        return time.process_time() - start

    assert min(seconds(100_000) / max(seconds(25_000), 0.005) for _ in range(3)) < 12
