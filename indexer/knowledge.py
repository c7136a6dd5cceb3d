"""Keep the knowledge base in step with the index: summaries as notes of each repository, vectors in one store."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from threading import Thread

import msgspec
from msgspec.structs import replace
from xxhash import xxh3_64_hexdigest

from summaries import backends
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.index.store import Store
from summaries.offline.remembered import remembering
from summaries.offline.system import outside
from summaries.offline.tree import summarise
from summaries.protocols import Embedder, Node, Vectors
from summaries.system import OUTSIDE
from summaries.types import Facts, Kind
from summaries.vectors.knowledge import (
    LEARNT,
    KnowledgeRecord,
    KnownRepository,
    collection,
    is_gone,
    map_collection,
    read_record,
    words,
    write_record,
)
from summaries.written.store import STAMP, effective

NOTES = "summary"
COMMITS = 3_000  # newest of each repository that are learnt from
LESSONS = 3  # changed files whose summaries are learnt beside a commit's message
AT_ONCE = 10_000  # nodes of several repositories between two writes of the map and of the record (a guess)
TRAILER = re.compile(r"^(?:[A-Z][\w-]{1,40}-by|Change-Id|Co-authored-by):.*$", re.MULTILINE | re.IGNORECASE)

Say = Callable[[str], None]


def warm(index: Index) -> None:
    """Load what learning takes while processes index."""
    if index.manifest.embedder == "lsa" and not (index.root / LEARNT).exists():
        Thread(target=import_module, args=["scipy.sparse"], daemon=True).start()


def keep_summaries(
    index: Index,
    name: str,
    store: Store,
    facts: Mapping[str, Facts],
    blobs: Mapping[str, str],
    generation: int,
    published: View | None = None,
) -> dict[str, str]:
    """Make a state's summaries, what was written or edited in place of ours, and keep them as notes.

    Files that are as they are `published` keep what they have. The stamp comes last: without it all are made again.
    """
    known: dict[str, str] = {}
    if published and store.note(STAMP) == str(index.repos[name].generation):
        before = {p: published.blob(i) for i, p in enumerate(published.paths)}
        known = {p: t for p, t in store.notes(NOTES).items() if p in before and before[p] == blobs.get(p)}
    with remembering():
        summaries = summarise(name, facts, lambda path: store.text(blobs[path]), known)
        summaries |= effective(index.folder(name), blobs, summaries.keys() - blobs.keys()).texts
        handed_up = outside(summaries[""], facts)
    store.set_notes(NOTES, summaries)
    store.set_notes(OUTSIDE, {"": msgspec.json.encode(handed_up).decode()})
    store.set_notes(STAMP, {"": str(generation)})
    return summaries


def update(index: Index, say: Say = lambda line: None) -> int:
    """Bring the knowledge base in step with what is published; how many nodes were written.

    The caller holds the write lock. Cheap where nothing changed: nothing is opened. What a killed run left
    half done is mended, because nodes are compared with what the store holds.
    """
    manifest = index.manifest
    if not (manifest.embedder and manifest.vectors):
        return 0
    record = read_record(index.root)
    if record.store != manifest.vectors or is_gone(index):
        if record.store in backends.VECTORS and record.store != manifest.vectors:
            shutil.rmtree(index.root / record.store, ignore_errors=True)
        record = KnowledgeRecord(manifest.vectors)
    current = {n: (s.generation, manifest.digest) for n, s in index.repos.items()}
    held = {n: (h.generation, h.digest) for n, h in record.repos.items()}
    behind = [n for n, state in current.items() if held.get(n) != state]
    gone = [n for n in held if n not in current]
    if not (behind or gone or record.leftover):
        return 0
    embedder = _embedder(index, say)
    if embedder.digest != manifest.digest:
        behind = list(current)
        if forecast := getattr(embedder, "forecast", None):  # a model takes time or money: say so first
            say(forecast(sum(sum(s.files.values()) for s in index.repos.values())))
    old = {collection(n, h.digest) for n, h in record.repos.items()} | set(record.leftover)
    old |= {map_collection(h.digest) for h in record.repos.values()}
    old -= {collection(n, embedder.digest) for n in current} | {map_collection(embedder.digest)}
    lost = [n for n in gone if record.repos[n].digest == embedder.digest]
    same, changed = _sorted_out(index, behind, record, embedder.digest)
    left = current.keys() - set(changed)
    repos = {n: h for n, h in record.repos.items() if n in left} | same
    record = replace(record, repos=repos, leftover=tuple(sorted(old)))
    write_record(index.root, record)  # until a repository is whole, its nodes are nobody's
    written = 0
    if changed or old or lost or embedder.digest != manifest.digest:
        written = _write(index, record, changed, embedder, lost)
    if written:
        say(f"{written:,} summaries written to the knowledge base")
    return written


def _sorted_out(
    index: Index, behind: Sequence[str], record: KnowledgeRecord, digest: str
) -> tuple[dict[str, KnownRepository], list[str]]:
    """Repositories whose summaries are what the store holds already, as most edits leave them, and the others."""
    same: dict[str, KnownRepository] = {}
    for name in behind:
        held = record.repos.get(name)
        if held and held.digest == digest and held.words == _content(nodes(index, name)):
            same[name] = replace(held, generation=index.repos[name].generation)
    return same, [n for n in behind if n not in same]


def _write(
    index: Index,
    record: KnowledgeRecord,
    changed: Sequence[str],
    embedder: Embedder,
    lost: Sequence[str] = (),
) -> int:
    """Write the nodes of repositories, and drop what is left over of others; how many nodes were written."""
    manifest, repos = index.manifest, dict(record.repos)
    atlas = map_collection(embedder.digest)
    store = backends.vectors(manifest.vectors, index.root)
    try:
        written = 0
        if lost:
            store.replace(atlas, (), embedder.documents, lost)
        for some in _portions(index, changed):
            places = [n for found in some.values() for n in found if n.kind is not Kind.FILE]
            written += store.replace(atlas, places, embedder.documents, some)
            for name, found in some.items():
                files = [n for n in found if n.kind is Kind.FILE]
                written += store.replace(collection(name, embedder.digest), files, embedder.documents)
                state = index.repos[name].generation
                held = len(files), len(found) - len(files)
                repos[name] = KnownRepository(state, *held, embedder.digest, _content(found))
            write_record(index.root, replace(record, repos=repos))
        index.set_manifest(replace(manifest, digest=embedder.digest, dimension=embedder.dimension))
        for name in record.leftover:
            store.replace(name, (), embedder.documents)
        write_record(index.root, replace(record, repos=repos, leftover=()))
    finally:
        store.close()
    return written


def _portions(index: Index, names: Sequence[str]) -> Iterator[dict[str, list[Node]]]:
    """Nodes of repositories, some `AT_ONCE` together: what is between two portions outlives a kill."""
    some: dict[str, list[Node]] = {}
    for name in names:
        some[name] = nodes(index, name)
        if sum(map(len, some.values())) >= AT_ONCE:
            yield some
            some = {}
    if some:
        yield some


def _content(nodes: Sequence[Node]) -> str:
    return xxh3_64_hexdigest("".join(n.hash for n in nodes).encode())


def _embedder(index: Index, say: Say) -> Embedder:
    """The index's embedder, after it has learnt where it has to."""
    name, folder = index.manifest.embedder, index.root / LEARNT
    learner = backends.learner(name)
    files = sum(sum(s.files.values()) for s in index.repos.values())
    if learner and (why := learner.stale(folder, files)):
        say(f"training the embedder: {why}")
        return learner.learn(folder, list(_lessons(index)), files)
    return backends.embedder(name, folder)


def _lessons(index: Index) -> Iterator[str]:
    """What an embedder learns from: every summary, and commit messages beside what they changed.

    A message is in the words of whoever reports and mends, a summary in those of the code: side by side
    they teach which of them belong together.
    """
    for name in index.repos:
        found = nodes(index, name)
        yield from (n.words for n in found)
        known = {n.path: n.words for n in found if n.kind is Kind.FILE}
        for commit in index.store(name).commits()[-COMMITS:]:
            changed = [known[p] for p in commit.paths if p in known][:LESSONS]
            if changed:
                yield "\n".join([TRAILER.sub("", commit.message), *changed])


def nodes(index: Index, name: str) -> list[Node]:
    """The repository, its directories and its files, with their summaries."""
    view = index.view(name)
    store = index.store(name)
    summaries = store.notes(NOTES)
    if store.note(STAMP) != str(index.repos[name].generation):
        blobs = {p: view.blob(i) for i, p in enumerate(view.paths)}
        own = Store(store.path, write=True)
        try:
            facts = dict(zip(blobs, (f for _, f in own.facts_of(list(blobs.values()))), strict=True))
            summaries = keep_summaries(index, name, own, facts, blobs, index.repos[name].generation)
        finally:
            own.close()
    files = set(view.paths)
    return [
        Node(name, path, _kind(path, files), text, words(name, path, text))
        for path, text in sorted(summaries.items())
    ]


def _kind(path: str, files: set[str]) -> Kind:
    if not path:
        return Kind.REPOSITORY
    return Kind.FILE if path in files else Kind.DIRECTORY


def forget(index: Index, name: str) -> None:
    """Drop what is held of a repository that is no longer in the index."""
    record = read_record(index.root)
    if name in record.repos:
        store = backends.vectors(index.manifest.vectors, index.root)
        try:
            digest = record.repos[name].digest
            store.replace(collection(name, digest), (), _nothing)
            store.replace(map_collection(digest), (), _nothing, [name])
        finally:
            store.close()
        write_record(index.root, replace(record, repos={n: h for n, h in record.repos.items() if n != name}))


def _nothing(texts: Sequence[str]) -> Vectors:
    raise AssertionError("nothing is embedded where nothing is kept")
