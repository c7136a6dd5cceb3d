"""Worker processes: forked only where nothing but this thread runs, and ended with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.workers.pool import _alone

ASKS = """
import os, sys, threading, time
from indexer.workers.pool import Workers

def asked(n):
    import signal
    return os.getpid(), "marker" in globals(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

if __name__ == "__main__":
    marker = True
    signal = __import__("signal")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as `gently` has it
    if sys.argv[1] == "thread":
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    with Workers(2) as pool:
        print([(p == os.getpid(), forked, default) for p, forked, default in pool.map(asked, [1, 2])][0])
"""

SLEEPS = r"""
import os, time
from indexer.workers.pool import Workers

def told(n):
    os.write(1, f"{os.getpid()}\n".encode())  # at once: two processes print
    time.sleep(60)

if __name__ == "__main__":
    with Workers(2) as pool:
        list(pool.map(told, [1, 2]))
"""


def _run(tmp_path: Path, text: str, *args: str) -> subprocess.Popen[str]:
    (tmp_path / "asks.py").write_text(text)
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(tmp_path / "asks.py"), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "forked"), [("alone", True), ("thread", False)])
def test_forked_only_where_one_thread_runs(tmp_path: Path, how: str, forked: bool) -> None:
    if not Path("/proc/self/task").exists():
        pytest.skip("nobody can count threads here, so all are spawned")
    with _run(tmp_path, ASKS, how) as process:
        assert process.communicate(timeout=60)[0].strip() == str((False, forked, True))


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with _run(tmp_path, SLEEPS) as process:
        assert process.stdout
        workers = [int(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        until = time.monotonic() + 10
        while time.monotonic() < until and any(Path(f"/proc/{w}/cmdline").exists() for w in workers):
            time.sleep(0.05)
        assert not [w for w in workers if _runs(w)]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()


def test_a_process_with_threads_is_not_alone() -> None:
    import threading

    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not _alone()
    finally:
        done.set()
        thread.join()
