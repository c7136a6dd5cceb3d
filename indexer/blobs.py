"""Blobs of a repository, read and parsed in pieces: here, or in processes of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from functools import partial
from itertools import islice
from pathlib import Path

from msgspec import Struct

from indexer.files.choose import Blobs, inspect
from indexer.git.git import Git
from indexer.parse.languages import refine
from indexer.parse.parse import parse
from indexer.terms import BlobTerms, blob_terms
from indexer.workers.pool import Workers
from indexer.workers.quarantine import marked, one_by_one
from summaries.index.packs import Pack, Record, packed, record
from summaries.index.store import blob_id
from summaries.types import Facts, SkipReason

CHUNK = 96  # blobs parsed and stored in one piece


class Parsed(Struct, frozen=True):
    """What came of some blobs: what to store of them, and the rows of those that count."""

    packs: list[Pack]
    rows: dict[str, BlobTerms]

    def skips(self) -> Iterator[tuple[str, SkipReason | None]]:
        """Every blob, with the reason where it isn't indexed."""
        return ((r.id, r.skip) for p in self.packs for r in p.rows)


def parsed_blobs(
    folder: Path, git: Git, wanted: list[tuple[str, str, str]], workers: int
) -> Iterator[Parsed]:
    """Read and parse blobs, in order; carefully where a process died over them: in this run, or in the one before."""
    if not wanted:
        return
    with marked(folder) as died:
        done = 0
        try:
            for parsed in () if died else _parsed(git, wanted, workers):
                done += 1
                yield parsed
        except BrokenExecutor:
            died = True
        if died:
            chunks = [wanted[i : i + CHUNK] for i in range(done * CHUNK, len(wanted), CHUNK)]
            yield from one_by_one(partial(parse_blobs, git.git_dir), chunks, _dead)


def _parsed(git: Git, wanted: list[tuple[str, str, str]], workers: int) -> Iterator[Parsed]:
    if workers < 2 or len(wanted) < 4 * CHUNK:
        yield from _parse(git, wanted, CHUNK)
        return
    chunks = [wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)]
    with Workers(workers) as pool:
        yield from pool.map(parse_blobs, [git.git_dir] * len(chunks), chunks)


def parse_here(git: Blobs, wanted: Sequence[tuple[str, str, str]]) -> Iterator[Parsed]:
    """Read and parse blobs given as (sha, path, language), in this process."""
    return _parse(git, wanted, CHUNK)


def parse_blobs(git_dir: Path, wanted: Sequence[tuple[str, str, str]]) -> Parsed:
    """Read and parse blobs given as (sha, path, language). Runs in a worker process."""
    with Git(git_dir) as git:
        return next(_parse(git, wanted, len(wanted)))


def _parse(git: Blobs, wanted: Sequence[tuple[str, str, str]], at_once: int) -> Iterator[Parsed]:
    by_sha: dict[str, list[tuple[str, str]]] = {}
    for sha, path, language in wanted:
        by_sha.setdefault(sha, []).append((path, language))
    every = (
        _record(sha, path, language, data)
        for sha, data in git.blobs(list(by_sha))
        for path, language in by_sha[sha]
    )
    while some := list(islice(every, at_once)):
        rows = blob_terms([(r.id, facts, text) for r, facts, text in some if facts])
        yield Parsed(list(packed(r for r, _, _ in some)), rows)


def _record(sha: str, path: str, language: str, data: bytes | None) -> tuple[Record, Facts | None, str]:
    key = blob_id(sha, language)
    text = SkipReason.UNREADABLE if data is None else inspect(path, data)
    if isinstance(text, SkipReason):
        return Record(key, text), None, ""
    facts = parse(path, text, refine(path, text) or language)
    return record(key, facts, text), facts, text


def _dead(blob: tuple[str, str, str]) -> Parsed:
    sha, _, language = blob
    return Parsed(list(packed([Record(blob_id(sha, language), SkipReason.DIED)])), {})
