"""What an attack found in the indexer: paths, snapshots whose commits are gone, trees without end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bugatlas import command_line
from indexer import demo
from indexer.build import build
from indexer.git import git as plumbing
from indexer.git.git import Git
from indexer.sources.discover import discover
from indexer.sources.sources import known
from locator.locate import locate
from summaries.errors import RepositoryError
from summaries.index.index import Index


def git(repo, *args, data=b""):
    who = ["-c", "user.name=T", "-c", "user.email=t@shop.example"]
    done = subprocess.run(["git", "-C", str(repo), *who, *args], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(repo, path, text):
    (repo / path).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", f"Change {path}")


def run(*args):
    return CliRunner().invoke(command_line(), [str(a) for a in args])


@pytest.fixture
def repo(tmp_path):
    made = tmp_path / "orders"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    commit(made, "a.py", "def first():\n    return 1\n")
    git(made, "tag", "v1")
    return made


# Paths


@pytest.mark.slow
@pytest.mark.parametrize("option", ["before", "after"])
def test_a_relative_index_can_clone(repo, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    url = f"file://{repo}"
    asked = ["--index", "ix", "index", url] if option == "before" else ["index", url]
    if option == "after":
        monkeypatch.setenv("BUGATLAS_INDEX", "ix")
    done = run(*asked)
    assert done.exit_code == 0, done.output
    [k] = known(tmp_path / "ix").values()
    assert Path(k.git_dir).is_absolute()
    monkeypatch.chdir("/")
    commit(repo, "b.py", "def second():\n    return 2\n")
    done = run("--index", tmp_path / "ix", "index")
    assert done.exit_code == 0, done.output
    assert "b.py" in Index.open(tmp_path / "ix").view(k.name).paths


@pytest.mark.slow
def test_what_python_indexes_by_a_relative_path_holds_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = demo.build(Path("shop"))
    build(Path("ix"), discover(paths[0], Path("ix/clones")), workers=1)
    monkeypatch.chdir("/")
    done = run("--index", tmp_path / "ix", "index")
    assert done.exit_code == 0, done.output


@pytest.mark.slow
def test_a_demo_that_is_kept_can_be_indexed_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("demo", "--keep", "shop")
    assert done.exit_code == 0, done.output
    monkeypatch.chdir("/")
    done = run("--index", tmp_path / "shop" / "index", "index")
    assert done.exit_code == 0, done.output


# Snapshots whose commits are gone


def lose(repo, ref="v1"):
    """Rewrite history, delete a tag, collect garbage: the commit of the tag is gone."""
    git(repo, "checkout", "-q", "--orphan", "new")
    commit(repo, "c.py", "def third():\n    return 3\n")
    git(repo, "branch", "-qD", "main")
    git(repo, "branch", "-qm", "main")
    git(repo, "tag", "-d", ref)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")


def test_a_snapshot_whose_commit_is_gone_stays_and_blocks_nothing(repo, tmp_path):
    root = tmp_path / "ix"
    assert run("--index", root, "index", repo, "--at", "v1").exit_code == 0
    before = Index.open(root).view("orders", "v1").paths
    lose(repo)
    done = run("--index", root, "index")
    assert done.exit_code == 0, done.output
    assert "commit of v1 is gone" in done.output and "bugatlas forget orders --at v1" in done.output
    index = Index.open(root)
    assert "c.py" in index.view("orders").paths
    assert index.view("orders", "v1").paths == before
    assert "def first" in index.store("orders").text(index.view("orders", "v1").blob(0))
    commit(repo, "d.py", "x = 1\n")
    assert run("--index", root, "index").exit_code == 0
    assert Index.open(root).view("orders", "v1").paths == before
    assert locate(index, "first returns 1").files


def test_a_rebuild_says_what_it_cannot_make_again(repo, tmp_path):
    root = tmp_path / "ix"
    run("--index", root, "index", repo, "--at", "v1")
    lose(repo)
    done = run("--index", root, "index", "--rebuild")
    assert done.exit_code == 0, done.output
    assert "commit of v1 is gone, so the rebuilt index does not have it" in done.output
    assert Index.open(root).shard("orders").find("v1") is None


def test_a_snapshot_can_be_let_go(repo, tmp_path):
    root = tmp_path / "ix"
    commit(repo, "b.py", "x = 1\n")
    run("--index", root, "index", repo, "--at", "v1")
    for wrong, why in (
        (("orders", "v9"), "not held at v9"),
        (("orders", "HEAD"), "is the head"),
        (("no", "v1"), "not indexed"),
    ):
        done = run("--index", root, "forget", wrong[0], "--at", wrong[1])
        assert done.exit_code != 0 and why in str(done.exception)
    done = run("--index", root, "forget", "orders", "--at", "v1")
    assert done.exit_code == 0, done.output
    index = Index.open(root)
    assert index.shard("orders").find("v1") is None and set(index.view("orders").paths) == {"a.py", "b.py"}
    assert run("--index", root, "index").exit_code == 0
    assert Index.open(root).shard("orders").find("v1") is None


def test_a_head_whose_commit_is_gone_is_a_failure(repo, tmp_path):
    root = tmp_path / "ix"
    run("--index", root, "index", repo)
    head = git(repo, "rev-parse", "HEAD^{tree}")
    commit(repo, "e.py", "y = 2\n")
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    assert head != tree
    (repo / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    done = run("--index", root, "index")
    assert done.exit_code == 1 and "ls-tree failed" in done.output


# Trees without end


def bomb(repo, leaf, levels=10, width=10):
    """A few hundred bytes of trees that name each other."""
    below = leaf
    for _ in range(levels):
        rows = b"".join(f"40000 d{n}".encode() + b"\0" + bytes.fromhex(below) for n in range(width))
        below = git(repo, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", data=rows)
    return git(repo, "commit-tree", below, "-m", "Bomb")


@pytest.mark.slow
def test_a_tree_bomb_is_given_up(repo, monkeypatch):
    monkeypatch.setattr(plumbing, "MAX_ENTRIES", 20_000)
    sha = bomb(repo, git(repo, "rev-parse", "HEAD^{tree}"))
    began = time.monotonic()
    with Git(repo) as opened, pytest.raises(RepositoryError, match="20,000 files"):
        opened.tree(sha)
    assert time.monotonic() - began < 20


def test_a_tree_bomb_of_long_names_is_given_up(repo, monkeypatch):
    monkeypatch.setattr(plumbing, "MAX_TREE", 1 << 20)
    sha = bomb(repo, git(repo, "rev-parse", "HEAD^{tree}"))
    with Git(repo) as opened, pytest.raises(RepositoryError, match="1 MiB of names"):
        opened.tree(sha)


@pytest.mark.slow
def test_a_tree_bomb_of_nothing_is_given_up(repo, monkeypatch):
    monkeypatch.setattr(plumbing, "TREE_SECONDS", 1.0)
    empty = git(repo, "hash-object", "-t", "tree", "-w", "--stdin")
    sha = bomb(repo, empty)
    began = time.monotonic()
    with Git(repo) as opened, pytest.raises(RepositoryError):
        opened.tree(sha)
    assert time.monotonic() - began < 20


def test_a_large_tree_is_read_whole(repo):
    for n in range(300):
        (repo / f"{'long-' * 20}{n}.py").write_text(f"x = {n}\n")
    commit(repo, "z.py", "z = 1\n")
    with Git(repo) as opened:
        listed = git(repo, "ls-tree", "-r", "--name-only", "HEAD").split("\n")
        assert [e.path for e in opened.tree(git(repo, "rev-parse", "HEAD"))] == listed


# A doctor who does no harm


@pytest.mark.slow
def test_the_doctor_finds_nothing_wrong_with_an_attached_index(shop_index, tmp_path):
    from indexer.doctor.doctor import check
    from indexer.publish import publish
    from summaries.index.attached import attach

    url = str(tmp_path / "store")
    publish(shop_index, url)
    reader = tmp_path / "reader"
    attach(reader, url)
    assert check(reader) == []
    index = Index.open(reader)
    assert locate(index, "placing an order with a voucher fails").files
    assert check(reader) == [], "files have come by now"
    name = "shop-orders"
    shard = index.local_path(name, index.repos[name].shard)
    shard.chmod(0o600)
    shard.write_bytes(shard.read_bytes()[:-100])
    [found] = check(reader)
    assert found.where == name and "rm " in found.run and "index" not in found.run.replace(str(tmp_path), "")


NONSENSE = {  # statements that are none, each a little different: every one is an error that the parser tries to mend
    "lua": "''.join(f';; {n}\\n' for n in range(60_000))",
    "lua of one line": "''.join(f';;;x{n}' for n in range(60_000))",
    "lua of ends": "''.join('*/' * 20 + f'; {n}\\n' for n in range(9_000))",
    "shell": "''.join(random.Random(4).choice(['<<A', '(', '\\n', ';;', ' x']) for _ in range(200_000))",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_takes_neither_the_memory_nor_the_time(name: str) -> None:
    code = (
        "import random, re, resource; from indexer.parse.parse import parse\n"
        f"facts = parse('x', {NONSENSE[name]}, {name.split()[0]!r})\n"
        "most = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"  # ru_maxrss begins with the parent's
        "print(int(most) // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_utime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 400
    assert seconds < 20
