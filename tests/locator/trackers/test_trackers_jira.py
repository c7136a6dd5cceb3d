"""Jira deliveries to comments: the real service, over HTTP, against a Jira server of ours that misbehaves."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from typing import Any

import pytest
from kits.jira import BOT, TOKEN, USER, Faults, Jira, adf, created, listening, signed
from kits.service import running, until

from indexer.demo import REPORTS
from locator.server.settings import ServiceSettings, checked
from locator.trackers.settings import TrackerSettings, Visibility
from summaries.errors import UsageError

pytestmark = pytest.mark.slow

SECRET = "hook-secret"
FAST = {"settle": 0.0, "backoff": 0.05, "pace": 0.0, "timeout": 2.0, "catch_up": 0}


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", SECRET)


@contextmanager
def service(index, jira, tmp_path, **settings):
    """The service, and a function that delivers an event and tells the status."""
    with listening(jira) as url:
        given = {
            "name": "jira", "kind": "jira", "url": url, "user": USER if jira.cloud else "",
            "token": "env:SHOP_JIRA_TOKEN", "secret": "env:SHOP_HOOK", "threshold": 0.1, **FAST, **settings,
        }  # fmt: skip
        tracker = TrackerSettings(**given)
        with running(index, trackers=(tracker,), state=str(tmp_path / "state")) as (client, parts):

            def send(payload, delivery="", secret=SECRET, **headers):
                body, head = signed(payload, secret, delivery)
                return client.post("/webhooks/jira", content=body, headers={**head, **headers})

            yield send, parts


def idle(parts):
    """Until nothing is left to do."""
    return until(lambda: not {"ready", "running"} & parts.trackers.queue.counts().keys())


def bug(jira, key="SHOP-12", report=REPORTS[1], **fields):
    description = adf(report.body) if jira.cloud else report.body
    return jira.add(key, report.title, description, **fields)


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "data-center"])
def test_a_new_bug_gets_one_comment(shop_index, tmp_path, cloud):
    jira = Jira(cloud=cloud)
    issue = bug(jira)
    with service(shop_index, jira, tmp_path) as (send, parts):
        began = time.perf_counter()
        got = send(created(issue), "one")
        assert got.status_code == 202 and got.json() == {"status": "queued"}
        assert time.perf_counter() - began < 5
        assert send(created(issue), "one").json() == {"status": "known"}
        idle(parts)
        [comment] = jira.ours("SHOP-12")
        said = json.dumps(comment["body"]).replace("\\", "")
        assert isinstance(comment["body"], dict if cloud else str)
        assert "shop-orders" in said and "Order" in said and "bugatlas:SHOP-12" in said
        line = json.loads((tmp_path / "state" / "live.jsonl").read_text())
        assert line["issue"] == "SHOP-12" and line["files"] and line["commits"]["shop-orders"]


def test_an_edit_edits_the_comment_and_nothing_new_writes_nothing(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira)
    with service(shop_index, jira, tmp_path) as (send, parts):
        send(created(issue), "1")
        idle(parts)
        [first] = [dict(c) for c in jira.ours("SHOP-12")]
        writes = jira.writes()
        changed = {"items": [{"field": "description", "fromString": "a", "toString": "b"}]}
        send(created(issue, event="jira:issue_updated", changelog=changed), "2")
        idle(parts)
        assert jira.writes() == writes, "the ranking is the same"
        issue["fields"]["summary"] = REPORTS[0].title
        issue["fields"]["description"] = adf(REPORTS[0].body)
        send(created(issue, event="jira:issue_updated", changelog=changed), "3")
        idle(parts)
        [second] = jira.ours("SHOP-12")
        assert second["id"] == first["id"] and second["body"] != first["body"] and second["edits"] == 1


def test_what_is_not_answered(shop_index, tmp_path):
    jira = Jira()
    noise = {"items": [{"field": "assignee"}, {"field": "status"}, {"field": "Rank"}]}
    with service(shop_index, jira, tmp_path, projects=("SHOP",)) as (send, parts):
        issue = bug(jira)
        story = bug(jira, "SHOP-13", kind="Story")
        other = bug(jira, "HR-1")
        cases = [
            created(issue, event="jira:issue_updated", changelog=noise),
            created(issue, event="jira:issue_deleted"),
            created(issue, event="jira:worklog_updated"),
            created(issue, user={"accountId": BOT}),
            created(story),
            created(other),
            {"webhookEvent": "comment_created", "comment": {"body": "me too", "author": {"accountId": "x"}},
             "issue": {"id": issue["id"], "key": "SHOP-12"}},
            {"webhookEvent": "comment_created", "comment": {"body": "… [bugatlas:SHOP-12]"}, "issue": {"key": "SHOP-12"}},
            {"webhookEvent": "jira:issue_created"},
            {"webhookEvent": "jira:issue_created", "issue": {"key": "../../admin"}},
            {},
            [],
            "text",
            None,
        ]  # fmt: skip
        until(lambda: parts.trackers.desks["jira"].own == BOT)
        for n, case in enumerate(cases):
            got = send(case, f"n{n}")
            assert got.status_code == 202 and got.json()["status"] not in ("queued", "known"), case
        assert not parts.trackers.queue.counts() and not any(jira.comments.values())


def test_confidence_says_no_unless_somebody_asks(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira)
    with service(shop_index, jira, tmp_path, threshold=1.0, command="/locate") as (send, parts):
        send(created(issue), "1")
        idle(parts)
        assert not jira.ours("SHOP-12")
        asked = {
            "webhookEvent": "comment_created",
            "comment": {
                "self": f"https://x/rest/api/2/issue/{issue['id']}/comment/7",
                "body": "/locate please",
            },
        }
        assert send(asked, "2").json() == {"status": "queued"}
        idle(parts)
        assert len(jira.ours("SHOP-12")) == 1, "though the delivery had no more than the issue's number"


def test_empty_and_absent_descriptions(shop_index, tmp_path):
    jira = Jira()
    with service(shop_index, jira, tmp_path) as (send, parts):
        for n, (summary, description) in enumerate(
            [("", None), (" ", ""), ("Charge", None), ("x", {"type": "doc"})]
        ):
            jira.add(f"SHOP-{n + 1}", summary, description)
            send(created(jira.issues[f"SHOP-{n + 1}"]), str(n))
        idle(parts)
        assert not parts.trackers.queue.waiting("dead")
        assert not jira.comments["SHOP-1"] and not jira.comments["SHOP-2"]


def test_forged_deliveries_are_refused(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira)
    with service(shop_index, jira, tmp_path, header_secret="env:SHOP_HOOK") as (send, parts):
        body, head = signed(created(issue), SECRET, "1")
        for wrong in (
            {"x-hub-signature": "sha256=" + "0" * 64}, {"x-hub-signature": ""},
            {"x-hub-signature": head["x-hub-signature"][7:]},
            {"x-hub-signature": head["x-hub-signature"].replace("sha256", "sha1")}, {"x-bugatlas-secret": "wrong"},
        ):  # fmt: skip
            assert send(created(issue), "1", secret="other", **wrong).status_code == 401
        tampered = body.replace(b"SHOP-12", b"SHOP-13")
        assert send(tampered, "1", **{"x-hub-signature": head["x-hub-signature"]}).status_code == 401
        assert not parts.trackers.queue.counts() and not jira.writes()
        assert (
            send(
                created(issue), "1", secret="x", **{"x-hub-signature": "", "x-bugatlas-secret": SECRET}
            ).status_code
            == 202
        )
        idle(parts)
        assert len(jira.ours("SHOP-12")) == 1


def test_a_replay_under_another_name_is_known(shop_index, tmp_path):
    jira = Jira()
    payload = created(bug(jira))
    with service(shop_index, jira, tmp_path) as (send, parts):
        assert send(payload, "one").json()["status"] == "queued"
        assert send(payload, "two").json()["status"] == "known"
        idle(parts)
        assert len(jira.ours("SHOP-12")) == 1


def test_unknown_trackers_and_bad_bodies(shop_index, tmp_path):
    jira = Jira()
    with service(shop_index, jira, tmp_path) as (send, _parts), running(shop_index) as (bare, _):
        assert bare.post("/webhooks/jira", json={}).status_code == 404
        assert send(b"{", "1").status_code == 400
        assert send(b"\xff\xfe", "1").status_code == 400
        deep = send(b'{"issue":' * 50_000 + b"1" + b"}" * 50_000, "1")
        assert deep.status_code == 400


def test_oversized_deliveries(shop_index, tmp_path, monkeypatch):
    jira = Jira()
    tracker = TrackerSettings(
        "jira", "jira", "http://127.0.0.1:9", token="env:SHOP_JIRA_TOKEN", secret="env:SHOP_HOOK"
    )
    with running(shop_index, trackers=(tracker,), state=str(tmp_path), webhook_kib=8) as (client, _parts):
        body, head = signed(created(jira.add("SHOP-1", "x", "y" * 20_000)), SECRET)
        assert client.post("/webhooks/jira", content=body, headers=head).status_code == 413
        chunks = (b"x" * 1000 for _ in range(20))
        assert client.post("/webhooks/jira", content=chunks, headers=head).status_code == 413


def test_no_address_of_a_delivery_is_asked(shop_index, tmp_path):
    """Request forgery: by addresses in payloads, by keys that walk, by a tracker that sends us elsewhere."""
    evil, jira, away = Jira(), Jira(), Jira()
    issue = bug(jira)
    with listening(evil) as there:
        with service(shop_index, jira, tmp_path / "a") as (send, parts):
            payload = created(issue, webhookUrl=there)
            payload["issue"]["self"] = issue["self"] = f"{there}/rest/api/3/issue/1"
            assert send(payload, "one").status_code == 202
            for n, key in enumerate(
                ("../../../evil", f"{there}/x", "SHOP-12/../../myself", "//evil/x", "SHOP-12?x=1")
            ):
                odd = created(issue)
                odd["issue"]["key"] = odd["issue"]["id"] = key
                send(odd, f"odd{n}")
            idle(parts)
            assert len(jira.ours("SHOP-12")) == 1

        async def elsewhere(scope, receive, send):
            away.seen.append((scope["method"], scope["path"]))
            await send(
                {"type": "http.response.start", "status": 302, "headers": [(b"location", there.encode())]}
            )
            await send({"type": "http.response.body"})

        away.app = elsewhere  # type: ignore[assignment]
        with service(shop_index, away, tmp_path / "b", attempts=1) as (send, parts):
            send(created(issue), "two")
            idle(parts)
            assert away.seen
            assert parts.trackers.queue.waiting("dead")
    assert evil.seen == []
    ours = r"/rest/api/[23]/(serverInfo|myself|issue/SHOP-12(/comment(/\d+)?)?)"
    assert [path for _, path in jira.seen if not re.fullmatch(ours, path)] == []


def test_adf_bombs(shop_index, tmp_path):
    """Documents that are deep, wide, or of the wrong types: what can be read is read."""
    jira = Jira()
    deep: dict = {"type": "text", "text": "voucher"}
    for _ in range(300):
        deep = {"type": "paragraph", "content": [deep]}
    wide = {"type": "doc", "content": [{"type": "text", "text": "voucher "}] * 100_000}
    odd = {"type": ["doc"], "content": {"a": 1}, "attrs": 7, "marks": "x"}
    with service(shop_index, jira, tmp_path) as (send, parts):
        for n, description in enumerate([deep, wide, odd]):
            jira.add(f"SHOP-{n + 1}", "Placing an order with a voucher fails", description)
            send(created(jira.issues[f"SHOP-{n + 1}"]), str(n))
        idle(parts)
        assert not parts.trackers.queue.waiting("dead")
        assert all(len(jira.ours(k)) == 1 for k in jira.issues)


# The tracker misbehaves


@pytest.mark.parametrize("lost", [0.0, 1.0], ids=["refused", "carried out, answer lost"])
@pytest.mark.parametrize("kind", ["500", "503", "429", "drop"])
def test_every_issue_gets_one_comment_from_a_tracker_that_fails(shop_index, tmp_path, kind, lost):
    jira = Jira(faults=Faults(0.2, (kind,), lost, retry_after="0", seed=3))
    with service(shop_index, jira, tmp_path, attempts=50, timeout=0.3) as (send, parts):
        for n in range(1, 9):
            bug(jira, f"SHOP-{n}", REPORTS[n % 3])
            send(created(jira.issues[f"SHOP-{n}"]), str(n))
        if kind == "429":
            parts.trackers.desks["jira"].resumes = 0.0
            until(lambda: setattr(parts.trackers.desks["jira"], "resumes", 0.0) or wake(parts), 60)
        idle(parts)
        assert not parts.trackers.queue.waiting("dead")
        assert {k: len(jira.ours(k)) for k in jira.issues} == dict.fromkeys(jira.issues, 1)


def wake(parts):
    """Make everything due now; whether nothing is left."""
    queue = parts.trackers.queue
    with queue._lock:
        queue._db.execute("update task set due = 0 where state = 'ready'")
    return not queue.counts()


def test_a_limit_stops_the_whole_tracker_for_as_long_as_it_says(shop_index, tmp_path):
    jira = Jira(faults=Faults(always={"POST /comment": 429}, retry_after="2"))
    with service(shop_index, jira, tmp_path, workers=1) as (send, parts):
        for n in range(1, 6):
            bug(jira, f"SHOP-{n}")
            send(created(jira.issues[f"SHOP-{n}"]), str(n))
        until(lambda: ("POST", "/rest/api/3/issue/SHOP-1/comment") in jira.seen)
        limited = time.monotonic()
        time.sleep(0.5)
        posts = [p for p in jira.seen if p[0] == "POST"]
        assert len(posts) == 1, posts
        jira.faults.always = {}
        idle(parts)
        assert time.monotonic() - limited > 1.0
        assert all(len(jira.ours(k)) == 1 for k in jira.issues)


def test_a_token_that_is_wrong_loses_nothing(shop_index, tmp_path, monkeypatch):
    jira = Jira()
    bug(jira)
    monkeypatch.setenv("SHOP_JIRA_TOKEN", "old")
    with service(shop_index, jira, tmp_path, attempts=1) as (send, parts):
        send(created(jira.issues["SHOP-12"]), "1")
        found = until(
            lambda: parts.trackers.queue.waiting("ready") and parts.trackers.queue.waiting("ready")[0].error
        )
        assert "401" in found and not parts.trackers.queue.waiting("dead")
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    with service(shop_index, jira, tmp_path) as (send, parts):
        wake(parts)
        idle(parts)
        assert len(jira.ours("SHOP-12")) == 1


@pytest.mark.parametrize(("status", "what"), [(403, "dead"), (400, "dead"), (404, "gone"), (410, "gone")])
def test_refusals_of_one_issue(shop_index, tmp_path, status, what):
    jira = Jira(faults=Faults(always={"GET /issue/SHOP-1$": status}))
    bug(jira, "SHOP-1")
    bug(jira, "SHOP-2")
    with service(shop_index, jira, tmp_path) as (send, parts):
        for key in jira.issues:
            send(created(jira.issues[key]), key)
        until(lambda: jira.ours("SHOP-2"))
        idle(parts)
        dead = parts.trackers.queue.waiting("dead")
        assert [d.issue for d in dead] == (["SHOP-1"] if what == "dead" else [])
        if dead:
            assert str(status) in dead[0].error
            jira.faults.always = {}
            assert parts.trackers.queue.retry() == 1
            idle(parts)
            assert len(jira.ours("SHOP-1")) == 1


def test_what_always_fails_is_set_aside(shop_index, tmp_path):
    jira = Jira(faults=Faults(always={"POST /comment": 500}))
    bug(jira)
    with service(shop_index, jira, tmp_path, attempts=3) as (send, parts):
        send(created(jira.issues["SHOP-12"]), "1")
        [dead] = until(lambda: parts.trackers.queue.waiting("dead"))
        assert dead.attempts == 3 and "500" in dead.error


def test_a_comment_that_a_person_deleted_stays_away(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira)
    with service(shop_index, jira, tmp_path, command="/locate") as (send, parts):
        send(created(issue), "1")
        idle(parts)
        jira.comments["SHOP-12"].clear()
        changed = {"items": [{"field": "summary"}]}
        for n, report in ((2, REPORTS[0]), (3, REPORTS[2])):
            issue["fields"] |= {"summary": report.title, "description": adf(report.body)}
            send(created(issue, event="jira:issue_updated", changelog=changed, timestamp=n), str(n))
            idle(parts)
            assert not jira.ours("SHOP-12")
        asked = {
            "webhookEvent": "comment_created",
            "issue": {"key": "SHOP-12"},
            "comment": {"body": "/locate"},
        }
        send(asked, "4")
        idle(parts)
        assert len(jira.ours("SHOP-12")) == 1


def test_a_lost_state_finds_its_comments_again(shop_index, tmp_path):
    """A mark in somebody else's comment is not ours to edit."""
    jira = Jira()
    issue = bug(jira)
    with service(shop_index, jira, tmp_path) as (send, parts):
        send(created(issue), "1")
        idle(parts)
    theirs = {"id": "7", "author": {"accountId": "mallory"}, "body": adf("[bugatlas:SHOP-12]")}
    jira.comments["SHOP-12"].insert(0, theirs)
    doubled = {**jira.ours("SHOP-12")[0], "id": "99999"}
    jira.comments["SHOP-12"].append(doubled)
    with service(shop_index, jira, tmp_path / "new") as (send, parts):
        send(created(issue), "2")
        idle(parts)
        assert (
            next(c["id"] for c in jira.comments["SHOP-12"]) == "7" and jira.comments["SHOP-12"][0] == theirs
        )
        assert len(jira.ours("SHOP-12")) == 1


def test_labels_components_visibility_and_service_desks(shop_index, tmp_path):
    jira = Jira()
    issue = bug(jira)
    desk = bug(jira, "HELP-1", project={"key": "HELP", "projectTypeKey": "service_desk"})
    options = {"components": {"shop-orders": "Orders"}, "label": "in-{repo}"}
    with service(shop_index, jira, tmp_path, **options) as (send, parts):
        send(created(issue), "1")
        send(created(desk), "2")
        idle(parts)
        assert issue["fields"]["labels"] == ["in-shop-orders"] and issue["fields"]["components"] == [
            {"name": "Orders"}
        ]
        assert not jira.ours("HELP-1"), "customers would read it"
    inside = {"internal": True, "visibility": Visibility("role", "Developers")}
    with service(shop_index, jira, tmp_path / "b", **inside) as (send, parts):
        send(created(desk), "3")
        idle(parts)
        [comment] = jira.ours("HELP-1")
        assert comment["visibility"] == {"type": "role", "value": "Developers"}
        assert comment["properties"][0]["value"] == {"internal": True}


def test_issues_whose_delivery_was_lost_are_found(shop_index, tmp_path):
    jira = Jira()
    bug(jira, "SHOP-1")
    with service(shop_index, jira, tmp_path, projects=("SHOP",), catch_up=1) as (_send, parts):
        until(lambda: parts.trackers.queue.marked("jira:created"))
        assert not parts.trackers.queue.counts() and not jira.ours("SHOP-1"), "not what was there before"
        parts.trackers._look(parts.trackers.desks["jira"], time.time() - 600)
        parts.trackers._look(parts.trackers.desks["jira"], time.time() - 600)
        idle(parts)
        assert len(jira.ours("SHOP-1")) == 1


def test_settings_that_cannot_work(shop_index, tmp_path, monkeypatch):
    base: dict[str, Any] = {"name": "jira", "kind": "jira", "url": "https://shop.example"}
    for wrong in ({}, {"token": "env:SHOP_JIRA_TOKEN"}, {"secret": "env:SHOP_HOOK"}):
        with (
            pytest.raises(UsageError),
            running(shop_index, trackers=(TrackerSettings(**base | wrong),), state=str(tmp_path)),
        ):
            pass
    plain = TrackerSettings(
        **{**base, "url": "http://jira.shop.example"}, token="env:SHOP_JIRA_TOKEN", secret="env:SHOP_HOOK"
    )
    with (
        pytest.raises(UsageError, match="in the clear"),
        running(shop_index, trackers=(plain,), state=str(tmp_path / "b")),
    ):
        pass
    with pytest.raises(UsageError, match="push"):
        checked(ServiceSettings(trackers=(TrackerSettings("push", "jira", "https://x"),)))
