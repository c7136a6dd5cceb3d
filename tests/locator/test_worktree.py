"""Answers from files that are not committed: what lies in a working tree, and nothing that lies outside it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kits.cli import indexed, run
from kits.git import commit, git, make_repo

from indexer.git.checkout import read_inside
from summaries.index.index import Index

CART = "class Cart:\n    def total(self, lines):\n        return sum(lines)\n"
REPORT = "Loyalty points are granted twice when a pilgrim pays"
POINTS = "class Points:\n    def grant_pilgrim(self, loyalty):\n        return loyalty * 2\n"


def answer(index: Path, *args: str) -> dict[str, Any]:
    ran = run("locate", REPORT, "--json", "--nearest", *args, index=index)
    assert ran.code in (0, 3), ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "repos" / "cart"
    files = {
        "src/cart.py": CART,
        "src/old.py": "def pilgrim():\n    pass\n",
        ".gitignore": "build/\n",
        "README.md": "Carts.\n",
    }
    make_repo(
        top, [commit(files, "Cart"), commit({"src/cart.py": CART + "\nRATE = 1\n"}, "Rate")], checkout=True
    )
    make_repo(tmp_path / "repos" / "plain", [{"a.py": "def plain():\n    pass\n"}], bare=True)
    indexed(tmp_path / "index", tmp_path / "repos")
    return top


@pytest.mark.slow
def test_what_is_not_committed_is_found(tree: Path) -> None:
    index = tree.parent.parent / "index"
    (tree / "src" / "points.py").write_text(POINTS)
    (tree / "src" / "old.py").unlink()
    (tree / "build").mkdir()
    (tree / "build" / "out.py").write_text(POINTS)
    assert "src/points.py" not in [f["path"] for f in answer(index)["files"]]
    found = answer(index, "--worktree")
    paths = [f["path"] for f in found["files"]]
    assert paths[0] == "src/points.py" and "src/old.py" not in paths and "build/out.py" not in paths
    assert found["files"][0]["symbols"][0]["qualname"] == "Points.grant_pilgrim"
    assert found["files"][0]["changes"] == []
    route = next(r for r in found["routes"] if r["repo"] == "cart")
    assert route["changed"] == 2 and route["clone"] == ""
    assert "2 uncommitted files" in run("locate", REPORT, "--worktree", index=index).out
    hits = json.loads(run("search", "symbol:Points", "--worktree", "--json", index=index).out)
    assert [f["path"] for f in hits["files"]] == ["src/points.py"]
    assert Index.open(index).view("cart").paths.count("src/points.py") == 0  # the index is as it was
    assert not list(index.rglob("*worktree*"))


@pytest.mark.slow
def test_a_changed_file_is_read_as_it_lies_there(tree: Path) -> None:
    index = tree.parent.parent / "index"
    (tree / "src" / "cart.py").write_text(CART + POINTS)
    git(tree, "add", "-A")  # staged or not is one
    found = answer(index, "--worktree")["files"][0]
    assert found["path"] == "src/cart.py" and any("pilgrim" in x for x in found["excerpt"]["lines"])
    assert [c["subject"] for c in found["changes"]] == [
        "Rate",
        "Cart",
    ]  # the file's: its lines are of no commit


@pytest.mark.slow
def test_a_clone_that_has_moved_on_is_read_where_it_is(tree: Path) -> None:
    index = tree.parent.parent / "index"
    (tree / "src" / "points.py").write_text(POINTS)
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "Points")
    assert answer(index, "--worktree")["files"][0]["path"] == "src/points.py"
    assert run("locate", REPORT, "--worktree", "-c", "stale=fail", index=index).code in (0, 3)


@pytest.mark.slow
def test_a_clean_tree_answers_as_the_index_does(tree: Path) -> None:
    index = tree.parent.parent / "index"
    plain, clean = answer(index), answer(index, "--worktree")
    assert [(f["path"], f["score"]) for f in plain["files"]] == [
        (f["path"], f["score"]) for f in clean["files"]
    ]


@pytest.mark.slow
def test_scores_are_those_of_an_index_of_the_same_files(tree: Path, tmp_path: Path) -> None:
    (tree / "src" / "points.py").write_text(POINTS)
    (tree / "a_first.py").write_text("def pilgrim_pays():\n    grant()\n")
    (tree / "README.md").write_text("Carts, and loyalty points.\n")
    laid = answer(tree.parent.parent / "index", "--worktree", "--repo", "cart")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "zzz")
    fresh = answer(indexed(tmp_path / "again", tree.parent), "--repo", "cart")
    assert {f["path"] for f in laid["files"]} == {f["path"] for f in fresh["files"]}
    first = [(f["path"], f["symbols"]) for f in laid["files"][:2]]
    assert first == [(f["path"], f["symbols"]) for f in fresh["files"][:2]]


@pytest.mark.slow
def test_nothing_outside_the_tree_is_read(tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text(POINTS)
    (tree / "src" / "link.py").symlink_to(secret)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "points.py").write_text(POINTS)
    (tree / "linked").symlink_to(outside)
    (tree / "src" / "cart.py").unlink()
    (tree / "src" / "cart.py").symlink_to(secret)
    os.mkfifo(tree / "src" / "pipe.py")
    (tree / "src" / "large.py").write_text("x = 'pilgrim loyalty'\n" * 100_000)
    (tree / "src" / "inner").mkdir()
    make_repo(tree / "src" / "inner", [{"points.py": POINTS}], checkout=True)
    git(tree, "config", "core.fsmonitor", f"touch {tmp_path}/ran;")
    git(tree, "config", "filter.x.clean", f"touch {tmp_path}/ran;")
    (tree / ".gitattributes").write_text("*.py filter=x\n")
    found = answer(tree.parent.parent / "index", "--worktree")
    assert not any("pilgrim" in json.dumps(f) and f["path"] != "src/old.py" for f in found["files"])
    assert not (tmp_path / "ran").exists()
    for name in (b"../secret.py", b"linked/points.py", b"src/link.py", b"src/pipe.py", b"src", b"a//b", b""):
        with pytest.raises(OSError):
            read_inside(tree, name, 1000)
    assert read_inside(tree, b"src/large.py", 1000)[0] is None


@pytest.mark.slow
def test_what_cannot_be_asked_says_so(tree: Path, tmp_path: Path) -> None:
    index = tree.parent.parent / "index"
    both = run("locate", REPORT, "--worktree", "--at", "HEAD", index=index)
    assert both.code == 2 and "leave out --at or --worktree" in both.err
    bare = run("locate", REPORT, "--worktree", "--repo", "plain", index=index)
    assert bare.code == 2 and "no" in bare.err and "working tree" in bare.err
    (tree / ".git" / "index").write_bytes(b"DIRC" + b"\xff" * 100)
    assert any("working tree was not read" in n for n in answer(index, "--worktree")["notes"])


@pytest.mark.slow
def test_a_linked_working_tree_of_git_is_read_as_well(tree: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    subprocess.run(["git", "-C", str(tree), "worktree", "add", "-q", str(linked)], check=True)
    index = indexed(tmp_path / "other", linked)
    (linked / "src" / "points.py").write_text(POINTS)
    assert answer(index, "--worktree")["files"][0]["path"] == "src/points.py"
    git_dir = Path(Index.open(index).repos["linked"].git_dir)
    (git_dir / "gitdir").write_text(
        f"{tmp_path}/elsewhere/.git\n"
    )  # which does not say that it belongs there
    assert run("locate", REPORT, "--worktree", index=index).code == 2
