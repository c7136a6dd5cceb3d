"""Written summaries: bottom-up, checked, kept by content, resumed, cut off early, edited by hand."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.git import commit, git, make_repo
from kits.model import ORDERS, REPORT, chat_of, shop

from indexer.build import build
from indexer.sources.discover import Source
from indexer.writing.run import Stage, WriteReport, Writing, plan, write
from locator.locate import Options, locate
from locator.tree.edit import keep
from locator.tree.show import look
from summaries.errors import IndexDamaged, IndexError_, IndexLocked
from summaries.index.index import Index, Manifest
from summaries.llm.chat import open_chat
from summaries.llm.testing.server import TestServer, text_of
from summaries.llm.types import ModelSettings, Price
from summaries.types import Facts, Symbol
from summaries.vectors.knowledge import Knowledge
from summaries.written.check import check, names
from summaries.written.prompt import essence, parts_of
from summaries.written.rules import changed, trivial
from summaries.written.store import FILE, FileText, Written, WrittenPlace, effective

pytestmark = pytest.mark.slow

EVERY = Writing(every_file=True)
NAMES = ["shop-orders"]


def task(body: dict[str, Any]) -> str:
    """What a prompt asks, without what it tells the model to be."""
    return text_of({"messages": body["messages"][1:]})


def kind(body: dict[str, Any]) -> str:
    """What a prompt is about: a file, a directory, the repository from outside or by its directories."""
    found = re.search(r"<<<(file|directory|directories|repository) ", task(body))
    assert found
    return found[1]


def subject(body: dict[str, Any]) -> str:
    """The path that a prompt is about, "" for the repository, "*" for the system."""
    if "<<<repositories " in task(body):
        return "*"
    found = re.search(r"<<<file \w+\n(\S+) \(|<<<directory \w+\ndirectory: (\S+)", task(body))
    return (found[1] or found[2]) if found else ""


def writer(body: dict[str, Any]) -> Any:
    """A model that says something true of each."""
    about = subject(body)
    text = f"It looks after the part of the shop that is called {about or 'the whole'} and nothing else."
    return {"summary": text, "concerns": ["the total is wrong", "vouchers do nothing"]}


def stage(report: WriteReport, name: str) -> Stage:
    return next(s for s in report.stages if s.name == name)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return shop(tmp_path)


def again(index: Index) -> Index:
    return Index.open(index.root)


def test_everything_is_written_from_the_bottom_up(index: Index) -> None:
    with TestServer(writer) as server:
        report = write(index, NAMES, chat_of(server, jobs=1), EVERY)
        asked = [subject(b) for b in server.requests]
    assert (asked[0], asked[-2], asked[-1]) == (
        "",
        "",
        "*",
    )  # the seed first, the repository and the system last
    assert asked.index("src/orders/basket.py") < asked.index("src/orders") < asked.index("src")
    assert stage(report, "file").calls == 5
    assert stage(report, "repository").calls == 1
    assert not report.stopped
    index = again(index)
    node = look(index, "shop-orders/src/orders/discount.py")
    assert node.summary.startswith(
        "It looks after the part of the shop that is called src/orders/discount.py"
    )
    assert node.summary.endswith("Concerns: the total is wrong; vouchers do nothing.")
    assert node.origin == "written by a model"
    assert "the whole" in look(index, "shop-orders").summary
    assert look(index, "shop-payments/src/payments/charge.py").origin == ""
    hit = next(f for f in locate(index, REPORT).files if f.path == "src/orders/discount.py")
    assert hit.summary == node.summary


def test_the_seed_is_shown_with_every_file(index: Index) -> None:
    def seeded(body: dict[str, Any]) -> Any:
        return (
            {"summary": "Takes orders of the shop and charges them, whatever happens."}
            if not subject(body)
            else writer(body)
        )

    with TestServer(seeded) as server:
        write(index, NAMES, chat_of(server), EVERY)
        files = [b for b in server.requests if subject(b).endswith(".py")]
        assert all("whatever happens" in text_of(b) for b in files)
        assert "Takes orders of the shop" in text_of(server.requests[0])  # its README


def test_a_second_run_asks_nothing(index: Index) -> None:
    with TestServer(writer) as server:
        write(index, NAMES, chat_of(server), EVERY)
        count = len(server.requests)
        report = write(again(index), NAMES, chat_of(server), EVERY)
        assert len(server.requests) == count
    assert stage(report, "file").current == 5
    assert stage(report, "directory").current > 0
    assert stage(report, "repository").current == 1


def test_trivial_files_are_left_to_the_offline_summary(index: Index) -> None:
    with TestServer(writer) as server:
        report = write(index, NAMES, chat_of(server))
        asked = [subject(b) for b in server.requests]
    assert "tests/test_checkout.py" not in asked
    assert "src/orders/basket.py" in asked
    skipped = stage(report, "file").skipped
    assert skipped["tests"] == 1
    assert skipped["documentation"] == 1
    assert stage(report, "directory").skipped["holds one thing"] >= 1


def reindex(tmp_path: Path) -> Index:
    build(tmp_path / "index", [Source("shop-orders", tmp_path / "shop-orders")], workers=1)
    return Index.open(tmp_path / "index")


def change(tmp_path: Path, files: dict[str, str | None]) -> Index:
    """One more commit, indexed."""
    work = tmp_path / "shop-orders"
    git(work, "reset", "-q", "--hard")
    for name, text in files.items():
        if text is None:
            (work / name).unlink()
        else:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Change")
    return reindex(tmp_path)


def test_a_changed_file_is_written_anew_and_its_ancestors_only_if_that_matters(
    index: Index, tmp_path: Path
) -> None:
    many: dict[str, Any] = {
        f"src/orders/part{n}.py": f'"""Part {n}."""\n\n\ndef part{n}(order):\n' + "    order += 1\n" * 14
        for n in range(9)
    }
    index = change(tmp_path, many)

    def steady(body: dict[str, Any]) -> Any:
        extra = " It rounds half to even." if "half to even" in text_of(body) else ""
        return {"summary": f"It looks after the part of the shop that is called {subject(body)}.{extra}"}

    with TestServer(steady) as server:
        write(index, NAMES, chat_of(server), EVERY)
        server.requests.clear()
        small = many["src/orders/part3.py"] + "    return order  # half to even\n"
        report = write(change(tmp_path, {"src/orders/part3.py": small}), NAMES, chat_of(server), EVERY)
        assert [subject(b) for b in server.requests] == ["src/orders/part3.py"]
        assert stage(report, "directory").current >= 1
        server.requests.clear()
        moved = dict.fromkeys(list(many)[:6]) | {
            f"src/orders/new{n}.py": "def ship(parcel):\n" + "    parcel += 1\n" * (20 + n) for n in range(6)
        }
        write(change(tmp_path, moved), NAMES, chat_of(server), EVERY)
        asked = [subject(b) for b in server.requests]
        assert "src/orders" in asked
        assert "src/orders/basket.py" not in asked


def test_a_moved_file_keeps_its_summary(index: Index, tmp_path: Path) -> None:
    with TestServer(writer) as server:
        write(index, NAMES, chat_of(server), EVERY)
        server.requests.clear()
        text = tmp_path / "shop-orders" / "src/orders/basket.py"
        change(tmp_path, {"src/orders/x.py": "x = 1\n"})
        index = change(tmp_path, {"src/orders/cart.py": text.read_text(), "src/orders/basket.py": None})
        write(index, NAMES, chat_of(server), EVERY)
        assert "src/orders/cart.py" not in [subject(b) for b in server.requests]
    assert look(again(index), "shop-orders/src/orders/cart.py").origin == "written by a model"


def test_another_model_or_prompt_writes_anew(index: Index, tmp_path: Path) -> None:
    with TestServer(writer) as server:
        write(index, NAMES, chat_of(server), EVERY)
        count = len(server.requests)
        write(again(index), NAMES, chat_of(server, model="other"), EVERY)
        assert len(server.requests) == 2 * count
        own = tmp_path / "prompts"
        own.mkdir()
        (own / "summary-directory.md").write_text(
            'Be brief.\n{{context}}\n---\n{{directory}}\nJSON: {"summary": ""}\n'
        )
        server.requests.clear()
        write(again(index), NAMES, chat_of(server, model="other"), Writing(every_file=True, prompts=own))
        assert server.requests
        assert {kind(b) for b in server.requests} <= {"directory"}


def test_a_rebuild_costs_no_model(index: Index, tmp_path: Path) -> None:
    with TestServer(writer) as server:
        write(index, NAMES, chat_of(server), EVERY)
        count = len(server.requests)
        build(index.root, [Source("shop-orders", tmp_path / "shop-orders")], workers=1, rebuild=True)
        write(again(index), NAMES, chat_of(server), EVERY)
        assert len(server.requests) == count


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "401", "prose", "refusal", "wrong-schema"])
def test_a_failing_model_leaves_the_offline_summaries_and_says_so(index: Index, fault: str) -> None:
    before = look(index, "shop-orders/src/orders/basket.py").summary
    with TestServer(writer, shares={fault: 1.0}) as server:
        report = write(index, NAMES, chat_of(server, attempts=1), EVERY)
    assert sum(stage(report, "file").failed.values()) == 5
    assert look(again(index), "shop-orders/src/orders/basket.py").summary == before


def test_an_open_circuit_spares_the_endpoint(index: Index) -> None:
    with TestServer(writer, shares={"401": 1.0}) as server:
        report = write(index, NAMES, chat_of(server, jobs=1), EVERY)
        assert len(server.requests) == 5
    assert stage(report, "file").failed["the model failed 5 times in a row"] > 0


def test_a_run_that_stops_goes_on_where_it_was(index: Index) -> None:
    dear: dict[str, Any] = {"prices": {"m": Price(100.0, 100.0)}}
    with TestServer(writer) as server:
        first = write(index, NAMES, chat_of(server, jobs=1, budget=0.25, **dear), EVERY)
        assert "budget" in first.stopped
        some = len(server.requests)
        assert 0 < some < 8
        assert 0 < first.money <= 0.25
        second = write(again(index), NAMES, chat_of(server, jobs=1), EVERY)
    assert not second.stopped
    assert stage(second, "file").current == stage(first, "file").calls
    asked = [subject(b) for b in server.requests]
    assert len(asked) == len(set(asked)) + 1  # the seed and the repository have no path


def test_a_prompt_too_long_is_asked_again_with_half(index: Index, tmp_path: Path) -> None:
    long = "def settle(order):\n" + "".join(
        f"    order.field{n} = {n}  # a line among many\n" for n in range(400)
    )
    index = change(tmp_path, {"src/orders/settle.py": long})

    def short(body: dict[str, Any]) -> Any:
        return writer(body)

    with TestServer(short) as server:
        server.faults.extend(["", "", "", "", "", "context"])  # the seed, then files in order of path
        report = write(index, NAMES, chat_of(server, jobs=1), EVERY)
        sizes = [len(text_of(b)) for b in server.requests if subject(b) == "src/orders/settle.py"]
    assert len(sizes) == 2
    assert sizes[1] < sizes[0]
    assert not stage(report, "file").failed


def test_invented_names_are_struck_or_the_summary_is_redone(index: Index) -> None:
    def inventive(body: dict[str, Any]) -> Any:
        about = subject(body)
        if about.endswith("basket.py"):
            return {
                "summary": "Basket holds the items that a customer wants to buy. It calls frobnicateOrder() at night."
            }
        if about.endswith("discount.py") and "not there" not in text_of(body):
            return {"summary": "Calls frobnicateOrder() and `VoucherFrobnicator.run`."}
        if about.endswith("orders/checkout.py"):
            return {"summary": "Calls frobnicateOrder() and `VoucherFrobnicator.run` again."}
        return writer(body)

    with TestServer(inventive) as server:
        report = write(index, NAMES, chat_of(server), EVERY)
    index = again(index)
    assert (
        look(index, "shop-orders/src/orders/basket.py").summary
        == "Basket holds the items that a customer wants to buy."
    )
    assert look(index, "shop-orders/src/orders/discount.py").origin == "written by a model"
    assert look(index, "shop-orders/src/orders/checkout.py").origin == ""
    files = stage(report, "file")
    assert (files.struck, files.redone, files.failed) == (1, 2, {"the model invents names": 1})
    every = [n.summary for n in look(index, "shop-orders", depth=9).children]
    assert not any("frobnicate" in s.lower() for s in every)


def test_secrets_do_not_leave(tmp_path: Path) -> None:
    secret = "gh" + "p_" + "Zk3" * 12
    index = shop(
        tmp_path,
        {"src/orders/bank.py": f'TOKEN = "{secret}"\n\n\ndef ask(bank):\n    return bank.ask(TOKEN)\n'},
    )
    with TestServer(writer) as server:
        report = write(index, NAMES, chat_of(server), EVERY)
        assert not any(secret in json.dumps(b) for b in server.requests)
    assert report.redacted >= 1


def test_two_runs_at_once_are_refused(index: Index) -> None:
    def nested(body: dict[str, Any]) -> Any:
        with TestServer(writer) as other, pytest.raises(IndexLocked):
            write(again(index), NAMES, chat_of(other))
        return writer(body)

    with TestServer(nested) as server:
        write(index, NAMES, chat_of(server, jobs=1))


# --- plans ------------------------------------------------------------------------------------------------------


def test_a_plan_tells_what_a_run_costs_and_sends_nothing(index: Index) -> None:
    price = Price(0.4, 1.6)
    made = plan(index, NAMES, "m", price, EVERY)
    assert made.planned
    with TestServer(writer) as server:
        done = write(index, NAMES, chat_of(server, prices={"m": price}), EVERY)
    for name in ("seed", "file", "directory", "repository"):
        assert stage(made, name).calls == stage(done, name).calls
    assert 0.7 < stage(made, "file").read / stage(done, "file").read < 2  # the server counts no schema
    assert made.money > 0
    assert plan(again(index), NAMES, "m", price, EVERY).money == 0


# --- edits ------------------------------------------------------------------------------------------------------


def test_what_a_person_wrote_stays(index: Index, tmp_path: Path) -> None:
    kept = Written(index.folder("shop-orders"), write=True)
    kept.keep_edit("", "This is the heart of the shop: nothing is sold without it.")
    kept.keep_edit("src/orders/basket.py", "Baskets, by Ada.")
    kept.close()
    index = change(tmp_path, {"src/orders/more.py": "def more():\n    return 1\n"})
    with TestServer(writer) as server:
        write(index, NAMES, chat_of(server), EVERY)
        asked = [subject(b) for b in server.requests]
        assert "" not in asked  # neither seed nor repository
        assert "src/orders/basket.py" not in asked
        assert all("heart of the shop" in text_of(b) for b in server.requests)
    build(index.root, [Source("shop-orders", tmp_path / "shop-orders")], workers=1, rebuild=True)
    index = again(index)
    assert look(index, "shop-orders").summary.startswith("This is the heart")
    assert look(index, "shop-orders").origin == "edited by hand"
    assert look(index, "shop-orders/src/orders/basket.py").summary == "Baskets, by Ada."


def test_the_file_of_summaries(tmp_path: Path) -> None:
    kept = Written(tmp_path, write=True)
    kept.keep_files({"b1.python": FileText("One.", path="src/a.py", time=5)})
    kept.keep_place("src", WrittenPlace("A directory.", "k", {"a.py": "One."}))
    kept.keep_edit("src", "Mine.")
    kept.keep_edit("gone", "Of a path that is no more.")
    kept.close()
    files = {"src/a.py": "b1.python", "src/b.py": "b2.python"}
    found = effective(tmp_path, files, ["src"])
    assert found.texts == {"src/a.py": "One.", "src": "Mine."}
    assert found.edited == {"src"}
    kept = Written(tmp_path, write=True)
    kept.keep_edit("src", "")
    kept.close()
    assert effective(tmp_path, files, ["src"]).texts["src"] == "A directory."
    assert effective(tmp_path / "none", files, ["src"]).texts == {}
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(IndexDamaged):
        effective(tmp_path, files, ["src"])


def test_damage_behind_the_first_page_and_a_full_disk_are_errors_of_ours(tmp_path: Path) -> None:
    written = Written(tmp_path, write=True)
    written.keep_files(
        {f"b{n}.python": FileText("One. " * 40, path=f"src/{n}.py", time=n) for n in range(400)}
    )
    written.keep_place("src", WrittenPlace("A directory.", "k", {"a.py": "One."}))
    written._db.execute("pragma max_page_count = 1")  # as a full disk
    with pytest.raises(IndexError_, match="no space is left") as full:
        written.keep_files({f"c{n}.python": FileText("Two. " * 400) for n in range(400)})
    assert not isinstance(full.value, IndexDamaged)
    written.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("update place set inputs = '['")
    db.close()
    with pytest.raises(IndexDamaged, match=FILE):
        effective(tmp_path, {}, ["src"])
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(IndexDamaged, match="cannot read"):
        effective(tmp_path, {"src/a.py": "b1.python"}, ["src"])


# --- parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "The OrderService calls charge() of shop.payments and sets max_items.",
            ["OrderService", "charge", "shop.payments", "max_items"],
        ),
        ("It serves `GET /orders/{id}` and reads MAX_ITEMS.", ["GET /orders/{id}", "MAX_ITEMS"]),
        ("Plain words about orders and payments, nothing else.", []),
        ("Posts to /api/v1/orders when placeOrder fails.", ["/api/v1/orders", "placeOrder"]),
    ],
)
def test_names_are_told_from_words(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_names_may_be_spelled_apart() -> None:
    known = ["class OrderService:\n    def place_order(self): ...\n", "src/orders/service.py"]
    text = "OrderService has placeOrder. It uses JavaScript and PostgreSQL. The file `service.py` is small."
    assert check(text, known).text == text
    told = check("OrderService has placeOrder. It calls cancelOrder. All is well here.", known)
    assert told.text == "OrderService has placeOrder. All is well here."
    assert told.removed == ("cancelOrder",)


SERVER = ["func (s *Server) CheckUpgrade(w) { s.CheckUpgrade }", "/v1/checkupgrade AppInfo foo_bar"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It serves POST /v1/checkupgrade with `Server.CheckUpgrade`.", None),
        ("It relies on AppInfo, foo_bar and inventedName.", "It relies on AppInfo and foo_bar."),
        ("It relies on AppInfo, inventedName and foo_bar.", "It relies on AppInfo and foo_bar."),
        ("It relies on AppInfo and inventedName to answer.", "It relies on AppInfo to answer."),
        ("The requests (see inventedName) are answered.", "The requests are answered."),
        ("It answers (inventedName, AppInfo) at once.", "It answers (AppInfo) at once."),
        ("The function `inventedName` answers.", "The function answers."),
        ("It calls inventedName() at night.", ""),
        ("InventedServer.CheckUpgrade answers.", ""),
        ("It reads upgrade_checker.go and answers.", ""),
    ],
)
def test_an_invented_name_goes_without_its_sentence_where_that_reads_well(
    text: str, left: str | None
) -> None:
    assert check(text, SERVER).text == (text if left is None else left)


@given(st.text(max_size=300))
def test_any_answer_can_be_checked(text: str) -> None:
    assert set(check(text, ["def a(): ..."]).text) <= set(text) | {" "}


def test_change_is_measured_by_parts_and_words() -> None:
    old = {"a": "takes orders of the shop", "b": "charges cards", "c": "sends mail"}
    assert changed(old, old) == 0
    assert changed({}, {}) == 0
    assert 0 < changed(old, old | {"a": "takes orders of a shop"}) < 0.15
    assert changed(old, old | {"a": "renders pages for the reader"}) > 0.15
    assert changed(old, {"a": old["a"]}) > 0.5


@pytest.mark.parametrize(
    ("path", "facts", "why"),
    [
        ("tests/test_a.py", Facts("python", 90), "tests"),
        ("README.md", Facts("markdown", 90), "documentation"),
        ("client/generated_volume.go", Facts("go", 90), "generated code"),
        ("client/volume.generated.ts", Facts("typescript", 90), "generated code"),
        ("generated/volume.go", Facts("go", 90), "generated code"),
        ("deploy/values.yaml", Facts("yaml", 90), "configuration"),
        ("src/a.py", Facts("python", 9, symbols=(Symbol("f", "f", "function", 1, 9),)), "at most 12 lines"),
        ("src/a.py", Facts("python", 90), "defines nothing that runs"),
        ("src/a.py", Facts("python", 90, symbols=(Symbol("f", "f", "function", 1, 90),)), ""),
    ],
)
def test_the_rule_of_trivial_files(path: str, facts: Facts, why: str) -> None:
    assert trivial(path, facts) == why


def test_a_long_file_is_shown_by_its_essence() -> None:
    licence = "".join(f"# line {n} of the licence, copyright of somebody\n" for n in range(20))
    body = "".join(f"def step{n}(order):\n" + "    order += 1\n" * 30 for n in range(40))
    symbols = tuple(
        Symbol(f"step{n}", f"step{n}", "function", 21 + 31 * n, 51 + 31 * n, f"def step{n}(order)")
        for n in range(40)
    )
    shown = essence("src/steps.py", Facts("python", 1261, symbols=symbols), licence + body, 600)
    assert len(shown) < 2200
    assert shown.startswith("src/steps.py (python, 1261 lines)")
    assert "copyright" not in shown
    assert "def step7(order)" in shown


def test_no_line_of_a_file_is_shown_twice() -> None:
    lines = [f"line {n} of the file says {n * n}" for n in range(1, 401)]
    symbols = [Symbol("A", "A", "class", 3, 390, lines[2])]
    symbols += [Symbol(f"m{n}", f"A.m{n}", "method", n, n + 30, lines[n - 1]) for n in range(5, 380, 20)]
    shown = essence("src/a.py", Facts("python", 400, symbols=tuple(symbols)), "\n".join(lines), 900)
    assert all(shown.count(line) <= 1 for line in lines)
    assert lines[4] in shown
    assert sum(line in shown for line in lines) > 40


def test_what_holds_one_thing_is_shown_with_it_once() -> None:
    shown = parts_of("src", {"a/": "It pays.", "a/b/": "It pays.", "c.py": "It ships."}, 500)
    assert shown.count("It pays.") == 1
    assert "a/, a/b/" in shown


def test_the_parts_of_a_directory_fit_their_budget() -> None:
    parts = {f"file{n}.py": f"It does this and that with {n} orders. " * 9 for n in range(200)}
    shown = parts_of("src", parts, 1500)
    assert len(shown) < 1500 * 3.75 + 200
    assert "more" in shown.split("\n")[-1]


def test_an_empty_repository_is_no_trouble(tmp_path: Path) -> None:
    make_repo(tmp_path / "r", [commit({"a.txt": ""}, "Nothing")])
    build(tmp_path / "i", [Source("r", tmp_path / "r")], workers=1)
    with TestServer(writer) as server:
        report = write(Index.open(tmp_path / "i"), ["r"], chat_of(server))
    assert not report.stopped
    assert locate(Index.open(tmp_path / "i"), REPORT, Options()).files == ()


def test_a_repository_without_files_ends_no_run(tmp_path: Path) -> None:
    make_repo(tmp_path / "none", [commit({"logo.png": "\x00\x01"}, "Nothing that is indexed")])
    make_repo(tmp_path / "shop-orders", [commit(ORDERS, "All of it")])
    build(tmp_path / "i", [Source(n, tmp_path / n) for n in ("none", "shop-orders")], workers=1)
    assert len(Index.open(tmp_path / "i").view("none")) == 0
    with TestServer(writer) as server:
        report = write(Index.open(tmp_path / "i"), ["none", *NAMES], chat_of(server), EVERY)
    assert stage(report, "file").calls == 5
    assert plan(Index.open(tmp_path / "i"), ["none"], "m", Price(1, 1)).stages[0].calls == 0


def test_the_same_trouble_is_counted_whatever_request_it_was(index: Index, tmp_path: Path) -> None:
    chat = open_chat(ModelSettings(model=f"file:{tmp_path / 'desk'}", timeout=0.05, attempts=1), index.root)
    report = write(index, NAMES, chat, EVERY)
    failed = [why for s in report.stages for why in s.failed]
    assert len(set(failed)) <= 2
    assert sum(n for s in report.stages for n in s.failed.values()) > 5


def test_vectors_follow_what_was_written_and_edited(tmp_path: Path) -> None:
    root = tmp_path / "shop-orders"
    make_repo(root, [commit(ORDERS, "All of it")])
    manifest = Manifest(embedder="hash", vectors="exact")
    build(tmp_path / "index", [Source("shop-orders", root)], manifest=manifest, workers=1)
    index = Index.open(tmp_path / "index")
    generation = index.repos["shop-orders"].generation

    def poet(body: dict[str, Any]) -> Any:
        return {
            "summary": f"Albatross wings carry the sailor home over {subject(body) or 'the sea'} at night."
        }

    assert Knowledge(index).near("albatross sailor", limit=1)[0].score < 0.3
    with TestServer(poet) as server:
        write(index, NAMES, chat_of(server), EVERY)
    index = again(index)
    assert index.repos["shop-orders"].generation == generation
    near = Knowledge(index).near("albatross wings carry the sailor home over the sea at night", limit=1)[0]
    assert near.score > 0.8
    keep(index, "shop-orders", "src/orders/basket.py", "Marzipan penguins waltz under chandeliers.")
    assert Knowledge(again(index)).near("albatross", limit=1)  # still there, until the next run
    build(index.root, [Source("shop-orders", root)], manifest=manifest, workers=1)
    near = Knowledge(again(index)).near("marzipan penguins waltz under chandeliers", limit=1)[0]
    assert near.path == "src/orders/basket.py"
    assert look(again(index), "shop-orders/src/orders/basket.py").summary.startswith("Marzipan")
    more = git(root, *"commit-tree -p main -m More main^{tree}".split()).decode().strip()
    git(root, "update-ref", "refs/heads/main", more)
    build(index.root, [Source("shop-orders", root)], manifest=manifest, workers=1)
    assert again(index).repos["shop-orders"].generation > generation
    near = Knowledge(again(index)).near("marzipan penguins waltz under chandeliers", limit=1)[0]
    assert near.path == "src/orders/basket.py"
