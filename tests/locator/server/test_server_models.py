"""A service with a model: who is asked, what others wait for, and what is answered when the model isn't there."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from kits.jira import TOKEN, USER, Jira, adf, created, listening, signed
from kits.model import offered
from kits.service import bearer, copied, events, serving, token, until

from indexer.demo import REPORTS
from locator.server.app import configured, service
from locator.server.settings import ServiceSettings, checked
from locator.trackers.settings import TrackerSettings
from summaries.config import Settings
from summaries.llm.testing.server import TestServer, text_of

pytestmark = pytest.mark.slow

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
WHY = "it splits the discount"


def last(body):
    """A model that chooses the last candidate."""
    at = offered(body)
    return {"analysis": "the split", "ranking": [{"id": max(at.values()), "why": WHY}], "sure": "high"}


@pytest.fixture(scope="module")
def kept(shop_index, tmp_path_factory):
    """A copy of the index: answers of models are kept in it."""
    return copied(shop_index, tmp_path_factory.mktemp("kept"))


@contextmanager
def judged(index, server, asking=None, **settings):
    """A service that asks a server of ours."""
    settings.setdefault("rate", 0)
    given = {"model": "m", "model_url": server.url, "model_attempts": 1, **(asking or {})}
    parts = service(index, checked(ServiceSettings(**settings)), Settings(**given))
    with serving(configured(parts)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client, parts


def locate(client, report=REPORT, **more):
    got = client.post("/v1/locate", json={"report": report, **more})
    assert got.status_code == 200, got.text
    return got.json()


def test_a_model_orders_unless_it_is_not_wanted(kept):
    with TestServer(last) as server, judged(kept, server) as (client, _):
        found = locate(client)
        assert found["files"][0]["evidence"][0]["voter"] == "judge"
        assert found["files"][0]["evidence"][0]["text"] == WHY
        assert [c["stage"] for c in found["calls"]] == ["judge"]
        plainly = locate(client, mode="offline")
        assert plainly["files"][0]["path"] != found["files"][0]["path"]
        assert plainly["calls"] == []
        assert len(server.requests) == 1
        assert locate(client, mode="judge")["files"] == found["files"]
        assert len(server.requests) == 1, "the same question is asked once"
        metrics = client.get("/metrics").text
        assert 'bugatlas_judged_total{mode="judge",outcome="heard"} 2.0' in metrics
        assert 'bugatlas_model_tokens_total{stage="judge"}' in metrics


def test_the_stream_says_that_the_model_is_asked(kept):
    with TestServer(last) as server, judged(kept, server) as (client, _):
        with client.stream("POST", "/v1/locate/stream", json={"report": REPORT + "\nagain"}) as got:
            told = events(got)
        stages = [data["stage"] for name, data in told if name == "progress"]
        assert stages[0] == "route"
        assert stages[-1] == "judge"
        assert told[-1][0] == "result"
        assert told[-1][1]["files"][0]["evidence"][0]["text"] == WHY


@pytest.mark.parametrize("fault", ["500", "drop", "malformed", "refusal", "drip", "invented"])
def test_a_model_that_fails_leaves_the_offline_answer_in_time(kept, fault):
    with TestServer(last, shares={fault: 1.0}) as server, judged(kept, server, timeout=5.0) as (client, _):
        report = f"{REPORT}\n{fault}"
        plainly = locate(client, report, mode="offline")
        began = time.monotonic()
        found = locate(client, report)
        assert time.monotonic() - began < 15  # near the time-out of a request, whatever the model's own is
        assert [f["path"] for f in found["files"]] == [f["path"] for f in plainly["files"]]
        assert any("answered offline" in n for n in found["notes"])
        assert server.requests


def test_a_slow_model_keeps_nobody_else_waiting(kept):
    """One thread for queries, one for the model: while that waits, others are answered."""
    with (
        TestServer(last, shares={"slow": 1.0}, slow=6.0) as server,
        judged(kept, server, {"model_jobs": 1}, threads=1, waiting=8, timeout=10.0) as (client, parts),
    ):
        found = []
        asking = threading.Thread(target=lambda: found.append(locate(client, f"{REPORT}\nslowly")))
        asking.start()
        until(lambda: server.requests)
        assert locate(client, mode="offline")["files"]
        assert client.get("/v1/search", params={"q": "discount"}).status_code == 200
        turned = locate(client, f"{REPORT}\ntoo")
        assert not found, "the slow one was answered first"
        assert any("too many questions" in n for n in turned["notes"])
        assert parts.judging.busy == 1
        asking.join(10)
        assert found[0]["files"][0]["evidence"][0]["text"] == WHY


def test_modes_that_are_not_to_be_had(kept, shop_index):
    with TestServer(last) as server, judged(kept, server) as (client, _):
        got = client.post("/v1/locate", json={"report": REPORT, "mode": "paper"})
        assert got.status_code == 422
        assert "not offered" in got.json()["detail"]
        assert client.post("/v1/locate", json={"report": REPORT, "mode": "guess"}).status_code == 422
        assert not server.requests
    parts = service(shop_index, checked(ServiceSettings(rate=0)), Settings())
    with serving(configured(parts)) as url:
        got = httpx.post(f"{url}/v1/locate", json={"report": REPORT, "mode": "judge"})
        assert got.status_code == 422
        assert "needs a model" in got.json()["detail"]


def test_a_budget_that_is_spent_and_whole_again(kept):
    with TestServer(last) as server, judged(kept, server, {"model_tokens": 10_000}) as (client, parts):
        told = [locate(client, f"{REPORT}\nbudget {n}") for n in range(4)]
        spent = ["budget of 10,000 tokens is spent" in " ".join(f["notes"]) for f in told]
        assert spent[0] is False
        assert spent[-1] is True
        assert parts.chat.limits.renewed == 86_400
        parts.chat.limits.renewed = 1e-9  # a day later
        assert not any("is spent" in n for n in locate(client, f"{REPORT}\nnext day")["notes"])


def test_a_scoped_token_s_question_holds_no_other_repository(kept):
    tokens = (token("all"), token("orders", ("shop-orders",)))
    with TestServer(last) as server, judged(kept, server, tokens=tokens) as (client, _):
        body = {"report": "Voucher is not split over the lines of an order"}
        for name, hidden in (("orders", True), ("all", False)):
            got = client.post("/v1/locate", json=body, headers=bearer(name))
            assert got.status_code == 200
            asked = next(r for r in reversed(server.requests) if offered(r))
            assert ("shop-payments" not in text_of(asked)) is hidden


def test_agents_and_trackers_are_answered_by_the_model_too(kept, tmp_path, monkeypatch):
    pytest.importorskip("mcp")
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", "s")
    jira = Jira()
    issue = jira.add("SHOP-3", REPORTS[1].title, adf(REPORTS[1].body))
    with TestServer(last) as server, listening(jira) as tracker_url:
        tracker = TrackerSettings(
            name="jira", kind="jira", url=tracker_url, user=USER, token="env:SHOP_JIRA_TOKEN",
            secret="env:SHOP_HOOK", threshold=0.0, settle=0.0, pace=0.0, catch_up=0,
        )  # fmt: skip
        with judged(kept, server, trackers=(tracker,), state=str(tmp_path)) as (client, parts):

            async def talk(**more):
                async with Client(streamable_http_client(f"{client.base_url}/mcp")) as agent:
                    return await agent.call_tool("locate_bug", {"report": f"{REPORT}\nagent", **more})

            found = asyncio.run(talk())
            assert f": {WHY}" in found.content[0].text.split("\n")[1]
            plainly = asyncio.run(talk(mode="offline"))
            assert WHY not in plainly.content[0].text
            body, head = signed(created(issue), "s", "one")
            assert client.post("/webhooks/jira", content=body, headers=head).status_code == 202
            until(lambda: jira.ours("SHOP-3"))
            assert WHY in json.dumps(jira.ours("SHOP-3")[0]["body"])
            until(lambda: not {"ready", "running"} & parts.trackers.queue.counts().keys())


def test_agents_on_one_machine_are_answered_by_the_model_too(kept):
    pytest.importorskip("mcp")
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async def talk(url, *calls):
        args = [
            "-m",
            "bugatlas",
            "--index",
            str(kept),
            "mcp",
            *(["-c", "model=m", "-c", f"model_url={url}"] if url else []),
        ]
        async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=args))) as agent:
            return [await agent.call_tool("locate_bug", {"report": f"{REPORT}\nstdio", **c}) for c in calls]

    with TestServer(last) as server:
        judged_, plainly = asyncio.run(talk(server.url, {}, {"mode": "offline"}))
        assert f": {WHY}" in judged_.content[0].text.split("\n")[1]
        assert WHY not in plainly.content[0].text
        assert len(server.requests) == 1
    [refused] = asyncio.run(talk("", {"mode": "judge"}))
    assert refused.is_error
    assert "needs a model" in refused.content[0].text
