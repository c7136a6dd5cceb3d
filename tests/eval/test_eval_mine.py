"""Mining: which commits are fixes, which issues they settle, what tracker exports say, and the sets that come out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from kits.eval import when
from kits.git import HOUR, START, commit, make_repo
from kits.linear import grows_faster

from eval.cases import read_cases
from eval.commands.group import evaluate
from eval.mining.exports import ExportedIssue, read_issues
from eval.mining.fixes import own_words, sources
from eval.mining.html import document, html, wiki
from eval.mining.mine import MiningLimits, mine, split
from eval.mining.notes import is_notes, issues_of_notes, items, said
from eval.mining.references import references, speaks_of_fix
from indexer.build import build
from indexer.sources.discover import Source
from summaries.errors import UsageError
from summaries.index.index import Index

pytestmark = pytest.mark.slow

# --- messages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fixes #12", ["#12!"]),
        ("fix: crash (#40)\n\nCloses: #12, #13 and #14", ["#12!", "#13!", "#14!", "#40"]),
        ("Resolve acme/shop-orders#7", ["acme/shop-orders#7!"]),
        ("Fixed https://git.example.org/acme/orders/issues/8.", ["acme/orders#8!"]),
        ("closes https://git.example.org/group/sub/orders/-/issues/8", ["group/sub/orders#8!"]),
        ("Fixes GH-3", ["#3!"]),
        ("ORD-17: null price", ["#ORD-17!"]),
        ("[ORD-17][ORD-18] null price", ["#ORD-17!", "#ORD-18!"]),
        ("null price\n\nJira: ord-17", ["#ORD-17!"]),
        ("null price\n\nsee ORD-17 for more", []),
        ("Encode as UTF-8, not ISO-8859, and patch CVE-2024", []),
        ("fixes typo", []),
        ("prefix #5 and suffix", ["#5"]),
        ("Merge pull request #9 from x/y", ["#9"]),
        ("fixes issue #0012", ["#12!"]),
    ],
)
def test_references(message: str, expected: list[str]) -> None:
    found = sorted(f"{r.repo}#{r.key}{'!' if r.closes else ''}" for r in references(message))
    assert found == sorted(expected)


@given(
    st.text(max_size=300), st.sampled_from(["fixes #1, ", "fix " * 50, "#", "ABC-1", "https://x/y/issues/"])
)
def test_any_message_is_read(text: str, piece: str) -> None:
    for r in references(text + piece + text + piece):
        assert r.key and (r.key.isdecimal() or "-" in r.key)
    title, body = own_words(text + piece)
    assert "\n" not in title and isinstance(body, str)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Closes #3: add a page", False),
        ("Fixes #3", False),
        ("Crash on empty cart. Fixes #3", True),
        ("fix(cart): empty cart", True),
        ("feat: no error when the cart is empty", False),
        ("Correct the total", True),
        ("(cart) Fix the total; fixes #3", True),
    ],
)
def test_speaks_of_a_fix(message: str, expected: bool) -> None:
    assert speaks_of_fix(message) is expected


def test_own_words_hold_no_numbers_prefixes_or_trailers() -> None:
    message = (
        "fix(cart): total is wrong for empty carts (#41)\n\nSums start at one. Fixes #12.\n\n"
        "Closes acme/orders#13\nSigned-off-by: Ada <ada@example.org>\nReviewed-by: Bob"
    )
    title, body = own_words(message)
    assert title == "total is wrong for empty carts"
    assert body.startswith("Sums start at one.") and "#" not in body and "Signed" not in body
    assert own_words("Fixes SHOP-7\n\nEmpty carts cost one.\nThey should be free.") == (
        "Empty carts cost one.", "They should be free."
    )  # fmt: skip
    assert own_words("Fixes SHOP-7") == ("Fixes SHOP-7", "")


def test_sources_leave_out_what_holds_no_fault() -> None:
    paths = (
        "a/cart.go",
        "a/cart_test.go",
        "README.md",
        "docs/x.py",
        "vendor/b/c.go",
        "go.sum",
        "config.yaml",
        "x.png",
    )
    assert sources(paths) == ("a/cart.go",)
    assert sources(("README.md", "config.yaml", "cart_test.go")) == ("config.yaml",)
    assert sources(("README.md", "package-lock.json")) == ()


# --- texts of trackers ------------------------------------------------------------------------------------


def test_wiki_markup() -> None:
    text = (
        "h2. Steps\r\n# open {{cart.html}}\n# *pay*\n{code:java|title=x}\nint a[] = {1};\n{code}\n"
        "see [the log|https://x.example/log]\n{noformat}{code} is text{noformat}\n{color:red}boom{color} \\{x\\}"
    )
    assert wiki(text) == (
        "## Steps\n1. open `cart.html`\n1. **pay**\n\n```\nint a[] = {1};\n```\n\n"
        "see [the log](https://x.example/log)\n\n```\n{code} is text\n```\n\nboom {x}"
    )
    assert wiki("{code}never closed") == "```\nnever closed\n```"


def test_document_format() -> None:
    text = {
        "type": "doc",
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "Call "},
             {"type": "text", "text": "pay()", "marks": [{"type": "code"}]}]},
            {"type": "codeBlock", "content": [{"type": "text", "text": "boom\n at x"}]},
            {"type": "bulletList", "content": [{"type": "listItem", "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]}]},
            "rubbish", {"type": 7, "content": "no list"},
        ],
    }  # fmt: skip
    assert document(text) == "Call `pay()`\n\n```\nboom\n at x\n```\n\n- one"
    deep: dict[str, object] = {"type": "text", "text": "x"}
    for _ in range(5_000):
        deep = {"type": "paragraph", "content": [deep]}
    assert document(deep) == "" or len(document(deep)) < 1_000


def test_html() -> None:
    text = "<p>Fails with <code>404</code> &amp; more<script>alert(1)</script></p><pre>a &lt;b&gt;\n  c</pre><ul><li>x<li>y"
    assert html(text) == "Fails with `404` & more\n\n```\na <b>\n  c\n```\n\n- x\n- y"


@given(st.text(max_size=200), st.sampled_from(["{code}", "<pre>", "<![", "&#", "[|", "{{", "*", "h1. "]))
def test_any_text_of_a_tracker_is_read(text: str, piece: str) -> None:
    wiki(piece + text + piece + text)
    html("<p>" + piece + text + piece)


def test_jira_search_export(tmp_path: Path) -> None:
    issue = {"summary": "Null price", "description": "{code}x{code}", "created": "2024-01-02T03:04:05.000+0000",
             "issuetype": {"name": "Bug"}}  # fmt: skip
    rows = [
        {"key": "ord-17", "fields": issue},
        {"key": "ORD-18", "fields": {**issue, "issuetype": {"name": "Story"}, "description": None}},
        {"key": "ORD-17", "fields": issue},
        {"key": "ORD-19", "fields": {"summary": " "}},
        "rubbish",
    ]
    (tmp_path / "jira.json").write_text(json.dumps({"total": 5, "issues": rows}))
    found, problems = read_issues(tmp_path / "jira.json")
    assert found == [
        ExportedIssue("", "ORD-17", "Null price", "```\nx\n```", "2024-01-02T03:04:05.000+0000", True),
        ExportedIssue("", "ORD-18", "Null price", "", "2024-01-02T03:04:05.000+0000", False),
    ]
    assert [p.split(":")[0] for p in problems] == [f"jira.json, entry {n}" for n in (3, 4, 5)]


def test_issues_of_code_hosts(tmp_path: Path) -> None:
    rows = [
        {"number": 7, "title": "Cart", "body": "a\r\nb", "created_at": "2024-01-02T03:04:05Z",
         "labels": [{"name": "type: bug"}], "html_url": "https://git.example.org/acme/orders/issues/7"},
        {"number": 8, "title": "A pull", "pull_request": {}, "html_url": "https://git.example.org/acme/orders/pull/8"},
        {"iid": 9, "title": "Pay", "description": "<p>x</p>", "references": {"full": "acme/payments#9"},
         "labels": ["feature"]},
        {"number": 10, "title": "Plain", "body": None, "url": "https://git.example.org/acme/orders/issues/10", "labels": []},
        {"number": 11, "title": "Nowhere"},
    ]  # fmt: skip
    (tmp_path / "issues.json").write_text(json.dumps(rows))
    found, problems = read_issues(tmp_path / "issues.json", "acme/web")
    assert problems == []
    assert [(i.repo, i.key, i.body, i.bug) for i in found] == [
        ("acme/orders", "7", "a\nb", True),
        ("acme/payments", "9", "x", False),
        ("acme/orders", "10", "", None),
        ("acme/web", "11", "", None),
    ]
    (tmp_path / "lines.jsonl").write_text("\n".join(json.dumps(r) for r in rows) + "\n{torn")
    again, problems = read_issues(tmp_path / "lines.jsonl", "acme/web")
    assert again == found and problems == ["lines.jsonl:6: not an issue"]


def test_csv_exports(tmp_path: Path) -> None:
    (tmp_path / "gitlab.csv").write_text(
        "Title,Description,Issue ID,URL,Created At (UTC),Labels\n"
        '"Cart, empty","two\nlines",7,https://git.example.org/acme/orders/-/issues/7,2024-01-02 03:04:05,"bug,cart"\n'
        ",no title,8,https://git.example.org/acme/orders/-/issues/8,,\n"
    )
    found, problems = read_issues(tmp_path / "gitlab.csv")
    assert found == [
        ExportedIssue("acme/orders", "7", "Cart, empty", "two\nlines", "2024-01-02 03:04:05", True)
    ]
    assert len(problems) == 1
    (tmp_path / "jira.csv").write_text(
        "\ufeffSummary;Issue key;Issue id;Issue Type;Labels;Labels;Description\nNull price;ORD-17;1001;Bug;a;b;h1. Hi\n"
    )
    assert read_issues(tmp_path / "jira.csv")[0] == [
        ExportedIssue("", "ORD-17", "Null price", "## Hi", "", True)
    ]


@pytest.mark.parametrize("text", ["{", "a,b\n1,2\n", "", "\x00\x01"])
def test_file_that_is_no_export(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(UsageError):
        read_issues(tmp_path / "x")


# --- sets -------------------------------------------------------------------------------------------------

CODE = "def total(cart):\n    return sum(cart)\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Two repositories with every sort of commit that mining looks at."""
    root = tmp_path_factory.mktemp("mine")
    many = {f"m{n}.py": CODE for n in range(20)}
    orders = [
        commit({"cart.py": CODE, "price.py": CODE, "test_cart.py": CODE, "app.yaml": "a: 1\n", **many}, "Start"),
        commit({"cart.py": CODE + "# 1\n", "test_cart.py": CODE + "#\n"}, "Wrong total of carts\n\nFixes #1"),
        commit({"price.py": CODE + "# 2\n"}, "Add prices. Closes #2"),
        commit({"price.py": CODE + "# 3\n"}, "Bump lib from 1.0 to 1.1. Fixes #3"),
        commit(dict.fromkeys(many, CODE + "# 4\n"), "Fix wrong totals everywhere. Fixes #4"),
        commit({"cart.py": CODE + "# 5\n"}, "Crash on empty cart. Fixes #5"),
        commit({"cart.py": CODE + "# 1\n"}, "Revert \"Crash on empty cart\"\n\nThis reverts commit {5}."),
        commit({"new.py": CODE}, "Crash without a file. Fixes #7"),
        commit({"price.py": CODE + "# 8\n"}, "ORD-8: null price is an error", authored=START + 100),
        commit({"price.py": CODE + "# 9\n"}, "Tidy up prices"),
        commit({"README.md": "# Orders\n"}, "Wrong docs. Fixes #10"),
        commit({"app.yaml": "a: 2\n"}, "Port of the service is wrong. Fixes #11"),
    ]  # fmt: skip
    shas = make_repo(root / "plain", orders)
    orders[6] = commit(orders[6].files, str(orders[6].message).replace("{5}", shas[5]))
    url = "https://git.example.org/acme/orders.git"
    make_repo(root / "orders", orders)
    make_repo(
        root / "payments",
        [
            commit({"pay.py": CODE}, "Start", time=START + 1),
            commit({"pay.py": CODE + "# 8\n"}, "ORD-8: null price in payments too", time=START + 7 * HOUR),
            commit(
                {"pay.py": CODE + "# 9\n"},
                "Charged twice by error. Fixes acme/orders#9",
                time=START + 20 * HOUR,
            ),
        ],
    )
    sources = [
        Source("orders", root / "orders" / ".git", url),
        Source("payments", root / "payments" / ".git"),
    ]
    build(root / "index", sources, workers=1)
    return Index.open(root / "index")


def test_set_in_the_commits_own_words(index: Index) -> None:
    found = mine(index)
    told = {c.id: c for c in found.cases}
    assert sorted(told) == ["ORD-8", "orders#1", "orders#11", "orders#9"]
    first = told["orders#1"]
    assert (first.title, first.body, first.words) == ("Wrong total of carts", "", "commit")
    assert [g.path for g in first.gold] == ["cart.py"], "tests are no gold"
    assert first.as_of == when(1 - 1 / 3600) and first.reported_in == "orders"
    both = told["ORD-8"]
    assert [(g.repo, g.path) for g in both.gold] == [("orders", "price.py"), ("payments", "pay.py")]
    assert both.as_of == when(99 / 3600), "by the author's time, which is the earliest"
    assert both.reported_in is None and len(both.fix_commits) == 2
    assert [(g.repo, g.path) for g in told["orders#9"].gold] == [("payments", "pay.py")]
    assert told["orders#9"].reported_in == "orders", "acme/orders is what the clone's URL calls it"
    assert [g.path for g in told["orders#11"].gold] == ["app.yaml"]
    assert found.commits == 15
    assert dict(found.left_out) == {
        "commit: first commit": 2,
        "issue: no commit of it speaks of a repair": 1,
        "commit: bump or release": 1,
        "commit: changes more than max_files source files": 1,
        "commit: reverted later": 1,
        "commit: revert": 1,
        "commit: settles no issue": 1,
        "commit: changes no source file": 1,
        "issue: no changed file was there before": 1,
    }


def test_set_with_an_export(index: Index) -> None:
    issues = [
        ExportedIssue("acme/orders", "1", "Total too high", "I pay too much.", "2023-11-01", True),
        ExportedIssue("acme/orders", "2", "Prices missing", "There are none.", "2023-11-01", None),
        ExportedIssue("", "ORD-8", "Null", "", "", False),
    ]
    found = mine(index, issues)
    told = {c.id: c for c in found.cases}
    assert sorted(told) == ["orders#1", "orders#2"], "#2 is an issue of the tracker, so closing it is enough"
    assert (told["orders#1"].title, told["orders#1"].body, told["orders#1"].words) == (
        "Total too high",
        "I pay too much.",
        "",
    )
    assert found.left_out["issue: not in the export"] == 3
    assert found.left_out["commit: settles no bug, by the issue's type or labels"] == 2
    with_own = {c.id: c.words for c in mine(index, issues, own=True).cases}
    assert with_own["orders#1"] == "" and with_own["orders#11"] == "commit"


def test_limits(index: Index) -> None:
    late = mine(index, limits=MiningLimits(since=START + 10 * HOUR))
    assert {c.id for c in late.cases} == {"orders#9", "orders#11"}
    assert {c.id for c in mine(index, only=["payments"]).cases} == {"orders#9"}
    assert "orders#4" in {c.id for c in mine(index, limits=MiningLimits(max_files=30, max_gold=30)).cases}


def test_split_by_time_lets_nothing_through(index: Index) -> None:
    cases = mine(index).cases
    early, late, between = split(cases, "0.5")
    assert len(early) + len(late) + between == len(cases) and late
    first = min(c.before or 0 for c in late)
    assert all((c.before or 0) < first for c in early)
    assert [c.id for c in split(cases, when(0.5))[0]] == [], "ORD-8 was fixed again after that"
    assert split(cases, when(0.5))[2] == 1
    for wrong in ("half", "1.5", "2"):
        with pytest.raises(UsageError):
            split(cases, wrong)


def test_command_writes_the_set_and_its_rules(index: Index, tmp_path: Path) -> None:
    out = tmp_path / "sets" / "bugs.jsonl"
    asked = ["mine", "--out", str(out), "--split", "0.5"]
    result = CliRunner().invoke(evaluate, asked, obj=index.root, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "4 cases from 15 commits" in result.output and "first commit" in result.output
    cases, problems = read_cases(out)
    assert len(cases) == 4 and problems == []
    told = json.loads((tmp_path / "sets" / "bugs.about.json").read_text())
    assert told["left out"]["commit: revert"] == 1 and len(told["rules"]) == 5
    assert told["heads"].keys() == {"orders", "payments"}
    halves = [read_cases(out.with_name(f"bugs-{n}.jsonl"))[0] for n in ("early", "late")]
    assert len(halves[0]) == told["split"]["early"] and len(halves[1]) == told["split"]["late"]
    again = tmp_path / "again.jsonl"
    CliRunner().invoke(evaluate, ["mine", "--out", str(again)], obj=index.root, catch_exceptions=False)
    assert again.read_bytes() == out.read_bytes()


def test_mined_set_is_run_where_its_repositories_lie(index: Index, tmp_path: Path) -> None:
    out, run = tmp_path / "bugs.jsonl", tmp_path / "run.jsonl"
    CliRunner().invoke(evaluate, ["mine", "--out", str(out)], obj=index.root, catch_exceptions=False)
    asked = ["run", str(out), "--out", str(run), "--work", str(tmp_path / "work"), "--jobs", "1"]
    result = CliRunner().invoke(evaluate, asked, obj=index.root, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    lines = {x["id"]: x for x in map(json.loads, run.read_text().splitlines())}
    assert len(lines) == 4
    assert all(g.get("rank") or g["path"] == "app.yaml" for x in lines.values() for g in x["gold"])
    seen = {h["path"] for h in lines["ORD-8"]["ranked"]}
    assert "new.py" not in seen, "it was made later"


# --- change logs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("CHANGELOG.md", True),
        ("docs/release-notes.rst", True),
        ("CHANGES", True),
        ("changelog/812.bugfix.rst", True),
        ("CHANGELOG/CHANGELOG-1.2.md", True),
        ("doc/whatsnew/v1.2.rst", True),
        ("src/history.py", False),
        ("docs/releasing.md", False),
        ("src/changes/apply.go", False),
    ],
)
def test_change_logs_are_known_by_their_names(path: str, expected: bool) -> None:
    assert is_notes(path) == expected


NOTES = """# Change log

## 1.2

### Bug fixes

* **basket:** The total is wrong for 3 for 2 offers ([#12](https://git.example.org/acme/shop/issues/12)),
  by @ann, closes [#13](https://git.example.org/acme/shop/issues/13)
* Orders of guests get lost on a retry (SHOP-7). Thanks to Bo!

### New features

- Gift cards are sold in three sizes (#15)

Fixed
-----
1. `Basket.clear <https://docs.example.org>`_ leaves coupons behind :issue:`16`
"""


def test_items_of_a_change_log() -> None:
    assert [(heading, said(text)) for heading, text in items(NOTES)] == [
        ("Bug fixes", "basket: The total is wrong for 3 for 2 offers"),
        ("Bug fixes", "Orders of guests get lost on a retry"),
        ("New features", "Gift cards are sold in three sizes"),
        ("Fixed", "Basket.clear leaves coupons behind"),
    ]


def test_a_set_in_the_words_of_change_logs(tmp_path: Path) -> None:
    repo = tmp_path / "shop"
    make_repo(
        repo,
        [
            {"src/basket.py": "total = 1\n", "src/orders.py": "orders = []\n"},
            commit({"src/basket.py": "total = 2\n"}, "fix: offers (#13)"),
            commit({"src/orders.py": "orders = [1]\n"}, "SHOP-7 keep orders of guests"),
            commit({"src/cards.py": "cards = 3\n"}, "feat: gift cards\n\nCloses #15"),
            commit({"CHANGELOG.md": NOTES}, "Release notes"),
        ],
    )
    build(tmp_path / "index", [Source("acme/shop", repo)])
    index = Index.open(tmp_path / "index")
    assert [(keys, i.repo, i.bug) for keys, i in issues_of_notes(index)] == [
        (("12", "13"), "acme/shop", True),
        (("SHOP-7",), "", True),
        (("15",), "acme/shop", False),
        (("16",), "acme/shop", True),
    ]
    found = mine(index, notes=True)
    assert [(c.id, c.title, [g.path for g in c.gold], c.words) for c in found.cases] == [
        ("acme/shop#12", "basket: The total is wrong for 3 for 2 offers", ["src/basket.py"], "notes"),
        ("SHOP-7", "Orders of guests get lost on a retry", ["src/orders.py"], "notes"),
    ]
    told = mine(
        index, [ExportedIssue("acme/shop", "12", "Wrong total", "It is wrong.", "", True)], notes=True
    )
    assert told.cases[0].title == "Wrong total"


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "* ",
        "* a (#1)\n",
        "[",
        "[a](",
        "#1 ",
        "`a <",
        "thanks ",
        "https://a/b/issues/",
        "closes  ",
        "  (",
        "* a\n  b\n",
    ],
)
def test_hostile_change_logs_take_linear_time(unit: str) -> None:
    def read(text: str) -> None:
        for _, item in items(text):
            said(item)

    assert not grows_faster(read, unit, 30_000)


@given(st.text(max_size=300))
def test_any_change_log_is_read(text: str) -> None:
    assert all(isinstance(said(item), str) for _, item in items(text))
