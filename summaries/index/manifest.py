"""What an index says of itself on disk: its manifest, and what is published of each repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import xxhash
from msgspec import Struct

from summaries.dates import LAST
from summaries.errors import IndexDamaged
from summaries.index.shard import SCHEMA
from summaries.types import SkipReason

MANIFEST = "bugatlas.json"
STORE = "blobs.sqlite"


class Manifest(Struct, frozen=True):
    """What made the index. A difference is a named reason to rebuild."""

    schema: int = SCHEMA
    max_bytes: int = 1_000_000
    embedder: str = ""  # alias or dotted path; "" for no vectors
    dimension: int = 0
    digest: str = ""  # of the embedder's learnt data
    people: bool = True  # whether names of authors and owners are kept
    vectors: str = ""  # where summaries are kept: alias, URL or dotted path; "" for nowhere


class RepoState(Struct, frozen=True):
    """What is published of one repository."""

    name: str
    git_dir: str
    url: str
    branch: str
    generation: int
    shard: str  # file name
    commit: str
    time: int
    files: Mapping[str, int]  # by language
    skipped: Mapping[SkipReason, int]
    symbols: int
    lines: int
    aliases: tuple[str, ...] = ()
    shallow: bool = False
    store: str = STORE  # file name
    max_bytes: int = 1_000_000  # larger files were left out
    not_source: Mapping[str, int] = {}  # files that are no source, by extension: the commonest
    words: str = ""  # file name of its part of the routing map, where it is published


def slug(name: str) -> str:
    """A folder name for a repository: readable, safe on every file system, different for different names."""
    readable = re.sub(r"[^a-zA-Z0-9.-]+", "-", name).strip(".-")[:60]
    return f"{readable}-{xxhash.xxh3_64_hexdigest(name.encode())[:6]}"


def read_state(path: Path) -> RepoState:
    """Raises IndexDamaged where a `repo.json` is unreadable."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=RepoState)
    except (OSError, msgspec.MsgspecError, RecursionError) as e:
        raise IndexDamaged(f"cannot read {path}: {e}", "run `bugatlas doctor`", path) from e
    texts = (state.name, state.git_dir, state.url, state.branch, state.shard, state.store)
    if not 0 <= state.time <= LAST or any("\0" in t for t in texts):
        raise IndexDamaged(
            f"cannot read {path}: a time or a name that cannot be", "run `bugatlas doctor`", path
        )
    return state


def read_states(root: Path, damaged: list[IndexDamaged] | None = None) -> dict[str, RepoState]:
    """Published repositories of the index at `root` by name, in order of name.

    Raises IndexDamaged for one that is unreadable, unless such errors are collected in `damaged`.
    """
    states = []
    for path in sorted((root / "repos").glob("*/repo.json")):
        try:
            states.append(read_state(path))
        except IndexDamaged as e:
            if damaged is None:
                raise
            damaged.append(e)
    return {s.name: s for s in sorted(states, key=lambda s: s.name)}


def unreferenced(folder: Path, state: RepoState) -> list[Path]:
    """Files of a repository's folder that no published state names: replaced, or left by a killed run."""
    ours = {state.shard, state.store, state.store + "-journal", state.words}
    found = [p for pattern in ("shard-*", "blobs*", "words-*", "*.part") for p in folder.glob(pattern)]
    return sorted({p for p in found if p.name not in ours})
