"""`bugatlas doctor`: everything an index consists of, looked at; and for each fault the command that mends it."""

from __future__ import annotations

import os
import shlex
import sqlite3
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from msgspec import Struct

from indexer.doctor.shard import faults
from indexer.git.sandbox import git_dir_of
from indexer.sources.sources import clones_of
from summaries import backends
from summaries.errors import BugatlasError, IndexDamaged, IndexError_, IndexLocked, IndexVersion
from summaries.index.index import Index, Manifest, RepoState, read_state, slug, unreferenced
from summaries.index.routing_map import ASTRAY, PATTERN, Segment
from summaries.index.shard import SCHEMA, Shard
from summaries.index.store import Store
from summaries.vectors.chroma_files import faults as graph_faults
from summaries.vectors.chroma_local import is_known
from summaries.vectors.knowledge import (
    LEARNT,
    KnowledgeRecord,
    collection,
    is_gone,
    map_collection,
    read_record,
)


class Finding(Struct, frozen=True):
    """Something that is wrong with an index, and the command that mends it."""

    where: str  # a repository, or the part of the index
    what: str
    run: str  # the command that mends it


def check(root: Path) -> list[Finding]:
    """Look at everything; nothing is changed. Raises IndexMissing where there's no index."""
    findings: list[Finding] = []
    rebuild = _command(root, "index", "--rebuild")
    try:
        index = Index.open(root)
    except (IndexVersion, IndexDamaged) as e:
        findings.append(Finding("manifest", e.message, rebuild))
        index = Index(root, Manifest())
    locked = _locked(index)
    states = []
    for folder in sorted((root / "repos").glob("*/")):
        try:
            state = read_state(folder / "repo.json")
        except IndexDamaged as e:
            if not locked or (folder / "repo.json").exists():
                findings.append(_unreadable(root, folder, e))
            continue
        if folder.name != slug(state.name):
            findings.append(
                Finding(state.name, f"lies in {folder.name}", f"rm -rf {shlex.quote(str(folder))}")
            )
            continue
        states.append(state)
        findings += _repository(index, folder, state, locked)
    index.__dict__["repos"] = {s.name: s for s in sorted(states, key=lambda s: s.name)}
    findings += _map(root)
    findings += _unwritable(root)
    if not locked:
        findings += _knowledge(index)
        findings += [
            Finding("index", f"{p.name} was left by a killed run", f"rm {shlex.quote(str(p))}")
            for p in sorted(root.glob("*.part"))
        ]
    return findings


def _map(root: Path) -> Iterator[Finding]:
    """Segments of the routing map that cannot be used. Without them all repositories are searched."""
    for path in sorted(root.glob(PATTERN)):
        try:
            what = "" if Segment(path).sound() else f"cannot read {path}: {ASTRAY}"
        except IndexDamaged as e:
            what = e.message
        if what:
            yield Finding("routing map", what, f"rm {shlex.quote(str(path))} && {_command(root, 'index')}")


def _command(root: Path, *words: str) -> str:
    return shlex.join(["bugatlas", "--index", str(root), *words])


def _locked(index: Index) -> bool:
    """Whether another process is writing: what it hasn't finished is no fault."""
    try:
        with index.writing():
            return False
    except IndexLocked:
        return True
    except IndexError_:  # a folder that may not be written
        return False


def _unwritable(root: Path) -> Iterator[Finding]:
    """Whether everything may be written: else nothing can be indexed, and Chroma isn't asked for meaning either."""
    whole = root.resolve()
    if mounts := list(takewhile(_mounted_read_only, (whole, *whole.parents))):
        what = (
            "lies on a file system that is mounted read-only: it answers by words alone, and stays as it is"
        )
        yield Finding("index", what, f"mount -o remount,rw {shlex.quote(str(mounts[-1]))}")
        return
    inside = [root, *(Path(at) / name for at, below, files in os.walk(root) for name in (*below, *files))]
    if closed := [p for p in inside if not p.is_symlink() and not os.access(p, os.W_OK)]:
        first = closed[0].relative_to(root)
        others = f" and {len(closed) - 1:,} more" if len(closed) > 1 else ""
        mine = all(p.stat().st_uid == os.geteuid() for p in closed)
        run = f"chmod -R u+rwX {shlex.quote(str(root))}"
        yield Finding(
            "index",
            f"{first if first.name else root}{others} may not be written: nothing can be indexed",
            run if mine else f"sudo chown -R {os.geteuid()} {shlex.quote(str(root))} && {run}",
        )


def _mounted_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _unreadable(root: Path, folder: Path, error: IndexDamaged) -> Finding:
    if not (folder / "repo.json").exists():
        what = "was begun and never finished"
        return Finding(f"repos/{folder.name}", what, _command(root, "remove", folder.name))
    names = set()
    for path in folder.glob("shard-*.safetensors"):
        try:
            names.add(Shard(path).repo)
        except IndexDamaged:
            continue
    name = next(iter(names), "")
    run = _command(root, "index", "PATH", *(["--name", name] if name else []))
    return Finding(name or f"repos/{folder.name}", error.message, f"{run}, with its path or URL")


def _repository(index: Index, folder: Path, state: RepoState, locked: bool) -> Iterator[Finding]:
    root, name = index.root, state.name
    if index.remote:
        yield from _fetched(folder, state)
        return
    again = _command(root, "index", name)
    rebuild = _command(root, "index", "--rebuild", name)
    if git_dir_of(Path(state.git_dir)) is None:
        new = state.url if Path(state.git_dir).parent == clones_of(root) else "PATH"
        run = _command(root, "index", new or "PATH", "--name", name)
        yield Finding(name, f"its repository is gone from {state.git_dir}", run)
    ids: list[str] = []
    mend = again  # what cannot be opened is made anew by itself
    try:
        shard = Shard(folder / state.shard)
        mend = rebuild
        if shard.info.schema != SCHEMA:
            yield Finding(name, f"made by another version (schema {shard.info.schema}, not {SCHEMA})", again)
        else:
            for fault in faults(shard):
                yield Finding(name, fault, rebuild)
            if shard.info.snapshots:
                view = shard.view(0)
                ids = sorted({view.blob(i) for i in range(len(view))})
    except BugatlasError as e:
        yield Finding(name, e.message, mend)
    yield from (Finding(name, what, rebuild) for what in _store(folder / state.store, ids))
    if not locked and (left := unreferenced(folder, state)):
        size = sum(p.stat().st_size for p in left) / 1e6
        yield Finding(name, f"{len(left)} files ({size:.1f} MB) were left by a killed run", again)


def _fetched(folder: Path, state: RepoState) -> Iterator[Finding]:
    """Files of an index that is read from elsewhere: they come when they are needed, and can come again."""
    faulty: list[tuple[Path, str]] = []
    if (shard := folder / state.shard).exists():
        try:
            faulty += [(shard, fault) for fault in faults(Shard(shard))]
        except BugatlasError as e:
            faulty.append((shard, e.message))
    if (store := folder / state.store).exists():
        faulty += [(store, what) for what in _store(store, [])]
    for path, what in faulty:
        yield Finding(state.name, what, f"rm {shlex.quote(str(path))}, and it is fetched anew")


def _store(path: Path, ids: list[str]) -> Iterator[str]:
    """What is wrong with a blob store that should know these blobs."""
    try:
        store = Store(path)
    except IndexDamaged as e:
        yield e.message
        return
    try:
        if fault := store.fault():
            yield f"{path.name}: {fault}"
        known = {i for i, skip in store.known().items() if skip is None}
        if lacking := [i for i in ids if i not in known]:
            yield f"{path.name} lacks {len(lacking)} files of the head"
        for i in known & set(ids):
            store.facts(i)
            store.text(i)
    except BugatlasError as e:
        yield e.message
    except sqlite3.Error as e:
        yield f"{path.name}: {e}"
    finally:
        store.close()


def _knowledge(index: Index) -> Iterator[Finding]:
    """Whether the knowledge base holds what it should."""
    manifest = index.manifest
    if not (manifest.embedder and manifest.vectors and index.repos) or index.remote:
        return
    if not os.access(index.root, os.W_OK):  # Chroma writes where it opens: nothing can be said of it here
        return
    update = _command(index.root, "index")
    anew = f"rm -rf {shlex.quote(str(index.root / LEARNT))} && {update}"
    if manifest.vectors in backends.VECTORS:
        anew = f"rm -rf {shlex.quote(str(index.root / manifest.vectors))} && {update}"
    if is_gone(index):
        yield Finding("knowledge base", f"{manifest.vectors} is gone", update)
        return
    at = index.root / manifest.vectors
    if manifest.vectors == "chroma" and is_known() and (broken := list(graph_faults(at))):
        more = f", and {len(broken) - 1:,} more like this" if broken[1:] else ""
        yield Finding("knowledge base", f"{broken[0]}{more}", anew)
        return
    record = read_record(index.root)
    behind = [n for n, s in index.repos.items() if _generation(record, n) != s.generation]
    try:
        store = backends.vectors(manifest.vectors, index.root)
        try:
            counts = store.counts()
        finally:
            store.close()
        if behind or set(record.repos) - set(index.repos) or record.leftover:
            what = ", ".join(behind[:5]) or "what is gone is still in it"
            yield Finding("knowledge base", f"not in step with the index: {what}", update)
            return
        if backends.embedder(manifest.embedder, index.root / LEARNT).digest != manifest.digest:
            yield Finding("knowledge base", "the embedder has learnt anew since", update)
    except BugatlasError as e:
        yield Finding("knowledge base", e.message, anew)
        return
    for name, held in record.repos.items():
        found = counts.get(collection(name, held.digest), 0)
        if found != held.files or held.digest != manifest.digest:
            yield Finding("knowledge base", f"{found:,} of {held.files:,} summaries of {name}", anew)
    places = sum(h.places for h in record.repos.values())
    if (found := counts.get(map_collection(manifest.digest), 0)) != places:
        yield Finding("knowledge base", f"{found:,} of {places:,} summaries of the map", anew)


def _generation(record: KnowledgeRecord, name: str) -> int:
    return record.repos[name].generation if name in record.repos else 0
