"""What an attack found at the door: headers that never end, bodies of anybody, answers that are no problems."""

from __future__ import annotations

import socket
import time

import httpx
import pytest
from kits.service import raw, running, until

from locator.trackers.settings import TrackerSettings

JSON = {"content-type": "application/json"}


@pytest.fixture
def tracker(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "t")
    monkeypatch.setenv("SHOP_HOOK", "s")
    return TrackerSettings(
        "jira", "jira", "http://127.0.0.1:9", token="env:SHOP_TOKEN", secret="env:SHOP_HOOK"
    )


def connect(client, source="127.0.0.1", send=b""):
    made = socket.create_connection(("127.0.0.1", client.base_url.port), 5, (source, 0))
    made.sendall(send)
    return made


def ended(connection):
    """Whether the other side has closed it."""
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: 127",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /heal",
    ],
)
def test_headers_that_never_end_are_closed(shop_index, monkeypatch, begun):
    monkeypatch.setattr("locator.server.connections.HEADER_SECONDS", 0.4)
    with running(shop_index) as (client, _):
        with connect(client, send=begun) as slow:
            if b"\r\n\r\n" in begun:
                assert b"200" in slow.recv(65536)
                slow.sendall(b"thz")
            began = time.monotonic()
            while time.monotonic() - began < 20:
                try:
                    slow.sendall(b"a")
                    time.sleep(0.1)
                except ConnectionError:
                    break
            assert time.monotonic() - began < 15
        assert client.get("/healthz").status_code == 200


@pytest.mark.slow
def test_a_long_answer_is_not_cut_by_the_time_for_headers(shop_index, monkeypatch):
    monkeypatch.setattr("locator.server.connections.HEADER_SECONDS", 0.2)
    with running(shop_index) as (client, parts):
        edition = parts.live_index.edition
        parts.live_index.edition = lambda: (time.sleep(0.8), edition())[1]
        assert client.get("/v1/repos").status_code == 200
        assert client.get("/v1/repos").status_code == 200


@pytest.mark.slow
def test_one_address_cannot_take_all_connections(shop_index, monkeypatch):
    monkeypatch.setattr("locator.server.connections.MOST_EACH", 5)
    with running(shop_index) as (client, _):
        many = [connect(client, "127.0.0.2", b"GET / HT") for _ in range(9)]
        until(lambda: client.get("/healthz").status_code == 200)
        assert sum(map(ended, many[5:])) == 4
        for m in many:
            m.close()
        again = until(
            lambda: connect(client, "127.0.0.2", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        )
        assert b"200" in until(lambda: again.recv(100))
        again.close()


def test_connections_are_capped(shop_index, monkeypatch):
    monkeypatch.setattr("locator.server.connections.MOST", 5)
    with running(shop_index) as (client, _):
        many = [connect(client) for _ in range(9)]
        assert sum(map(ended, many[5:])) == 4
        for m in many:
            m.close()
        until(lambda: answers(client))


def answers(client):
    try:
        return httpx.get(f"{client.base_url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def head_of(client, path, length):
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()  # fmt: skip


@pytest.mark.slow
def test_a_delivery_for_nobody_is_refused_before_its_body(shop_index, tracker, tmp_path):
    with running(shop_index, trackers=(tracker,), state=str(tmp_path)) as (client, _):
        got = raw(str(client.base_url).rstrip("/"), head_of(client, "/webhooks/nobody", 5_000_000), 2)
        assert b" 404 " in got and b"problem+json" in got


@pytest.mark.slow
def test_deliveries_without_proof_are_limited_by_address(shop_index, tracker, tmp_path):
    with running(shop_index, trackers=(tracker,), state=str(tmp_path), rate=60, burst=5) as (client, _):
        seen = [client.post("/webhooks/jira", json={}).status_code for _ in range(8)]
        assert seen == [401] * 5 + [429] * 3
        got = client.post("/webhooks/jira", json={})
        assert (
            int(got.headers["retry-after"]) >= 1 and got.headers["content-type"] == "application/problem+json"
        )
        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(base_url=client.base_url, transport=elsewhere) as other:
            assert other.post("/webhooks/jira", json={}).status_code == 401


@pytest.mark.slow
def test_bodies_are_bounded_together(shop_index, tracker, tmp_path, monkeypatch):
    monkeypatch.setattr("locator.server.guard.BODY_BYTES", 300_000)
    with running(shop_index, trackers=(tracker,), state=str(tmp_path)) as (client, _):
        held = [
            connect(client, send=head_of(client, "/webhooks/jira", 200_000) + b"x" * 120_000)
            for _ in range(2)
        ]
        time.sleep(0.3)
        refused = client.post("/webhooks/jira", content=b"x" * 100_000, headers=JSON)
        assert refused.status_code == 503 and refused.headers["retry-after"]
        for h in held:
            h.close()
        until(lambda: client.post("/webhooks/jira", content=b"x" * 100_000, headers=JSON).status_code == 401)


BAD = [
    b"\xff\xfe",
    b'{"report":"\xff"}',
    b'{"report":"\xed\xa0\x80"}',
    '{"report":"x"}'.encode("utf-16"),
    b"",
    b"[" * 100_000,
]


@pytest.mark.parametrize("path", ["/v1/locate", "/v1/locate/stream", "/v1/jobs", "/v1/feedback"])
def test_what_is_no_json_is_a_bad_request(shop_index, path):
    with running(shop_index) as (client, _):
        for body in BAD:
            got = client.post(path, content=body, headers=JSON)
            assert got.status_code in (400, 422), (body[:20], got.text)
            assert got.headers["content-type"] == "application/problem+json"


def test_every_fault_is_a_problem(shop_index):
    with running(shop_index) as (client, parts):

        def broken():
            raise OSError(28, "No space left on device")

        parts.live_index.edition = broken
        for path in ("/v1/repos", "/v1/map", "/v1/search?q=x", "/v1/tree/x", "/readyz", "/metrics"):
            got = client.get(path)
            assert got.status_code == 500
            assert got.headers["content-type"] == "application/problem+json"
            assert got.json()["instance"] == got.headers["x-request-id"]
            assert "space" not in got.text


def test_what_is_no_http_is_a_problem_too(shop_index):
    with running(shop_index) as (client, _):
        got = raw(str(client.base_url).rstrip("/"), b"\x16\x03\x01 hello\r\n\r\n", 2)
        assert got.startswith(b"HTTP/1.1 400") and b"application/problem+json" in got


@pytest.mark.parametrize(
    "host", ["[::1]evil", "[::1", "localhost:80:80", "localhost:x", "127.0.0.1@evil.example", "[::1]:80x"]
)
def test_hosts_that_only_begin_like_ours(shop_index, host):
    with running(shop_index) as (client, _):
        assert client.get("/v1/repos", headers={"host": host}).status_code in (400, 421)


def test_other_ports_of_this_machine_are_other_origins(shop_index):
    with running(shop_index) as (client, _):
        port = client.base_url.port
        for origin, status in (
            (f"http://127.0.0.1:{port}", 200),
            ("http://127.0.0.1:1", 403),
            ("http://localhost", 403),
        ):
            assert client.get("/v1/repos", headers={"origin": origin}).status_code == status
