"""What a path alone says: is it a test, documentation, an example, and which path mentions name it."""

from __future__ import annotations

import re
from enum import IntFlag


class Role(IntFlag):
    """Roles that a path's own words give a file."""

    NONE = 0
    TEST = 1
    DOC = 2
    EXAMPLE = 4  # examples, samples, benchmarks, demos, tutorials
    CONFIG = 8  # configuration, manifests, build and deployment files
    TOOL = 16  # scripts, tools, CI
    MOCK = 32
    MIGRATION = 64  # one step of a database's or a store's history, which is not changed once it has run


_TEST_DIRS = {"test", "tests", "testing", "__tests__", "spec", "specs", "testdata", "test-data", "testcases",
              "androidtest", "integrationtest", "integration-test", "e2e", "fixtures", "__fixtures__",
              "conformance", "unittests"}  # fmt: skip
_TEST_WORDS = {"tests", "unittest", "unittests", "integrationtest", "integrationtests", "functionaltest",
               "functionaltests"}  # fmt: skip
_MOCK_DIRS = {"mock", "mocks", "__mocks__", "stubs", "fakes"}
_DOC_DIRS = {"doc", "docs", "documentation", "man", "changelog", "changes", "release-notes", "whatsnew"}
_EXAMPLE_DIRS = {"example", "examples", "sample", "samples", "demo", "demos", "benchmark", "benchmarks", "bench",
                 "tutorial", "tutorials", "galleries", "gallery", "asv_bench", "perf"}  # fmt: skip
_TOOL_DIRS = {"scripts", "script", "tools", "tool", "ci", ".ci", ".github", ".circleci", "hack", "bin", "packaging",
              ".gitlab"}  # fmt: skip
_CODE_DIRS = {"src", "app", "lib"}  # what is called a script or a tool below these is part of the program
_TEST_NAME = re.compile(
    r"^(?:test[_-].*|.*[_.-]tests?|.*[_.-]spec|conftest|tests?|.*(?<=[a-z0-9])(?:Tests?|TestCase|Spec|IT))$"
)
_MIGRATION = re.compile(
    r"(?:\d{3,}[_-]|V\d+(?:[._]\d+)*__|\d{4}-\d\d-\d\d).*\.(?:sql|py|rb|php|ts|js|cs|java|kt|go|xml|ya?ml|json)"
)
_DOC_LANGS = {"markdown", "rst", "text", "asciidoc", "restructuredtext"}
_CONFIG_LANGS = {
    "yaml",
    "properties",
    "toml",
    "json",
    "xml",
    "ini",
    "dockerfile",
    "makefile",
    "cmake",
    "hcl",
}
_CONFIG_NAMES = {"setup.py", "setup.cfg", "noxfile.py", "build.gradle.kts"}


def role(path: str, language: str = "") -> Role:
    """Roles of a file by its path (POSIX, relative to the repository) and language."""
    parts = [p for p in path.split("/") if p not in ("", ".")]
    folders = [p.lower() for p in parts[:-1]]
    name = parts[-1] if parts else ""
    stem = name.split(".")[0] if name.startswith(".") else name.rsplit(".", 1)[0]
    out = Role.NONE
    for i in range(len(folders) - 1):
        if folders[i : i + 2] == ["src", "main"]:
            folders = folders[:i]  # those below are names of packages (Maven's layout)
            break
    tested = folders[:1] == ["t"] or any(_of_tests(f) for f in _asked(folders, language))  # t/: Perl's custom
    if tested or _TEST_NAME.match(stem):
        out |= Role.TEST
    if any(f in _MOCK_DIRS for f in folders) or re.match(r"(?i)^mocks?[_.-]|.*[_-]mocks?$", stem):
        out |= Role.MOCK
    if any(f in _DOC_DIRS for f in folders) or language in _DOC_LANGS:
        out |= Role.DOC
    if any(f in _EXAMPLE_DIRS or f.startswith("example") for f in folders):
        out |= Role.EXAMPLE
    if (
        language in _CONFIG_LANGS
        or name in _CONFIG_NAMES
        or (language == "groovy" and not name.endswith(".groovy"))
    ):
        out |= Role.CONFIG
    tool = next((i for i, f in enumerate(folders) if f in _TOOL_DIRS), None)
    if tool is not None and _CODE_DIRS.isdisjoint(folders[:tool]):
        out |= Role.TOOL
    if _MIGRATION.fullmatch(name):
        out |= Role.MIGRATION
    return out


def _asked(folders: list[str], language: str) -> list[str]:
    """Folders that may say that a file is a test: a Python package may offer help for tests (web/test/client.py)."""
    offered = ("test", "testing") if language == "python" else ()
    return folders[:1] + [f for f in folders[1:] if f not in offered]


def _of_tests(folder: str) -> bool:
    """`tests`, but also `Shop.Orders.Tests`, `shop-test` and `test-utils`."""
    words = re.split(r"[._-]", folder)
    return folder in _TEST_DIRS or "test" in (words[0], words[-1]) or not _TEST_WORDS.isdisjoint(words)


def suffixes(path: str, most: int = 6) -> list[str]:
    """Ways to name a path from its end: 'c.go', 'b/c.go', 'a/b/c.go', and each without the extension.

    Lower case. The shortest first; a mention is matched by the longest of its own suffixes found.
    """
    parts = [p for p in path.lower().replace("\\", "/").split("/") if p not in ("", ".", "..")]
    if not parts:
        return []
    out: list[str] = []
    for n in range(1, min(len(parts), most) + 1):
        tail = "/".join(parts[-n:])
        out.append(tail)
        dot = tail.rfind(".")
        if dot > tail.rfind("/") + 1:
            out.append(tail[:dot])
    return out


def folders(path: str, most: int = 5) -> list[str]:
    """Suffixes of a file's directory: 'b', 'a/b' for 'a/b/c.go'. Lower case."""
    parts = [p for p in path.lower().split("/")[:-1] if p]
    return ["/".join(parts[-n:]) for n in range(1, min(len(parts), most) + 1)]
