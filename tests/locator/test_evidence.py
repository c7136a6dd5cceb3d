"""Every sentence of evidence is checked against the file and the report: over the demo, and made-up cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from kits.git import commit, make_repo

from benchmarks.evidence import FILES, check, judge_answer
from indexer.build import build
from indexer.demo import REPORTS
from indexer.sources.discover import discover
from locator.answer import Evidence
from locator.locate import Options, locate
from locator.report.reader import read
from summaries.index.index import Index


@pytest.fixture(scope="module")
def demo(shop_index: Path) -> Index:
    return Index.open(shop_index)


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.title[:20])
def test_evidence_of_the_demo_holds(demo: Index, report: object, explain: bool) -> None:
    text = read(f"{report.title}\n\n{report.body}")  # type: ignore[attr-defined]
    answer = locate(demo, text, Options(limit=30, explain=explain, nearest=True))
    views = [demo.view(n) for n in demo.repos]
    told = judge_answer(demo, views, text, answer)
    assert len(told) > 80
    assert not [(voter, text) for voter, text, holds in told if holds is not True]


def test_the_checker_sees_what_is_false(demo: Index) -> None:
    """Each sentence that it knows, turned to another file or another word, is called false."""
    text = read(f"{REPORTS[1].title}\n\n{REPORTS[1].body}")
    answer = locate(demo, text, Options(limit=30, explain=True))
    views = {n: demo.view(n) for n in demo.repos}
    seen = 0
    for f in answer.files:
        for e in f.evidence:
            for wrong in (e.text + ", zeppelin", e.text.replace(": ", ": zeppelin, ", 1)):
                if ": " in e.text and "stack trace" not in e.text:
                    moved = Evidence(e.voter, wrong, e.line)
                    assert check(demo, views[f.repo], text, f, moved) is not True, wrong
                    seen += 1
    assert seen > 100
    assert (
        check(demo, views[answer.files[0].repo], text, answer.files[0], Evidence("x", "it is so", 1)) is None
    )
    assert len(FILES) > 15


def test_the_string_with_the_longest_run_is_shown(tmp_path: Path) -> None:
    code = (
        'A = "Operation not allowed. This order is archived."\n'
        'B = "Operation not allowed. This mailbox is full."\n'
        'C = "Operation not possible"\n'
    )
    make_repo(tmp_path / "desk", [commit({"words.py": code, "other.py": "X = 1\n"}, "Start")])
    assert not build(tmp_path / "i", discover(tmp_path / "desk", tmp_path / "c"), workers=1).failed
    index = Index.open(tmp_path / "i")

    def evidence(report: str) -> list[tuple[str, int]]:
        files = locate(index, report, Options(nearest=True, explain=True)).files
        return [(e.text, e.line) for f in files for e in f.evidence if e.voter in ("message", "mark:phrase")]

    full = evidence('It stops\n\nThe log says "Operation not allowed. This mailbox is full."')
    assert ('the report quotes this string: "Operation not allowed. This mailbox is full."', 2) in full
    part = evidence('It stops\n\nThe log says "Operation not allowed. This drawer is open."')
    assert ('contains the words "operation not allowed this" from the report', 1) in part
    assert not any("quotes" in text for text, _ in part)
