"""What a path alone says: is it a test, documentation, an example, and which path mentions name it."""

from __future__ import annotations

import re
from enum import IntFlag
from functools import lru_cache

LONGEST = 1_000  # characters of a path that is indexed


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


_TEST_DIRS = {"test", "tests", "testing", "__tests__", "testdata", "test-data", "testcases", "androidtest",
              "integrationtest", "integration-test", "e2e", "fixtures", "__fixtures__", "unittests",
              "__snapshots__"}  # fmt: skip
_TEST_WORDS = re.compile(  # `Shop.AcceptanceTests`, `shop-systemtest`; neither contests nor protests
    r"tests|(?:acceptance|api|approval|browser|component|contract|e2e|endtoend|functional|instrumented|integration|load"
    r"|mutation|perf|performance|persistence|regression|smoke|snapshot|stress|system|ui|unit)tests?"
)
_SPEC_DIRS = {"spec", "specs", "conformance"}
_SPECIFIED = frozenset(
    "rb js jsx mjs cjs es6 ts tsx mts cts coffee vue svelte lua moon cr dart php sh bash swift m mm scala groovy "
    "kt kts hs exs feature".split()
)
"""Extensions of languages that call a test a spec: RSpec, Jasmine, busted, Spock, Kotest, Quick, Hspec, ShellSpec.

In others a spec is a description: `deployment_spec.go`, `FilterSpec.java`, `spec/openapi.yaml`.
"""
_NO_PROGRAMS = frozenset(
    "yaml yml json json5 jsonc toml xml proto thrift graphql graphqls gql md markdown mdx rst txt adoc html htm "
    "properties ini cfg conf csv tsv sql xsd wsdl avsc smithy raml cue jsonnet".split()
)
_BUILT = re.compile(r"(?:^|/)src/(?:main|\w{0,30}Main)/")  # source sets that are shipped (Maven, Gradle)
_MOCK_DIRS = {"mock", "mocks", "__mocks__", "stubs", "fakes"}
_DOC_DIRS = {"doc", "docs", "documentation", "man", "changelog", "changes", "release-notes", "whatsnew"}
_EXAMPLE_DIRS = {"example", "examples", "sample", "samples", "demo", "demos", "benchmark", "benchmarks", "bench",
                 "tutorial", "tutorials", "galleries", "gallery", "asv_bench", "perf"}  # fmt: skip
_TOOL_DIRS = {"scripts", "script", "tools", "tool", "ci", ".ci", ".github", ".circleci", "hack", "bin", "packaging",
              ".gitlab"}  # fmt: skip
_CODE_DIRS = {"src", "app", "lib"}  # what is called a script or a tool below these is part of the program
_TEST_NAME = re.compile(r"^(?:test[_-].*|.*[_.-]tests?|conftest|tests?|.*(?<=[a-z0-9])(?:Tests?|TestCase))$")
_SPEC_NAME = re.compile(r"^(?:.*[_.-]specs?|specs?|.*(?<=[a-z0-9])Specs?)$")
_INTEGRATION_NAME = re.compile(r"^.*(?<=[a-z0-9])IT$")  # Maven's Failsafe
_JVM = frozenset({"java", "kt", "groovy", "scala"})
_MIGRATION = re.compile(
    r"(?:\d{3,}[_-]|V\d+(?:[._]\d+)*__|\d{4}-\d\d-\d\d).*\.(?:sql|py|rb|php|ts|js|cs|java|kt|go|xml|ya?ml|json)"
    r"(?:\.[a-z0-9]{1,12})?"
)
_SCHEMA_NAME = re.compile(
    r"(?i)(?:\d+[_-])?(?:(?:.*[_.-])?(?:schema|structure|ddl|init(?:[_-]?db|ial(?:ize|ise)?)?|seeds?|baseline)"
    r"|(?:create|drop|alter|upgrade|downgrade|migrate|migration)(?:[_.-].*)?)\.(?:sql|ddl)(?:\.[a-z0-9]{1,12})?"
)
_STEP_NAME = re.compile(r".*\.(?:sql|ddl|xml|ya?ml|json)(?:\.[a-z0-9]{1,12})?")
_MIGRATION_DIRS = {"migrations", "migration", "migrate", "flyway", "liquibase", "changelogs", "changesets"}
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
    "go module",
    "jsonnet",
    "cue",
    "bicep",
    "dhall",
    "solution",
    "cabal",
    "translation",
}
_CONFIG_NAMES = {
    "setup.py",
    "setup.cfg",
    "noxfile.py",
    "build.gradle.kts",
    "mix.exs",
    "package.swift",
    "build.sbt",
}


@lru_cache(maxsize=1 << 14)  # asked once by the shard, then by each layer of summaries
def role(path: str, language: str = "") -> Role:
    """Roles of a file by its path (POSIX, relative to the repository) and language."""
    folders, name, stem = _parts(path)
    out = Role.NONE
    if is_test(path, language):
        out |= Role.TEST
    if any(f in _MOCK_DIRS for f in folders) or re.match(r"(?i)^mocks?[_.-]|.*[_-]mocks?$", stem):
        out |= Role.MOCK
    if any(f in _DOC_DIRS for f in folders) or language in _DOC_LANGS:
        out |= Role.DOC
    if any(f in _EXAMPLE_DIRS or f.startswith("example") for f in folders):
        out |= Role.EXAMPLE
    if (
        language in _CONFIG_LANGS
        or name.lower() in _CONFIG_NAMES
        or (language == "groovy" and not name.endswith(".groovy"))
    ):
        out |= Role.CONFIG
    tool = next((i for i, f in enumerate(folders) if f in _TOOL_DIRS), None)
    if tool is not None and _CODE_DIRS.isdisjoint(folders[:tool]):
        out |= Role.TOOL
    if _is_migration(folders, name):
        out |= Role.MIGRATION
    return out


def role_of(path: str, language: str, serves: bool) -> int:
    """Roles of a file; one that serves routes is no mere configuration, whatever its language."""
    found = role(path, language)
    return int(found & ~Role.CONFIG if serves else found)


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def _parts(path: str) -> tuple[list[str], str, str]:
    """Folders in lower case, name, and name without extension; folders below `src/main` are names of packages."""
    shipped = _BUILT.search(path)
    parts = [p for p in path.split("/") if p not in ("", ".")]
    folders = [
        p.lower()
        for p in (path[: shipped.start()].split("/") if shipped else parts[:-1])
        if p not in ("", ".")
    ]
    name = parts[-1] if parts else ""
    return folders, name, name.split(".")[0] if name.startswith(".") else name.rsplit(".", 1)[0]


def is_test(path: str, language: str = "") -> bool:
    """Whether a file holds tests, by its folders and its name, as its language and its place have it.

    Nothing that is shipped (`src/main/`) is a test by its name. `Spec` and `spec/` mean tests to some languages
    only: elsewhere they describe, as `DeploymentSpec` and `api/spec/openapi.yaml` do.
    """
    folders, name, stem = _parts(path)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    asked = _telling_folders(folders, language or ("python" if extension == "py" else ""))
    if folders[:1] == ["t"] or any(_of_tests(f) for f in asked):  # t/: Perl's custom
        return True
    specs = extension in _SPECIFIED
    if not _SPEC_DIRS.isdisjoint(folders if specs else folders[:1]) and (
        specs or extension not in {*_NO_PROGRAMS, "go"}
    ):
        return True
    if _BUILT.search(path):  # but for JavaScript's dotted names, which nothing else has
        return specs and stem.endswith((".test", ".spec"))
    if _TEST_NAME.match(stem) or (specs and _SPEC_NAME.match(stem)):
        return True
    return extension in _JVM and bool(_INTEGRATION_NAME.match(stem))


def _is_migration(folders: list[str], name: str) -> bool:
    """A step of a database's history, or the script that makes its tables: never changed once it has run."""
    if _MIGRATION.fullmatch(name) or _SCHEMA_NAME.fullmatch(name):
        return True
    return not _MIGRATION_DIRS.isdisjoint(folders) and bool(_STEP_NAME.fullmatch(name))


def _telling_folders(folders: list[str], language: str) -> list[str]:
    """Folders that may say that a file is a test: a Python package may offer help for tests (web/test/client.py)."""
    offered = ("test", "testing") if language == "python" else ()
    return folders[:1] + [f for f in folders[1:] if f not in offered]


@lru_cache(maxsize=1 << 12)
def _of_tests(folder: str) -> bool:
    """`tests`, but also `Shop.Orders.Tests`, `shop-test` and `test-utils`."""
    words = re.split(r"[._-]", folder)
    return folder in _TEST_DIRS or "test" in (words[0], words[-1]) or any(map(_TEST_WORDS.fullmatch, words))


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
