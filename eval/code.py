"""Which of our source files a result depends on: followed from imports, so that no move or new module is missed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import xxhash

HOME = Path(__file__).resolve().parent.parent
PACKAGES = ("eval", "locator", "indexer", "summaries")
SNAPSHOTS = ("indexer.repository",)  # what writes the rows of a snapshot
ANSWERS = ("eval.run",)  # what turns a case into a line of a run
_NAMED = re.compile(
    rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+"
)  # modules that are loaded by name, as backends are


def digest(roots: tuple[str, ...], home: Path = HOME) -> str:
    """16 hex digits (XXH3) of every file that these modules use: what was computed with other code is computed again.

    Raises ValueError for a module that does not exist.
    """
    seen = xxhash.xxh3_64()
    for path in sources(roots, home):
        seen.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


@lru_cache
def sources(roots: tuple[str, ...], home: Path = HOME) -> tuple[Path, ...]:
    """The modules that `roots` import, directly or not, and the data files (queries, prompts) beside them."""
    todo = list(roots)
    found: dict[str, Path] = {}
    for name in roots:
        if not _file(name, home):
            raise ValueError(f"there is no module {name} in {home}")
    while todo:
        name = todo.pop()
        path = _file(name, home)
        if name not in found and path:
            found[name] = path
            todo += _imports(path)
            todo += [name.rpartition(".")[0]]
    data = {d for path in found.values() for d in _data(path.parent)}
    return tuple(sorted({*found.values(), *data}))


def _file(name: str, home: Path) -> Path | None:
    at = home.joinpath(*name.split("."))
    return next((p for p in (at.with_suffix(".py"), at / "__init__.py") if name and p.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    """Modules of ours that a file may load, wherever in it: imports of functions and names in strings too."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
            yield str(node.module)
            yield from (f"{node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _NAMED.findall(node.value)


def _data(folder: Path) -> Iterator[Path]:
    """Files beside a module that are no Python, and those of subfolders that are no packages."""
    for path in folder.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not any(path.glob("*.py")):
            yield from (p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
