"""The working index: shared between sets, added to, and no say in what is answered of a snapshot."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from kits.eval import ORDERS, STOCK, company, when
from kits.git import commit, make_repo

from eval import working_index
from eval.cases import Case, Gold, Repo
from eval.rankers.settings import settings_of
from eval.run import run
from eval.runfile import RunLine, read_run
from eval.snapshots import CaseSnapshots, prepare
from summaries.errors import UsageError
from summaries.index.index import MANIFEST, Index

pytestmark = pytest.mark.slow

DOCKERFILE = "FROM scratch\n"
ROUTES = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: stock}
spec:
  rules:
    - http:
        paths:
          - path: /stock/articles
            backend: {service: {name: stock}}
"""


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose repositories change in all that a shard holds of every snapshot together.

    `acme/goods` renames a file that commits had spoken of, gets a service, and a description that serves routes first
    and then does not.
    """
    root = tmp_path_factory.mktemp("clones")
    company(root)
    make_repo(
        root / "acme" / "goods",
        [
            commit({"take.go": STOCK, "api/stock.yaml": ROUTES, "old/count.go": ORDERS}, "Take stock"),
            commit({"old/count.go": ORDERS + "\n// counts\n"}, "Warehouse counts what is reserved twice"),
            commit({"old/count.go": None, "count.go": ORDERS}, "Count elsewhere"),
            commit(
                {"cmd/depot-keeper/Dockerfile": DOCKERFILE, "api/stock.yaml": "port: 8080\n"}, "A service"
            ),
            commit({"take.go": STOCK + "\n// reserved twice in the warehouse\n"}, "Reserve once"),
        ],
    )
    make_repo(root / "acme" / "warehouse", [commit({"main.go": ORDERS}, "Start of the warehouse")])
    return root


REPOS = [Repo(f"acme/{name}", f"acme/{name}") for name in ("orders", "payments", "goods")]
OTHER = Repo("acme/warehouse", "acme/warehouse")
REPORT = """Stock is reserved twice in the warehouse

The depot-keeper answers GET /stock/articles: order number is missing from the request"""


def cases() -> list[Case]:
    title, _, body = REPORT.partition("\n\n")
    return [
        Case(f"case-{n}", title, body, (Gold("acme/goods", "take.go"),), as_of=when(n + 0.5))
        for n in range(5)
    ]


def pattern(clones: Path) -> str:
    return str(clones / "{owner}" / "{name}")


def answers(world: CaseSnapshots, some: Sequence[Case], out: Path) -> Mapping[str, RunLine]:
    run(some, world, settings_of(), "all", out, fresh=True)
    lines, problems = read_run(out)
    assert problems == []
    return {i: msgspec.structs.replace(line, seconds=0.0) for i, line in lines.items()}


@pytest.mark.parametrize("backwards", [False, True])
def test_an_answer_does_not_depend_on_what_lies_beside_its_snapshots(
    clones: Path, tmp_path: Path, backwards: bool
) -> None:
    shared = tmp_path / "shared"
    prepare(cases()[:1], [*REPOS, OTHER], pattern(clones), "all", shared)
    for case in reversed(cases()) if backwards else cases():
        prepare([case], REPOS, pattern(clones), "all", shared)
    whole = prepare(cases(), REPOS, pattern(clones), "all", shared)
    found = answers(whole, cases(), tmp_path / "shared.jsonl")
    parts: set[str] = set()
    for case in cases():
        alone = prepare([case], REPOS, pattern(clones), "all", tmp_path / case.id)
        assert alone.commits[case.id] == whole.commits[case.id]
        line = answers(alone, [case], tmp_path / "alone.jsonl")[case.id]
        assert line == found[case.id]
        parts |= {part for hit in line.ranked for part in hit.parts}
    assert {"messages", "past", "route:name"} <= parts, "what could have told of other snapshots has a say"


def test_only_what_is_missing_is_added_and_other_sets_see_it(clones: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def add(some: Sequence[Case], repos: Sequence[Repo]) -> None:
        prepare(some, repos, pattern(clones), "all", tmp_path / "work", say=said.append)

    add(cases(), REPOS)
    add(cases()[2:3], REPOS[1:])
    assert len(said) == 1, "a sample has all it needs"
    add(cases()[:1], [*REPOS, OTHER])
    assert "indexing 1 snapshots of 1 repositories" in said[1]
    add(cases(), [*REPOS, OTHER])
    assert len(said) == 2


def test_a_run_searches_the_repositories_of_its_list_only(clones: Path, tmp_path: Path) -> None:
    prepare(cases(), [*REPOS, OTHER], pattern(clones), "all", tmp_path / "work")
    world = prepare(cases(), REPOS[:1], pattern(clones), "all", tmp_path / "work")
    for line in answers(world, cases(), tmp_path / "run.jsonl").values():
        assert {hit.repo for hit in line.ranked} == {"acme/orders"}


def test_a_damaged_repository_costs_others_nothing_and_is_indexed_anew(clones: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    world = prepare(cases(), [*REPOS, OTHER], pattern(clones), "all", work)
    sound = answers(world, cases(), tmp_path / "sound.jsonl")
    (Index.open(work).folder("acme/warehouse") / "repo.json").write_text("{")
    found = answers(prepare(cases(), REPOS, pattern(clones), "all", work), cases(), tmp_path / "run.jsonl")
    assert set(found) == set(sound)
    state = Index.open(work).stated(working_index.opened(work).repos).repos["acme/goods"]
    shard = Index.open(work).folder("acme/goods") / state.shard
    shard.write_bytes(shard.read_bytes()[:100])
    again = prepare(cases(), REPOS, pattern(clones), "all", work)
    assert any("is damaged" in p and "warehouse" in p for p in again.problems)
    assert answers(again, cases(), tmp_path / "again.jsonl") == found
    state = working_index.opened(work).repos["acme/goods"]
    texts = Index.open(work).folder("acme/goods") / state.store
    texts.write_bytes(b"no database " * 1_000)
    again = prepare(cases(), REPOS, pattern(clones), "all", work)
    assert any("is damaged" in p and "goods" in p for p in again.problems)
    assert answers(again, cases(), tmp_path / "third.jsonl") == found


def test_an_index_of_another_version_or_of_other_code_is_not_added_to(clones: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    prepare(cases()[:1], REPOS, pattern(clones), "all", work)
    (work / working_index.ABOUT).unlink()  # as an older version left it
    some = prepare(cases()[:1], REPOS, pattern(clones), "all", work)
    assert any("other code" in p for p in some.problems), "what it holds can be asked"
    with pytest.raises(UsageError, match="other code"):
        prepare(cases(), REPOS, pattern(clones), "all", work)
    manifest = json.loads((work / MANIFEST).read_text())
    (work / MANIFEST).write_text(json.dumps(manifest | {"schema": 1}))
    with pytest.raises(UsageError, match="cannot be used"):
        prepare(cases()[:1], REPOS, pattern(clones), "all", work)


def test_who_adds_waits_for_who_reads_and_says_so(clones: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    prepare(cases()[:1], REPOS, pattern(clones), "all", work)
    said: list[str] = []
    done = threading.Event()

    def add() -> None:
        prepare(cases(), REPOS, pattern(clones), "all", work, say=said.append)
        done.set()

    with working_index.reading(work) as index, working_index.reading(work):
        thread = threading.Thread(target=add)
        thread.start()
        until(lambda: bool(said))
        assert "waiting for another run" in said[0]
        assert not done.is_set()
        assert len(index.shard("acme/goods").info.snapshots) == 1
    thread.join(60)
    assert done.is_set()
    with working_index.reading(work) as index:
        assert len(index.shard("acme/goods").info.snapshots) == 5


def test_two_runs_at_once_and_one_that_is_killed_leave_it_good(clones: Path, tmp_path: Path) -> None:
    bugs, repos = tmp_path / "bugs.jsonl", tmp_path / "repos.txt"
    bugs.write_bytes(b"".join(msgspec.json.encode(c) + b"\n" for c in cases()))
    repos.write_text("".join(f"{r.name}\n" for r in REPOS))

    def begin(name: str) -> subprocess.Popen[bytes]:
        files = ["--repos", repos, "--mirror", pattern(clones), "--work", tmp_path / "work", "--jobs", "2"]
        command = [
            sys.executable,
            "-m",
            "bugatlas",
            "eval",
            "run",
            bugs,
            *files,
            "--out",
            tmp_path / f"{name}.jsonl",
        ]
        return subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    killed = begin("killed")
    until(lambda: any((tmp_path / "work").glob("repos/*/blobs.sqlite")) or killed.poll() is not None)
    killed.send_signal(signal.SIGINT)
    killed.wait(60)
    both = [begin("a"), begin("b")]
    assert [p.wait(120) for p in both] == [0, 0]
    alone = prepare(cases(), REPOS, pattern(clones), "all", tmp_path / "alone")
    want = answers(alone, cases(), tmp_path / "alone.jsonl")
    for name in ("a", "b"):
        lines, _ = read_run(tmp_path / f"{name}.jsonl")
        assert {i: msgspec.structs.replace(line, seconds=0.0) for i, line in lines.items()} == want


def test_the_cache_is_shared_and_what_older_code_made_is_removed(
    clones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    whole = prepare(cases(), REPOS, pattern(clones), "all")
    older, used = (whole.root.with_name(name) for name in ("1-older", "1-used"))
    shutil.copytree(whole.root, older)
    shutil.copytree(whole.root, used)
    home = whole.root.parent
    (home / "locked").mkdir()
    (home / "locked" / working_index.LOCK).write_text("not a lock " * 1_000)
    (home / "unlockable" / working_index.LOCK).mkdir(parents=True)
    (home / ".DS_Store").write_text("of whoever looked at the folder")
    (home / "file").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (home / "link").symlink_to(tmp_path / "elsewhere")
    with working_index.reading(used):
        assert prepare(cases()[1:], REPOS[:2], pattern(clones), "all").root == whole.root
    assert not older.exists()
    assert used.exists(), "another version answers from it now"
    assert not [*(tmp_path / "elsewhere").iterdir()], "a link is not followed"


def until(holds: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
