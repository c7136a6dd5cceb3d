"""Ignore and attribute patterns, held against git itself."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kits.git import git

from indexer.files.ignore import Ignored, attribute_rules, ignore_rules, rule, says

NAMES = st.sampled_from(
    ["a", "b", "ab", "aab", "a.c", "b.c", "foo", "[a]", "a b", "-", "a\\", "*", "!a", "#a"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(
    ["a", "b", "ab", "*", "**", "?", "/", "/", "**/", "/**", "*.c", ".c", "foo", "[ab]", "[!a]", "[^b-z]",
     "[a-", "[]a]", "[[:alpha:]]", "[[:nope:]]", "[z-a]", "\\a", "\\*", "\\", "!", "#", " ", "-", "[a/b]",
     "[\\]a]"]
)  # fmt: skip
# Not held against git: what its shortcut for literal prefixes makes of "a**/b", which gitignore(5) rules out.
QUIRKS = re.compile(r"//|\\/|[^/!]\*\*")
PATTERN = st.lists(PIECES, min_size=1, max_size=6).map("".join).filter(lambda text: not QUIRKS.search(text))
LINES = st.lists(PATTERN, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asked")
    git(path, "init", "-q")
    return path


def git_ignores(path: Path, paths: list[str]) -> set[str]:
    given_ = "\0".join(paths).encode()
    script = ("-c", "core.excludesFile=/dev/null", "check-ignore", "-z", "-v", "-n", "--no-index", "--stdin")
    out = git(path, *script, data=given_, ok=(0, 1)).decode().split("\0")
    rows = [out[i : i + 4] for i in range(0, len(out) - 3, 4)]
    return {name for _, _, pattern, name in rows if pattern and not pattern.startswith("!")}


@pytest.mark.slow
@given(LINES, st.lists(LINES, max_size=1), st.lists(PATHS, min_size=1, max_size=12, unique=True))
@example(["a/", "!a/b"], [], ["a/b", "b/a", "a"])
@example(["*", "!a", "!*.c"], [["*"]], ["a", "a.c", "a/b", "ab/a.c"])
@example(["a  ", "b\\ ", "\\!a", "\\#a", "# a", " "], [], ["a", "b", "b ", "!a", "#a"])
@settings(max_examples=150, deadline=None)
def test_ignored_as_git_ignores(
    asked: Path, lines: list[str], nested: list[list[str]], paths: list[str]
) -> None:
    (asked / "foo").mkdir(exist_ok=True)
    (asked / ".gitignore").write_text("\n".join(lines))
    rules = ignore_rules("", "\n".join(lines))
    (asked / "foo" / ".gitignore").unlink(missing_ok=True)
    for inner in nested:
        (asked / "foo" / ".gitignore").write_text("\r\n".join(inner))
        rules += ignore_rules("foo/", "\r\n".join(inner))
    paths = [path for path in paths if path != "foo"]  # there it's a folder
    ignored = Ignored(rules)
    assert {path for path in paths if ignored(path)} == git_ignores(asked, paths)


@pytest.mark.slow
@given(LINES, st.lists(PATHS, min_size=1, max_size=12, unique=True))
@settings(max_examples=100, deadline=None)
def test_attributes_as_git_reads_them(asked: Path, patterns: list[str], paths: list[str]) -> None:
    states = ["vend", "-vend", "vend=true", "vend=false"]
    lines = [f"{pattern} text {states[i]}" for i, pattern in enumerate(patterns) if " " not in pattern]
    (asked / ".gitattributes").write_text("\n".join(lines))
    rules = attribute_rules("", "\n".join(lines), "vend")
    out = (
        git(asked, "check-attr", "-z", "--stdin", "vend", data="\0".join(paths).encode()).decode().split("\0")
    )
    theirs = {out[i]: {"set": True, "true": True, "unset": False, "false": False}.get(out[i + 2])
              for i in range(0, len(out) - 2, 3)}  # fmt: skip
    assert {path: says(rules, path) for path in paths} == theirs


def test_deeper_files_overrule() -> None:
    rules = ignore_rules("", "*.log\n") + ignore_rules("keep/", "!*.log\n/own\n")
    ignored = Ignored(rules)
    assert [ignored(path) for path in ("a.log", "keep/a.log", "keep/x/a.log")] == [True, False, False]
    assert [ignored(path) for path in ("own", "keep/own", "keep/x/own")] == [False, True, False]


def test_byte_order_mark_and_quotes() -> None:
    assert Ignored(ignore_rules("", "\ufeffa\n"))("a")
    assert says(attribute_rules("", '"a.c" vend', "vend"), "a.c") is True


@pytest.mark.parametrize(
    "pattern",
    ["*a*a*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/a/**/b", "*" * 900, "a*" * 400 + "b", "**/" * 300 + "b",
     "[a-z]*" * 90 + "0", "**/*a*/**/*a*/**/*a*/b", "?*" * 300 + "b"],
)  # fmt: skip
def test_no_pattern_takes_long(pattern: str) -> None:
    found = rule("", pattern, True)
    assert found
    began = time.process_time()
    for path in ("a" * 1000, "a/" * 499 + "a", "aaaaaaaaa/" * 99 + "c"):
        found.matches(path)
    assert time.process_time() - began < 3


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_text_is_a_rule_file(text: str, path: str) -> None:
    Ignored(ignore_rules("", text))(path)
    says(attribute_rules("", f"{text} vend\n{text}", "vend"), path)
