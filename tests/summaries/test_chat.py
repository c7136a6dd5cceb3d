"""The model client against a real HTTP server of ours, with every fault that it can play."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import msgspec
import pytest

from summaries.errors import IndexDamaged, ModelError
from summaries.llm.chat import Chat, open_chat
from summaries.llm.ledger import FILE, Ledger, spent_in
from summaries.llm.schema import read_as, schema_of
from summaries.llm.testing.server import TestServer, text_of
from summaries.llm.types import (
    BudgetSpent,
    ContextTooLong,
    Message,
    ModelSettings,
    Nonsense,
    Price,
    Refused,
    Reply,
    Request,
    Unavailable,
)


class Verdict(msgspec.Struct, frozen=True):
    """What the tests ask for."""

    name: str
    number: int


def verdict(text: str) -> Verdict:
    return read_as(text, Verdict)


def question(text: str = "Which file?", stage: str = "test", model: str = "m") -> Request:
    return Request(stage, model, (Message("user", text),), "verdict", schema_of(Verdict), 100)


def right(body: dict) -> dict:
    return {"name": "cart.py", "number": 7}


def opened(server: TestServer, index: Path | None = None, **more: object) -> Chat:
    settings = ModelSettings("m", server.url, timeout=5.0, attempts=3)
    return open_chat(msgspec.structs.replace(settings, **more), index)


@pytest.mark.slow
def test_an_answer_is_read_and_accounted(tmp_path: Path) -> None:
    with TestServer(right) as server:
        chat = opened(server, tmp_path, prices={"m": Price(1.0, 2.0)})
        told = chat.ask(question(), verdict)
        assert told.value == Verdict("cart.py", 7)
        asked = server.requests[0]
        assert asked["response_format"]["json_schema"]["schema"]["required"] == ["name", "number"]
        assert asked["response_format"]["json_schema"]["schema"]["additionalProperties"] is False
        spent = chat.ledger.spent()[0]
        assert (spent.stage, spent.calls, spent.failed, spent.kept) == ("test", 1, 0, 0)
        assert spent.money == pytest.approx((spent.read + 2 * spent.written) / 1e6)
        assert chat.limits.money == spent.money > 0
        chat.close()


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["429", "500", "503", "drop", "truncated", "malformed", "html"])
def test_what_passes_is_tried_again(fault: str, stream: bool) -> None:
    with TestServer(right, retry_after=0.05) as server:
        server.faults.append(fault)
        chat = opened(server, stream=stream)
        assert chat.ask(question(), verdict).value.number == 7
        assert len(server.requests) == 2
        assert chat.ledger.spent()[0].failed == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_lasting_failure_is_named_after_a_few_tries(stream: bool) -> None:
    with TestServer(right, shares={"500": 1.0}) as server:
        chat = opened(server, stream=stream, attempts=2)
        with pytest.raises(Unavailable, match="500"):
            chat.ask(question(), verdict)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error", "calls"),
    [
        ("401", ModelError, 1),
        ("quota", ModelError, 1),
        ("context", ContextTooLong, 1),
        ("refusal", Refused, 1),
        ("wrong-schema", Nonsense, 2),
        ("prose", Nonsense, 2),
        ("empty", Nonsense, 1),
    ],
)
def test_what_does_not_pass_is_not_hammered(fault: str, error: type[ModelError], calls: int) -> None:
    with TestServer(right, shares={fault: 1.0}) as server:
        with pytest.raises(error) as caught:
            opened(server).ask(question(), verdict)
        assert len(server.requests) == calls
        assert "none" not in str(caught.value).lower()


@pytest.mark.parametrize("fault", ["fenced", "no-schema", "no-temperature"])
def test_poorer_endpoints_are_understood(fault: str) -> None:
    with TestServer(right, shares={fault: 1.0}) as server:
        chat = opened(server)
        assert chat.ask(question("one"), verdict).value.number == 7
        before = len(server.requests)
        chat.ask(question("two"), verdict)
        assert len(server.requests) == before + 1  # what it does not support is not tried twice
        if fault == "no-schema":
            assert "additionalProperties" in text_of(server.requests[-1])


def test_retry_after_is_kept_to() -> None:
    with TestServer(right, retry_after=0.4) as server:
        server.faults.append("429")
        began = time.monotonic()
        opened(server).ask(question(), verdict)
        assert time.monotonic() - began >= 0.4


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    with TestServer(right, retry_after=30, shares={"429": 1.0}) as server:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            opened(server).ask(question(), verdict, deadline=began + 2)
        assert time.monotonic() - began < 1


@pytest.mark.slow
def test_a_slow_endpoint_is_given_up_on() -> None:
    with TestServer(right, shares={"slow": 1.0}, slow=20) as server:
        began = time.monotonic()
        with pytest.raises(ModelError, match="time"):
            opened(server).ask(question(), verdict, deadline=began + 0.5)
        assert time.monotonic() - began < 3


def test_an_answer_is_kept_by_content(tmp_path: Path) -> None:
    with TestServer(right) as server:
        chat = opened(server, tmp_path)
        first = chat.ask(question(stage="judge"), verdict)
        again = chat.ask(question(stage="elsewhere"), verdict)
        assert again.value == first.value
        assert (again.reply.source, again.reply.money) == ("cache", 0)
        chat.close()
        assert opened(server, tmp_path).ask(question(), verdict).reply.source == "cache"
        opened(server, tmp_path).ask(question("Another?"), verdict)
        assert len(server.requests) == 2


def test_an_unreadable_answer_is_not_kept(tmp_path: Path) -> None:
    with TestServer(right) as server:
        server.faults.extend(["prose", "prose"])
        chat = opened(server, tmp_path)
        with pytest.raises(Nonsense):
            chat.ask(question(), verdict)
        assert chat.ask(question(), verdict).reply.source == "endpoint"


def test_record_and_replay(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    with TestServer(right) as server:
        settings = ModelSettings("m", server.url)
        chat = open_chat(settings, tmp_path, record=file)
        told = chat.ask(question(), verdict)
        chat.ask(question(), verdict)
        chat.close()
    assert len(file.read_text().splitlines()) == 1
    replay = open_chat(settings, replay=file)  # the server is gone
    assert replay.ask(question(), verdict).value == told.value
    with pytest.raises(ModelError, match="--record"):
        replay.ask(question("Something new?"), verdict)
    file.write_bytes(file.read_bytes() + b'{"key": "cut off in the mid')
    assert open_chat(settings, replay=file).ask(question(), verdict).value == told.value


def test_the_budget_stops_before_it_is_overdrawn() -> None:
    with TestServer(right) as server:
        chat = opened(server, prices={"m": Price(1000.0, 1000.0)}, budget=0.5, jobs=4)
        told = dict(chat.ask_all([question(f"Number {n}?") for n in range(12)], verdict))
        stopped = [e for e in told.values() if isinstance(e, BudgetSpent)]
        assert len(told) == 12
        assert 0 < len(server.requests) == 12 - len(stopped) < 12
        assert 0 < chat.limits.money <= 0.5
        few = opened(server, tokens=50)
        with pytest.raises(BudgetSpent, match="50 tokens"):
            few.ask(question("once"), verdict)


def test_the_circuit_opens_and_spares_the_endpoint() -> None:
    with TestServer(right, shares={"401": 1.0}) as server:
        chat = opened(server, jobs=1)
        told = dict(chat.ask_all([question(f"Number {n}?") for n in range(9)], verdict))
        assert all(isinstance(e, ModelError) for e in told.values())
        assert len(server.requests) == 5
        assert sum("in a row" in str(e) for e in told.values()) == 4


@pytest.mark.slow
def test_calls_run_side_by_side_and_keep_the_rate() -> None:
    meeting = threading.Barrier(3)

    def together(body: dict) -> dict:
        meeting.wait(5)
        return right(body)

    with TestServer(together) as server:
        assert len(dict(opened(server, jobs=3).ask_all([question(f"{n}?") for n in range(3)], verdict))) == 3
        meeting.reset()
    with TestServer(right) as server:
        began = time.monotonic()
        list(opened(server, jobs=3, rate=600).ask_all([question(f"{n}?") for n in range(5)], verdict))
        assert time.monotonic() - began >= 0.4


# --- file exchange ----------------------------------------------------------------------------------------


def test_a_folder_answers(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    settings = ModelSettings(f"file:{folder}", timeout=20)
    done: list[Verdict] = []
    waiter = threading.Thread(target=lambda: done.append(open_chat(settings).ask(question(), verdict).value))
    waiter.start()
    while not (asked := list(folder.glob("*.request.json"))):
        time.sleep(0.01)
    request = json.loads(asked[0].read_text())
    assert request["messages"][0]["content"] == "Which file?"
    assert request["schema"]["properties"]["number"] == {"type": "integer"}
    answer = folder / f"{request['key']}.answer.json"
    answer.write_text('{"answer": {"name": "c')  # whoever answers may write slowly
    time.sleep(0.1)
    answer.write_text(json.dumps({"answer": {"name": "cart.py", "number": 7}}))
    waiter.join(10)
    assert done == [Verdict("cart.py", 7)]


def test_a_stopped_exchange_goes_on(tmp_path: Path) -> None:
    settings = ModelSettings(f"file:{tmp_path}", timeout=0)
    with pytest.raises(ModelError, match="no answer yet"):
        open_chat(settings).ask(question(), verdict)
    (asked,) = tmp_path.glob("*.request.json")
    stamp = asked.stat().st_mtime_ns
    completion = {"choices": [{"message": {"content": '{"name": "cart.py", "number": 7}'}}]}
    asked.with_name(asked.name.replace("request", "answer")).write_text(json.dumps(completion))
    assert open_chat(settings).ask(question(), verdict).value.number == 7
    assert [p.stat().st_mtime_ns for p in tmp_path.glob("*.request.json")] == [stamp]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ('{"error": "I am out to lunch"}', "lunch"),
        ("[1, 2]", "no JSON object"),
        ('{"reply": 1}', "no answer"),
    ],
)
def test_a_folder_that_does_not_answer(tmp_path: Path, answer: str, says: str) -> None:
    (tmp_path / f"{question().key}.answer.json").write_text(answer)
    with pytest.raises(ModelError, match=says):
        open_chat(ModelSettings(f"file:{tmp_path}", timeout=1)).ask(question(), verdict)


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "cart.py", "number": 7}',
        'Sure!\n```json\n{"name": "cart.py", "number": 7,}\n```',
        '<think>Is it {"name"?</think> The answer is {"name": "cart.py", "number": "7"}.',
        'a { b { c } {"name": "cart.py", "number": 7, "more": [1, 2]} d',
    ],
)
def test_answers_are_read_tolerantly(text: str) -> None:
    assert verdict(text) == Verdict("cart.py", 7)


@pytest.mark.parametrize(
    "text", ["", "{", "{" * 50_000, "[" * 100_000, '{"name": 1}', "null", '{"a":' * 3000]
)
def test_nonsense_is_named(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(Nonsense):
        verdict(text)
    assert time.monotonic() - began < 1


def test_a_missing_key_is_told_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(ModelError, match="SHOP_KEY"):
        open_chat(ModelSettings("m", "http://127.0.0.1:9/v1", key="SHOP_KEY"))
    with pytest.raises(ModelError, match="no URL"):
        open_chat(ModelSettings("m", "file:///etc/passwd"))
    with pytest.raises(ModelError, match="no model"):
        open_chat(ModelSettings())


def test_the_key_is_not_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "a-key-of-mine")
    with TestServer(right) as server:
        server.faults.append("401")
        chat = opened(server, tmp_path, key="SHOP_KEY")
        with pytest.raises(ModelError) as caught:
            chat.ask(question(), verdict)
        chat.ask(question(), verdict)
        chat.close()
    assert "a-key-of-mine" not in str(caught.value)
    assert not any(b"a-key-of-mine" in p.read_bytes() for p in tmp_path.iterdir())


@pytest.mark.slow
def test_a_damaged_ledger_costs_no_answer_and_is_reported(tmp_path: Path) -> None:
    reply = Reply("yes", read=1, written=1)
    request = Request("judge", "m", (Message("user", "?"),), "s", {}, 10)
    ledger = Ledger(tmp_path / FILE)
    for n in range(300):
        ledger.add(request, reply)
        ledger.keep(f"key{n}", "an answer " * 20)
    ledger.close()
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    damaged = Ledger(tmp_path / FILE)
    assert damaged.answer("key7") is None
    damaged.keep("key7", "again")
    damaged.close()
    with pytest.raises(IndexDamaged, match=FILE):
        spent_in(tmp_path)
