"""Index one repository: snapshots -> files -> parsed blobs -> history -> shard.

One job, one writer, no shared state.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from indexer.assemble import assemble
from indexer.blobs import parsed_blobs
from indexer.files.choose import choose, kinds
from indexer.git.codeowners import owners
from indexer.git.git import Git
from indexer.git.history import history
from indexer.knowledge import keep_summaries
from indexer.services.links import aliases
from indexer.sources.discover import Source
from indexer.terms import BlobTerms, blob_terms
from summaries.errors import IndexDamaged, RepositoryError, SnapshotMissing
from summaries.index import arrays
from summaries.index.index import STORE, Index, Manifest, RepoState, read_state
from summaries.index.shard import SCHEMA, Shard, View
from summaries.index.store import Store, blob_id
from summaries.offline.manifest import is_manifest
from summaries.owners import OWNERS
from summaries.types import Commit, Entry, Facts, Skip, SkipReason, Snapshot

HEAD = "HEAD"


class RebuildReason(StrEnum):
    """Why a repository is indexed again."""

    NEW = "new"
    DAMAGED = "damaged"
    OTHER_VERSION = "other version"
    OTHER_OPTIONS = "other options"
    REBUILT = "rebuilt"  # as asked
    CHANGED = "changed"  # or may have


Progress = Callable[[int, int], None]  # (files parsed, files found to parse) since the last call


class Job(Struct, frozen=True):
    """A repository to bring up to date."""

    root: Path  # the index
    source: Source
    ats: tuple[str | None, ...] = (None,)  # refs, commits or dates; None is the head
    manifest: Manifest = Manifest()
    workers: int = 1
    keep: bool = True  # keep snapshots that an earlier run made
    rebuild: bool = False  # parse everything anew, in a store of its own
    url: str = ""  # publish there, and leave `root` alone
    drop: tuple[str, ...] = ()  # refs of held snapshots to let go


class Outcome(Struct, frozen=True):
    """What a job did with its repository."""

    repo: str
    state: RepoState | None = None
    reason: str = ""  # why it was rebuilt, or what went wrong
    failed: bool = False
    parsed: int = 0  # blobs parsed anew
    changed: int = 0  # files of the head added, changed or removed since the last index
    seconds: float = 0.0
    missing: tuple[str, ...] = ()  # refs and dates asked for that the repository does not have
    gone: tuple[str, ...] = ()  # refs of held snapshots whose commits it no longer has; the index keeps them
    lost: tuple[str, ...] = ()  # the same where a rebuild could not make them again


class _Draft(Struct, frozen=True):
    """What is about to be published."""

    generation: int
    store_file: str  # file name of the store
    wanted: Sequence[tuple[str, int, str]]
    shard: Any  # the Shard to build upon, or None
    published: Any  # the Shard that is published, or None

    @property
    def file(self) -> str:
        """File name of the shard."""
        return f"shard-{self.generation}.safetensors"


def unchanged(job: Job, index: Index) -> Outcome | None:
    """The outcome of a job that has nothing to do; None where there is work. Raises what git says."""
    state, shard, why = _old(job, index)
    if not state or not shard or why != RebuildReason.CHANGED:
        return None
    with Git(job.source.path) as git:
        wanted, missing = _targets(git, job, shard)
    held = {(s.commit, s.ref) for s in shard.info.snapshots}
    same = {(c, r) for c, _, r in wanted} == held and (index.folder(state.name) / state.store).exists()
    asked = (str(job.source.path), job.source.url, job.source.branch)
    if not same or asked != (state.git_dir, state.url, state.branch):
        return None
    return Outcome(state.name, state, "unchanged", missing=missing)


def index_repository(job: Job, progress: Progress = lambda parsed, found: None) -> Outcome:
    """Bring one repository of the index up to date and publish it; the old state stays till the new is whole.

    Raises RepositoryError or SnapshotMissing where git cannot answer, IndexError_ where the disk fails.
    """
    began = time.perf_counter()
    index = Index.open(job.root)
    if done := unchanged(job, index):
        return done
    folder = index.folder(job.source.name)
    folder.mkdir(parents=True, exist_ok=True)
    state, shard, reason = _old(job, index)
    with Git(job.source.path) as git:
        wanted, missing = _targets(git, job, shard)
        anew = job.rebuild or reason == RebuildReason.OTHER_VERSION
        generation = _next_generation(folder, state)
        store, held_in = _store(folder, state.store if state else STORE, anew, generation)
        draft = _Draft(generation, held_in, wanted, None if anew else shard, shard)
        try:
            done = _update(git, job, index, store, draft, reason, progress)
        except IndexDamaged as e:
            if draft.shard is None or e.file != draft.shard.path:
                raise
            draft = replace(draft, shard=None)  # all of it is in the store, too
            done = _update(git, job, index, store, draft, RebuildReason.DAMAGED, progress)
        finally:
            store.close()
    return replace(done, missing=missing, seconds=round(time.perf_counter() - began, 3))


def _old(job: Job, index: Index) -> tuple[RepoState | None, Shard | None, RebuildReason]:
    """What is published of a repository, the shard if it can be read, and why there's work to do."""
    path = index.folder(job.source.name) / "repo.json"
    if not path.exists():
        return None, None, RebuildReason.NEW
    state = None
    try:
        state = read_state(path)
        shard = Shard(path.parent / state.shard)
    except IndexDamaged:
        return state, None, RebuildReason.DAMAGED
    if shard.info.schema != SCHEMA:
        return state, shard, RebuildReason.OTHER_VERSION
    if state.max_bytes != job.manifest.max_bytes:
        return state, shard, RebuildReason.OTHER_OPTIONS
    return state, shard, RebuildReason.REBUILT if job.rebuild else RebuildReason.CHANGED


def _store(folder: Path, name: str, anew: bool, generation: int) -> tuple[Store, str]:
    """The store to fill and its file's name: the published one, or one beside it that takes its place."""
    if anew:
        name = f"blobs-{generation}.sqlite"
    try:
        return Store(folder / name, write=True), name
    except IndexDamaged:  # no space, no permission is another error: the file may be whole
        (folder / name).unlink(missing_ok=True)
        return Store(folder / name, write=True), name


def _next_generation(folder: Path, state: RepoState | None) -> int:
    """One more than what is published here. What a killed run left has no say: its bytes would tell of it."""
    if state or not (folder / "repo.json").exists():
        return state.generation + 1 if state else 1
    numbers = [int(p.stem.rpartition("-")[2]) for p in folder.glob("shard-*.safetensors")]
    return max(numbers, default=0) + 1


def _targets(git: Git, job: Job, shard: Shard | None) -> tuple[list[tuple[str, int, str]], tuple[str, ...]]:
    """(commit, time, ref) of every snapshot of the new shard, head first; and asked refs it doesn't have."""
    fresh: list[tuple[str, int, str]] = []
    missing: list[str] = []
    for at in job.ats:
        try:
            commit, moment, ref = git.resolve(at if at else job.source.branch or None)
        except SnapshotMissing:
            if not at:
                raise
            missing.append(at)
        else:
            fresh.append((commit, moment, ref if at else HEAD))
    refs = {r for _, _, r in fresh}
    if shard and job.keep:
        refs |= set(job.drop)
        fresh += [(s.commit, s.time, s.ref) for s in shard.info.snapshots if s.ref not in refs]
    fresh = list(dict.fromkeys(fresh))
    return sorted(fresh, key=lambda s: s[2] != HEAD), tuple(missing)


def _update(
    git: Git,
    job: Job,
    index: Index,
    store: Store,
    draft: _Draft,
    reason: str,
    progress: Progress,
) -> Outcome:
    wanted, shard = draft.wanted, draft.shard
    trees = _Trees(git, job.manifest.max_bytes)
    drafts, gone, lost = _snapshots(job.source.name, trees, draft)
    wanted = [(s.commit, s.time, s.ref) for s in drafts]
    languages = trees.languages
    known = store.known()
    missing = {
        blob_id(e.blob, languages[e.path, e.blob]): (e.blob, e.path, languages[e.path, e.blob])
        for s in drafts
        for e in s.entries
    }
    missing = {k: v for k, v in missing.items() if k not in known}
    progress(0, len(missing))
    fresh_rows: dict[str, BlobTerms] = {}
    for parsed in parsed_blobs(index.folder(job.source.name), git, list(missing.values()), job.workers):
        store.add(parsed.packs)
        known.update(parsed.skips())
        fresh_rows.update(parsed.rows)
        progress(sum(len(p.rows) for p in parsed.packs), 0)
    snapshots = [_without_skipped(s, languages, known) for s in drafts]
    commits = store.commits()
    tips = [c for c, _, r in wanted if r not in gone]
    fresh = history(git, tips, {c.sha for c in commits}, people=job.manifest.people)
    store.add_commits(fresh)

    def rows(ids: Sequence[str]) -> Mapping[str, BlobTerms]:
        rest = [i for i in ids if i not in fresh_rows]  # parsed by a run that was killed
        return fresh_rows | blob_terms((i, f, store.text(i)) for i, f in store.facts_of(rest))

    data, meta = assemble(job.source.name, snapshots, languages, _reachable(commits + fresh), shard, rows)
    arrays.write(index.folder(job.source.name) / draft.file, data, meta)
    head = snapshots[0]
    blobs = {e.path: blob_id(e.blob, languages[e.path, e.blob]) for e in head.entries}
    facts = dict(zip(blobs, (f for _, f in store.facts_of(list(blobs.values()))), strict=True))
    before = shard.view(0) if shard and shard.info.snapshots else None
    store.set_notes(OWNERS, owners(git, head.commit) if job.manifest.people else {})
    keep_summaries(index, job.source.name, store, facts, blobs, draft.generation, before)
    manifests = [(p, store.text(b)) for p, b in blobs.items() if is_manifest(p)]
    new = _state(job, git, head, facts, manifests, draft)
    changed = _changed(before, head)
    store.flush()
    index.publish(new)
    return Outcome(
        job.source.name, new, reason, parsed=len(missing), changed=changed, gone=tuple(gone), lost=tuple(lost)
    )


def _snapshots(repo: str, trees: _Trees, draft: _Draft) -> tuple[list[Snapshot], list[str], list[str]]:
    """The snapshots of the new shard, head first; refs of held ones that only the index has; and of lost ones.

    A force push and a clean-up take commits away. What was held of them is whole in the old shard and the store.
    Raises RepositoryError where the head or a snapshot asked for now cannot be read.
    """
    held = (
        {(s.commit, s.ref): n for n, s in enumerate(draft.published.info.snapshots)}
        if draft.published
        else {}
    )
    out: list[Snapshot] = []
    gone: list[str] = []
    lost: list[str] = []
    for commit, moment, ref in draft.wanted:
        try:
            out.append(Snapshot(repo, commit, moment, ref, *trees.read(commit)))
        except RepositoryError:
            if ref == HEAD or (commit, ref) not in held:
                raise
            if draft.shard is None:  # all is made anew, and of this there is nothing to make it of
                lost.append(ref)
                continue
            gone.append(ref)
            entries = trees.of_view(draft.shard.view(held[commit, ref]))
            out.append(Snapshot(repo, commit, moment, ref, entries))
    return out, gone, lost


class _Trees:
    """Chosen files of commits, with the language of each."""

    def __init__(self, git: Git, max_bytes: int) -> None:
        self.git, self.max_bytes = git, max_bytes
        self.languages: dict[tuple[str, str], str] = {}

    def read(self, commit: str) -> tuple[tuple[Entry, ...], tuple[Skip, ...]]:
        entries, skips, languages = choose(self.git, self.git.tree(commit), self.max_bytes)
        self.languages |= {(e.path, e.blob): languages[e.path] for e in entries}
        return entries, skips

    def of_view(self, view: View) -> tuple[Entry, ...]:
        """The same as a shard has it."""
        out = []
        for i, path in enumerate(view.paths):
            blob, _, language = view.blob(i).rpartition(".")
            self.languages[path, blob] = language
            out.append(Entry(path, blob))
        return tuple(out)


def _without_skipped(
    s: Snapshot, languages: Mapping[tuple[str, str], str], known: Mapping[str, SkipReason | None]
) -> Snapshot:
    kept: list[Entry] = []
    skips = list(s.skipped)
    for e in s.entries:
        why = known[blob_id(e.blob, languages[e.path, e.blob])]
        if why is None:
            kept.append(e)
        else:
            skips.append(Skip(e.path, why))
    return Snapshot(s.repo, s.commit, s.time, s.ref, tuple(kept), tuple(skips))


def _reachable(commits: list[Commit]) -> list[Commit]:
    """Each commit once; a forced push leaves old ones behind, which no snapshot reaches, no score counts."""
    return list({c.sha: c for c in commits}.values())


def _changed(old: View | None, head: Snapshot) -> int:
    now = {(e.path, e.blob) for e in head.entries}
    if old is None:
        return len(now)
    before = {(p, old.blob(i).split(".")[0]) for i, p in enumerate(old.paths)}
    return len({p for p, _ in now ^ before})


def _state(
    job: Job,
    git: Git,
    head: Snapshot,
    facts: Mapping[str, Facts],
    manifests: Sequence[tuple[str, str]],
    draft: _Draft,
) -> RepoState:
    return RepoState(
        name=job.source.name,
        git_dir=str(job.source.path),
        url=job.source.url,
        branch=job.source.branch,
        generation=draft.generation,
        shard=draft.file,
        store=draft.store_file,
        max_bytes=job.manifest.max_bytes,
        commit=head.commit,
        time=head.time,
        files=dict(Counter(f.language for f in facts.values()).most_common()),
        skipped=dict(Counter(s.reason for s in head.skipped).most_common()),
        not_source=kinds(head.skipped),
        symbols=sum(len(f.symbols) for f in facts.values()),
        lines=sum(f.lines for f in facts.values()),
        aliases=tuple(sorted(aliases(job.source.name, manifests))),
        shallow=git.shallow,
    )
