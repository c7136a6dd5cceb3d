"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the house."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kits.paths import ROOT

pytestmark = pytest.mark.slow

STEP = re.compile(
    r'^<!-- (file|row|replace): ([\w./-]+)(?:,(?: after)? "([^\n]+)")? -->\n```\w*\n(.*?)^```$',
    re.DOTALL | re.MULTILINE,
)
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def followed(recipe: str, house: Path) -> None:
    """Write into a copy of the house what the recipe says."""
    for folder in ("locator", "indexer", "summaries", "eval"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("bugatlas.py", "pyproject.toml"):
        shutil.copy(ROOT / file, house)
    text = PAGE.split(f"### {recipe}\n")[1].partition("\n### ")[0].partition("\n## ")[0]
    steps = STEP.findall(text)
    assert len(steps) == text.count("<!-- ") >= 2
    for what, name, place, block in steps:
        path = house / name
        if what == "file":
            assert not path.exists(), f"{name} is there already: choose another example"
            path.write_text(block)
            continue
        before = path.read_text("utf-8")
        assert before.count(place) == 1, f"{name} has {before.count(place)} places like {place}"
        line_end = before.index("\n", before.index(place))
        if what == "row":
            path.write_text(before[: line_end + 1] + block + before[line_end + 1 :])
        else:
            path.write_text(before.replace(place, block.removesuffix("\n")))


def ran(house: Path, *command: str) -> str:
    """Run Python in the copy; what it printed."""
    done = subprocess.run([sys.executable, *command], cwd=house, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(repo: Path, name: str, text: str) -> None:
    repo.mkdir()
    (repo / name).write_text(text)
    git = ["git", "-C", str(repo), "-c", "user.name=A", "-c", "user.email=a@shop.example"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "Orders"], check=True)


@pytest.mark.parametrize("recipe", ["A language", "A voter", "A backend", "A tracker"])
def test_every_recipe_is_here(recipe: str) -> None:
    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE).count(recipe) == 1


def test_a_language(tmp_path: Path) -> None:
    house = tmp_path / "house"
    followed("A language", house)
    code = "package shop\n\nlimit :: 9\n\nOrder :: struct {\n\tid: int,\n}\n\nadd_tax :: proc(amount: int) {\n}\n"
    commit(tmp_path / "orders", "tax.odin", code)
    ran(
        house,
        "-m",
        "bugatlas",
        "--index",
        str(tmp_path / "index"),
        "index",
        str(tmp_path / "orders"),
        "-j",
        "1",
    )
    shown = ran(
        house, "-m", "bugatlas", "--index", str(tmp_path / "index"), "show", "orders/tax.odin", "--json"
    )
    assert {"add_tax", "Order", "limit"} <= set(re.findall(r'"qualname": ?"(\w+)"', shown))
    assert '"odin"' in shown


def test_a_voter(tmp_path: Path, shop_index: Path) -> None:
    house = tmp_path / "house"
    followed("A voter", house)
    report = "Vouchers are taken off twice when an order is changed"
    with_it, without = (
        json.loads(
            ran(
                house,
                "-m",
                "bugatlas",
                "--index",
                str(shop_index),
                "locate",
                report,
                "--json",
                "--explain",
                *more,
            )
        )
        for more in ((), ("-c", "voters.shallow=0"))
    )
    assert all(hit["parts"]["shallow"] > 0 for hit in with_it["files"])
    assert not any("shallow" in hit["parts"] for hit in without["files"])


def test_a_backend(tmp_path: Path) -> None:
    house = tmp_path / "house"
    followed("A backend", house)
    commit(tmp_path / "orders", "tax.py", '"""Taxes of orders."""\n')
    index = str(tmp_path / "index")
    settings = ("-c", "embedder=letters", "-c", "vectors=exact")
    ran(house, "-m", "bugatlas", "--index", index, "index", str(tmp_path / "orders"), "-j", "1", *settings)
    near = ran(
        house, "-c",
        "import sys\nfrom pathlib import Path\nfrom summaries import backends\n"
        "root = Path(sys.argv[1])\nstore = backends.vectors('exact', root)\n"
        "mine = backends.embedder('letters', root)\n"
        "print(store.query(list(store.counts()), mine.query('taxes of orders'), 3))",
        index,
    )  # fmt: skip
    assert "tax.py" in near


def test_a_tracker(tmp_path: Path) -> None:
    house = tmp_path / "house"
    followed("A tracker", house)
    out = ran(
        house, "-c",
        "import msgspec\nfrom locator.trackers.run import KINDS\nfrom locator.trackers.settings import TrackerSettings\n"
        "own = msgspec.convert({'name': 'n', 'kind': 'notebook', 'url': 'https://notes.example'}, TrackerSettings)\n"
        "kind = KINDS[own.kind]\n"
        "print(kind.verified({'secret': 's'}, {'x-notebook': 's'}, b''), kind.verified({'secret': 's'}, {}, b''))\n"
        "print(kind.read(own, {}, {'note': 'note-7', 'id': 'd'}, ''), kind.key_at('', '/notes/note-7'))",
    )  # fmt: skip
    assert out.splitlines() == [
        "True False",
        "Event(delivery='d', issue='note-7', forced=False, wrong=False) note-7",
    ]
    pytest.importorskip("mypy")
    ran(house, "-m", "mypy", "-p", "locator.trackers", "--cache-dir", str(tmp_path / "cache"))
