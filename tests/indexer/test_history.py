"""Commits of real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.git import HOUR, START, Made, Module, commit, git, make_repo

from indexer.git.git import Git
from indexer.git.history import MAX_MESSAGE, MAX_PATHS, _renames, history
from summaries.dates import LAST
from summaries.errors import RepositoryError
from summaries.types import Commit


def read(path: Path, commits: list[Made]) -> list[Commit]:
    shas = make_repo(path, commits)
    with Git(path) as repo:
        return history(repo, shas)


def test_all_commits_parents_first(tmp_path: Path) -> None:
    shas = make_repo(
        tmp_path,
        [
            commit({"a": "1"}, "First\n\nWith a body.\n", authored=START - 5),
            commit({"a": "2"}, "Second"),
            commit({"b": "1"}, "Side", parents=(0,), branch="side"),
            commit({"c": "1"}, "Merge", parents=(1, 2)),
            commit({"a": None}, "After"),
        ],
    )
    with Git(tmp_path) as repo:
        commits = history(repo, [shas[4]])
        assert history(repo, [shas[4], shas[2], shas[4]]) == commits
        assert [c.sha for c in history(repo, [shas[2]])] == [shas[0], shas[2]]
        assert history(repo, []) == []
    order = [c.sha for c in commits]
    assert sorted(order) == sorted(shas)
    assert all(order.index(p) < order.index(c.sha) for c in commits for p in c.parents)
    by_sha = {c.sha: c for c in commits}
    assert by_sha[shas[0]] == Commit(
        shas[0], START, (), "First\n\nWith a body.", paths=("a",), authored=START - 5, author="Ada"
    )
    assert by_sha[shas[3]].parents == (shas[1], shas[2])
    assert by_sha[shas[3]].paths == ()  # a merge
    assert by_sha[shas[4]].paths == ("a",)
    assert [by_sha[sha].time for sha in shas] == [START + HOUR * i for i in range(5)]


def test_only_what_is_not_known(tmp_path: Path) -> None:
    shas = make_repo(tmp_path, [commit({"a": str(i)}, f"Number {i}") for i in range(6)])
    with Git(tmp_path) as repo:
        whole = history(repo, [shas[5]])
        for known in range(7):
            assert history(repo, [shas[5]], {c.sha for c in whole[:known]}) == whole[known:]


@pytest.mark.parametrize(
    "message",
    [
        b":100644 100644 aaaa bbbb M",
        b"\n:100644\n",
        b"0" * 40 + b"\n" + b"1" * 40,
        b"\x1e\x1f\x01 %H%x00",
        b"caf\xe9 \xff\xfe",
        "Füße 日本".encode(),
        b"- " * 9000,
        b" ",
    ],
)
def test_any_message(tmp_path: Path, message: bytes) -> None:
    before, odd, after = read(
        tmp_path, [commit({"a": "1"}), commit({"a": "2", "b": "1"}, message), commit({"b": "2"})]
    )
    assert odd.message == message.decode("utf-8", "replace").strip()[:MAX_MESSAGE]
    assert (before.paths, odd.paths, after.paths) == (("a",), ("a", "b"), ("b",))


def test_a_message_in_another_encoding(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path, [{"a": "1"}])
    raw = git(tmp_path, "cat-file", "commit", sha)
    raw = raw.partition(b"\n\n")[0] + b"\nencoding ISO-8859-1\n\ncaf\xe9\n"
    other = git(tmp_path, "hash-object", "-t", "commit", "-w", "--stdin", data=raw).decode().strip()
    with Git(tmp_path) as repo:
        assert history(repo, [other])[0].message == "café"


def test_commits_that_no_git_would_write(tmp_path: Path) -> None:
    """Times that are no times, no message, a NUL in the message."""
    (sha,) = make_repo(tmp_path, [{"a": "1"}])
    tree = git(tmp_path, "rev-parse", f"{sha}^{{tree}}").decode().strip()
    odd = []
    for who, rest in [
        ("A <a@b> 99999999999999999999 +0000", "\n\nx"),
        ("A <a@b> -5 +0000", "\n\nx"),
        ("A <a@b>", "\n\nx"),
        ("", "\n\nx"),
        ("A <a@b> 5 +0000", "\n\n"),
        ("A <a@b> 5 +0000", "\n\nx\0:100644 100644 a b M\0y\0"),
    ]:
        raw = f"tree {tree}\nauthor {who}\ncommitter {who}{rest}".encode()
        asked = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
        odd.append(git(tmp_path, *asked, data=raw).decode().strip())
    with Git(tmp_path) as repo:
        for tip in odd:
            (found,) = history(repo, [tip])
            assert (found.sha, found.paths) == (tip, ("a",))
            assert 0 <= found.time <= LAST
            assert found.message in ("x", "")
        assert len(history(repo, [sha, *odd])) == 7


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\0", b"")), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_messages_never_become_structure(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]
) -> None:
    steps = [commit({f"f{i}": "1"}, message) for i, message in enumerate(messages)]
    commits = read(tmp_path_factory.mktemp("any"), steps)
    assert [c.paths for c in commits] == [(f"f{i}",) for i in range(len(messages))]


def test_odd_paths(tmp_path: Path) -> None:
    names = [b":100644 x", b"a\nb", b"\xff", b"tab\there", "日本".encode(), b'"q"']
    first, second = read(
        tmp_path, [commit(dict.fromkeys(names, b"1")), commit({"m": Module("1" * 40), "a\nb": "2"})]
    )
    assert set(first.paths) == {":100644 x", "a\nb", "\\xff", "tab\there", "日本", '"q"'}
    assert second.paths == ("a\nb", "m")


def test_a_sweeping_commit_has_no_paths(tmp_path: Path) -> None:
    files = {f"src/f{i}.py": f"{i}\n" for i in range(MAX_PATHS)}
    moved = {f"lib/f{i}.py": f"{i}\n" for i in range(MAX_PATHS)}
    first, second, third = read(
        tmp_path, [commit(files), commit({"one more": "1"}), commit(moved | dict.fromkeys(files))]
    )
    assert len(first.paths) == MAX_PATHS
    assert second.paths == ("one more",)
    assert third.paths == ()
    assert set(third.renames) == {(f"src/f{i}.py", f"lib/f{i}.py") for i in range(MAX_PATHS)}


def test_renames(tmp_path: Path) -> None:
    _, moved = read(
        tmp_path,
        [
            commit(
                {
                    "a/one.py": "1\n",
                    "a/two.py": "2\n",
                    "a/b/__init__.py": "",
                    "a/c/__init__.py": "",
                    "x": "old",
                }
            ),
            commit(
                {
                    "a/one.py": None,
                    "a/uno.py": "1\n",  # same content
                    "a/two.py": None,
                    "z/two.py": "2\n\n",  # same name
                    "a/b/__init__.py": None,
                    "q/b/__init__.py": "",  # same content and folder
                    "a/c/__init__.py": None,
                    "q/c/__init__.py": "",
                    "x": None,
                    "y": "new",  # nothing in common
                }
            ),
        ],
    )
    assert set(moved.renames) == {
        ("a/one.py", "a/uno.py"),
        ("a/two.py", "z/two.py"),
        ("a/b/__init__.py", "q/b/__init__.py"),
        ("a/c/__init__.py", "q/c/__init__.py"),
    }


EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize(
    ("deleted", "added", "pairs"),
    [
        ([("a/x.py", "1"), ("b/x.py", "2")], [("c/x.py", "3")], []),  # which of the two?
        ([("a/x.py", "1")], [("b/x.py", "3"), ("c/x.py", "4")], []),
        ([("a", EMPTY)], [("b", EMPTY)], []),  # two empty files have nothing in common
        ([("a/m.py", EMPTY)], [("b/m.py", EMPTY)], [("a/m.py", "b/m.py")]),
        ([("a", "1"), ("b", "1")], [("c", "1")], []),
        ([("p/a", "1"), ("p/b", "1")], [("q/a", "1"), ("q/b", "1")], [("p/a", "q/a"), ("p/b", "q/b")]),
        ([("x/a", "1"), ("y/b", "2")], [("x/b", "1"), ("y/a", "3")], [("x/a", "x/b")]),  # content before name
        ([], [("a", "1")], []),
    ],
)
def test_which_renames(
    deleted: list[tuple[str, str]], added: list[tuple[str, str]], pairs: list[tuple[str, str]]
) -> None:
    assert _renames(deleted, added) == pairs


CHANGES = st.lists(
    st.tuples(st.sampled_from(["a/x", "b/x", "a/y", "c/d/y", "z"]), st.sampled_from("123")),
    unique_by=lambda c: c[0],
)


@given(CHANGES, CHANGES)
def test_a_file_is_renamed_once(deleted: list[tuple[str, str]], added: list[tuple[str, str]]) -> None:
    pairs = _renames(deleted, added)
    old, new = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert len(set(old)) == len(old) and set(old) <= {path for path, _ in deleted}
    assert len(set(new)) == len(new) and set(new) <= {path for path, _ in added}


def test_a_shallow_clone_says_nothing_about_its_edge(tmp_path: Path) -> None:
    shas = make_repo(tmp_path / "whole", [{"a": "1", "b": "1"}, {"a": "2"}, {"a": "3"}])
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{tmp_path / 'whole'}", "copy")
    with Git(tmp_path / "copy") as repo:
        edge, head = history(repo, [shas[2]])
    assert (edge.sha, edge.parents, edge.paths) == (shas[1], (), ())
    assert (head.sha, head.parents, head.paths) == (shas[2], (shas[1],), ("a",))


def test_blobs_need_not_be_here(tmp_path: Path) -> None:
    shas = make_repo(tmp_path / "whole", [{"a": "1"}, {"a": "2"}])
    git(tmp_path / "whole", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{tmp_path / 'whole'}", "copy")
    with Git(tmp_path / "copy") as repo:
        assert [c.paths for c in history(repo, [shas[1]])] == [("a",), ("a",)]
        ((_, data),) = repo.blobs(entry.blob for entry in repo.tree(shas[1]))
        assert data is None  # and nothing was fetched


def test_a_commit_that_is_not_here(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop", [{"a": "1"}])
    with Git(tmp_path / "shop") as repo, pytest.raises(RepositoryError, match="shop"):
        history(repo, ["1" * 40])
