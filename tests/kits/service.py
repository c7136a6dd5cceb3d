"""A real service on a real socket, over an index of the demo shop."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from indexer.build import build
from indexer.demo import build as demo
from indexer.sources.discover import discover
from locator.access import Token, digest
from locator.server.app import configured, service
from locator.server.service import Service
from locator.server.settings import ServiceSettings, checked

TOKENS = {"all": "bga_all", "orders": "bga_orders", "ops": "bga_ops"}  # names of tokens to the tokens


def shop(folder: Path) -> Path:
    """Index of the demo shop in a folder; its repositories lie beside it."""
    demo(folder / "repos")
    build(folder / "index", discover(folder / "repos", folder / "clones"), workers=1)
    return folder / "index"


def copied(index: Path, folder: Path) -> Path:
    """A copy of an index to write to. Its repositories stay where they are."""
    return Path(shutil.copytree(index, folder / "index"))


def token(name: str, repos: tuple[str, ...] = ("*",), may: Any = ("read",)) -> Token:
    """A token of TOKENS as the settings hold it."""
    return Token(name, digest(TOKENS[name]), repos, may)


def bearer(name: str) -> dict[str, str]:
    """Header of a token."""
    return {"authorization": f"Bearer {TOKENS[name]}"}


@contextlib.contextmanager
def running(index: Path, **settings: Any) -> Iterator[tuple[httpx.Client, Service]]:
    """A service in a thread, and a client of it; `asking` among the settings is how it answers (`Settings`)."""
    asking = settings.pop("asking", None)
    settings.setdefault("rate", 0)
    settings.setdefault("workers", 1)
    parts = service(index, checked(ServiceSettings(**settings)), asking)
    with serving(configured(parts)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client, parts


@contextlib.contextmanager
def serving(config: uvicorn.Config) -> Iterator[str]:
    """A server in a thread on a free port of this machine; its address."""
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def until(what: Any, seconds: float = 20.0) -> Any:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """(name, data) of every server-sent event of a response."""
    out = []
    for block in response.read().decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if fields:
            out.append((fields["event"], json.loads(fields["data"])))
    return out


def tool(client: httpx.Client, name: str, **arguments: Any) -> tuple[str, bool]:
    """What a tool says over /mcp, and whether that is an error."""
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }
    accept = {"accept": "application/json, text/event-stream"}
    got = events(client.post("/mcp", json=call, headers=accept))
    said = next(data["result"] for _, data in got if "result" in data)
    return said["content"][0]["text"], bool(said.get("isError"))


def raw(url: str, data: bytes, wait: float = 5.0) -> bytes:
    """Bytes sent as they are, and all that comes back."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), wait) as s:
        s.sendall(data)
        out = b""
        with contextlib.suppress(TimeoutError):
            while chunk := s.recv(65536):
                out += chunk
    return out


def commit(repo: Path, path: str, text: str, message: str) -> None:
    """Write a file of a repository and commit it."""
    file = repo / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    who = ["-c", "user.name=T", "-c", "user.email=t@shop.example"]
    for args in (["add", "-A"], [*who, "commit", "-qm", message]):
        subprocess.run(["git", "-C", str(repo), *args], check=True, capture_output=True)
