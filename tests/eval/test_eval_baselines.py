"""Baselines against BM25 worked out in plain Python over the same files, and settings of runs."""

from __future__ import annotations

from collections import Counter
from math import log
from pathlib import Path

import numpy as np
import pytest
from kits.eval import ORDERS, PAYMENTS, REFUNDS, STOCK, TESTS, company

from eval.rankers.baselines import BASELINES
from eval.rankers.settings import GROUPS, settings_of
from indexer.build import build
from indexer.sources.discover import Source
from locator.report.reader import read
from locator.scope import Scope
from locator.weights import Weights
from summaries import words
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.offline.file import file_summary

REPORT = "Refund to the customer\n\nThe amount of the payment must be positive in the bank, says charge."


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root = tmp_path_factory.mktemp("company")
    commits = company(root)
    sources = [Source(name, root / name) for name in commits]
    build(root / "index", sources, {name: (shas[0],) for name, shas in commits.items()}, workers=1)
    return Index.open(root / "index")


@pytest.fixture(scope="module")
def scope(index: Index) -> Scope:
    return Scope([index.view(name) for name in sorted(index.repos)])


def paths(scope: Scope) -> list[str]:
    return [f"{v.repo}/{p}" for v in scope.views for p in v.paths]


def test_bm25_is_bm25(index: Index, scope: Scope) -> None:
    report = read(REPORT)
    texts = {p: _text(p) for v in scope.views for p in v.paths}
    bags = {p: words.count(t) for p, t in texts.items()}
    mean = sum(sum(b.values()) for b in bags.values()) / len(bags)
    query = words.count(f"{report.title}\n{report.body}")
    df = Counter(k for b in bags.values() for k in b)
    found = BASELINES["bm25"](scope, report, index).scores
    for i, full in enumerate(paths(scope)):
        p = full.split("/", 2)[2]
        bag, size = bags[p], sum(bags[p].values())
        wanted = 0.0
        for k, n in query.items():
            if bag[k]:
                idf = log(1 + (len(bags) - df[k] + 0.5) / (df[k] + 0.5))
                wanted += n * idf * bag[k] * 2.2 / (bag[k] + 1.2 * (0.25 + 0.75 * size / mean))
        if p == "README.md" or p.startswith("tests/"):
            wanted = 0.0
        assert float(found[i]) == pytest.approx(wanted, rel=1e-3, abs=1e-5), p


def _text(path: str) -> str:
    return {
        "orders.go": ORDERS,
        "stock.go": STOCK,
        "README.md": "# Orders\n\nTakes orders.\n",
        "pay/charge.py": PAYMENTS,
        "pay/refund.py": REFUNDS,
        "tests/test_charge.py": TESTS,
    }[path]


@pytest.mark.parametrize("name", list(BASELINES))
def test_no_baseline_lists_tests_or_documents(index: Index, scope: Scope, name: str) -> None:
    ranked = BASELINES[name](scope, read(REPORT), index)
    listed = {paths(scope)[i] for i in ranked.best(100)}
    assert listed and not {p for p in listed if "tests/" in p or p.endswith(".md")}
    again = BASELINES[name](scope, read(REPORT), index)
    assert np.array_equal(ranked.scores, again.scores) and ranked.routes.shape == (2,)


def test_path_words_read_paths_only(index: Index, scope: Scope) -> None:
    ranked = BASELINES["path-words"](scope, read("Charge refused"), index)
    assert [paths(scope)[i] for i in ranked.best(5)] == ["acme/payments/pay/charge.py"]


def test_a_walk_down_prefers_a_file_where_its_surroundings_fit(tmp_path: Path) -> None:
    from kits.git import commit, make_repo

    same = "def ship(item):\n    '''Sends a parcel off.'''\n"
    around = {f"post/more{n}.py": f"def track{n}():\n    '''Tracks a parcel.'''\n" for n in range(4)}
    other = {f"a/more{n}.py": f"def paint{n}():\n    '''Paints a wall.'''\n" for n in range(4)}
    views = []
    for name, files in (("a", {"a/ship.py": same} | other), ("post", {"post/ship.py": same} | around)):
        make_repo(tmp_path / name, [commit(files)])
        build(tmp_path / "index", [Source(name, tmp_path / name)], workers=1)
    index = Index.open(tmp_path / "index")
    views = [index.view(n) for n in index.repos]
    ranked = BASELINES["summaries-top-down"](Scope(views), read("Parcel is not sent by ship"), index)
    listed = [paths(Scope(views))[i] for i in ranked.best(100)]
    assert listed.index("post/post/ship.py") < listed.index("a/a/ship.py")
    assert "a/a/ship.py" in listed  # a wrong turn above costs a place, not the answer
    assert int(np.argmax(ranked.routes)) == [v.repo for v in views].index("post")


def test_settings_change_and_drop_voters(tmp_path: Path) -> None:
    shipped = Weights()
    assert settings_of().weights is None
    changed = settings_of("shipped", ["voters.path=0.05", "routes.name=0.5"])
    assert (
        changed.weights and changed.weights.voters["path"] == 0.05 and changed.weights.routes["name"] == 0.5
    )
    assert changed.weights.voters["body"] == shipped.voters["body"]
    dropped = settings_of("shipped", (), ["history", "at", "routes.name", "body"]).weights
    assert dropped
    off = {k for k, w in dropped.voters.items() if w == 0 and shipped.voters[k]}
    pointers = {k for k, w in shipped.voters.items() if w and k.startswith("at:")}
    assert pointers and off >= pointers | {"body"}
    assert off - pointers - {"body"} <= {"past", "messages", "activity"} and len(off - pointers) > 1
    assert dropped.routes["name"] == 0 and dropped.priors == shipped.priors
    assert not any(settings_of("shipped", (), ["routing"]).weights.routes.values())  # type: ignore[union-attr]
    mine = tmp_path / "mine.toml"
    mine.write_text("[routes]\nname = 0.25\n[voters]\nbody = 0.9\n")
    read_back = settings_of(str(mine))
    assert read_back.name == "mine" and read_back.weights
    assert (read_back.weights.routes["name"], read_back.weights.voters["body"]) == (0.25, 0.9)
    assert read_back.weights.voters["path"] == shipped.voters["path"]


@pytest.mark.parametrize(
    ("config", "changes", "without", "said"),
    [
        ("bm52", (), (), "no configuration is called bm52"),
        ("shipped", ("voters.nothing",), (), "expected NAME=NUMBER"),
        ("shipped", ("nothing.path=1",), (), "weights have no nothing.path"),
        ("shipped", (), ("nobody",), "there is no voter nobody"),
        ("bm25", ("routes.name=1",), (), "is a baseline"),
        ("shipped", ("voters.path=-1",), (), "0 or more"),
        ("shipped", ("voters.path=nan",), (), "0 or more"),
    ],
)
def test_settings_that_do_not_exist(
    config: str, changes: tuple[str, ...], without: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        settings_of(config, changes, without)


@pytest.mark.parametrize("text", ["{", "[1]", '{"voter": {}}', '{"voters": {"path": "much"}}'])
def test_weights_file_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(UsageError):
        settings_of(str(tmp_path / "w.json"))


def test_every_group_names_voters_that_there_are() -> None:
    for group in GROUPS:
        assert settings_of("shipped", (), [group]).name == f"shipped -{group}"


def test_vectors_find_the_summary_that_says_the_same(index: Index, scope: Scope) -> None:
    """A report in the words of a file's own summary has its very direction."""
    for i in (n for n, p in enumerate(paths(scope)) if p.endswith((".go", "refund.py"))):
        view, n = scope.locate(i)
        said = file_summary(view.path(n), index.store(view.repo).facts(view.blob(n)), view.repo)
        ranked = BASELINES["summaries-dense"](scope, read(said, title=said[:100]), index)
        assert ranked.best(1) == [i] and float(ranked.scores[i]) > 0.9
