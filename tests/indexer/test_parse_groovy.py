"""Groovy, read by lines and braces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.linear import grows_faster

from indexer.parse.parse import parse
from summaries.types import Facts

ORDERS = """package com.shop.orders

import com.shop.stock.Stock

/** Takes orders. */
@RestController
class OrderController extends Base {
  private final String brace = "a { in a string"
  OrderController(Stock stock) { this.stock = stock }

  /** Finds one. */
  @GetMapping("/{id}")
  Map<String, List<Order>> find(@PathVariable String id,
      int depth) {
    // a brace } in a comment
    def found = stock.find(id)
    if (!found) { throw new NotFoundException("order ${id} was not found") }
    return found.collectEntries { [it.key, it.value] }
  }

  static def add(a, b = 2) { a + b }

  def "an empty order is refused"() {
    expect: check(1)
  }

  enum Kind { NEW, PAID }
  abstract void nothing(int a)
}

interface Ledger { void book(Order order) }
def top(x) { println x }
"""


def groovy(text: str) -> Facts:
    return parse("orders.groovy", text, "groovy")


def test_types_and_methods_with_their_lines() -> None:
    found = groovy(ORDERS)
    assert [(s.qualname, s.kind, s.start, s.end) for s in found.symbols] == [
        ("OrderController", "class", 6, 29),
        ("OrderController.OrderController", "method", 9, 9),
        ("OrderController.find", "method", 12, 19),
        ("OrderController.add", "method", 21, 21),
        ("OrderController.an empty order is refused", "method", 23, 25),
        ("OrderController.Kind", "enum", 27, 27),
        ("OrderController.nothing", "method", 28, 28),
        ("Ledger", "interface", 31, 31),
        ("top", "function", 32, 32),
    ]
    assert [s.doc for s in found.symbols[:3]] == ["Takes orders.", "", "Finds one."]
    assert found.imports == ("com.shop.stock.Stock",)
    assert found.errors == ("NotFoundException",)
    assert "order ${id} was not found" in [x.text for x in found.strings]


@given(st.text(alphabet="class def(){}\"'/*\\\n@A<>", max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = groovy(text)
    rows = text.count("\n") + 1
    assert all(1 <= s.start <= s.end <= rows for s in found.symbols)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ['"""', "/*", "class A {", "def a() {}\n", '"\\', "@A(" * 9 + "\n"])
def test_time_grows_with_the_text_and_not_faster(unit: str) -> None:
    assert not grows_faster(groovy, unit, 75_000)
