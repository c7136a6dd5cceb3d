"""Bring an index up to date: one job per repository, side by side, each published on its own."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from indexer import knowledge, system
from indexer.engines import processes as fanout
from indexer.engines.processes import OnDone, OnFiles
from indexer.repository import Job, Outcome, unchanged
from indexer.sources.discover import Listed, Source
from indexer.sources.sources import remember
from indexer.sources.sources import sources as sources_of
from indexer.workers.pool import gently
from summaries.errors import BugatlasError, IndexDamaged, IndexVersion, RepositoryError, UsageError
from summaries.index import routing_update as mapping
from summaries.index.attached import pull
from summaries.index.index import Index, Manifest, default_dir, read_state, unreferenced
from summaries.types import SkipReason

KINDS = 10  # of files that are no source, as a report names them


class BuildReport(Struct, frozen=True):
    """What a run did, for people and as JSON."""

    outcomes: tuple[Outcome, ...]
    files: Mapping[str, int]  # by language, of all repositories named
    skipped: Mapping[SkipReason, int]
    symbols: int
    lines: int
    parsed: int
    seconds: float
    not_source: Mapping[str, int] = {}  # files that are no source, by extension: the ten commonest
    problem: str = ""  # why the knowledge base isn't up to date

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Repositories that could not be indexed; what they had before is still there."""
        return tuple(o for o in self.outcomes if o.failed)


def build(
    root: Path,
    sources: Sequence[Source],
    ats: Mapping[str, Sequence[str | None]] | None = None,
    *,
    manifest: Manifest | None = None,
    workers: int | None = None,
    engine: str = "processes",
    on_done: OnDone = lambda o: None,
    on_files: OnFiles = lambda parsed, found: None,
    on_phase: Callable[[str], None] = lambda line: None,
    rebuild: bool = False,
    drop: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> BuildReport:
    """Index all sources under the write lock.

    `ats` gives the snapshots wanted by repository name (default: the head), `drop` those to let go; `engine` says
    where jobs run (see `fanout.engine`); `rebuild` parses all anew. One repository's failure is reported and the
    others go on. Raises IndexLocked, IndexError_, IndexVersion, UsageError for an engine that isn't there.
    """
    began = time.perf_counter()
    root = root.absolute()  # what is stored holds in whatever folder the next process runs
    sources = [replace(s, path=s.path.absolute()) for s in sources]
    index = _opened(root, manifest, rebuild)
    cores = workers or os.cpu_count() or 1
    url = index.remote.about.url if index.remote else ""
    if url:
        remember(root, sources)
    jobs = [
        Job(
            root,
            s,
            tuple((ats or {}).get(s.name, (None,))),
            index.manifest,
            rebuild=rebuild,
            url=url,
            drop=tuple(drop.get(s.name, ())),
        )
        for s in sources
    ]
    with gently(), index.writing():
        outcomes = list(_settled(index, jobs, on_done))
        settled = {o.repo for o in outcomes}
        if not rebuild:  # which goes on with what an earlier one left
            _sweep(index)
        rest = [j for j in jobs if j.source.name not in settled]
        where = fanout.engine(engine, cores, len(rest))
        if not isinstance(where, fanout.Here):  # this process waits for others
            on_files = _first(partial(knowledge.warm, index), on_files)
        outcomes += fanout.run(rest, where, on_files, on_done)
        if url:
            pull(root)
        index = Index.open(root)
        mapping.update(root, index.repos, index.local_path)
        system.update(index)
        problem = _know(root, on_phase)
    outcomes.sort(key=lambda o: o.repo)
    states = [o.state for o in outcomes if o.state]
    files: Counter[str] = Counter()
    skipped: Counter[SkipReason] = Counter()
    not_source: Counter[str] = Counter()
    for s in states:
        files.update(s.files)
        skipped.update(s.skipped)
        not_source.update(s.not_source)
    return BuildReport(
        tuple(outcomes),
        dict(files.most_common()),
        dict(skipped.most_common()),
        sum(s.symbols for s in states),
        sum(s.lines for s in states),
        sum(o.parsed for o in outcomes),
        time.perf_counter() - began,
        dict(not_source.most_common(KINDS)),
        problem,
    )


def index_targets(
    targets: Sequence[str | Path] = (),
    root: str | Path | None = None,
    *,
    at: Sequence[str] = (),
    jobs: int = 0,
) -> Index:
    """Index what folders and URLs name, or, without any, all that is indexed; the opened index.

    `at` names snapshots to hold beside the head; `jobs` is the number of processes, 0 one for each core. Raises
    RepositoryError where a repository could not be read (the others are indexed by then), UsageError where there is
    nothing to index.
    """
    where = Path(root).expanduser().absolute() if root else default_dir()
    found, unread = sources_of(where, [Listed(str(t)) for t in targets])
    if not found and not unread:
        raise UsageError(f"nothing is indexed at {where}", "name a folder or a URL")
    report = build(where, found, {s.name: (None, *at) for s in found}, workers=jobs)
    failures = [str(e) for e in unread] + [f"{o.repo}: {o.reason}" for o in report.failed]
    if failures:
        raise RepositoryError("; ".join(failures))
    return Index.open(where)


def _know(root: Path, say: Callable[[str], None]) -> str:
    """Bring the knowledge base up to date; what went wrong, if anything did: repositories are published."""
    try:
        knowledge.update(Index.open(root), say)
    except BugatlasError as e:
        return str(e)
    except OSError as e:
        return f"{e.strerror or e} ({e.filename or root})"
    return ""


def _opened(root: Path, manifest: Manifest | None, rebuild: bool) -> Index:
    """The index, with the options wanted now. Only a rebuild goes over another version's manifest."""
    try:
        index = Index.create(root, manifest)
    except (IndexVersion, IndexDamaged):
        if not rebuild:
            raise
        index = Index(root, Manifest(schema=0))
    have = index.manifest
    want = manifest or (have if have.schema else Manifest())
    same = (have.embedder, have.vectors) == (want.embedder, want.vectors)
    merged = replace(want, dimension=have.dimension, digest=have.digest) if same else want
    if merged != have:
        with index.writing():
            index.set_manifest(merged)
    return index


def _first(begin: Callable[[], None], on_files: OnFiles) -> OnFiles:
    """To begin something with the first figures of the others: they are forked by then, from a process of one thread."""
    once = cache(begin)

    def told(parsed: int, found: int) -> None:
        once()
        on_files(parsed, found)

    return told


def _sweep(index: Index) -> None:
    """Remove what killed runs left beside what is published."""
    for folder in (index.root / "repos").glob("*/"):
        with suppress(IndexDamaged):  # begun and never finished, or for `doctor` to tell
            for path in unreferenced(folder, read_state(folder / "repo.json")):
                path.unlink(missing_ok=True)


def _settled(index: Index, jobs: Sequence[Job], on_done: OnDone) -> Iterator[Outcome]:
    """Outcomes of jobs with nothing to do: found out here, because processes cost more to start."""

    def look(job: Job) -> Outcome | None:
        try:
            return unchanged(job, index)
        except (BugatlasError, OSError):
            return None  # the job itself will say it

    with ThreadPoolExecutor(8) as pool:
        for outcome in pool.map(look, jobs):
            if outcome:
                on_done(outcome)
                yield outcome
