"""What an attack found in the trackers' pipeline: leaks, doubles, a full disk, trackers that lie or drip."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import Any

import pytest
from kits import host as hosts
from kits.jira import TOKEN, USER, Faults, Jira, adf, created, listening, signed
from kits.service import running, until

from indexer.demo import REPORTS
from locator.trackers.queue import Queue
from locator.trackers.settings import TrackerSettings
from locator.trackers.tracker import Later, TrackerHttp

SECRET = "hook-secret"
FAST: dict[str, Any] = {
    "settle": 0.0,
    "backoff": 0.05,
    "pace": 0.0,
    "timeout": 2.0,
    "catch_up": 0,
    "threshold": 0.0,
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOST_TOKEN", hosts.TOKEN)
    monkeypatch.setenv("SHOP_HOOK", SECRET)


@contextmanager
def service(index, jira, tmp_path, **settings):
    with listening(jira) as url:
        given = {"name": "jira", "kind": "jira", "url": url, "user": USER, "token": "env:SHOP_JIRA_TOKEN",
                 "secret": "env:SHOP_HOOK", **FAST, **settings}  # fmt: skip
        with running(index, trackers=(TrackerSettings(**given),), state=str(tmp_path / "state")) as (
            client,
            parts,
        ):

            def send(payload, delivery):
                body, head = signed(payload, SECRET, delivery)
                return client.post("/webhooks/jira", content=body, headers=head)

            yield send, parts, client


def idle(parts, seconds=60.0):
    queue = parts.trackers.queue
    return until(lambda: not {"ready", "running"} & queue.counts().keys(), seconds)


def bug(jira, key, **fields):
    return jira.add(key, REPORTS[1].title, adf(REPORTS[1].body), **fields)


def asked(issue, n=7):
    """A comment that asks for an answer, in a delivery that has nothing but the issue's number."""
    where = f"https://x/rest/api/2/issue/{issue['id']}/comment/{n}"
    return {"webhookEvent": "comment_created", "comment": {"self": where, "body": "/locate"}}


# Who may read an answer


@pytest.mark.slow
@pytest.mark.parametrize("fields", [
    {"project": {"key": "DESK", "projectTypeKey": "service_desk"}},
    {"project": {"key": "OTHER", "projectTypeKey": "software"}},
    {"issuetype": {"id": "1", "name": "Task"}},
])  # fmt: skip
def test_asking_by_a_comment_changes_no_rule_of_who_reads(shop_index, tmp_path, fields):
    jira = Jira()
    issue = bug(jira, "SHOP-1", **fields)
    with service(shop_index, jira, tmp_path, projects=("SHOP", "DESK"), command="/locate") as (
        send,
        parts,
        _,
    ):
        assert send(asked(issue), "1").json() == {"status": "queued"}
        idle(parts)
        assert not jira.comments["SHOP-1"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_asking_on_other_hosts_changes_no_rule_either(shop_index, tmp_path, kind):
    host = hosts.Host(kind)
    host.add("shop/orders#1", REPORTS[1].title, REPORTS[1].body, labels=())
    desk = host.add("shop/orders#2", REPORTS[1].title, REPORTS[1].body)
    desk["service_desk_reply_to"] = "customer@shop.example"
    with hosts.listening(host) as url:
        given = TrackerSettings(name="code", kind=kind, url=url, token="env:SHOP_HOST_TOKEN", secret="env:SHOP_HOOK",
                                command="/locate", **FAST)  # fmt: skip
        with running(shop_index, trackers=(given,), state=str(tmp_path)) as (_, parts):
            for n in (1, 2):
                parts.trackers.queue.accept("code", f"shop/orders#{n}", [f"d{n}"], True, 0.0, 0.0)
            idle(parts)
    assert not host.comments["shop/orders#1"], "it has no label that is listed"
    assert len(host.comments["shop/orders#2"]) == (1 if kind == "github" else 0), "a customer would read it"


# One comment


@pytest.mark.slow
def test_one_issue_by_two_names_gets_one_comment(shop_index, tmp_path):
    jira = Jira(faults=Faults(slow=0.2))
    with service(shop_index, jira, tmp_path, command="/locate", workers=4) as (send, parts, _):
        for n in range(1, 9):
            issue = bug(jira, f"SHOP-{n}")
            send(created(issue), f"key {n}")
            send(asked(issue), f"number {n}")
        idle(parts)
    assert {k: len(jira.ours(k)) for k in jira.issues} == dict.fromkeys(jira.issues, 1)


@pytest.mark.slow
def test_a_name_in_other_letters_is_the_same_issue(shop_index, tmp_path):
    host = hosts.Host("github")
    told = host.add("shop/orders#1", REPORTS[1].title, REPORTS[1].body)
    told["id"] = 777
    host.issues["Shop/Orders#1"], host.comments["Shop/Orders#1"] = told, host.comments["shop/orders#1"]
    with hosts.listening(host) as url:
        given = TrackerSettings(name="code", kind="github", url=url, token="env:SHOP_HOST_TOKEN",
                                secret="env:SHOP_HOOK", **FAST)  # fmt: skip
        with running(shop_index, trackers=(given,), state=str(tmp_path)) as (_, parts):
            for key in host.issues:
                parts.trackers.queue.accept("code", key, [key], False, 0.0, 0.0)
            idle(parts)
    assert len(host.comments["shop/orders#1"]) == 1


@pytest.mark.slow
def test_a_moved_issue_keeps_its_comment(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira, "SHOP-1")
    with service(shop_index, jira, tmp_path) as (send, parts, _):
        send(created(issue), "1")
        idle(parts)
        [before] = [dict(c) for c in jira.ours("SHOP-1")]
        jira.issues["NEW-9"] = jira.issues.pop("SHOP-1")
        jira.comments["NEW-9"] = jira.comments.pop("SHOP-1")
        issue |= {"key": "NEW-9", "fields": {**issue["fields"], "summary": REPORTS[0].title,
                                             "description": adf(REPORTS[0].body)}}  # fmt: skip
        send(created(issue, stamp=5), "2")
        idle(parts)
        [after] = jira.ours("NEW-9")
        assert after["id"] == before["id"] and after["edits"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("lie", ["unstored", "unlisted"])
def test_a_tracker_that_lies_gets_one_comment(shop_index, tmp_path, lie):
    """It says that it took a comment and did not; it lists no comments though it has some."""
    jira = Jira(faults=Faults(0.3, (lie, "500"), 1.0, seed=5))
    with service(shop_index, jira, tmp_path, attempts=50) as (send, parts, _):
        for n in range(1, 13):
            send(created(bug(jira, f"SHOP-{n}")), str(n))
        idle(parts)
    assert {k: len(jira.ours(k)) for k in jira.issues} == dict.fromkeys(jira.issues, 1)


# No thread dies


def full(queue, on=True):
    """A disk without space for the queue: its file may not grow."""
    with queue._lock:
        if on:
            queue._db.execute("pragma temp_store = memory")
            queue._db.execute("create temp trigger if not exists full1 before update on main.task begin"
                              " select raise(fail, 'database or disk is full'); end")  # fmt: skip
            queue._db.execute("create temp trigger if not exists full2 before insert on main.mark begin"
                              " select raise(fail, 'database or disk is full'); end")  # fmt: skip
            queue._db.execute("create temp trigger if not exists full3 before insert on main.delivery begin"
                              " select raise(fail, 'database or disk is full'); end")  # fmt: skip
        else:
            for n in (1, 2, 3):
                queue._db.execute(f"drop trigger full{n}")


@pytest.mark.slow
def test_a_full_disk_ends_no_worker_and_is_no_secret(shop_index, tmp_path):
    jira = Jira(faults=Faults(slow=0.1))
    with service(shop_index, jira, tmp_path) as (send, parts, client):
        for n in range(1, 9):
            assert send(created(bug(jira, f"SHOP-{n}")), str(n)).status_code == 202
        full(parts.trackers.queue)
        refused = send(created(bug(jira, "SHOP-20")), "20")
        assert refused.status_code == 503 and refused.headers["retry-after"]
        assert refused.headers["content-type"] == "application/problem+json"
        until(lambda: client.get("/readyz").status_code == 503)
        counted = client.get("/metrics").text
        assert 'bugatlas_threads_down{part="trackers"} 0.0' not in counted
        full(parts.trackers.queue, on=False)
        until(lambda: client.get("/readyz").status_code == 200)
        assert send(created(jira.issues["SHOP-20"]), "20").status_code == 202
        idle(parts)
    assert {k: len(jira.ours(k)) for k in jira.issues} == dict.fromkeys(jira.issues, 1)


@pytest.mark.slow
def test_a_queue_that_is_locked_by_somebody_ends_no_worker(shop_index, tmp_path):
    jira = Jira()
    with service(shop_index, jira, tmp_path) as (send, parts, _):
        other = sqlite3.connect(tmp_path / "state" / "queue.sqlite", isolation_level=None)
        other.execute("begin exclusive")
        parts.trackers.queue._db.execute("pragma busy_timeout = 50")
        assert send(created(bug(jira, "SHOP-1")), "1").status_code == 503
        until(parts.trackers.problems)
        other.execute("rollback")
        other.close()
        assert send(created(jira.issues["SHOP-1"]), "1").status_code == 202
        idle(parts)
        assert len(jira.ours("SHOP-1")) == 1


# A clock that is set back


def test_a_clock_that_is_set_back_stops_no_retries(tmp_path, monkeypatch):
    first = Queue(tmp_path / "q", owner=True)
    first.accept("jira", "A-1", ["1"], False, first.now() + 0.2, first.now())
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() - 86_400)
    assert abs(first.now() - wall()) < 60
    first.close()
    second = Queue(tmp_path / "q", owner=True)
    assert until(lambda: second.take(["jira"], second.now()), 5)
    second.close()


# A tracker that drips, or never ends


@contextmanager
def dripping(head: bytes):
    """A server that sends a byte of its answer every tenth of a second, for ever."""
    stop = threading.Event()

    def answer(connection):
        connection.recv(65536)
        connection.sendall(head)
        while not stop.wait(0.1):
            try:
                connection.sendall(b"a")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nx-a: ", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"],
                         ids=["headers", "body"])  # fmt: skip
def test_an_answer_that_drips_is_given_up(head):
    with dripping(head) as url:
        http = TrackerHttp(TrackerSettings("j", "jira", url, timeout=0.5), {})
        began = time.monotonic()
        with pytest.raises(Later, match="ReadTimeout"):
            http("POST", "x", {})
        assert time.monotonic() - began < 20
        http.close()


def test_comments_without_end_are_not_followed_without_end(monkeypatch):
    from locator.trackers.jira import Jira as Client
    from locator.trackers.tracker import PAGES

    pages = 0

    def endless(method, path, *args, **query):
        nonlocal pages
        if path.endswith("/comment"):
            pages += 1
            return {
                "total": 10**9,
                "comments": [{"id": str(n), "author": {}, "body": ""} for n in range(100)],
            }
        if path.endswith("search/jql"):
            pages += 1
            return {"issues": [{"key": "A-1"}] * 100, "nextPageToken": str(pages)}
        return {"accountId": "x"}

    client = Client(TrackerSettings("j", "jira", "https://j.example", api=3, projects=("A",)), "t")
    monkeypatch.setattr(client, "http", endless)
    assert client.own_comments("SHOP-1") == []
    assert pages == PAGES
    pages = 0
    assert len(list(client.created(time.time() - 100))) == 100 * PAGES


# What a comment gives away


def test_a_secret_of_a_commit_is_in_no_comment(shop_index):
    from msgspec.structs import replace

    from locator.locate import Options, locate
    from locator.report.reader import read
    from locator.trackers import comment
    from summaries.index.index import Index

    secret = "gh" + "p_" + "aB3d" * 9
    index = Index.open(shop_index)
    answer = locate(index, read(REPORTS[1].body, REPORTS[1].title), Options())
    first = answer.files[0]
    said = tuple(replace(e, text=f"changed by: rounding with {secret}") for e in first.evidence)
    leaky = replace(answer, files=(replace(first, evidence=said), *answer.files[1:]))
    note = comment.note("SHOP-1", leaky, index.repos, 5)
    for body in (comment.markdown(note), comment.wiki(note), str(comment.adf(note))):
        assert secret not in body.replace("\\", "") and "redacted" in body
