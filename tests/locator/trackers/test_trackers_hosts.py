"""GitHub and GitLab: deliveries to comments, and pushes to indexing jobs, over HTTP."""

from __future__ import annotations

import base64
from contextlib import contextmanager

import pytest
from kits.host import BOT, TOKEN, Host, github_delivery, gitlab_delivery, listening
from kits.service import running, until
from msgspec.structs import replace

from indexer.demo import REPORTS
from locator.server.push import place, repositories_of
from locator.server.settings import Refresh
from locator.trackers.settings import TrackerSettings
from summaries.index.index import RepoState

SECRET = "host-secret"
SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
KEY = "shop/orders#7"


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("HOST_TOKEN", TOKEN)
    monkeypatch.setenv("HOST_SECRET", SECRET)
    monkeypatch.setenv("HOST_SIGNING", SIGNING)


@contextmanager
def service(index, host, tmp_path, **settings):
    with listening(host) as url:
        given = {
            "name": host.kind, "kind": host.kind, "url": url, "token": "env:HOST_TOKEN", "secret": "env:HOST_SECRET",
            "threshold": 0.1, "settle": 0.0, "backoff": 0.05, "pace": 0.0, "timeout": 5.0, "catch_up": 0, **settings,
        }  # fmt: skip
        tracker = TrackerSettings(**given)
        with running(index, trackers=(tracker,), state=str(tmp_path / "state")) as (client, parts):
            until(lambda: parts.trackers.desks[host.kind].own == BOT)
            yield (
                (lambda made: client.post(f"/webhooks/{host.kind}", content=made[0], headers=made[1])),
                parts,
            )


def idle(parts):
    until(lambda: not {"ready", "running"} & parts.trackers.queue.counts().keys())


def github_event(issue, action="opened", **more):
    return {
        "action": action,
        "issue": issue,
        "repository": {"full_name": "shop/orders"},
        "sender": {"login": "ann"},
        **more,
    }


def gitlab_event(issue, action="open", **more):
    said = {"iid": issue["iid"], "title": issue["title"], "action": action, "updated_at": "now"}
    labels = [{"title": x} for x in issue["labels"]]
    project = {"path_with_namespace": "shop/orders"}
    return {"object_kind": "issue", "object_attributes": said, "labels": labels, "project": project,
            "user": {"username": "ann"}, **more}  # fmt: skip


@pytest.mark.slow
def test_github(shop_index, tmp_path):
    host = Host("github")
    issue = host.add(KEY, REPORTS[1].title, REPORTS[1].body)
    with service(shop_index, host, tmp_path, label="in:{repo}") as (send, parts):
        assert send(github_delivery(github_event(issue), SECRET, id_="1")).json() == {"status": "queued"}
        assert send(github_delivery(github_event(issue), SECRET, id_="1")).json() == {"status": "known"}
        idle(parts)
        [comment] = host.comments[KEY]
        assert "DiscountSplitter" in comment["body"] and comment["body"].endswith(f"<!-- bugatlas:{KEY} -->")
        assert {"name": "in:shop-orders"} in issue["labels"]
        writes = [s for s in host.seen if s[0] != "GET"]
        send(github_delivery(github_event(issue, "edited", changes={"body": {"from": "x"}}), SECRET, id_="2"))
        idle(parts)
        assert [s for s in host.seen if s[0] != "GET"] == writes
        issue |= {"title": REPORTS[0].title, "body": REPORTS[0].body}
        send(
            github_delivery(github_event(issue, "edited", changes={"title": {"from": "x"}}), SECRET, id_="3")
        )
        idle(parts)
        assert len(host.comments[KEY]) == 1 and host.comments[KEY][0]["edits"] == 1


@pytest.mark.slow
def test_gitlab(shop_index, tmp_path):
    host = Host("gitlab")
    issue = host.add(KEY, REPORTS[1].title, REPORTS[1].body)
    with service(shop_index, host, tmp_path, internal=True) as (send, parts):
        assert send(gitlab_delivery(gitlab_event(issue), SECRET, id_="1")).json() == {"status": "queued"}
        assert send(gitlab_delivery(gitlab_event(issue), SECRET, id_="1")).json() == {"status": "known"}
        idle(parts)
        [comment] = host.comments[KEY]
        assert "DiscountSplitter" in comment["body"] and comment["internal"] is True
        issue |= {"title": REPORTS[0].title, "description": REPORTS[0].body}
        changed = gitlab_event(issue, "update", changes={"title": {"previous": "x"}})
        send(gitlab_delivery(changed, SECRET, id_="2"))
        idle(parts)
        assert len(host.comments[KEY]) == 1 and host.comments[KEY][0]["edits"] == 1


@pytest.mark.slow
def test_gitlab_signing_tokens(shop_index, tmp_path):
    host = Host("gitlab")
    issue = host.add(KEY, REPORTS[1].title, REPORTS[1].body)
    with service(shop_index, host, tmp_path, secret="env:HOST_SIGNING") as (send, parts):
        body, head = gitlab_delivery(gitlab_event(issue), SIGNING)
        assert send((body, {**head, "webhook-id": "other"})).status_code == 401
        assert send((body, {**head, "webhook-timestamp": "1"})).status_code == 401
        assert send((body + b" ", head)).status_code == 401
        assert send((body, {"x-gitlab-token": SIGNING})).status_code == 401, (
            "the signing key is not a token to send"
        )
        assert send((body, head)).status_code == 202
        idle(parts)
        assert len(host.comments[KEY]) == 1


@pytest.mark.slow
def test_what_github_sends_that_is_not_answered(shop_index, tmp_path):
    host = Host("github")
    issue = host.add(KEY, "x", "y")
    plain = host.add("shop/orders#8", "x", "y", labels=("question",))
    with service(shop_index, host, tmp_path, projects=("shop/*",)) as (send, parts):
        cases = [
            (github_event(issue, "assigned"), "issues"),
            (github_event(issue, "edited", changes={"assignee": {}}), "issues"),
            (github_event(issue, "labeled", label={"name": "wontfix"}), "issues"),
            (github_event(issue, sender={"login": BOT}), "issues"),
            (github_event({**issue, "pull_request": {}}), "issues"),
            (github_event(plain), "issues"),
            (github_event(issue, repository={"full_name": "other/repo"}), "issues"),
            (github_event(issue, repository={"full_name": "../.."}), "issues"),
            (github_event(issue, "created", comment={"body": "me too"}), "issue_comment"),
            ({"zen": "x"}, "ping"),
            ([], "issues"),
        ]
        for payload, event in cases:
            got = send(github_delivery(payload, SECRET, event))
            assert got.status_code == 202 and got.json()["status"] not in ("queued", "known"), payload
        body, head = github_delivery(github_event(issue), SECRET)
        assert (
            send((body, {**head, "x-hub-signature-256": head["x-hub-signature-256"][:-1]})).status_code == 401
        )
        assert not parts.trackers.queue.counts()
        assert (
            send(github_delivery(github_event(issue, "labeled", label={"name": "Bug"}), SECRET)).json()[
                "status"
            ]
            == "queued"
        )


@pytest.mark.slow
def test_what_gitlab_sends_that_is_not_answered(shop_index, tmp_path):
    host = Host("gitlab")
    issue = host.add(KEY, "x", "y")
    with service(shop_index, host, tmp_path, command="@bugatlas") as (send, _parts):
        note = {
            "object_kind": "note",
            "project": {"path_with_namespace": "shop/orders"},
            "issue": {"iid": 7},
            "user": {},
        }
        for payload in (
            gitlab_event(issue, "close"),
            gitlab_event(issue, "update", changes={"assignees": {}}),
            gitlab_event(issue, user={"username": BOT}),
            gitlab_event({**issue, "labels": ["question"]}),
            {**note, "object_attributes": {"noteable_type": "Issue", "note": "me too"}},
            {**note, "object_attributes": {"noteable_type": "MergeRequest", "note": "@bugatlas"}},
            {},
        ):
            assert send(gitlab_delivery(payload, SECRET)).json()["status"] not in ("queued", "known"), payload
        asked = {**note, "object_attributes": {"noteable_type": "Issue", "note": "@bugatlas please"}}
        assert send(gitlab_delivery(asked, SECRET)).json()["status"] == "queued"


@pytest.mark.slow
def test_checks(shop_index, tmp_path):
    for kind in ("github", "gitlab"):
        host = Host(kind)
        host.add(KEY, "x", "y")
        with service(shop_index, host, tmp_path / kind, projects=("shop/orders",)) as (_, parts):
            desk = parts.trackers.desks[kind]
            found = desk.api.check("shop/orders")
            assert found.account == BOT and not found.missing
            assert list(desk.api.created(0.0)) == [KEY]


# Pushes


def push(kind, url="https://code.example/shop/orders.git"):
    if kind == "github":
        return github_delivery({"ref": "refs/heads/main", "repository": {"clone_url": url}}, SECRET, "push")
    if kind == "gitlab":
        return gitlab_delivery({"project": {"git_http_url": url}}, SECRET, "Push Hook")
    if kind == "bitbucket":
        body, head = github_delivery({"repository": {"links": {"html": {"href": url[:-4]}}}}, SECRET)
        return body, {"x-event-key": "repo:push", "x-hub-signature": head["x-hub-signature-256"]}
    return b'{"repo": "shop-orders"}', {"x-bugatlas-secret": SECRET}


@pytest.mark.parametrize("kind", ["github", "gitlab", "bitbucket", "plain"])
def test_a_push_starts_a_job(shop_index, kind, monkeypatch):
    monkeypatch.setattr("locator.server.jobs.Jobs.open", lambda self: None)  # the index is not ours to write
    with running(shop_index, refresh=Refresh(push_secret="env:HOST_SECRET")) as (client, parts):
        repos = parts.live_index.edition().index.repos
        repos["shop-orders"] = replace(repos["shop-orders"], url="https://code.example/shop/orders")
        body, head = push(kind)
        assert client.post("/webhooks/push", content=body).status_code == 401
        if kind in ("github", "bitbucket"):
            assert client.post("/webhooks/push", content=body + b" ", headers=head).status_code == 401
        assert client.post("/webhooks/push", content=body, headers=head).json() == {"status": "queued"}
        assert parts.jobs.list()[0].repos == ("shop-orders",)
        other = (
            push(kind, "https://code.example/shop/unknown.git")
            if kind != "plain"
            else (b'{"repo": "unknown"}', head)
        )
        told = client.post("/webhooks/push", content=other[0], headers=other[1])
        assert told.status_code == 202 and told.json()["status"].startswith("no indexed")
        assert (
            client.post("/webhooks/push", content=b"{", headers={"x-bugatlas-secret": SECRET}).status_code
            == 400
        )


def test_pushes_are_refused_without_a_secret(shop_index):
    with running(shop_index) as (client, _):
        body, head = push("github")
        assert client.post("/webhooks/push", content=body, headers=head).status_code == 401


def test_places_of_repositories():
    same = {"https://code.example/shop/orders.git", "https://u:p@code.example/shop/orders",
            "git@code.example:shop/orders.git",
            "ssh://git@code.example:7999/shop/orders.git", "HTTPS://Code.Example/Shop/Orders/"}  # fmt: skip
    assert {place(u) for u in same} == {"code.example/shop/orders"}
    assert place("") == place("not a url") == ""
    state = RepoState(
        "shop/orders", "/g", "https://code.example/shop/orders", "", 1, "s", "c", 0, {}, {}, 0, 0
    )
    data_center = {
        "repository": {
            "name": "orders",
            "links": {"clone": [{"href": "ssh://git@code.example:7999/shop/orders.git"}]},
        }
    }
    assert repositories_of(data_center, [state]) == ["shop/orders"]
    assert repositories_of({"repo": "Shop/Orders"}, [state]) == ["shop/orders"]
    for odd in (None, [], {"repository": []}, {"repository": {"links": {"clone": [None, 7]}}}, {"url": 7}):
        assert repositories_of(odd, [state]) == []
