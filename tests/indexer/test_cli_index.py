"""`bugatlas index` and `bugatlas remove`, on real repositories."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from kits.cli import Ran, run
from kits.git import commit, git, make_repo

from indexer.blobs import CHUNK
from indexer.build import build
from indexer.progress import display
from indexer.repository import Outcome
from indexer.sources.sources import known, sources
from summaries.index.index import Index

ORDERS = {
    "src/orders.py": 'def place(order):\n    raise ValueError("basket is empty")\n',
    "README.md": "# Orders\n\nTakes orders.\n",
}
CARDS = {
    "cards.go": "package cards\n\n// Charge takes money from a card.\nfunc Charge(cents int) error { return nil }\n"
}


@pytest.fixture
def repos(tmp_path: Path) -> Path:
    """Two repositories in a folder."""
    make_repo(
        tmp_path / "repos" / "orders", [ORDERS, commit({"src/ship.py": "def ship(): pass\n"}, tag="v1")]
    )
    make_repo(tmp_path / "repos" / "cards", [CARDS])
    return tmp_path / "repos"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "index"


def index(root: Path, *args: object, **env: Any) -> Ran:
    """Without vectors, which have tests of their own."""
    return run("index", *map(str, args), "-c", "vectors=none", index=root, **env)


def report(root: Path, *args: object) -> dict[str, Any]:
    ran = index(root, *args, "--json")
    assert ran.code == 0, ran
    told: dict[str, Any] = json.loads(ran.out)
    return told


def reasons(told: dict[str, Any]) -> dict[str, str]:
    return {o["repo"]: o["reason"] for o in told["outcomes"]}


def test_report_tells_what_was_indexed(repos: Path, root: Path) -> None:
    ran = index(root, repos)
    assert ran.code == 0
    assert "cards: new, 1 file, 1 parsed" in ran.out
    assert "2 repositories, 4 files" in ran.out
    assert "languages: Python 2, Go 1, Markdown 1" in ran.out
    assert list(Index.open(root).repos) == ["cards", "orders"]


def test_skipped_files_are_counted_by_reason(root: Path, tmp_path: Path) -> None:
    make_repo(
        tmp_path / "r",
        [{"a.py": "x = 1\n", "b.bin": b"\0\1\2", "package-lock.json": "{}", "c.py": b"\xff\xfe\0" * 9}],
    )
    told = report(root, tmp_path / "r")
    assert told["files"] == {"python": 1}
    assert told["skipped"]["lock file"] == 1
    assert sum(told["skipped"].values()) == 3


def test_unchanged_repositories_are_not_touched(repos: Path, root: Path) -> None:
    index(root, repos)
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file() and p.name != "write.lock"}
    told = report(root)
    assert reasons(told) == {"cards": "unchanged", "orders": "unchanged"}
    assert told["parsed"] == 0
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_only_what_changed_is_parsed(repos: Path, root: Path) -> None:
    index(root, repos)
    make_repo(repos / "orders", [commit({"src/new.py": "def fresh(): pass\n"}, branch="next")])
    git(repos / "orders", "update-ref", "refs/heads/main", "refs/heads/next")
    told = report(root)
    assert reasons(told) == {"cards": "unchanged", "orders": "changed"}
    assert told["parsed"] == 1
    assert Index.open(root).view("orders").paths == ["src/new.py"]


def test_names_stand_for_what_is_indexed(repos: Path, root: Path) -> None:
    index(root, repos)
    assert reasons(report(root, "orders")) == {"orders": "unchanged"}
    ran = index(root, "nowhere")
    assert ran.code == 1
    assert "there is no nowhere" in ran.out


def test_nothing_to_do_is_an_error(root: Path) -> None:
    ran = index(root)
    assert (ran.code, ran.out) == (2, "")
    assert "nothing is indexed" in ran.err


def test_snapshots_are_held_and_kept(repos: Path, root: Path) -> None:
    index(root, repos, "--at", "v1")
    told = report(root, repos, "--at", "2023-11-14T22:30:00Z")
    assert [o["missing"] for o in told["outcomes"]] == [[], []]
    shard = Index.open(root).shard("orders")
    assert [s.ref for s in shard.info.snapshots] == ["HEAD", "2023-11-14T22:30:00Z", "v1"]
    assert len(shard.view(0)) == 3 and len(shard.view(1)) == 2
    assert [s.ref for s in Index.open(root).shard("cards").info.snapshots] == ["HEAD", "2023-11-14T22:30:00Z"]


def test_a_ref_that_only_some_have_is_told_and_one_that_none_has_fails(repos: Path, root: Path) -> None:
    some, none = index(root, repos, "--at", "v1"), index(root, repos, "--at", "v9")
    assert (some.code, none.code) == (0, 1)
    assert "no v1 in cards" in some.out
    assert "no v9 in cards, orders" in none.out
    assert list(Index.open(root).repos) == ["cards", "orders"]


def test_one_failure_is_reported_and_the_others_go_on(repos: Path, root: Path) -> None:
    make_repo(repos / "empty")
    ran = index(root, repos)
    assert ran.code == 1
    assert "empty: " in ran.out and "has no commits yet" in ran.out
    assert list(Index.open(root).repos) == ["cards", "orders"]


def test_a_failed_repository_keeps_what_it_had(repos: Path, root: Path) -> None:
    index(root, repos)
    shutil.move(repos / "cards", repos / "elsewhere")
    ran = index(root)
    assert ran.code == 1 and "cards" in ran.out
    assert Index.open(root).view("cards").paths == ["cards.go"]
    assert index(root, repos / "elsewhere", "--name", "cards").code == 0
    assert Index.open(root).repos["cards"].git_dir == str((repos / "elsewhere" / ".git").resolve())


def test_lists_name_repositories_and_branches(repos: Path, root: Path, tmp_path: Path) -> None:
    git(repos / "orders", "branch", "old", "HEAD~1")
    (tmp_path / "list").write_text("repos/orders name=shop/orders branch=old  # the past\nrepos/cards\n")
    assert index(root, "--from", tmp_path / "list").code == 0
    held = Index.open(root).repos
    assert set(held) == {"shop/orders", "cards"}
    assert held["shop/orders"].commit == git(repos / "orders", "rev-parse", "old").decode().strip()
    assert reasons(report(root)) == {"cards": "unchanged", "shop/orders": "unchanged"}


def test_a_repository_keeps_the_name_it_has(repos: Path, root: Path) -> None:
    index(root, repos / "orders", "--name", "shop/orders")
    assert reasons(report(root, repos)) == {"cards": "new", "shop/orders": "unchanged"}


def test_no_repository_takes_over_the_name_of_another(repos: Path, root: Path, tmp_path: Path) -> None:
    index(root, repos / "orders")
    make_repo(tmp_path / "other" / "orders", [{"z.py": "z = 1\n"}])
    ran = index(root, tmp_path / "other" / "orders")
    assert ran.code == 2
    assert "--name" in ran.err
    assert "src/orders.py" in Index.open(root).view("orders").paths


def test_urls_are_cloned_fetched_and_removed(repos: Path, root: Path) -> None:
    url = (repos / "orders").as_uri()
    assert index(root, url, "--name", "orders").code == 0
    make_repo(repos / "orders", [commit({"only.py": "only = 1\n"}, branch="next")])
    git(repos / "orders", "update-ref", "refs/heads/main", "refs/heads/next")
    assert reasons(report(root, "--no-fetch")) == {"orders": "unchanged"}
    assert reasons(report(root)) == {"orders": "changed"}
    assert Index.open(root).view("orders").paths == ["only.py"]
    clone = Path(known(root)["orders"].git_dir)
    gone = json.loads(run("remove", "orders", "--json", index=root).out)
    assert gone[0]["clone"] == str(clone)
    assert not clone.exists()


def test_changed_options_index_anew(repos: Path, root: Path) -> None:
    (repos / "cards" / "big.py").write_text("x = 1\n" * 400)
    git(repos / "cards", "add", "big.py")
    git(repos / "cards", "commit", "-qm", "big")
    told = report(root, repos, "-c", "max_bytes=1000")
    assert told["skipped"] == {"too large": 1}
    told = report(root)
    assert reasons(told) == {"cards": "other options", "orders": "other options"}
    assert told["skipped"] == {}


def test_rebuild_parses_everything_and_keeps_snapshots(repos: Path, root: Path) -> None:
    index(root, repos, "--at", "v1")
    before = Index.open(root).repos["orders"]
    told = report(root, "--rebuild")
    assert reasons(told) == {"cards": "rebuilt", "orders": "rebuilt"}
    assert told["parsed"] == 4
    after = Index.open(root).repos["orders"]
    assert after.generation == before.generation + 1
    assert after.store != before.store
    assert [s.ref for s in Index.open(root).shard("orders").info.snapshots] == ["HEAD", "v1"]
    assert {p.name for p in Index.open(root).folder("orders").iterdir()} == {
        "repo.json",
        after.shard,
        after.store,
    }


@pytest.mark.slow
def test_many_repositories_go_to_workers(root: Path, tmp_path: Path) -> None:
    for n in range(5):
        make_repo(tmp_path / "many" / f"r{n}", [{f"f{n}.py": f"def f{n}(): pass\n"}])
    make_repo(tmp_path / "many" / "broken")
    seen: list[Outcome] = []
    steps: list[tuple[int, int]] = []
    found, _ = sources(root, [])
    assert found == []
    from indexer.sources.discover import discover

    made = build(
        root,
        discover(tmp_path / "many", root / "clones"),
        workers=2,
        on_done=seen.append,
        on_files=lambda a, b: steps.append((a, b)),
    )
    assert [o.repo for o in made.failed] == ["broken"]
    assert sorted(o.repo for o in seen) == ["broken", "r0", "r1", "r2", "r3", "r4"]
    assert made.files == {"python": 5}
    assert all(done <= total for done, total in steps)


def test_progress_counts_every_file(root: Path, tmp_path: Path) -> None:
    count = 2 * CHUNK + 3
    make_repo(tmp_path / "r", [{f"f{n}.py": f"def f{n}(): pass\n" for n in range(count)}])
    steps: list[tuple[int, int]] = []
    from indexer.sources.discover import discover

    build(
        root, discover(tmp_path / "r", root / "clones"), workers=1, on_files=lambda a, b: steps.append((a, b))
    )
    assert steps == [(0, count), (CHUNK, count), (2 * CHUNK, count), (count, count)]


@pytest.mark.slow
def test_jobs_side_by_side_make_the_same_shard(root: Path, tmp_path: Path) -> None:
    from indexer.sources.discover import discover

    make_repo(
        tmp_path / "r",
        [{f"d{n % 7}/f{n}.py": f'def f{n}():\n    log("message {n}")\n' for n in range(5 * CHUNK)}],
    )
    made = []
    for workers in (1, 2):
        where = root / str(workers)
        build(where, discover(tmp_path / "r", root / "clones"), workers=workers)
        made.append((Index.open(where).folder("r") / "shard-1.safetensors").read_bytes())
    assert made[0] == made[1]


def test_remove_names_what_went_and_leaves_the_rest(repos: Path, root: Path) -> None:
    index(root, repos)
    ran = run("remove", "orders", index=root)
    assert ran.code == 0 and ran.out.startswith("orders: removed (3 files, ")
    assert list(Index.open(root).repos) == ["cards"]
    assert not Index.open(root).folder("orders").exists()
    assert (repos / "orders" / ".git").is_dir()


def test_remove_of_an_unknown_name_removes_nothing(repos: Path, root: Path) -> None:
    index(root, repos)
    for bad in ("nope", "../..", "..", "orders/..", ""):
        ran = run("remove", "cards", bad, index=root)
        assert ran.code == 2, bad
        assert "not indexed" in ran.err
    assert list(Index.open(root).repos) == ["cards", "orders"]


def test_settings_reach_the_index(
    repos: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bugatlas.toml").write_text("max_bytes = 2000\n")
    index(root, repos)
    assert Index.open(root).manifest.max_bytes == 2000
    index(root, repos, BUGATLAS_MAX_BYTES="3000")
    assert Index.open(root).manifest.max_bytes == 3000
    index(root, repos, "-c", "max_bytes=4000", BUGATLAS_MAX_BYTES="3000")
    assert Index.open(root).manifest.max_bytes == 4000


@pytest.mark.parametrize("line", ['embedder = "evil:load"', 'vectors = "http://example.org"'])
def test_a_strangers_settings_load_no_code_and_call_nobody(
    line: str, repos: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bugatlas.toml").write_text(line + "\n")
    ran = index(root, repos)
    assert ran.code == 2
    assert "working directory may not set" in ran.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("job=1", "did you mean jobs?"),
        ("jobs=x", "Expected `int`"),
        ("jobs", "KEY=VALUE"),
        ("voters.body=x", "Expected `float`"),
    ],
)
def test_wrong_settings_are_named(given: str, said: str, root: Path, tmp_path: Path) -> None:
    ran = index(root, tmp_path, "-c", given)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.slow
def test_demo_tells_what_was_found_of_what_was_planted(tmp_path: Path) -> None:
    from indexer.demo import REPORTS

    ran = run("demo", "--keep", str(tmp_path / "shop"))
    assert ran.code == 0, ran
    assert "6 repositories" in ran.out
    for asked in REPORTS:
        assert ran.out.count(asked.title) >= 2  # its answer, and the verdict
        assert f"planted in {asked.repo}/{asked.path}, {asked.function}: found as " in ran.out
    assert "frame 2 of the stack trace" in ran.out
    assert len(Index.open(tmp_path / "shop" / "index").repos) == 6
    assert run("demo", "--keep", str(tmp_path / "shop")).code == 2  # it is there already


@pytest.mark.parametrize("tty", [False, True])
def test_displays_show_failures_at_once(
    tty: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: tty)
    with display() as shown:
        shown.expect(2)
        shown.files(0, 10)
        shown.files(10, 10)
        shown.done(Outcome("orders", None, "it burnt", failed=True))
        shown.done(Outcome("cards", None, "unchanged"))
        shown.say("the embedder learns")
    err = capsys.readouterr().err
    assert "orders: failed: it burnt" in err and "the embedder learns" in err
    assert "cards" not in err


def test_a_bar_claims_nothing_till_files_are_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with display() as shown:
        shown.expect(4)
        shown.files(0, 0)
    looking = capsys.readouterr().err
    assert "0 of 4 repositories" in looking
    assert not re.search(r"0/0|00:00|left", looking)
    with display() as shown:
        shown.expect(4)
        shown.files(96, 1943)
    assert re.search(r"96/1,943 files +[\d,]+/s .*left", capsys.readouterr().err)


def test_lines_tell_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.progress.PAUSE", 0.0)
    with display() as shown:
        shown.files(500, 1500)
    assert re.fullmatch(r"500 of 1,500 files, [\d,]+/s, about [\d,]+ s left\n", capsys.readouterr().err)


def test_languages_that_are_parsed_apart_are_counted_as_the_one_that_they_are(
    root: Path, tmp_path: Path
) -> None:
    code = "export const total = 1;\n"
    make_repo(tmp_path / "web", [{f"{i}.{e}": f"// {i}\n{code}" for i, e in enumerate(("ts", "tsx", "tsx"))}])
    assert "languages: TypeScript 3\n" in index(root, tmp_path / "web").out
    assert "TypeScript 3" in run("--index", str(root), "status").out
    assert "TypeScript 3" in run("--index", str(root), "show", "web").out
