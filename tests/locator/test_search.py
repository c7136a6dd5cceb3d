"""Code search: what the query language means, what is found in real repositories, and what is not."""

from __future__ import annotations

import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.cli import indexed, run
from kits.git import commit, make_repo

from locator.filters import Filter
from locator.search.query import MAX_LENGTH, SearchQuery, parse
from locator.search.search import Results, SearchOptions, search
from locator.search.text import exact_lines, pattern, word_lines
from summaries import words
from summaries.errors import SnapshotMissing, UsageError
from summaries.index.index import Index

CART = """\
package cart

// Cart holds what a customer wants to buy.
type Cart struct {
\tlines []Line
}

// AddLine puts an item into the cart.
func (c *Cart) AddLine(sku string, n int) error {
\tif n <= 0 {
\t\treturn fmt.Errorf("quantity of %s is not positive: %d", sku, n)
\t}
\tc.lines = append(c.lines, Line{sku, n})
\treturn nil
}

func getCartByCustomer(id string) *Cart {
\treturn carts[id]
}
"""
POOL = """\
class ConnectionPool:
    \"\"\"Keeps connections to the database open.\"\"\"

    def acquire(self, timeout=1.5):
        while self.full():   # wait
            self.retry_later(timeout)
        return self.queue->pop()

    def retry_later(self, seconds):
        raise TimeoutError("connection refused after 1.2.3 tries")
"""
POOL_TEST = (
    "def test_pool_refuses():\n    assert ConnectionPool().acquire(), 'connection refused by the test'\n"
)
README = "# Database\n\nThe connection pool retries refused connections.\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("repos")
    make_repo(
        folder / "cart",
        [
            commit(
                {"pkg/cart/cart.go": CART.replace("AddLine", "PutLine"), "main.go": "package main\n"},
                tag="v1",
            ),
            commit({"pkg/cart/cart.go": CART, "docs/cart.md": "# Cart\n\nHow to add a line.\n"}),
        ],
    )
    make_repo(
        folder / "db",
        [{"db/pool.py": POOL, "tests/test_pool.py": POOL_TEST, "README.md": README, "run.sh": "echo\n"}],
    )
    root = tmp_path_factory.mktemp("index")
    return Index.open(indexed(root, folder, (None, "v1")))


def found(index: Index, query: str, **asked: object) -> list[str]:
    return [h.path for h in search(index, query, SearchOptions(**asked)).files]  # type: ignore[arg-type]


# --- the query language ----------------------------------------------------------------------------------


def test_words_texts_and_filters_are_told_apart() -> None:
    query = parse(
        r'retry -path:docs "say \"no\"" repo:shop/orders lang:go symbol:Cart.Add lang:"c++" file:*.go std::move'
    )
    assert query == SearchQuery(
        words=("retry", "std::move"),
        texts=('say "no"',),
        symbols=("Cart.Add",),
        repos=("shop/orders",),
        files=Filter(languages=("go", "c++"), files=("*.go",), not_paths=("docs",)),
    )


def test_options_and_inline_filters_add_up() -> None:
    query = parse("x1 path:b", repos=["r"], languages=["go"], paths=["a"])
    assert (query.repos, query.files.languages, query.files.paths) == (("r",), ("go",), ("a", "b"))


@pytest.mark.parametrize(
    "word", ["-v", "a-b", "--flag", "http://host/x", "key:value", "-key:value", "a:", ":"]
)
def test_what_only_looks_like_a_filter_is_a_word(word: str) -> None:
    assert parse(word).words == (word,)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('"open', "a quote is not closed"),
        ('path:"open', "a quote is not closed"),
        (r'"ends with \"', "a quote is not closed"),
        ('""', "nothing between the quotes"),
        ('"  "', "nothing between the quotes"),
        ("x repo:", "repo: has no value"),
        ("x -path: y", "-path: has no value"),
        ("-symbol:X", "-symbol: cannot"),
        ("", "not for what"),
        ("repo:a lang:go", "not for what"),
        ("x" * (MAX_LENGTH + 1), "longer than"),
        ('"a" ' * 1 + " ".join(f'"{c}"' for c in string.ascii_letters), "over 8 quoted"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_do(query: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as e:
        parse(query)
    assert e.value.hint


@given(st.text(max_size=200))
def test_any_text_is_a_query_or_a_usage_error(text: str) -> None:
    try:
        query = parse(text)
    except UsageError:
        return
    assert query.words or query.texts or query.symbols or query.files.paths or query.files.files


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip))
def test_any_text_can_be_quoted(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'"{quoted}"').texts == (text,)


# --- exact texts -------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30),
    st.text(max_size=20),
)
def test_a_line_with_a_text_has_the_words_it_is_looked_up_by(text: str, around: str) -> None:
    line = f"{around} {text} {around}".replace("\n", " ")
    p = pattern(text)
    if p.regex.search(line):
        assert set(p.keys.tolist()) <= set(words.count(line))


@given(st.text(max_size=200), st.text(min_size=1, max_size=5).filter(str.strip))
def test_found_lines_are_where_they_say(text: str, asked: str) -> None:
    lines, count = exact_lines(text, [pattern(asked, inside=True)])
    rows = text.split("\n")
    assert count >= len(lines)
    for line in lines:
        assert line.text == rows[line.number - 1].rstrip("\r")[:400]
        assert all(0 <= a < b <= 400 for a, b in line.spans)


def test_long_lines_of_blanks_take_linear_time() -> None:
    began = time.process_time()
    exact_lines(("a" + " " * 5000) * 100, [pattern("a a a a b")])
    assert time.process_time() - began < 2


def test_lines_with_most_of_the_words_are_shown_in_order() -> None:
    rows = ["nothing", "retry here", "retryLater of a queue", "queue"]
    worth = dict.fromkeys(words.count("retry queue"), 1.0)
    lines = word_lines(rows, 1, 4, worth)
    assert [x.number for x in lines] == [2, 3, 4]
    assert [rows[2][a:b] for a, b in lines[1].spans] == ["retryLater", "queue"]


# --- searching ---------------------------------------------------------------------------------------------


def test_natural_language_finds_the_function(index: Index) -> None:
    best = search(index, "connection pool retry").files[0]
    assert (best.repo, best.path) == ("db", "db/pool.py")
    assert best.symbol and best.lines and best.lines[0].spans


def test_words_find_the_identifier_that_they_make_up(index: Index) -> None:
    best = search(index, "get cart by customer").files[0]
    assert best.symbol and best.symbol.qualname.endswith("getCartByCustomer")


def test_a_definition_goes_before_its_uses(index: Index) -> None:
    results = search(index, "ConnectionPool", SearchOptions(tests=True))
    assert [h.path for h in results.files[:2]] == ["db/pool.py", "tests/test_pool.py"]
    assert results.files[0].symbol and results.files[0].symbol.qualname == "ConnectionPool"


def test_an_identifier_that_occurs_is_not_looked_for_in_parts(index: Index) -> None:
    assert found(index, "AddLine") == ["pkg/cart/cart.go"]
    assert len(found(index, "AddLineThing")) > 1


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("connection refused", "db/pool.py", 10),
        ("self.queue->pop()", "db/pool.py", 7),
        ("->pop(", "db/pool.py", 7),
        ("return   carts[id]", "pkg/cart/cart.go", 18),
        ("return\tx", "", 0),
        ("c.lines = append(c.lines, Line{sku, n})", "pkg/cart/cart.go", 13),
        ("retry_later( self", "", 0),
        ("while self.full(): # wait", "db/pool.py", 5),
        ("AddLine", "pkg/cart/cart.go", 8),
        ("addline", "pkg/cart/cart.go", 8),
        ("addLine", "", 0),
        ("1.2.3", "db/pool.py", 10),
        ("1.2", "db/pool.py", 10),
        ("{", "pkg/cart/cart.go", 4),
    ],
)
def test_exact_texts_are_verified(index: Index, text: str, path: str, line: int) -> None:
    results = search(index, f'"{text}"')
    first = next(((h.path, h.lines[0].number) for h in results.files), ("", 0))
    assert first == (path, line)


def test_a_text_inside_longer_words_is_found_when_no_whole_words_match(index: Index) -> None:
    results = search(index, '"etCartByCust"')
    assert [h.path for h in results.files] == ["pkg/cart/cart.go"]
    assert any("inside longer words" in n for n in results.notes)


def test_all_texts_must_be_in_one_file(index: Index) -> None:
    assert found(index, '"connection refused" "acquire"') == ["db/pool.py"]
    assert found(index, '"connection refused" "AddLine"') == []


def test_every_matching_line_is_counted(index: Index) -> None:
    hit = search(index, '"c.lines"').files[0]
    assert (hit.matches, [x.number for x in hit.lines]) == (1, [13])
    assert [hit.lines[0].text[a:b] for a, b in hit.lines[0].spans] == ["c.lines", "c.lines"]


@pytest.mark.parametrize(
    ("symbol", "path"),
    [
        ("Cart", "pkg/cart/cart.go"),
        ("cart", "pkg/cart/cart.go"),
        ("CART", ""),
        ("Cart.AddLine", "pkg/cart/cart.go"),
        ("AddLine", "pkg/cart/cart.go"),
        ("ConnectionPool.AddLine", ""),
        ("acquire()", "db/pool.py"),
        ("ConnectionPool#acquire", "db/pool.py"),
        ("refused", ""),
    ],
)
def test_symbols_are_definitions(index: Index, symbol: str, path: str) -> None:
    hits = search(index, f"symbol:{symbol}").files
    assert [h.path for h in hits] == ([path] if path else [])
    assert all(h.defines and h.symbol for h in hits)


def test_tests_are_left_out_unless_asked_for(index: Index) -> None:
    results = search(index, '"by the test"')
    assert not results.files
    assert "there are tests that match: --include-tests" in results.notes
    assert found(index, '"by the test"', tests=True) == ["tests/test_pool.py"]
    assert found(index, '"by the test" path:tests/') == ["tests/test_pool.py"]


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("connection lang:python", {"db/pool.py"}),
        ("connection lang:py", {"db/pool.py"}),
        ("connection -lang:md", {"db/pool.py"}),
        ("connection -path:DB/", {"README.md"}),
        ("connection file:pool", {"db/pool.py"}),
        ("connection file:*.md", {"README.md"}),
        ("path:*.sh", {"run.sh"}),
        ("file:cart", {"pkg/cart/cart.go", "docs/cart.md"}),
        ("cart repo:db", set()),
        ("cart -repo:db -lang:markdown", {"pkg/cart/cart.go"}),
    ],
)
def test_filters(index: Index, query: str, paths: set[str]) -> None:
    assert set(found(index, query)) == paths


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("x1 repo:carts", "did you mean cart"),
        ("x1 -repo:nope", "indexed: cart, db"),
        ("cart -repo:db -repo:cart", "drop one"),
        ("x1 lang:cobol", "indexed: "),
        ("the of x", "in quotes"),
        ("symbol:x", "too short"),
    ],
)
def test_what_cannot_be_asked_is_said(index: Index, query: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        search(index, query)


def test_words_that_no_file_has_are_told(index: Index) -> None:
    results = search(index, "connection xylophone")
    assert results.files[0].path == "db/pool.py"
    assert "no file has xylophone" in results.notes


def test_snapshots(index: Index) -> None:
    assert found(index, "symbol:PutLine") == []
    assert found(index, "symbol:PutLine", at="v1") == ["pkg/cart/cart.go"]
    assert found(index, "file:cart.md", at="v1") == []
    with pytest.raises(SnapshotMissing, match="bugatlas index --at v9"):
        search(index, "cart", SearchOptions(at="v9"))


def test_limit_and_totals(index: Index) -> None:
    results = search(index, "cart", SearchOptions(limit=1))
    assert (len(results.files), results.total) == (1, 2)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_query_is_answered_or_refused(text: str, shop_index: Path) -> None:
    try:
        results = search(Index.open(shop_index), text, SearchOptions(limit=2))
    except UsageError:
        return
    assert isinstance(results, Results) and len(results.files) <= 2


# --- at the command line -----------------------------------------------------------------------------------


def test_the_command_takes_filters_that_begin_with_a_dash(index: Index) -> None:
    ran = run("search", "connection", "-path:db", "-lang:go", "--limit", "5", index=index.root)
    assert ran.code == 0 and "README.md" in ran.out and "pool.py" not in ran.out


def test_lines_that_match_are_printed(index: Index) -> None:
    ran = run("search", '"connection refused"', index=index.root)
    assert " 1  db/pool.py:10\n" in ran.out
    assert '10 │ raise TimeoutError("connection refused after 1.2.3 tries")' in ran.out
    assert "method ConnectionPool.retry_later 9-10" in ran.out


def test_nothing_found_is_said_with_its_own_exit_code(index: Index) -> None:
    ran = run("search", '"no such text anywhere"', "repo:db", index=index.root)
    assert ran.code == 3 and ran.err == ""
    assert "Nothing found" in ran.out and "fewer filters" in ran.out


def test_an_error_is_one_line(index: Index) -> None:
    ran = run("search", '"open', index=index.root)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: a quote is not closed") and ran.err.count("\n") == 1
