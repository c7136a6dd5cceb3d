"""What a judge is shown: the report, the candidates and code, each within its budget and without what says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from kits.git import commit, make_repo
from kits.model import REPORT, shop
from msgspec.structs import replace

from indexer.build import build
from indexer.sources.discover import Source
from locator.answer import Answer, Evidence, FileHit
from locator.judge.candidates import Candidate, candidates
from locator.judge.code import code
from locator.judge.others import ROOM, block, others
from locator.judge.prompt import DETAILED, brief
from locator.judge.prompt import listed as list_of
from locator.judge.sources import Sources
from locator.judge.words import closest, wanted_of
from locator.locate import Options, locate
from locator.report.reader import read
from summaries.index.index import Index
from summaries.llm.types import tokens
from summaries.redact import redact
from summaries.types import Facts, Symbol


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def answer(index: Index) -> Answer:
    return locate(index, REPORT, Options(limit=50))


def listed(
    index: Index, answer: Answer, budget: int, files: Sequence[FileHit] | None = None, report: str = REPORT
) -> str:
    """The list of candidates with what the index knows of them."""
    sources = Sources(index, [index.view(n) for n in index.repos])
    offered = [Candidate(f, sources.facts(f.repo, f.path)) for f in (files or answer.files)]
    return list_of(sources, offered, answer.routes, budget, wanted_of(read(report)))


def bare(answer: Answer, *evidence: Evidence) -> FileHit:
    return replace(answer.files[0], evidence=evidence, symbols=())


def one(hit: FileHit, facts: Facts, text: str, budget: int, report: str = "Fails") -> str:
    """Code of one file."""
    return code(hit, facts, text, wanted_of(read(report)), budget)


def numbers(shown: str) -> list[int]:
    return [int(m) for m in re.findall(r"^ *(\d+) ", shown, re.M)]


def test_a_report_is_cut_to_its_budget() -> None:
    log = "\n".join(f"2024-05-01 12:00:{n % 60:02d} INFO [main] Cart - opened {n}" for n in range(4000))
    report = read(
        f"Checkout fails\n\nIt fails when two people pay at once.\n\n```\n{log}\n```\n\nIt is urgent."
    )
    text = brief(report, 300)
    assert tokens(text) < 360
    assert "two people pay at once" in text
    assert "It is urgent" in text


def test_a_long_paragraph_is_shown_as_far_as_the_budget_goes() -> None:
    told = " ".join(f"Then step {n} was done." for n in range(60))
    text = brief(read(f"Checkout fails\n\n{told} Nothing was charged."), 600)
    assert "Nothing was charged." in text
    short = brief(read(f"Checkout fails\n\n{told} Nothing was charged."), 100)
    assert "step 9 was" in short
    assert "Nothing was charged." not in short
    assert tokens(short) < 130


def test_candidates_fit_their_budget_and_are_all_there(index: Index, answer: Answer) -> None:
    many = tuple(answer.files) * 10
    for budget in (1500, 3000, 8000):
        text = listed(index, answer, budget, many)
        assert len(re.findall(r"^\d+\. ", text, re.M)) == len(many)
        assert tokens(text) <= budget + 40
    full = listed(index, answer, 4000)
    assert "Takes orders of the shop" in full  # what the repository is for
    assert "return total * voucher.percent" in full


def test_of_a_tiny_budget_the_last_ones_pay(index: Index, answer: Answer) -> None:
    many = tuple(answer.files) * 20
    text = listed(index, answer, 700, many)
    assert 10 < len(re.findall(r"^\d+\. ", text, re.M)) < len(many)
    assert tokens(text) <= 740


def test_a_list_says_nothing_twice(index: Index, answer: Answer) -> None:
    """The offline summary is the path and the functions once more; what somebody wrote is not."""
    text = listed(index, answer, 8000)
    assert "Discounts by voucher code" in text
    assert "in Python" not in text
    assert "efines function" not in text
    assert "contains: " not in text
    wrote = replace(answer.files[0], summary="Takes money. Gives it back. " + "And so on. " * 40)
    text = listed(index, answer, 8000, [wrote])
    assert re.search(r"^   Takes money\. Gives it back\. (And so on\. ?)+$", text, re.M)


def test_a_name_that_is_any_word_is_no_evidence(index: Index, answer: Answer) -> None:
    def shows(name: str) -> bool:
        why = Evidence("callees", f"defines {name}, which a/b.go uses", 3)
        return "defines" in listed(index, answer, 4000, [bare(answer, why)])

    assert not any(shows(n) for n in ("required", "empty", "http", "append"))
    assert all(shows(n) for n in ("CoerceType", "parse_all", "newClient"))


def test_the_first_dozen_is_shown_in_detail_and_of_the_rest_a_line(index: Index, answer: Answer) -> None:
    text = listed(index, answer, 6000, tuple(answer.files) * 10)
    entries = re.split(r"^\d+\. ", text, flags=re.M)[1:]
    assert all("\n" in e.rstrip("\n") for e in entries[:DETAILED])
    assert all(e.count("\n") == 1 for e in entries[DETAILED:-1])
    assert any("discount" in e for e in entries[DETAILED:])


def test_of_a_configuration_the_keys_that_the_report_speaks_of(index: Index, answer: Answer) -> None:
    keys = ("alpha.one", "beta.two", "services.cart.retries", "services.cart.port", "zeta.last")
    sources = Sources(index, [index.view(n) for n in index.repos])
    offered = [Candidate(bare(answer), Facts("yaml", 9, keys=keys))]
    text = list_of(sources, offered, (), 4000, wanted_of(read("Cart never retries a payment")))
    assert re.search(r"in it: (cart\.retries, cart\.port|cart\.port, cart\.retries)", text)


def test_at_the_head_the_system_is_introduced(index: Index, answer: Answer) -> None:
    head = listed(index, answer, 4000).split("\n\n")[0].split("\n")[1:]
    assert head[0] == "A system of 2 repositories."
    assert any(line.startswith("- shop-payments: Charges cards through the bank.") for line in head)


def test_each_repository_is_introduced_once(
    index: Index, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of older snapshots: the system as it is now would know their future."""
    monkeypatch.setattr(Sources, "heads", False)
    routes = [replace(r, summary=f"What {r.repo} is for. " * 30) for r in answer.routes]
    text = listed(index, replace(answer, routes=tuple(routes)), 4000)
    head = text.split("\n\n")[0].split("\n")[1:]
    assert [line.partition(":")[0] for line in head] == list(dict.fromkeys(f.repo for f in answer.files))
    assert all(len(line) < 200 for line in head)


def test_an_older_snapshot_is_introduced_by_its_own_readme(tmp_path: Path) -> None:
    code = {"src/orders/pay.py": "def pay(order):\n    return order.total\n"}
    made = [
        commit({**code, "README.md": f"# orders\n\nTakes orders of {who} and charges them.\n"}, "Orders")
        for who in ("friends", "everybody")
    ]
    make_repo(tmp_path / "orders", made)
    source = Source("orders", tmp_path / "orders")
    assert not build(tmp_path / "index", [source], {"orders": ["HEAD", "HEAD~1"]}, workers=1).failed
    index = Index.open(tmp_path / "index")
    now, before = (s.commit for s in index.shard("orders").info.snapshots)
    for at, who in ((now, "everybody"), (before, "friends")):
        (route,) = locate(index, "Paying an order fails", Options(at=at)).routes
        assert route.summary.startswith(f"Takes orders of {who} and charges them.")


def test_names_close_to_the_report_come_first() -> None:
    wanted = wanted_of(read("Device is not deleted\n\nAfter a delete all devices are there; see `reapNow()`"))
    names = ["addDevice", "deviceByName", "deleteDevice", "All", "reapNow", "other"]
    order = closest(names, wanted)
    assert order[0] == "reapNow"
    assert set(order[1:3]) == {"deleteDevice", "All"}
    assert order[-1] == "other"


# --- code -------------------------------------------------------------------------------------------------

LICENCE = "/*\n * Copyright\n * licence text\n */\n\n"
SHORT = f"""{LICENCE}package pay

import (
\t"fmt"
\t"errors"
)

import "os"

func pay() {{
\timportant := 1
}}
"""


def test_licences_packages_and_imports_are_left_out_of_short_files_too(answer: Answer) -> None:
    shown = one(bare(answer), Facts("go", 16), SHORT, 2000)
    assert numbers(shown) == [15, 16, 17]
    for kept, text in (
        ("x = 1", "#!/usr/bin/env python\n# licence\nfrom a import (\n    b,\n)\nimport c\n\nx = 1\n"),
        ("#define X 1", "// licence\n#include <stdio.h>\n#define X 1\n"),
        ("const x = 1;", "import {\n  a,\n} from 'b';\nconst c = require('c');\nconst x = 1;\n"),
        ("import: x", "# licence\nimport: x\n"),
        ("class A {}", "package a.b;\nimport a.c;\n/* licence? no */\nclass A {}\n"),
    ):
        shown = one(bare(answer), Facts("", 9), text, 2000)
        assert numbers(shown)[-1] == text[: text.index(kept)].count("\n") + 1
        assert "require" not in shown
        assert "include" not in shown
        assert "from" not in shown
        assert "#!" not in shown
        assert "import a" not in shown


def test_code_is_shown_from_behind_the_licence_and_without_holes(answer: Answer) -> None:
    text = "\n".join(
        [*(f"# licence {n}" for n in range(60)), "import money", *(f"x{n} = {'a' * 50}" for n in range(300))]
    )
    shown = one(bare(answer), Facts("Python", 361), text, 600)
    assert "licence" not in shown
    assert numbers(shown) == list(range(62, 62 + len(numbers(shown))))
    assert 5 < len(numbers(shown)) < 41
    assert tokens(shown) < 640


def functions(*names: str, lines: int = 32) -> tuple[Facts, str]:
    """A file of functions, each of so many lines."""
    body = "\n".join(
        f"def {n}():\n" + "".join(f"    {n}_{k} = {k}\n" for k in range(lines - 2)) for n in names
    )
    symbols = tuple(Symbol(n, n, "function", lines * i + 1, lines * (i + 1) - 1) for i, n in enumerate(names))
    return Facts("python", lines * len(names), symbols=symbols), body


def test_functions_that_the_report_names_are_read_first(answer: Answer) -> None:
    facts, text = functions(*(f"part{n}" for n in range(20)))
    shown = one(bare(answer), facts, text, 500, "Fails\n\n`part17()` is wrong.")
    assert "part17_3 = 3" in shown
    assert "part9_3" not in shown


def test_functions_are_chosen_by_the_verbs_of_the_report_and_whole(answer: Answer) -> None:
    facts, text = functions("addDevice", "deviceByName", "updateDevice", "deleteDevice", "All", "countDevice")
    hit = bare(answer, Evidence("units", "method addDevice contains: device", 1))
    shown = one(hit, facts, text, 700, "A device that is in use can be deleted")
    assert "deleteDevice_29" in shown
    assert "All_3" in one(hit, facts, text, 700, "Nothing comes when I ask for all")


def test_functions_are_chosen_by_the_first_calls_reason(answer: Answer) -> None:
    facts, text = functions(*(f"part{n}" for n in range(20)))
    why = Evidence("judge", "part13 forgets to close the file", 0)
    assert "part13_3" in one(bare(answer, why), facts, text, 500)
    assert "part13_3" not in one(bare(answer), facts, text, 500)


def test_of_a_long_function_the_branch_with_the_reports_words_is_shown(answer: Answer) -> None:
    rows = [f"    case KIND_{n}: step{n}()" for n in range(300)]
    rows[240] = "    case FLOAT: err := parse(value)"
    facts = Facts("go", 302, symbols=(Symbol("convert", "convert", "function", 1, 302),))
    text = "\n".join(["func convert() {", *rows, "}"])
    shown = one(bare(answer), facts, text, 350, "An empty float panics")
    assert "case FLOAT" in shown
    assert "func convert() {" in shown
    assert re.search(r"^   \.\.\.$", shown, re.M)
    assert tokens(shown) < 390


def test_no_budget_is_overdrawn(answer: Answer) -> None:
    facts, text = functions(*(f"part{n}" for n in range(20)))
    for budget in (0, 30, 90, 300, 900, 3000):
        assert tokens(one(bare(answer), facts, text, budget, "part3 fails")) <= budget + 30


# --- what is offered ----------------------------------------------------------------------------------------


def made(tmp_path: Path, repos: dict[str, dict[str, str]]) -> tuple[Index, Sources]:
    for name, files in repos.items():
        make_repo(tmp_path / name, [commit(files, "All of it")])
    assert not build(tmp_path / "index", [Source(n, tmp_path / n) for n in repos], workers=1).failed
    index = Index.open(tmp_path / "index")
    return index, Sources(index, [index.view(n) for n in index.repos])


def offer(index: Index, sources: Sources, report: str, most: int = 80) -> list[Candidate]:
    return candidates(sources, locate(index, report, Options(limit=100, nearest=True)).files, most)


def test_near_copies_stand_behind_their_original(tmp_path: Path) -> None:
    rows = [f"def refund_{n}(order):\n    return 'refund {n} of the order'\n" for n in range(6)]
    files = {f"v{n}/refund.py": "\n".join([*rows, f"VERSION_{n} = {n}\n"]) for n in range(4)}
    index, sources = made(
        tmp_path, {"pay": {**files, "other.py": "def other():\n    return 'refund of an order'\n"}}
    )
    found = offer(index, sources, "The refund of an order is lost")
    copies = [c.copy for c in found if c.hit.path.endswith("refund.py")]
    assert sorted(copies) == [False, True, True, True]
    first = next(n for n, c in enumerate(found) if c.copy)
    assert [c.copy for c in found[first : first + 3]] == [True] * 3
    assert found[first - 1].hit.path.endswith("refund.py")


def test_a_repository_does_not_fill_the_list(tmp_path: Path) -> None:
    many = {
        f"m{n}.py": f"def refund{n}(order):\n    return order.refund + {n}  # refund the order\n"
        for n in range(60)
    }
    index, sources = made(
        tmp_path, {"many": many, "few": {"pay.py": "def pay(order):\n    return order.refund\n"}}
    )
    found = offer(index, sources, "The refund of an order is lost", 20)
    assert "few" in {c.hit.repo for c in found}


def test_who_shares_a_route_with_the_best_files_is_offered(tmp_path: Path) -> None:
    """No word of the report is in the client."""
    server = "@app.get('/api/v1/refunds/{id}')\ndef refund(id):\n    return 'the refund of an order'\n"
    client = (
        "import requests\n\ndef fetch(x):\n    return requests.get(f'http://s/api/v1/refunds/{x}').json()\n"
    )
    index, sources = made(tmp_path, {"pay": {"pay/refund.py": server}, "web": {"web/client.py": client}})
    found = [
        c
        for c in offer(index, sources, "Order is lost\n\nThe order is lost")
        if c.hit.path == "web/client.py"
    ]
    assert found
    assert not found[0].tie or "refunds" in found[0].tie


def test_a_path_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    """As "go-secrets: internal/pkg/client.go" it would be."""
    files = {"internal/pkg/client.go": "package pkg\n\nfunc Refund() {}\n"}
    _, sources = made(tmp_path, {f"go-{n}": files for n in ("secrets", "tokens", "password")})
    for repo in sources.views:
        text = sources.label(repo, "internal/pkg/client.go")
        assert redact(text).text == text
    assert redact("go-secrets: internal/pkg/client.go").total


def test_files_that_no_word_leads_to_are_offered_by_name(tmp_path: Path) -> None:
    """Each repository has its turn, long files go first, tests never, and numbers go on."""
    shop = {f"cart{n}.py": f"def refund{n}(order):\n    return order.refund\n" for n in range(6)}
    engine = {
        "core/short.py": "def tick():\n    return 1\n",
        "core/long.py": "def spin():\n    return 1\n\n\ndef halt():\n    return 2\n",
        "core/names.py": "LIMIT = 3\n",
        "tests/test_core.py": "def test_spin():\n    assert True\n",
    }
    index, sources = made(tmp_path, {"engine": engine, "shop": shop})
    found = locate(index, "The refund of an order is lost", Options(limit=100, nearest=True))
    offered = [c for c in candidates(sources, found.files, 4) if c.hit.repo == "shop"]
    wanted = wanted_of(read("The refund of an order is lost where we halt"), sources.scope)
    more = others(sources, (*found.routes, *found.also), offered, wanted)
    by_name = [(c.hit.repo, c.hit.path) for c in more]
    assert {p for r, p in by_name if r == "engine"} == {"core/long.py", "core/short.py"}
    assert not {(c.hit.repo, c.hit.path) for c in offered} & set(by_name)
    first = len(offered) + 1
    shown = block(sources, more, first, wanted)
    at = first + by_name.index(("engine", "core/long.py"))
    assert re.search(rf"in engine\n  core/ {at} long.py \(halt\), {at + 1} short.py$", shown, re.MULTILINE)
    assert redact(shown).text == shown
    text = list_of(sources, [*offered, *more], found.routes, 4000, wanted)
    assert shown in text
    tiny = list_of(sources, [*offered, *more], found.routes, 60, wanted_of(read("refund")))
    assert "long.py" not in tiny, "names go first where there is little room"


def test_names_have_a_budget(tmp_path: Path) -> None:
    many = {f"p{n}/module_number_{n}.py": "def f():\n    return 1\n" for n in range(300)}
    _, sources = made(tmp_path, {"many": many})
    wanted = wanted_of(read("f is slow"))
    more = others(sources, (), [], wanted)
    assert 0 < len(more) < 300
    assert tokens(block(sources, more, 1, wanted)) <= ROOM


def test_a_word_that_all_functions_have_chooses_no_lines(tmp_path: Path) -> None:
    """In its own file a common word may stand in one function alone: that doesn't make this the one to show."""
    common = {f"c{n}.py": f"def run{n}(context):\n    return context.value\n" for n in range(30)}
    lines = "".join(f"    step{n} = work.part{n}\n" for n in range(40))
    files = {
        "a.py": f"def first(context):\n    value = context.value\n{lines}\n\ndef second(ledger):\n{lines}    return ledger\n"
    }
    _, sources = made(tmp_path, {"shop": common | files})
    report = read("The value of a context is not in the ledger")
    facts, text = sources.facts("shop", "a.py"), sources.text("shop", "a.py")
    hit = sources.hit("shop", "a.py")
    assert "def second" in code(hit, facts, text, wanted_of(report, sources.scope), 250)
    assert "def second" not in code(hit, facts, text, wanted_of(report), 250)
