"""`bugatlas serve` at a terminal: lines for people, the address, an end in good order. In a pipe: JSON."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest
from kits.paths import ROOT

pytest.importorskip("fastapi")


def serving(index: Path, stderr: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bugatlas", "--index", str(index), "serve", "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    heard = partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # a background job hands down that it is ignored
    return subprocess.Popen(command, stderr=stderr, stdout=subprocess.DEVNULL, env=env, preexec_fn=heard)


def read(source: int, wanted: str, seconds: float = 60) -> str:
    """What comes till it holds `wanted`."""
    out, end = b"", time.monotonic() + seconds
    while not re.search(wanted, out.decode(errors="replace")) and time.monotonic() < end:
        if select.select([source], [], [], 0.2)[0]:
            try:
                out += os.read(source, 65536)
            except OSError:  # a terminal whose other end is closed
                break
    said = out.decode(errors="replace")
    assert re.search(wanted, said), said
    return said


@pytest.mark.slow
def test_at_a_terminal_it_speaks_to_people(shop_index: Path) -> None:
    ours, theirs = pty.openpty()
    process = serving(shop_index, theirs)
    os.close(theirs)
    try:
        said = read(ours, r"Ctrl-C")
        found = re.search(
            r"^Bugatlas answers at (http://127\.0\.0\.1:\d+) \(Ctrl-C stops it\)\r\n", said, re.M
        )
        assert found and "{" not in said
        with urlopen(f"{found[1]}/v1/repos") as answer:
            assert answer.status == 200
        assert re.search(r"^\d\d:\d\d:\d\d  GET /v1/repos  200, \d+ ms", read(ours, "GET"), re.M)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.slow
def test_in_a_pipe_it_writes_json(shop_index: Path) -> None:
    process = serving(shop_index, subprocess.PIPE)
    assert process.stderr
    try:
        said = read(process.stderr.fileno(), "running on")
        assert all(json.loads(line)["log"] for line in said.splitlines())
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
