"""Attachments: what each kind adds to a report, and that none of them can hurt."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locator.report.attachments import MOST_BYTES, attach
from locator.report.reader import Report, read
from summaries.errors import UsageError

REPORT = read("Checkout fails\n\nIt says no more.")


def attached(data: Any, name: str = "file") -> Report:
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    return attach(REPORT, name, text if isinstance(text, bytes) else text.encode())


def of(report: Report, kind: str) -> list[str]:
    return [m.text for m in report.mentions if m.kind == kind]


SENTRY = {
    "event_id": "1",
    "transaction": "shop-checkout",
    "exception": {
        "values": [
            {
                "type": "ValueError",
                "value": "cart is empty",
                "stacktrace": {
                    "frames": [
                        {"filename": "shop/views.py", "lineno": 3, "function": "post", "in_app": True},
                        {"filename": "shop/cart.py", "lineno": 9, "function": "total", "in_app": True},
                    ]
                },
            }
        ]
    },
}
OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop-gateway"}}]},
            "scopeSpans": [{"spans": [{"spanId": "a", "name": "GET /api/orders", "status": {}}]}],
        },
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop-orders"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "spanId": "b",
                            "parentSpanId": "a",
                            "name": "place",
                            "status": {"code": 2, "message": "stock row is locked"},
                            "attributes": [
                                {"key": "http.route", "value": {"stringValue": "/v1/orders/{id}"}}
                            ],
                        }
                    ]
                }
            ],
        },
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop-mail"}}]},
            "scopeSpans": [{"spans": [{"spanId": "c", "name": "send", "status": {}}]}],
        },
    ]
}
JAEGER = {
    "data": [
        {
            "processes": {"p1": {"serviceName": "shop-orders"}, "p2": {"serviceName": "shop-mail"}},
            "spans": [
                {
                    "spanID": "1",
                    "operationName": "place",
                    "processID": "p1",
                    "tags": [{"key": "error", "value": True}],
                },
                {"spanID": "2", "operationName": "send", "processID": "p2", "tags": []},
            ],
        }
    ]
}
HAR = {
    "log": {
        "entries": [
            {
                "startedDateTime": "x",
                "request": {"method": "GET", "url": "https://shop.example/api/ok"},
                "response": {"status": 200},
            },
            {
                "startedDateTime": "x",
                "request": {"method": "POST", "url": "https://shop.example/api/v1/refunds"},
                "response": {"status": 500, "content": {"text": "refund is larger than the order"}},
            },
        ]
    }
}
JUNIT = """<?xml version="1.0"?>
<testsuite name="orders"><testcase classname="com.shop.OrderTest" name="places">
<failure type="java.lang.IllegalStateException" message="order is closed">java.lang.IllegalStateException: order is closed
\tat com.shop.OrderService.place(OrderService.java:12)
\tat com.shop.OrderTest.places(OrderTest.java:8)
</failure></testcase><testcase classname="com.shop.OrderTest" name="passes"/></testsuite>"""
DESCRIBED = """Name:             shop-orders-6d5c7b9f8d-x2x9z
Namespace:        shop
Containers:
  orders:
    Image:          acme/shop-orders:1.2.3
    Last State:     Terminated
      Reason:       OOMKilled
      Message:      cannot open the ledger of the day
Events:
  Type     Reason     Age   From     Message
  Warning  Unhealthy  2m    kubelet  Readiness probe failed: no route to the stock
"""


def test_a_sentry_event_has_its_calls_innermost_first() -> None:
    report = attached(SENTRY, "event.json")
    assert [(f.symbol, f.path, f.line, f.source) for f in report.frames] == [
        ("total", "shop/cart.py", 9, "event.json"),
        ("post", "shop/views.py", 3, "event.json"),
    ]
    assert "cart is empty" in of(report, "quoted")
    assert "ValueError" in of(report, "exception")


@pytest.mark.parametrize("data", [OTLP, JAEGER])
def test_spans_in_error_and_what_called_them_name_services(data: Any) -> None:
    services = of(attached(data), "service")
    assert "shop-orders" in services
    assert "shop-mail" not in services
    if data is OTLP:
        assert "shop-gateway" in services
        assert "stock row is locked" in " ".join(of(attached(data), "quoted"))


def test_a_har_tells_of_requests_that_failed() -> None:
    report = attached(HAR)
    assert "POST /api/v1/refunds" in of(report, "endpoint")
    assert not any("/api/ok" in e for e in of(report, "endpoint"))
    assert "refund is larger than the order" in of(report, "quoted")


def test_junit_tells_of_tests_that_failed() -> None:
    report = attached(JUNIT)
    assert next((f.symbol, f.line) for f in report.frames) == ("OrderService.place", 12)


def test_a_described_pod_tells_why_it_stopped() -> None:
    report = attached(DESCRIBED)
    assert any("shop-orders" in s for s in of(report, "service"))
    assert "cannot open the ledger of the day" in of(report, "quoted")


def test_what_an_attachment_adds_bears_its_name() -> None:
    report = attached("2024-05-01 12:00:00 ERROR the ledger of the day is closed\n", "orders.log")
    assert {m.source for m in report.mentions if m.kind == "quoted"} == {"orders.log"}
    assert report.body == REPORT.body


@pytest.mark.parametrize("data", [b"", b" \n ", b"x" * (MOST_BYTES + 1)])
def test_nothing_and_too_much_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        attached(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        json.dumps(SENTRY)[:200],
        "[" * 100_000,
        '{"a":' * 100_000,
        "<testsuite>" * 50_000,
        '<!DOCTYPE a [<!ENTITY b "cc">]><testsuite>&b;</testsuite>',
        json.dumps(OTLP).encode("utf-16"),
        b"\xff\xfe\x00",
        b"\xe4\xf6\xfc ERROR is closed",
        {"exception": {"values": [1, None, {"stacktrace": {"frames": [None, 3, {"lineno": "x"}]}}]}},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"status": 3, "attributes": {}}, None]}]}]},
        {"log": {"entries": [{"request": 1, "response": {"status": "no"}}]}},
    ],
    ids=lambda d: str(d)[:30],
)
def test_hostile_and_broken_attachments_are_read(data: Any) -> None:
    start = time.process_time()
    attached(data)
    assert time.process_time() - start < 5


@pytest.mark.slow
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["log", "entries", "exception", "values", "resourceSpans", "scopeSpans", "spans", "data",
                     "stacktrace", "frames", "attributes", "tags", "request", "status", "processes"]), x)))  # fmt: skip
def test_any_json_is_read(data: Any) -> None:
    attached({"data": data, "log": data, "exception": data, "x": "some words"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["ERROR a is closed\n", '{"level":"error","msg":"a b c"}\n', "│ x │\n", "a: 1.2.3\n"]
)
def test_time_grows_with_size_and_not_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        attached(piece * (size // len(piece)))
        return time.process_time() - start

    assert min(seconds(100_000) / max(seconds(25_000), 0.005) for _ in range(3)) < 12
