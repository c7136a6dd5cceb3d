"""The public face: what `import bugatlas` offers, and that its page is true."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from kits.paths import ROOT

import bugatlas
import summaries

LAYERS = ("summaries", "indexer", "locator", "eval")  # lowest first


def test_what_is_public() -> None:
    assert bugatlas.__all__ == [
        "Answer", "BugatlasError", "Evidence", "FileHit", "Index", "Options", "Report", "__version__",
        "index", "locate", "search", "show",
    ]  # fmt: skip
    assert dir(bugatlas) == sorted(bugatlas.__all__)
    assert all(getattr(bugatlas, name) is not None for name in bugatlas.__all__)
    with pytest.raises(AttributeError, match="module 'bugatlas' has no attribute 'lcoate'"):
        bugatlas.lcoate  # type: ignore[attr-defined]  # noqa: B018


def test_types_and_names_at_run_time_are_the_same() -> None:
    """What a type checker reads under TYPE_CHECKING is what `__getattr__` hands out."""
    tree = ast.parse((ROOT / "bugatlas.py").read_text("utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If))
    checked = {
        a.asname or a.name: f"{n.module}:{a.name}"
        for n in block.body
        if isinstance(n, ast.ImportFrom)
        for a in n.names
    }
    assert checked == bugatlas._PUBLIC


def test_one_version() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bugatlas", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.stdout == f"bugatlas {summaries.__version__}\n"
    assert bugatlas.__version__ == summaries.__version__
    extension = json.loads((ROOT / "vscode-extension" / "package.json").read_text("utf-8"))
    assert extension["version"] == summaries.__version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## \[?(\d[^\] ]*)", changes, re.M)[1] == summaries.__version__  # type: ignore[index]


def test_help_is_fast() -> None:
    """Processor time, the interpreter's start included: 0.15 s on an idle machine, more where neighbours want the caches."""
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "bugatlas", "--help"], cwd=ROOT, capture_output=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_names_a_higher_one_even_in_a_string(layer: str) -> None:
    """Import contracts don't see what is loaded by its dotted name."""
    above = ("bugatlas", *LAYERS[LAYERS.index(layer) + 1 :])
    named = re.compile(rf"(?:{'|'.join(above)})(?:\.[a-z_]+)+(?::\w+)?")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in (ROOT / layer).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and named.fullmatch(node.value)
        if (ROOT / (node.value.partition(":")[0].replace(".", "/") + ".py")).exists()
    ]
    assert found == []


@pytest.mark.slow
def test_the_page_of_the_library_runs(
    shop: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks[0].strip().splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "services").symlink_to(shop[0].parent)
    monkeypatch.setenv("HOME", str(tmp_path))
    names: dict[str, object] = {}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for block in blocks:
            exec(block, names)
    said = out.getvalue()
    assert any(verdict in said for verdict in ("confident", "likely", "unsure"))
    assert "shop-payments internal/" in said
    assert "6 repositories" in said
    assert "nothing indexed is called shop-odrers | did you mean shop-orders" in said
    answer = names["answer"]
    assert isinstance(answer, bugatlas.Answer)
    assert {hit.language for hit in answer.files} == {"go"}
