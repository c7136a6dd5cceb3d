"""Vector stores: Chroma, for real, and the exact one, held to the same behaviour."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from summaries import backends
from summaries.errors import BugatlasError, IndexDamaged, IndexError_
from summaries.protocols import Node, Vectors, VectorStore
from summaries.types import Kind
from summaries.vectors import chroma_files, chroma_local
from summaries.vectors.chroma import Chroma

pytestmark = pytest.mark.slow

WIDE = 8


def node(path: str, text: str) -> Node:
    return Node("shop/orders", path, Kind.FILE if path else Kind.REPOSITORY, text, f"{path} {text}")


def direction(text: str) -> Vectors:
    """A direction that depends on the text alone."""
    row = np.random.default_rng(list(text.encode())).standard_normal(WIDE).astype(np.float32)
    found: Vectors = row / np.linalg.norm(row)
    return found


class Counting:
    """An embedding that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([direction(t) for t in texts])


@pytest.fixture(params=["exact", "chroma"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(name: str, tmp_path: Path) -> Iterator[Callable[[], VectorStore]]:
    """Opens the store, any number of times."""
    stores: list[VectorStore] = []

    def again() -> VectorStore:
        if stores:
            stores[-1].close()
        stores.append(backends.vectors(name, tmp_path))
        return stores[-1]

    yield again
    stores[-1].close()


NODES = [
    node("", "sells lamps"),
    node("a/b.py", "takes orders"),
    node("a", "order code"),
    node("c.go", "ships parcels"),
]


def test_what_is_kept_is_found(opened: Callable[[], VectorStore]) -> None:
    store = opened()
    assert store.replace("one.orders", NODES, Counting()) == 4
    for n in NODES:
        found = store.query(["one.orders"], direction(n.words), 2)
        assert found[0].id == n.id
        assert found[0].score == pytest.approx(1, abs=1e-4)
        assert len(found) == 2 and found[1].score < found[0].score
    assert opened().counts() == {"one.orders": 4}


def test_only_changed_nodes_are_embedded_and_written(opened: Callable[[], VectorStore]) -> None:
    store, embed = opened(), Counting()
    store.replace("one.orders", NODES, embed)
    embed.asked.clear()
    assert opened().replace("one.orders", NODES, embed) == 0
    changed = [*NODES[:2], node("c.go", "ships letters"), node("new.py", "is new")]
    assert opened().replace("one.orders", changed, embed) == 2
    assert embed.asked == ["c.go ships letters", "new.py is new"]
    store = opened()
    assert store.counts() == {"one.orders": 4}
    found = store.query(["one.orders"], direction("c.go ships letters"), 10)
    assert found[0].id == "c.go" and found[0].score == pytest.approx(1, abs=1e-4)
    assert {m.id for m in found} == {"shop/orders//", "a/b.py", "c.go", "new.py"}


def test_collections_are_searched_together_and_apart(opened: Callable[[], VectorStore]) -> None:
    store = opened()
    store.replace("one.orders", NODES, Counting())
    store.replace("one.cards", [node("pay.py", "takes money")], Counting())
    near = direction("pay.py takes money")
    assert store.query(["one.orders", "one.cards", "one.unknown"], near, 1)[0].collection == "one.cards"
    assert {m.collection for m in store.query(["one.orders"], near, 9)} == {"one.orders"}
    assert store.query([], near, 9) == []


def test_without_nodes_a_collection_goes(opened: Callable[[], VectorStore]) -> None:
    store = opened()
    store.replace("one.orders", NODES, Counting())
    store.replace("one.cards", NODES, Counting())
    assert store.replace("one.orders", (), Counting()) == 0
    assert store.replace("one.never", (), Counting()) == 0
    assert dict(opened().counts()) == {"one.cards": 4}


def test_a_map_of_many_repositories_is_replaced_one_by_one(opened: Callable[[], VectorStore]) -> None:
    def places(repo: str, *texts: str) -> list[Node]:
        return [Node(repo, f"d{n}" if n else "", Kind.DIRECTORY, t, t) for n, t in enumerate(texts)]

    store = opened()
    store.replace("one.map", places("a", "sells lamps", "order code"), Counting(), ["a"])
    store.replace("one.map", places("a/b", "ships parcels"), Counting(), ["a/b"])
    assert store.replace("one.map", places("a", "sells lamps"), Counting(), ["a"]) == 0
    assert opened().counts() == {"one.map": 2}
    assert {m.id for m in opened().query(["one.map"], direction("x"), 9)} == {"a//", "a/b//"}
    assert opened().replace("one.map", (), Counting(), ["a"]) == 0
    assert {m.id for m in opened().query(["one.map"], direction("x"), 9)} == {"a/b//"}
    assert opened().replace("one.none", (), Counting(), ["a"]) == 0


def test_many_nodes_go_in_batches(opened: Callable[[], VectorStore]) -> None:
    store = opened()
    many = [node(f"d{n % 50}/f{n}.py", f"text {n}") for n in range(5_500)]
    assert store.replace("one.big", many, Counting()) == 5_500
    assert store.counts() == {"one.big": 5_500}
    assert store.replace("one.big", many[:5_000], Counting()) == 0
    assert store.counts() == {"one.big": 5_000}


def test_odd_texts_and_paths_are_kept(opened: Callable[[], VectorStore]) -> None:
    odd = [
        node("a\nb.py", "line\nbreak"),
        node("\\xff.py", "bytes"),
        node("ümlaut/文件.py", ""),
        node("'; drop", "x" * 5_000),
    ]
    store = opened()
    assert store.replace("one.odd", odd, Counting()) == 4
    assert {m.id for m in store.query(["one.odd"], direction("q"), 9)} == {n.id for n in odd}
    assert store.replace("one.odd", odd, Counting()) == 0


def test_damage_is_an_error_of_ours(name: str, tmp_path: Path, opened: Callable[[], VectorStore]) -> None:
    opened().replace("one.orders", NODES, Counting())
    opened().close()
    for path in (tmp_path / name).rglob("*"):
        if path.suffix in (".sqlite3", ".safetensors"):
            path.write_bytes(b"scribble" * 2_000)
    with pytest.raises(BugatlasError) as told:
        opened().query(["one.orders"], direction("x"), 1)
    assert "bugatlas doctor" in str(told.value)


def test_exact_mends_a_damaged_file_by_writing_it(tmp_path: Path) -> None:
    store = backends.vectors("exact", tmp_path)
    store.replace("one.orders", NODES, Counting())
    (tmp_path / "exact" / "one.orders.safetensors").write_bytes(b"\xff" * 99)
    with pytest.raises(IndexDamaged):
        store.counts()
    assert store.replace("one.orders", NODES, Counting()) == 4
    assert store.counts() == {"one.orders": 4}


def test_chroma_holds_what_other_tools_expect(tmp_path: Path) -> None:
    import chromadb

    store = backends.vectors("chroma", tmp_path)
    store.replace("one.orders", NODES, Counting())
    store.close()
    client = chromadb.PersistentClient(str(tmp_path / "chroma"))
    kept = client.get_collection("one.orders", embedding_function=None)
    assert kept.configuration["hnsw"]["space"] == "cosine"
    got = kept.get(ids=["a/b.py", "shop/orders//"], include=["metadatas"])
    told = dict(zip(got["ids"], got["metadatas"] or [], strict=True))
    assert dict(told["a/b.py"]) == {"hash": NODES[1].hash}
    assert dict(told["shop/orders//"]) == {"hash": NODES[0].hash, "repo": "shop/orders"}


def test_nothing_is_kept_twice(tmp_path: Path) -> None:
    """What the graph of a collection has, Chroma's log need not have; and no summary is in it."""
    store = backends.vectors("chroma", tmp_path)
    store.replace("one.orders", [node(f"{n}.py", f"a summary of {n}") for n in range(300)], Counting())
    store.close()
    with closing(sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")) as db:
        assert db.execute("select count(*) from embeddings_queue").fetchone()[0] <= 2
    assert not any(b"a summary of" in p.read_bytes() for p in (tmp_path / "chroma").rglob("*") if p.is_file())


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_its_engine_and_its_client_read_what_the_other_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool, second: bool
) -> None:
    """Of a release of Chroma that nobody tried, the client is used; it knows the same store."""
    nodes = [node(f"{n}.py", f"a summary of {n}") for n in range(30)]
    answers = []
    for known in (first, second):
        monkeypatch.setattr(chroma_local, "KNOWN", {version("chromadb")} if known else set())
        store = backends.vectors("chroma", tmp_path)
        assert isinstance(store, Chroma)
        assert isinstance(store._client, chroma_local.Engine) is known
        assert store.replace("one.orders", nodes, Counting()) == (0 if answers else 30)
        answers.append((store.counts(), store.query(["one.orders"], direction("x"), 5)))
        store.close()
    assert answers[0] == answers[1]


def test_the_engine_is_that_of_the_release_that_is_installed(tmp_path: Path) -> None:
    """Else every run pays for the client: then try the release, and say so in `KNOWN`."""
    found = chroma_local.engine(tmp_path)
    assert found
    found.close()


def test_repositories_of_a_map_are_replaced_together(opened: Callable[[], VectorStore]) -> None:
    def places(repo: str, *texts: str) -> list[Node]:
        return [Node(repo, f"d{n}" if n else "", Kind.DIRECTORY, t, t) for n, t in enumerate(texts)]

    store, embed = opened(), Counting()
    three = [*places("a", "lamps", "orders"), *places("b", "parcels"), *places("c", "cards")]
    assert store.replace("one.map", three, embed, ["a", "b", "c"]) == 4
    embed.asked.clear()
    changed = [*places("a", "lamps"), *places("b", "letters")]
    assert opened().replace("one.map", changed, embed, ["a", "b"]) == 1
    assert embed.asked == ["letters"]
    assert {m.id for m in opened().query(["one.map"], direction("x"), 9)} == {"a//", "b//", "c//"}


@pytest.fixture
def chroma_server(tmp_path: Path) -> Iterator[str]:
    """A Chroma server on a free port of this machine; its URL."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(tmp_path / "served")]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            for _ in range(300):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_a_chroma_server_does_the_same(chroma_server: str, tmp_path: Path) -> None:
    store = backends.vectors(chroma_server, tmp_path)
    assert store.replace("one.orders", NODES, Counting()) == 4
    assert store.replace("one.orders", NODES[1:], Counting()) == 0
    assert dict(store.counts()) == {"one.orders": 3}
    found = store.query(["one.orders", "one.unknown"], direction(NODES[1].words), 9)
    assert found[0].id == "a/b.py" and len(found) == 3
    store.close()


def test_a_server_nobody_answers_at_is_named() -> None:
    with pytest.raises(BugatlasError) as told:
        backends.vectors("http://127.0.0.1:9", Path())
    assert "127.0.0.1:9" in str(told.value)


GRAPH: dict[
    str, tuple[str, Callable[[bytes], bytes] | None]
] = {  # what is broken of a graph: by which bytes of the file, None for none at all
    "level 0 cut": ("data_level0.bin", lambda b: b[: len(b) // 2]),
    "level 0 without links": ("data_level0.bin", lambda b: bytes(len(b))),
    "level 0 astray": ("data_level0.bin", lambda b: b"\xff" * len(b)),
    "upper levels cut": ("link_lists.bin", lambda b: b[: len(b) // 2]),
    "upper levels gone": ("link_lists.bin", lambda b: bytes(len(b))),
    "upper levels astray": ("link_lists.bin", lambda b: b.replace(b"\x01\x00", b"\xff\x00")),
    "lengths cut": ("length.bin", lambda b: b[: len(b) // 2]),
    "header cut": ("header.bin", lambda b: b[: len(b) // 2]),
    "header of nothing": ("header.bin", lambda b: bytes(len(b))),
    "names cut": ("index_metadata.pickle", lambda b: b[: len(b) // 2]),
    "names gone": ("index_metadata.pickle", None),
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a collection whose graph has several levels."""
    root = tmp_path_factory.mktemp("graph")
    with closing(backends.vectors("chroma", root)) as store:
        store.replace("many", [node(f"{n}.py", f"does {n}") for n in range(300)], Counting())
    return root


def test_a_sound_graph_is_sound(graph: Path) -> None:
    assert list(chroma_files.faults(graph / "chroma")) == []
    (where,) = chroma_files.folders(graph / "chroma").values()
    assert (where / "link_lists.bin").stat().st_size > 4 * 300, "it has levels"


@pytest.mark.parametrize("harm", GRAPH)
def test_a_broken_graph_is_an_error_and_never_the_end_of_the_process(
    harm: str, graph: Path, tmp_path: Path
) -> None:
    shutil.copytree(graph, tmp_path, dirs_exist_ok=True)
    name, change = GRAPH[harm]
    (where,) = chroma_files.folders(tmp_path / "chroma").values()
    data = (where / name).read_bytes()
    (where / name).unlink()
    if change:
        (where / name).write_bytes(change(data))
    with closing(backends.vectors("chroma", tmp_path)) as store, pytest.raises(IndexError_):
        store.query(["many"], direction("does 7"), 5)


def test_a_broken_page_of_its_database_is_found(graph: Path, tmp_path: Path) -> None:
    shutil.copytree(graph, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "chroma" / chroma_files.DATABASE).open("r+b") as f:
        f.seek(4096 * 5)
        f.write(b"\xff" * 4096 * 20)
    assert [f for f in chroma_files.faults(tmp_path / "chroma") if chroma_files.DATABASE in f]


LARGE = 1 << 40  # what a header may say there is
HOSTILE: dict[str, tuple[dict[str, int], bytes]] = {  # numbers of the header, and what the upper levels say
    "links above level 0": ({"nodes": 0, "links": LARGE}, b""),
    "more of them than a number holds": ({"nodes": 0, "links": 1 << 63}, b""),
    "links in level 0": (
        {"nodes": 0, "links0": LARGE, "vector": 4 * LARGE + 4, "label": 8 * LARGE, "size": 8 * LARGE + 8},
        b"",
    ),
    "bytes of one node": ({}, struct.pack("<I", 1 << 26)),
    "nodes": ({"nodes": LARGE, "room": LARGE}, b""),
}


@pytest.mark.parametrize("numbers", HOSTILE)
def test_numbers_of_a_graph_take_no_memory_that_its_files_do_not_fill(numbers: str, tmp_path: Path) -> None:
    sound = {"room": 1, "nodes": 1, "size": 20, "label": 12, "vector": 4, "links": 0, "links0": 0}
    said, upper = HOSTILE[numbers]
    room, nodes, size, label, vector, links, links0 = (sound | said).values()
    header = chroma_files.HEADER.pack(1, 0, room, nodes, size, label, vector, 0, 0, links, links0, 0, 0.3, 9)
    full = min(nodes, 1)
    for name, data in zip(
        chroma_files.FILES, (header, bytes(20 * full), bytes(4 * full), upper), strict=True
    ):
        (tmp_path / name).write_bytes(data)
    (tmp_path / chroma_files.NAMES).write_bytes(b"of the nodes")
    tracemalloc.start()
    try:
        found = chroma_files.fault(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert not nodes or found


def test_a_graph_that_says_less_than_its_file_has_is_not_read(tmp_path: Path) -> None:
    header = chroma_files.HEADER.pack(1, 0, 1, 1, 20, 12, 4, 0, 0, 0, 0, 0, 0.3, 9)
    for name, data in zip(chroma_files.FILES, (header, b"", bytes(4), bytes(4)), strict=True):
        (tmp_path / name).write_bytes(data)
    (tmp_path / chroma_files.NAMES).write_bytes(b"of the nodes")
    with (tmp_path / "data_level0.bin").open("wb") as f:
        f.truncate(LARGE)
    assert "not 20" in chroma_files.fault(tmp_path)


def test_a_database_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_files, "NAMING", 0.2)
    with closing(sqlite3.connect(tmp_path / chroma_files.DATABASE)) as db:
        db.executescript(
            "create table segments(id, collection, scope); insert into segments values(1, 0, 'VECTOR');"
            "create view collections as with recursive r(x) as (select 1 union all select x + 1 from r)"
            " select x as id, x as name from r;"
        )
    (found,) = chroma_files.faults(tmp_path)
    assert "interrupted" in found


@pytest.mark.parametrize("segment", ["..", "../elsewhere", "/elsewhere", "."])
def test_no_graph_lies_outside_of_its_store(segment: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / chroma_files.DATABASE)) as db, db:
        db.executescript("create table segments(id, collection, scope); create table collections(id, name);")
        db.execute("insert into collections values(0, 'many')")
        db.executemany("insert into segments values(?, 0, 'VECTOR')", [(segment,)])
    assert chroma_files.folders(tmp_path) == {}
