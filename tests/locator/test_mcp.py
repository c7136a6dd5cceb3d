"""Coding agents: the tools in memory, over standard input and output, and over HTTP with tokens."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("mcp")

import httpx2
from kits.service import TOKENS, running, token
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from indexer.demo import REPORTS
from locator.access import LOCAL
from locator.live_index import LiveIndex
from locator.locate import locate
from locator.mcp.server import server
from locator.weights import Weights

pytestmark = pytest.mark.slow

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"


def made(index):
    live = LiveIndex(index)

    async def ask(index, report, options, mode, progress):
        assert mode in ("", "offline")
        return await asyncio.to_thread(lambda: locate(index(), report, options, Weights(), progress))

    return server(lambda ctx: live.index(LOCAL), ask, asyncio.to_thread)


def talk(target, *calls):
    """Call tools; (structured content, is error, text) of each."""

    async def go():
        out = []
        async with Client(target) as client:
            for name, arguments in calls:
                got = await client.call_tool(name, arguments)
                text = " ".join(c.text for c in got.content if c.type == "text")
                out.append((got.structured_content, bool(got.is_error), text))
        return out

    return asyncio.run(go())


def test_tools_are_described_for_agents(shop_index):
    async def go():
        async with Client(made(shop_index)) as client:
            return (await client.list_tools()).tools

    tools = {t.name: t for t in asyncio.run(go())}
    assert set(tools) == {"locate_bug", "search_code", "read_summary", "explain_result", "index_status"}
    for tool in tools.values():
        assert tool.annotations.read_only_hint and tool.output_schema and len(tool.description) > 60
        assert "ctx" not in tool.input_schema["properties"]
    assert "whole" in tools["locate_bug"].input_schema["properties"]["report"]["description"]


def test_locate_then_explain(shop_index):
    located, error, _ = talk(made(shop_index), ("locate_bug", {"report": REPORT, "limit": 5}))[0]
    assert not error and located["files"][0]["rank"] == 1 and len(located["files"]) <= 5
    assert located["repositories"][0]["repo"] == "shop-orders" and located["files"][0]["why"]
    assert all(len(f["snippet"].split("\n")) <= 7 for f in located["files"])

    async def both():
        async with Client(made(shop_index)) as client:
            first = (await client.call_tool("locate_bug", {"report": REPORT})).structured_content
            asked = {"answer_id": first["answer_id"], "rank": 2, "max_lines": 10}
            return first, await client.call_tool("explain_result", asked)

    first, explained = asyncio.run(both())
    told = explained.structured_content
    assert told["path"] == first["files"][1]["path"] and told["evidence"] and told["parts"]
    assert 0 < len([x for x in told["code"].split("\n") if x != "…"]) <= 10


def test_progress_is_reported(shop_index):
    seen = []

    async def go():
        async def on(progress, total, message):
            seen.append((progress, total, message))

        async with Client(made(shop_index)) as client:
            await client.call_tool("locate_bug", {"report": REPORT, "limit": 4}, progress_callback=on)

    asyncio.run(go())
    assert seen and "repository" in seen[0][2] and any("4 files" in m for _, _, m in seen)


def test_other_tools(shop_index):
    search, top, place, file, status = talk(
        made(shop_index),
        ("search_code", {"query": "idempotency key", "limit": 3}),
        ("read_summary", {}),
        ("read_summary", {"place": "shop-orders"}),
        ("read_summary", {"place": f"shop-orders/{REPORTS[1].path}"}),
        ("index_status", {"repo": "orders"}),
    )
    assert len(search[0]["files"]) == 3 and search[0]["files"][0]["lines"]
    assert [c["path"] for c in top[0]["children"]][:2] == ["shop-catalog", "shop-gateway"]
    assert place[0]["kind"] == "repository" and place[0]["children"]
    assert file[0]["kind"] == "file" and any("shareOf" in s for s in file[0]["symbols"])
    assert [r["name"] for r in status[0]["repositories"]] == ["shop-orders"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("locate_bug", {"report": "x", "repo": "nowhere"}, "nowhere"),
        ("locate_bug", {"report": "x", "at": "v99"}, "v99"),
        ("locate_bug", {"report": "   "}, "empty"),
        ("locate_bug", {}, "report"),
        ("locate_bug", {"report": "x", "limit": 10**6}, "limit"),
        ("search_code", {"query": "repo:nowhere x"}, "nowhere"),
        ("read_summary", {"place": "../../etc/passwd"}, "nothing indexed"),
        ("explain_result", {"answer_id": "ffff"}, "locate_bug again"),
    ],
)
def test_errors_are_told_to_the_agent(shop_index, name, arguments, said):
    [(_, error, text)] = talk(made(shop_index), (name, arguments))
    assert error and said in text


def test_nothing_indexed_is_told(tmp_path):
    [(_, error, text)] = talk(made(tmp_path / "none"), ("locate_bug", {"report": "x"}))
    assert error and "bugatlas index" in text


def test_answers_are_small(shop_index):
    """Twenty files with their code fit well into a context window."""
    arguments = {"report": REPORT * 50, "limit": 20, "max_snippet_lines": 20}
    [(located, error, _text)] = talk(made(shop_index), ("locate_bug", arguments))
    assert not error and len(json.dumps(located)) < 60_000


def test_standard_input_and_output(shop_index):
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "bugatlas", "--index", str(shop_index), "mcp"]
    )
    [(found, error, _)] = talk(stdio_client(parameters), ("index_status", {}))
    assert not error and len(found["repositories"]) == 6


# Over HTTP


@asynccontextmanager
async def over_http(client, name):
    headers = {"authorization": f"Bearer {TOKENS[name]}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        streamable_http_client(f"{client.base_url}/mcp", http_client=http) as streams,
    ):
        yield streams


def test_http_with_scopes(shop_index):
    tokens = (token("all"), token("orders", ("shop-orders",)), token("ops", may=("metrics",)))
    with running(shop_index, tokens=tokens) as (client, _):
        [(every, _, _), (located, error, _)] = talk(
            over_http(client, "all"), ("index_status", {}), ("locate_bug", {"report": REPORT, "limit": 20})
        )
        assert len(every["repositories"]) == 6 and not error
        calls = [
            ("index_status", {}),
            ("locate_bug", {"report": REPORT + " shop-gateway shop-payments", "limit": 20}),
            ("search_code", {"query": "charge"}),
            ("read_summary", {}),
            ("read_summary", {"place": "shop-payments"}),
            ("explain_result", {"answer_id": located["answer_id"], "rank": 20}),
        ]
        got = talk(over_http(client, "orders"), *calls)
        assert [r["name"] for r in got[0][0]["repositories"]] == ["shop-orders"]
        assert {f["repo"] for f in got[1][0]["files"]} == {"shop-orders"}
        assert got[4][1] and got[5][1], "neither a hidden repository nor somebody else's answer"
        for structured, _, text in got[:4]:
            assert not [
                n
                for n in ("shop-payments", "shop-gateway", "shop-catalog")
                if n in json.dumps(structured) + text
            ]


def test_http_needs_a_token_and_the_right_host(shop_index):
    first = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    head = {"accept": "application/json, text/event-stream"}
    with running(shop_index, tokens=(token("all"), token("ops", may=("metrics",)))) as (client, _):
        assert client.post("/mcp", json=first, headers=head).status_code == 401
        ops = {**head, "authorization": f"Bearer {TOKENS['ops']}"}
        assert client.post("/mcp", json=first, headers=ops).status_code == 403
        good = {**head, "authorization": f"Bearer {TOKENS['all']}"}
        assert client.post("/mcp", json=first, headers={**good, "host": "evil.example"}).status_code == 421
        assert (
            client.post("/mcp", json=first, headers={**good, "origin": "https://evil.example"}).status_code
            == 403
        )
        assert client.post("/mcp", content=b"x" * 5_000_000, headers=good).status_code == 413
    with running(shop_index, mcp=False) as (client, _):
        assert client.post("/mcp", json=first, headers=head).status_code == 404


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
