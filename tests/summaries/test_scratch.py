"""Temporary folders: those of a killed process are cleared away by the next one, those of a living one are not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

MAKE = """
import sys, time
from summaries.scratch import Scratch
made = Scratch("git")
print(made.name, flush=True)
time.sleep(float(sys.argv[1]))
"""


def started(folder: Path, seconds: float) -> tuple[subprocess.Popen[str], Path]:
    """A process that makes a folder, and the folder, which looks two minutes old."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE, str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert process.stdout
    with process.stdout as out:
        made = Path(out.readline().strip())
    if seconds:
        os.utime(made, (time.time() - 120,) * 2)
    return process, made


def test_folders_of_killed_processes_are_cleared_away(tmp_path: Path) -> None:
    killed, left = started(tmp_path, 60)
    killed.kill()
    killed.wait()
    assert left.is_dir()
    living, kept = started(tmp_path, 60)
    try:
        assert not left.exists(), "the next one clears it away"
        last, own = started(tmp_path, 0)
        last.wait()
        assert kept.is_dir(), "somebody uses it"
        assert not own.exists()
    finally:
        living.kill()
        living.wait()


def test_what_others_put_there_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("of somebody")
    for mode in (0o700, 0o777):
        folder = tmp_path / f"bugatlas-git-{mode}"
        folder.mkdir()
        folder.chmod(mode)
        (folder / (".alive" if mode == 0o777 else "other")).symlink_to(target)
        os.utime(folder, (time.time() - 120,) * 2)
    process, _ = started(tmp_path, 0)
    process.wait()
    assert target.read_text() == "of somebody"
    assert len(list(tmp_path.glob("bugatlas-git-*"))) == 2
