"""How a store keeps its pieces small: what was met together is compressed together.

Neighbours in a folder say much the same, and a file's facts are quoted from its text, so a pack of some files
takes three fifths of what its files take one by one. To read one of them is to unpack them all: a quarter of a
millisecond, which bounds the size of a pack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from summaries.index.zstd import compress, decompress
from summaries.types import Commit, Facts, SkipReason

LEVEL = 6
SIZE = 256_000  # bytes of facts and texts that fill a pack: 7 % less room than 96,000 take, for .15 ms more
NOTES = 24_000  # the same of notes, which are read one by one

# --- blobs ---------------------------------------------------------------------------------------------------


class Record(Struct, frozen=True):
    """One blob as parsed. Either `skip` or all of the rest is set."""

    id: str
    skip: SkipReason | None = None
    facts: bytes = b""
    text: bytes = b""


class PackRow(Struct, frozen=True, array_like=True):
    """Where a blob is in its pack: its facts, and its text right after them."""

    id: str
    skip: SkipReason | None
    start: int = 0
    middle: int = 0
    end: int = 0


class Pack(Struct, frozen=True, array_like=True):
    """Some blobs as an indexing worker hands them over. Without data all of them are skipped."""

    rows: tuple[PackRow, ...]
    data: bytes


_encode = msgspec.msgpack.Encoder().encode
decode_facts = msgspec.msgpack.Decoder(Facts).decode


def record(key: str, facts: Facts, text: str) -> Record:
    """A parsed blob as a row."""
    return Record(key, None, _encode(facts), text.encode("utf-8", "replace"))


def packed(records: Iterable[Record]) -> Iterator[Pack]:
    """Packs of records, in their order."""
    rows: list[PackRow] = []
    pieces: list[bytes] = []
    size = 0
    for r in records:
        middle = size + len(r.facts)
        rows.append(PackRow(r.id, r.skip, size, middle, middle + len(r.text)))
        pieces += (r.facts, r.text)
        size = middle + len(r.text)
        if size >= SIZE:
            yield Pack(tuple(rows), compress(b"".join(pieces), LEVEL))
            rows, pieces, size = [], [], 0
    if rows:
        yield Pack(tuple(rows), compress(b"".join(pieces), LEVEL) if size else b"")


# --- notes ---------------------------------------------------------------------------------------------------

_decode_notes = msgspec.msgpack.Decoder(dict[str, str]).decode


def pack_notes(texts: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Packs of named texts in order of name, each with its first name."""
    part: dict[str, str] = {}
    size = 0
    for name, text in sorted(texts.items()):
        part[name] = text
        size += len(name) + len(text)
        if size >= NOTES:
            yield next(iter(part)), compress(_encode(part), LEVEL)
            part, size = {}, 0
    if part:
        yield next(iter(part)), compress(_encode(part), LEVEL)


def unpack_notes(data: bytes) -> dict[str, str]:
    """The named texts of a pack."""
    return _decode_notes(decompress(data))


# --- commits -------------------------------------------------------------------------------------------------


class _Columns(Struct, array_like=True):
    """Commits column by column. Their names, which nothing compresses, are kept once and as bytes."""

    shas: bytes
    parents: list[tuple[int | bytes, ...]]  # how many rows above, or the name of one that isn't here
    times: list[int]  # since the commit above
    authored: list[int]  # since the commit's own time
    messages: list[str]
    paths: list[tuple[str, ...]]
    renames: list[tuple[tuple[str, str], ...]]
    authors: list[str]


_decode_columns = msgspec.msgpack.Decoder(_Columns).decode


def pack_commits(commits: Sequence[Commit]) -> bytes:
    """Pack commits, parents before children."""
    row = {c.sha: n for n, c in enumerate(commits)}
    columns = _Columns(
        b"".join(bytes.fromhex(c.sha) for c in commits),
        [
            tuple(n - row[p] if p in row else bytes.fromhex(p) for p in c.parents)
            for n, c in enumerate(commits)
        ],
        [c.time - before for c, before in zip(commits, [0, *(c.time for c in commits)], strict=False)],
        [c.authored - c.time for c in commits],
        [c.message for c in commits],
        [c.paths for c in commits],
        [c.renames for c in commits],
        [c.author for c in commits],
    )
    return compress(_encode(columns), LEVEL)


def unpack_commits(data: bytes) -> Iterator[Commit]:
    """The commits of a pack."""
    c = _decode_columns(decompress(data))
    names = c.shas.hex()
    digits = len(names) // max(len(c.times), 1)
    shas = [names[at : at + digits] for at in range(0, digits * len(c.times), digits)]
    time = 0
    for n, sha in enumerate(shas):
        time += c.times[n]
        parents = tuple(shas[n - p] if isinstance(p, int) else p.hex() for p in c.parents[n])
        authored = time + c.authored[n]
        yield Commit(sha, time, parents, c.messages[n], c.paths[n], c.renames[n], authored, c.authors[n])
