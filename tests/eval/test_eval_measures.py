"""Measures against figures worked out by hand and against a second, plain reckoning of the same rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.cases import Case, Gold, seconds_of
from eval.rankers.baselines import BASELINES
from eval.runfile import RankedFile, RunLine
from eval.scoring.compare import as_text, compare
from eval.scoring.intervals import differences, intervals
from eval.scoring.measures import first_ranks, given_repositories, score

KS = (1, 3, 5, 10)


def case(name: str, *gold: str) -> Case:
    return Case(name, "title", "body", tuple(Gold(*g.split(":")) for g in gold))


def line(name: str, *ranked: str, routed: tuple[str, ...] = ()) -> RunLine:
    hits = tuple(RankedFile(*r.split(":")) for r in ranked)  # type: ignore[arg-type]
    return RunLine(name, hits, routed)


def test_by_hand() -> None:
    cases = [case("a", "r:x", "r:y"), case("b", "s:x"), case("c", "r:z")]
    run = {
        "a": line("a", "s:x", "r:y", "r:w", "r:x", routed=("s", "r")),
        "b": line("b", "s:x"),
    }
    s = score(cases, run)
    assert s.ids == ("a", "b", "c")
    expected = {
        "Success@1": [0, 1, 0],
        "Success@3": [1, 1, 0],
        "MRR": [1 / 2, 1, 0],
        "MAP": [(1 / 2 + 2 / 4) / 2, 1, 0],
        "Recall@3": [1 / 2, 1, 0],
        "Recall@5": [1, 1, 0],
        "All@3": [0, 1, 0],
        "All@5": [1, 1, 0],
        "Route@1": [0, 1, 0],
        "Route@2": [1, 1, 0],
        "Success@100": [1, 1, 0],
    }
    for name, values in expected.items():
        assert s.of(name).tolist() == pytest.approx(values), name
    assert first_ranks(cases, run) == [2, 1, None]
    assert s.means()["MRR"] == pytest.approx(0.5)


def test_file_listed_twice_counts_once_at_its_best_rank() -> None:
    s = score([case("a", "r:x")], {"a": line("a", "r:w", "r:w", "r:w", "r:x")})
    assert s.of("MRR").tolist() == [0.5]
    assert s.of("Success@3").tolist() == [1.0]


def test_repositories_are_those_of_the_files_where_a_run_has_no_routes() -> None:
    s = score([case("a", "t:x")], {"a": line("a", "r:x", "r:y", "s:x", "t:z")})
    assert [float(s.of(f"Route@{k}")[0]) for k in (1, 2, 3)] == [0, 0, 1]


def test_same_path_in_another_repository_is_another_file() -> None:
    assert score([case("a", "r:x")], {"a": line("a", "s:x")}).of("Success@10").tolist() == [0]


def test_given_repositories_strikes_out_files_of_others() -> None:
    cases = [case("a", "r:x")]
    run = {"a": line("a", "s:x", "s:y", "r:x")}
    assert score(cases, given_repositories(cases, run)).of("Success@1").tolist() == [1]


def test_no_answers_at_all_score_zero() -> None:
    s = score([case("a", "r:x"), case("b", "r:y")], {})
    assert s.values.shape[0] == 2 and not s.values.any()


names = st.sampled_from(["a.py", "b.py", "c/d.py", "é\x00.go", "\ud800", "x" * 300, " "])
files = st.tuples(st.sampled_from(["r", "s", "t"]), names)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    gold=st.lists(st.sets(files, min_size=1, max_size=4), min_size=1, max_size=4),
    ranked=st.lists(st.lists(files, max_size=12), min_size=4, max_size=4),
    routed=st.lists(st.lists(st.sampled_from("rstu"), unique=True, max_size=4), min_size=4, max_size=4),
)
def test_agrees_with_a_plain_reckoning(
    gold: list[set[tuple[str, str]]], ranked: list[list[tuple[str, str]]], routed: list[list[str]]
) -> None:
    cases = [Case(str(n), "t", "b", tuple(Gold(*g) for g in sorted(gs))) for n, gs in enumerate(gold)]
    run = {
        str(n): RunLine(str(n), tuple(RankedFile(*f) for f in fs), tuple(rs))
        for n, (fs, rs) in enumerate(zip(ranked, routed, strict=True))
        if n % 2 == 0
    }
    s = score(cases, run)
    for n, gs in enumerate(gold):
        fs = list(dict.fromkeys(ranked[n])) if n % 2 == 0 else []
        rs = (routed[n] if n % 2 == 0 else []) or list(dict.fromkeys(r for r, _ in fs))
        at = sorted(i for i, f in enumerate(fs, 1) if f in gs)
        wanted = {
            "MRR": 1 / at[0] if at else 0.0,
            "MAP": sum((i + 1) / rank for i, rank in enumerate(at)) / len(gs),
        }
        for k in KS:
            wanted[f"Success@{k}"] = float(any(rank <= k for rank in at))
            wanted[f"Recall@{k}"] = sum(rank <= k for rank in at) / len(gs)
            wanted[f"All@{k}"] = float(sum(rank <= k for rank in at) == len(gs))
        for k in (1, 2, 3):
            wanted[f"Route@{k}"] = float(bool({r for r, _ in gs} & set(rs[:k])))
        for name, value in wanted.items():
            assert float(s.of(name)[n]) == pytest.approx(value), (name, n)


@pytest.mark.slow
def test_intervals_hold_the_mean_and_narrow_with_more_cases() -> None:
    few = np.array([[1.0], [0.0]] * 10)
    many = np.array([[1.0], [0.0]] * 1000)
    a, b = intervals(few)[0], intervals(many)[0]
    assert a.low < a.mean == 0.5 < a.high
    assert b.high - b.low < (a.high - a.low) / 5
    # half a standard error of a proportion either side, times 1.96
    assert b.high - b.low == pytest.approx(2 * 1.96 * 0.5 / 2000**0.5, rel=0.1)
    assert intervals(few) == intervals(few)
    assert intervals(np.ones((5, 2)))[1].low == 1.0


def test_difference_of_a_run_with_itself_is_nothing() -> None:
    values = np.random.default_rng(1).random((50, 2))
    d = differences(values, values)[0]
    assert (d.mean, d.low, d.high, d.p, d.better, d.worse, d.sure) == (0, 0, 0, 1, 0, 0, False)


def test_clear_difference_is_sure_and_swaps_sign() -> None:
    a = np.array([[1.0]] * 30 + [[0.0]] * 10)
    b = np.array([[0.0]] * 20 + [[1.0]] * 10 + [[0.0]] * 10)
    d, e = differences(a, b)[0], differences(b, a)[0]
    assert d.sure and d.p < 0.001 and (d.better, d.worse) == (20, 0)
    assert (e.mean, e.better, e.worse) == (-d.mean, d.worse, d.better)
    coin = differences(np.array([[1.0], [0.0]] * 4), np.array([[0.0], [1.0]] * 4))[0]
    assert not coin.sure and coin.p > 0.5


def test_permutation_test_is_exact_where_that_can_be_reckoned() -> None:
    """Five cases all better: of 32 sign patterns the two uniform ones are as extreme."""
    d = differences(np.ones((5, 1)), np.zeros((5, 1)))[0]
    assert d.p == pytest.approx(2 / 32, abs=0.012)


def test_compare_names_the_cases_that_moved() -> None:
    cases = [case("a", "r:x"), case("b", "r:y"), case("c", "r:z")]
    one = {"a": line("a", "r:x"), "b": line("b", "r:w", "r:y")}
    two = {"a": line("a", "r:w", "r:x"), "b": line("b", "r:y"), "c": line("c", "r:w")}
    c = compare(cases, one, two)
    assert [(m.id, m.a, m.b) for m in c.better] == [("a", 1, 2)]
    assert [(m.id, m.a, m.b) for m in c.worse] == [("b", 2, 1)]
    text = as_text(c, "new", "old")
    assert "| Success@1 | 0.333" in text and "Better in new" in text


def test_dates() -> None:
    assert seconds_of("1970-01-02") == 86_400
    assert seconds_of("1970-01-01T01:00:00+01:00") == 0
    assert seconds_of("1970-01-01T00:00:05Z") == 5
    for wrong in ("yesterday", "2024-13-01", ""):
        with pytest.raises(ValueError):
            seconds_of(wrong)


def test_every_baseline_is_documented() -> None:
    assert all(b.__doc__ for b in BASELINES.values())
