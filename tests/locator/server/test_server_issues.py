"""Issues read by key or address, with the service's account, by those who may."""

from __future__ import annotations

import pytest
from kits.jira import TOKEN, USER, Jira, adf, listening
from kits.service import bearer, running, token

from locator.server.routes.issues import key_of
from locator.trackers.settings import TrackerSettings


def tracker(kind, url):
    return TrackerSettings("t", kind, url)


@pytest.mark.parametrize(
    ("kind", "home", "ref", "key"),
    [
        ("jira", "https://shop.example", "shop-12", "SHOP-12"),
        (
            "jira",
            "https://shop.example/jira",
            "https://shop.example/jira/browse/SHOP-12?focused=1",
            "SHOP-12",
        ),
        ("jira", "https://shop.example", "https://other.example/browse/SHOP-12", ""),
        ("jira", "https://shop.example", "10012", ""),
        ("jira", "https://shop.example", "SHOP-12/../../x", ""),
        (
            "github",
            "https://api.git.example",
            "https://git.example/shop/orders/issues/7#note",
            "shop/orders#7",
        ),
        ("github", "https://git.example/api/v3", "https://git.example/shop/orders/issues/7", "shop/orders#7"),
        ("github", "https://api.git.example", "shop/orders#7", "shop/orders#7"),
        ("github", "https://api.git.example", "https://git.example/shop/orders/pull/7", ""),
        ("gitlab", "https://lab.example", "https://lab.example/a/b/c/-/issues/7", "a/b/c#7"),
        ("gitlab", "https://lab.example/lab", "https://lab.example/lab/a/b/-/work_items/7", "a/b#7"),
        ("gitlab", "https://lab.example", "https://[lab/a/b/-/issues/7", ""),
    ],
)
def test_a_reference_names_a_key_in_the_tracker_that_it_is_of(kind, home, ref, key):
    assert key_of(tracker(kind, home), ref) == key


@pytest.fixture
def jira(monkeypatch):
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", "hook-secret")
    server = Jira()
    server.add("SHOP-12", "Orders are lost", adf("After **midnight**"), kind="Task")
    server.add("HR-1", "Pay of everybody", adf("secret"))
    with listening(server) as url:
        yield server, TrackerSettings(
            "jira", "jira", url, token="env:SHOP_JIRA_TOKEN", user=USER, secret="env:SHOP_HOOK",
            projects=("SHOP",), timeout=3,
        )  # fmt: skip


@pytest.mark.slow
def test_an_issue_is_read_by_those_who_may(shop_index, tmp_path, jira):
    server, settings = jira
    tokens = (token("all", may=("read", "issues")), token("orders"))
    with running(shop_index, tokens=tokens, trackers=(settings,), state=str(tmp_path / "s")) as (client, _):
        for ref in ("SHOP-12", "shop-12", f"{settings.url}/browse/SHOP-12"):
            got = client.get("/v1/issue", params={"ref": ref}, headers=bearer("all"))
            assert got.status_code == 200, got.text
            assert got.json()["report"].startswith("Orders are lost\n\n")
            assert "midnight" in got.json()["report"]
        assert client.get("/v1/issue", params={"ref": "SHOP-12"}, headers=bearer("orders")).status_code == 403
        seen = len(server.seen)
        for ref in ("HR-1", f"{settings.url}/browse/HR-1", "nonsense", "http://"):
            got = client.get("/v1/issue", params={"ref": ref}, headers=bearer("all"))
            assert (got.status_code, "secret" in got.text) == (404, False), ref
        assert len(server.seen) == seen, "projects that are not listed are not even asked for"
        assert client.get("/v1/issue", params={"ref": "SHOP-99"}, headers=bearer("all")).status_code == 404


@pytest.mark.slow
def test_a_tracker_that_fails_is_told_apart_from_an_issue_that_is_not_there(shop_index, tmp_path, jira):
    server, settings = jira
    with running(shop_index, trackers=(settings,), state=str(tmp_path / "s")) as (client, _):
        for status, expected in ((500, 503), (403, 502)):
            server.faults.always = {"GET .*issue.*": status}
            got = client.get("/v1/issue", params={"ref": "SHOP-12"})
            assert got.status_code == expected, got.text
            assert "urn:bugatlas:problem" in got.text


def test_a_service_without_trackers_says_so(shop_index):
    with running(shop_index) as (client, _):
        assert "no tracker" in client.get("/v1/issue", params={"ref": "SHOP-12"}).json()["detail"]
