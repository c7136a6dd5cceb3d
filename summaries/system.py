"""What is known of a system of repositories, as its file in an index holds it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from summaries.types import Facts

FILE = "system.json"  # in the index's folder
OUTSIDE = "outside"  # note of a repository's store: what it hands up
MOST = 50_000_000  # bytes that are read


class Outside(Struct, frozen=True):
    """What a repository shows to the system: `facts` hold routes, topics, imports and names, one for each language."""

    purpose: str
    words: tuple[tuple[str, int], ...] = ()  # with the number of files that have them in names
    facts: tuple[Facts, ...] = ()


class Member(Struct, frozen=True):
    """A repository in the system."""

    purpose: str
    words: tuple[tuple[str, int], ...] = ()
    generation: int = 0  # of the state that this tells of


class Use(Struct, frozen=True):
    """One repository uses another: how, and how many places say so."""

    source: str
    target: str
    kind: str  # http topic import host
    sites: int
    detail: str = ""  # one of the routes, topics, modules or hosts


class Walk(Struct, frozen=True):
    """Where a walk from a repository along what it uses often comes to."""

    share: float  # of its time there, 0-1: personalised PageRank
    path: tuple[str, ...]  # repositories on the shortest way, both ends with it


class System(Struct, frozen=True):
    """All repositories of an index and who uses whom."""

    parts: Mapping[str, Member] = {}
    uses: tuple[Use, ...] = ()
    walks: Mapping[str, tuple[Walk, ...]] = {}  # by the repository that they begin at, the likeliest first
    written: str = ""  # the text that a model wrote of all of it, where one did
    inputs: str = ""  # the text that the model was shown, to see what changed since
    key: str = ""  # of the prompt and the model


def read(root: Path) -> System:
    """The system as last written; an empty one where there is none or it is unreadable: it is then made anew."""
    try:
        path = root / FILE
        about = path.stat()
        return _decoded(path, about.st_mtime_ns, about.st_ino) if about.st_size <= MOST else System()
    except (OSError, msgspec.MsgspecError):
        return System()


@lru_cache(maxsize=4)  # the file is replaced, never written in place; every answer asks it
def _decoded(path: Path, time: int, inode: int) -> System:
    return msgspec.json.decode(path.read_bytes(), type=System)
