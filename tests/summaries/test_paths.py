"""What a path says of a file: by language and place."""

from __future__ import annotations

import pytest

from summaries.paths import Role, is_test, role

TESTS = """
    shop/orders_test.go a/OrderTest.java a/OrderTests.cs a/OrderTestCase.php OrderIT.java test_orders.py conftest.py
    spec/orders_spec.rb lib/orders_spec.rb src/orders.spec.ts src/orders-spec.js src/OrdersSpec.ts a/OrderSpec.scala
    a/OrderSpec.groovy a/OrderSpec.kt a/OrderSpec.swift test/OrderSpec.hs orders_spec.lua spec/helper.rb spec/a.js
    src/test/java/com/shop/Helper.java src/test/groovy/com/shop/OrderSpec.groovy tests/data.yaml a/__tests__/x.js
    Shop.Orders.Tests/Order.cs e2e/basket.ts pkg/testdata/a.json src/main/window.spec.ts src/main/window.test.js
    src/Shop.AcceptanceTests/Orders.cs src/Shop.AcceptanceTests.Sql/A.cs shop-systemtest/a.go perftest/a.jmx
    spec/test_schema.py src/androidTest/java/A.java t/basic.t app/spec/models/order_spec.rb
"""
NO_TESTS = """
    src/main/java/com/shop/FilterSpec.java src/main/java/com/shop/PredicateTest.java src/main/kotlin/com/shop/OrderSpec.kt
    src/main/java/com/shop/test/Harness.java src/commonMain/kotlin/OrderTest.kt pkg/apis/deployment_spec.go
    api/v1/pod_spec.go pkg/spec/types.go spec/types.go api/spec/openapi.yaml spec/openapi.json specs/shop.proto
    docs/spec/protocol.md com/shop/ApiSpec.java src/pod_spec.rs shop/pod_spec.py lib/spec.ex a/Specification.java
    src/Shop.Contests/Enter.cs protests/a.py systematic/tests.md.go
    src/contest.py latest.go a/Submit.java a/GIT.go src/main/resources/order_spec.json crd/deployment.spec.yaml
    src/main/scala/com/shop/RouteSpec.scala internal/conformance.go
"""


@pytest.mark.parametrize("path", TESTS.split())
def test_these_are_tests(path: str) -> None:
    assert is_test(path)
    assert role(path) & Role.TEST


@pytest.mark.parametrize("path", NO_TESTS.split())
def test_these_are_not(path: str) -> None:
    assert not is_test(path)
    assert not role(path) & Role.TEST


MIGRATIONS = """
    db/migrate/20240101_add_total.rb shop/migrations/0001_initial.py db/V2__add.sql db/004_totals.sql.postgres
    db/schema.sql sql/create_tables.sql init.sql db/orders-schema.sql.sqlite schema/01-init-db.sql
    migrations/add_total.sql db/migration/drop_total.sql.mysql liquibase/orders.xml changelogs/orders.yaml
"""
NO_MIGRATIONS = """
    shop/migrations/autodetector.py db/report.sql procedures/pay_order.sql src/schema.py schema.go init.py create.ts
    db/migration/Runner.java queries/orders.sql src/initdb.c
"""


@pytest.mark.parametrize("path", MIGRATIONS.split())
def test_steps_of_a_history(path: str) -> None:
    assert role(path) & Role.MIGRATION


@pytest.mark.parametrize("path", NO_MIGRATIONS.split())
def test_no_steps_of_a_history(path: str) -> None:
    assert not role(path) & Role.MIGRATION


@pytest.mark.parametrize(
    ("path", "language"),
    [("go.mod", "go module"), ("Shop.sln", "solution"), ("mix.exs", "elixir"),
     ("Package.swift", "swift"), ("build.sbt", "scala"), ("shop.cabal", "cabal"), ("a.jsonnet", "jsonnet")],
)  # fmt: skip
def test_configuration(path: str, language: str) -> None:
    assert role(path, language) & Role.CONFIG


def test_a_proxy_routes_and_is_no_mere_configuration() -> None:
    assert role("nginx.conf", "nginx") == role("haproxy.cfg", "haproxy") == Role.NONE
