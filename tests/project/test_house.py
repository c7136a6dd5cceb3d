"""The house as docs/design.md draws it: rooms of a size, names that mean one thing."""

from __future__ import annotations

import re
from collections import defaultdict

from kits.paths import ROOT

LAYERS = ("eval", "locator", "indexer", "summaries")
PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")
MODULES = [
    p.relative_to(ROOT) for layer in LAYERS for p in (ROOT / layer).rglob("*.py") if p.name != "__init__.py"
]


def test_no_room_is_crowded() -> None:
    rooms = defaultdict(list)
    for module in (*MODULES, *(p.relative_to(ROOT) for p in (ROOT / "tests").rglob("*.py"))):
        rooms[module.parent].append(module.name)
    assert {str(room): len(names) for room, names in rooms.items() if len(names) > 28} == {}


def test_a_name_that_stands_twice_has_a_reason() -> None:
    places = defaultdict(list)
    for module in MODULES:
        places[module.stem].append(str(module))
    twice = {name: where for name, where in places.items() if len(where) > 1}
    table = PAGE.split("### Names that stand twice")[1].split("\n## ")[0]
    reasoned = set(re.findall(r"`(\w+)`", table))
    assert {name: where for name, where in twice.items() if name not in reasoned} == {}, (
        "rename it, or say why"
    )
    assert reasoned <= twice.keys(), "these names stand once by now"


def test_every_room_is_drawn() -> None:
    drawn = set(re.findall(r"\b(\w+)/", PAGE.split("## The house")[1].split("```")[1]))
    rooms = {
        p.name
        for layer in LAYERS
        for p in (ROOT / layer).rglob("*/")
        if p.is_dir() and p.name != "__pycache__"
    }
    assert rooms <= drawn, rooms - drawn
    assert drawn - {*LAYERS} <= rooms, drawn - rooms


def test_tests_mirror_the_packages() -> None:
    """A folder of tests is named after a room, but for those about the project, its kits and its data."""
    own = {"project", "kits", "vscode", "fixtures", "golden"}
    folders = [p.relative_to(ROOT / "tests") for p in (ROOT / "tests").rglob("test_*.py")]
    strange = {str(f.parent) for f in folders if f.parts[0] not in own and not (ROOT / f.parent).is_dir()}
    assert strange == set()
