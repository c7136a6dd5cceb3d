"""What a token sees does not depend on repositories that are hidden from it: two services, one of them with more."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from kits.service import bearer, events, running, shop, token, until

from indexer.build import build
from indexer.demo import REPORTS
from indexer.sources.discover import discover

SEEN = "shop-orders"
REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
TRACE = (
    "shop-payments: Convert fails in internal/money/convert.go, and shop-orders: OrderService.place is slow"
)
# What names a request or a moment, and nothing else, is not compared.
MOMENTS = re.compile(
    r'"(instance|id|seconds|edition|time|queued|created|started|ended|indexed|age)":\s*("[^"]*"|[\d.e+-]+|null)'
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A service over the whole shop and one over the only repository that the token sees, both with the same token."""
    folder = tmp_path_factory.mktemp("pair")
    whole = shop(folder)
    one = folder / "one"
    shutil.copytree(folder / "repos" / SEEN, one / "repos" / SEEN)
    build(one / "index", discover(one / "repos", one / "clones"), workers=1)
    tokens = (token("all", may=("read", "index", "metrics", "issues")),
              token("orders", (SEEN,), ("read", "index")))  # fmt: skip
    with running(whole, tokens=tokens) as (a, pa), running(one / "index", tokens=tokens) as (b, pb):
        yield (a, pa), (b, pb)


def asked(hidden):
    """Requests of every kind, about what is seen, what is hidden and what there is none of."""
    post, get = "POST", "GET"
    names = (SEEN, hidden, "none")
    plain = "repos map tree/ jobs issue?ref=SHOP-1 nothing"
    yield from ((get, f"/v1/{path}", None) for path in plain.split())
    yield from ((get, path, None) for path in ("/metrics", "/readyz", "/healthz", "/openapi.json"))
    for name in names:
        yield get, f"/v1/tree/{name}?depth=3", None
        yield get, f"/v1/tree/{name}?at=v9", None
        yield get, f"/v1/file?repo={name}&path=README.md", None
        yield get, f"/v1/search?q=repo:{name} order", None
        yield post, "/v1/locate", {"report": REPORT, "repos": [name]}
        yield post, "/v1/jobs", {"repos": [name]}
        yield post, "/v1/feedback", {"report": "x", "repo": name, "path": "README.md", "helpful": True}
        yield get, f"/v1/jobs/{name}", None
        yield get, f"/v1/jobs/{name}/events", None
        yield post, f"/v1/jobs/{name}/cancel", None
        yield post, f"/webhooks/{name}", {}
    for words in ("order", '"place"', "money convert", f"repo:{hidden}", "lang:go", "path:internal"):
        yield get, f"/v1/search?q={words}", None
    for report in (REPORT, TRACE, "checkout is slow", hidden, f"{hidden} crashes with a voucher", "x"):
        for more in ({}, {"explain": True}, {"at": "v1"}, {"repos": [SEEN, hidden]}, {"languages": ["go"]}):
            yield post, "/v1/locate", {"report": report, **more}
        yield post, "/v1/locate/stream", {"report": report}


def told(client, method, path, body):
    """Status and body, without moments."""
    got = client.request(method, path, json=body, headers=bearer("orders"))
    text = json.dumps(events(got)) if "event-stream" in got.headers.get("content-type", "") else got.text
    text = text.replace(str(got.headers.get("x-request-id")), "ID")
    return got.status_code, MOMENTS.sub("", text.replace('\\"', '"'))


@pytest.mark.slow
def test_answers_are_the_same_with_and_without_what_is_hidden(pair):
    (whole, wp), (one, op) = pair
    differ = []
    for method, path, body in asked("shop-payments"):
        first, second = told(whole, method, path, body), told(one, method, path, body)
        for text in (str(wp.root), str(op.root), str(wp.root.parent), str(op.root.parent)):
            assert text not in first[1] + second[1], f"{path} tells where the index lies"
        if first != second:
            differ.append((method, path, body, first, second))
    assert not differ, differ[:3]


@pytest.mark.slow
def test_agents_get_the_same_too(pair):
    pytest.importorskip("mcp")
    (whole, _), (one, _) = pair
    head = {
        **bearer("orders"),
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
    }
    list_tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    tools = whole.post("/mcp", json=list_tools, headers=head)
    names = set(re.findall(r'"name":"(\w+)","(?:title|description)"', tools.text))
    calls = [
        ("locate", {"report": REPORT}), ("locate", {"report": TRACE}),
        ("locate", {"report": "x", "repos": ["shop-payments"]}),
        ("search", {"query": "money"}), ("tree", {}), ("tree", {"where": "shop-payments"}), ("list_repositories", {}),
    ]  # fmt: skip
    assert tools.status_code == 200
    for name, arguments in [*calls, *((n, {}) for n in names)]:
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": name, "arguments": arguments},
        }
        first, second = (MOMENTS.sub("", c.post("/mcp", json=call, headers=head).text.replace('\\"', '"'))
                         for c in (whole, one))  # fmt: skip
        assert first == second, name


@pytest.mark.slow
def test_a_job_of_all_repositories_is_not_given_to_who_sees_one(pair):
    (client, parts), _ = pair
    for _ in range(2):
        assert client.post("/v1/jobs", json={}, headers=bearer("all")).status_code == 202
    got = client.post("/v1/jobs", json={}, headers=bearer("orders"))
    assert got.status_code == 202
    assert got.json()["repos"] == [SEEN]
    seen = client.get(got.headers["location"], headers=bearer("orders"))
    assert seen.status_code == 200
    assert client.post("/v1/jobs", json={}, headers=bearer("orders")).json()["id"] == got.json()["id"]
    until(lambda: all(j.ended for j in parts.jobs.list()), 120)


def test_every_route_is_asked(pair):
    (_, parts), _ = pair
    from locator.server.app import create

    known = {r.path for r in create(parts).routes if hasattr(r, "path")}
    met = {p.partition("?")[0] for _, p, _ in asked("hidden")}
    for route in known - {"/", "/page/{name}", "/mcp"}:  # files of the page; agents have a test of their own
        pattern = re.sub(r"\\\{\w+(:path)?\\\}", ".*", re.escape(route))
        assert any(re.fullmatch(pattern, p) for p in met), route
