"""Evidence is true: lines are where it says, words are in the functions that are said to have them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from indexer.demo import REPORTS
from locator.answer import Answer, FileHit
from locator.locate import Options, locate
from locator.report.reader import read
from summaries import words
from summaries.index.index import Index

SPLITTER = "src/main/java/com/shop/orders/pricing/DiscountSplitter.java"
TRACE = """\
Placing an order fails

java.lang.ArithmeticException: Non-terminating decimal expansion
\tat com.shop.orders.pricing.DiscountSplitter.{}(DiscountSplitter.java:{})
\tat com.shop.orders.api.OrderController.place(OrderController.java:28)
"""


@pytest.fixture(scope="module")
def index(shop_index: Path) -> Index:
    return Index.open(shop_index)


def found(index: Index, text: str, path: str) -> FileHit:
    answer = locate(index, read(text), Options(limit=30))
    return next(f for f in answer.files if f.path == path)


@pytest.mark.parametrize(
    ("function", "line", "said", "at"),
    [
        ("shareOf", 27, "DiscountSplitter.shareOf (DiscountSplitter.java:27)", 27),
        ("shareOf", 15, "DiscountSplitter.shareOf (DiscountSplitter.java:15; 26-29 in this version)", 26),
        ("shareOf", 900, "DiscountSplitter.shareOf (DiscountSplitter.java:900; 26-29 in this version)", 26),
        ("gone", 15, "DiscountSplitter.gone (DiscountSplitter.java:15)", 15),
        ("gone", 900, "DiscountSplitter.gone (DiscountSplitter.java:900)", 0),
    ],
)
def test_a_frame_of_another_version_points_to_its_function(
    index: Index, function: str, line: int, said: str, at: int
) -> None:
    hit = found(index, TRACE.format(function, line), SPLITTER)
    (frame,) = (e for e in hit.evidence if e.voter == "at:frame")
    assert (frame.text, frame.line) == (f"frame 1 of the stack trace: {said}", at)
    if function == "shareOf":
        assert hit.symbols[0].qualname == "DiscountSplitter.shareOf"
    if at:
        assert hit.excerpt
        assert hit.excerpt.start <= at < hit.excerpt.start + len(hit.excerpt.lines)


def test_the_function_around_a_named_line_comes_first(index: Index) -> None:
    hit = found(index, "Money is paid back twice, see refunds/refunds.go:58", "internal/refunds/refunds.go")
    assert any(e.text.endswith("names refunds/refunds.go:58") and e.line == 58 for e in hit.evidence)
    assert hit.symbols[0].qualname == "Service.Refund"
    assert hit.excerpt and "s.refunded[orderID]" in "".join(hit.excerpt.lines)


def answers(index: Index) -> list[Answer]:
    return [locate(index, read(f"{r.title}\n\n{r.body}"), Options(limit=30)) for r in REPORTS]


def test_functions_have_the_words_that_they_are_said_to_hold(index: Index) -> None:
    checked = 0
    for answer in answers(index):
        for f in answer.files:
            lines = index.store(f.repo).text(dict_of(index, f.repo)[f.path]).split("\n")
            spans = {f"{s.kind} {s.qualname}": (s.start, s.end) for s in f.symbols}
            for e in f.evidence:
                m = re.fullmatch(r"(\w+ \S+) contains(: .*)", e.text)
                if not m or m[1] not in spans:
                    continue
                assert m[2].startswith(": "), e.text
                start, end = spans[m[1]]
                # A function's own comment stands above it.
                here = words.count("\n".join([m[1], *lines[max(0, start - 8) : end]]))
                for word in m[2][2:].split(", "):
                    assert words.count(word).keys() & here.keys(), (f.path, e.text, word)
                    checked += 1
    assert checked > 50


def dict_of(index: Index, repo: str) -> dict[str, str]:
    view = index.view(repo)
    return {view.path(n): view.blob(n) for n in range(len(view))}


def test_no_word_is_quoted_twice_but_with_explain(index: Index) -> None:
    report = read(f"{REPORTS[2].title}\n\n{REPORTS[2].body}")
    kinds = re.compile(r"(?:also )?contains(?: from the title| rare words)?: (.*)")
    twice = 0
    for explain in (False, True):
        for f in locate(index, report, Options(limit=30, explain=explain)).files:
            said = [w for e in f.evidence if (m := kinds.fullmatch(e.text)) for w in m[1].split(", ")]
            if not explain:
                assert len(said) == len(set(said)), f.path
            twice += len(said) > len(set(said))
    assert twice > 0


def test_that_a_file_is_in_go_is_no_evidence(index: Index) -> None:
    for f in locate(index, read("The go service panics: go vet says nothing"), Options(limit=30)).files:
        assert not any(e.text == "its path contains: go" for e in f.evidence)


def test_repositories_are_introduced_with_particulars(index: Index, shop: list[Path]) -> None:
    answer = answers(index)[0]
    for route in answer.routes[:3]:
        assert not route.summary.startswith(route.repo)
        told = {e.voter: e.text for e in route.evidence}
        words_said = told["share"].removeprefix("files contain: ").split(", ")
        assert 1 <= len(words_said) <= 4
        m = re.fullmatch(r'similar commit message: "(.+?)…?" \(\d{4}-\d\d\)', told["past"])
        assert m
        git = ["git", "-C", str(shop[0].parent / route.repo), "log", "--format=%s"]
        assert m[1] in subprocess.run(git, capture_output=True, text=True, check=True).stdout
