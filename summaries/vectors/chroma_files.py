"""The files of Chroma's graphs, looked at without Chroma.

Its engine (hnswlib, `HierarchicalNSW::saveIndex`) takes the word of these files for where a node's neighbours lie: where
one is cut or scribbled over, it answers from what is left, or ends the process.
"""

from __future__ import annotations

import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATABASE = "chroma.sqlite3"
FILES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin")
NAMES = "index_metadata.pickle"  # of the nodes; there once one is in the graph
# version; offset of level 0, room for nodes, nodes, bytes of one, offset of its label, of its vector; highest level,
# entry; most links above level 0, in it, and by default; factor of levels; width of the search while it was built
HEADER = struct.Struct("<I6QiI3QdQ")
COLLECTIONS = 10_000  # that are read of a database; a store has one for each model (a guess)
# Seconds that a database may take to name them, and to be checked: a gigabyte takes ten. Guesses.
NAMING, CHECKING = 60.0, 600.0
_TICK = 1_000_000  # instructions of SQLite between two looks at the clock
LABEL, WORD = 8, 4  # bytes of a node's label, and of a number or a coordinate

Words = NDArray[np.uint32]


class Graphs:
    """The graphs of a store, each looked at once before it is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders: Mapping[str, Path] | None = None
        self._sound: set[str] = set()

    def fault(self, collection: str) -> str:
        """What is wrong with the graph of a collection; "" where it is sound or has none yet."""
        if collection in self._sound:
            return ""
        if self._folders is None:
            try:
                self._folders = folders(self._folder)
            except sqlite3.Error:  # Chroma says so in its own words
                self._folders = {}
        where = self._folders.get(collection)
        if where and (found := fault(where)):
            return found
        self._sound.add(collection)
        return ""


def folders(folder: Path) -> dict[str, Path]:
    """Where the graph of each collection lies, none of them outside. Raises sqlite3.Error."""
    with closing(_opened(folder, NAMING)) as db:
        rows = db.execute(
            "select c.name, s.id from collections c join segments s on s.collection = c.id where s.scope = 'VECTOR'"
            " limit ?",
            (COLLECTIONS,),
        )
        inside = ((str(name), str(segment)) for name, segment in rows)
        return {name: folder / segment for name, segment in inside if Path(segment).name == segment != ".."}


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the files of a store. Reads all of them."""
    try:
        with closing(_opened(folder, CHECKING)) as db:
            said = db.execute("pragma quick_check(1)").fetchone()[0]
        if said != "ok":
            yield f"{DATABASE}: {said}"
            return
        known = folders(folder)
    except sqlite3.Error as e:
        yield f"{DATABASE}: {e}"
        return
    for name, where in known.items():
        if found := fault(where):
            yield f"{name}: {found}"


def _opened(folder: Path, seconds: float) -> sqlite3.Connection:
    """A database that may be a stranger's: nothing asked of it goes on for ever."""
    db = sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=ro", uri=True)
    until = time.monotonic() + seconds
    db.set_progress_handler(lambda: int(time.monotonic() > until), _TICK)
    db.execute("pragma trusted_schema = off")
    return db


def fault(folder: Path) -> str:
    """What is wrong with the graph in a folder; "" where it is sound, or is not written yet."""
    if not folder.is_dir():
        return ""
    try:
        missing = [n for n in FILES if not (folder / n).is_file()]
        if missing:
            return "" if len(missing) == len(FILES) else f"{missing[0]} is gone"
        return _graph(folder)
    except OSError as e:
        return str(e)
    except MemoryError:
        return "its files are larger than memory"


def _graph(folder: Path) -> str:
    """As `fault`, of files that are there. What the header says is believed only as far as the files have bytes for it."""
    with (folder / "header.bin").open("rb") as f:
        header = f.read(HEADER.size + 1)
    if len(header) != HEADER.size:
        return "header.bin is cut"
    _, _, room, nodes, size, label, vector, _, entry, links, links0, *_ = HEADER.unpack(header)
    if (
        vector != (links0 + 1) * WORD
        or size != label + LABEL
        or label < vector
        or nodes > room
        or (nodes and entry >= nodes)
    ):
        return "header.bin is scribbled over"
    if nodes and not (folder / NAMES).is_file():
        return f"{NAMES} is gone"
    for name, each in (("data_level0.bin", size), ("length.bin", WORD)):
        held = (folder / name).stat().st_size
        if held not in (nodes * each, room * each):  # the latter until it was full once
            return f"{name} has {held:,} bytes, not {nodes * each:,}"
    if nodes:
        with (folder / "data_level0.bin").open("rb") as f:
            data = f.read(nodes * size)
        if len(data) != nodes * size:
            return "data_level0.bin is cut"
        level0 = np.frombuffer(data, np.uint8).reshape(nodes, size)
        labels = np.ascontiguousarray(level0[:, label:]).view(np.uint64)
        below = np.ascontiguousarray(level0[:, :vector]).view(np.uint32)
        if len(np.unique(labels)) != nodes or not _linked(below, links0, nodes):
            return "data_level0.bin is scribbled over"
    return _upper((folder / "link_lists.bin").read_bytes(), links, nodes)


def _upper(data: bytes, links: int, nodes: int) -> str:
    """What is wrong with the levels above: of each node how many bytes they take, then they."""
    broken = "link_lists.bin is cut or scribbled over"
    if len(data) % WORD:
        return broken
    numbers = np.frombuffer(data, np.uint32)
    plain, at, width = numbers.tolist(), 0, links + 1
    levels: list[int] = []  # where each begins
    for _ in range(nodes):
        if at >= len(plain):
            return broken
        if taken := plain[at]:
            if taken % (WORD * width) or at + taken // WORD >= len(plain):
                return broken
            levels += range(at + 1, at + 1 + taken // WORD, width)
        at += 1 + taken // WORD
    if at != len(plain):
        return broken
    if not levels:
        return ""
    rows = numbers[np.array(levels)[:, None] + np.arange(width)]
    return "" if _linked(rows, links, nodes) else broken


def _linked(rows: Words, links: int, nodes: int) -> bool:
    """Whether rows of (number of links, links) have no more than they may, all to nodes that there are."""
    counts = rows[:, :1] & 0xFFFF  # a mark of removed nodes stands above
    used = np.arange(links) < counts
    return bool((counts <= links).all() and (rows[:, 1:][used] < nodes).all())
