"""Each voter on five files, the fusion, routing and confidence: small enough to say what must come out."""

from __future__ import annotations

import numpy as np
import pytest
from kits.git import commit, make_repo
from msgspec.structs import replace

from indexer.build import build
from indexer.sources.discover import discover
from locator.answer import Verdict
from locator.confidence import CONFIDENT, LEAST_WORDS, LIKELY, Shape, chance, verdict
from locator.locate import Options, best_files, locate, vote_in
from locator.query import MarkKind, Query, understand
from locator.rank import Features, fuse
from locator.report.reader import read
from locator.route import best, decayed, named, names_mentioned, unit
from locator.scope import Scope
from locator.voters.ballot import Ballot
from locator.voters.registry import BY_NAME, VOTERS, Group, Scale
from locator.weights import SURE, Weights
from summaries.errors import UsageError
from summaries.index.index import Index

FILES = {
    "cmd/order-desk/main.py": "import till\n\n\ndef open_desk(flag):\n    return till.takings(flag)\n",
    "cmd/till/takings.py": (
        '"""Adds up the takings."""\n\n\nclass TakingsError(Exception):\n    pass\n\n\ndef takings(flag):\n'
        '    if not flag:\n        raise TakingsError("the drawer %s does not balance")\n    return 7\n'
    ),
    "web/prices.go": 'package web\n\n// Show lists marmalade.\nfunc Show() {\n\trouter.GET("/v1/prices/list", show)\n}\n',
    "config/till.yaml": "till:\n  drawer_limit: 50\n",
    "tests/test_takings.py": "from till import takings\n\n\ndef test_zanzibar_coins():\n    assert takings(True) == 7\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root = tmp_path_factory.mktemp("five")
    make_repo(root / "acme" / "till-desk", [
        commit(FILES, "Start"),
        commit({"web/prices.go": FILES["web/prices.go"] + "// twice\n"}, "Fix lost quinces on the price page"),
    ])  # fmt: skip
    make_repo(root / "acme" / "other", [commit({"a.py": "def unrelated():\n    return 1\n"}, "Start")])
    out = root / "index"
    assert not build(out, discover(root / "acme", out / "clones"), workers=1).failed
    return Index.open(out)


def asked(index: Index, text: str, title: str | None = None) -> tuple[Scope, Query, Features]:
    views = [index.view(n) for n in index.repos]
    query = understand(read(text, title))
    scope, found = vote_in(index, views, query, Weights())
    return scope, query, found


def chosen(index: Index, voter: str, text: str) -> list[str]:
    """Files that a voter has a word for, the best first."""
    scope, _, found = asked(index, text)
    values = found.votes.files[voter] if BY_NAME[voter].ask else found.files[voter]
    order = [int(i) for i in np.argsort(-values, kind="stable") if values[i] > 0]
    return [scope.locate(i)[0].path(scope.locate(i)[1]) for i in order]


TRACE = """Fails

Traceback (most recent call last):
  File "/srv/cmd/order-desk/main.py", line 5, in open_desk
    return till.takings(flag)
  File "/srv/cmd/till/takings.py", line 10, in takings
    raise TakingsError
"""


CASES = [
    ("body", "marmalade", "web/prices.go"),
    ("title", "marmalade", "web/prices.go"),
    ("covered", "marmalade", "web/prices.go"),
    ("rare", "marmalade", "web/prices.go"),
    ("unit", "the drawer does not balance", "cmd/till/takings.py"),
    ("units", "the drawer does not balance", "cmd/till/takings.py"),
    ("summary", "adds up", "cmd/till/takings.py"),
    ("path", "prices page", "web/prices.go"),
    ("past", "quinces are gone", "web/prices.go"),
    ("messages", "quinces are gone", "web/prices.go"),
    ("tests", "zanzibar", "cmd/till/takings.py"),
    ("language", "The Go service is slow", "web/prices.go"),
    ("service", "order-desk is down", "cmd/order-desk/main.py"),
    ("callees", "open desk hangs", "cmd/till/takings.py"),
    ("at:frame", TRACE, "cmd/till/takings.py"),
    ("at:raised", TRACE, "cmd/till/takings.py"),
    ("message", 'It says "the drawer 9 does not balance"', "cmd/till/takings.py"),
    ("at:path", "see cmd/till/takings.py", "cmd/till/takings.py"),
    ("at:file", "see prices.go", "web/prices.go"),
    ("at:position", "see web/prices.go:4", "web/prices.go"),
    ("at:link", "https://github.com/acme/till-desk/blob/main/web/prices.go", "web/prices.go"),
    ("at:module", "in cmd.till.takings", "cmd/till/takings.py"),
    ("mark:name:prose", "It hangs\n\nTakingsError is thrown", "cmd/till/takings.py"),
    ("mark:name:title", "open_desk hangs", "cmd/order-desk/main.py"),
    ("mark:phrase", 'It says "the drawer 9 does not balance"', "cmd/till/takings.py"),
    ("mark:words", "the till says that it does not balance today", "cmd/till/takings.py"),
    ("mark:route", "GET /v1/prices/list is slow", "web/prices.go"),
    ("mark:key", "It stops\n\ntill.drawer_limit is ignored", "config/till.yaml"),
    ("mark:error", "TakingsError: no", "cmd/till/takings.py"),
]


@pytest.mark.parametrize(("voter", "report", "first"), CASES)
def test_a_voter_finds_what_it_is_for(index: Index, voter: str, report: str, first: str) -> None:
    found = chosen(index, voter, report)
    assert first in found if voter == "callees" else found[:1] == [first]  # a file also uses its own names


def test_every_voter_is_tried_above_or_needs_more_than_these_files() -> None:
    tried = {voter for voter, _, _ in CASES}
    more = {"activity", "written", "meaning", "mark:topic", "mark:name:code", "shown"} | {
        v.name for v in VOTERS if "qualified" in v.name
    }
    assert {v.name for v in VOTERS} - tried <= more


def test_voters_are_silent_about_what_is_not_there(index: Index) -> None:
    _, _, found = asked(index, "Xylophone wobbles")
    spoken = {n for n, v in found.files.items() if v.max() > 0}
    assert spoken <= {"activity"}


def test_numbers_are_scaled_as_the_table_says(index: Index) -> None:
    _, _, found = asked(index, f"marmalade drawer takings cmd/till/takings.py order-desk\n{TRACE}")
    for voter in VOTERS:
        values, raw = found.files[voter.name], found.votes.files.get(voter.name)
        assert values.dtype == np.float32 and values.min() >= 0 and values.max() <= 1
        if raw is None or not (on := found.candidates & (raw > 0)).any():
            continue
        top = float(raw[found.candidates].max())
        want = {Scale.RELATIVE: raw / top, Scale.COUNTED: raw / (raw + 1), Scale.BOUNDED: np.minimum(raw, 1)}
        np.testing.assert_allclose(values[on], want[voter.scale][on], rtol=1e-5)


def test_tests_are_no_candidates_unless_asked_for(index: Index) -> None:
    scope, _, found = asked(index, "zanzibar coins")
    at = next(
        i for i in range(scope.size) if scope.locate(i)[0].path(scope.locate(i)[1]).startswith("tests/")
    )
    assert not found.candidates[at] and all(v[at] == 0 for v in found.files.values())


def features(
    scope: Scope, files: dict[str, list[float]], routes: dict[str, list[float]] | None = None
) -> Features:
    empty = asked_empty(scope)
    return replace(
        empty,
        files={n: np.array(v, np.float32) for n, v in files.items()},
        routes={n: np.array(v, np.float32) for n, v in (routes or {}).items()},
    )


def asked_empty(scope: Scope) -> Features:
    from locator.voters.ballot import Votes
    from locator.voters.lexical import Found

    nowhere = Found(np.zeros(0, np.uint64), np.zeros((len(scope.views), 0)), [], [])
    votes = Votes(
        {}, [], [], nowhere, {}, np.zeros(len(scope.views), np.float32), np.zeros(scope.size, np.float32), 0.0
    )
    return Features({}, {}, {}, np.ones(scope.size, np.bool_), votes)


def test_fusion_is_a_weighted_sum_with_the_repository_added_and_the_role_taken(index: Index) -> None:
    scope = Scope([index.view(n) for n in index.repos])
    assert scope.size == 6
    r = [int(x) for x in scope.repo_of]
    found = features(
        scope, {"body": [0, 0.5, 1, 0, 0, 0.5], "path": [1, 0, 0, 0, 0, 0]}, {"name": [0.0, 1.0]}
    )
    found = replace(found, roles={"config": np.array([0, 0, 1, 0, 0, 0], np.float32)})
    weights = Weights({"body": 1.0, "path": 0.25}, {"name": 0.5}, {"config": 0.3}, SURE)
    ranking = fuse(scope, found, weights)
    raw = np.array([0.25, 0.5, 0.7, 0, 0, 0.5]) + 0.5 * np.array(r)
    np.testing.assert_allclose(ranking.scores, raw / raw.max(), rtol=1e-6)
    assert ranking.top == pytest.approx(raw.max()) and set(ranking.parts) == {"body", "path"}


def test_what_is_no_candidate_is_never_listed(index: Index) -> None:
    scope = Scope([index.view(n) for n in index.repos])
    found = features(scope, {"body": [1, 0.9, 0.8, 0, 0, 0]})
    on = np.array([False, True, True, True, True, True])
    ranking = fuse(scope, replace(found, candidates=on), Weights({"body": 1.0}, {}, {}, SURE))
    assert ranking.scores[0] < 0 and best_files(ranking, 10) == [1, 2]
    assert best_files(ranking, 10, np.array([True, False, True, True, True, True])) == [2]


def test_ties_keep_their_order(index: Index) -> None:
    scope = Scope([index.view(n) for n in index.repos])
    ranking = fuse(scope, features(scope, {"body": [0.5] * 6}), Weights({"body": 1.0}, {}, {}, SURE))
    assert best_files(ranking, 4) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("title", "body", "want"),
    [
        ("shop-orders-ui is blank", "", [0, 0, 1]),  # the longer name alone
        ("Blank page", "in shop-orders", [0, 0.6, 0]),
        ("shop orders and shop payments", "", [0.9, 1, 0]),  # the second counts less
        ("Nothing", "here", [0, 0, 0]),
    ],
)
def test_repositories_are_named_by_their_longest_names(title: str, body: str, want: list[float]) -> None:
    repos = ["acme/shop-payments", "acme/shop-orders", "acme/shop-orders-ui"]
    query = understand(read(body, title))
    assert named(query, repos, {}).tolist() == pytest.approx(want)


def test_a_name_that_two_bear_counts_half_and_is_shown_as_written() -> None:
    query = understand(read("", "The Parcel  Desk is down"))
    assert named(query, ["a/x", "a/y"], {"a/x": ("parcel-desk",), "a/y": ("parcel-desk",)}).tolist() == [
        0.5,
        0.5,
    ]
    assert [n.words for n in names_mentioned(query, ["a/x"], {"a/x": ("parcel-desk",)})] == [
        ("parcel", "desk")
    ]
    assert not names_mentioned(query, ["a/x"], {})


def test_sums_of_the_best() -> None:
    assert unit(np.array([1, 4, 0], np.float32)).tolist() == [0.25, 1, 0]
    assert unit(np.zeros(2, np.float32)).tolist() == [0, 0] and unit(np.zeros(0, np.float32)).size == 0
    assert decayed([np.array([1, 2], np.float32), np.zeros(0, np.float32)], decay=0.5).tolist() == [2.5, 0]


def test_a_repository_is_as_good_as_its_best_files(index: Index) -> None:
    scope = Scope([index.view(n) for n in index.repos])
    sizes = np.diff(scope.starts).tolist()
    scores = np.concatenate([np.full(n, x, np.float32) for n, x in zip(sizes, (1.0, 0.5), strict=True)])
    want = [sum(x * 0.5**k for k in range(min(n, 5))) for n, x in zip(sizes, (1.0, 0.5), strict=True)]
    assert best(scores, scope, decay=0.5).tolist() == pytest.approx(want)


FULL = Shape(1, 1, 1, 1, 1, 0.5, 0, 1, 1, 20)


def test_confidence_grows_with_what_speaks_for_the_file() -> None:
    least = Shape(0, 0, 0, 0, 0, 0.5, 0, 0.1, 0, 20)
    low = chance(least, SURE)
    for name in ("margin", "gap", "past", "pointed", "known", "amount"):
        assert chance(replace(least, **{name: 1.0}), SURE) > low, name
    assert chance(FULL, SURE) > CONFIDENT


def test_few_telling_words_are_never_more_than_unsure() -> None:
    few = replace(FULL, telling=LEAST_WORDS - 0.5, exact=0)
    assert verdict(chance(few, SURE), True) == Verdict.UNSURE
    assert verdict(chance(replace(few, exact=0.3), SURE), True) != Verdict.UNSURE  # a name is enough
    assert chance(replace(FULL, known=0, exact=0), SURE) == 0


@pytest.mark.parametrize(
    ("sure", "found", "word"),
    [(0.7, True, "confident"), (0.69, True, "likely"), (0.5, True, "likely"), (0.49, True, "unsure"),
     (0.04, True, "no confident match"), (0.9, False, "no confident match")],
)  # fmt: skip
def test_words_fit_the_numbers(sure: float, found: bool, word: str) -> None:
    assert verdict(sure, found) == word and LIKELY >= 0.5


@pytest.mark.parametrize("report", ["crash", "error", "login fails", "takings", "open desk"])
def test_a_word_or_two_are_never_called_likely(index: Index, report: str) -> None:
    answer = locate(index, report)
    assert answer.verdict in (Verdict.UNSURE, Verdict.NONE), answer.confidence


def test_nothing_matches_nothing_is_listed_but_on_demand(index: Index) -> None:
    answer = locate(index, "Xylophone wobbles")
    assert answer.verdict == Verdict.NONE and not answer.files and not answer.routes and not answer.also
    near = locate(index, "Xylophone wobbles", Options(nearest=True))
    assert near.verdict == Verdict.NONE
    assert not any(e.voter == "callees" for f in near.files for e in f.evidence)


def test_repositories_stand_in_the_order_of_their_files(index: Index) -> None:
    answer = locate(index, "acme/other: takings in the drawer do not balance\n\nother other unrelated")
    assert [r.repo for r in answer.routes] == list(dict.fromkeys(f.repo for f in answer.files))
    assert not {r.repo for r in answer.also} & {f.repo for f in answer.files}


def test_a_report_is_understood_once(index: Index) -> None:
    query = understand(read("marmalade"))
    ballot = Ballot(Scope([index.view(n) for n in index.repos]), query)
    assert ballot.words is ballot.words and ballot.marks.keys() == set(MarkKind)


def test_the_table_has_every_name_once_and_every_kind() -> None:
    names = [v.name for v in VOTERS]
    assert len(names) == len(set(names))
    assert {f"mark:{k}" for k in MarkKind} <= set(names)
    assert {v.group for v in VOTERS} | {Group.ROUTING} == set(Group)
    with pytest.raises(UsageError):
        read("")
