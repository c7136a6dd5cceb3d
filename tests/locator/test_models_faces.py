"""Models at the command line: modes, settings, --offline, plans, edits, and what status tells of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kits.model import REPORT, offered, shop
from kits.paths import ROOT

from bugatlas import command_line
from locator.modes import mode_of, replaying
from summaries.config import Settings, load
from summaries.config_models import reach
from summaries.errors import ModelError, UsageError
from summaries.index.index import Index
from summaries.llm.chat import open_chat
from summaries.llm.testing.server import TestServer, text_of
from summaries.network import refuse_network

pytestmark = pytest.mark.slow

HERE = ROOT
RIGHT = "shop-orders: src/orders/discount.py"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return shop(tmp_path_factory.mktemp("shop"))


def run(index: Index, *args: str, **more: Any) -> Result:
    return CliRunner().invoke(command_line(), ["--index", str(index.root), *args], **more)


def judging(body: dict[str, Any]) -> Any:
    at = offered(body)
    chosen = {"id": at[RIGHT], "why": "percent of 100", "functions": []}
    return {"analysis": "the share", "ranking": [chosen], "sure": "high"}


def test_locate_judges_where_a_model_is_set(index: Index, tmp_path: Path) -> None:
    record = tmp_path / "said.jsonl"
    with TestServer(judging) as server:
        asked = ["locate", REPORT, "--json", "--model", "m", "-c", f"model_url={server.url}"]
        told = json.loads(run(index, *asked, "--record", str(record)).stdout)
        assert told["files"][0]["path"] == "src/orders/discount.py"
        assert told["files"][0]["evidence"][0] == {"voter": "judge", "text": "percent of 100", "line": 4,
                                                   "weight": told["files"][0]["evidence"][0]["weight"]}  # fmt: skip
        count = len(server.requests)
        assert '"judge"' not in run(index, *asked, "--mode", "offline").stdout
        assert len(server.requests) == count
    replayed = json.loads(
        run(index, "locate", REPORT, "--json", "--model", "m", "--replay", str(record)).stdout
    )
    assert replayed["files"] == told["files"]
    alone = json.loads(run(index, "locate", REPORT, "--json", "--replay", str(record)).stdout)
    assert alone["files"] == told["files"], "the recording knows which model it was"
    (tmp_path / "none.jsonl").write_text("")
    nothing = run(index, "locate", REPORT, "--replay", str(tmp_path / "none.jsonl"))
    assert isinstance(nothing.exception, UsageError)
    assert "holds no answers" in str(nothing.exception)
    assert record.read_text().count("\n") == count


@pytest.mark.parametrize(("dig", "calls"), [("true", 2), ("false", 1)])
def test_it_looks_further_only_where_one_wants_it(index: Index, dig: str, calls: int) -> None:
    """The second answer is no turn of one that digs: the first one stands."""
    with TestServer(lambda body: judging(body) | {"sure": "low"}) as server:
        asked = ["locate", REPORT, "--model", f"m-{dig}", "-c", f"model_url={server.url}"]
        done = run(index, *asked, "-c", f"dig={dig}")
        assert done.exit_code == 0
        assert len(server.requests) == calls


def test_an_easy_report_costs_no_call(index: Index) -> None:
    with TestServer(judging) as server:
        asked = ["locate", REPORT, "--json", "--model", "spare", "-c", f"model_url={server.url}"]
        found = json.loads(run(index, *asked, "-c", "judge_spare=0.01").stdout)
        assert server.requests == []
        assert any("no model was asked" in n for n in found["notes"])


def test_a_recording_knows_its_models(tmp_path: Path) -> None:
    lines = [
        {"key": "a", "stage": "judge", "model": "small", "answer": ""},
        {"key": "b", "stage": "dig", "model": "large", "answer": ""},
    ]
    file = tmp_path / "said.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = replaying(Settings(), file)
    assert (told.model, told.dig_model, mode_of(told)) == ("small", "large", "judge")
    for own in (Settings(model="mine"), Settings(mode="offline")):
        assert replaying(own, file) == own


def test_a_mode_without_a_model_is_a_wrong_request(index: Index) -> None:
    told = run(index, "locate", REPORT, "--mode", "judge")
    assert isinstance(told.exception, UsageError)
    assert "--model" in str(told.exception)


def test_a_model_that_is_down_leaves_an_answer(index: Index) -> None:
    told = run(
        index,
        "locate",
        REPORT,
        "--model",
        "down",
        "-c",
        "model_url=http://127.0.0.1:9/v1",
        "-c",
        "model_attempts=1",
    )
    assert told.exit_code == 0
    assert "answered offline" in " ".join(told.stdout.split())


def test_a_plan_and_a_run_at_the_command_line(tmp_path: Path) -> None:
    index = shop(tmp_path)
    planned = run(index, "summarise", "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert "to write" in planned.stdout
    assert "no prices are configured" in planned.stdout
    priced = run(index, "summarise", "--dry-run", "--config", str(HERE / "configs/models-hosted.toml"))
    assert "by the configured prices" in priced.stdout
    with TestServer() as server:
        ran = run(index, "summarise", "--model", "m", "-c", f"model_url={server.url}", "shop-orders")
        assert ran.exit_code in (0, 1), ran.output
        assert server.requests
    state = json.loads(run(index, "status", "--json").stdout)
    assert {s["stage"] for s in state["spent"]} >= {"file summary"}
    assert {r["name"]: r["written"] > 0 for r in state["repositories"]} == {
        "shop-orders": True,
        "shop-payments": False,
    }
    assert "file summary" in run(index, "status").stdout
    wrong = run(index, "summarise", "--dry-run", "nowhere")
    assert isinstance(wrong.exception, UsageError)


def test_summarise_without_a_model_says_what_to_do(index: Index) -> None:
    told = run(index, "summarise")
    assert isinstance(told.exception, ModelError)
    assert "--model" in str(told.exception)


def test_show_edit_keeps_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = shop(tmp_path)
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n"
        "p.write_text('The heart of the shop.\\n' + t[t.index('# Lines'):])\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    assert run(index, "show", "shop-orders", "--edit").stdout.strip() == "kept"
    shown = run(index, "show", "shop-orders", "--json")
    assert json.loads(shown.stdout)["summary"] == "The heart of the shop."
    assert json.loads(shown.stdout)["origin"] == "edited by hand"
    assert "edited by hand" in run(index, "show", "shop-orders").stdout
    assert run(index, "show", "shop-orders", "--edit").stdout.strip() == "nothing changed"
    editor.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text('')\n")
    assert "given back" in run(index, "show", "shop-orders", "--edit").stdout
    assert json.loads(run(index, "show", "shop-orders", "--json").stdout)["origin"] == ""


# --- offline ------------------------------------------------------------------------------------------------

GUARD = """
import sys
seen = []
def guard(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto") and getattr(args[0], "family", 0) != 1:
        seen.append((event, str(args[1:])))
sys.addaudithook(guard)
from bugatlas import command_line
try:
    command_line()(sys.argv[1:], standalone_mode=False)
except Exception as e:
    print("error:", e)
print("CONNECTIONS", seen)
"""


@pytest.mark.parametrize(
    "args",
    [
        ["locate", "Checkout charges a negative amount", "--offline"],
        ["locate", "Checkout charges a negative amount", "--offline", "--mode", "judge"],
        ["locate", "Checkout charges a negative amount", "--offline", "--mode", "paper"],
        ["summarise", "--offline"],
        ["summarise", "--offline", "--dry-run"],
        ["index", "--offline"],
        ["index", "--offline", "{remote}"],
    ],
)
def test_offline_makes_no_connection(index: Index, args: list[str]) -> None:
    with TestServer(judging) as server:
        remote = server.url.replace("/v1", "/shop.git")
        env = os.environ | {
            "BUGATLAS_MODEL": "m",
            "BUGATLAS_MODEL_URL": server.url,
            "BUGATLAS_MODEL_ATTEMPTS": "1",
        }
        args = [a.replace("{remote}", remote) for a in args]
        done = subprocess.run([sys.executable, "-c", GUARD, "--index", str(index.root), *args],
                              capture_output=True, text=True, env=env, cwd=HERE)  # fmt: skip
        assert "CONNECTIONS []" in done.stdout, done.stdout + done.stderr
        assert server.requests == []
        if "--mode" in args:
            assert "answered offline" in " ".join(done.stdout.split())


def test_without_offline_the_guard_would_see_it(index: Index) -> None:
    with TestServer(judging) as server:
        env = os.environ | {"BUGATLAS_MODEL": "online", "BUGATLAS_MODEL_URL": server.url}
        done = subprocess.run([sys.executable, "-c", GUARD, "--index", str(index.root), "locate", REPORT],
                              capture_output=True, text=True, env=env, cwd=HERE)  # fmt: skip
        assert "'socket.connect'" in done.stdout
        assert server.requests


def test_the_hook_refuses_whoever_asks() -> None:
    import socket

    with TestServer() as server:
        host, port = server.url.split("/")[2].split(":")
        refuse_network()
        try:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
            with pytest.raises(ConnectionRefusedError):
                socket.getaddrinfo("shop.example", 443)
        finally:
            refuse_network(False)
        socket.create_connection((host, int(port))).close()


# --- settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hosted", "ollama", "vllm"])
def test_an_example_loads_and_makes_a_client(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = HERE / "configs" / f"models-{name}.toml"
    settings = load(path, (), {})
    assert settings.model
    if settings.model_key:
        assert settings.model_key not in ("", None)
        monkeypatch.setenv(settings.model_key, "a-key")
    chat = open_chat(reach(settings))
    assert chat.model == settings.model
    chat.close()
    text = path.read_text()
    with TestServer(lambda body: "yes") as server:
        there = load(path, [f"model_url={server.url}"], {})
        chat = open_chat(reach(there))
        from summaries.llm.types import Message, Request

        request = Request(
            "test", chat.model, (Message("user", "Are you there?"),), options=there.model_options
        )
        assert chat.ask(request, str).value == "yes"
        body = server.requests[0]
        assert body["model"] == settings.model
        assert body.get("seed") == there.model_options.get("seed")
        assert bool(body.get("stream")) == settings.model_stream
    if name == "hosted":
        assert reach(settings).price.of(1_000_000, 1_000_000) == 2.0
        assert "sk-" not in text


def test_a_stranger_s_file_cannot_turn_a_model_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in (
        'model = "gpt"',
        "model_jobs = 3",
        'mode = "judge"',
        'prompts = "here"',
        "[prices]\nm = [0.0, 0.0]",
    ):
        Path("bugatlas.toml").write_text(line)
        with pytest.raises(UsageError, match="working directory"):
            load(None, (), {})
    Path("bugatlas.toml").write_text("offline = true")
    assert load(None, (), {}).offline
    assert Settings().model == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# no dashes here", "three dashes"),
        ("be nice\n---\nhello", "{{candidates}}"),
        (b"\xff\xfe\x00", "cannot read"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_named(
    index: Index, tmp_path: Path, text: str | bytes, says: str
) -> None:
    (tmp_path / "judge.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    with TestServer(judging) as server:
        told = run(
            index,
            "locate",
            REPORT,
            "--model",
            "m",
            "-c",
            f"model_url={server.url}",
            "-c",
            f"prompts={tmp_path}",
        )
        assert server.requests == []
    assert isinstance(told.exception, UsageError)
    assert says in str(told.exception)


def test_own_prompts_are_used(index: Index, tmp_path: Path) -> None:
    (tmp_path / "judge.md").write_text("You are Ada.\n---\n{{report}} {{candidates}} {{count}}")
    with TestServer(judging) as server:
        run(
            index,
            "locate",
            REPORT,
            "--model",
            "m",
            "-c",
            f"model_url={server.url}",
            "-c",
            f"prompts={tmp_path}",
        )
        assert text_of(server.requests[0]).startswith("You are Ada.\n")


# --- what the page says ---------------------------------------------------------------------------------------


def test_every_fault_and_setting_is_on_the_page() -> None:
    from summaries.config_models import Models
    from summaries.llm.testing.server import FAULTS

    text = (HERE / "docs/models.md").read_text()
    assert [f for f in FAULTS if f"| `{f}` | {FAULTS[f]} |" not in text] == []
    table = (HERE / "docs/config.md").read_text()
    assert [f for f in Models.__struct_fields__ if f"`{f}`" not in table] == []


def test_index_and_then_write(tmp_path: Path) -> None:
    index = shop(tmp_path)
    with TestServer() as server:
        done = run(index, "index", "--summaries", "m", "-c", f"model_url={server.url}")
        assert done.exit_code == 0, done.output
        assert "files" in done.stdout
        assert server.requests


def test_the_server_runs_by_itself() -> None:
    command = [sys.executable, "-m", "summaries.llm.testing.server", "--port", "0", "--fault", "429:0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("model_url = 'http://127.0.0.1:")
    wrong = subprocess.run([*command[:3], "--fault", "nothing"], capture_output=True, text=True, cwd=HERE)
    assert "unknown fault nothing" in wrong.stderr
