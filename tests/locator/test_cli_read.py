"""The reading commands at the command line: answers, JSON, snapshots, errors and their exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kits.cli import Ran, indexed, run
from kits.git import commit, git, make_repo
from kits.paths import ROOT

from bugatlas import COMMANDS
from indexer.demo import REPORTS
from locator.answer import Answer
from locator.search.search import Results
from locator.tree.show import Node, look, resolve
from locator.tree.status import Status, state
from locator.tree.tree import Tree
from locator.weights import FILE, Learnt, Weights
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.index.store import Store

VOUCHER = next(r for r in REPORTS if "voucher" in r.title)
EVIL = "src/a\x1b[31m\n\u202e[bold]b.py"


def text_of(report: object = VOUCHER) -> str:
    return f"# {report.title}\n\n{report.body}"  # type: ignore[attr-defined]


def harmless(text: str) -> bool:
    return not {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"}


# --- locate ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.repo)
def test_locate_finds_what_the_demo_planted(report: object, shop_index: Path) -> None:
    ran = run("locate", text_of(report), "--json", "--limit", "30", index=shop_index)
    files = [(f["repo"], f["path"]) for f in json.loads(ran.out)["files"]]
    assert ran.code in (0, 3) and (report.repo, report.path) in files  # type: ignore[attr-defined]


def test_the_path_can_be_followed(shop_index: Path) -> None:
    ran = run("locate", text_of(), index=shop_index)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == VOUCHER.title
    assert any(x.startswith("shop-orders  ") for x in lines)
    assert any(x == "  src/main/java/com/shop/orders/pricing/" for x in lines)
    assert any("DiscountSplitter.java:26-29 › DiscountSplitter.shareOf" in x for x in lines)
    assert any("of the stack trace: DiscountSplitter.shareOf (DiscountSplitter.java:27)" in x for x in lines)
    assert any("› 27 │ " in x and "divide(total)" in x for x in lines)


def test_json_is_the_answer_with_its_index_and_request(shop_index: Path) -> None:
    args = ("--json", "--limit", "3", "--repo", "shop-orders", "--lang", "java", "--path", "pricing")
    ran = run("locate", text_of(), *args, index=shop_index)
    found = json.loads(ran.out)
    assert list(found) == ["version", "index", "query", *Answer.__struct_fields__]
    assert found["version"] == 1 and found["index"]["root"] == str(shop_index)
    assert found["query"] == {
        "mode": "offline", "at": None, "repos": ["shop-orders"], "languages": ["java"], "paths": ["pricing"],
        "limit": 3, "include_tests": False,
    }  # fmt: skip
    assert found["title"] == VOUCHER.title
    assert 0 < len(found["files"]) <= 3
    assert all(f["repo"] == "shop-orders" and "pricing" in f["path"] for f in found["files"])


def test_the_report_comes_from_a_file_or_from_standard_input(shop_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text(text_of(), "utf-8")
    ways = [
        run("locate", "--file", str(file), "--json", index=shop_index),
        run("locate", "-", "--json", index=shop_index, data=text_of().encode()),
        run("locate", "-", "--json", index=shop_index, data=text_of().encode("utf-16")),
        run("locate", "-", "--json", index=shop_index, data=b"\xef\xbb\xbf" + text_of().encode()),
        run("locate", text_of(), "--json", index=shop_index),
    ]
    files = [[f["path"] for f in json.loads(w.out)["files"]] for w in ways]
    assert all(f == files[0] for f in files)


def test_a_title_can_be_given(shop_index: Path) -> None:
    ran = run(
        "locate", "-", "--title", "Vouchers fail", "--json", index=shop_index, data=VOUCHER.body.encode()
    )
    assert json.loads(ran.out)["title"] == "Vouchers fail"


def test_words_need_no_quotes(shop_index: Path) -> None:
    ran = run("locate", "placing", "an", "order", "fails", "--json", index=shop_index)
    assert json.loads(ran.out)["title"] == "placing an order fails"


@pytest.mark.parametrize(
    ("args", "data", "says"),
    [
        ([], b"", "there is no report"),
        (["-"], b"", "empty"),
        (["-"], b" \n\t ", "empty"),
        ([""], b"", "empty"),
        (["-"], b"\x7fELF\x00\x00", "not text"),
        (["--file", "/no/such/report.md"], b"", "cannot read"),
        (["--file", "."], b"", "directory"),
        (["text", "--file", "/etc/hostname"], b"", "given twice"),
        (["text", "--limit", "0"], b"", "--limit"),
        (["text", "--repo", "shop-order"], b"", "did you mean shop-orders"),
        (["text", "--lang", "klingon"], b"", "did you mean kotlin?"),
        (["text", "--at", "2024-13-99"], b"", "not a date"),
        (["text", "--mode", "judge"], b"", "needs a model"),
        (["text", "--nonsense"], b"", "there is no option"),
    ],
)
def test_a_wrong_request_is_exit_2_and_says_why(
    args: list[str], data: bytes, says: str, shop_index: Path
) -> None:
    ran = run("locate", *args, index=shop_index, data=data)
    assert (ran.code, ran.out) == (2, "") and says in ran.err


def test_a_file_given_as_text_is_pointed_out(shop_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text("x")
    ran = run("locate", str(file), index=shop_index)
    assert ran.code == 2 and f"--file {file}" in ran.err


def test_no_confident_match_is_said_with_its_own_exit_code(shop_index: Path) -> None:
    ran = run("locate", "xylophones quack zigzag", index=shop_index)
    assert ran.code == 3 and ran.err == ""
    assert "● no confident match" in ran.out and "What to try" in ran.out
    assert "add the stack trace" in ran.out and "bugatlas status" in ran.out


def test_filters_that_nothing_passes_leave_no_match(shop_index: Path) -> None:
    ran = run("locate", text_of(), "--path", "no/such/folder", index=shop_index)
    assert ran.code == 3 and "leave out --repo, --lang and --path" in ran.out


def test_explain_tells_every_part(shop_index: Path) -> None:
    brief, full = (
        run("locate", text_of(), index=shop_index),
        run("locate", text_of(), "--explain", index=shop_index),
    )
    assert "= " in full.out and "  score 1.00" in full.out and len(full.out) > len(brief.out)
    parts = json.loads(run("locate", text_of(), "--json", index=shop_index).out)["files"][0]["parts"]
    assert all(f"{name} {value:.2f}" in " ".join(full.out.split()) for name, value in list(parts.items())[:3])


def test_weights_are_those_of_the_index_under_those_of_the_settings(dated: Path) -> None:
    def parts(*args: str) -> dict[str, float]:
        ran = run("locate", "the overflow", "--repo", "old", "--json", *args, index=dated)
        found: dict[str, float] = json.loads(ran.out)["files"][0]["parts"]
        return found

    assert parts()["body"] > 0 and "body" not in parts("-c", "voters.body=0")
    file = dated / "weights.json"
    file.write_text('{"weights": {"voters": {"body": 7}}}')
    try:
        assert parts()["body"] == 7 and parts("-c", "voters.body=3")["body"] == 3
    finally:
        file.unlink()


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_screens_fit(width: str, shop_index: Path) -> None:
    ran = run("locate", text_of(), "--color=never", index=shop_index, tty=True, COLUMNS=width)
    paths = {f["path"] for f in json.loads(run("locate", text_of(), "--json", index=shop_index).out)["files"]}
    for line in ran.out.splitlines():
        assert len(line) <= int(width) or any(Path(p).name in line for p in paths)


@pytest.mark.slow
def test_colours_only_where_they_are_wanted(shop_index: Path) -> None:
    def colored(*args: str, tty: bool = True, **env: Any) -> bool:
        return (
            "\x1b["
            in run("locate", text_of(), *args, index=shop_index, tty=tty, TERM="xterm-256color", **env).out
        )

    assert colored()
    assert not colored(tty=False)
    assert not colored(NO_COLOR="1")
    assert not colored("--no-color")
    assert not colored("--no-color", FORCE_COLOR="1")
    assert not colored("--json")


# --- hostile repositories and reports --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evil")
    code = 'def steal():\n    """Say \x1b]0;pwned\x07 \u202eolleh."""\n    raise ValueError("boom \x1b[2J [red]x[/red]")\n'
    make_repo(
        folder / "evil",
        [
            commit(
                {EVIL: code, "README.md": "# \x1b[5mblink\n\nSteals \u2066all of your things.\n"},
                "boom \x1b[2J",
            )
        ],
    )
    return indexed(tmp_path_factory.mktemp("evil-index"), folder)


@pytest.mark.parametrize(
    "args",
    [
        ["locate", "boom \x1b[2J\x07\u202e [red]x[/red]\n\nsteal raises ValueError"],
        ["locate", "boom steal ValueError", "--explain"],
        ["locate", "boom steal ValueError", "--json"],
        ["search", "steal boom"],
        ["search", '"boom" \x1b[2J'],
        ["search", "boom", "--json"],
        ["search", "symbol:steal"],
        ["show"],
        ["show", "evil", "--depth", "3"],
        ["show", "evil", "--json", "--depth", "3"],
        ["show", "evil/src"],
        ["show", f"evil/{EVIL}"],
        ["show", "evil/no\x1b[2J\u202e"],
        ["status"],
        ["search", "x1", "repo:\x1b[2Jevil"],
        ["nonsense\x1b[2J"],
    ],
)
def test_nothing_from_outside_acts_on_the_terminal(args: list[str], evil: Path) -> None:
    ran = run(*args, index=evil)
    assert harmless(ran.out + ran.err) and ran.out + ran.err


def test_the_hostile_file_is_found_and_shown_with_its_real_name_in_json(evil: Path) -> None:
    found = json.loads(run("search", "symbol:steal", "--json", index=evil).out)
    assert [f["path"] for f in found["files"]] == [EVIL]
    assert "[bold]b.py" in run("search", "symbol:steal", index=evil).out


# --- snapshots -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repositories. `old`: three commits a day apart, v1 on the first; `new` begins on the third day."""
    day = 86_400
    start = 1_714_521_600  # 2024-05-01T00:00:00Z
    folder = tmp_path_factory.mktemp("dated")
    old = make_repo(
        folder / "old",
        [
            commit({"a.py": "def first(): return 'overflow'\n"}, time=start, tag="v1"),
            commit({"a.py": "def second(): return 'overflow'\n"}, time=start + day),
            commit({"a.py": "def third(): return 'overflow'\n"}, time=start + 2 * day),
        ],
    )
    make_repo(folder / "new", [commit({"b.py": "def fresh(): return 'overflow'\n"}, time=start + 2 * day)])
    root = tmp_path_factory.mktemp("dated-index")
    indexed(root, folder / "new")
    return indexed(root, folder / "old", (None, "v1", old[1][:10]))


def names(ran: Ran) -> list[str]:
    return sorted(s["qualname"] for f in json.loads(ran.out)["files"] for s in f["symbols"])


@pytest.mark.parametrize(
    ("at", "functions", "note"),
    [
        ("v1", ["first"], "left out, not indexed at v1: new"),
        ("HEAD", ["fresh", "third"], ""),
        ("2024-05-01T12:00", ["first"], "left out, no commit before 2024-05-01T12:00: new"),
        ("2024-05-02", ["first"], "left out, no commit before 2024-05-02: new"),
        ("2024-05-02T00:00:01Z", ["second"], "left out, no commit before 2024-05-02T00:00:01Z: new"),
        ("2024-05-03", ["second"], "left out, no commit before 2024-05-03: new"),
        ("2024-05-03T02:00+02:00", ["second"], "left out, no commit before 2024-05-03T02:00+02:00: new"),
        ("2024-05-04", ["fresh", "third"], ""),
    ],
)
def test_answers_as_of(at: str, functions: list[str], note: str, dated: Path) -> None:
    ran = run("locate", "the overflow of a function", "--at", at, "--json", index=dated)
    assert names(ran) == functions
    assert json.loads(ran.out)["notes"] == ([note] if note else [])


def test_a_commit_is_named_by_seven_digits(dated: Path) -> None:
    sha = Index.open(dated).shard("old").info.snapshots[1].commit
    assert names(run("locate", "the overflow", "--at", sha[:7], "--json", index=dated)) in (
        ["first"],
        ["second"],
    )


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("v7", "bugatlas index --at v7"),
        ("2024-04-30", "give a later date"),
        ("2024-02-31", "not a date"),
    ],
)
def test_what_the_index_does_not_hold_is_an_error(at: str, says: str, dated: Path) -> None:
    ran = run("locate", "overflow", "--at", at, index=dated)
    assert ran.code in (1, 2) and ran.out == "" and says in ran.err


def test_a_date_needs_exactly_its_commit(tmp_path: Path) -> None:
    """The nearest older snapshot would be a wrong answer that looks right."""
    day, start = 86_400, 1_714_521_600
    make_repo(
        tmp_path / "r",
        [commit({"a.py": f"def f{n}(): pass\n"}, time=start + n * day, tag=f"v{n}") for n in range(3)],
    )
    root = indexed(tmp_path / "index", tmp_path / "r", (None, "v0"))
    assert run("locate", "f0", "--at", "2024-05-02", index=root).code in (0, 3)
    ran = run("locate", "f1", "--at", "2024-05-03", index=root)
    assert ran.code == 1 and "r is not indexed at 2024-05-03" in ran.err
    assert "bugatlas index --at 2024-05-03 r" in ran.err
    indexed(root, tmp_path / "r", (None, "2024-05-03"))
    assert run("locate", "f1", "--at", "2024-05-03", index=root).code in (0, 3)


# --- show ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    orders = {
        "README.md": "# Orders\n\nTakes the orders of the shop and keeps them.\n",
        "src/main/java/com/shop/Order.java": "class Order {\n  /** Adds up all lines. */\n  long total() { return 1; }\n}\n",
        "src/main/java/com/shop/api/Routes.java": "class Routes {\n  void place() {}\n}\n",
        "go/deep.go": "package deep\n",
    }
    urls = {
        "a": "https://git.example.org/acme/orders",
        "b": "https://git.example.org/other/orders",
        "c": "https://git.example.org/acme/web",
    }
    make_repo(folder / "a", [orders], origin=urls["a"])
    make_repo(folder / "b", [{"lib/x.py": "def f():\n    pass\n"}], origin=urls["b"])
    make_repo(
        folder / "d",
        [{"same/x.py": "x = 1\n", "y.py": "y = 1\n"}],
        origin="https://git.example.org/same/same",
    )
    make_repo(folder / "c", [{"/".join("d" * 400) + "/e.py": "x = 1\n"}], origin=urls["c"])
    return indexed(tmp_path_factory.mktemp("tree-index"), folder)


@pytest.mark.parametrize(
    ("target", "repo", "path"),
    [
        ("acme/orders", "acme/orders", ""),
        ("acme/orders/", "acme/orders", ""),
        ("ACME/Orders/go", "acme/orders", "go"),
        ("web", "acme/web", ""),
        ("acme/orders/go/deep.go", "acme/orders", "go/deep.go"),
        ("orders/lib", "other/orders", "lib"),
        ("orders/lib/x.py:1-2", "other/orders", "lib/x.py:1-2"),
        ("orders/go", "acme/orders", "go"),
        ("same/same/x.py", "same/same", "same/x.py"),
        ("same/same/same/x.py:3", "same/same", "same/x.py:3"),
        ("same/same/y.py", "same/same", "y.py"),
        ("same/y.py", "same/same", "y.py"),
    ],
)
def test_names_are_resolved_by_the_longest_that_fits(target: str, repo: str, path: str, tree: Path) -> None:
    assert resolve(Index.open(tree), target) == (repo, path)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("orders", "acme/orders or other/orders"),
        ("orders/none", "acme/orders or other/orders"),
        ("order", "did you mean"),
        ("Order.java", "acme/orders/src/main/java/com/shop/Order.java"),
        ("com/shop", "acme/orders/src/main/java/com/shop"),
        ("acme/orders/src/main/java/com/shop/Ordr.java", "Order.java"),
        ("acme/orders/shop/api", "src/main/java/com/shop/api"),
        ("qqqq", "bugatlas show"),
        ("acme/orders/qqqq", "bugatlas show acme/orders --depth"),
    ],
)
def test_unknown_names_get_suggestions(target: str, says: str, tree: Path) -> None:
    ran = run("show", target, index=tree)
    assert (ran.code, ran.out) == (2, "") and says in ran.err


def test_a_repository_is_shown_with_its_directories(tree: Path) -> None:
    ran = run("show", "acme/orders", index=tree)
    assert ran.code == 0
    assert "Takes the orders of the shop and keeps them." in ran.out
    assert (
        "\ngo/  1 file\n" in ran.out and "\nsrc/main/java/com/shop/  2 files\n" in ran.out
    )  # a chain is one step


def test_depth(tree: Path) -> None:
    def paths(node: Node) -> list[str]:
        return [p for c in node.children for p in (c.path, *paths(c))]

    index = Index.open(tree)
    assert paths(look(index, "acme/orders", depth=0)) == []
    assert paths(look(index, "acme/orders", depth=1)) == ["go", "src/main/java/com/shop"]
    assert "src/main/java/com/shop/api/Routes.java" in paths(look(index, "acme/orders", depth=3))


def test_a_file_is_shown_with_its_symbols(tree: Path) -> None:
    ran = run("show", "acme/orders/src/main/java/com/shop/Order.java:2", index=tree)
    assert "1-4  class Order\n" in ran.out
    assert "  method Order.total\n" in ran.out and "Adds up all lines." in ran.out


def test_very_deep_folders_are_no_trouble(tree: Path) -> None:
    ran = run("show", "acme/web", "--depth", "5", index=tree)
    assert ran.code == 0 and "d/d/d" in ran.out


def test_all_repositories_and_json(tree: Path) -> None:
    assert run("show", index=tree).out.startswith("4 repositories\n")
    node = json.loads(run("show", "acme/orders", "--json", index=tree).out)
    assert (node["kind"], node["repo"], node["files"]) == ("repository", "acme/orders", 4)
    assert [c["path"] for c in node["children"]] == ["go", "src/main/java/com/shop"]


def test_written_summaries_are_preferred_for_the_head(tmp_path: Path) -> None:
    make_repo(tmp_path / "r", [commit({"a/b.py": "x = 1\n"}, tag="v1"), {"a/c.py": "y = 1\n"}])
    root = indexed(tmp_path / "index", tmp_path / "r", (None, "v1"))
    notes = {"": "The whole.", "a": "The part.", "a/b.py": "The file."}
    store = Store(Index.open(root).folder("r") / "blobs.sqlite", write=True)
    store.set_notes("summary", notes)
    store.close()
    for target, said in (("r", "The whole."), ("r/a", "The part."), ("r/a/b.py", "The file.")):
        assert look(Index.open(root), target).summary == said
        assert look(Index.open(root), target, at="v1").summary != said
    index = Index.open(root)
    assert Tree(index, index.view("r")).summary("a/c.py") not in notes.values()


# --- status ----------------------------------------------------------------------------------------------------


def test_status_tells_what_is_held(dated: Path) -> None:
    found = state(Index.open(dated))
    old = next(r for r in found.repositories if r.name == "old")
    assert [s.ref for s in old.snapshots][:2] == ["HEAD", "v1"] and len(old.snapshots) == 3
    assert old.files == 1 and old.languages == {"python": 1} and old.bytes > 0 and old.clone == ""
    assert found.bytes > sum(r.bytes for r in found.repositories)
    out = run("status", index=dated).out
    assert "2 repositories · 2 files" in out and "also held: v1, " in out and "2024-05-03" in out


def test_status_tells_whose_weights_rank(tmp_path: Path) -> None:
    make_repo(tmp_path / "repos" / "one", [{"a.py": "x = 1\n"}])
    root = indexed(tmp_path / "index", tmp_path / "repos")
    assert "weights" not in run("status", index=root).out
    learnt = Learnt(Weights(), {"lessons": "120 past fixes"})
    (root / FILE).write_bytes(msgspec.json.encode(learnt))
    assert "weights learnt from 120 past fixes" in run("status", index=root).out
    assert json.loads(run("status", "--json", index=root).out)["learnt"] == "120 past fixes"


def test_status_as_json(dated: Path) -> None:
    assert list(json.loads(run("status", "--json", index=dated).out)) == list(Status.__struct_fields__)


def test_status_sees_clones_move_on(tmp_path: Path) -> None:
    repos = tmp_path / "repos"
    for name in ("same", "moved", "gone", "packed"):
        make_repo(repos / name, [{"a.py": "x = 1\n"}])
    root = indexed(tmp_path / "index", repos)
    assert run("status", "--check", index=root).code == 0
    git(repos / "moved", "commit", "-q", "--allow-empty", "-m", "on")
    git(repos / "packed", "pack-refs", "--all")
    (repos / "gone").rename(tmp_path / "elsewhere")
    clones = {r.name: r.clone for r in state(Index.open(root), check=True).repositories}
    assert clones == {"same": "current", "moved": "moved on", "gone": "gone", "packed": "current"}
    ran = run("status", "--check", index=root)
    assert ran.code == 1 and "clone moved on to" in ran.out and "bugatlas index" in ran.out


# --- the whole command -----------------------------------------------------------------------------------------


def test_a_missing_index_says_what_to_run(tmp_path: Path) -> None:
    for command in (["locate", "x y"], ["search", "xy"], ["show"], ["status"]):
        ran = run(*command, index=tmp_path / "none")
        assert ran.code == 1 and "bugatlas index PATH" in ran.err and ran.out == ""


def test_the_index_may_be_named_after_the_command_too(shop_index: Path, tmp_path: Path) -> None:
    ran = run("status", "--index", str(shop_index), index=tmp_path / "none")
    assert ran.code == 0 and ran.out.startswith(str(shop_index))
    assert run("status", BUGATLAS_INDEX=str(shop_index)).code == 0


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    assert "did you mean locate?" in run("locte").err and run("locte").code == 2
    assert "bugatlas --help" in run("qqq").err


def test_help_names_every_command_and_exit_code() -> None:
    out = run("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)
    assert "3 no confident match" in out and "bugatlas completion" in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_a_shell_reads(shell: str) -> None:
    assert f"_BUGATLAS_COMPLETE={shell}_source" in run("completion", shell).out


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["locate", "x", "--limit", "abc"], "error: invalid value for '--limit'"),
        (["locate", "x", "--limt", "3"], "did you mean --limit?"),
        (["show", "a", "b"], "see bugatlas show --help"),
        (["search"], "error: missing argument"),
    ],
)
def test_errors_of_the_command_line_are_one_line(args: list[str], line: str) -> None:
    ran = run(*args)
    assert (ran.code, ran.out) == (2, "") and line in ran.err and ran.err.count("\n") == 1


def test_formats(shop_index: Path) -> None:
    def lines(shape: str) -> list[str]:
        return run("locate", text_of(), "--format", shape, "--limit", "3", index=shop_index).out.splitlines()

    files = [f"{f['repo']}/{f['path']}" for f in json.loads("\n".join(lines("json")))["files"]]
    assert [x.split(":")[0] for x in lines("oneline")] == files
    jumps = [re.fullmatch(r"(/.+):(\d+):(\d+): .+", x) for x in lines("vimgrep")]
    assert all(m and Path(m[1]).is_file() and int(m[2]) >= 1 for m in jumps)
    assert [m[1].endswith(f) for m, f in zip(jumps, files, strict=True) if m] == [True] * 3
    assert sum(x.startswith(("1. ", "2. ", "3. ")) for x in lines("markdown")) == 3


def test_a_file_is_opened_in_the_editor(shop_index: Path, tmp_path: Path) -> None:
    editor = tmp_path / "vi"
    editor.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/args\n')
    editor.chmod(0o755)
    ran = run("locate", text_of(), "--open", "1", index=shop_index, EDITOR=str(editor), VISUAL="")
    assert ran.code == 0, ran.err
    line, path = (tmp_path / "args").read_text().splitlines()
    assert re.fullmatch(r"\+\d+", line) and Path(path).is_file()
    ran = run("locate", text_of(), "--open", "99", index=shop_index, EDITOR=str(editor), VISUAL="")
    assert ran.code == 2 and "the answer has no file 99" in ran.err


def test_colour_can_be_had_in_a_pipe_and_refused_on_a_terminal(shop_index: Path) -> None:
    args = ("locate", text_of(), "--limit", "1")
    assert "\x1b[" in run(*args, "--color=always", index=shop_index).out
    assert "\x1b[" in run(*args, index=shop_index, CLICOLOR_FORCE="1").out
    assert "\x1b[" not in run(*args, "--color=never", index=shop_index, tty=True).out


def test_a_fault_is_one_line_and_a_trace_with_debug(
    shop_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locator.tree.status.state", lambda *a, **k: 1 / 0)
    ran = run("status", index=shop_index)
    assert ran.code == 1 and ran.err.startswith("error: ZeroDivisionError") and ran.err.count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        run("--debug", "status", index=shop_index)


def fresh(*args: str, env: dict[str, str] | None = None, **more: object) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "bugatlas", *args]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )  # type: ignore[call-overload,no-any-return]


def test_a_closed_pipe_is_no_fault(shop_index: Path) -> None:
    process = fresh("--index", str(shop_index), "show", "shop-orders", "--depth", "9", "--json")
    assert process.stdout and process.stderr
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1 and err == b""


def completed(words: str, index: Path) -> list[str]:
    env = {
        "_BUGATLAS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")),
        "BUGATLAS_INDEX": str(index),
    }  # fmt: skip
    process = fresh(env=env)
    out, err = process.communicate()
    assert err == b""
    return [line.partition(",")[2] for line in out.decode().splitlines() if line]


@pytest.mark.slow
def test_completion(shop_index: Path) -> None:
    assert completed("bugatlas lo", shop_index) == ["locate"]
    assert completed("bugatlas show shop-o", shop_index) == ["shop-orders"]
    assert completed("bugatlas search --repo shop-p", shop_index) == ["shop-payments"]
    assert completed("bugatlas show x", shop_index / "none") == []


def test_search_as_json(shop_index: Path) -> None:
    found = json.loads(run("search", "voucher", "repo:shop-orders", "--json", index=shop_index).out)
    assert list(found) == ["version", "index", *Results.__struct_fields__]
    assert found["query"]["words"] == ["voucher"] and found["query"]["repos"] == ["shop-orders"]
    line = found["files"][0]["lines"][0]
    assert all("voucher" in line["text"][a:b].lower() for a, b in line["spans"])


def test_resolve_names_the_index_it_cannot_find_in(tree: Path) -> None:
    with pytest.raises(UsageError, match="nothing indexed is called zzz"):
        resolve(Index.open(tree), "zzz")
