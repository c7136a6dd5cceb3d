"""Nothing that anybody sends gets a 500: the API by its own description, webhooks by mutation."""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kits.host import github_delivery, gitlab_delivery
from kits.jira import Jira, created, listening, signed
from kits.service import TOKENS, copied, running, token, until

from locator.server.settings import Refresh
from locator.trackers.settings import TrackerSettings

pytestmark = pytest.mark.slow

pytest.importorskip("schemathesis")
SECRET = "hook-secret"


def test_the_api_does_what_it_says(shop_index, tmp_path):
    """schemathesis, bounded. A request may fit the schema and still ask for what isn't there (422), so that is let pass."""
    index = copied(shop_index, tmp_path)  # jobs are started, too
    tokens = (token("all", may=("read", "index", "metrics", "issues")),)
    with running(index, tokens=tokens) as (client, _):
        command = [
            Path(sys.executable).with_name("schemathesis"), "run", f"{client.base_url}/openapi.json",
            "--max-examples", "15", "--seed", "7", "--generation-database", "none", "--no-color",
            "--header", f"Authorization: Bearer {TOKENS['all']}",
            "--exclude-checks", "positive_data_acceptance",
        ]  # fmt: skip
        done = subprocess.run(
            list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 0, done.stdout[-60_000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested and int(tested[1]) >= 15 and "Rate limited" not in done.stdout, done.stdout[-3000:]


def mutated(value, rng):
    """A payload with a few things changed: other types, missing and doubled keys, long and odd texts."""
    odd = [
        None,
        True,
        0,
        -1,
        1e308,
        "",
        "\x00",
        "\ud7ff",
        "x" * 5000,
        [],
        {},
        [[]],
        {"a": {}},
        "../..",
        "SHOP-1 ",
        "${x}",
    ]
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 4)):
        spots = []

        def walk(node, spots=spots):
            if isinstance(node, dict):
                for k in node:
                    spots.append((node, k))
                    walk(node[k])
            elif isinstance(node, list):
                for i in range(len(node)):
                    spots.append((node, i))
                    walk(node[i])

        walk(value)
        if not spots:
            return rng.choice(odd)
        node, key = rng.choice(spots)
        if isinstance(node, dict) and rng.random() < 0.3:
            del node[key]
        else:
            node[key] = rng.choice(odd)
    return value


@pytest.fixture
def hooks(shop_index, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK", SECRET)
    jira = Jira()
    with listening(jira) as url:
        common: dict[str, Any] = {
            "url": url,
            "token": "env:HOOK",
            "secret": "env:HOOK",
            "settle": 3600.0,
            "catch_up": 0,
        }
        trackers = tuple(TrackerSettings(name=k, kind=k, **common) for k in ("jira", "github", "gitlab"))
        with running(
            shop_index, trackers=trackers, state=str(tmp_path), refresh=Refresh(push_secret="env:HOOK")
        ) as (client, parts):
            monkeypatch.setattr(parts.jobs, "add", lambda repos, *may: None)
            yield client, parts


def deliveries():
    issue = Jira().add("SHOP-1", "A title", "A *text*")
    items = {"items": [{"field": "summary", "fromString": "a", "toString": "b"}]}
    yield "jira", created(issue)
    yield "jira", created(issue, event="jira:issue_updated", changelog=items)
    yield "jira", {"webhookEvent": "comment_created", "comment": {"body": "hm", "author": {"name": "x"},
                                                               "self": "https://x/rest/api/2/issue/1/comment/2"}}  # fmt: skip
    hub = {"number": 7, "title": "t", "body": "b", "labels": [{"name": "bug"}]}
    yield (
        "github",
        {
            "action": "opened",
            "issue": hub,
            "repository": {"full_name": "shop/orders"},
            "sender": {"login": "a"},
        },
    )
    lab = {"iid": 7, "title": "t", "action": "open"}
    yield "gitlab", {"object_kind": "issue", "object_attributes": lab, "labels": [{"title": "bug"}],
                     "project": {"path_with_namespace": "shop/orders"}, "user": {"username": "a"}}  # fmt: skip
    yield (
        "push",
        {"repository": {"full_name": "x", "clone_url": "https://h/x", "links": {"clone": [{"href": "x"}]}}},
    )


def sent(kind, payload):
    if kind == "github":
        return github_delivery(payload, SECRET)
    if kind == "gitlab":
        return gitlab_delivery(payload, SECRET)
    body, head = signed(payload, SECRET)
    return body, head


def test_mutated_deliveries(hooks):
    client, parts = hooks
    rng = random.Random(7)
    statuses = set()
    for kind, payload in list(deliveries()) * 60:
        body, head = sent(kind, mutated(payload, rng))
        got = client.post(f"/webhooks/{kind}", content=body, headers=head)
        assert got.status_code in (202, 400, 503), (kind, body, got.text)
        statuses.add((kind, got.json().get("status")))
    assert (
        ("jira", "queued") in statuses
        and ("github", "queued") in statuses
        and ("gitlab", "queued") in statuses
    )
    assert all(w.issue.isprintable() for w in parts.trackers.queue.waiting(limit=1000))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=300) | st.text(max_size=200).map(lambda t: json.dumps(t).encode()), kind=st.sampled_from(
    ["jira", "github", "gitlab", "push", "nobody"]), event=st.text(alphabet="issue_comment-push", max_size=12))  # fmt: skip
def test_any_bytes(hooks, body, kind, event):
    client, _ = hooks
    _, head = signed(body, SECRET)
    head = {
        **head,
        "x-hub-signature-256": head["x-hub-signature"],
        "x-gitlab-token": SECRET,
        "x-github-event": event,
    }
    got = client.post(f"/webhooks/{kind}", content=body, headers=head)
    assert got.status_code in (202, 400, 404), got.text


def test_headers_that_are_odd(hooks):
    client, _ = hooks
    body, head = signed({"webhookEvent": "x"}, SECRET)
    for value in ("", "sha256=", "=", "sha256", "\xff\xfe", "sha256=" + "zz" * 40, "," * 5000):
        got = client.post(
            "/webhooks/jira", content=body, headers={**head, "x-hub-signature": value.encode("latin-1")}
        )
        assert got.status_code == 401
    doubled = [*head.items(), ("x-hub-signature", "sha256=0")]
    assert client.post("/webhooks/jira", content=body, headers=doubled).status_code == 400
    assert until(lambda: True)
