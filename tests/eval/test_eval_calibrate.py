"""Learning from past fixes: the fit, the lessons, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from kits.git import HOUR, START, commit, make_repo

from eval.cases import Case
from eval.commands.calibrate import calibrate as command
from eval.learning.calibrate import as_text, calibrate
from eval.learning.fit import Sample, Stack, fit, logistic, loss, reciprocal_ranks, sharpness
from eval.learning.lessons import TEACHABLE, lessons, names_of
from eval.rankers.settings import settings_of
from eval.snapshots import commits_of
from indexer.build import build
from indexer.sources.discover import Source
from locator.locate import Options, locate
from locator.weights import FILE, PRIORS, ROUTES, SURE, VOTERS, Learnt, Weights
from summaries.errors import IndexDamaged, UsageError
from summaries.index.index import Index

pytestmark = pytest.mark.slow

ALL = np.ones(3, np.bool_)


def samples(n: int, truth: list[float], seed: int = 1) -> list[Sample]:
    """Queries whose gold is what the true weights put first, with some noise."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(n):
        x = rng.random((12, 3)).astype(np.float32)
        gold = np.zeros(12, np.bool_)
        gold[int(np.argmax(x @ np.array(truth) + rng.normal(0, 0.05, 12)))] = True
        out.append(Sample(x, gold))
    return out


def test_gradient_is_that_of_the_loss() -> None:
    stack = Stack.of(samples(5, [1, 0, 0.5]))
    w = np.array([0.3, 0.2, 0.1])
    value, gradient, by_sharp = loss(stack, w, 3.0)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-6
        assert gradient[i] == pytest.approx((loss(stack, w + step, 3.0)[0] - value) / 1e-6, rel=1e-3)
    assert by_sharp == pytest.approx((loss(stack, w, 3.0 + 1e-6)[0] - value) / 1e-6, rel=1e-3)


def test_fit_finds_what_decides() -> None:
    data = samples(150, [1.0, 0.0, 0.5])
    start = np.array([0.3, 0.6, 0.1])
    found = fit(data[:100], start, 1.0, ALL)
    assert (found >= 0).all()
    assert found[0] > found[2] > found[1], "in the order of the truth"
    assert reciprocal_ranks(data[100:], found).mean() > reciprocal_ranks(data[100:], start).mean() + 0.2
    assert np.array_equal(found, fit(data[:100], start, 1.0, ALL))


def test_strong_pull_and_frozen_weights_stay_as_shipped() -> None:
    data = samples(60, [1.0, 0.0, 0.5])
    start = np.array([0.3, 0.6, 0.1])
    assert fit(data, start, 1e7, ALL) == pytest.approx(start, abs=1e-3)
    held = fit(data, start, 1.0, np.array([True, False, True]))
    assert held[1] == 0.6 and held[0] != pytest.approx(0.3, abs=1e-3)
    assert 1 < sharpness(Stack.of(data), np.array([1.0, 0.0, 0.5])) <= 200


def test_ties_count_against_the_gold() -> None:
    same = Sample(np.ones((4, 3), np.float32), np.array([False, True, False, False]))
    assert reciprocal_ranks([same], np.ones(3)).tolist() == [0.25]


def test_logistic_finds_the_curve() -> None:
    rng = np.random.default_rng(3)
    x = rng.random((4000, 2))
    y = (rng.random(4000) < 1 / (1 + np.exp(-(-2 + 4 * x[:, 0])))).astype(np.float64)
    found = logistic(x, y, np.array([0.0, 0.0, 0.5]), 0.01)
    assert found == pytest.approx([-2, 4, 0], abs=0.35)
    assert logistic(x, y, np.array([0.0, 1.0, 0.5]), 1e9) == pytest.approx([0, 1, 0.5], abs=1e-3)


WORDS = "parcel invoice basket coupon voucher ledger shelf courier refund stamp label crate".split()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """A repository of twelve modules, with five fixes of each that speak its words."""
    root = tmp_path_factory.mktemp("learn")
    files = {
        f"src/{w}.py": f"def {w}_total(items):\n    '''Adds up every {w}.'''\n    return sum(items)\n"
        for w in WORDS
    }
    steps = [commit(files, "Start")]
    for n in range(60):
        word = WORDS[n % 12]
        text = files[f"src/{word}.py"] + f"# {n}\n"
        steps.append(commit({f"src/{word}.py": text}, f"Fix wrong total of the {word} number {n}"))
        steps.append(commit({"notes.md": f"{n}\n"}, "Notes"))
    make_repo(root / "shop", steps)
    build(root / "index", [Source("shop", root / "shop" / ".git")], workers=1)
    return Index.open(root / "index")


def test_lessons_are_asked_of_trees_before_them(index: Index) -> None:
    found = lessons(index, 50, 5)
    assert len(found) == 50 and len({c.as_of for c in found}) == 5
    assert [c.gold[0].path for c in found[-1:]] == ["src/crate.py"]
    commits, problems = commits_of(found, [_repo(index)], "", "all")
    assert problems == []
    log = {c.sha: c.time for c in index.store("shop").commits()}
    for case in found:
        assert log[commits[case.id]["shop"]] < log[case.fix_commits[0].commit]
    early = lessons(index, 50, 5, until=START + 41 * HOUR)
    assert len(early) == 20 and max(log[c.fix_commits[0].commit] for c in early) < START + 41 * HOUR
    assert "Fix wrong total" not in found[0].id and found[0].words == "commit"


def _repo(index: Index):  # type: ignore[no-untyped-def]
    from eval.mining.mine import repos_of

    return repos_of(index)[0]


def test_what_is_taught_are_weights() -> None:
    assert {f"{part}.{name}" for part, name in names_of(Weights())} >= TEACHABLE - {"voters.callees"}


def test_calibration_is_reproducible_and_keeps_what_is_shipped_where_nothing_is_gained(
    index: Index, tmp_path: Path
) -> None:
    one = calibrate(index, slices=4, work=tmp_path / "a")
    two = calibrate(index, slices=4, work=tmp_path / "b")
    assert msgspec.json.encode(one) == msgspec.json.encode(two)
    assert (one.lessons, one.teaching + one.judging) == (60, 60)
    assert not one.fusion_gained, "every fix is found first already"
    assert one.weights.voters == Weights().voters and one.weights.priors == Weights().priors
    assert "shipped ones stay" in as_text(one)


def test_command(index: Index, tmp_path: Path) -> None:
    work = ["--work", str(tmp_path / "w"), "--jobs", "1"]
    out = tmp_path / "learnt.json"
    said = CliRunner().invoke(command, [*work, "--out", str(out)], obj=index.root, catch_exceptions=False)
    assert said.exit_code == 0 and "60 past fixes" in said.output, said.output
    assert settings_of(str(out)).weights
    assert not (index.root / FILE).exists(), "--out leaves the index alone"
    few = CliRunner().invoke(command, [*work, "--until", "2023-11-15"], obj=index.root)
    assert few.exit_code == 0 and "nothing learnt: only" in few.output
    wrong = CliRunner().invoke(command, [*work, "--until", "soon"], obj=index.root)
    assert isinstance(wrong.exception, UsageError)
    (index.root / FILE).write_bytes(msgspec.json.encode(Learnt(Weights())))
    CliRunner().invoke(command, ["--reset"], obj=index.root, catch_exceptions=False)
    assert not (index.root / FILE).exists()


def test_index_carries_its_weights(tmp_path: Path) -> None:
    assert Weights.of(tmp_path) == Weights() and Learnt.of(tmp_path) is None
    (tmp_path / FILE).write_text(
        '{"weights": {"voters": {"body": 0.77}, "sure": {"bias": -2}}, "told": {"pull": 10}}'
    )
    found = Weights.of(tmp_path)
    assert found.voters == VOTERS | {"body": 0.77}, "voters that it does not know are as shipped"
    assert (found.routes, found.priors, found.sure) == (ROUTES, PRIORS, SURE | {"bias": -2})
    learnt = Learnt.of(tmp_path)
    assert learnt and learnt.told == {"pull": 10}
    for wrong in ("{", '{"weights": {"voters": {"body": "much"}}}', "[]"):
        (tmp_path / FILE).write_text(wrong)
        with pytest.raises(IndexDamaged, match="calibrate --reset"):
            Weights.of(tmp_path)


def test_what_gains_is_kept(index: Index, tmp_path: Path) -> None:
    """Starting from weights that look at nothing but how busy a file is."""
    busy = Weights(voters=dict.fromkeys(VOTERS, 0.0) | {"activity": 1.0})
    found = calibrate(index, _reports(index), shipped=busy, work=tmp_path)
    assert found.fusion_gained and found.weights.voters["activity"] < 1.0
    gain = next(g for g in found.gains if g.measure == "MRR")
    assert gain.learnt > gain.shipped + 0.2 and gain.difference.low > 0
    assert all(w >= 0 for w in found.weights.voters.values())
    from_messages = calibrate(index, shipped=busy, slices=4, work=tmp_path / "m")
    changed = {n for n in VOTERS if from_messages.weights.voters[n] != busy.voters[n]}
    assert changed and {f"voters.{n}" for n in changed} <= TEACHABLE, (
        "messages teach nothing about the others"
    )


def _reports(index: Index) -> list[Case]:
    return lessons(index, 60, 60)


def test_an_index_ranks_by_its_own_weights(index: Index, tmp_path: Path) -> None:
    asked = "Fix wrong total of the voucher"
    before = locate(index, asked)
    only_busy = Weights(
        voters=dict.fromkeys(VOTERS, 0.0) | {"activity": 1.0}, routes=dict.fromkeys(ROUTES, 0.0)
    )
    path = index.root / FILE
    path.write_bytes(msgspec.json.encode(Learnt(only_busy)))
    try:
        after = locate(index, asked, Options(nearest=True))  # so few voters are sure of nothing
    finally:
        path.unlink()
    assert before.files[0].path == "src/voucher.py"
    assert after.files[0].path == "src/crate.py", "the file that changed last"
    assert [f.path for f in locate(index, asked).files] == [f.path for f in before.files]
