"""Indexing while the service answers: jobs, and what readers see meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import msgspec
import pytest
from kits.service import commit, copied, events, running, shop, until

from indexer.build import build
from indexer.sources.discover import discover
from indexer.sources.sources import known
from locator.access import LOCAL, Caller
from locator.live_index import LiveIndex, opened
from locator.server.jobs import Jobs
from locator.server.metrics import Meters
from locator.server.settings import Refresh
from locator.server.shapes import Job
from summaries.errors import IndexMissing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def index(made, tmp_path):
    """An index and its repositories, to change."""
    shutil.copytree(made.parent / "repos", tmp_path / "repos")
    copied(made, tmp_path)
    build(tmp_path / "index", discover(tmp_path / "repos", tmp_path / "clones"), workers=1)
    return tmp_path / "index"


def lines_of(client, path):
    got = client.get("/v1/file", params={"repo": "shop-orders", "path": path})
    return got.json()["lines"] if got.status_code == 200 else None


def test_a_job_brings_changes_in(index):
    commit(
        index.parent / "repos" / "shop-orders", "src/zeppelin.py", "def moor():\n    return 'mast'\n", "Moor"
    )
    with running(index) as (client, _):
        assert lines_of(client, "src/zeppelin.py") is None
        got = client.post("/v1/jobs", json={"repos": ["shop-orders"]})
        assert got.status_code == 202 and got.headers["location"] == f"/v1/jobs/{got.json()['id']}"
        with client.stream("GET", f"{got.headers['location']}/events") as watched:
            seen = [msgspec.convert(d, Job) for n, d in events(watched) if n == "job"]
        assert seen[-1].state == "done" and seen[-1].settled[0].changed == 1, seen[-1]
        assert {j.state for j in seen} <= {"queued", "running", "done"}
        until(lambda: lines_of(client, "src/zeppelin.py") == ["def moor():", "    return 'mast'"])
        listed = client.get("/v1/jobs").json()["jobs"]
        assert listed[0] == client.get(got.headers["location"]).json()
        again = client.get(f"{got.headers['location']}/events", headers={"last-event-id": "9999999"})
        assert events(again)[-1][1]["state"] == "done"
        assert client.get("/v1/repos").json()["edition"] == 2
        assert 'bugatlas_jobs_total{state="done"} 1.0' in client.get("/metrics").text


def test_readers_see_the_old_state_or_the_new_one(index):
    """Every commit writes two files with the same number: a reader must never see two different ones."""
    repo = index.parent / "repos" / "shop-orders"
    sources = [k.source for k in known(index).values() if k.name == "shop-orders"]
    live, stop, torn, seen = LiveIndex(index, check=0.0), threading.Event(), [], set()

    def read():
        while not stop.is_set():
            found = live.index(LOCAL)
            view = found.view("shop-orders")
            numbers = []
            for path in ("one.py", "two.py"):
                if path in view.paths:
                    text = found.store("shop-orders").text(view.blob(view.paths.index(path)))
                    numbers.append(text.split()[-1])
            seen.update(numbers)
            if len(set(numbers)) > 1 or len(numbers) == 1:
                torn.append(numbers)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for r in readers:
        r.start()
    try:
        for n in range(6):
            (repo / "two.py").write_text(f"number = {n}\n")
            commit(repo, "one.py", f"number = {n}\n", f"Number {n}")
            build(index, sources, workers=1)
            time.sleep(0.05)
    finally:
        stop.set()
        for r in readers:
            r.join()
    assert not torn and len(seen) == 6


def test_editions_share_what_did_not_change(index):
    first = opened(index, None)
    commit(index.parent / "repos" / "shop-orders", "new.py", "x = 1\n", "New")
    build(index, [k.source for k in known(index).values()], workers=1)
    second = opened(index, first)
    assert second.number == 2
    assert second.index.shard("shop-catalog") is first.index.shard("shop-catalog")
    assert second.index.shard("shop-orders") is not first.index.shard("shop-orders")
    assert first.index.shard("shop-orders").paths, "the old edition can be read on"
    one = Caller("one", ("shop-orders",), ("read",))
    assert list(second.of(one).repos) == ["shop-orders"]
    with pytest.raises(KeyError):
        second.of(one).shard("shop-catalog")


def test_a_damaged_repository_is_left_out(index):
    for shard in index.glob("repos/shop-catalog-*/shard-*"):
        shard.write_bytes(b"not a shard")
    edition = LiveIndex(index).edition()
    assert edition.damaged == ("shop-catalog",) and len(edition.index.repos) == 5
    with running(index) as (client, _):
        assert client.post("/v1/locate", json={"report": "orders fail"}).status_code == 200
        assert "damaged" in client.get("/readyz").json()["detail"]


def test_an_index_that_goes_away_is_served_on(index, tmp_path):
    live = LiveIndex(index, check=0.0)
    before = live.edition()
    (index / "bugatlas.json").rename(tmp_path / "away")
    assert live.edition() is before and isinstance(live.error, IndexMissing)
    (tmp_path / "away").rename(index / "bugatlas.json")
    live.edition()
    assert live.error is None


# Jobs by themselves


@pytest.fixture
def jobs(index):
    made = Jobs(index, Refresh(), Meters())
    yield made
    made.close()


def state(jobs, id_):
    return jobs.get(id_)[1].state


def slow(index):
    """Hold the write lock's neighbour busy: many files to parse."""
    repo = index.parent / "repos" / "shop-orders"
    for n in range(1500):
        (repo / f"slow{n}.py").write_text("".join(f"def f{n}_{i}():\n    return {i}\n" for i in range(80)))
    commit(repo, "slow.py", "x = 1\n", "Slow")


def test_cancel_ends_the_process_and_keeps_the_old_state(index, jobs):
    slow(index)
    before = known(index)["shop-orders"]
    jobs.open()
    job = jobs.add(["shop-orders"])
    until(lambda: jobs.get(job.id)[1].done > 0)
    process = jobs._running
    assert jobs.cancel(job.id).state == "cancelled"
    until(lambda: process.poll() is not None)
    assert state(jobs, job.id) == "cancelled" and known(index)["shop-orders"] == before
    assert jobs.cancel(job.id).state == "cancelled" and jobs.cancel("nothing") is None
    following = jobs.add(["shop-catalog"])
    until(lambda: state(jobs, following.id) == "done")


def test_jobs_that_wait_are_joined_and_can_be_cancelled(jobs):
    first = jobs.add(["shop-orders", "shop-catalog"])
    assert jobs.add(["shop-orders"]) == first
    other = jobs.add(["shop-payments"])
    assert other.id != first.id
    assert jobs.cancel(first.id).state == "cancelled"
    assert [j.state for j in jobs.list()] == ["queued", "cancelled"]
    for n in range(49):
        assert jobs.add([f"r{n}"])
    assert jobs.add(["one more"]) is None


def test_a_job_that_fails_says_why(index, jobs):
    shutil.rmtree(index.parent / "repos" / "shop-orders")
    jobs.open()
    job = jobs.add(["shop-orders", "shop-catalog"])
    until(lambda: jobs.get(job.id)[1].ended)
    found = jobs.get(job.id)[1]
    assert found.state == "failed"
    assert {s.repo: s.failed for s in found.settled} == {"shop-orders": True, "shop-catalog": False}


def test_a_schedule_runs_over_everything(index):
    jobs = Jobs(index, Refresh(every=1), Meters())
    jobs.refresh = msgspec.structs.replace(jobs.refresh, every=1e-4)  # type: ignore[arg-type]
    jobs.open()
    try:
        found = until(lambda: [j for j in jobs.list() if j.ended])
        assert found[-1].state == "done" and len(found[-1].repos) == 6
    finally:
        jobs.close()


def test_a_job_dies_with_its_service(index):
    slow(index)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from locator.server.jobs import Jobs\nfrom locator.server.metrics import Meters\n"
        "from locator.server.settings import Refresh\n"
        "jobs = Jobs(Path(sys.argv[1]), Refresh(), Meters()); jobs.open()\n"
        "job = jobs.add(['shop-orders'])\n"
        "while not jobs.get(job.id)[1].done: time.sleep(0.01)\n"
        "print(jobs._running.pid, flush=True); time.sleep(60)\n"
    )
    service = subprocess.Popen([sys.executable, "-c", code, str(index)], stdout=subprocess.PIPE, text=True)
    assert service.stdout
    pid = int(service.stdout.readline())
    service.send_signal(signal.SIGKILL)
    service.wait()
    service.stdout.close()

    def gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] == "Z"

    until(gone)


def test_a_process_that_cannot_be_started_ends_its_job_only(index, jobs, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(index / "no-such-python"))
    jobs.open()
    failed = jobs.add(["shop-orders"])
    until(lambda: state(jobs, failed.id) == "failed")
    assert "could not be run" in jobs.get(failed.id)[1].error
    assert not jobs.problem()
    monkeypatch.undo()
    again = jobs.add(["shop-orders"])
    until(lambda: state(jobs, again.id) == "done", 60)
