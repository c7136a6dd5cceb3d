"""Publish an index's repositories on a shared folder or an S3-compatible store; `summaries.index.remote` has the layout.

Data first, under names that hold their digest, then the head: a publisher that dies leaves files that nobody
reads, and the next one finds them there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from indexer.repository import Job, Outcome, Progress, index_repository
from summaries.errors import IndexDamaged, UsageError
from summaries.fs import replace as write
from summaries.fs import replacing
from summaries.index import arrays
from summaries.index.index import MANIFEST, Index, Manifest, RepoState, slug
from summaries.index.remote import HeadName, Remote, digest, digest_of, files
from summaries.index.routing_update import entries
from summaries.scratch import Scratch

GRACE = 86_400.0  # seconds by the store's own clock that an upload may take before it counts as left behind

Say = Callable[[str], None]


class Published(Struct, frozen=True):
    """What became of one repository."""

    repo: str
    what: str  # "published", "unchanged", "withdrawn" or why it wasn't
    generation: int = 0
    failed: bool = False


def publish(
    root: Path,
    url: str,
    names: Collection[str] | None = None,
    *,
    force: bool = False,
    say: Say = lambda line: None,
) -> list[Published]:
    """Publish repositories of the index at `root`, all unless named. Readers see each as it is done.

    A repository whose published commit this index has never seen is left alone unless `force`: somebody with
    a fresher clone was here. Raises IndexError_ where the store fails, IndexLocked, IndexVersion, UsageError.
    """
    index = Index.open(root)
    remote = Remote(url)
    with index.writing():
        begin(remote, index.manifest)
        heads = remote.heads()
        done = []
        for name, state in index.repos.items():
            if names is None or name in names:
                done.append(_publish(index, remote, state, heads.get(slug(name)), force))
                say(f"{name}: {done[-1].what}")
    return done


def begin(remote: Remote, manifest: Manifest) -> None:
    """Make the place ready for heads. Raises IndexVersion or UsageError where it holds another kind of index."""
    wanted = replace(manifest, embedder="", dimension=0, digest="", vectors="")  # readers learn their own
    with remote.raising_index_errors():
        for folder in ("heads", "data"):
            remote.fs.makedirs(remote.at(folder), exist_ok=True)
        there = remote.fs.exists(remote.at(MANIFEST))
    if not there:
        put(remote, MANIFEST, msgspec.json.encode(wanted))
    elif remote.manifest().max_bytes != wanted.max_bytes:
        raise UsageError(f"{remote.url} leaves out files by another size", "publish elsewhere")


def _publish(index: Index, remote: Remote, state: RepoState, head: HeadName | None, force: bool) -> Published:
    old = None
    if head:
        try:
            old = remote.state(head)
        except IndexDamaged:
            old = None  # half a head; what follows takes its place
    folder = index.folder(state.name)
    store = index.store(state.name)
    if (
        old
        and not force
        and old.commit != state.commit
        and old.commit not in {c.sha for c in store.commits()}
    ):
        what = f"not published: {old.commit[:12]} is there, which this clone does not know (fetch it, or --force)"
        return Published(state.name, what, head.generation if head else 0, failed=True)
    with Scratch("publish") as name:
        copy, terms = Path(name) / "store", Path(name) / "words"
        compact(folder / state.store, copy)
        said = entries(index.shard(state.name))
        arrays.write(
            terms, {"keys": said.keys, "rows": said.rows, "weights": said.weights}, {"size": str(said.size)}
        )
        new = replace(
            state,
            shard=f"shard-{digest_of(folder / state.shard)}-{state.generation}.safetensors",
            store=f"blobs-{digest_of(copy)}.sqlite",
            words=f"words-{digest_of(terms)}.safetensors",
        )
        if old == new:
            return Published(state.name, "unchanged", head.generation if head else 0)
        for to, file in zip(files(new), (folder / state.shard, copy, terms), strict=True):
            put_file(remote, ("data", slug(state.name), to), file)
    return _head(remote, state.name, msgspec.json.encode(new), "published")


def withdraw(url: str, names: Sequence[str]) -> list[Published]:
    """Take repositories out of a published index. Raises UsageError for one that isn't there."""
    remote = Remote(url)
    remote.manifest()
    heads = remote.heads()
    if unknown := [n for n in names if slug(n) not in heads]:
        raise UsageError(f"not published at {url}: {', '.join(unknown)}")
    return [_head(remote, n, b"null", "withdrawn") for n in names]


def _head(remote: Remote, name: str, data: bytes, what: str) -> Published:
    """Write a head above all that are there. Of two at the same moment the one that counts is for all the same."""
    before = remote.heads().get(slug(name))
    mine = HeadName(slug(name), before.generation + 1 if before else 1, digest(data))
    put(remote, f"heads/{mine.file}", data)
    after = remote.heads().get(mine.slug)
    if after and after > mine:
        return Published(name, "another publisher came first; run again", after.generation, failed=True)
    return Published(name, what, mine.generation)


def compact(store: Path, into: Path) -> None:
    """Copy a store without its free pages. Raises IndexDamaged where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
            db.execute("vacuum into ?", (str(into),))
    except sqlite3.Error as e:
        raise IndexDamaged(f"cannot read {store}: {e}", "run `bugatlas doctor`") from e


def put(remote: Remote, name: str, data: bytes) -> None:
    """Write a small file, under its name only when it is whole."""
    with Scratch("publish") as folder:
        file = Path(folder) / "file"
        file.write_bytes(data)
        put_file(remote, tuple(name.split("/")), file, again=True)


def put_file(remote: Remote, name: tuple[str, ...], file: Path, *, again: bool = False) -> None:
    """Upload a file. Objects appear whole; in folders a file gets its name when it is whole."""
    target = remote.at(*name)
    with remote.raising_index_errors():
        size = file.stat().st_size
        if not again and remote.fs.exists(target) and remote.fs.size(target) == size:
            return  # the name holds its digest
        if "file" not in _protocols(remote):
            remote.fs.put_file(str(file), target)
            return
        remote.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        with replacing(Path(target)) as part:
            remote.fs.put_file(str(file), str(part))


def _protocols(remote: Remote) -> tuple[str, ...]:
    said = remote.fs.protocol
    return (said,) if isinstance(said, str) else tuple(said)


def sweep(url: str, grace: float = GRACE) -> list[str]:
    """Remove heads that were overtaken, and data that no head names, once they are older than `grace` seconds.

    Ages are told by the store alone: a file is written and its time compared. Gives the names removed.
    """
    remote = Remote(url)
    remote.manifest()
    marker = f"heads/sweep-{uuid4().hex}"
    put(remote, marker, b"now")
    with remote.raising_index_errors():
        remote.fs.invalidate_cache()
        now = remote.fs.modified(remote.at(*marker.split("/")))
        remote.fs.rm_file(remote.at(*marker.split("/")))
        newest = remote.heads()
        named: set[str] = set()
        for head in newest.values():
            state = remote.state(head)
            if state:
                named |= {f"{head.slug}/{file}" for file in files(state)}
        keep = {remote.at("heads", h.file) for h in newest.values()} | {remote.at("data", n) for n in named}
        found = [p for part in ("heads", "data") for p in remote.fs.find(remote.at(part))]
        old = [p for p in found if p not in keep and (now - remote.fs.modified(p)).total_seconds() >= grace]
        for path in old:
            remote.fs.rm_file(path)
    return [p[len(remote.path) + 1 :] for p in old]


def index_and_publish(job: Job, progress: Progress = lambda parsed, found: None) -> Outcome:
    """Index one repository upon what is published of it, in a folder of its own, and publish that.

    This is what a machine of a cluster does: it shares nothing with the others but the store.
    """
    name = job.source.name
    with Scratch("job") as folder:
        root = Path(folder)
        _taken(Index.create(root, job.manifest), Remote(job.url), name)
        outcome = index_repository(replace(job, root=root, url=""), progress)
        (done,) = publish(root, job.url, [name])
        if done.failed:
            return replace(outcome, failed=True, reason=done.what)
    return outcome


def _taken(index: Index, remote: Remote, name: str) -> None:
    """Bring here what is published of a repository, where anything is."""
    head = remote.heads().get(slug(name))
    state = remote.state(head) if head else None
    if head and state:
        folder = index.folder(name)
        folder.mkdir(parents=True)
        for file in (state.shard, state.store):
            remote.fetch(head.slug, file, folder / file)
        write(folder / "repo.json", msgspec.json.encode(replace(state, words="")))
