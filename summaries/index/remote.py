"""A published index: on a shared folder or an S3-compatible store, read through a local folder.

    URL/bugatlas.json                        Manifest
    URL/heads/SLUG.GENERATION.DIGEST.json    what is published of a repository (RepoState; null: withdrawn)
    URL/data/SLUG/NAME                       its shard, its store and its part of the routing map; names hold the digest

What was written is never written again, and a head is written after all that it names. So whoever dies, and
however many publish at once, a reader meets whole states only: of each repository the head of the highest
generation, of equals that of the highest digest. No two clocks are ever compared, and what is missing from a
listing is not taken for gone.

`summaries.index.attached` reads it through a local folder, `indexer.publish` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import xxhash

from summaries.errors import BugatlasError, IndexDamaged, IndexError_, IndexVersion, UsageError, with_extra
from summaries.fs import replacing
from summaries.index.manifest import MANIFEST, Manifest, RepoState, slug
from summaries.index.shard import SCHEMA

_HEAD = re.compile(r"([A-Za-z0-9.-]+)\.(\d{8})\.([0-9a-f]{16})\.json")
DATA = re.compile(r"(?:shard|blobs|words)-([0-9a-f]{16})(?:-\d+)?\.(?:safetensors|sqlite)")


class HeadName(NamedTuple):
    """A head's file name taken apart. They sort as they count: the highest generation, then digest."""

    slug: str
    generation: int
    digest: str

    @property
    def file(self) -> str:
        """The name of the head's file."""
        return f"{self.slug}.{self.generation:08}.{self.digest}.json"

    @staticmethod
    def parse(file: str) -> HeadName | None:
        """None where it is no head: something else, or a file that is still being written."""
        found = _HEAD.fullmatch(file)
        return HeadName(found[1], int(found[2]), found[3]) if found else None


class Remote:
    """A published index's files. Every failure of the store is an IndexError_ that names it."""

    def __init__(self, url: str) -> None:
        """`url` is a folder or any URL that fsspec knows. Raises UsageError where it doesn't."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as e:
            raise UsageError("the package fsspec is missing", with_extra("remote")) from e
        try:
            self.fs, self.path = url_to_fs(url)
        except (ImportError, ValueError) as e:
            raise UsageError(f"cannot read {url}: {e}", "a folder, or a URL such as s3://bucket/index") from e
        self.url = url
        self.path = self.path.rstrip("/")

    @contextmanager
    def raising_index_errors(self) -> Iterator[None]:
        """Turns what a store's driver raises into an error of ours."""
        try:
            yield
        except BugatlasError:
            raise
        except Exception as e:  # drivers have trees of their own
            what = str(e).split("\n")[0] or type(e).__name__
            raise IndexError_(f"{self.url}: {what}", "is it mounted and reachable?") from e

    def at(self, *parts: str) -> str:
        """The store's own name of a file."""
        return "/".join((self.path, *parts))

    def manifest(self) -> Manifest:
        """Raises IndexError_ where there is none: a folder that isn't mounted looks empty, too."""
        with self.raising_index_errors():
            data = self.fs.cat_file(self.at(MANIFEST))
        try:
            found = msgspec.json.decode(data, type=Manifest)
        except msgspec.MsgspecError as e:
            raise IndexDamaged(f"cannot read {self.url}/{MANIFEST}: {e}", "publish again") from e
        if found.schema != SCHEMA:
            what = f"{self.url} has schema {found.schema}, this version reads {SCHEMA}"
            raise IndexVersion(what, "install the version that published it, or publish anew elsewhere")
        return found

    def heads(self) -> dict[str, HeadName]:
        """The newest head of every repository, by slug."""
        with self.raising_index_errors():
            self.fs.invalidate_cache()
            try:
                listed = self.fs.ls(self.at("heads"), detail=False)
            except FileNotFoundError:
                listed = []  # nothing was ever published; `manifest` tells that from a folder that is away
        newest: dict[str, HeadName] = {}
        for name in filter(None, (HeadName.parse(p.rsplit("/", 1)[-1]) for p in listed)):
            if name.slug not in newest or name > newest[name.slug]:
                newest[name.slug] = name
        return newest

    def state(self, name: HeadName) -> RepoState | None:
        """What a head says; None where the repository was withdrawn. Raises IndexDamaged for half a head."""
        with self.raising_index_errors():
            data = self.fs.cat_file(self.at("heads", name.file))
        if digest(data) != name.digest:
            raise IndexDamaged(f"{self.url}: {name.file} is not whole", "publish again")
        try:
            found = msgspec.json.decode(data, type=RepoState | None)
        except msgspec.MsgspecError as e:
            raise IndexDamaged(f"{self.url}: cannot read {name.file}: {e}", "publish again") from e
        if found and (slug(found.name) != name.slug or not all(map(DATA.fullmatch, files(found)))):
            raise IndexDamaged(f"{self.url}: {name.file} is of something else", "publish again")
        return found

    def fetch(self, folder: str, file: str, into: Path) -> None:
        """Bring a data file here: whole, or not at all. Raises IndexDamaged where it is cut short or gone."""
        with replacing(into) as part:
            with self.raising_index_errors():
                self.fs.get_file(self.at("data", folder, file), str(part))
            found = DATA.fullmatch(file)
            if found is None or digest_of(part) != found[1]:
                raise IndexDamaged(f"{self.url}: {file} of {folder} is not whole", "publish again")


def files(state: RepoState) -> tuple[str, str, str]:
    """Names of a published repository's files."""
    return state.shard, state.store, state.words


def digest(data: bytes) -> str:
    """16 hex digits of some bytes (xxh3)."""
    return xxhash.xxh3_64_hexdigest(data)


def digest_of(path: Path) -> str:
    """16 hex digits of a file's bytes."""
    seen = xxhash.xxh3_64()
    with path.open("rb") as f:
        while chunk := f.read(1 << 20):
            seen.update(chunk)
    return seen.hexdigest()
