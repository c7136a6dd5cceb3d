"""Runs that ask a model: real HTTP, repeated for nothing with the same bytes, and what they took in the report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kits.eval import CASES, company, write_corpus
from kits.model import offered

from eval.cases import read_cases
from eval.commands.group import evaluate
from eval.commands.run import split
from eval.rankers.models import stages
from eval.report.page import page
from eval.report.report import as_markdown, book
from eval.runfile import read_run
from summaries.llm.testing.server import TestServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("company")
    company(made / "clones")
    return made


def go(root: Path, out: Path, *args: str) -> str:
    bugs, repos, mirror = write_corpus(root)
    files = ["--repos", str(repos), "--mirror", mirror, "--work", str(root / "work"), "--out", str(out)]
    result = CliRunner().invoke(
        evaluate, ["run", str(bugs), *files, "--jobs", "1", *args], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def settings(server: TestServer, path: Path, name: str) -> list[str]:
    path.write_text(f'model = "{name}"\nmodel_url = "{server.url}"\n[prices]\n"{name}" = [1.0, 2.0]\n')
    return ["--models", str(path)]


def backwards(body: dict[str, Any]) -> Any:
    """A judge that puts the last candidate first, and finds its code convincing."""
    last = max(offered(body).values(), default=1)
    ranking = [{"id": last, "why": "the last shall be first"}]
    return {"analysis": "", "ranking": ranking, "sure": "high"}


def ranked(path: Path) -> list[list[str]]:
    return [[h["path"] for h in json.loads(line)["ranked"]] for line in path.read_text().splitlines()]


def test_a_judged_run_is_scored_and_repeated_for_nothing(root: Path, tmp_path: Path) -> None:
    plain, judged, again, replayed = (
        tmp_path / f"{n}.jsonl" for n in ("plain", "judged", "again", "replayed")
    )
    go(root, plain)
    record = tmp_path / "answers.jsonl"
    with TestServer(backwards) as server:
        how = settings(server, tmp_path / "m.toml", "one")
        said = go(root, judged, *how, "--mode", "judge", "--record", str(record))
        assert "shipped judge one" in said
        count = len(server.requests)
        assert count >= len(CASES)
        go(root, again, *how)
        assert len(server.requests) == count
    go(root, replayed, *how, "--replay", str(record))
    before, after = ranked(plain), ranked(judged)
    assert any(a[0] != b[0] for a, b in zip(after, before, strict=True))
    assert all(
        [p for p in a if p != a[0]] == [p for p in b if p != a[0]] for a, b in zip(after, before, strict=True)
    )
    alone = tmp_path / "alone.jsonl"
    said = go(root, alone, "--mode", "judge", "--replay", str(record))
    assert "shipped judge one" in said
    assert ranked(again) == ranked(replayed) == ranked(alone) == after
    lines, _ = read_run(judged)
    told = stages(lines)[0]
    assert (told.stage, told.model, told.cases, told.kept) == ("judge", "one", len(CASES), 0)
    assert told.money > 0
    assert told.tokens > 100
    assert stages(read_run(again)[0])[0].kept == len(CASES)
    bugs, _, _ = write_corpus(root)
    cases, _ = read_cases(bugs)
    made, problems = book(cases, [judged, plain], "A report")
    assert not problems
    assert re.search(r"\| judge \| one \| \d+ \| \d+ \|", as_markdown(made))
    assert ">Models<" in str(page(made))


def test_a_model_that_is_down_is_told_and_the_run_goes_on(root: Path, tmp_path: Path) -> None:
    plain, judged = tmp_path / "plain.jsonl", tmp_path / "judged.jsonl"
    go(root, plain)
    with TestServer(backwards, shares={"401": 1.0}) as server:
        said = go(root, judged, *settings(server, tmp_path / "m.toml", "down"))
    assert ranked(judged) == ranked(plain)
    lines, _ = read_run(judged)
    assert all("answered offline" in line.note for line in lines.values())
    assert f"{len(CASES)} of {len(CASES)} cases were answered offline" in said


def test_the_reference_method_runs_by_file_exchange_in_two_goes(root: Path, tmp_path: Path) -> None:
    desk, out = tmp_path / "desk", tmp_path / "paper.jsonl"
    (tmp_path / "m.toml").write_text(f'model = "file:{desk}"\nmodel_timeout = 0\n')
    how = ["--models", str(tmp_path / "m.toml"), "--mode", "paper", "--fresh"]
    for _ in range(5):
        go(root, out, *how)
        lines, _ = read_run(out)
        if not any(line.note for line in lines.values()):
            break
        for asked in desk.glob("*.request.json"):
            key = asked.name.split(".")[0]
            answer = {"reasoning": "", "ranking": [{"id": 1, "why": "the first"}]}
            (desk / f"{key}.answer.json").write_text(json.dumps({"answer": answer}))
    assert {c.stage for line in lines.values() for c in line.calls} == {"paper files"}
    assert all(len(line.ranked) == 1 for line in lines.values())


def test_a_mode_without_a_model_is_refused(root: Path, tmp_path: Path) -> None:
    bugs, repos, mirror = write_corpus(root)
    files = [
        "--repos",
        str(repos),
        "--mirror",
        mirror,
        "--work",
        str(root / "work"),
        "--out",
        str(tmp_path / "x"),
    ]
    result = CliRunner().invoke(evaluate, ["run", str(bugs), *files, "--mode", "paper"])
    assert "needs a model" in str(result.exception)


@pytest.mark.parametrize(
    ("given", "weights", "settings"),
    [
        (("voters.path=0.5", "model_timeout=0"), ["voters.path=0.5"], ["model_timeout=0"]),
        (("routes.name=0.2",), ["routes.name=0.2"], []),
        (("model_options.seed=1",), [], ["model_options.seed=1"]),
    ],
)
def test_changes_of_weights_and_settings_share_an_option(
    given: tuple[str, ...], weights: list[str], settings: list[str]
) -> None:
    assert split(given) == (weights, settings)
