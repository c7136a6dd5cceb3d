"""Attacks on the service, each with the answer it gets."""

from __future__ import annotations

import json
import socket
import subprocess
import time

import httpx
import msgspec
import pytest
from kits.service import TOKENS, bearer, commit, events, raw, running, shop, token

from indexer.build import build
from indexer.demo import REPORTS
from indexer.sources.discover import Source
from locator.access import LOCAL, Token, caller_of, digest
from locator.server.guard import Guard
from locator.server.rate import Rate
from locator.server.settings import ServiceSettings, checked, is_loopback, load, secret
from summaries.errors import UsageError

REPORT = (
    f"{REPORTS[1].title}\n\n{REPORTS[1].body}\n\nshop-payments, shop-gateway and shop-catalog were asked too."
)
HIDDEN = ("shop-catalog", "shop-gateway", "shop-inventory", "shop-notifications", "shop-payments")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def scoped(index):
    tokens = (
        token("all", may=("read", "index")),
        token("orders", ("shop-orders",), ("read", "index")),
        token("ops", may=("metrics",)),
    )
    with running(index, tokens=tokens) as (client, parts):
        yield client, parts


@pytest.mark.slow
def test_a_host_that_is_not_ours_is_refused(scoped):
    client, _ = scoped
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "evil.example#localhost",
        "",
    ):
        assert client.get("/v1/repos", headers={**bearer("all"), "host": host}).status_code in (400, 421)
        assert client.get("/", headers={"host": host}).status_code in (400, 421)
    for host in ("localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:80"):
        assert client.get("/v1/repos", headers={**bearer("all"), "host": host}).status_code == 200


def test_an_origin_that_is_not_ours_is_refused(scoped):
    client, _ = scoped
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "file://",
        "chrome-extension://x",
    ):
        got = client.post("/v1/locate", json={"report": "x"}, headers={**bearer("all"), "origin": origin})
        assert got.status_code == 403 and "access-control-allow-origin" not in got.headers
    got = client.get("/v1/repos", headers={**bearer("all"), "sec-fetch-site": "cross-site"})
    assert got.status_code == 403
    mine = {"origin": f"http://127.0.0.1:{client.base_url.port}", "sec-fetch-site": "same-origin"}
    assert client.get("/v1/repos", headers={**bearer("all"), **mine}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/repos", "/v1/tree/shop-orders", "/v1/jobs", "/metrics", "/v1/nothing", "/mcp"]
)
@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer x", "Basic eDp5", "bearer bga_all2", "Bearer bga_al"]
)
def test_without_a_token_there_is_nothing(scoped, path, given):
    client, _ = scoped
    got = client.get(path, headers={"authorization": given} if given else {})
    assert got.status_code == 401 and got.headers["www-authenticate"] == "Bearer"
    assert "shop" not in got.text


def test_rights(scoped):
    client, _ = scoped
    assert client.get("/metrics", headers=bearer("ops")).status_code == 200
    assert client.get("/metrics", headers=bearer("all")).status_code == 403
    assert client.get("/v1/repos", headers=bearer("ops")).status_code == 403
    assert client.post("/v1/jobs", json={}, headers=bearer("ops")).status_code == 403


def test_a_scoped_token_meets_no_trace_of_other_repositories(scoped):
    """Not in results, counts, routing, summaries, streams, searches or errors."""
    client, _ = scoped
    head = bearer("orders")
    full = client.post("/v1/locate", json={"report": REPORT, "limit": 50}, headers=bearer("all")).json()
    own = client.post("/v1/locate", json={"report": REPORT, "limit": 50}, headers=head).json()
    assert {r["repo"] for r in own["routes"]} == {f["repo"] for f in own["files"]} == {"shop-orders"}
    assert own["searched"] < full["searched"]
    with client.stream("POST", "/v1/locate/stream", json={"report": "orders fail"}, headers=head) as got:
        streamed = json.dumps(events(got))
    job = client.post("/v1/jobs", json={}, headers=bearer("all")).json()
    texts = [
        streamed,
        client.get("/v1/repos", headers=head).text,
        client.get("/v1/map", headers=head).text,
        client.get("/v1/search", params={"q": "charge"}, headers=head).text,
        client.get("/v1/jobs", headers=head).text,
        client.post("/v1/locate", json={"report": "x", "repos": ["shop-gatewy"]}, headers=head).text.replace(
            "shop-gatewy", ""
        ),
    ]
    for name in HIDDEN:
        texts.append(client.get(f"/v1/tree/{name}", headers=head).text.replace(name, ""))
        texts.append(client.get("/v1/file", params={"repo": name, "path": "README.md"}, headers=head).text)
        there = client.post("/v1/locate", json={"report": "x", "repos": [name]}, headers=head)
        nowhere = client.post("/v1/locate", json={"report": "x", "repos": ["q" * len(name)]}, headers=head)
        assert there.status_code == nowhere.status_code == 422
        assert there.json()["detail"].replace(name, "q" * len(name)) == nowhere.json()["detail"]
        refused = client.post("/v1/jobs", json={"repos": [name]}, headers=head)
        assert refused.status_code == 422 and "shop-" not in refused.text.replace(name, "").replace(
            "shop-orders", ""
        )
    for text in texts:
        assert not [n for n in HIDDEN if n in text], text
    assert client.get(f"/v1/jobs/{job['id']}", headers=head).status_code == 404
    assert client.get(f"/v1/jobs/{job['id']}/events", headers=head).status_code == 404
    assert client.post(f"/v1/jobs/{job['id']}/cancel", headers=head).status_code == 404
    client.post(f"/v1/jobs/{job['id']}/cancel", headers=bearer("all"))
    assert client.get("/v1/repos", headers=head).json()["files"] < 40


def test_scores_of_a_scoped_token_do_not_depend_on_hidden_repositories(scoped, index):
    client, _ = scoped
    asked = {"report": REPORTS[1].body, "repos": ["shop-orders"]}
    own = client.post("/v1/locate", json=asked, headers=bearer("orders")).json()
    same = client.post("/v1/locate", json=asked, headers=bearer("all")).json()
    assert [f["path"] for f in own["files"]] == [f["path"] for f in same["files"]]


@pytest.mark.slow
def test_bodies_are_limited(index):
    with running(index, body_kib=4) as (client, _):
        big = {"report": "x" * 5000}
        assert client.post("/v1/locate", json=big).status_code == 413

        def chunks():
            for _ in range(10):
                yield b"x" * 1000

        kind = {"content-type": "application/json"}
        assert client.post("/v1/locate", content=chunks(), headers=kind).status_code == 413
        head = {**kind, "content-encoding": "gzip"}
        assert client.post("/v1/locate", content=b"\x1f\x8b", headers=head).status_code == 415
        assert client.post("/v1/locate", json={"report": "orders"}).status_code == 200


@pytest.mark.slow
def test_smuggled_and_doubled_headers(scoped):
    client, _ = scoped
    url = str(client.base_url)
    host = url.removeprefix("http://")
    auth = f"Authorization: Bearer {TOKENS['all']}\r\n"
    start = f"POST /v1/locate HTTP/1.1\r\nHost: {host}\r\n{auth}Content-Type: application/json\r\n"
    body = b'{"report":"x"}'
    attacks = [
        start + "Content-Length: 14\r\nTransfer-Encoding: chunked\r\n\r\n",
        start + "Content-Length: 14\r\nContent-Length: 15\r\n\r\n",
        start + "Transfer-Encoding: xchunked\r\n\r\n",
        start + "Content-Length: +14\r\n\r\n",
        start + f"Host: {host}\r\nContent-Length: 14\r\n\r\n",
        start + auth + "Content-Length: 14\r\n\r\n",
        start + "Origin: http://127.0.0.1\r\nOrigin: http://evil.example\r\nContent-Length: 14\r\n\r\n",
        start + "X-Bad : 1\r\nContent-Length: 14\r\n\r\n",
        "GET /v1/repos HTTP/1.1\r\n" + auth + "\r\n",
        "GET http://evil.example/v1/repos HTTP/1.1\r\nHost: evil.example\r\n" + auth + "\r\n",
        "GET /v1/repos HTTP/1.1\r\nHost: " + host + "\r\n" + auth + "X: " + "a" * 100_000 + "\r\n\r\n",
    ]
    for attack in attacks:
        got = raw(url, attack.encode() + (body if attack.startswith("POST") else b""), 1.0)
        status = int(got.split()[1]) if got else 400
        assert status in (400, 403, 413, 421, 431), (attack[:200], got[:200])
        assert got.count(b"HTTP/1.1") <= 2 and b"shop" not in got
    forwarded = {**bearer("all"), "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example"}
    assert client.get("/v1/repos", headers=forwarded).status_code == 200


def test_a_body_that_never_arrives_is_given_up(index, monkeypatch):
    monkeypatch.setattr("locator.server.guard.SECONDS", 0.3)
    with running(index) as (client, _):
        url = str(client.base_url)
        start = f"POST /v1/locate HTTP/1.1\r\nHost: {url[7:]}\r\nContent-Type: application/json\r\n"
        began = time.monotonic()
        got = raw(url, (start + "Content-Length: 14\r\n\r\n{").encode(), 30.0)
        assert b" 408 " in got and time.monotonic() - began < 20


def test_rate_limit(index):
    with running(index, rate=60, burst=3) as (client, _):
        seen = [client.get("/v1/repos").status_code for _ in range(5)]
        assert seen == [200, 200, 200, 429, 429]
        limited = client.get("/v1/repos")
        assert int(limited.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200


def test_buckets_fill_again():
    rate = Rate(60, 2)
    assert [rate.wait("a", 0.0), rate.wait("a", 0.0)] == [0, 0]
    assert rate.wait("a", 0.5) == pytest.approx(0.5)
    assert rate.wait("b", 0.5) == 0
    assert rate.wait("a", 1.5) == 0
    assert Rate(0, 1).wait("a") == 0


def test_rate_forgets():
    rate = Rate(1, 1)
    for i in range(20_000):
        rate.wait(str(i), 0.0)
    assert len(rate._left) <= 10_000


def test_a_full_line_turns_away(index):
    with running(index, threads=1, waiting=0, timeout=5) as (client, parts):
        import threading

        gate = threading.Event()
        edition = parts.live_index.edition
        parts.live_index.edition = lambda: (gate.wait(5), edition())[1]  # type: ignore[method-assign]
        first = threading.Thread(target=lambda: httpx.get(f"{client.base_url}/v1/repos"))
        first.start()
        while parts.queries.busy == 0:
            time.sleep(0.01)
        got = client.post("/v1/locate", json={"report": "x"})
        gate.set()
        first.join()
        assert got.status_code == 503 and got.headers["retry-after"] == "1"
        assert client.post("/v1/locate", json={"report": "orders"}).status_code == 200


def test_a_query_that_takes_too_long(index):
    with running(index, timeout=0.1) as (client, parts):
        edition = parts.live_index.edition
        parts.live_index.edition = lambda: (time.sleep(0.5), edition())[1]  # type: ignore[method-assign]
        got = client.get("/v1/repos")
        assert got.status_code == 503 and "0.1 seconds" in got.json()["detail"]


def test_pages_run_nothing_of_others(scoped):
    client, _ = scoped
    for path in ("/", "/v1/nothing", "/healthz"):
        got = client.get(path)
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["x-frame-options"] == "DENY"
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    for bad in ("../page.py", "..%2fpage.py", "%2e%2e/settings.py", "index.html%00.js", "nothing.js"):
        assert client.get(f"/page/{bad}").status_code in (401, 404)


def test_a_fault_is_told_without_its_trace(index, caplog):
    with running(index) as (client, parts):

        def fails():
            raise RuntimeError("secret of /srv/index")

        parts.live_index.edition = fails  # type: ignore[method-assign]
        got = client.get("/v1/repos")
        assert got.status_code == 500 and "secret" not in got.text
        with client.stream("POST", "/v1/locate/stream", json={"report": "x"}) as streamed:
            found = events(streamed)
        assert found[-1][0] == "error" and found[-1][1]["status"] == 500 and "secret" not in str(found)


def test_the_log_holds_no_report(index, caplog):
    with caplog.at_level("INFO"), running(index) as (client, _):
        client.post("/v1/locate", json={"report": "Zanzibar is on fire\n\nsay xyzzy"})
        client.get("/v1/search", params={"q": "plugh"})
        said = str([vars(r) for r in caplog.records if r.name.startswith("bugatlas")])
    assert "Zanzibar" not in said and "xyzzy" not in said and "plugh" not in said and "/v1/locate" in said
    with caplog.at_level("INFO"), running(index, log_reports=True) as (client, _):
        client.post("/v1/locate", json={"report": "Zanzibar is on fire\n\nsay xyzzy"})
        said = str([vars(r) for r in caplog.records if r.name.startswith("bugatlas")])
    assert "Zanzibar" in said and "xyzzy" not in said


# Settings that would be unsafe


def test_other_addresses_need_a_token():
    for wrong in (
        {"host": "0.0.0.0"},
        {"host": "::"},
        {"host": "192.0.2.7"},
        {"hosts": ("atlas.shop.example",)},
    ):
        with pytest.raises(UsageError, match="no token"):
            checked(ServiceSettings(**wrong))
        assert checked(ServiceSettings(**wrong, tokens=(token("all"),)))
    assert is_loopback("127.8.9.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("localhost.evil.example") and not is_loopback("10.0.0.1")


def test_settings_file(tmp_path):
    file = tmp_path / "service.toml"
    file.write_text(
        f'port = 9\nhosts = ["a.example"]\n[refresh]\nevery = 5\n[[token]]\nname = "a"\n'
        f'sha256 = "{digest("x")}"\n'
        '[[tracker]]\nname = "jira"\nkind = "jira"\nurl = "https://shop.example/jira"\n'
    )
    found = load(file, port=10, host=None)
    assert found.port == 10 and found.refresh.every == 5 and found.tokens[0].may == ("read",)
    assert found.trackers[0].types == ("Bug",)
    for wrong in (
        "port = 70000",
        "prot = 1",
        "[[token]]\nname = 'a'\nsha256 = 'x'",
        "x",
        "[[tracker]]\nname='a'",
    ):
        file.write_text(wrong)
        with pytest.raises(UsageError, match=r"service\.toml"):
            load(file)
    with pytest.raises(UsageError):
        load(tmp_path / "none.toml")


def test_secrets_are_references(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", " abc \n")
    (tmp_path / "token").write_text("def\n")
    assert (
        secret("env:SHOP_TOKEN") == "abc" and secret(f"file:{tmp_path}/token") == "def" and secret("") == ""
    )
    for wrong in ("abc", "env:NOT_SET_ANYWHERE", f"file:{tmp_path}/none", "http://x"):
        with pytest.raises(UsageError) as error:
            secret(wrong)
        assert "abc" not in str(error.value)


def test_callers():
    tokens = [Token("a", digest("one"), ("acme/*",)), Token("b", digest("two"), ("x", "y?"))]
    assert caller_of((), "") == LOCAL
    assert caller_of(tokens, "Bearer three") is None and caller_of(tokens, "one") is None
    caller = caller_of(tokens, "bearer two")
    assert caller and caller.name == "b" and caller.sees("yz") and not caller.sees("acme/x")
    assert caller_of(tokens, "Bearer " + "é\udcff" * 10) is None


def test_guard_reads_hosts():
    guard = Guard(None, ServiceSettings(host="192.0.2.1", hosts=("Atlas.example",)), None)  # type: ignore[arg-type]
    assert {"localhost", "atlas.example", "192.0.2.1", "[::1]"} <= guard.hosts
    assert socket and msgspec


@pytest.mark.slow
def test_repository_names_lead_nowhere(tmp_path):
    """Names are keys of the index, never paths: not on disk, not in addresses."""
    made = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", "-b", "main", str(made)], check=True)
    commit(made, "secret.py", "def secret():\n    return 'mine'\n", "x")
    (tmp_path / "outside.py").write_text("outside = 1\n")
    names = ["../../outside", "/etc", "a/../b", "C:\\x", "<b>x</b>", "a%2f..%2fb", "~root"]
    build(tmp_path / "index", [Source(n, made / ".git") for n in names], workers=1)
    folders = [p.name for p in (tmp_path / "index" / "repos").iterdir()]
    assert len(set(folders)) == len(names) and not (tmp_path.parent / "outside").exists()
    with running(tmp_path / "index") as (client, _):
        assert {r["name"] for r in client.get("/v1/repos").json()["repositories"]} == set(names)
        for name in names:
            for path in (
                "../../outside.py",
                "../outside.py",
                "/etc/passwd",
                "secret.py/../../x",
                "",
                ".git/config",
            ):
                got = client.get("/v1/file", params={"repo": name, "path": path})
                assert got.status_code == 404, (name, path, got.text)
            assert client.get("/v1/file", params={"repo": name, "path": "secret.py"}).json()["total"] == 2
        for where in (
            "..%2f..%2foutside.py",
            "%2e%2e/%2e%2e/outside.py",
            "/etc/passwd",
            "..%2f..%2foutside%2f..%2foutside.py",
        ):
            got = client.get(f"/v1/tree/{where}")
            assert got.status_code == 404 or got.json()["kind"] in ("repository", "index"), got.text
            assert "outside = 1" not in got.text
