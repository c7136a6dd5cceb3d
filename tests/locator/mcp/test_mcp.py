"""Coding agents: the tools in memory, over standard input and output, and over HTTP with tokens."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import sys
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("mcp")

import httpx2
from kits.cli import indexed
from kits.service import TOKENS, running, token
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from indexer.demo import REPORTS
from locator.live_index import LiveIndex
from locator.mcp.threads import in_threads
from summaries import __version__
from summaries.config import Settings

pytestmark = pytest.mark.slow

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"


def made(index, *, local=False, **settings):
    return in_threads(LiveIndex(index), Settings(mode="offline", **settings), local=local)


def talk(target, *calls):
    """Call tools; (text, is error) of each. All is said once: nothing comes as JSON besides."""

    async def go():
        out = []
        async with Client(target) as client:
            for name, arguments in calls:
                got = await client.call_tool(name, arguments)
                text = "\n".join(c.text for c in got.content if c.type == "text")
                assert got.structured_content is None
                out.append((text, bool(got.is_error)))
        return out

    return asyncio.run(go())


def test_tools_are_described_for_agents(shop_index):
    async def go():
        async with Client(made(shop_index)) as client:
            return (await client.list_tools()).tools

    tools = {t.name: t for t in asyncio.run(go())}
    assert set(tools) == {
        "locate_bug",
        "search_code",
        "read_summary",
        "read_file",
        "explain_result",
        "index_status",
    }
    for tool in tools.values():
        assert tool.annotations.read_only_hint and not tool.output_schema and len(tool.description) > 60
        assert "ctx" not in tool.input_schema["properties"]
    assert "whole" in tools["locate_bug"].input_schema["properties"]["report"]["description"]


def test_locate_then_explain(shop_index):
    index = made(shop_index)
    [(located, error)] = talk(index, ("locate_bug", {"report": REPORT, "limit": 5}))
    lines = located.split("\n")
    assert not error and re.match(
        r"(confident|likely|unsure), \d+% that file 1 must change \(answer_id \w{8};", lines[0]
    )
    files = [x for x in lines if re.match(r"\d\. ", x)]
    assert len(files) == 5 and files[0].startswith("1. shop-orders src/main/java/com/shop/orders/")
    assert all(re.match(r"\d\. [\w-]+ \S+\.\w+(:\d+(-\d+)?)?( \S+)?: \S", x) for x in files)
    assert sum("changed last" in x for x in lines) == 3
    assert any(re.match(r"shop-orders at \w{7}, indexed .* ago|.*just now", x) for x in lines)
    id_ = re.search(r"answer_id (\w+)", located)[1]
    asked = {"answer_id": id_, "rank": 2, "max_lines": 10}
    [(explained, error)] = talk(index, ("explain_result", asked))
    place = files[1].split(" ")[2].partition(":")[0]
    assert not error and explained.split("\n")[0].endswith(place) and "- " in explained
    assert 0 < len(re.findall(r"^\d+: ", explained, re.M)) <= 10


def test_code_beside_files_where_it_is_asked_for(shop_index):
    asked = {"report": REPORT, "limit": 2, "max_snippet_lines": 4}
    [(located, _)] = talk(made(shop_index), ("locate_bug", asked))
    assert 2 <= len(re.findall(r"^\d+: ", located, re.M)) <= 8


def test_where_clones_lie_is_for_agents_on_this_machine(shop_index, shop):
    call = ("locate_bug", {"report": REPORT})
    there = str(shop[0].parent)
    assert there in talk(made(shop_index, local=True), call)[0][0]
    assert there not in talk(made(shop_index), call)[0][0]
    read = ("read_file", {"repo": "shop-orders", "path": REPORTS[1].path, "start": 2, "end": 4})
    assert f"{there}/shop-orders/{REPORTS[1].path}" in talk(made(shop_index, local=True), read)[0][0]
    assert there not in talk(made(shop_index), read)[0][0]


def test_read_file(shop_index, shop):
    asked = {"repo": "orders", "path": REPORTS[1].path}
    whole, part, beyond, wrong, nowhere, dirty = talk(
        made(shop_index),
        ("read_file", {**asked, "repo": "shop-orders"}),
        ("read_file", {**asked, "repo": "shop-orders", "start": 3, "end": 5}),
        ("read_file", {**asked, "repo": "shop-orders", "start": 10**6}),
        ("read_file", {**asked, "repo": "shop-orders", "path": REPORTS[1].path + "x"}),
        ("read_file", {**asked, "repo": "nowhere"}),
        ("search_code", {"query": "x", "worktree": True}),
    )
    text = (shop[0].parent / "shop-orders" / REPORTS[1].path).read_text().split("\n")
    head, *lines = part[0].split("\n")
    assert lines == [f"{n}: {text[n - 1]}" for n in (3, 4, 5)] and re.search(
        r"lines 3-5 of \d+ at \w{7}$", head
    )
    assert whole[0].split("\n")[1] == f"1: {text[0]}" and not beyond[1] and len(beyond[0].split("\n")) == 2
    assert wrong[1] and "did you mean" in wrong[0] and nowhere[1] and "index_status" in nowhere[0]
    assert dirty[1] and "worktree" in dirty[0]


def test_what_is_not_committed(shop, tmp_path):
    top = tmp_path / "repos" / "shop-orders"
    shutil.copytree(shop[0].parent / "shop-orders", top)
    index = indexed(tmp_path / "index", top.parent)
    (top / "Pilgrim.java").write_text("class Pilgrim { void loyalty() { pilgrimPoints(); } }\n")
    located, found = talk(
        made(index, local=True),
        ("locate_bug", {"report": "pilgrim points for loyalty", "worktree": True, "nearest": True}),
        ("search_code", {"query": "symbol:Pilgrim", "worktree": True}),
    )
    assert "1. shop-orders Pilgrim.java" in located[0] and "with 1 uncommitted file" in located[0]
    assert found[0].startswith("shop-orders Pilgrim.java class Pilgrim")


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
    assert re.search(r"^3 of ", search[0], re.M) and re.search(r"^  \d+: ", search[0], re.M)
    assert re.search(r"^shop-catalog: .*\nshop-gateway: ", top[0], re.M)
    assert place[0].startswith("repository shop-orders at ") and "src: " in place[0]
    assert file[0].startswith("file shop-orders ") and "shareOf" in file[0]
    assert re.fullmatch(r"shop-orders at \w{7} of .* ago; \d+ files; indexed [^;\n]+", status[0])


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
    [(text, error)] = talk(made(shop_index), (name, arguments))
    assert error and said in text


def test_nothing_indexed_is_told(tmp_path):
    [(text, error)] = talk(made(tmp_path / "none"), ("locate_bug", {"report": "x"}))
    assert error and "bugatlas index" in text


def test_an_answer_of_eight_files_is_at_most_900_tokens(shop_index):
    """Counted as characters by four."""
    for report in REPORTS:
        [(located, error)] = talk(
            made(shop_index), ("locate_bug", {"report": f"{report.title}\n\n{report.body}"})
        )
        assert not error and len(re.findall(r"^\d\. ", located, re.M)) == 8 and len(located) / 4 <= 900
    arguments = {"report": REPORT * 50, "limit": 20, "max_snippet_lines": 20}
    [(located, error)] = talk(made(shop_index), ("locate_bug", arguments))
    assert not error and len(located) < 30_000


def test_hints_speak_of_tools(shop_index):
    for call in (
        ("locate_bug", {"report": "x", "repo": "nowhere"}),
        ("locate_bug", {"report": "x", "at": "v99"}),
        ("read_summary", {"place": "nothing/here"}),
        ("read_summary", {"place": "shop-orders/nothing"}),
        ("search_code", {"query": "near:nowhere/x"}),
    ):
        [(text, error)] = talk(made(shop_index), call)
        assert error and "bugatlas " not in text and "--" not in text and "`bugatlas" not in text, text


def test_the_server_says_its_version(shop_index):
    async def go():
        async with Client(made(shop_index)) as client:
            return client.server_info.version

    assert asyncio.run(go()) == __version__


def test_standard_input_and_output(shop_index):
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "bugatlas", "--index", str(shop_index), "mcp"]
    )
    [(found, error)] = talk(stdio_client(parameters), ("index_status", {}))
    assert not error and len(found.split("\n")) == 6


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
        [(every, _), (located, error)] = talk(
            over_http(client, "all"), ("index_status", {}), ("locate_bug", {"report": REPORT, "limit": 20})
        )
        assert len(every.split("\n")) == 6 and not error
        id_ = re.search(r"answer_id (\w+)", located)[1]
        calls = [
            ("index_status", {}),
            ("locate_bug", {"report": REPORT + " shop-gateway shop-payments", "limit": 20}),
            ("search_code", {"query": "charge"}),
            ("read_summary", {}),
            ("read_summary", {"place": "shop-payments"}),
            ("explain_result", {"answer_id": id_, "rank": 20}),
        ]
        got = talk(over_http(client, "orders"), *calls)
        assert got[0][0].startswith("shop-orders at ") and "\n" not in got[0][0]
        assert set(re.findall(r"^\d+\. (\S+)", got[1][0], re.M)) == {"shop-orders"}
        assert got[4][1] and got[5][1], "neither a hidden repository nor somebody else's answer"
        for text, _ in got[:4]:
            assert not [n for n in ("shop-payments", "shop-gateway", "shop-catalog") if n in text]


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


def test_agents_of_strangers_get_no_secrets(tmp_path):
    from kits.git import commit, make_repo

    from indexer.build import build
    from indexer.sources.discover import Source

    secret = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    code = (
        f'"""Deploys the tax tables."""\n\n\ndef deploy_taxes():\n    """Upload the tax tables."""\n'
        f'    token = "{secret}"\n    return upload(token)\n'
    )
    make_repo(tmp_path / "r", [commit({"deploy.py": code}, f"Deploy tax tables with {secret}")])
    assert not build(tmp_path / "index", [Source("r", tmp_path / "r")], workers=1).failed

    async def shown(redacting):
        async with Client(made(tmp_path / "index", redact_agents=redacting)) as client:
            calls = [("locate_bug", {"report": "deploy_taxes fails: the upload of the tax tables is refused"}),
                     ("search_code", {"query": '"token ="'}), ("read_summary", {"place": "r/deploy.py"}),
                     ("read_file", {"repo": "r", "path": "deploy.py"})]  # fmt: skip
            got = [(await client.call_tool(n, a)) for n, a in calls]
            id_ = re.search(r"answer_id (\w+)", got[0].content[0].text)[1]
            got.append(await client.call_tool("explain_result", {"answer_id": id_, "rank": 1}))
            assert not any(g.is_error for g in got), [g.content for g in got]
            return ["\n".join(c.text for c in g.content) for g in got]

    plain, hidden = asyncio.run(shown(False)), asyncio.run(shown(True))
    assert secret in plain[1] and secret in plain[3] and secret in plain[4], "they are told otherwise"
    assert all(secret not in text for text in hidden)
    assert all("deploy.py" in text for text in hidden)
