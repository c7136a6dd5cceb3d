"""The demo's bug reports, and where the fault of each lies."""

from __future__ import annotations

from typing import NamedTuple


class DemoReport(NamedTuple):
    """A report as somebody wrote it, and its answer: repository, path, qualified name of the function."""

    title: str
    body: str
    repo: str
    path: str
    function: str


ABROAD = DemoReport(
    "Customers abroad always pay a tiny bit too little",
    """\
Hi, accounting asked me to pass this on. When somebody pays in their own money instead of euros, what we
take from the card is often one cent below what it should be, and never above. Last example: 10.55 euros
at 0.9485 is 10.0067, so we should have taken 10.01 francs, but it was 10.00. The same with dollars and
pounds when the amount is converted.

They say it would be fine if it evened out over the month, up one time and down the next, but it is always in
the customer's favour. Orders paid in euros are right to the cent.
""",
    "shop-payments",
    "internal/money/convert.go",
    "Convert",
)
VOUCHER = DemoReport(
    "500 on placing an order with voucher WELCOME10",
    """\
Placing this basket fails every time with the voucher and works without it. Other baskets with the same
voucher go through, so I don't think that it is the voucher.

Basket: 1 x LAMP-01 (49.00), 2 x BULB-09 (12.50)

```
java.lang.ArithmeticException: Non-terminating decimal expansion; no exact representable decimal result.
\tat java.base/java.math.BigDecimal.divide(BigDecimal.java:1783)
\tat com.shop.orders.pricing.DiscountSplitter.shareOf(DiscountSplitter.java:27)
\tat com.shop.orders.pricing.DiscountSplitter.split(DiscountSplitter.java:19)
\tat com.shop.orders.service.OrderService.discounted(OrderService.java:80)
\tat com.shop.orders.service.OrderService.place(OrderService.java:44)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat org.springframework.aop.support.AopUtils.invokeJoinpointUsingReflection(AopUtils.java:355)
\tat com.shop.orders.api.OrderController.place(OrderController.java:28)
\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
```

shop-orders v1.2.0
""",
    "shop-orders",
    "src/main/java/com/shop/orders/pricing/DiscountSplitter.java",
    "DiscountSplitter.shareOf",
)
REFUSED = DemoReport(
    "A retried request to shop-payments has lost its idempotency key",
    """\
Happens when the card network is slow. The customer gets "something went wrong" at the end of checkout, but the
money is gone and the order turns to paid. Log of shop-gateway, then of shop-payments:

    {"level":"warn","msg":"no answer in time, sending again","service":"shop-payments","attempt":2}
    time=2025-09-18T07:41:12.408Z level=ERROR msg="charge refused: order already captured under another key" order=48213 idempotency_key=""
    time=2025-09-18T07:41:12.409Z level=WARN msg="POST /v1/charges answered 409" order=48213 attempt=2

The first attempt had the key order-48213 and was captured a second before. It is always attempt 2 or 3; the
x-request-id header is the same but the idempotency key is empty. When the first attempt is answered within
3000 ms all is well.
""",  # noqa: E501
    "shop-gateway",
    "src/clients/retry.ts",
    "again",
)

REPORTS = (ABROAD, VOUCHER, REFUSED)
