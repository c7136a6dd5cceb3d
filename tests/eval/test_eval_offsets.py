"""Offsets of repositories: what they are fitted to, what they do to a ranking, and that they are kept only if they gain."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from kits.git import commit, make_repo

from eval.commands.calibrate import calibrate as command
from eval.learning.offsets import Asked, as_text, fit, learn, reciprocal
from indexer.build import build
from indexer.sources.discover import Source
from locator.locate import locate
from locator.weights import FILE, Learnt, Weights
from summaries.index.index import Index

pytestmark = pytest.mark.slow

WORDS = "parcel invoice basket coupon voucher ledger shelf courier refund stamp label crate".split()


def asked(gold_repo: int, seed: int) -> Asked:
    """Twelve files of three repositories with scores that say little; the gold lies in one repository."""
    rng = np.random.default_rng(seed)
    repos = np.arange(12) % 3
    gold = np.zeros(12, np.bool_)
    gold[int(rng.choice(np.flatnonzero(repos == gold_repo)))] = True
    return Asked((rng.random(12) + 0.3 * gold).astype(np.float32), repos, gold)


def test_offsets_say_where_reports_end() -> None:
    samples = [asked(0 if n % 4 else 1, n) for n in range(80)]
    found = fit(samples, 3, 1.0)
    assert found[0] > found[1] > found[2]
    assert abs(found.sum()) < 1e-3, "only differences count"
    before = np.mean([reciprocal(s, np.zeros(3)) for s in samples])
    assert np.mean([reciprocal(s, found) for s in samples]) > before + 0.05
    assert np.abs(fit(samples, 3, 1e6)).max() < 0.01, "a strong pull leaves the ranking as it is"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Two repositories that say the same of the same things; what users report was always mended in the second."""
    root = tmp_path_factory.mktemp("offsets")
    files = {
        f"src/{w}.py": f"def {w}_total(items):\n    '''Adds up every {w}.'''\n    return sum(items)\n"
        for w in WORDS
    }
    likelier = {path: text.replace("Adds up every", "Totals of every") for path, text in files.items()}
    core = [commit(likelier, "Start")]
    core += [commit({p: f"{t}# {n}\n" for p, t in likelier.items()}, f"Totals, again {n}") for n in range(8)]
    make_repo(root / "core", core)
    steps = [commit(files, "Start")]
    notes = []
    for n in range(1, 97):
        word = WORDS[n % 12]
        steps.append(
            commit({f"src/{word}.py": files[f"src/{word}.py"] + f"# {n}\n"}, f"Repair it, fixes #{n}")
        )
        notes.append(f"* Totals of every {word} are wrong after {n} items (#{n})")
    steps.append(commit({"CHANGELOG.md": "## Bug fixes\n\n" + "\n".join(notes) + "\n"}, "Notes"))
    make_repo(root / "edge", steps)
    sources = [Source(name, root / name / ".git") for name in ("core", "edge")]
    build(root / "index", sources, workers=1)
    return Index.open(root / "index")


def test_what_change_logs_teach_is_kept_where_it_gains(index: Index, tmp_path: Path) -> None:
    found = learn(index, slices=4, work=tmp_path)
    assert found is not None
    assert found.gained and found.gain.low > 0, as_text(found)
    assert found.offsets["edge"] > 0 > found.offsets["core"]
    assert [r.repo for r in found.by_repo] == ["edge"] and found.by_repo[0].after > found.by_repo[0].before
    assert "issues of change logs" in as_text(found)


def test_command_writes_them_and_an_index_ranks_by_them(index: Index, tmp_path: Path) -> None:
    report = "Totals of every parcel are wrong"
    before = locate(index, report)
    said = CliRunner().invoke(
        command, ["--work", str(tmp_path), "--jobs", "1"], obj=index.root, catch_exceptions=False
    )
    assert said.exit_code == 0 and "offsets of repositories" in said.output, said.output
    learnt = Learnt.of(index.root)
    assert learnt and learnt.weights.offsets["edge"] > 0 and learnt.told["offsets"]
    after = locate(index, report)
    assert after.files[0].repo == "edge"
    edge = {a.repo: a for a in after.routes}["edge"]
    assert "more reports end here than their words say, as calibrated" in [e.text for e in edge.evidence]
    (index.root / FILE).unlink()
    assert locate(index, report).files == before.files


def test_old_weights_have_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(msgspec.json.encode({"weights": {"voters": {"body": 0.5}}}))
    assert Weights.of(tmp_path).offsets == {}
