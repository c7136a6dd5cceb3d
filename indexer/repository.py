"""Index one repository: snapshots -> files -> parsed blobs -> history -> shard. One job, one writer, no shared state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

from indexer.assemble import assemble
from indexer.files import choose, inspect
from indexer.git import Git
from indexer.history import history
from indexer.languages import language_of, refine
from indexer.parse import parse
from indexer.repos import Source
from indexer.services import MANIFESTS, aliases
from indexer.terms import BlobTerms, blob_terms, pack, unpack
from summaries import arrays
from summaries.errors import IndexDamaged
from summaries.index import Index, Manifest, RepoState
from summaries.shard import Shard
from summaries.store import Record, Store, blob_id, pack_facts, pack_text
from summaries.types import Commit, Entry, Skip, SkipReason, Snapshot

CHUNK = 48  # blobs parsed and stored in one piece: what a crash can cost
HEAD = "HEAD"

Progress = Callable[[int], None]  # called with the number of files done since the last call


class Job(Struct, frozen=True):
    """A repository to bring up to date."""

    root: Path  # the index
    source: Source
    ats: tuple[str | None, ...] = (None,)  # refs, commits or dates; None is the head
    manifest: Manifest = Manifest()
    workers: int = 1
    keep: bool = True  # keep snapshots that an earlier run made


class Outcome(Struct, frozen=True):
    """What a job did."""

    repo: str
    state: RepoState | None = None
    reason: str = ""  # why it was rebuilt, or what went wrong
    failed: bool = False
    parsed: int = 0  # blobs parsed anew
    changed: int = 0  # files of the head added, changed or removed since the last index
    seconds: Mapping[str, float] = {}


def parse_blobs(git_dir: Path, wanted: Sequence[tuple[str, str, str]]) -> list[Record]:
    """Read and parse blobs given as (sha, path, language). Runs in a worker process."""
    by_sha: dict[str, list[tuple[str, str]]] = {}
    for sha, path, language in wanted:
        by_sha.setdefault(sha, []).append((path, language))
    out = []
    with Git(git_dir) as git:
        for sha, data in git.blobs(list(by_sha)):
            out += [_record(sha, path, language, data) for path, language in by_sha[sha]]
    return out


def _record(sha: str, path: str, language: str, data: bytes | None) -> Record:
    key = blob_id(sha, language)
    text = SkipReason.UNREADABLE if data is None else inspect(path, data)
    if isinstance(text, SkipReason):
        return Record(key, text)
    facts = parse(path, text, refine(path, text) or language)
    return Record(key, None, pack_facts(facts), pack_text(text), pack(blob_terms(facts, text)))


def index_repository(job: Job, progress: Progress = lambda n: None) -> Outcome:
    """Bring one repository of the index up to date and publish it; the old state stays until the new is whole.

    Raises RepositoryError or SnapshotMissing where git cannot answer, IndexError_ where the disk fails.
    """
    index = Index.open(job.root)
    name = job.source.name
    folder = index.folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    state = index.repos.get(name)
    shard, reason = _old_shard(index, state)
    with Git(job.source.path) as git:
        wanted = _targets(git, job, shard)
        held = {(s.commit, s.ref) for s in shard.info.snapshots} if shard else set()
        if state and shard and {(c, r) for c, _, r in wanted} == held and state.url == job.source.url:
            return Outcome(name, state, "unchanged")
        store = Store(folder / "blobs.sqlite", write=True)
        try:
            return _update(git, job, index, store, wanted, state, shard, reason, progress)
        finally:
            store.close()


def _old_shard(index: Index, state: RepoState | None) -> tuple[Shard | None, str]:
    """The published shard if it can be built upon, and otherwise why not."""
    if state is None:
        return None, "new"
    try:
        shard = index.shard(state.name)
    except IndexDamaged:
        return None, "damaged"
    if shard.info.schema != index.manifest.schema:
        return None, "other version"
    return shard, "changed"


def _targets(git: Git, job: Job, shard: Shard | None) -> list[tuple[str, int, str]]:
    """(commit, time, ref) of every snapshot that the new shard holds, head first."""
    found = [git.resolve(at if at else job.source.branch or None) for at in job.ats]
    fresh = [(c, t, ref if at else HEAD) for (c, t, ref), at in zip(found, job.ats, strict=True)]
    refs = {r for _, _, r in fresh}
    if shard and job.keep:
        fresh += [(s.commit, s.time, s.ref) for s in shard.info.snapshots if s.ref not in refs]
    fresh = list(dict.fromkeys(fresh))
    return sorted(fresh, key=lambda s: s[2] != HEAD)


def _update(
    git: Git,
    job: Job,
    index: Index,
    store: Store,
    wanted: Sequence[tuple[str, int, str]],
    state: RepoState | None,
    shard: Shard | None,
    reason: str,
    progress: Progress,
) -> Outcome:
    trees = _Trees(git, job.manifest.max_bytes)
    drafts = [Snapshot(job.source.name, c, t, r, *trees.read(c)) for c, t, r in wanted]
    languages = trees.languages
    known = store.known()
    missing = {
        blob_id(e.blob, languages[e.path, e.blob]): (e.blob, e.path, languages[e.path, e.blob])
        for s in drafts
        for e in s.entries
    }
    missing = {k: v for k, v in missing.items() if k not in known}
    for records in _parsed(git.git_dir, list(missing.values()), job.workers):
        store.add(records)
        known.update((r.id, r.skip) for r in records)
        progress(len(records))
    snapshots = [_without_skipped(s, languages, known) for s in drafts]
    commits = store.commits()
    fresh = history(git, [c for c, _, _ in wanted], {c.sha for c in commits})
    store.add_commits(fresh)

    def rows(ids: Sequence[str]) -> Mapping[str, BlobTerms]:
        found = {i: unpack(r) for i, r in store.pending(ids).items()}
        rest = [i for i in ids if i not in found]
        found |= {i: blob_terms(f, store.text(i)) for i, f in store.facts_of(rest)}
        return found

    data, meta = assemble(job.source.name, snapshots, languages, _reachable(commits + fresh), shard, rows)
    generation = state.generation + 1 if state else 1
    name = f"shard-{generation}.safetensors"
    arrays.write(index.folder(job.source.name) / name, data, meta)
    new = _state(job, git, snapshots[0], languages, store, generation, name)
    changed = _changed(shard, snapshots[0])
    index.publish(new)
    store.absorbed()
    return Outcome(job.source.name, new, reason, parsed=len(missing), changed=changed)


def _parsed(git_dir: Path, wanted: list[tuple[str, str, str]], workers: int) -> Iterable[list[Record]]:
    chunks = [wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)]
    if workers < 2 or len(chunks) < 4:
        yield from (parse_blobs(git_dir, c) for c in chunks)
        return
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from pool.map(parse_blobs, [git_dir] * len(chunks), chunks)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Trees:
    """Chosen files of commits, with the language of each."""

    def __init__(self, git: Git, max_bytes: int) -> None:
        self.git, self.max_bytes = git, max_bytes
        self.languages: dict[tuple[str, str], str] = {}

    def read(self, commit: str) -> tuple[tuple[Entry, ...], tuple[Skip, ...]]:
        entries, skips = choose(self.git, self.git.tree(commit), self.max_bytes)
        for e in entries:
            self.languages[e.path, e.blob] = language_of(e.path) or "text"
        return tuple(entries), tuple(skips)


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
    """Each commit once; a forced push leaves old ones behind, which no snapshot reaches and no score counts."""
    return list({c.sha: c for c in commits}.values())


def _changed(old: Shard | None, head: Snapshot) -> int:
    now = {(e.path, e.blob) for e in head.entries}
    if old is None or not old.info.snapshots:
        return len(now)
    view = old.view(0)
    before = {(p, view.blob(i).split(".")[0]) for i, p in enumerate(view.paths)}
    return len({p for p, _ in now ^ before})


def _state(
    job: Job,
    git: Git,
    head: Snapshot,
    languages: Mapping[tuple[str, str], str],
    store: Store,
    generation: int,
    shard: str,
) -> RepoState:
    ids = [blob_id(e.blob, languages[e.path, e.blob]) for e in head.entries]
    symbols = lines = 0
    for _, facts in store.facts_of(ids):
        symbols += len(facts.symbols)
        lines += facts.lines
    manifests = [(e.path, store.text(i)) for e, i in zip(head.entries, ids, strict=True) if MANIFESTS.search(e.path)]
    return RepoState(
        name=job.source.name,
        git_dir=str(job.source.path),
        url=job.source.url,
        branch=job.source.branch,
        generation=generation,
        shard=shard,
        commit=head.commit,
        time=head.time,
        files=dict(Counter(languages[e.path, e.blob] for e in head.entries).most_common()),
        skipped=dict(Counter(s.reason for s in head.skipped).most_common()),
        symbols=symbols,
        lines=lines,
        aliases=tuple(sorted(aliases(job.source.name, manifests))),
        shallow=git.shallow,
    )
