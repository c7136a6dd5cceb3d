"""What a run of `bugatlas index` is about: new repositories, indexed ones by name, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from indexer.git.clones import cloned, is_remote
from indexer.sources.discover import Listed, Source, discover_all
from summaries.errors import RepositoryError, UsageError
from summaries.fs import replace as replace_file
from summaries.index.attached import attached

Say = Callable[[str], None]
FETCHES = 8  # clones brought up to date at a time


class Known(Struct, frozen=True):
    """What any version of a `repo.json` says of where its repository comes from."""

    name: str
    git_dir: str
    url: str = ""
    branch: str = ""
    files: Mapping[str, int] = {}

    @property
    def source(self) -> Source:
        """The repository as a source that can be indexed again."""
        return Source(self.name, Path(self.git_dir), self.url, self.branch)


def known(root: Path) -> dict[str, Known]:
    """Indexed repositories by name, those of other versions too; what cannot be read is left to `doctor`."""
    found = []
    for path in sorted((root / "repos").glob("*/repo.json")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Known))
        except (OSError, msgspec.MsgspecError):
            continue
    return {k.name: k for k in sorted(found, key=lambda k: k.name)}


GIVEN = "given.json"  # of an attached folder: where this machine has the repositories that it indexes


def given(root: Path) -> dict[str, Known]:
    """The repositories that were indexed from here, by name.

    What an attached index says of places is its publisher's word: to go by it would read, and publish, whatever
    repository of this machine they name.
    """
    try:
        found = msgspec.json.decode((root / GIVEN).read_bytes(), type=list[Known])
    except (OSError, msgspec.MsgspecError):
        return {}
    return {k.name: k for k in found}


def remember(root: Path, used: Sequence[Source]) -> None:
    """Keep where repositories are that an attached folder was given."""
    have = given(root)
    have |= {s.name: Known(s.name, str(s.path), s.url, s.branch) for s in used}
    replace_file(root / GIVEN, msgspec.json.encode([have[n] for n in sorted(have)]))


def named(name: str, names: Sequence[str]) -> str | None:
    """The repository that a user calls `name`: in full, or by its last part where only one has it."""
    if name in names:
        return name
    ends = [n for n in names if n.rpartition("/")[2] == name]
    return ends[0] if len(ends) == 1 else None


def clones_of(root: Path) -> Path:
    """Where an index keeps its clones."""
    return root.absolute() / "clones"


def sources(
    root: Path, targets: Sequence[Listed], *, fetch: bool = True, say: Say = lambda line: None
) -> tuple[list[Source], list[RepositoryError]]:
    """The repositories to index, each under the name it has in the index, and what could not be read.

    No targets: all that are indexed. Raises UsageError for a URL that isn't allowed, or a name that is taken.
    """
    have = given(root) if attached(root) else known(root)
    called = {t: n for t in targets if (n := _indexed(t.target, list(have)))}
    old = [have[n].source for n in called.values()] if targets else [k.source for k in have.values()]
    if fetch:
        _fetch(root, old, say)
    new, failures = discover_all(
        [t for t in targets if t not in called], clones_of(root), fetch=fetch, progress=say
    )
    asked = {t.name for t in targets}
    found = {s.name: s for s in old}
    for s in (_stable_name(s, have, asked) for s in new):
        found[s.name] = s
    return sorted(found.values(), key=lambda s: s.name), failures


def _indexed(target: str, names: Sequence[str]) -> str | None:
    """The name in the index that a target means, unless it is a path or a URL."""
    if Path(target).expanduser().exists() or is_remote(target):
        return None
    return named(target, names)


def _fetch(root: Path, known: Sequence[Source], say: Say) -> None:
    clones = clones_of(root)
    ours = [s for s in known if s.url and s.path.parent == clones]
    with ThreadPoolExecutor(FETCHES) as pool:
        list(pool.map(lambda s: cloned(s.url, clones, True, say), ours))


def _stable_name(source: Source, have: dict[str, Known], asked: set[str]) -> Source:
    """A repository keeps the name under which it was indexed; no other one takes it over."""
    if source.name not in asked:
        before = [k for k in have.values() if k.git_dir == str(source.path)]
        if before:
            return replace(source, name=before[0].name, branch=source.branch or before[0].branch)
    holder = have.get(source.name)
    if holder and holder.git_dir != str(source.path):
        moved = not Path(holder.git_dir).exists() or (source.url and holder.url == source.url)
        if not moved:
            raise UsageError(
                f"{source.name} is already the name of {holder.git_dir}",
                f"give {source.path} another with --name",
            )
    return source
