"""Repositories in folders, in lists and behind URLs. Clones go over real transports: file, http and git."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.git import START, commit, git, make_repo
from kits.paths import ROOT

from indexer.git.clones import clean, parsed, public
from indexer.git.git import Git
from indexer.sources.discover import Listed, Source, discover, discover_all, read_list
from summaries.errors import RepositoryError, UsageError
from summaries.index.index import slug


def names(sources: list[Source]) -> list[str]:
    return [source.name for source in sources]


def test_one_repository_however_it_is_named(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop", [{"a": "1"}])
    make_repo(tmp_path / "pay.git", [{"a": "1"}], bare=True)
    for target in ("shop", "shop/.git", "shop/"):
        (source,) = discover(tmp_path / target, tmp_path / "clones")
        assert source == Source("shop", (tmp_path / "shop" / ".git").resolve())
    assert discover(tmp_path / "pay.git", tmp_path / "clones")[0].name == "pay"
    assert not (tmp_path / "clones").exists()


def test_a_folder_of_many(tmp_path: Path) -> None:
    root = tmp_path / "work"
    make_repo(root / "web", [{"a": "1"}], checkout=True)
    make_repo(root / "web" / "inner", [{"a": "1"}])  # within a repository
    make_repo(root / "team" / "api.git", [{"a": "1"}], bare=True)
    make_repo(root / "empty")
    make_repo(root / "1/2/3/4/5/deep", [{"a": "1"}])
    make_repo(root / "1/2/3/4/5/6/deeper", [{"a": "1"}])
    make_repo(root / ".cache" / "hidden", [{"a": "1"}])
    make_repo(tmp_path / "elsewhere", [{"a": "1"}])
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    (root / "team" / "up").symlink_to("..")
    (root / "a file").write_text("")
    assert names(discover(root, tmp_path)) == ["api", "deep", "empty", "web"]


def test_worktrees_of_a_repository_count_once(tmp_path: Path) -> None:
    make_repo(tmp_path / "z-main", [{"a": "1"}, commit({"a": "2"}, branch="fix")], checkout=True)
    git(tmp_path / "z-main", "worktree", "add", "-q", str(tmp_path / "a-linked"), "fix")
    assert [source.path for source in discover(tmp_path, tmp_path)] == [tmp_path / "z-main" / ".git"]
    (linked,) = discover(tmp_path / "a-linked", tmp_path)
    assert linked.name == "a-linked"
    with Git(linked.path) as repo:
        assert repo.resolve()[1] == START + 3600


def test_names(tmp_path: Path) -> None:
    make_repo(tmp_path / "a/shop", [{"a": "1"}])
    make_repo(tmp_path / "b/Shop.git", [{"a": "1"}], bare=True)  # one folder on some file systems
    make_repo(tmp_path / "b/web", [{"a": "1"}], origin="https://tok:en@example.org/team/front.git")
    make_repo(tmp_path / "c/one", [{"a": "1"}], origin="git@example.org:team/same.git")
    make_repo(tmp_path / "c/two", [{"a": "1"}], origin="ssh://git@example.com/team/same")
    make_repo(tmp_path / "c/three", [{"a": "1"}], origin="https://example.org/x/nested/deep.git/")
    make_repo(tmp_path / "c/four", [{"a": "1"}], origin="../b/web")
    make_repo(tmp_path / "acme+pay/repo", [{"a": "1"}])
    make_repo(tmp_path / "acme+ship/repo", [{"a": "1"}])
    make_repo(tmp_path / "d/we ird\n\x1b[31m", [{"a": "1"}])
    found = discover(tmp_path, tmp_path)
    assert set(names(found)) == {
        "a/shop",
        "b/Shop",
        "team/front",
        "example.org/team/same",
        "example.com/team/same",
        "nested/deep",
        "four",
        "acme+pay",
        "acme+ship",
        "we-ird-31m",
    }
    urls = {source.name: source.url for source in found}
    assert urls["team/front"] == "https://example.org/team/front.git"
    assert urls["four"] == ""


def test_two_clones_of_one_url_go_by_their_folders(tmp_path: Path) -> None:
    for name in ("x", "y"):
        make_repo(tmp_path / name, [{"a": "1"}], origin="https://example.org/team/front")
    assert names(discover(tmp_path, tmp_path)) == ["x", "y"]


def test_an_origin_that_lies(tmp_path: Path) -> None:
    for i, origin in enumerate(
        ["https://h/../../../etc", "ext::sh -c x", "https://h/\x1b[2J/..", "-x", "h:../.."]
    ):
        make_repo(tmp_path / f"r{i}", [{"a": "1"}], origin=origin)
    for source in discover(tmp_path, tmp_path):
        assert ".." not in source.name.split("/")
        assert source.name.isprintable()


@given(st.lists(st.text(max_size=20), max_size=5))
def test_names_are_safe(parts: list[str]) -> None:
    name = clean(parts)
    assert name and name.isprintable() and " " not in name
    assert not {"", ".", ".."} & set(name.split("/"))
    assert "/" not in slug(name) and slug(name).strip(".")


def test_broken_repositories_stop_nobody(tmp_path: Path) -> None:
    make_repo(tmp_path / "good", [{"a": "1"}])
    make_repo(tmp_path / "broken", [{"a": "1"}])
    (tmp_path / "broken/.git/config").write_bytes(b"[core\n\xff = \0")
    (tmp_path / "broken/.git/HEAD").write_bytes(b"\xff\0")
    (tmp_path / "fake/.git").mkdir(parents=True)
    (tmp_path / "loop").symlink_to("loop")
    for i, common in enumerate((b"../loop", b"\0", b"/nowhere", b"\xff" * 5000)):
        (tmp_path / f"linked{i}").mkdir()
        (tmp_path / f"linked{i}/HEAD").write_text("ref: refs/heads/main\n")
        (tmp_path / f"linked{i}/commondir").write_bytes(common)
    assert names(discover(tmp_path, tmp_path)) == ["broken", "good", *(f"linked{i}" for i in range(4))]
    for i in range(4):
        with pytest.raises(RepositoryError, match=f"linked{i}"), Git(tmp_path / f"linked{i}") as repo:
            repo.resolve()
    with Git(tmp_path / "broken") as repo, pytest.raises(RepositoryError, match="broken"):
        repo.resolve()


@pytest.mark.parametrize(
    "target", ["nowhere", "empty", "file", "-x", "--upload-pack=touch x", "x" * 5000, "\0"]
)
def test_nothing_there(tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryError) as caught:
        discover(target, tmp_path / "clones")
    assert str(caught.value).isprintable()
    assert caught.value.hint


def test_a_list_is_told_how_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("https://git.example.org/acme/orders\n")
    with pytest.raises(RepositoryError, match=r"no git repository in .*list\.txt") as caught:
        discover(str(tmp_path / "list.txt"), tmp_path / "clones")
    assert caught.value.hint == "a list of repositories is given as --from FILE"


def test_a_folder_within_a_repository_is_not_one(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop", [{"src/a": "1"}], checkout=True)
    with pytest.raises(RepositoryError, match=f"it lies in one: {tmp_path}/shop"):
        discover(tmp_path / "shop" / "src", tmp_path)


# Lists


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "repos.txt"
    path.write_text(
        "\ufeff# all of ours\n\nshop\n../pay name=acme/pay branch=v2 # the old one\n"
        '"with space" name=spaced\n  https://example.org/a/b#frag  branch=main\ngit@example.org:a/b\n',
        encoding="utf-8",
    )
    assert read_list(path) == [
        Listed(f"{tmp_path}/shop", line=3),
        Listed(f"{tmp_path}/../pay", "acme/pay", "v2", 4),
        Listed(f"{tmp_path}/with space", "spaced", line=5),
        Listed("https://example.org/a/b#frag", branch="main", line=6),
        Listed("git@example.org:a/b", line=7),
    ]


@pytest.mark.parametrize("line", ["shop nme=x", "shop other", '"shop', "shop name=x branch=y depth=1"])
def test_lists_with_mistakes(tmp_path: Path, line: str) -> None:
    path = tmp_path / "repos.txt"
    path.write_text(f"# one\n{line}\n")
    with pytest.raises(UsageError, match=r"repos\.txt:2: "):
        read_list(path)


def test_lists_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\0")
    for name in ("bytes", "nowhere", "."):
        with pytest.raises(UsageError, match="cannot read the list"):
            read_list(tmp_path / name)


@given(st.text(max_size=80))
def test_any_text_is_a_list_or_an_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text(text, "utf-8", "replace")
    try:
        assert all(item.target for item in read_list(path))
    except UsageError as error:
        assert str(error).isprintable()


def test_all_of_a_list(tmp_path: Path) -> None:
    make_repo(tmp_path / "a/shop", [{"a": "1"}])
    make_repo(tmp_path / "b/shop", [{"a": "1"}])
    make_repo(tmp_path / "c", [{"a": "1"}])
    listed = [
        Listed(str(tmp_path / "a"), branch="main"),
        Listed(str(tmp_path / "nowhere")),
        Listed(str(tmp_path / "b/shop")),
        Listed(str(tmp_path / "c"), name="acme/sea"),
        Listed(str(tmp_path / "a/shop/.git")),  # again
    ]
    sources, failures = discover_all(listed, tmp_path / "clones")
    assert [(source.name, source.branch) for source in sources] == [
        ("a/shop", "main"),
        ("acme/sea", ""),
        ("b/shop", ""),
    ]
    assert [error.message for error in failures] == [f"there is no {tmp_path}/nowhere"]
    with pytest.raises(UsageError, match="two repositories are named x"):
        discover_all([Listed(str(tmp_path / p), name="x") for p in ("c", "b/shop")], tmp_path)
    with pytest.raises(UsageError, match="line 7: one name for 3"):
        discover_all([Listed(str(tmp_path), name="x", line=7)], tmp_path)
    assert discover_all([], tmp_path) == ([], [])


# Clones


def test_a_clone_is_made_and_kept_up_to_date(tmp_path: Path) -> None:
    origin, clones = tmp_path / "team" / "shop", tmp_path / "clones"
    shas = make_repo(origin, [commit({"a": "1"}, tag="v1"), {"a": "2"}])
    git(origin, "branch", "old")
    git(origin, "update-ref", "refs/pull/1/head", shas[0])
    said: list[str] = []
    (source,) = discover(f"file://{origin}", clones, progress=said.append)
    assert source.name == "shop"
    assert source.path.parent == clones
    assert git(source.path, "for-each-ref", "--format=%(refname)").decode().split() == [
        "refs/heads/main",
        "refs/heads/old",
        "refs/tags/v1",
    ]
    with Git(source.path) as repo:
        assert repo.resolve()[0] == shas[1]

    git(origin, "branch", "-D", "old")
    git(origin, "tag", "-f", "v1", shas[1])
    git(origin, "branch", "-m", "main", "trunk")  # and so HEAD
    assert discover(f"file://{origin}", clones, fetch=False, progress=said.append) == [source]
    with Git(source.path) as repo:
        assert repo.resolve("v1")[0] == shas[0]
    assert discover(f"file://{origin}", clones, progress=said.append) == [source]
    with Git(source.path) as repo:
        assert repo.resolve("v1")[0] == repo.resolve()[0] == repo.resolve("trunk")[0] == shas[1]
        assert (source.path / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert [line.split()[0] for line in said] == ["cloning", "fetching"]


def test_a_clone_outlives_its_origin(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path / "shop", [{"a": "1"}])
    (source,) = discover(f"file://{tmp_path}/shop", tmp_path / "clones")
    (tmp_path / "shop").rename(tmp_path / "gone")
    said: list[str] = []
    assert discover(f"file://{tmp_path}/shop", tmp_path / "clones", progress=said.append) == [source]
    assert "going on with what is here" in said[-1]
    with Git(source.path) as repo:
        assert repo.resolve()[0] == sha


def test_an_empty_origin_fills_later(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop")
    (source,) = discover(f"file://{tmp_path}/shop", tmp_path / "clones")
    with Git(source.path) as repo, pytest.raises(RepositoryError, match="no commits yet"):
        repo.resolve()
    (sha,) = make_repo(tmp_path / "shop", [{"a": "1"}])
    discover(f"file://{tmp_path}/shop", tmp_path / "clones")
    with Git(source.path) as repo:
        assert repo.resolve()[0] == sha


def test_a_clone_that_fails_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(RepositoryError, match="does not appear to be a git repository"):
            discover(f"file://{tmp_path}/nowhere/at/all", tmp_path / "clones")
    assert [path.suffix for path in (tmp_path / "clones").iterdir()] == [".lock"]


def test_clones_run_no_hooks_and_take_no_submodules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker, template = tmp_path / "it ran", tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    for name in ("reference-transaction", "post-checkout", "post-merge"):
        (template / "hooks" / name).write_text(f'#!/bin/sh\necho {name} >> "{marker}"\n')
        (template / "hooks" / name).chmod(0o755)
    user = tmp_path / "gitconfig"
    user.write_text(f"[init]\n templateDir = {template}\n[core]\n hooksPath = {template}/hooks\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(user))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "not mine"))
    make_repo(
        tmp_path / "shop",
        [{".gitmodules": f'[submodule "x"]\n path = x\n url = ext::touch "{marker}"\n', "a": "1"}],
    )
    (source,) = discover(f"file://{tmp_path}/shop", tmp_path / "clones")
    discover(f"file://{tmp_path}/shop", tmp_path / "clones")
    assert not marker.exists()
    assert not (source.path / "hooks").exists()
    assert not (tmp_path / "not mine").exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "www"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def test_a_token_is_stored_and_shown_nowhere(tmp_path: Path, server: str) -> None:
    (sha,) = make_repo(tmp_path / "www/team/shop.git", [{"a": "1"}], bare=True)
    git(tmp_path / "www/team/shop.git", "update-server-info")
    said: list[str] = []
    url = f"http://user:hunter2@{server}/team/shop.git"
    (source,) = discover(url, tmp_path / "clones", progress=said.append)
    assert source.name == "team/shop"
    assert source.url == f"http://{server}/team/shop.git"
    with Git(source.path) as repo:
        assert repo.resolve()[0] == sha
    for path in source.path.rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes()
    with pytest.raises(RepositoryError) as caught:
        discover(f"http://user:hunter2@{server}/team/nope.git", tmp_path / "clones", progress=said.append)
    assert "hunter2" not in str(caught.value) + "".join(said)


@pytest.mark.slow
def test_two_processes_clone_at_once(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop", [{f"f{i}": str(i)} for i in range(50)])
    code = (
        "import sys; from pathlib import Path; from indexer.sources.discover import discover\n"
        "print(discover(sys.argv[1], Path(sys.argv[2]))[0].path)"
    )
    command = [sys.executable, "-c", code, f"file://{tmp_path}/shop", str(tmp_path / "clones")]
    root = ROOT
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) for _ in range(2)]
    out = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    (path,) = out
    with Git(Path(os.fsdecode(path).strip())) as repo:
        assert repo.resolve()[1] == START + 49 * 3600


@pytest.mark.parametrize(
    "url",
    ["ext::sh -c 'touch ran'", "ext://x/y", "fd::17", "ftp://h/x/y", "ssh://-oProxyCommand=touch/x", "https://",
     "file://", "https://h", "user@-oX:y", "git@h:-x", "https://user:pa/ss@h y", "https://h/x y", "javascript://x/y",
     "remote-x::https://h/y", "https://h:port/x/y"],
)  # fmt: skip
def test_urls_that_are_refused(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not a URL to clone from"):
        discover(url, tmp_path / "clones")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://example.org/a/b.git", "example.org", "a/b.git"),
        ("https://t@example.org:8443/a/b", "example.org:8443", "a/b"),
        ("ssh://git@[::1]:22/a", "[::1]:22", "a"),
        ("git@example.org:a/b", "example.org", "a/b"),
        ("example.org:/srv/a", "example.org", "/srv/a"),
        ("file:///srv/git/a", "", "srv/git/a"),
    ],
)
def test_urls(url: str, host: str, path: str) -> None:
    found = parsed(url)
    assert found and (found["host"], found["path"]) == (host, path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@h/a", "https://h/a"),
        ("https://u:p@h/a", "https://h/a"),
        ("ssh://git:p@h/a", "ssh://git@h/a"),
        ("ssh://git@h/a", "ssh://git@h/a"),
        ("git@h:a/b@c", "git@h:a/b@c"),
        ("could not read 'https://u:p@h/a': no", "could not read 'https://h/a': no"),
    ],
)
def test_passwords(url: str, shown: str) -> None:
    assert public(url) == shown


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_not(text: str) -> None:
    for url in (text, f"https://{text}", f"git@{text}", f"ssh://{text}"):
        found = parsed(url)
        assert found is None or not found["host"].startswith("-")
