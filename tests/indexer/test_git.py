"""Git plumbing on real repositories, most of them hostile."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kits.git import HOUR, START, Link, Module, commit, git, loose, make_repo

from indexer.git.git import Git, shown, text_of_path
from indexer.git.history import history
from indexer.git.sandbox import git_dir_of
from summaries.errors import RepositoryError, SnapshotMissing


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Five commits an hour apart, a side branch, two tags."""
    path = tmp_path_factory.mktemp("git") / "shop"
    shas = make_repo(
        path,
        [
            commit({"a.py": "a = 1\n"}, tag="v1.0"),
            {"b.py": "b = 1\n"},
            commit({"side.py": "s = 1\n"}, parents=(0,), branch="side"),
            commit({}, "Merge side", parents=(1, 2)),
            commit({"a.py": "a = 2\n"}, tag="2024-01-01"),
        ],
    )
    return path, shas


def test_hashes_are_the_same_every_time(shop: tuple[Path, list[str]]) -> None:
    assert shop[1][0] == "980baf09dfb21125f7e3bf338031e4ef7d9b865e"


@pytest.mark.parametrize(
    ("at", "index"),
    [
        (None, 4),
        ("", 4),
        ("HEAD", 4),
        ("main", 4),
        ("refs/heads/main", 4),
        ("v1.0", 0),
        ("side", 2),
        ("HEAD~1", 3),
        ("HEAD~1^2", 2),
        ("2024-01-01", 4),  # a tag of that name, not the date
    ],
)
def test_references(shop: tuple[Path, list[str]], at: str | None, index: int) -> None:
    path, shas = shop
    with Git(path) as repo:
        assert repo.resolve(at) == (shas[index], START + HOUR * index, at or "HEAD")


def test_commits_by_prefix(shop: tuple[Path, list[str]]) -> None:
    path, shas = shop
    with Git(path) as repo:
        for sha in shas:
            for length in (8, 12, 39, 40):
                assert repo.resolve(sha[:length])[0] == sha
            assert repo.resolve(sha.upper())[0] == sha


def test_a_prefix_of_several_commits_says_so(tmp_path: Path) -> None:
    shas: dict[str, str] = {}
    steps = []
    while True:  # the same every run: hashes depend on nothing else
        steps += [commit({}, f"Try {len(steps) + n}") for n in range(100)]
        path = tmp_path / str(len(steps))
        made = make_repo(path, steps)
        shas = {}
        twin = next((sha for sha in made if shas.setdefault(sha[:4], sha) != sha), None)
        if twin:
            break
    with Git(path) as repo, pytest.raises(SnapshotMissing, match="several"):
        repo.resolve(twin[:4])


@pytest.mark.parametrize(
    ("date", "index"),
    [
        ("2023-11-14T22:13:21Z", 0),
        ("2023-11-14T23:13:20Z", 0),  # strictly before
        ("2023-11-14T23:13:21Z", 1),
        ("2023-11-15", 1),  # midnight, UTC
        ("2023-11-15 00:30", 1),  # the side branch's commit of 00:13 isn't on HEAD's first-parent line
        ("2023-11-15T02:30:00+01:00", 3),
        ("2023-11-15T01:13:20.5", 3),
        ("2199-01-01", 4),
    ],
)
def test_dates(shop: tuple[Path, list[str]], date: str, index: int) -> None:
    path, shas = shop
    with Git(path) as repo:
        assert repo.resolve(date) == (shas[index], START + HOUR * index, date)


@pytest.mark.parametrize("date", ["2023-11-14", "2023-11-14T22:13:20Z", "1960-01-01", "0001-01-01"])
def test_dates_before_the_first_commit(shop: tuple[Path, list[str]], date: str) -> None:
    with Git(shop[0]) as repo, pytest.raises(SnapshotMissing, match="no commit before"):
        repo.resolve(date)


@pytest.mark.parametrize("date", ["2023-13-01", "2023-02-30", "2023-01-01T25:00", "2023-01-01T10:00foo"])
def test_impossible_dates(shop: tuple[Path, list[str]], date: str) -> None:
    with Git(shop[0]) as repo, pytest.raises(SnapshotMissing, match="not a date"):
        repo.resolve(date)


def test_dates_with_skewed_clocks(tmp_path: Path) -> None:
    """A commit whose clock ran ahead, and one far behind, hide nothing on either side of them."""
    times = [1000, 9_000_000, 2000, 50, 3000]
    shas = make_repo(tmp_path, [commit({"a": str(t)}, time=START + t) for t in times])
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    with Git(tmp_path) as repo:
        for when in (51, 60, 1001, 2001, 2500, 3001, 10_000_000):
            newest = next(i for i in reversed(range(5)) if times[i] < when)
            assert repo.resolve(time.strftime(stamp, time.gmtime(START + when)))[0] == shas[newest]


@pytest.mark.parametrize(
    "at",
    ["nope", "v1", "abc", "--output=x", "-1", "main..side", "main:a.py", ":/Commit", "main^{/Commit}",
     "@{-1}", "main --all", "a\nb", "\0", "0" * 40, "é", "x" * 5000, "\udcff", "HEAD~99",
     "../../etc/passwd", "*", "^main"],
)  # fmt: skip
def test_what_is_no_reference(shop: tuple[Path, list[str]], at: str) -> None:
    with Git(shop[0]) as repo, pytest.raises(SnapshotMissing) as caught:
        repo.resolve(at)
    assert caught.value.hint
    assert str(caught.value).isprintable()
    assert sorted(path.name for path in shop[0].iterdir()) == [".git"]


@pytest.mark.slow
@given(st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_text_is_a_reference_or_an_error(shop: tuple[Path, list[str]], at: str) -> None:
    with Git(shop[0]) as repo:
        try:
            assert repo.resolve(at)[0] in shop[1]
        except SnapshotMissing as error:
            assert "\n" not in str(error)


def test_branches_of_origin(tmp_path: Path, shop: tuple[Path, list[str]]) -> None:
    git(tmp_path, "clone", "-q", str(shop[0]), "copy")
    with Git(tmp_path / "copy") as repo:
        assert repo.resolve("side")[0] == shop[1][2]


def test_trees(tmp_path: Path) -> None:
    files = {
        b"src/a.py": b"x",
        b"l": Link("src"),
        b"m": Module("1" * 40),
        b"n\nl.py": b"",
        b"bad\xff\xfe.py": b"yy",
    }
    (sha,) = make_repo(tmp_path, [files])
    with Git(tmp_path) as repo:
        tree = {entry.path: entry for entry in repo.tree(sha)}
    assert set(tree) == {"src/a.py", "l", "m", "n\nl.py", "bad\\xff\\xfe.py"}
    assert [tree[p].mode for p in ("src/a.py", "l", "m")] == ["100644", "120000", "160000"]
    assert [tree[p].type for p in ("src/a.py", "l", "m")] == ["blob", "blob", "commit"]
    assert [tree[p].size for p in ("src/a.py", "n\nl.py", "bad\\xff\\xfe.py", "m")] == [1, 0, 2, -1]


def test_a_loop_of_links_is_two_links(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path, [{"a": Link("b"), "b": Link("a"), "here": Link(".")}])
    with Git(tmp_path) as repo:
        assert [entry.mode for entry in repo.tree(sha)] == ["120000"] * 3


def test_blobs_in_order_with_any_content(tmp_path: Path) -> None:
    contents = [b"", b"\n", b"\0\xff" * 9, b"x missing\n", b"y" * 300_000, b"no end"]
    (sha,) = make_repo(tmp_path, [{f"f{i}": data for i, data in enumerate(contents)}])
    with Git(tmp_path) as repo:
        names = [entry.blob for entry in repo.tree(sha)]
        asked = [*names, "f" * 40, sha, *reversed(names)]
        assert list(repo.blobs(asked)) == list(
            zip(asked, [*contents, None, None, *reversed(contents)], strict=True)
        )
        assert list(repo.blobs([])) == []
        assert next(iter(repo.blobs(names * 5000))) == (names[0], b"")  # left early, with much to say yet
        for text in ("HEAD", "f" * 39, "f" * 40 + "\n", "--batch-all-objects"):
            with pytest.raises(ValueError, match="object name"):
                list(repo.blobs([text]))


def test_a_missing_blob(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path, [{"a": "1", "b": "2", "c": "3"}])
    with Git(tmp_path) as repo:
        a, b, c = (entry.blob for entry in repo.tree(sha))
        loose(tmp_path, b).unlink()
        assert [entry.size for entry in repo.tree(sha)] == [1, -1, 1]
        assert list(repo.blobs([a, b, c])) == [(a, b"1"), (b, None), (c, b"3")]


def test_damaged_blobs(tmp_path: Path) -> None:
    """Loose objects that are no zlib, a truncated one, one that inflates to something else."""
    contents = {name: os.urandom(9000) for name in "abcde"}
    (sha,) = make_repo(tmp_path, [contents])
    with Git(tmp_path) as repo:
        a, b, c, d, e = (entry.blob for entry in repo.tree(sha))
        loose(tmp_path, b).write_bytes(b"not zlib")
        loose(tmp_path, c).write_bytes(loose(tmp_path, c).read_bytes()[:4000])
        loose(tmp_path, d).write_bytes(b"")
        found = dict(repo.blobs([a, b, c, d, e]))
        assert found == {a: contents["a"], b: None, c: None, d: None, e: contents["e"]}


def test_a_damaged_pack_is_an_error_that_names_the_repository(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path / "broken", [{"a": "1" * 9999, "b": "2"}])
    git(tmp_path / "broken", "repack", "-adq")
    for pack in (tmp_path / "broken" / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"PACK\0\0\0\2" + b"\xff" * (pack.stat().st_size - 8))
    with Git(tmp_path / "broken") as repo:
        for ask in (repo.resolve, lambda: repo.tree(sha), lambda: history(repo, [sha])):
            with pytest.raises(RepositoryError, match="broken"):
                ask()


def test_no_commits(tmp_path: Path) -> None:
    make_repo(tmp_path)
    with Git(tmp_path) as repo:
        for at in (None, "main", "2024-01-01", "abcd"):
            with pytest.raises(RepositoryError, match="no commits yet"):
                repo.resolve(at)


def test_head_names_a_branch_that_is_not_there(tmp_path: Path) -> None:
    shas = make_repo(
        tmp_path, [commit({"a": "1"}, branch="dev"), commit({"b": "1"}, parents=(), branch="old")]
    )
    with Git(tmp_path) as repo:
        assert repo.resolve()[0] == shas[1]  # the newest
    git(tmp_path, "branch", "trunk", shas[0])
    with Git(tmp_path) as repo:
        assert repo.resolve() == (shas[0], START, "HEAD")  # a usual name
        assert repo.resolve("2024-01-01")[0] == shas[0]


def test_a_detached_head(tmp_path: Path) -> None:
    shas = make_repo(tmp_path, [{"a": "1"}, {"a": "2"}])
    git(tmp_path, "update-ref", "--no-deref", "HEAD", shas[0])
    with Git(tmp_path) as repo:
        assert repo.resolve()[0] == shas[0]


def test_a_linked_worktree(tmp_path: Path) -> None:
    shas = make_repo(tmp_path / "main", [{"a": "1"}, commit({"a": "2"}, branch="fix")], checkout=True)
    git(tmp_path / "main", "worktree", "add", "-q", str(tmp_path / "linked"), "fix")
    with Git(tmp_path / "linked") as repo:
        assert repo.resolve()[0] == shas[1]
        assert repo.resolve("main")[0] == shas[0]
        assert len(repo.tree(shas[0])) == 1


def test_a_bare_folder_without_configuration(tmp_path: Path, shop: tuple[Path, list[str]]) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(shop[0]), "bare")
    bare = tmp_path / "bare"
    git(bare, "pack-refs", "--all")
    for name in ("config", "description"):
        (bare / name).unlink(missing_ok=True)
    with Git(bare) as repo:
        assert repo.resolve("v1.0")[0] == shop[1][0]
        assert repo.origin() == ""


def test_a_shallow_clone(tmp_path: Path, shop: tuple[Path, list[str]]) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{shop[0]}", "copy")
    with Git(tmp_path / "copy") as repo, Git(shop[0]) as whole:
        assert (repo.shallow, whole.shallow) == (True, False)
        assert repo.shallow_edge() == {shop[1][4]}
        assert repo.resolve()[0] == shop[1][4]
        with pytest.raises(SnapshotMissing):
            repo.resolve("HEAD~1")


def test_sha256(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "--initial-branch=main")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "One")
    with Git(tmp_path) as repo:
        sha, _, _ = repo.resolve()
        assert len(sha) == 64
        assert [data for _, data in repo.blobs(e.blob for e in repo.tree(sha))] == [b"1"]


@pytest.mark.parametrize("where", ["nothing here", "file", "\0", "x" * 999, "half"])
def test_what_is_no_repository(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "half" / ".git" / "objects").mkdir(parents=True)
    with pytest.raises(RepositoryError, match="not a git repository") as caught:
        Git(tmp_path / where)
    assert str(caught.value).isprintable()


def test_a_git_file_that_points_nowhere_or_to_itself(tmp_path: Path) -> None:
    for text in (b"gitdir: .", b"gitdir: /nowhere", b"\xff\xfe\0", b"", b"gitdir: " + b"x" * 9999):
        (tmp_path / ".git").write_bytes(text)
        assert git_dir_of(tmp_path) is None


TRAP = """
[core]
    fsmonitor = "{run}"
    hooksPath = "{hooks}"
    sshCommand = "{run}"
    pager = "{run}"
    editor = "{run}"
    gitProxy = "{run}"
    alternateRefsCommand = "{run}"
    attributesFile = "{attributes}"
[extensions]
    partialClone = origin
[remote "origin"]
    url = "ext::{run}"
    promisor = true
    partialclonefilter = blob:none
    uploadpack = "{run}"
    vcs = "{run}"
[uploadpack]
    packObjectsHook = "{run}"
[diff]
    external = "{run}"
    orderFile = /nowhere
[diff "trap"]
    textconv = "{run}"
    command = "{run}"
[filter "trap"]
    clean = "{run}"
    smudge = "{run}"
    process = "{run}"
    required = true
[log]
    showSignature = true
[gpg]
    program = "{run}"
[gpg "ssh"]
    program = "{run}"
[credential]
    helper = "!{run}"
[pager]
    log = "{run}"
[alias]
    log = "!{run}"
    ls-tree = "!{run}"
[include]
    path = /dev/zero
[safe]
    directory = /nowhere
"""


def test_nothing_that_a_repository_configures_ever_runs(tmp_path: Path) -> None:
    path, marker = tmp_path / "trap", tmp_path / "it ran"
    shas = make_repo(
        path,
        [
            {".gitattributes": "* filter=trap diff=trap\n", "a.py": "a = 1\n", "gone.bin": "big\n"},
            {"a.py": "a = 2\n"},
        ],
    )
    signed = git(path, "cat-file", "commit", shas[1]).replace(
        b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n\n", 1
    )
    head = git(path, "hash-object", "-t", "commit", "-w", "--stdin", data=signed).decode().strip()
    git(path, "update-ref", "refs/heads/main", head)
    blob = git(path, "rev-parse", "HEAD:gone.bin").decode().strip()
    loose(path, blob).unlink()
    git(path, "update-ref", f"refs/replace/{head}", shas[0])  # would show another commit

    script = tmp_path / "run.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> "{marker}"\nexit 1\n')
    script.chmod(0o755)
    hooks = path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "fsmonitor-watchman",
        "post-index-change",
    ):
        (hooks / name).write_text(script.read_text())
        (hooks / name).chmod(0o755)
    attributes = path / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* filter=trap diff=trap\n")
    (path / ".git" / "info" / "grafts").write_text(f"{head}\n")  # would cut history off
    config = path / ".git" / "config"
    config.write_text(config.read_text() + TRAP.format(run=script, hooks=hooks, attributes=attributes))

    with Git(path) as repo:
        assert repo.resolve() == (head, START + HOUR, "HEAD")
        tree = repo.tree(head)
        assert {entry.path: entry.size for entry in tree} == {".gitattributes": 24, "a.py": 6, "gone.bin": -1}
        assert dict(repo.blobs(entry.blob for entry in tree))[blob] is None
        assert [commit.sha for commit in history(repo, [head])] == [shas[0], head]
        assert repo.origin() == f"ext::{script}"
    assert not marker.exists()


def test_the_trap_is_one(tmp_path: Path) -> None:
    """Plain git does run what the configuration says: the test above would notice."""
    make_repo(tmp_path / "trap", [{"a.py": "a = 1\n"}], checkout=True)
    marker, script = tmp_path / "it ran", tmp_path / "run.sh"
    script.write_text(f'#!/bin/sh\necho ran >> "{marker}"\nexit 1\n')
    script.chmod(0o755)
    git(tmp_path / "trap", "config", "core.fsmonitor", str(script))
    git(tmp_path / "trap", "status")
    assert marker.exists()


def test_the_callers_environment_steers_nothing(
    tmp_path: Path, shop: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    with Git(shop[0]) as repo:
        assert repo.resolve()[0] == shop[1][4]
    assert not (tmp_path / "trace").exists()


def test_a_repository_of_somebody_else(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    (sha,) = make_repo(tmp_path / "theirs", [{"a": "1"}])
    for path in [tmp_path / "theirs", *(tmp_path / "theirs").rglob("*")]:
        os.chown(path, 12345, 12345)
    with Git(tmp_path / "theirs") as repo:
        assert repo.resolve()[0] == sha


def test_nothing_is_written_to_the_repository(shop: tuple[Path, list[str]]) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in shop[0].rglob("*"))

    before = state()
    with Git(shop[0]) as repo:
        sha, _, _ = repo.resolve("2023-11-15")
        list(repo.blobs(entry.blob for entry in repo.tree(sha)))
        history(repo, [sha])
    assert state() == before


def test_the_mask_goes(shop: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Git(shop[0]) as repo:
        assert len(list(tmp_path.iterdir())) == 1
        repo.resolve()
    assert list(tmp_path.iterdir()) == []
    assert (shop[0] / ".git" / "objects").is_dir()


def test_failures_say_what_git_said(shop: tuple[Path, list[str]]) -> None:
    with Git(shop[0]) as repo:
        with pytest.raises(RepositoryError, match=r"shop/\.git: git cat-file failed: .*valid object name"):
            repo.run("cat-file", "blob", "nope")
        with pytest.raises(RepositoryError, match="shop"), repo.stream("log", "nope") as out:
            out.read()


@given(st.binary(max_size=60))
def test_paths_are_text_that_can_be_encoded(path: bytes) -> None:
    text = text_of_path(path)
    text.encode("utf-8")
    try:
        assert text == path.decode("utf-8")
    except UnicodeDecodeError:
        assert "\\x" in text


@given(st.text())
def test_shown_text_is_one_short_line(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 300
    shown(text).encode()
