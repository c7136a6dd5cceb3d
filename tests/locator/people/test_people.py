"""Whom to ask: owners and last changes beside an answer, in every face; and how fresh an index is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kits.cli import indexed, run
from kits.git import HOUR, START, commit, git, make_repo

from locator.locate import Options, locate
from locator.people.changes import of_file, of_lines
from locator.people.whom import with_people
from locator.report.reader import read
from summaries.index.index import Index

CART = """class Cart:
    def total(self, lines):
        return sum(lines)

    def voucher(self, code, total):
        return total * 0.9
"""
FIXED = CART.replace("total * 0.9", "round(total * 0.9)")
REPORT = "The voucher of the cart gives a wrong total"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An index of one repository: who wrote the cart, who changed its vouchers, who moved it about."""
    home = tmp_path_factory.mktemp("people")
    shas = make_repo(
        home / "repos" / "cart",
        [
            commit(
                {"src/cart.py": CART, "CODEOWNERS": "* @nobody\n", ".github/CODEOWNERS": "src/ @shop/cart\n"},
                "Cart",
            ),
            commit({"src/cart.py": FIXED}, "SHOP-7: Vouchers round\n\nSigned-off-by: Eve <eve@example.org>"),
            commit({"src/cart.py": FIXED + "\nRATE = 1\n"}, "Rates, for bob@example.org", tag="v2"),
            commit({"src/cart.py": FIXED + "\nRATE = 2\n"}, "Another rate"),
        ],
        checkout=True,
        origin="https://github.com/acme/cart.git",
    )
    return indexed(home / "index", home / "repos", (None, "v2")), shas


def found(index: Path, *args: str, **env: Any) -> dict[str, Any]:
    ran = run("locate", REPORT, "--json", *args, index=index, **env)
    assert ran.code in (0, 3), ran.err
    answer: dict[str, Any] = json.loads(ran.out)
    return answer


def test_owners_and_the_last_change_of_the_function(shop: tuple[Path, list[str]]) -> None:
    index, shas = shop
    file = found(index)["files"][0]
    assert file["owners"] == ["@shop/cart"]
    assert file["symbols"][0]["qualname"] in ("Cart.voucher", "Cart")
    first = next(c for c in file["changes"] if c["commit"] == shas[1])
    assert first == {
        "commit": shas[1], "time": START + HOUR, "subject": "SHOP-7: Vouchers round", "author": "Ada",
        "url": f"https://github.com/acme/cart/commit/{shas[1]}", "lines": 1,
    }  # fmt: skip
    assert shas[3] not in [c["commit"] for c in file["changes"]]  # it changed the file, not these lines


def test_without_a_clone_the_index_knows_the_file(shop: tuple[Path, list[str]]) -> None:
    index, shas = shop
    opened = Index.open(index)
    state, view = opened.repos["acme/cart"], opened.view("acme/cart")
    assert [c.commit for c in of_file(state, view, "src/cart.py")] == [shas[3], shas[2], shas[1]]
    assert {c.author for c in of_file(state, view, "src/cart.py")} == {"Ada"}
    assert "bob@example.org" not in str(of_file(state, view, "src/cart.py"))
    assert of_lines(state, shas[3], "src/gone.py", 1, 2, 5.0) == ()
    assert of_lines(state, shas[3], "src/cart.py", 1, 900, 5.0) == ()


def test_only_what_is_older_than_the_version_is_suspected(shop: tuple[Path, list[str]]) -> None:
    index, shas = shop
    changes = found(index, "--at", "v2")["files"][0]["changes"]
    assert shas[3] not in [c["commit"] for c in changes]
    opened = Index.open(index)
    report = read(REPORT + " RATE\n\nSeen in version v2.")
    answer = with_people(opened, locate(opened, report, Options()), report, None, names=True)
    bound = opened.view("acme/cart", "v2").info.time
    assert answer.files[0].changes and all(c.time <= bound for c in answer.files[0].changes)


def test_no_names_where_none_are_wanted(shop: tuple[Path, list[str]], tmp_path: Path) -> None:
    index, _ = shop
    for shown in (found(index, "-c", "people=false"), found(index, BUGATLAS_PEOPLE="false")):
        assert shown["files"][0]["changes"] and not shown["files"][0]["owners"]
        assert not any(n in json.dumps(shown) for n in ("Ada", "@shop/cart", "example.org"))
    ran = run("locate", REPORT, "-c", "people=false", index=index)
    assert "SHOP-7" in ran.out and "Ada" not in ran.out and "@shop" not in ran.out
    repos = Path(Index.open(index).repos["acme/cart"].git_dir).parent
    none = tmp_path / "none"
    assert run("index", str(repos), "-c", "people=false", index=none).code == 0
    opened = Index.open(none)
    assert opened.store("acme/cart").notes("owners") == {}
    assert {c.author for c in opened.store("acme/cart").commits()} == {""}


def test_the_terminal_says_whom_to_ask(shop: tuple[Path, list[str]]) -> None:
    index, shas = shop
    out = run("locate", REPORT, index=index).out
    assert "ask @shop/cart" in out
    assert f"by Ada: SHOP-7: Vouchers round {shas[1][:7]}" in out


# --- freshness -------------------------------------------------------------------------------------------------


def test_an_answer_says_how_fresh_it_is(tmp_path: Path) -> None:
    make_repo(tmp_path / "repos" / "cart", [{"src/cart.py": CART}], checkout=True)
    index = indexed(tmp_path / "index", tmp_path / "repos")
    before = found(index)
    assert before["routes"][0]["clone"] == "current" and before["notes"] == []
    assert before["routes"][0]["indexed"] > before["routes"][0]["time"] == START
    git(tmp_path / "repos" / "cart", "commit", "-q", "--allow-empty", "-m", "More")
    after = found(index)
    assert after["routes"][0]["clone"] == "moved on"
    assert after["notes"] == ["cart has moved on since the last index"]
    out = run("locate", REPORT, index=index).out
    assert ", has moved on" in out and "bugatlas index cart" in out
    quiet = found(index, "-c", "stale=ignore")
    assert quiet["routes"][0]["clone"] == "" and quiet["notes"] == []
    failed = run("locate", REPORT, "-c", "stale=fail", index=index)
    assert failed.code == 4 and failed.out == ""
    assert failed.err == "error: cart has moved on since the last index (run `bugatlas index cart`)\n"
    searched = json.loads(run("search", "cart", "--json", index=index).out)
    assert searched["notes"] == ["cart has moved on since the last index"]
    assert json.loads(run("search", "cart", "--json", "-c", "stale=ignore", index=index).out)["notes"] == []
    failed = run("search", "cart", "-c", "stale=fail", index=index)
    assert failed.code == 4 and failed.err.startswith("error: cart has moved on")
    assert run("index", "--no-fetch", index=index).code == 0
    assert run("locate", REPORT, "-c", "stale=fail", index=index).code in (0, 3)
