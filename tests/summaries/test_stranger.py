"""A published index is a stranger's: nothing of it runs, hangs, takes the memory or names a place of this machine."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard
from safetensors.numpy import save_file

from indexer.sources.sources import given, sources
from locator.access import LOCAL
from locator.live_index import LiveIndex
from locator.locate import locate
from locator.tree.show import look
from summaries.errors import IndexDamaged
from summaries.index import store as stores
from summaries.index.arrays import Arrays, write
from summaries.index.attached import attach
from summaries.index.index import Index
from summaries.index.manifest import read_state
from summaries.index.shard import Shard
from summaries.index.store import Store
from summaries.index.zstd import ZstdError, decompress

NAME = "shop-orders"


@pytest.fixture
def index(shop_index, tmp_path):
    return Path(shutil.copytree(shop_index, tmp_path / "index"))


def bomb(size=6 << 30):
    """A frame that says it holds gigabytes."""
    made = zstandard.ZstdCompressor(level=1).compressobj(size=size)
    return made.compress(b"\0" * 1_000_000) + made.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def unknown(size=300 << 20):
    """A frame that doesn't say how much it holds, and holds much."""
    made = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return b"".join([made.compress(b"\0" * (1 << 20)) for _ in range(size >> 20)] + [made.flush()])


@pytest.mark.parametrize("data", [bomb(), unknown(), b"", b"\x28\xb5\x2f\xfd", b"no frame"])
def test_no_piece_takes_more_than_it_may(data):
    with pytest.raises(ZstdError):
        decompress(data)


def changed(path, *statements):
    """Statements on a store, as its publisher could have made them."""
    db = sqlite3.connect(path)
    db.executescript(";".join(statements))
    db.commit()
    db.close()


HOSTILE = {
    "view": ("alter table pack rename to p", "create view pack as with recursive r(n) as (select 1 union all select n+1"
             " from r) select n as id, zeroblob(9) as data from r where n < 0"),
    "trigger": ("create trigger t after insert on blob begin select 1; end",),
    "no table": ("drop table pack",),
    "other columns": ("alter table blob add column more",),
    "generated": ("alter table pack add column more generated always as (length(data))",),
    "one more": ("create table more(x)",),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_store_of_another_schema_is_damaged(index, kind):
    opened = Index.open(index)
    path = opened.folder(NAME) / opened.repos[NAME].store
    changed(path, *HOSTILE[kind])
    with pytest.raises(IndexDamaged):
        Store(path)
    began = time.monotonic()
    live = LiveIndex(index)
    assert live.edition().damaged == (NAME,)
    assert locate(live.index(LOCAL), "order fails").files
    assert time.monotonic() - began < 20


def test_a_statement_without_end_is_ended(index, monkeypatch):
    monkeypatch.setattr(stores, "LIMIT", 0.3)
    opened = Index.open(index)
    endless = "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r"
    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError):
        opened.store(NAME)._db.execute(endless).fetchone()
    assert time.monotonic() - began < 10


def test_a_pack_that_is_a_bomb_is_damaged(index):
    opened = Index.open(index)
    path = opened.folder(NAME) / opened.repos[NAME].store
    db = sqlite3.connect(path)
    db.execute("update pack set data = ?", (bomb(),))
    db.commit()
    db.close()
    with pytest.raises(IndexDamaged):
        opened.store(NAME).text(opened.view(NAME).blob(0))


def header(path, change):
    """A shard's header, changed by a function."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    made = change(json.loads(data[8 : 8 + size]))
    text = made if isinstance(made, bytes) else json.dumps(made).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])


def without(name):
    return lambda h: {k: v for k, v in h.items() if k != name}


def shaped(shape):
    def change(h):
        name = next(k for k in h if k != "__metadata__")
        h[name]["shape"] = shape
        return h

    return change


def of_fractions(h):
    name = next(k for k in h if k != "__metadata__")
    h[name]["data_offsets"] = [float(n) + 0.5 for n in h[name]["data_offsets"]]
    return h


def with_info(**info):
    """What a shard says of itself, changed."""

    def change(h):
        said = json.loads(h["__metadata__"]["info"])
        h["__metadata__"]["info"] = json.dumps({**said, **info})
        return h

    return change


def of_snapshot(**field):
    return with_info(snapshots=[{"commit": "0" * 40, "time": 0, "ref": "HEAD", **field}])


HEADERS = {
    "deep": lambda h: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "no object": lambda h: [1],
    "text": lambda h: {**h, "__metadata__": "x"},
    "no info": lambda h: {**h, "__metadata__": {}},
    "negative": shaped([-1]),
    "huge": shaped([1 << 60, 1 << 60]),
    "float": shaped([1.5]),
    "offsets": of_fractions,
    "many": shaped([1] * 999),
    "commit": of_snapshot(commit="--contents=/etc/passwd"),
    "time": of_snapshot(time=1 << 60),
    "before time": of_snapshot(time=-1),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_shard_that_makes_no_sense_is_damaged(index, kind):
    opened = Index.open(index)
    path = opened.folder(NAME) / opened.repos[NAME].shard
    header(path, HEADERS[kind])
    with pytest.raises(IndexDamaged):
        Shard(path)
    assert LiveIndex(index).edition().damaged == (NAME,)


PACKS: dict[str, dict[str, tuple[str, list[float]]]] = {
    "one that is too large": {"x": ("<u8", [1 << 20])},
    "too many": {f"x{n}": ("|u1", [1 << 20]) for n in range(600)},
    "objects": {"x": ("|O", [1])},
    "records": {"x": ("i4,i4", [1])},
    "nothing of size": {"x": ("|V0", [1 << 62])},
    "fractions": {"x": ("<u4", [1.5])},
    "less than nothing": {"x": ("<u4", [-1])},
    "no type": {"x": ("hello", [1])},
}


@pytest.mark.parametrize("kind", PACKS)
def test_packed_arrays_that_cannot_be_are_damage(kind, tmp_path):
    """Each may be a few bytes in the file and a megabyte in memory."""
    said = np.frombuffer(json.dumps(PACKS[kind]).encode(), np.uint8)
    data = np.frombuffer(zstandard.compress(b"\0" * (1 << 20)), np.uint8)
    held: dict[str, np.ndarray] = {"packed": said, **dict.fromkeys(PACKS[kind], data)}
    save_file(held, tmp_path / "a")
    with pytest.raises(IndexDamaged):
        Arrays(tmp_path / "a")


def test_a_path_is_no_longer_than_what_is_indexed(index):
    """Each of its directories would be a path of its own."""
    path = Index.open(index).folder(NAME) / Index.open(index).repos[NAME].shard
    held = Arrays(path)
    data = {n: np.array(held[n]) for n in held.names()}
    text = np.frombuffer(b"a/" * 500_000, np.uint8)
    data["paths.bytes"] = np.concatenate([data["paths.bytes"], text])
    data["paths.ends"] = data["paths.ends"].astype(np.uint32)
    data["paths.ends"][-1] += len(text)
    write(path, data, held.meta)
    with pytest.raises(IndexDamaged, match="paths"):
        look(Index.open(index), NAME)


def test_a_shard_of_another_repository_is_damaged(index):
    opened = Index.open(index)
    mine, other = (opened.folder(n) / opened.repos[n].shard for n in (NAME, "shop-catalog"))
    shutil.copy(other, mine)
    with pytest.raises(IndexDamaged, match="another repository"):
        Index.open(index).shard(NAME)


def test_an_array_that_is_not_there_is_damage(tmp_path):
    write(tmp_path / "a", {"x": np.arange(5)}, {})
    with pytest.raises(IndexDamaged, match="lacks y"):
        Arrays(tmp_path / "a")["y"]


@pytest.mark.parametrize("field", [{"time": 10**18}, {"time": -1}, {"git_dir": "/a\0b"}, {"name": "a\0"}])
def test_a_state_that_cannot_be_is_damaged(index, field):
    path = Index.open(index).folder(NAME) / "repo.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **field}))
    with pytest.raises(IndexDamaged):
        read_state(path)


def test_places_of_a_publisher_are_not_read(index, tmp_path):
    from indexer.publish import publish as send

    url = str(tmp_path / "store")
    send(index, url, None, force=False)
    reader = tmp_path / "reader"
    attach(reader, url)
    assert set(Index.open(reader).repos) >= {NAME}
    found, failures = sources(reader, [])
    assert not found and not failures, "nothing is indexed that was not given here"
    (reader / "given.json").write_bytes(msgspec.json.encode([{"name": NAME, "git_dir": "/own"}]))
    assert set(given(reader)) == {NAME}
    found, _ = sources(reader, [])
    assert [str(s.path) for s in found] == ["/own"]


def test_an_index_is_its_owners(tmp_path):
    Index.create(tmp_path / "new" / "index")
    assert stat.S_IMODE((tmp_path / "new" / "index").stat().st_mode) == 0o700
    (tmp_path / "shared").mkdir(mode=0o755)
    Index.create(tmp_path / "shared")
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755, (
        "a folder of somebody's choice stays as it is"
    )
