"""A shop with two planted bugs, indexed for real, for tests of what models are asked about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from indexer.build import build
from indexer.sources.discover import Source
from kits.git import commit, make_repo
from summaries.index.index import Index
from summaries.llm.chat import Chat, open_chat
from summaries.llm.testing.server import TestServer, text_of
from summaries.llm.types import ModelSettings

ORDERS = {
    "README.md": "# shop-orders\n\nTakes orders of the shop and charges them.\n",
    "src/orders/basket.py": '''"""The basket of a customer."""


class Basket:
    """Items that a customer wants."""

    def __init__(self) -> None:
        self.items = []

    def add(self, item, amount):
        """Put items into the basket."""
        self.items.append((item, amount))

    def total(self):
        """Sum of all prices, without the discount."""
        return sum(item.price * amount for item, amount in self.items)
''',
    "src/orders/discount.py": '''"""Discounts by voucher code."""


def discount(total, voucher):
    """What a voucher takes off a total."""
    if voucher is None:
        return 0
    return total * voucher.percent
''',
    "src/orders/checkout.py": '''"""Checkout: a basket becomes an order."""

from orders.discount import discount


class CheckoutError(Exception):
    """The order was not taken."""


def checkout(basket, voucher, payments):
    """Charge the basket's total less the voucher's discount."""
    total = basket.total()
    amount = total - discount(total, voucher)
    if amount < 0:
        raise CheckoutError("the amount to charge is negative")
    return payments.charge(amount)
''',
    "tests/test_checkout.py": "def test_checkout():\n    assert True\n",
}
PAYMENTS = {
    "README.md": "# shop-payments\n\nCharges cards through the bank.\n",
    "src/payments/charge.py": '''"""Charge cards."""

import time


def charge(amount, card, bank):
    """Charge a card; the bank is asked again when it does not answer."""
    for attempt in range(3):
        try:
            return bank.charge(card, amount)
        except TimeoutError:
            time.sleep(attempt)
    raise TimeoutError("the bank does not answer")
''',
    "src/payments/refund.py": '''"""Refund what was charged."""


def refund(payment, bank):
    """Give the money back."""
    return bank.refund(payment.id, payment.amount)
''',
}
REPORT = """Checkout fails with a negative amount when a voucher is used

I put two books into the basket and gave the voucher SPRING. The checkout says "the amount to charge is
negative". Without the voucher it works. The discount seems to be much too large.
"""


def shop(root: Path, extra: dict[str, str] | None = None) -> Index:
    """The index of the shop's two repositories under `root`."""
    for name, files in (("shop-orders", ORDERS | (extra or {})), ("shop-payments", PAYMENTS)):
        make_repo(root / name, [commit(files, "All of it")])
    report = build(root / "index", [Source(n, root / n) for n in ("shop-orders", "shop-payments")], workers=1)
    assert not report.failed
    return Index.open(root / "index")


def chat_of(server: TestServer, index: Path | None = None, **more: Any) -> Chat:
    """A client of the server."""
    settings = ModelSettings(**{"model": "m", "url": server.url, "timeout": 5.0, "attempts": 2, **more})
    return open_chat(settings, index)


def offered(body: dict[str, Any]) -> dict[str, int]:
    """Numbers of the candidates in a prompt by "repo: path"."""
    found = re.finditer(r"^(\d+)\. (\S+) \(in (\S+)\)(?::|$)", text_of(body), re.M)
    return {f"{m[3]}: {m[2]}": int(m[1]) for m in found}
