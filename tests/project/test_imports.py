"""What starting costs: help loads next to nothing, and reading commands never load what only writing needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from kits.paths import ROOT

pytestmark = pytest.mark.slow

HEAVY = {
    "numpy", "chromadb", "git", "rich", "networkx", "scipy", "torch", "fastapi", "tree_sitter", "openai", "zstandard",
    "sqlite3", "pathspec", "ir_measures",
}  # fmt: skip
WRITING = {
    "indexer.assemble",
    "indexer.files",
    "indexer.parse",
    "git",
    "tree_sitter",
    "tree_sitter_python",
    "networkx",
    "chromadb",
    "pathspec",
}


def modules(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after `code`: packages, and rooms of ours."""
    code += "\nimport sys; print(*{'.'.join(m.split('.')[:n]) for m in sys.modules for n in (1, 2)})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_probe_sees_what_is_loaded() -> None:
    assert "numpy" in modules("import numpy")


@pytest.mark.parametrize(
    "module", ["bugatlas", "locator.commands.locate", "locator.modes", "summaries.errors"]
)
def test_the_command_line_is_light(module: str) -> None:
    assert not modules(f"import {module}") & HEAVY


def test_help_loads_no_command() -> None:
    code = (
        "import sys; import bugatlas\nsys.argv = ['bugatlas', '--help']\n"
        "try: bugatlas.main()\nexcept SystemExit: pass\n"
        "assert 'locator.commands' not in sys.modules and 'indexer.commands' not in sys.modules"
    )
    assert not modules(code) & HEAVY


@pytest.mark.parametrize("command", ["locate", "search", "show", "status"])
def test_help_of_a_command_is_light(command: str) -> None:
    code = (
        f"import sys; import bugatlas\nsys.argv = ['bugatlas', '{command}', '--help']\n"
        "try: bugatlas.main()\nexcept SystemExit: pass"
    )
    assert not modules(code) & HEAVY


@pytest.mark.parametrize(
    "args",
    [
        ["locate", "vouchers are taken off twice"],
        ["locate", "vouchers are taken off twice", "--json", "--explain"],
        ["search", "voucher", '"List<OrderLine>"'],
        ["show", "shop-orders"],
        ["status", "--check"],
    ],
    ids=lambda a: a[0],
)
def test_answers_need_nothing_that_only_indexing_needs(args: list[str], shop_index: Path) -> None:
    code = (
        f"import sys; import bugatlas\nsys.argv = ['bugatlas', '--index', {str(shop_index)!r}, *{args!r}]\n"
        "try: bugatlas.main()\nexcept SystemExit as e: assert e.code in (0, 3), e.code"
    )
    loaded = modules(code)
    assert "numpy" in loaded
    assert not loaded & WRITING


def test_a_plain_question_loads_nothing_of_vectors(shop_index: Path) -> None:
    code = (
        f"import sys; import bugatlas\nsys.argv = ['bugatlas', '--index', {str(shop_index)!r}, 'locate', 'vouchers']\n"
        "try: bugatlas.main()\nexcept SystemExit as e: assert e.code in (0, 3), e.code"
    )
    loaded = modules(code)
    assert "locator.locate" in loaded
    assert not loaded & {
        "locator.meaning",
        "locator.judge",
        "summaries.vectors",
        "summaries.protocols",
        "html",
    }


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 matches it wrongly (gh-106052); an atomic group, `(?>(?:ab?)*)`, is right everywhere."""
    found = [
        f"{path}: {line.strip()}"
        for package in ("locator", "indexer", "summaries", "eval")
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\)[*+]\+", line)
    ]
    assert found == []
