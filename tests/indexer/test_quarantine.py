"""A file that kills its parser: it is left out with a reason, and the rest of its repository is indexed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from kits.git import commit, make_repo
from kits.paths import ROOT

from indexer.workers.quarantine import MARK, marked, one_by_one
from summaries.index.index import Index
from summaries.types import SkipReason

pytestmark = pytest.mark.slow

# Python runs this in every process of a run before anything else: a grammar that crashes on one text.
CRASH = """
import os, signal
import indexer.blobs as blobs

real = blobs.parse

def parse(path, text, language):
    if "KILLS THE PARSER" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, text, language)

blobs.parse = parse
"""


class Deadly(str):
    """A blob that kills the worker that receives it: every time, or as long as `once` is not there."""

    once: Path | None = None

    def __reduce__(self) -> Any:
        return _die, (str(self), self.once)


def _die(text: str, once: Path | None) -> str:
    if once is None or not once.exists():
        if once:
            once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return text


def lengths(blobs: Sequence[str]) -> list[int]:
    return [len(b) for b in blobs]


def test_a_deadly_blob_is_named_and_the_others_are_parsed() -> None:
    chunks: list[list[str]] = [["a", "bb"], ["ccc", Deadly("x"), "dddd"], ["eeeee"], [Deadly("y")]]
    found = list(one_by_one(lengths, chunks, lambda blob: [-ord(blob)]))
    assert found == [[1, 2], [3], [-ord("x")], [4], [5], [-ord("y")]]


def test_a_blob_that_kills_once_is_parsed(tmp_path: Path) -> None:
    blob = Deadly("xx")
    blob.once = tmp_path / "killed"
    assert list(one_by_one(lengths, [["a", blob]], lambda blob: [-1])) == [[1], [2]]
    assert blob.once.exists()


def test_an_error_in_a_worker_is_an_error() -> None:
    with pytest.raises(TypeError):
        list(one_by_one(lengths, [[1]], lambda blob: []))  # type: ignore[arg-type]


def test_only_a_killed_process_leaves_its_mark(tmp_path: Path) -> None:
    with marked(tmp_path) as died:
        assert not died
        assert (tmp_path / MARK).exists()
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), marked(tmp_path) as died:
            raise error
        assert not died and not (tmp_path / MARK).exists()
    (tmp_path / MARK).touch()
    with marked(tmp_path) as died:
        assert died
    assert not (tmp_path / MARK).exists()


def repository(path: Path, files: int) -> None:
    texts = {f"src/f{n}.py": f"def run_{n}():\n    return {n}\n" for n in range(files)}
    make_repo(path, [texts, commit({"src/bad.py": "# KILLS THE PARSER\n"}, "Add a bad one")])


def bugatlas(tmp_path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    hook = tmp_path / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(CRASH)
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(hook), str(ROOT)])}
    command = [sys.executable, "-m", "bugatlas", "--index", str(tmp_path / "index"), *args]
    return subprocess.run(command, env=env, capture_output=True, text=True)


def parsed(tmp_path: Path, name: str, files: int) -> None:
    state = Index.open(tmp_path / "index").repos[name]
    assert state.skipped == {SkipReason.DIED: 1}
    assert state.files == {"python": files}
    assert not list((tmp_path / "index" / "repos").glob(f"*/{MARK}"))


def test_a_small_repository_is_indexed_by_the_run_after_the_one_that_died(tmp_path: Path) -> None:
    """It is parsed in the very process that was called: that one cannot survive."""
    repository(tmp_path / "shop", 8)
    assert bugatlas(tmp_path, "index", str(tmp_path / "shop")).returncode == -signal.SIGKILL
    ran = bugatlas(tmp_path, "index", str(tmp_path / "shop"))
    assert ran.returncode == 0, ran.stderr
    assert "skipped: parser died 1" in ran.stdout
    parsed(tmp_path, "shop", 8)
    ran = bugatlas(tmp_path, "index")
    assert (ran.returncode, "parsed" in ran.stdout) == (0, False)  # it is remembered, not tried again


def test_a_large_repository_survives_in_the_same_run(tmp_path: Path) -> None:
    repository(tmp_path / "shop", 500)
    ran = bugatlas(tmp_path, "index", "-j", "2", str(tmp_path / "shop"))
    assert ran.returncode == 0, ran.stderr
    parsed(tmp_path, "shop", 500)


def test_among_many_repositories_all_survive_in_the_same_run(tmp_path: Path) -> None:
    for n in range(4):
        make_repo(tmp_path / "repos" / f"good{n}", [{"a.py": f"def run():\n    return {n}\n"}])
    repository(tmp_path / "repos" / "shop", 8)
    ran = bugatlas(tmp_path, "index", "-j", "2", str(tmp_path / "repos"))
    assert ran.returncode == 0, ran.stderr
    assert len(Index.open(tmp_path / "index").repos) == 5
    parsed(tmp_path, "shop", 8)
