"""Engines: the same bytes wherever jobs run, and nothing lost when workers die."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from kits.git import commit, make_repo

from indexer.build import build
from indexer.engines import processes as fanout
from indexer.engines.engine import KILLED, Engine
from indexer.engines.processes import Here, Processes
from indexer.repository import Job, Outcome
from indexer.sources.discover import Source, discover
from summaries.errors import UsageError
from summaries.index.index import Index

pytestmark = pytest.mark.slow

REPOS = 6


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    """Repositories of several sizes and languages, with some history."""
    home = tmp_path_factory.mktemp("clones")
    for r in range(REPOS):
        first = {
            f"d{n % 3}/f{n}.py": f'def run_{n}():\n    raise Odd("bad {r} {n}")\n' for n in range(9 * r + 9)
        }
        second = {"d0/f0.py": "def run_0():\n    return 1\n", "main.go": "package main\n\nfunc main() {}\n"}
        make_repo(home / f"r{r}", [first, commit(second, f"Change the first\n\nFor {r}.")])
    return discover(home, home / "none")


@pytest.fixture(scope="module")
def expected(sources: list[Source], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("plain")
    assert not failures(run(jobs_of(root, sources), Here(1)))
    return contents(root)


def jobs_of(root: Path, sources: Sequence[Source]) -> list[Job]:
    Index.create(root)
    return [Job(root, s) for s in sources]


def run(jobs: Sequence[Job], engine: Engine) -> list[Outcome]:
    return list(fanout.run(jobs, engine, lambda parsed, found: None, lambda outcome: None))


def failures(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {o.repo: o.reason for o in outcomes if o.failed}


def contents(root: Path) -> dict[str, bytes]:
    """All that is published: bytes, or of a database its rows, because its header counts transactions."""
    found = {}
    for path in sorted((root / "repos").glob("*/*")):
        name = f"{path.parent.name}/{path.name}"
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                found[name] = "\n".join(db.iterdump()).encode()
        else:
            found[name] = path.read_bytes()
    return found


class Fatal:
    """A snapshot to index that kills the worker that looks at it, the first time or every time."""

    def __init__(self, once: Path | None = None) -> None:
        self.once = once

    def __bool__(self) -> bool:
        if self.once is None or not self.once.exists():
            if self.once:
                self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return False


class Deadly:
    """Kills the worker that receives it."""

    def __reduce__(self) -> Any:
        return os._exit, (1,)


def test_the_same_bytes_side_by_side(
    sources: list[Source], expected: dict[str, bytes], tmp_path: Path
) -> None:
    for engine in (Here(2), Processes(2), Processes(3)):
        root = tmp_path / f"{type(engine).__name__}{engine.cores}"
        assert not failures(run(jobs_of(root, sources), engine))
        assert contents(root) == expected


def test_killed_workers_lose_nothing(
    sources: list[Source], expected: dict[str, bytes], tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill(parsed: int, found: int) -> None:
        if not killed and parsed:
            for child in active_children():
                killed.append(child.pid or 0)
                os.kill(killed[-1], signal.SIGKILL)

    outcomes = list(fanout.run(jobs_of(tmp_path, sources), Processes(2), kill, lambda outcome: None))
    assert killed
    assert sorted(o.repo for o in outcomes) == [s.name for s in sources]
    assert not failures(outcomes)
    assert contents(tmp_path) == expected


def test_what_a_killed_run_left_changes_nothing(
    sources: list[Source], expected: dict[str, bytes], tmp_path: Path
) -> None:
    run(jobs_of(tmp_path, sources), Here(1))
    for state in tmp_path.glob("repos/*/repo.json"):
        state.unlink()  # killed just before it published
    run(jobs_of(tmp_path, sources), Here(1))
    assert contents(tmp_path) == expected


def test_a_job_that_kills_fails_alone(sources: list[Source], tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, sources)
    jobs[2] = Job(tmp_path, sources[2], (Fatal(),))  # type: ignore[arg-type]
    jobs[4] = Job(tmp_path, sources[4], (Deadly(),))  # type: ignore[arg-type]
    outcomes = run(jobs, Processes(2))
    assert sorted(o.repo for o in outcomes) == [s.name for s in sources]
    assert failures(outcomes) == {sources[2].name: KILLED, sources[4].name: KILLED}
    assert sorted(Index.open(tmp_path).repos) == [s.name for n, s in enumerate(sources) if n not in (2, 4)]


def test_no_jobs_start_nothing(tmp_path: Path) -> None:
    assert run([], Processes(2)) == []
    assert not active_children()


def test_an_unknown_engine_is_named(sources: list[Source], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no engine nowhere"):
        build(tmp_path, sources, engine="nowhere")


class TestDask:
    """A cluster of this machine's own."""

    @pytest.fixture(autouse=True)
    def _present(self) -> None:
        pytest.importorskip("distributed")

    def test_the_same_bytes_with_a_worker_lost(
        self, sources: list[Source], expected: dict[str, bytes], tmp_path: Path
    ) -> None:
        root = tmp_path / "index"
        jobs = jobs_of(root, sources)
        jobs[3] = Job(root, sources[3], (Fatal(tmp_path / "killed"),))  # type: ignore[arg-type]
        outcomes = run(jobs, fanout.engine("dask", 2, len(jobs)))
        assert (tmp_path / "killed").exists()
        assert not failures(outcomes)
        assert contents(root) == expected

    def test_nobody_answers(
        self, sources: list[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("indexer.engines.dask.WAIT", "1s")
        jobs = [Job(tmp_path, s, url="/published") for s in sources]
        with pytest.raises(UsageError, match="no scheduler answers"):
            run(jobs, fanout.engine("tcp://127.0.0.1:9", 2, len(jobs)))

    def test_workers_of_another_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("indexer.engines.dask.code", os.getpid)
        with pytest.raises(UsageError, match="other code"):
            run([Job(tmp_path, Source("a", tmp_path))], fanout.engine("dask", 1, 1))
