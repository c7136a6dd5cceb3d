"""Functions that fixes changed, the confidence after a model, and what tokens buy."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kits.eval import CASES, company, write_corpus
from kits.git import commit, make_repo
from kits.model import offered

from eval.cases import Base, Case, Gold, Repo
from eval.commands.group import evaluate
from eval.learning.judged import LEAST, as_text, fit_judged
from eval.runfile import Named, RankedFile, RunLine
from eval.scoring.functions import changed_functions, function_scores
from eval.scoring.token_curve import token_curve
from locator.answer import Call, Judgement
from locator.weights import Weights
from summaries.llm.prompting import SHIPPED
from summaries.llm.testing.server import TestServer, text_of

BEFORE = """import os


class Cart:
    def total(self):
        return sum(self.items)

    def empty(self):
        self.items = []


def checkout(cart):
    def pay():
        return cart.total()

    return pay()
"""


def fixed(tmp_path: Path, after: str) -> set[tuple[str, str, str]]:
    shas = make_repo(
        tmp_path / "shop", [commit({"cart.py": BEFORE}, "Start"), commit({"cart.py": after}, "Fix")]
    )
    case = Case("a", "t", "b", (Gold("shop", "cart.py"),), fix_commits=(Base("shop", shas[1]),))
    found, problems = changed_functions([case], [Repo("shop", "shop", str(tmp_path / "shop"))], "")
    assert not problems
    return found["a"]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("sum(self.items)", "sum(self.items) + 1", {"Cart.total"}),
        ("        self.items = []\n", "        self.items = []\n        self.open = False\n", {"Cart.empty"}),
        ("        return cart.total()\n", "        return cart.total() + 1\n", {"checkout.pay"}),
        ("import os\n", "import sys\n", set()),
        (
            "        return sum(self.items)\n",
            "        x = 1\n        return sum(self.items) + x\n",
            {"Cart.total"},
        ),
        ("\n\ndef checkout", "\n\ndef other():\n    return 1\n\n\ndef checkout", set()),
    ],
)
def test_the_innermost_function_that_holds_the_change(
    tmp_path: Path, old: str, new: str, names: set[str]
) -> None:
    assert {
        name.rpartition("checkout.")[2] or name for _, _, name in fixed(tmp_path, BEFORE.replace(old, new))
    } == {n.rpartition("checkout.")[2] or n for n in names}


def test_function_success_goes_by_place(tmp_path: Path) -> None:
    cases = [Case(i, "t", "b", (Gold("r", "a.py"),)) for i in ("one", "two", "none")]
    gold = {"one": {("r", "a.py", "f")}, "two": {("r", "a.py", "g")}, "none": set()}
    first = RankedFile("r", "a.py", functions=(Named("f", 1, 2), Named("g", 3, 4)))
    run = {i: RunLine(i, (first,)) for i in ("one", "two", "none")}
    scores = function_scores(gold, cases, run)
    assert scores.ids == ("one", "two"), "a fix that changed no function asks for none"
    assert scores.values.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert function_scores(gold, cases, {}).values.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def judged_run(count: int, honest: bool) -> tuple[list[Case], dict[str, RunLine]]:
    """A run whose model is right where it says "high" (or by chance, if not honest) and the search always half sure."""
    chance = random.Random(3)
    cases, run = [], {}
    for n in range(count):
        sure = ("high", "medium", "low")[n % 3]
        right = chance.random() < ({"high": 0.95, "medium": 0.5, "low": 0.05}[sure] if honest else 0.5)
        cases.append(Case(str(n), "t", "b", (Gold("r", "right.py"),)))
        path = "right.py" if right else "wrong.py"
        run[str(n)] = RunLine(
            str(n), (RankedFile("r", path, 1.0),), judgement=Judgement(0.5, n % 2 == 0, sure)
        )
    return cases, run


@pytest.mark.slow
def test_the_confidence_after_a_model_is_fitted_to_what_was_right() -> None:
    flat = Weights(judged=dict.fromkeys(Weights().judged, 0.0))
    fit = fit_judged(*judged_run(120, honest=True), flat)
    assert fit is not None
    assert fit.better
    assert fit.after.brier < fit.before.brier - 0.1
    assert fit.table["high"] > 0 > fit.table["low"]
    assert "cross-validated" in as_text(fit)
    none = fit_judged(*judged_run(120, honest=False), flat)
    assert none is not None
    assert not none.better, "where a model's word means nothing there is nothing to gain"
    assert fit_judged(*judged_run(LEAST - 1, honest=True), flat) is None


def test_what_tokens_buy() -> None:
    cases = [Case(str(n), "t", "b", (Gold("r", "right.py"),)) for n in range(4)]
    wrong, right = RankedFile("r", "wrong.py", 1.0), RankedFile("r", "right.py", 0.5)
    plain = {
        str(n): RunLine(str(n), (right, wrong) if n > 1 else (wrong, right), confidence=n / 4)
        for n in range(4)
    }
    call = Call("judge", "m", 900, 100, 0.0, 1.0, "file")
    judged = {str(n): RunLine(str(n), (right, wrong), calls=(call,)) for n in range(4)}
    points = token_curve(cases, plain, judged)
    assert (points[0].judged_cases, points[0].tokens, points[0].values[0]) == (0, 0.0, 0.5)
    assert (points[-1].judged_cases, points[-1].tokens, points[-1].values[0]) == (4, 1000.0, 1.0)
    cheap = next(p for p in points if p.values[0] == 1.0)
    assert (cheap.judged_cases, cheap.tokens) == (2, 500.0), "the two that the search had right cost nothing"


@pytest.mark.slow
def test_two_versions_of_a_prompt_are_measured_over_the_same_cases(tmp_path: Path) -> None:
    company(tmp_path / "clones")
    bugs, repos, mirror = write_corpus(tmp_path)
    new = tmp_path / "new"
    new.mkdir()
    (new / "judge.md").write_text((SHIPPED / "judge.md").read_text() + "\nThink of the LAST file first.\n")

    def model(body: dict[str, Any]) -> Any:
        """It takes the first file, or the last one where the prompt says so."""
        numbers = offered(body).values()
        chosen = max(numbers) if "LAST file" in text_of(body) else min(numbers)
        return {
            "analysis": "",
            "ranking": [{"id": chosen, "functions": [], "why": "so"}],
            "sure": "high",
            "questions": [],
        }

    with TestServer(model) as server:
        (tmp_path / "m.toml").write_text(f'model = "m"\nmodel_url = "{server.url}"\n')
        files = ["--repos", str(repos), "--mirror", mirror, "--work", str(tmp_path / "work")]
        how = ["--out", str(tmp_path / "runs"), "--models", str(tmp_path / "m.toml")]
        asked = ["prompts", str(bugs), "shipped", str(new), *files, *how]
        done = CliRunner().invoke(evaluate, asked, catch_exceptions=False)
        assert len(server.requests) == 2 * len(CASES)
    assert done.exit_code == 0
    assert "Success@1" in done.output
    assert "new: judge 3 calls" in done.output
    assert (tmp_path / "runs" / "old.jsonl").read_text() != (tmp_path / "runs" / "new.jsonl").read_text()
