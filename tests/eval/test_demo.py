"""The demo shop: six repositories, the same everywhere, with bugs that are really there."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.demo import REPORTS, SERVICES, DemoReport, build, load
from indexer.demo.history import changes
from indexer.parse.languages import language_of
from indexer.parse.parse import parse
from summaries.errors import UsageError

pytestmark = pytest.mark.slow

HEADS = {
    "shop-catalog": "3b77b7bcd676d1e4925ab79d335f7df6356f6145",
    "shop-gateway": "5ca6a86611d9f36babe082cd0ff3118eee4200b8",
    "shop-inventory": "b33d0699160bc051abfae85dac1c895b54978ccc",
    "shop-notifications": "898444abd965fb097a0c3cb21d0951a83948515b",
    "shop-orders": "a8d67c7819e6b29dc7d24a7b7b4a363ea7fdfcff",
    "shop-payments": "bbc1efbcaf334b0c05dd8f0c1cb5091b4511a206",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo") / "shop"
    assert [p.name for p in build(target)] == list(SERVICES)
    return target


def git(path: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=path, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", SERVICES)
def test_commits_have_the_same_hashes_everywhere(shop: Path, name: str) -> None:
    assert git(shop / name, "rev-parse", "HEAD").strip() == HEADS[name]
    assert git(shop / name, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", SERVICES)
def test_histories_are_of_two_years_and_several_people(shop: Path, name: str) -> None:
    lines = git(shop / name, "log", "--format=%at %an").splitlines()
    years = {datetime.fromtimestamp(int(line.split()[0]), UTC).year for line in lines}
    assert years == {2024, 2025}
    assert 8 <= len(lines) <= 15
    assert len({line.split(" ", 1)[1] for line in lines}) >= 2
    subjects = git(shop / name, "log", "--format=%s")
    assert len(re.findall(r"^SHOP-\d+: ", subjects, re.M)) >= 5
    assert "v1.1.0" in git(shop / name, "tag")


@pytest.mark.parametrize("name", SERVICES)
def test_every_version_of_every_file_parses(name: str) -> None:
    for change in load(name):
        for path, text in change.files.items():
            assert text is not None
            language = language_of(path)
            assert language or path == "go.mod"
            assert language is None or not parse(path, text, language).broken, f"{change.message!r} {path}"
            if path.endswith(".py"):
                ast.parse(text)
            elif path.endswith(".json"):
                json.loads(text)
            elif path.endswith(".toml"):
                tomllib.loads(text)


def test_the_catalogs_own_tests_pass(shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "tests"],
        cwd=shop / "shop-catalog",
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.repo)
def test_the_fault_is_where_the_report_says(shop: Path, report: DemoReport) -> None:
    text = (shop / report.repo / report.path).read_text("utf-8")
    language = language_of(report.path)
    assert language
    names = {s.qualname for s in parse(report.path, text, language).symbols}
    assert report.function in names


def test_frames_of_the_stack_trace_name_their_lines(shop: Path) -> None:
    body = next(r.body for r in REPORTS if r.repo == "shop-orders")
    frames = re.findall(r"at com\.shop\.[\w.]+\.(\w+)\.(\w+)\((\w+\.java):(\d+)\)", body)
    assert len(frames) == 5
    for owner, method, file, line in frames:
        (path,) = (shop / "shop-orders" / "src/main").rglob(file)
        text = path.read_text("utf-8")
        symbols = parse(file, text, "java").symbols
        (inside,) = [s for s in symbols if s.qualname == f"{owner}.{method}"]
        assert inside.start < int(line) <= inside.end
    divides = (shop / "shop-orders" / REPORTS[1].path).read_text("utf-8").splitlines()[26]
    assert ".divide(total)" in divides


def test_quoted_log_lines_are_in_the_code(shop: Path) -> None:
    body = next(r.body for r in REPORTS if r.repo == "shop-gateway")
    code = "".join(p.read_text("utf-8") for p in (shop / "shop-payments").rglob("*.go"))
    messages = re.findall(r'msg="([^"]+)"', body)
    assert len(messages) == 2
    assert all(f'"{m}"' in code for m in messages)
    code = "".join(p.read_text("utf-8") for p in (shop / "shop-gateway").rglob("*.ts"))
    (said,) = (json.loads(line) for line in body.splitlines() if line.strip().startswith("{"))
    assert f'msg: "{said["msg"]}"' in code and f'"{said["service"]}"' in code


def test_the_plain_report_names_no_code(shop: Path) -> None:
    report = next(r for r in REPORTS if r.repo == "shop-payments")
    text = f"{report.title}\n{report.body}"
    assert not re.search(r"\w[A-Z]|_|/|\(\)|shop-", text)


def test_nothing_is_overwritten(shop: Path) -> None:
    with pytest.raises(UsageError):
        build(shop)


def test_the_data_is_small() -> None:
    folder = Path(sys.modules["indexer.demo"].__file__ or "").parent
    assert sum(p.stat().st_size for p in folder.iterdir() if p.is_file()) < 250_000


@pytest.mark.parametrize(
    "history",
    [
        "text\n",
        "@@@ commit 2024-01-01T00:00:00+00:00 A B\nm\n@@@ odd x\n",
        "@@@ commit 2024-01-01T00:00:00+00:00 A B\nm\n@@@ file a\nx\nx\n@@@ edit a\n@@@ was\nx\n@@@ now\ny\n",
    ],
)
def test_contradictions_are_refused(history: str) -> None:
    with pytest.raises(ValueError):
        changes(history)


def test_edits_and_deletions() -> None:
    history = (
        "@@@ commit 2024-01-01T00:00:00+00:00 A B\nfirst\n@@@ file a\none\ntwo\n@@@ file b\n"
        "@@@ commit 2024-01-02T00:00:00+00:00 A B\nsecond\n\nbody\n"
        "@@@ edit a\n@@@ was\ntwo\n@@@ now\n2\n@@@ delete b\n@@@ tag v1\n"
    )
    first, second = changes(history)
    assert first.files == {"a": "one\ntwo\n", "b": ""}
    assert second.files == {"a": "one\n2\n", "b": None}
    assert (second.message, second.tags) == ("second\n\nbody\n", ["v1"])
