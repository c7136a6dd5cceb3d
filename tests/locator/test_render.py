"""The screen: what strangers write cannot act on it, it fits narrow terminals, and it reads as the golden files say."""

from __future__ import annotations

import io
import json
import os
import re
import unicodedata
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.paths import GOLDEN
from rich.console import Console

from locator.answer import Answer, DirectoryHit, Evidence, Excerpt, FileHit, RouteHit, SymbolHit
from locator.locate import Options
from locator.place import functions, place
from locator.render.answer import render, tips
from locator.render.page import Page, highlighted
from locator.report.reader import read
from locator.terminal import link, one_line, print_json, safe, safe_code
from summaries.index.index import Index, Manifest
from summaries.words import keys_of

GOLDEN = GOLDEN / "render"
HOSTILE = "a\x1b[31mred\x1b]0;title\x07 b\r\nc\u202egnp.exe\u2066 [bold]x[/bold] :smile: d\x9b2J\u200b\x00"
UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def unsafe(text: str) -> set[str]:
    """Characters that could act on a terminal, but line ends."""
    return {c for c in text if unicodedata.category(c) in UNSAFE and c not in "\n\u200c\u200d"}


class Terminal(io.StringIO):
    """A file that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def page(width: int = 60, **more: Any) -> tuple[Page, io.StringIO]:
    out = io.StringIO()
    return Page(
        Console(file=out, width=width, markup=False, emoji=False, highlight=False, **more), cut=True
    ), out  # type: ignore[arg-type]


# --- what may be shown ---------------------------------------------------------------------------------------


@given(st.text())
def test_safe_text_is_one_harmless_line(text: str) -> None:
    shown = safe(text)
    assert not unsafe(shown) and "\n" not in shown
    assert safe(shown) == shown and len(shown) == len(text)


@pytest.mark.parametrize("text", ["", "plain text", "größer", "漢字かな", "👩‍💻", "می‌خواهم", "e\u0301"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_an_escape_can_be_seen() -> None:
    assert safe("\x1b[31m\x07\u202e\t\n") == "␛[31m␇�  "


@given(st.text(), st.integers(2, 80))
def test_one_line_keeps_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit and not unsafe(line) and "\n" not in line


def test_one_line_is_cut_between_words() -> None:
    assert one_line("the quick  brown\nfox jumps", 18) == "the quick brown…"
    assert one_line("short", 18) == "short"


@given(st.text(st.characters(exclude_characters="\n")))
def test_code_keeps_its_indentation(line: str) -> None:
    assert not unsafe(safe_code(line))
    assert safe_code("\t\tx = 1  \r\n") == "        x = 1"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_json_is_the_same_data_without_what_acts_on_a_terminal(value: object) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        print_json(value)
    assert not unsafe(out.getvalue())
    assert json.loads(out.getvalue()) == value


# --- where a click leads -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        (
            "https://github.com/shop/orders.git",
            "https://github.com/shop/orders/blob/c0ffee/src/a%20b.py#L3-L9",
        ),
        (
            "git@github.example.org:shop/orders",
            "https://github.example.org/shop/orders/blob/c0ffee/src/a%20b.py#L3-L9",
        ),
        ("ssh://git@gitlab.com/a/b/c.git", "https://gitlab.com/a/b/c/-/blob/c0ffee/src/a%20b.py#L3-9"),
        ("https://git.example.org/shop/orders", ""),
        ("", ""),
        ("file:///srv/orders.git", ""),
    ],
)
def test_links_to_hosts(url: str, leads: str) -> None:
    assert link("/srv/orders.git", url, "c0ffee", "src/a b.py", 3, 9) == leads


def test_links_into_a_work_tree(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x\n")
    assert link(str(tmp_path / ".git"), "", "c0ffee", "a.py", 3) == f"file://{tmp_path}/a.py#3"
    assert link(str(tmp_path / ".git"), "", "c0ffee", "gone.py", 3) == ""
    assert link(str(tmp_path / "sub" / ".git"), "", "c0ffee", "../a.py", 3) == ""
    assert link(str(tmp_path / ".git"), "", "c0ffee", "a" * 5000, 3) == ""


# --- a page --------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(40, 120))
def test_prose_fits_and_is_harmless(text: str, width: int) -> None:
    p, out = page(width)
    p.prose(text, indent=4, mark="· ", rail="│")
    assert not unsafe(out.getvalue())
    assert all(cells(line) <= width for line in out.getvalue().splitlines())


def cells(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def test_prose_hangs_behind_its_mark() -> None:
    p, out = page(40)
    p.prose("one two three four five six seven eight nine", indent=2, mark="· ", rail="│")
    assert out.getvalue().splitlines() == ["  · one two three four five six seven", "  │ eight nine"]


def test_paths_are_never_broken() -> None:
    p, out = page(40)
    p.whole("a/" * 40 + "b.py:1-2", indent=2)
    assert out.getvalue() == "  " + "a/" * 40 + "b.py:1-2\n"


def test_code_is_dedented_trimmed_and_cut() -> None:
    p, out = page(40)
    p.code(9, ["", "\t}", "\tif x {", "\t\t" + "y" * 60, "\t}", ""], marked=[11])
    assert out.getvalue().splitlines() == ["› 11 │ if x {", "  12 │     " + "y" * 28 + "…"]


def test_nothing_is_cut_in_a_pipe() -> None:
    out = io.StringIO()
    Page(Console(file=out, width=40, markup=False, emoji=False, highlight=False)).code(1, ["y" * 300])
    assert "y" * 300 in out.getvalue()


def test_words_of_the_report_are_marked_in_coloured_code() -> None:
    out = io.StringIO()
    screen = Console(
        file=out,
        width=80,
        color_system="256",
        force_terminal=True,
        markup=False,
        emoji=False,
        highlight=False,
    )
    Page(screen).code(
        1, ["def refundTwice(amount):"], language="python", words=dict.fromkeys(keys_of("refund"), 1.0)
    )
    plain = re.sub(r"\x1b\[[\d;]*m", "", out.getvalue())
    assert plain == "  1 │ def refundTwice(amount):\n"
    assert re.search(r"\x1b\[[\d;]*1;4[\d;]*mrefundTwice", out.getvalue())  # bold and underlined


@given(st.text(), st.sampled_from(["python", "go", "java", "no such language", ""]))
def test_highlighting_changes_no_character(text: str, language: str) -> None:
    lines = [safe_code(line) for line in text.split("\n")]
    assert [t.plain for t in highlighted(lines, language)] == lines


def test_a_find_far_to_the_right_is_brought_into_view() -> None:
    p, out = page(40)
    p.matched_lines([(7, "    " + "x" * 100 + "NEEDLE" + "y" * 100, [(104, 110)])])
    assert "NEEDLE" in out.getvalue() and cells(out.getvalue().rstrip("\n")) <= 40


@given(
    st.lists(
        st.tuples(
            st.integers(1, 9999),
            st.text(max_size=300),
            st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300))),
        ),
        max_size=4,
    )
)
def test_found_lines_fit_whatever_they_hold(rows: list[tuple[int, str, list[tuple[int, int]]]]) -> None:
    p, out = page(50)
    ordered = [
        (n, line.replace("\n", " "), sorted((min(s), max(s)) for s in spans)) for n, line, spans in rows
    ]
    p.matched_lines(ordered, indent=4)
    assert not unsafe(out.getvalue())
    assert all(cells(line) <= 50 for line in out.getvalue().splitlines())


# --- an answer -------------------------------------------------------------------------------------------------


def answer(**changes: object) -> Answer:
    refunds = FileHit(
        "shop/payments", "internal/refunds/refunds.go", "go", 1.0,
        (
            Evidence("units", "method Service.Refund holds the report's words: refund, twice, amount", 38, 0.4),
            Evidence("at:frame", "frame 2 of the stack trace: Service.take (refunds.go:71)", 71, 0.3),
            Evidence("body", "it has words of the report: refund, twice, amount", 0, 0.1),
        ),
        (
            SymbolHit("Service.Refund", "method", 38, 63, "func (s *Service) Refund()", 1.0),
            SymbolHit("Service", "struct", 20, 90, "type Service struct", 0.9),
            SymbolHit("Service.take", "method", 66, 80, "func (s *Service) take()", 0.8),
        ),
        Excerpt(69, ("\t}", "", "\tif err := s.Charges.Take(ctx, id, amount); err != nil {", "\t\treturn err", "\t}")),
        "Refunds module in Go: pays money back to customers. Struct Service offers Refund and take.",
        {"units": 0.5, "at:frame": 0.4, "body": 0.1},
    )  # fmt: skip
    gateway = FileHit(
        "shop/gateway", "src/routes/refunds.ts", "typescript", 0.61,
        (Evidence("mark:route", "it calls POST /v1/refunds", 12, 0.8),), (),
        Excerpt(11, ("export async function refund(id: string) {", '  return post("/v1/refunds", { id });', "}")),
        "Routes for refunds in TypeScript.", {"mark:route": 0.2},
    )  # fmt: skip
    fields = {
        "title": "Refunds are paid twice",
        "routes": (
            RouteHit("shop/payments", "bbc1efbcaf33", 0.9, (Evidence("files", "its files match the report", 0, 0.3),
                                                             Evidence("name", "the report names it", 0, 0.5))),
            RouteHit("shop/gateway", "46625c561370", 0.4, (Evidence("files", "its files match the report", 0, 0.2),)),
        ),
        "directories": (DirectoryHit("shop/payments", "internal/refunds", 1.0, 1),
                        DirectoryHit("shop/gateway", "src/routes", 0.61, 1)),
        "files": (refunds, gateway),
        "confidence": 0.41,
        "verdict": "likely",
        "searched": 1234,
        "seconds": 0.0512,
    }  # fmt: skip
    return Answer(**(fields | changes))  # type: ignore[arg-type]


def shown(
    found: Answer, width: int = 80, explain: bool = False, asked: tuple[str, ...] = (), **more: object
) -> str:
    out = Terminal()
    more = {"color_system": None} | more
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False, **more)  # type: ignore[arg-type]
    index = Index(Path("/nowhere"), Manifest())
    index.__dict__["repos"] = {}
    render(console, index, found, repos=6, explain=explain, tips=asked)
    return out.getvalue()


SCREENS = {
    "answer-60": lambda: shown(answer(), 60),
    "answer-100": lambda: shown(answer(), 100),
    "explain-80": lambda: shown(answer(), 80, explain=True),
    "unsure-80": lambda: shown(
        answer(verdict="no confident match", confidence=0.07), 80,
        asked=tuple(tips(read("it is broken"), Options(repos=("x",)))),
    ),
    "nothing-80": lambda: shown(
        answer(verdict="no confident match", confidence=0.0, files=(), directories=(), routes=(), notes=("left out: db",)),
        80, asked=("add the stack trace",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCREENS)
def test_reads_as_the_golden_file_says(name: str) -> None:
    """BUGATLAS_GOLDEN=1 python tests/locator/test_render.py writes them, for a person to read and commit."""
    assert SCREENS[name]() == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_fit_but_for_paths(width: int) -> None:
    for line in shown(answer(), width).splitlines():
        assert cells(line) <= width or "refunds." in line


def test_functions_that_the_report_points_into_go_first() -> None:
    file = answer().files[0]
    assert [s.qualname for s in functions(file)] == ["Service.take", "Service.Refund", "Service"]
    assert place(file) == (66, 80)
    assert place(answer().files[1]) == (12, 12)


def test_a_line_outside_the_functions_listed_is_the_place() -> None:
    file = FileHit(
        "r",
        "p",
        "go",
        1.0,
        (Evidence("at:position", "said", 7),),
        (SymbolHit("f", "function", 20, 30, "", 1.0),),
    )
    assert place(file) == (7, 7)


def hostile(value: Any) -> Any:
    """The same answer with every text made hostile."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(v) for v in value)
    if isinstance(value, (RouteHit, DirectoryHit, FileHit, SymbolHit, Excerpt, Evidence)):
        return type(value)(**{f: hostile(getattr(value, f)) for f in value.__struct_fields__})
    return value


@pytest.mark.parametrize("color", [None, "truecolor"])
@pytest.mark.parametrize("explain", [False, True])
def test_nothing_in_an_answer_can_act_on_the_terminal(color: str | None, explain: bool) -> None:
    given_ = answer()
    bad = answer(
        **{f: hostile(getattr(given_, f)) for f in ("title", "routes", "directories", "files")},
        notes=(HOSTILE,),
    )
    text = shown(bad, explain=explain, color_system=color, force_terminal=bool(color))
    ours = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\")  # colours and links that we set
    assert not unsafe(ours.sub("", text))
    assert bool(ours.search(text)) == bool(color)
    assert "[bold]x[/bold] :smile:" in text


def test_tips_fit_the_report() -> None:
    assert any("stack trace" in t for t in tips(read("it is broken"), Options()))
    trace = (
        'Crash\n\nTraceback (most recent call last):\n  File "a/b.py", line 3, in f\n    g()\nValueError: no\n'
        + "x " * 200
    )
    told = tips(read(trace), Options(tests=True))
    assert not any("stack trace" in t or "name a function" in t or "include-tests" in t for t in told)
    assert any("--repo" in t for t in tips(read("x"), Options(repos=("a",))))


if __name__ == "__main__" and os.environ.get("BUGATLAS_GOLDEN"):
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, screen in SCREENS.items():
        (GOLDEN / f"{name}.txt").write_text(screen(), "utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Yönlendirmeden sonra kimlik bilgileri başka sunucuya gönderiliyor", True),
        ("任务重试次数超过 max_retries 后仍然继续执行", True),
        ("A customer named Zoë pays, and the order of hers is placed twice", False),
    ],
)
def test_a_report_in_another_language_is_told_what_helps(text: str, told: bool) -> None:
    assert any("language that the code is written in" in t for t in tips(read(text), Options())) == told
