"""Every array of a shard, damaged in every way: each question is answered or ends in our error, and `doctor` names it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kits.git import commit, git, make_repo
from kits.model import ORDERS, PAYMENTS, REPORT
from kits.service import events, running, tool
from numpy.typing import NDArray

from indexer.build import build
from indexer.doctor.doctor import check
from indexer.sources.discover import Source
from locator.locate import Options
from locator.modes import find, look_up
from locator.report.reader import read
from locator.search.query import parse
from locator.search.search import SearchOptions
from locator.tree.show import look
from summaries.config import Settings
from summaries.errors import IndexDamaged, UsageError
from summaries.index import arrays
from summaries.index.columns import COLUMNS
from summaries.index.index import Index

Change = Callable[[NDArray[Any]], NDArray[Any]]
TRACE = '\n\n  File "src/orders/checkout.py", line 14, in checkout\n\nGET /orders'
ROUTES = {"web/routes.py": '@app.get("/orders")\ndef orders():\n    return 1\n'}


def _random(a: NDArray[Any]) -> NDArray[Any]:
    return np.frombuffer(np.random.default_rng(7).bytes(a.nbytes), a.dtype).reshape(a.shape)


DAMAGE: dict[str, Change | None] = {
    "gone": None,
    "none": lambda a: a[:0],
    "cut": lambda a: a[:-1],
    "doubled": lambda a: np.concatenate([a, a]),
    "reversed": lambda a: a[::-1].copy(),
    "random": _random,
    "largest": lambda a: np.full(a.shape, np.iinfo(a.dtype).max, a.dtype),
    "negative": lambda a: -1 - a.astype(np.int64),
    "wider": lambda a: a.astype(np.uint64),
    "fractions": lambda a: a.astype(np.float32),
    "a table": lambda a: a.reshape(1, *a.shape),
    "one astray": lambda a: np.concatenate([a[:-1], np.full((1, *a.shape[1:]), 1 << 20)]).astype(a.dtype),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repositories, one of them with history and two snapshots."""
    at = tmp_path_factory.mktemp("shop")
    first = {p: text for p, text in ORDERS.items() if "discount" not in p}
    make_repo(at / "orders", [commit(first, "A basket"), commit(ORDERS, "Discounts by voucher")])
    git(at / "orders", "tag", "v1", "main")
    make_repo(
        at / "orders", [commit(first), commit(ORDERS, "Discounts"), commit(ROUTES, "Routes")], branch="b"
    )
    git(at / "orders", "update-ref", "refs/heads/main", "refs/heads/b")
    make_repo(at / "payments", [commit(PAYMENTS, "All of it")])
    sources = [Source(n, at / n) for n in ("orders", "payments")]
    assert not build(at / "index", sources, {"orders": (None, "v1")}, workers=1).failed
    return at / "index"


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "index"))


def shard_of(root: Path) -> Path:
    (path,) = Index.open(root).folder("orders").glob("shard-*.safetensors")
    return path


def damaged(path: Path, name: str, change: Change | None) -> None:
    """The shard with one array changed, or without it."""
    held = arrays.Arrays(path)
    data = {n: np.array(held[n]) for n in held.names()}
    old = data.pop(name)
    arrays.write(path, data if change is None else data | {name: change(old)}, held.meta)


def questions(index: Index) -> Iterator[Callable[[], object]]:
    """What reads every column at least once."""
    for options in (Options(explain=True), Options(at="v1", tests=True)):
        yield partial(find, index, read(REPORT + TRACE), options, Settings())
    for query in ("discount voucher lang:python", '"negative" symbol:checkout'):
        yield partial(look_up, index, parse(query), SearchOptions(), "ignore")
    yield partial(look, index, "orders", None, 3)
    yield partial(look, index, "orders/src/orders/basket.py", "v1")


NAMES = [
    name.replace("snap", f"snap{n}") for name in COLUMNS for n in ((0, 1) if name.startswith("snap.") else (0,))
]  # fmt: skip


def test_every_array_of_a_shard_is_a_column(whole: Path) -> None:
    assert sorted(set(NAMES)) == arrays.Arrays(shard_of(whole)).names()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_a_damaged_array_is_answered_around_or_said_to_be_damaged(name: str, root: Path) -> None:
    path = shard_of(root)
    sound = path.read_bytes()
    for how, change in DAMAGE.items():
        path.write_bytes(sound)
        damaged(path, name, change)
        found = []
        index = Index.open(root)
        for ask in questions(index):
            try:
                ask()
            except IndexDamaged as e:
                found.append(e)
            except UsageError as e:  # of paths that are others now
                assert name == "paths.bytes" or name.endswith(".paths"), (how, e)
        for error in found:
            assert error.file and error.file.parent == path.parent, (how, error)
            assert "bugatlas doctor" in error.hint and str(error).isprintable(), (how, error)
        assert not found or check(root), (how, found)


def test_damage_that_shows_when_postings_are_asked_is_named(root: Path) -> None:
    path = shard_of(root)
    for field in ("units", "heads", "marks", "names"):
        sound = path.read_bytes()
        damaged(path, f"{field}.docs", lambda a: np.full(len(a), 1 << 31, np.uint32))
        with pytest.raises(IndexDamaged, match=field):
            for ask in questions(Index.open(root)):
                ask()
        path.write_bytes(sound)


def test_what_is_damaged_is_indexed_anew_with_the_next_commit(root: Path, whole: Path) -> None:
    path = shard_of(root)
    damaged(path, "heads.docs", lambda a: a + np.uint32(99))
    clone = whole.parent / "orders"
    make_repo(clone, [commit({"src/new.py": "def new():\n    return 1\n"}, "More")], branch="more")
    report = build(root, [Source("orders", clone, branch="more")], workers=1)
    assert [(o.failed, o.reason) for o in report.outcomes if o.repo == "orders"] == [(False, "damaged")]
    index = Index.open(root)
    assert not check(root)
    assert look(index, "orders/src/new.py").files == 1


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_service_answers_from_the_others_and_says_so(root: Path, workers: int) -> None:
    """Damage that opening does not show is found by the question."""
    for name in ("unit_blobs", "paths.ends"):
        damaged(shard_of(root), name, lambda a: np.full(len(a), 250, a.dtype))
    with running(root, workers=workers) as (client, parts):
        before = parts.processes.pids() if parts.processes else []
        answer = client.post("/v1/locate", json={"report": REPORT}).json()
        assert {f["repo"] for f in answer["files"]} <= {"payments"}
        streamed = dict(events(client.post("/v1/locate/stream", json={"report": REPORT})))["result"]
        searched = client.get("/v1/search", params={"q": "charge"}).json()
        assert {f["repo"] for f in searched["files"]} == {"payments"}
        for notes in (answer["notes"], streamed["notes"], searched["notes"]):
            (note,) = [n for n in notes if n.startswith("left out: orders is damaged")]
            assert "bugatlas doctor" in note and str(root) not in note
        assert [r["name"] for r in client.get("/v1/map").json()["nodes"]] == ["payments"]
        assert client.get("/v1/tree/payments").status_code == 200
        alone = [
            client.post("/v1/locate", json={"report": REPORT, "repos": ["orders"]}),
            client.get("/v1/search", params={"q": "repo:orders charge"}),
            client.get("/v1/tree/orders"),
            client.get("/v1/file", params={"repo": "orders", "path": "src/orders/basket.py"}),
        ]
        for got in alone:
            said = got.json()
            assert (got.status_code, said["status"]) == (503, 503), said
            assert "orders" in said["detail"] and "bugatlas doctor" in said["hint"], said
            assert str(root) not in got.text
        assert (parts.processes.pids() if parts.processes else []) == before
        if parts.settings.mcp:
            text, failed = tool(client, "locate_bug", report=REPORT)
            assert not failed and "left out: orders" in text
            text, failed = tool(client, "read_summary", place="orders/src")
            assert failed and "bugatlas doctor" in text
