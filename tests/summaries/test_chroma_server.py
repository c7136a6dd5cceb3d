"""A Chroma server beside the embedded store: writers and readers at once, a restart, a dump and a load."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from summaries.errors import ModelError
from summaries.protocols import Node, Vectors
from summaries.types import Kind
from summaries.vectors import chroma_server as vectors_server
from summaries.vectors.chroma_server import Server

pytestmark = pytest.mark.chroma
DIMENSION = 16


class Running:
    """A server on a folder, which can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        chroma = str(Path(sys.executable).parent / "chroma")
        command = [chroma, "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("served"))
    yield found
    found.stop()


def nodes(repo: str, count: int, edition: int = 0) -> list[Node]:
    return [
        Node(repo, f"src/{n}.py", Kind.FILE, f"{repo} {n} edition {edition}", f"{repo} {n} {edition}")
        for n in range(count)
    ]


def embed(texts: Sequence[str]) -> Vectors:
    """A direction for each text."""
    rows = [np.random.default_rng(zlib.crc32(t.encode())).standard_normal(DIMENSION) for t in texts]
    found = np.array(rows, np.float32).reshape(-1, DIMENSION)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_writers_and_readers_at_once(running: Running) -> None:
    """Each writer has collections of its own; readers meet every one of them whole or not at all."""
    writers, rounds, count = 3, 3, 40
    trouble: list[BaseException] = []
    stop = threading.Event()

    def write(w: int) -> None:
        try:
            store = Server(running.url)
            for edition in range(rounds):
                store.replace(f"both.w{w}", nodes(f"w{w}", count, edition), embed)
            store.close()
        except BaseException as e:
            trouble.append(e)

    def read() -> None:
        try:
            store = Server(running.url)
            while not stop.is_set():
                found = store.query([f"both.w{w}" for w in range(writers)], embed(["w1 3 0"])[0], 10)
                assert len({(m.collection, m.id) for m in found}) == len(found)
            store.close()
        except BaseException as e:
            trouble.append(e)

    readers = [threading.Thread(target=read) for _ in range(2)]
    working = [threading.Thread(target=write, args=(w,)) for w in range(writers)]
    for t in (*readers, *working):
        t.start()
    for t in working:
        t.join()
    stop.set()
    for t in readers:
        t.join()
    assert not trouble
    store = Server(running.url)
    assert {n: c for n, c in store.counts().items() if n.startswith("both.")} == {
        f"both.w{w}": count for w in range(writers)
    }
    best = store.query(["both.w1"], embed([f"w1 3 {rounds - 1}"])[0], 1)[0]
    assert best.id == "src/3.py"
    assert best.score == pytest.approx(1, abs=1e-3)
    store.close()


def test_a_restart_loses_nothing_and_nobody(running: Running) -> None:
    store = Server(running.url)
    assert store.replace("restart.a", nodes("a", 30), embed) == 30
    running.stop()
    again = threading.Timer(1.0, running.start)
    again.start()
    assert store.query(["restart.a"], embed(["a 7 0"])[0], 1)[0].id == "src/7.py"
    again.join()
    running.stop()
    again = threading.Timer(1.0, running.start)
    again.start()
    assert store.replace("restart.a", nodes("a", 31), embed) == 1
    again.join()
    assert store.counts()["restart.a"] == 31
    store.close()


def test_a_collection_replaced_by_another_client_is_found_again(running: Running) -> None:
    one, other = Server(running.url), Server(running.url)
    one.replace("moved.a", nodes("a", 3), embed)
    assert len(one.query(["moved.a"], embed(["a 1 0"])[0], 5)) == 3
    other.replace("moved.a", (), embed)
    other.replace("moved.a", nodes("a", 2), embed)
    assert len(one.query(["moved.a"], embed(["a 1 0"])[0], 5)) == 2
    one.close()
    other.close()


def test_what_will_not_pass_is_told_at_once(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Server(running.url)
    store.replace("wrong.a", nodes("a", 3), embed)
    began = time.monotonic()
    with pytest.raises(ModelError):
        store.query(["wrong.a"], np.ones(DIMENSION + 1, np.float32), 3)
    assert time.monotonic() - began < sum(vectors_server.WAITS) / 2
    store.close()


def test_a_token_reaches_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_error(401)

        def log_message(self, *args: object) -> None:
            return None

    monkeypatch.setenv("BUGATLAS_CHROMA_TOKEN", "open-sesame")
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as gateway:
        thread = threading.Thread(target=gateway.serve_forever)
        thread.start()
        with pytest.raises(ModelError) as told:
            Server(f"http://127.0.0.1:{gateway.server_port}")
        gateway.shutdown()
        thread.join()
    low = {k.lower(): v for k, v in seen[0].items()}
    assert (low["authorization"], low["x-chroma-token"]) == ("Bearer open-sesame", "open-sesame")
    assert "open-sesame" not in str(told.value)
