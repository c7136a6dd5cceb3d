"""A service tells that a clone has moved on since it was indexed, whatever is asked and whoever asks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from kits.service import commit, running, shop, tool
from mcp import Client

from indexer.demo import REPORTS
from locator.live_index import LiveIndex
from locator.mcp.threads import in_threads
from summaries.config import Settings

pytestmark = pytest.mark.slow

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
NOTE = "shop-orders has moved on since the last index"
SEARCH = {"q": "repo:shop-orders order"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    made = shop(folder)
    commit(folder / "repos" / "shop-orders", "NEWS.md", "Vouchers of last year are taken.", "News")
    return made


@pytest.mark.parametrize("workers", [1, 2])
def test_it_is_noted_unless_nobody_wants_to_know(index: Path, workers: int) -> None:
    with running(index, workers=workers) as (client, _):
        assert NOTE in client.post("/v1/locate", json={"report": REPORT}).json()["notes"]
        assert client.get("/v1/search", params=SEARCH).json()["notes"] == [NOTE]
        assert f"note: {NOTE}" in tool(client, "search_code", query=SEARCH["q"])[0]
    with running(index, asking=Settings(stale="ignore"), workers=workers) as (client, _):
        assert client.get("/v1/search", params=SEARCH).json()["notes"] == []
        assert NOTE not in tool(client, "search_code", query=SEARCH["q"])[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_it_fails_where_that_is_wanted(index: Path, workers: int) -> None:
    with running(index, asking=Settings(stale="fail"), workers=workers) as (client, _):
        for got in (
            client.post("/v1/locate", json={"report": REPORT}),
            client.get("/v1/search", params=SEARCH),
        ):
            assert (got.status_code, got.json()["detail"]) == (409, NOTE)
        text, failed = tool(client, "search_code", query=SEARCH["q"])
        assert failed and NOTE in text
        other = client.get("/v1/search", params={"q": "repo:shop-payments money"})
        assert other.status_code == 200, "only what is searched is looked at"


def test_agents_on_this_machine_are_told(index: Path) -> None:
    async def said(stale: str) -> tuple[str, bool]:
        async with Client(in_threads(LiveIndex(index), Settings(stale=stale))) as client:  # type: ignore[arg-type]
            got = await client.call_tool("search_code", {"query": SEARCH["q"]})
            return got.content[0].text, bool(got.is_error)  # type: ignore[union-attr]

    assert [(NOTE in text, failed) for text, failed in map(asyncio.run, map(said, ("warn", "ignore", "fail")))] == [
        (True, False), (False, False), (True, True),
    ]  # fmt: skip
