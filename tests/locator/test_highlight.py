"""Colours of code for the page: spans lie within their lines, and say nothing of what Pygments does not know."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from locator.render.highlight import LARGEST, spans


def kinds(text: str, language: str) -> list[list[tuple[str, str]]]:
    lines = text.split("\n")
    return [[(lines[n][a:b], kind) for a, b, kind in row] for n, row in enumerate(spans(text, language))]


def test_go_is_coloured_as_go() -> None:
    text = '// adds\nfunc add(a int) int {\n\treturn a + 1 // "from" here is no keyword: from\n}\n'
    rows = kinds(text, "go")
    assert rows[0] == [("// adds", "c")]
    assert ("func", "k") in rows[1] and ("int", "k") in rows[1]
    assert ("return", "k") in rows[2] and ("1", "n") in rows[2]
    assert not any(piece == "from" for row in rows for piece, _ in row)


def test_a_string_over_several_lines_is_one_on_each() -> None:
    rows = kinds('x = """a\nb\n"""\ny = 1\n', "python")
    assert ("b", "s") in rows[1] and any(kind == "s" for _, kind in rows[2])
    assert ("1", "n") in rows[3]


@given(st.text(), st.sampled_from(["python", "go", "yaml", "java", "no such language", ""]))
def test_spans_lie_within_their_lines(text: str, language: str) -> None:
    rows = spans(text, language)
    lines = text.split("\n")
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        assert all(0 <= a < b <= len(line) for a, b, _ in row)
        assert all(first[1] <= second[0] for first, second in pairwise(row))


def test_a_large_file_stays_plain() -> None:
    assert not any(spans("x = 1\n" * (LARGEST // 6 + 10), "python"))
