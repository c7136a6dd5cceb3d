"""Processes that answer questions: the same answers, one that dies is replaced, and all end with the service."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from kits.service import bearer, copied, events, running, shop, token, tool, until

from indexer.removal import remove
from locator.access import LOCAL
from locator.answer import Answer, Step
from locator.locate import Options
from locator.server.problems import ProblemError
from locator.server.processes import STUCK, Processes, default_count
from locator.server.questions import Locate, itself
from locator.weights import Weights
from summaries.config import Settings
from summaries.errors import UsageError
from summaries.index.open_files import Room

pytestmark = pytest.mark.slow

REPORT = "500 on placing an order with a voucher\n\nThe order is refused: voucher is not valid"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop(tmp_path_factory.mktemp("shop"))


def ask(client: httpx.Client, **more: object) -> dict[str, object]:
    got = client.post("/v1/locate", json={"report": REPORT, **more})
    assert got.status_code == 200, got.text
    found: dict[str, object] = got.json()
    found.pop("seconds")
    return found


def test_processes_answer_as_threads_do(index: Path) -> None:
    with running(index) as (client, _):
        want = ask(client)
        trouble = client.post("/v1/locate", json={"report": REPORT, "repos": ["nobody"]})
    with running(index, workers=2) as (client, parts):
        assert parts.processes is not None
        assert [ask(client) for _ in range(4)] == [want] * 4
        same = client.post("/v1/locate", json={"report": REPORT, "repos": ["nobody"]})
        assert (same.status_code, same.json()["detail"]) == (trouble.status_code, trouble.json()["detail"])
        got = events(client.post("/v1/locate/stream", json={"report": REPORT}))
        assert [name for name, _ in got][:1] == ["progress"]
        assert [name for name, _ in got].count("result") == 1
        said = client.get("/metrics").text
        assert re.search(r"^bugatlas_answers_total\{.*\} 5\.0$", said, re.MULTILINE)


def test_a_scoped_token_sees_its_repositories_only(index: Path) -> None:
    tokens = (token("all"), token("orders", repos=("shop-orders",)))
    with running(index, workers=2, tokens=tokens) as (client, _):
        got = client.post("/v1/locate", json={"report": REPORT}, headers=bearer("orders"))
        assert {f["repo"] for f in got.json()["files"]} == {"shop-orders"}
        got = client.post("/v1/locate", json={"report": REPORT}, headers=bearer("all"))
        assert len({f["repo"] for f in got.json()["files"]}) > 1


def test_one_that_dies_is_replaced_and_counted(index: Path) -> None:
    with running(index, workers=2) as (client, parts):
        want = ask(client)
        assert parts.processes is not None
        before = parts.processes.pids()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert [ask(client) for _ in range(3)] == [want] * 3
        until(lambda: client.get("/readyz").status_code == 200)
        assert not set(before) & set(parts.processes.pids())
        assert len(parts.processes.pids()) == 2
        said = client.get("/metrics").text
        assert "bugatlas_workers_replaced_total 2.0" in said
        assert 'bugatlas_threads_down{part="workers"} 0.0' in said


@contextmanager
def processes(index: Path, count: int = 1, timeout: float = 30.0) -> Iterator[Processes]:
    made = Processes(count, index, Room(), Weights(), timeout)
    made.open()
    try:
        yield made
    finally:
        made.close()


def question(report: str = REPORT) -> Locate[Answer]:
    return Locate(LOCAL, report, Options(), Settings(mode="offline"), itself, steps=True)


def test_a_question_in_a_process_that_dies_is_asked_once_more(index: Path) -> None:
    with processes(index) as some:
        want = some.answer(question()).files
        killed: list[int] = []

        def kill(step: Step) -> None:
            if not killed:
                killed.extend(some.pids())
                os.kill(killed[0], signal.SIGSTOP)  # so that it has not sent the answer yet
                os.kill(killed[0], signal.SIGKILL)

        assert some.answer(question(), kill).files == want
        assert some.pids() != killed

        def kill_all(step: Step) -> None:
            os.kill(some.pids()[0], signal.SIGKILL)

        with pytest.raises(ProblemError) as told:
            some.answer(question(REPORT * 300), kill_all)
        assert (told.value.status_code, "retry-after" in (told.value.headers or {})) == (503, True)
        assert some.answer(question()).files == want


def test_errors_arrive_as_they_are(index: Path) -> None:
    with processes(index) as some:
        with pytest.raises(UsageError) as told:
            some.answer(question(" "))
        assert told.value.message

        def gone(step: Step) -> None:
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            some.answer(question(), gone)
        assert some.answer(question()).files, "the process is free again"


def test_a_stuck_process_is_ended_after_twice_the_time_limit_and_its_question_is_asked_no_more(
    index: Path,
) -> None:
    with processes(index, timeout=1.0) as some:
        want = some.answer(question()).files
        stuck = some.pids()[0]
        os.kill(stuck, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(ProblemError) as told:
            some.answer(question())
        assert STUCK <= time.monotonic() - began < STUCK + 3
        assert (told.value.status_code, "2 seconds" in told.value.detail) == (503, True)
        assert not alive(stuck)
        assert some.answer(question()).files == want, "what the next one takes to load is not counted"


def test_nobody_waits_for_a_process_that_does_not_read(index: Path) -> None:
    with processes(index, timeout=0.3) as some:
        some.answer(question())
        stopped = some.pids()[0]
        os.kill(stopped, signal.SIGSTOP)
        found: list[object] = []

        def ask_much() -> None:  # more than fits into a pipe
            try:
                found.append(some.answer(question(REPORT * 20_000)))
            except ProblemError as e:
                found.append(e.status_code)

        thread = threading.Thread(target=ask_much, daemon=True)
        thread.start()
        try:
            thread.join(20)
            assert found == [503]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stopped, signal.SIGKILL)


def test_where_none_can_be_started_they_are_once_it_is_possible_again(index: Path) -> None:
    resource = pytest.importorskip("resource")
    with processes(index, count=2) as some:
        want = some.answer(question()).files
        for pid in some.pids():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(alive, some.pids())))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # no file can be opened any more
        try:
            for _ in range(6):
                with pytest.raises(ProblemError) as refused:
                    some.answer(question())
                assert "no process could be started" in refused.value.detail
            assert some.down() == 2
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert [some.answer(question()).files for _ in range(3)] == [want] * 3
        until(lambda: not some.down())
        assert len(some.pids()) == 2


def test_processes_that_die_before_they_can_answer_are_down(index: Path) -> None:
    with processes(index) as some:
        some.answer(question())
        for want in (0, 1, 1):
            os.kill(some.pids()[0], signal.SIGKILL)  # the second and third have not loaded anything by now
            until(lambda: not some.pids())
            assert some.down() == want
        until(lambda: not some.down())


def test_a_process_that_gets_no_more_memory_keeps_nobody_waiting(index: Path) -> None:
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process are Linux's")
    with processes(index, timeout=2.0) as some:
        want = some.answer(question()).files
        short = some.pids()[0]
        # It may die, or wait for ever for a thread to start.
        resource.prlimit(short, resource.RLIMIT_AS, (1, 1))
        for _ in range(3):
            began = time.monotonic()
            with contextlib.suppress(ProblemError):
                assert some.answer(question()).files == want
            assert time.monotonic() - began < STUCK * 2 + 20, "a process that takes its place loads meanwhile"
        assert some.answer(question()).files == want
        assert short not in some.pids()


def test_processes_that_cannot_open_the_index_are_not_ready(index: Path, tmp_path: Path) -> None:
    own = copied(index, tmp_path)
    with running(own, workers=2, state=str(tmp_path / "state")) as (client, parts):
        want = ask(client)
        assert parts.processes is not None
        # All have opened it, the service's own process with them.
        until(lambda: client.get("/readyz").status_code == 200 and not parts.processes.blind())
        own.rename(tmp_path / "gone")
        time.sleep(1)
        assert client.get("/readyz").status_code == 200 and ask(client)["files"], "the older state is served"
        os.kill(parts.processes.pids()[0], signal.SIGKILL)
        until(lambda: len(parts.processes.pids()) == 1)
        got = client.get("/readyz")
        assert (got.status_code, got.json()["detail"].split(":")[0]) == (
            503,
            "1 processes cannot open the index",
        )
        (tmp_path / "gone").rename(own)
        until(lambda: client.get("/readyz").status_code == 200)
        assert [ask(client) for _ in range(4)] == [want] * 4


def test_one_that_is_stuck_while_all_are_looked_at_keeps_nobody_waiting(index: Path) -> None:
    with processes(index, count=2, timeout=3.0) as some:
        want = some.answer(question()).files
        until(lambda: not some.blind())  # both are up
        stuck, _ = some.pids()
        os.kill(stuck, signal.SIGSTOP)
        blind: list[int] = []
        thread = threading.Thread(target=lambda: blind.append(some.blind()))
        thread.start()
        until(lambda: len(some._free._free) < 2)
        time.sleep(0.5)  # the one that is sound has answered
        began = time.monotonic()
        assert some.answer(question()).files == want
        assert time.monotonic() - began < 2
        thread.join(20)
        assert blind == [1]


def test_processes_search_and_answer_agents_as_threads_do(index: Path) -> None:
    def asked(client: httpx.Client) -> list[Any]:
        got = client.get("/v1/search", params={"q": "voucher order", "limit": 3})
        assert got.status_code == 200, got.text
        found = [{k: v for k, v in got.json().items() if k != "seconds"}]
        told = [tool(client, "locate_bug", report=REPORT), tool(client, "search_code", query="voucher order")]
        assert not any(failed for _, failed in told)
        return found + [re.sub(r"answer_id \w+", "", text) for text, _ in told]

    with running(index) as (client, _):
        want = asked(client)
    with running(index, workers=2) as (client, parts):
        assert parts.processes is not None
        before = list(map(spent, parts.processes.pids()))
        for _ in range(3):
            assert asked(client) == want
        assert sum(map(spent, parts.processes.pids())) > sum(before), "a process did the work"


def spent(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_what_is_published_is_seen_by_all(index: Path, tmp_path: Path) -> None:
    own = copied(index, tmp_path)
    with running(own, workers=2) as (client, _):
        assert ask(client)["files"]
        remove(own, ["shop-orders"])
        time.sleep(1)
        found = [ask(client) for _ in range(6)]
        assert all("shop-orders" not in {f["repo"] for f in x["files"]} for x in found)  # type: ignore[index, attr-defined]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_all_end_with_the_service(index: Path, tmp_path: Path, how: signal.Signals) -> None:
    file = tmp_path / "service.toml"
    file.write_text(f'port = 0\nstate = "{tmp_path}/state"\nworkers = 3\n')
    log = tmp_path / "log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "bugatlas", "--index", str(index), "serve", "--service", str(file)]
        service = subprocess.Popen(command, stderr=out)
    try:
        until(lambda: "running on http" in log.read_text(), 60)
        below = until(lambda: found if len(found := children(service.pid)) >= 3 else None)
    finally:
        service.send_signal(how)
        service.wait(30)
    until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() and alive(pid) for pid in below))


def children(pid: int) -> list[int]:
    out = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                out.append(int(stat.parent.name))
        except OSError:
            continue
    return out


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_many_at_once_and_the_end_amid_them(index: Path) -> None:
    with running(index, workers=2, timeout=60) as (client, _):
        want = ask(client)
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(ask(client))) for _ in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert found == [want] * 12


def test_how_many() -> None:
    assert [default_count(n) for n in (1, 2, 4, 64)] == [1, 2, 4, 4]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")
def test_one_persons_service_starts_no_other_process(index: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as out:
        command = [sys.executable, "-m", "bugatlas", "--index", str(index), "serve", "--port", "0"]
        service = subprocess.Popen(command, stderr=out)
    try:
        url = until(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), 60)
        assert ask(httpx.Client(base_url=url[0], timeout=60))["files"]
        assert not children(service.pid)
    finally:
        service.terminate()
        service.wait(30)
