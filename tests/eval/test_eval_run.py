"""Runs over real repositories: time travel, order, resuming, and input that is wrong."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from kits.eval import CASES, company, when, write_corpus
from kits.git import git

from eval.cases import read_cases, read_repos
from eval.commands.group import evaluate
from eval.rankers.settings import settings_of
from eval.run import run
from eval.runfile import read_run
from eval.scoring.measures import score
from eval.snapshots import commits_of, prepare
from summaries.errors import UsageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    root = tmp_path_factory.mktemp("company")
    return root, company(root / "clones")


def go(root: Path, out: Path, *args: str, cases: Path | None = None) -> str:
    bugs, repos, mirror = write_corpus(root)
    files = ["--repos", str(repos), "--mirror", mirror, "--work", str(root / "work"), "--out", str(out)]
    asked = ["run", str(cases or bugs), *files, "--jobs", "1", *args]
    result = CliRunner().invoke(evaluate, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def plain(path: Path) -> str:
    return re.sub(r'"seconds":[0-9.e-]+', "", path.read_text())


def test_run_answers_every_case_in_order(made: tuple[Path, dict[str, list[str]]], tmp_path: Path) -> None:
    said = go(made[0], tmp_path / "run.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [c["id"] for c in CASES]
    for line, case in zip(lines, CASES, strict=True):
        first = line["ranked"][0]
        assert {"repo": first["repo"], "path": first["path"]} in case["gold"], line  # type: ignore[operator]
        assert line["routed"][0] == first["repo"]
        assert line["seconds"] > 0
    assert "Success@1    1.000" in said


def test_each_case_sees_its_own_moment(made: tuple[Path, dict[str, list[str]]]) -> None:
    root, commits = made
    bugs, repos, mirror = write_corpus(root)
    cases, _ = read_cases(bugs)
    found, problems = commits_of(cases, read_repos(repos), mirror, "all")
    assert problems == []
    assert found["orders-7"] == {
        "acme/orders": commits["acme/orders"][1],
        "acme/payments": commits["acme/payments"][1],
    }
    assert found["PAY-13"]["acme/payments"] == commits["acme/payments"][0]
    renamed = [{**CASES[0], "as_of": when(9)}, {**CASES[0], "id": "based", "base": [
        {"repo": "acme/orders", "commit": commits["acme/orders"][0]}]}]  # fmt: skip
    cases, _ = read_cases(write_corpus(root, renamed)[0])
    found, problems = commits_of(cases, read_repos(repos), mirror, "all")
    assert found["orders-7"]["acme/orders"] == commits["acme/orders"][3]
    assert found["based"]["acme/orders"] == commits["acme/orders"][0]
    assert [p.split(": ", 1)[0] for p in problems] == ["bugs.jsonl:1"], "stock.go is gone by then"
    assert "no file stock.go" in problems[0]


def test_two_runs_and_two_processes_give_the_same_bytes(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    for name, jobs in (("a", "1"), ("b", "1"), ("c", "2")):
        go(made[0], tmp_path / f"{name}.jsonl", "--jobs", jobs)
    assert plain(tmp_path / "a.jsonl") == plain(tmp_path / "b.jsonl") == plain(tmp_path / "c.jsonl")


@pytest.mark.parametrize("cut", [0, 10, -1, -30])
def test_torn_run_is_resumed(made: tuple[Path, dict[str, list[str]]], tmp_path: Path, cut: int) -> None:
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    go(made[0], whole)
    first = whole.read_bytes().splitlines(keepends=True)[0]
    torn.write_bytes(
        (whole.read_bytes())[:cut] if cut < 0 else first + b'{"id":"PAY-12","ranked":[{"re'[:cut]
    )
    kept = torn.read_bytes()
    go(made[0], torn)
    assert torn.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1]), "complete lines stay as they were"
    assert plain(torn) == plain(whole)


def test_run_with_other_settings_is_refused(made: tuple[Path, dict[str, list[str]]], tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    go(made[0], out)
    before = out.read_bytes()
    with pytest.raises(UsageError, match="other settings"):
        go(made[0], out, "-c", "voters.path=0.9")
    assert out.read_bytes() == before
    go(made[0], out, "-c", "voters.path=0.9", "--fresh")


def test_reported_scope_searches_only_there(made: tuple[Path, dict[str, list[str]]], tmp_path: Path) -> None:
    go(made[0], tmp_path / "run.jsonl", "--scope", "reported")
    lines, _ = read_run(tmp_path / "run.jsonl")
    assert {h.repo for h in lines["PAY-12"].ranked} <= {"acme/orders"}
    assert lines["PAY-12"].routed in ((), ("acme/orders",))
    go(made[0], tmp_path / "oracle.jsonl", "--scope", "oracle")
    lines, _ = read_run(tmp_path / "oracle.jsonl")
    assert {h.repo for h in lines["PAY-12"].ranked} == {"acme/payments"}


def test_where_it_was_reported_is_no_signal_among_all(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    root = made[0]
    go(root, tmp_path / "a.jsonl")
    other = [{**c, "reported_in": "acme/payments", "fix_commits": [], "created": "2020-01-01"} for c in CASES]
    moved = tmp_path / "moved"
    moved.mkdir()
    bugs, _, _ = write_corpus(moved, other)
    go(root, tmp_path / "b.jsonl", cases=bugs)
    assert plain(tmp_path / "a.jsonl") == plain(tmp_path / "b.jsonl")


def test_what_is_wrong_is_told_with_its_line_and_the_rest_goes_on(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    root = made[0]
    gone = "0123456789abcdef0123456789abcdef01234567"
    wrong: list[dict[str, object] | str] = [
        CASES[0],
        "{not json",
        '{"id": "x", "title": 3}',
        '{"id": "y", "title": "t", "body": "b", "gold": [], "as_of": "2024-01-01"}',
        CASES[0],
        {**CASES[1], "gold": [{"repo": "acme/nowhere", "path": "a.py"}]},
        {**CASES[2], "gold": [{"repo": "acme/payments", "path": "never.py"}]},
        {**CASES[2], "id": "gone", "base": [{"repo": "acme/payments", "commit": gone}]},
        {**CASES[2], "id": "early", "as_of": "1999-01-01"},
        {**CASES[2], "id": "blank", "title": " ", "body": "\n"},
        {**CASES[2], "id": "dated wrongly", "as_of": "last May"},
    ]
    bugs, repos, _ = write_corpus(tmp_path, wrong)
    cases, problems = read_cases(bugs)
    assert [p.split(": ")[0] for p in problems] == [f"bugs.jsonl:{n}" for n in (2, 3, 4, 5, 11)]
    world = prepare(cases, read_repos(repos), str(root / "clones/{owner}/{name}"), "all", tmp_path / "work")
    told = "\n".join(world.problems)
    for line, what in (
        ("bugs.jsonl:6: PAY-12", "acme/nowhere is not among the repositories"),
        ("bugs.jsonl:7: PAY-13", "acme/payments has no file never.py"),
        ("bugs.jsonl:8: gone", "acme/payments has no commit 0123456789ab"),
        ("bugs.jsonl:9: early", "acme/payments has no commit before 1999-01-01"),
    ):
        assert f"{line}: {what}" in told
    out = tmp_path / "run.jsonl"
    run(cases, world, settings_of(), "all", out)
    lines, unread = read_run(out)
    assert unread == [] and list(lines) == [c.id for c in cases]
    assert lines["early"].error and lines["blank"].error and not lines["early"].ranked
    scores = dict(zip([c.id for c in cases], score(cases, lines).of("Success@10").tolist(), strict=True))
    assert scores == {"orders-7": 1, "PAY-12": 0, "PAY-13": 0, "gone": 0, "early": 0, "blank": 0}


def test_missing_clone_costs_only_its_own_cases(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    root = made[0]
    bugs, repos, _ = write_corpus(tmp_path)
    (tmp_path / "c" / "acme").mkdir(parents=True)
    (tmp_path / "c" / "acme" / "payments").symlink_to(root / "clones" / "acme" / "payments")
    cases, _ = read_cases(bugs)
    world = prepare(cases, read_repos(repos), str(tmp_path / "c/{owner}/{name}"), "all", tmp_path / "work")
    assert any(p.startswith("acme/orders: ") for p in world.problems)
    run(cases, world, settings_of(), "all", tmp_path / "run.jsonl")
    lines, _ = read_run(tmp_path / "run.jsonl")
    assert score(cases, lines).of("Success@1").tolist() == [0, 1, 1]


def test_a_sample_asks_what_the_whole_set_had_made(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bugs, repos, mirror = write_corpus(made[0])
    cases, _ = read_cases(bugs)
    said: list[str] = []
    whole = prepare(cases, read_repos(repos), mirror, "all", say=said.append)
    sample = prepare(cases[:1], read_repos(repos), mirror, "all", say=said.append)
    assert len(said) == 1 and sample.root == whole.root
    assert sample.commits == {cases[0].id: whole.commits[cases[0].id]}
    moved = tmp_path / "elsewhere"
    shutil.copytree(made[0] / "clones", moved)
    other = prepare(
        cases[:1],
        read_repos(repos),
        mirror.replace(str(made[0] / "clones"), str(moved)),
        "all",
        say=said.append,
    )
    assert len(said) == 2 and other.root != whole.root, "of other clones"


def test_blobs_are_parsed_once_and_a_second_run_indexes_nothing(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    root = made[0]
    bugs, repos, mirror = write_corpus(root)
    cases, _ = read_cases(bugs)
    said: list[str] = []
    prepare(cases, read_repos(repos), mirror, "all", tmp_path / "work", say=said.append)
    prepare(cases, read_repos(repos), mirror, "all", tmp_path / "work", say=said.append)
    assert len(said) == 1 and "4 snapshots of 2 repositories" in said[0]
    sql = "select count(*) from blob"
    stored = []
    for path in (tmp_path / "work").rglob("blobs.sqlite"):
        with closing(sqlite3.connect(path)) as db:
            stored.append(db.execute(sql).fetchone()[0])
    held = {
        blob
        for repo in ("orders", "payments")
        for sha in made[1][f"acme/{repo}"][:2]
        for line in git(root / "clones/acme" / repo, "ls-tree", "-r", sha).decode().splitlines()
        for blob in [line.split()[2]]
    }
    assert sum(stored) == len(held)


def test_repos_file_says_which_line_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "repos.txt").write_text("# all\nacme/orders mirror/orders\n\nacme\n")
    with pytest.raises(UsageError, match=r"repos.txt:4"):
        read_repos(tmp_path / "repos.txt")
    with pytest.raises(UsageError, match="cannot read"):
        read_repos(tmp_path / "nothing.txt")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")
def test_the_processes_of_a_run_end_with_their_killed_parent(
    made: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    root, out = made[0], tmp_path / "run.jsonl"
    many = [{**c, "id": f"{c['id']}-{n}"} for n in range(400) for c in CASES]
    bugs, repos, mirror = write_corpus(root, many)
    files = ["--repos", repos, "--mirror", mirror, "--work", tmp_path / "work", "--out", out, "--jobs", "2"]
    command = [sys.executable, "-m", "bugatlas", "eval", "run", bugs, *files]
    parent = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: out.exists() and out.stat().st_size > 0, "the run answers")
        workers = below(parent.pid)
        assert len(workers) >= 2
        assert parent.poll() is None, "the run was over before it was killed"
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    until(lambda: not any(map(alive, workers)), "the workers end")
    written = out.read_bytes()
    time.sleep(0.3)
    assert out.read_bytes() == written


def until(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited for: {what}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def below(pid: int) -> list[int]:
    """Processes that a process started, and those that these started."""
    out = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(stat.parent.name)
            out += [child, *below(child)]
    return out
