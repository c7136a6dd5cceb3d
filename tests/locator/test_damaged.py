"""One damaged repository: every face answers from the others, and says what it left out."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kits.cli import run
from kits.model import REPORT, shop

from locator.access import LOCAL
from locator.live_index import LiveIndex
from summaries.errors import IndexDamaged, IndexError_, IndexLocked
from summaries.index import arrays
from summaries.index.index import Index
from summaries.index.store import Store
from summaries.sqlite import fault_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    shop(root)
    return root / "index"


def _cut(folder: Path) -> None:
    (shard,) = folder.glob("shard-*.safetensors")
    shard.write_bytes(shard.read_bytes()[:700])


def _overwritten(folder: Path) -> None:
    """Pages behind the first: the file opens, and its tables cannot be read."""
    store = folder / "blobs.sqlite"
    data = store.read_bytes()
    store.write_bytes(data[:1024] + b"\xff" * (len(data) - 1024))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no state": lambda folder: (folder / "repo.json").write_text("{"),
    "cut shard": _cut,
    "overwritten store": _overwritten,
    "no store": lambda folder: (folder / "blobs.sqlite").unlink(),
    "store of somebody": lambda folder: (folder / "blobs.sqlite").write_text("hello"),
}


@pytest.fixture(params=DAMAGE)
def root(request: pytest.FixtureRequest, whole: Path, tmp_path: Path) -> Path:
    root = tmp_path / "index"
    shutil.copytree(whole, root)
    DAMAGE[request.param](Index.open(root).folder("shop-payments"))
    return root


@pytest.mark.parametrize("field", ["units", "heads", "names"])
def test_postings_of_documents_that_there_are_not_leave_a_repository_out(
    field: str, whole: Path, tmp_path: Path
) -> None:
    """They would take memory for each of them, or be taken for those of the next repository."""
    root = Path(shutil.copytree(whole, tmp_path / "index"))
    (shard,) = Index.open(root).folder("shop-payments").glob("shard-*.safetensors")
    held = arrays.Arrays(shard)
    every = {n: np.array(held[n]) for n in held._spans if n != arrays.PACKED}
    every[f"{field}.docs"] = np.full(len(every[f"{field}.docs"]), 1 << 31, np.uint64)
    arrays.write(shard, every, held.meta)
    found = run("locate", REPORT, "--json", index=root)
    assert found.code == 0, found.err
    answer = json.loads(found.out)
    assert {f["repo"] for f in answer["files"]} == {"shop-orders"}
    assert any("left out" in n and "shop-payments" in n for n in answer["notes"]), answer["notes"]


def test_the_command_line_answers_from_the_others(root: Path) -> None:
    found = run("locate", REPORT, "--json", index=root)
    assert found.code == 0, found.err
    answer = json.loads(found.out)
    assert {f["repo"] for f in answer["files"]} == {"shop-orders"}
    assert any("left out" in n and "shop-payments" in n for n in answer["notes"]), answer["notes"]
    found = run("search", "discount", "--json", index=root)
    assert found.code == 0, found.err
    for words in (
        ("show",),
        ("show", "shop-orders/src"),
        ("show", "shop-orders/src/orders/discount.py"),
        ("status",),
    ):
        found = run(*words, index=root)
        assert found.code == 0, (words, found.err)


def test_what_is_damaged_itself_is_named(root: Path) -> None:
    found = run("locate", REPORT, "--repo", "shop-payments", index=root)
    assert found.code != 0
    assert "bug in Bugatlas" not in found.err


def test_a_service_starts_with_the_others(root: Path) -> None:
    index = LiveIndex(root).index(LOCAL)
    assert "shop-orders" in index.repos


def test_a_full_disk_and_a_lock_are_no_damage(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "blobs.sqlite"
    store = Store(path, write=True)
    store.set_notes("a", {"x": "y"})
    store._db.execute("pragma max_page_count = 8")
    with pytest.raises(IndexError_, match="no space is left") as full:
        store.set_notes("b", {str(n): "text " * 400 + str(n) for n in range(500)})
    assert "free some" in full.value.hint
    assert store.note("a", "x") == "y", "what was there stays"
    store._db.execute("pragma busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(IndexLocked, match="another process") as locked:
        store.set_notes("a", {"x": "z"})
    assert "wait" in locked.value.hint
    other.close()
    with pytest.raises(IndexDamaged):
        raise fault_of(path, sqlite3.DatabaseError("file is not a database"))


@pytest.mark.parametrize("ask", ["commits", "notes", "note", "known"])
def test_everything_read_from_a_damaged_store_says_so(ask: str, whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "blobs.sqlite"
    shutil.copy(Index.open(whole).folder("shop-orders") / "blobs.sqlite", path)
    store = Store(path)
    data = path.read_bytes()
    path.write_bytes(data[:1024] + b"\xff" * (len(data) - 1024))
    with pytest.raises(IndexDamaged) as damaged:
        getattr(store, ask)(*(["summary"] if ask in ("note", "notes") else []))
    assert damaged.value.file == path
