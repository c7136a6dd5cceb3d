"""The report: what it says is true, what it shows is escaped, and a page holds together."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.cases import Case, Gold, write_cases
from eval.commands.group import evaluate
from eval.report.page import page
from eval.report.plots import WIDTH, Series, diverging, forest, histogram, lines, matrix, reliability
from eval.report.report import Book, as_markdown, book, confusion, misses
from eval.report.svg import drawing, element, printable
from eval.runfile import About, RankedFile, Reason, RunLine, Target, about_path, encode
from eval.scoring.breakdown import breakdowns
from eval.scoring.calibration_error import Bin, error_by_chance, trust
from eval.scoring.intervals import Interval
from eval.scoring.measures import score

EVIL = "</script><script>alert('x')</script>\"' & <img src=x onerror=alert(1)>"
VOID = {"br", "hr", "img", "input", "meta", "link", "path", "line", "rect", "circle", "polyline", "polygon"}


class Checked(HTMLParser):
    """Collects elements and fails on one that is closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.seen)


def some(n: int = 12) -> tuple[list[Case], dict[str, RunLine]]:
    """Cases with gold in two repositories, each third answered at once, each third second, each third not."""
    cases, run = [], {}
    for i in range(n):
        repo = f"acme/{'ab'[i % 2]}"
        gold = tuple(Gold(repo, f"src/g{k}.{'go' if i % 2 else 'py'}") for k in range(1 + i % 4))
        cases.append(Case(f"case-{i} {EVIL}", f"Title {i} {EVIL}", f"Body {EVIL}\nmore", gold))
        right, wrong = (
            RankedFile(repo, gold[0].path, 0.9, {"body": 0.2, "path": 0.4}),
            RankedFile("acme/c", EVIL, 1.0, {"body": 0.5}),
        )
        ranked = [(right, wrong), (wrong, right), (wrong,)][i % 3]
        found = Target(repo, gold[0].path, [1, 2, None][i % 3], "go" if i % 2 else "python",
                       ("path", "none")[i % 2], 0.9, {"body": 0.2, "path": 0.4}, (Reason("path", EVIL, 0.5, 3),))  # fmt: skip
        routed = tuple(dict.fromkeys(h.repo for h in ranked))
        run[cases[-1].id] = RunLine(
            cases[-1].id, ranked, routed, 0.01 * (i + 1), (0.9, 0.5, 0.1)[i % 3], (found,)
        )
    return cases, run


def write(tmp_path: Path, cases: list[Case], *runs: dict[str, RunLine]) -> tuple[Path, list[Path]]:
    write_cases(tmp_path / "bugs.jsonl", cases)
    out = []
    for n, run in enumerate(runs):
        out.append(tmp_path / f"run{n}.jsonl")
        out[-1].write_bytes(b"".join(encode(line) for line in run.values()))
    return tmp_path / "bugs.jsonl", out


@pytest.mark.slow
def test_command_writes_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    cases, run = some()
    worse = dict([*run.items()][6:])
    bugs, paths = write(tmp_path, cases, run, worse)
    out = tmp_path / "out" / "report.html"
    asked = ["report", *map(str, paths), "--cases", str(bugs), "--out", str(out)]
    result = CliRunner().invoke(evaluate, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    text = out.read_text("utf-8")
    seen = Checked(text)
    assert seen.count("script") == 1 and seen.count("img") == 0, "nothing of the input became markup"
    assert "<img" not in text and "alert('x')" not in text.replace("&#x27;", "")
    for name, attributes in seen.seen:
        assert not any(k in attributes for k in ("src", "onerror", "onload")), name
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in text and "@import" not in text
    folds = [attributes["class"] for tag, attributes in seen.seen if tag == "details"]
    assert folds.count("miss") == 8 + 3, "every case whose first file is not gold, and three hits"
    assert folds.count("how") == 2
    assert "In 4 of 12 bugs the first file was right; in 8 a right file was among the first five" in text
    assert [a for tag, a in seen.seen if tag == "th" and "first file of the answer" in (a.get("title") or "")]
    again = tmp_path / "again.html"
    CliRunner().invoke(evaluate, [*asked[:-1], str(again)], catch_exceptions=False)
    assert again.read_text("utf-8") == text
    told = msgspec.json.decode(out.with_suffix(".json").read_bytes(), type=Book)
    assert told.cases == 12 and len(told.misses) == 8 and len(told.parts) == 2
    assert told.parts[1].answered == 6 and told.parts[1].against["Success@1"].mean > 0
    assert "## Misses (8)" in out.with_suffix(".md").read_text("utf-8")


def test_a_run_of_the_first_cases_is_measured_on_these(tmp_path: Path) -> None:
    cases, run = some()
    few = dict([*run.items()][:6])
    _, [path] = write(tmp_path, cases, few)
    about_path(path).write_bytes(msgspec.json.encode(About("shipped", "all", 6, "", "")))
    b, problems = book(cases, [path], "Bugs")
    assert problems == [] and b.cases == 6 and len(b.misses) == 4
    assert b.parts[0].measures["Success@1"].mean == pytest.approx(2 / 6)
    broken_off = dict([*few.items()][:3])
    _, [path] = write(tmp_path, cases, broken_off)
    assert book(cases, [path], "Bugs")[0].cases == 6, "what was asked and not answered was not found"


def test_figures_of_a_book(tmp_path: Path) -> None:
    cases, run = some()
    b, problems = book(cases, write(tmp_path, cases, run)[1], "Bugs")
    assert problems == []
    first = b.parts[0]
    assert first.measures["Success@1"].mean == pytest.approx(4 / 12)
    assert first.measures["Success@3"].mean == pytest.approx(8 / 12)
    assert first.given["Success@1"].mean == pytest.approx(8 / 12), "with files of acme/c struck out"
    assert first.curve.mean[0] == pytest.approx(4 / 12) and first.curve.mean[-1] == pytest.approx(8 / 12)
    assert first.median_seconds == pytest.approx(0.065)
    assert b.owner == "acme"
    near = [m for m in b.misses if m.rank == 2]
    assert near[0].balance == {"body": pytest.approx(-0.3), "path": pytest.approx(0.4)}
    assert b.balance == {"body": pytest.approx(-0.3), "path": pytest.approx(0.4)}
    assert [m.rank for m in b.misses] == [2] * 4 + [None] * 4


def test_answers_of_nobody_and_broken_lines_are_told(tmp_path: Path) -> None:
    cases, run = some(3)
    _, (path,) = write(tmp_path, cases[:2], run)
    path.write_bytes(
        path.read_bytes() + b'{"id": 3}\n' + path.read_bytes().splitlines(keepends=True)[0] + b"{tor"
    )
    _, problems = book(cases[:2], [path], "t")
    told = "\n".join(problems)
    assert "run0.jsonl:4" in told and "stands twice" in told and "run0.jsonl:6" in told
    assert "1 answers belong to no case" in told


def test_breakdowns_count_each_case_where_it_belongs() -> None:
    cases, run = some()
    ways = {w.title: {g.name: g for g in w.groups} for w in breakdowns(cases, run, score(cases, run))}
    assert {n: g.cases for n, g in ways["Gold files"].items()} == {"1": 3, "2": 3, "3 to 5": 6}
    assert {n: g.cases for n, g in ways["Language of the gold"].items()} == {"python": 6, "go": 6}
    assert {n: g.cases for n, g in ways["Repository of the gold"].items()} == {"acme/a": 6, "acme/b": 6}
    kinds = ways["What points at the gold"]
    assert {g.cases for g in kinds.values()} == {6}
    assert sum(g.cases * g.measures["Success@1"].mean for g in kinds.values()) == pytest.approx(4)


def test_confusion_counts_the_best_gold_repository() -> None:
    cases, run = some(6)
    c = confusion(cases, run)
    assert c is not None
    at = {r: i for i, r in enumerate(c.repos)}
    assert c.counts[at["acme/a"]][at["acme/a"]] == 1 and c.counts[at["acme/a"]][at["acme/c"]] == 2
    assert sum(map(sum, c.counts)) == 6
    assert confusion(cases[:1], {cases[0].id: RunLine(cases[0].id, routed=("acme/a",))}) is None


def test_calibration_by_hand() -> None:
    cases = [Case(str(i), "t", "b", (Gold("r", "x"),)) for i in range(4)]
    hit, miss = (RankedFile("r", "x"),), (RankedFile("r", "y"),)
    run = {
        "0": RunLine("0", hit, confidence=0.9),
        "1": RunLine("1", miss, confidence=0.95),
        "2": RunLine("2", hit, confidence=0.35),
        "3": RunLine("3", miss, confidence=0.0),
    }
    t = trust(cases, run)
    assert t is not None
    # bin 9: said .925, right .5, two of four; bin 3: said .35, right 1; bin 0: said 0, right 0
    assert t.error == pytest.approx((2 * 0.425 + 0.65 + 0) / 4)
    assert t.brier == pytest.approx((0.01 + 0.9025 + 0.4225 + 0) / 4)
    assert t.success == pytest.approx((0, 0.5, 2 / 3, 0.5)) and t.surest_half == 0.5
    assert trust(cases, {k: msgspec.structs.replace(v, confidence=None) for k, v in run.items()}) is None


def test_run_of_another_tool_makes_a_page_too(tmp_path: Path) -> None:
    cases, run = some()
    bare = {k: RunLine(k, tuple(RankedFile(h.repo, h.path) for h in v.ranked)) for k, v in run.items()}
    b, _ = book(cases, write(tmp_path, cases, bare)[1], "Bugs")
    assert b.parts[0].trust is None and not b.balance
    Checked(page(b))
    empty, _ = book(cases, write(tmp_path, cases, {})[1], "Bugs")
    Checked(page(empty))
    assert len(empty.misses) == 12 and "the run has no line for this case" in page(empty)


def test_page_of_a_perfect_run(tmp_path: Path) -> None:
    cases, _ = some(3)
    run = {c.id: RunLine(c.id, (RankedFile(c.gold[0].repo, c.gold[0].path),), seconds=0.1) for c in cases}
    b, _ = book(cases, write(tmp_path, cases, run)[1], "Bugs")
    assert not b.misses and "every answer begins with a gold file" in page(b)


def test_markdown_tables_have_as_many_cells_in_every_row(tmp_path: Path) -> None:
    cases, run = some()
    b, _ = book(cases, write(tmp_path, cases, run, {})[1], "Bugs")
    width = 0
    for line in as_markdown(b).splitlines():
        cells = line.replace("\\|", "").count("|")
        if cells:
            assert width in (0, cells), line
        width = cells
    assert len(misses(cases, run)) == 8


@pytest.mark.slow
@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    made = drawing(1, 1, [element("text", text, class_=text)], text)
    assert [name for name, _ in Checked(made).seen] == ["svg", "text"]
    made.encode("utf-8")
    assert printable(printable(text)) == printable(text)


@pytest.mark.slow
@given(st.text("<>&'\"/!-x {}%\0\n"))
@settings(max_examples=25)
def test_no_text_of_a_case_becomes_markup(text: str) -> None:
    def elements(text: str) -> list[str]:
        case = Case(f"a{text}", text, text, (Gold(f"shop/a{text}", f"a{text}"),), created=text)
        hit = RankedFile(f"shop/b{text}", f"b{text}", 1.0, {text: 0.5}, (Reason(text, text, 0.5, 3),))
        with TemporaryDirectory() as folder:
            run = Path(folder) / "run.jsonl"
            run.write_bytes(encode(RunLine(case.id, (hit,), (hit.repo,), seconds=0.1, confidence=0.5)))
            made = page(book([case], [run], text)[0])
        made.encode("utf-8")
        return [name for name, _ in Checked(made).seen]

    assert elements(text) == elements(re.sub("[<>&'\"{}%]", "x", text))


def test_attributes_of_a_picture() -> None:
    assert drawing(1, 2, [element("path", class_="x", stroke_width=2)], "A <b>", most=9) == (
        '<svg viewBox="0 0 1 2" role="img" aria-label="A &lt;b&gt;" style="max-width:9px">'
        '<path class="x" stroke-width="2" /></svg>'
    )


@pytest.mark.parametrize("values", [[], [0.0], [0.1, 0.1], [float(x) for x in range(100)]])
def test_plots_of_little_data(values: list[float]) -> None:
    Checked(histogram(values, "s", [("median", 0.1)]))
    series = [Series("a", range(1, len(values) + 1), [min(v, 1) for v in values])]
    Checked(lines(series, "x", "y", (1, 10), log=True))
    Checked(lines([], "x", "y", (0, 1)))
    Checked(reliability([Bin(0.5, 0.5, 0), *(Bin(v, v, 1) for v in values if v <= 1)]))
    Checked(forest([(EVIL, 1, Interval(0.5, 0.1, 0.9))] * len(values), "MRR"))
    Checked(diverging([(EVIL, v) for v in values], "left", "right"))
    Checked(matrix([EVIL] * 2, [[1, 0], [0, 0]]))


def test_interval_bands_surround_the_curve(tmp_path: Path) -> None:
    cases, run = some()
    b, _ = book(cases, write(tmp_path, cases, run)[1], "Bugs")
    c = b.parts[0].curve
    assert (np.array(c.low) <= np.array(c.mean)).all() and (np.array(c.mean) <= np.array(c.high)).all()
    assert (np.diff(c.mean) >= 0).all()


def test_marks_that_stand_close_together_can_be_read() -> None:
    drawn = str(histogram([0.041, 0.045, 0.046], "seconds", [("median 0.045", 0.045), ("p95 0.046", 0.046)]))
    placed = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="([^"]+)">((?:median|p95)[^<]+)', drawn)
    assert [said for *_, said in placed] == ["median 0.045", "p95 0.046"]
    assert len({y for _, y, _, _ in placed}) == 2
    assert all(float(x) < WIDTH and kind == "tick end" for x, _, kind, _ in placed)


def test_a_confidence_that_is_right_still_shows_an_error_by_chance() -> None:
    few, many = np.full(40, 0.5), np.full(4_000, 0.5)
    assert error_by_chance(np.array([])) == 0
    assert error_by_chance(np.ones(50)) == 0
    # The mean distance of a binomial share from its chance: sqrt(p (1 - p) / n) * sqrt(2 / pi).
    assert error_by_chance(few) == pytest.approx(0.5 / 40**0.5 * (2 / np.pi) ** 0.5, rel=0.1)
    assert error_by_chance(many) == pytest.approx(error_by_chance(few) / 10, rel=0.1)
