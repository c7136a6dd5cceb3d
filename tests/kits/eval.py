"""A company of two small repositories with a bug each, and its cases, for tests of the evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kits.git import HOUR, START, commit, make_repo

ORDERS = """package orders

// PlaceOrder stores an order and reserves its stock.
func PlaceOrder(id string) error {
    if id == "" {
        return errors.New("order number is missing from the request")
    }
    return reserveStock(id)
}
"""
STOCK = """package orders

// reserveStock takes items out of the warehouse.
func reserveStock(id string) error {
    return warehouse.Take(id)
}
"""
PAYMENTS = '''"""Charges cards."""


class CardCharger:
    """Charges a card through the bank."""

    def charge(self, amount):
        if amount <= 0:
            raise ValueError("the amount to charge must be positive")
        return self.bank.transfer(amount)
'''
REFUNDS = '''"""Gives money back."""


def refund_customer(payment):
    """Return the money of a payment to the customer."""
    return payment.bank.transfer(-payment.amount)
'''
TESTS = """from charge import CardCharger


def test_charge_must_be_positive_amount_to_charge():
    CardCharger().charge(0)
"""


def when(hours: float) -> str:
    """A moment so many hours after the first commits."""
    return datetime.fromtimestamp(START + hours * HOUR, UTC).isoformat().replace("+00:00", "Z")


def company(root: Path) -> dict[str, list[str]]:
    """Clones at ROOT/acme/orders and ROOT/acme/payments; commits by repository.

    Hour 0 makes the files, hour 1 is unrelated, hour 2 fixes the bug in each, hour 3 renames a file.
    """
    orders = make_repo(
        root / "acme" / "orders",
        [
            commit(
                {"orders.go": ORDERS, "stock.go": STOCK, "README.md": "# Orders\n\nTakes orders.\n"}, "Start"
            ),
            commit({"config.yaml": "port: 8080\n"}, "Port of the service"),
            commit(
                {"stock.go": STOCK.replace("Take(id)", "Take(id, 1)")}, "Fix #7: warehouse reserved twice"
            ),
            commit({"stock.go": None, "reserve.go": STOCK}, "Rename"),
        ],
    )
    payments = make_repo(
        root / "acme" / "payments",
        [
            commit(
                {"pay/charge.py": PAYMENTS, "pay/refund.py": REFUNDS, "tests/test_charge.py": TESTS}, "Start"
            ),
            commit({"setup.cfg": "[metadata]\nname = payments\n"}, "Packaging"),
            commit(
                {"pay/refund.py": REFUNDS.replace("-payment", "abs(payment") + ")\n"},
                "Fix PAY-12: refund sign",
            ),
        ],
    )
    return {"acme/orders": orders, "acme/payments": payments}


CASES: list[dict[str, object]] = [
    {
        "id": "orders-7",
        "title": "Stock is reserved twice in the warehouse",
        "body": "Placing one order takes two items out of the warehouse.",
        "reported_in": "acme/orders",
        "gold": [{"repo": "acme/orders", "path": "stock.go"}],
        "as_of": when(1.5),
    },
    {
        "id": "PAY-12",
        "title": "Refund takes money from the customer",
        "body": "`refund_customer` in pay/refund.py transfers the wrong way.",
        "reported_in": "acme/orders",
        "gold": [{"repo": "acme/payments", "path": "pay/refund.py"}],
        "as_of": when(1.5),
    },
    {
        "id": "PAY-13",
        "title": "Charging nothing",
        "body": "It says: 'the amount to charge must be positive', for a free order.",
        "reported_in": "acme/payments",
        "gold": [{"repo": "acme/payments", "path": "pay/charge.py"}],
        "as_of": when(0.5),
    },
]


def write_corpus(root: Path, cases: Sequence[Mapping[str, object] | str] = CASES) -> tuple[Path, Path, str]:
    """CASES.jsonl, REPOS.txt and the mirror pattern."""
    bugs = root / "bugs.jsonl"
    bugs.write_text("".join((c if isinstance(c, str) else json.dumps(c)) + "\n" for c in cases))
    repos = root / "repos.txt"
    repos.write_text("acme/orders\nacme/payments  # the other one\n")
    return bugs, repos, str(root / "clones" / "{owner}" / "{name}")
