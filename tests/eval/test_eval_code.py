"""What a result depends on is followed from imports: a byte changed anywhere in it is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eval import code

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for package in code.PACKAGES:
        shutil.copytree(code.HOME / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _edited(house: Path, path: Path, roots: tuple[str, ...]) -> bool:
    """Whether one more byte in a file moves the digest."""
    before = code.digest(roots, house)
    path.write_bytes(path.read_bytes() + b"\n")
    code.sources.cache_clear()
    return code.digest(roots, house) != before


def _named(house: Path, ending: str) -> Path:
    return next(p for p in sorted(house.rglob("*")) if p.as_posix().endswith(ending))


@pytest.mark.parametrize(
    "ending",
    [
        "queries/go.scm",
        "indexer/terms.py",
        "postings.py",
        "summaries/paths.py",
        "summaries/words.py",
        "extract.py",
    ],
)
def test_what_shapes_a_snapshot_is_noticed(house: Path, ending: str) -> None:
    assert _edited(house, _named(house, ending), code.SNAPSHOTS)


@pytest.mark.parametrize(
    "ending",
    ["prompts/judge.md", "voters/past.py", "locator/rank.py", "locator/confidence.py", "judge/judge.py"],
)
def test_what_shapes_an_answer_is_noticed(house: Path, ending: str) -> None:
    assert _edited(house, _named(house, ending), code.ANSWERS)


def test_every_file_that_counts_is_read(house: Path) -> None:
    """Not one of them can change unnoticed: each by itself, of each kind of file and folder."""
    files = code.sources(code.SNAPSHOTS, house)
    for path in {(p.parent, p.suffix): p for p in files}.values():
        assert _edited(house, path, code.SNAPSHOTS), path


def test_what_has_no_say_is_left_out(house: Path) -> None:
    assert not _edited(house, house / "locator/server/app.py", code.ANSWERS)


def test_a_module_that_is_not_there_is_an_error(house: Path) -> None:
    with pytest.raises(ValueError, match=r"indexer\.nothing"):
        code.digest(("indexer.nothing",), house)


def test_imports_inside_functions_and_names_in_strings_are_followed(house: Path) -> None:
    files = {p.relative_to(house).as_posix() for p in code.sources(("summaries.backends",), house)}
    assert any("chroma" in f for f in files)  # loaded by its dotted path
