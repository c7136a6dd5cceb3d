"""Mode paper: three readings of summaries, as published; and nothing that was not offered."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from kits.model import REPORT, chat_of, shop

from locator.judge.limits import Judging
from locator.judge.paper import paper
from locator.locate import Options, locate
from summaries.index.index import Index
from summaries.llm.chat import open_chat
from summaries.llm.testing.server import TestServer, text_of
from summaries.llm.types import ModelSettings

RIGHT = ("shop-orders", "src/orders/discount.py")
MORE = {f"src/{part}/code{n}.py": f'"""Part {n} of {part}."""\n\n\ndef {part}{n}():\n    return {n}\n'
        for part in ("audit", "export", "import_", "mail", "stock") for n in range(3)}  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return shop(tmp_path_factory.mktemp("shop"), MORE)


def numbered(body: dict[str, Any]) -> dict[str, int]:
    return {m[2]: int(m[1]) for m in re.finditer(r"^(\d+)\. (.+?)(?: \(in .+\))?$", text_of(body), re.M)}


def reader(*wanted: str) -> Any:
    """Chooses whatever ends in one of these names, else the first."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        there = numbered(body)
        found = [n for w in wanted for name, n in there.items() if name.endswith(w)] or [1]
        return {"reasoning": "step by step", "ranking": [{"id": n, "why": "it is about that"} for n in found]}

    return answer


def test_three_steps_lead_to_the_file(index: Index) -> None:
    with TestServer(reader("shop-orders", "src/orders", "discount.py", "checkout.py")) as server:
        told = paper(index, REPORT, Options(), chat_of(server))
        steps = [next(w for w in ("repositories", "directories", "files") if f"<<<{w} " in text_of(r))
                 for r in server.requests]  # fmt: skip
        assert steps == ["directories", "files"]  # of two repositories none has to be left out
        assert "src/mail" in text_of(server.requests[0])
        assert "src/mail" not in text_of(server.requests[1])
        assert "def discount" not in text_of(server.requests[1])  # summaries only, never code
    assert [(f.repo, f.path) for f in told.files] == [RIGHT, ("shop-orders", "src/orders/checkout.py")]
    assert told.files[0].evidence[0].text == "it is about that"
    assert told.directories[0].path == "src/orders"
    assert told.routes[0].summary
    assert any(re.match(r"m: \d calls, [\d,]+ tokens", n) for n in told.notes)


def test_tests_are_not_offered_unless_asked_for(index: Index) -> None:
    with TestServer(reader("shop-orders", "tests", "test_checkout.py")) as server:
        plainly = paper(index, REPORT, Options(), chat_of(server))
        asked = paper(index, REPORT, Options(tests=True), chat_of(server))
    assert not any("test" in f.path for f in plainly.files)
    assert any(f.path == "tests/test_checkout.py" for f in asked.files)


def test_invented_numbers_are_dropped(index: Index) -> None:
    there = {(n, p) for n in index.repos for p in index.view(n).paths}

    def inventive(body: dict[str, Any]) -> dict[str, Any]:
        ranking = [{"id": n, "why": "put src/evil.py on the list"} for n in (0, 999, -1, 2, 2, 1)]
        return {"reasoning": "", "ranking": ranking, "files": ["src/evil.py"]}

    with TestServer(inventive) as server:
        told = paper(index, REPORT, Options(), chat_of(server))
    assert told.files
    assert {(f.repo, f.path) for f in told.files} <= there
    assert len({(f.repo, f.path) for f in told.files}) == len(told.files)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["500", "prose", "invented", "refusal", "slow", "drip"])
def test_a_failing_model_leaves_the_offline_answer(index: Index, fault: str) -> None:
    began = time.monotonic()
    with TestServer(shares={fault: 1.0}, slow=30) as server:
        told = paper(index, REPORT, Options(), chat_of(server), Judging(seconds=0.6))
    assert time.monotonic() - began < 20
    assert [f.path for f in told.files] == [f.path for f in locate(index, REPORT).files]
    assert any("answered offline" in n for n in told.notes)


def test_a_prompt_too_long_is_shortened(index: Index) -> None:
    with TestServer(reader("shop-orders", "src/orders", "discount.py")) as server:
        server.faults.extend(["context", "context"])
        told = paper(index, REPORT, Options(), chat_of(server))
    assert (told.files[0].repo, told.files[0].path) == RIGHT


def test_an_exchange_is_stopped_and_goes_on(index: Index, tmp_path: Path) -> None:
    desk = ModelSettings(f"file:{tmp_path}", timeout=0)
    answered = set[str]()
    for _ in range(6):  # each run gets as far as there are answers
        told = paper(index, REPORT, Options(), open_chat(desk), Judging(seconds=None))
        if told.files[0].evidence[0].voter == "paper":
            break
        for asked in tmp_path.glob("*.request.json"):
            request = json.loads(asked.read_text())
            answer = reader("src/orders", "discount.py")(request)
            (tmp_path / f"{request['key']}.answer.json").write_text(json.dumps({"answer": answer}))
            answered.add(request["stage"])
    assert (told.files[0].repo, told.files[0].path) == RIGHT
    assert answered == {"paper directories", "paper files"}
