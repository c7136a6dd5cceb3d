"""Make a repository's shard: rows of the last shard that are still wanted, plus rows of new blobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.terms import BlobTerms
from summaries import words
from summaries.index.arrays import Strings
from summaries.index.postings import Postings
from summaries.index.shard import SCHEMA, Shard, ShardInfo, SnapshotInfo, View
from summaries.index.store import blob_id
from summaries.index.term_counts import tally
from summaries.owners import without_addresses
from summaries.paths import folders, role_of, suffixes
from summaries.types import Commit, Snapshot

Arrays = dict[str, NDArray[Any]]
_Part = tuple[Any, Any, Any]  # of postings: documents int32, keys uint64 and counts int32
DEPENDENCIES = "go module"  # what bumps of versions change: their commits say nothing of where faults lie
AT_ONCE = 2_000  # commits whose words are counted in one pass


def assemble(
    repo: str,
    snapshots: Sequence[Snapshot],
    languages: Mapping[tuple[str, str], str],
    commits: Sequence[Commit],
    old: Shard | None,
    rows: Callable[[Sequence[str]], Mapping[str, BlobTerms]],
) -> tuple[Arrays, dict[str, str]]:
    """Arrays and metadata of the new shard.

    `languages` maps (path, blob) of every entry to its language; `rows` gives the lexical rows of blobs that
    `old` does not hold. Commits are oldest first and closed under reachability from the snapshots.
    """
    ids = list(
        dict.fromkeys(blob_id(e.blob, languages[e.path, e.blob]) for s in snapshots for e in s.entries)
    )
    paths = sorted({e.path for s in snapshots for e in s.entries})
    blob_at = {b: i for i, b in enumerate(ids)}
    path_at = {p: i for i, p in enumerate(paths)}
    tongues = {p: languages[p, e.blob] for s in snapshots for e in s.entries for p in (e.path,)}

    out: Arrays = _column("paths", paths) | _column("blobs", ids)
    out |= _blob_rows(ids, old, rows)
    serving = {ids[i] for i in np.flatnonzero(out["blob_serves"]).tolist()}
    routing = {
        e.path for s in snapshots for e in s.entries if blob_id(e.blob, languages[e.path, e.blob]) in serving
    }
    out["path_roles"] = np.array([role_of(p, tongues[p], p in routing) for p in paths], np.uint8)
    out |= _path_rows(paths)
    out |= _history(commits, {p: n for p, n in path_at.items() if tongues[p] != DEPENDENCIES})
    order = {c.sha: i for i, c in enumerate(commits)}
    parents = [[order[p] for p in c.parents if p in order] for c in commits]
    for n, s in enumerate(snapshots):
        out[f"snap{n}.paths"] = np.array([path_at[e.path] for e in s.entries], np.uint32)
        found = [blob_at[blob_id(e.blob, languages[e.path, e.blob])] for e in s.entries]
        out[f"snap{n}.blobs"] = np.array(found, np.uint32)
        out[f"snap{n}.commits"] = _reachable(order.get(s.commit), parents)
    return out | _language_codes(ids), _info(repo, ids, snapshots)


def overlay(
    snapshot: Snapshot,
    languages: Mapping[tuple[str, str], str],
    below: View,
    rows: Callable[[Sequence[str]], Mapping[str, BlobTerms]],
) -> tuple[Arrays, dict[str, str]]:
    """Arrays and metadata of a shard with one snapshot, which differs little from one that a shard holds.

    Paths and commits keep their numbers, new paths come behind, so that all that is known of history stays as it is.
    """
    old = below.shard
    named = {e.path: blob_id(e.blob, languages[e.path, e.blob]) for e in snapshot.entries}
    ids = list(dict.fromkeys(named.values()))
    known = set(old.paths)
    paths = [*old.paths, *sorted(named.keys() - known)]
    blob_at = {b: i for i, b in enumerate(ids)}
    path_at = {p: i for i, p in enumerate(paths)}
    tongues = {e.path: languages[e.path, e.blob] for e in snapshot.entries}
    out: Arrays = {n: old.arrays[n] for n in old.arrays.names() if n.startswith(_OF_HISTORY)}
    out |= _column("paths", paths) | _column("blobs", ids)
    out |= _blob_rows(ids, old, rows)
    serves = out["blob_serves"]
    roles = np.zeros(len(paths), np.uint8)
    roles[: len(old.paths)] = old.roles
    for path, blob in named.items():
        roles[path_at[path]] = role_of(path, tongues[path], bool(serves[blob_at[blob]]))
    out["path_roles"] = roles
    out |= _path_rows(paths)
    out["snap0.paths"] = np.array([path_at[p] for p in named], np.uint32)
    out["snap0.blobs"] = np.array([blob_at[b] for b in named.values()], np.uint32)
    out["snap0.commits"] = old.arrays[f"snap{below.number}.commits"]
    return out | _language_codes(ids), _info(snapshot.repo, ids, [snapshot])


_OF_HISTORY = ("commit_", "subjects.", "authors.", "messages.")


def _language_codes(ids: Sequence[str]) -> Arrays:
    """The language of every blob, as a number."""
    at = {name: i for i, name in enumerate(_languages(ids))}
    return {"blob_languages": np.array([at[i.rsplit(".", 1)[1]] for i in ids], np.uint8)}


def _languages(ids: Sequence[str]) -> list[str]:
    return sorted({i.rsplit(".", 1)[1] for i in ids})


def _info(repo: str, ids: Sequence[str], snapshots: Sequence[Snapshot]) -> dict[str, str]:
    """What a shard says of itself."""
    told = tuple(SnapshotInfo(s.commit, s.time, s.ref) for s in snapshots)
    return {"info": msgspec.json.encode(ShardInfo(SCHEMA, repo, tuple(_languages(ids)), told)).decode()}


def _column(name: str, texts: Sequence[str]) -> Arrays:
    ends, data = Strings.pack(texts)
    return {name + ".ends": ends, name + ".bytes": data}


def _blob_rows(
    ids: Sequence[str], old: Shard | None, rows: Callable[[Sequence[str]], Mapping[str, BlobTerms]]
) -> Arrays:
    """Units, heads and marks of all blobs, in the order of `ids`."""
    kept = {b: i for i, b in enumerate(old.blobs.all())} if old else {}
    fresh = rows([i for i in ids if i not in kept])
    spans: list[NDArray[Any]] = []
    unit_counts = np.zeros(len(ids), np.int64)
    serves = np.zeros(len(ids), np.uint8)
    for n, i in enumerate(ids):
        if i in kept and old:
            at = kept[i]
            span = old.unit_spans[old.blob_units[at] : old.blob_units[at + 1]]
            serves[n] = old.serves[at]
        else:
            span = np.frombuffer(fresh[i].units, np.int32).reshape(-1, 3)
            serves[n] = fresh[i].serves
        spans.append(span)
        unit_counts[n] = len(span)
    starts = np.concatenate([[0], np.cumsum(unit_counts)])
    new = [n for n, i in enumerate(ids) if i not in kept]
    carried = _carried_over(ids, kept, old, starts) if old else {}
    out: Arrays = {
        "blob_serves": serves,
        "unit_blobs": np.repeat(np.arange(len(ids), dtype=np.uint32), unit_counts),
        "unit_spans": np.concatenate(spans) if spans else np.zeros((0, 3), np.int32),
    }
    sizes = {"units": int(starts[-1]), "heads": len(ids), "marks": len(ids)}
    for name, part in _fresh([fresh[ids[n]] for n in new], np.array(new, np.int32), starts):
        out |= _postings([part, *carried.get(name, ())], sizes[name]).arrays(name)
    return out


def _fresh(rows: Sequence[BlobTerms], blobs: NDArray[np.int32], starts: Any) -> Iterator[tuple[str, _Part]]:
    """The postings of new blobs. `starts` has the first unit of each blob of the shard."""
    keys = [r.unit_keys for r in rows]
    docs = _joined([r.unit_docs for r in rows], np.int32) + _for_each_key(starts[blobs], keys)
    yield "units", (docs, _joined(keys, np.uint64), _joined([r.unit_counts for r in rows], np.int32))
    keys = [r.head_keys for r in rows]
    counts = _joined([r.head_counts for r in rows], np.int32)
    yield "heads", (_for_each_key(blobs, keys), _joined(keys, np.uint64), counts)
    keys = [r.mark_keys for r in rows]
    docs = _for_each_key(blobs, keys)
    yield "marks", (docs, _joined(keys, np.uint64), np.ones(len(docs), np.int32))


def _joined(rows: Sequence[bytes], kind: type[np.generic]) -> NDArray[Any]:
    return np.frombuffer(b"".join(rows), kind)


def _for_each_key(numbers: NDArray[Any], keys: Sequence[bytes]) -> NDArray[np.int32]:
    """A blob's number for each of its keys."""
    return np.repeat(numbers.astype(np.int32), [len(k) // 8 for k in keys])


def _carried_over(
    ids: Sequence[str], old_ids: Mapping[str, int], old: Shard, starts: Any
) -> dict[str, list[_Part]]:
    """Old postings of blobs that stay, renumbered."""
    out: dict[str, list[_Part]] = {}
    new_of = np.full(len(old.blobs), -1, np.int64)
    for n, i in enumerate(ids):
        if i in old_ids:
            new_of[old_ids[i]] = n
    unit_new = np.where(
        new_of[old.unit_blobs] >= 0,
        starts[np.maximum(new_of[old.unit_blobs], 0)]
        + np.arange(len(old.unit_blobs))
        - old.blob_units[old.unit_blobs],
        -1,
    )
    for name, postings, renumber in (
        ("units", old.units, unit_new),
        ("heads", old.heads, new_of),
        ("marks", old.marks, new_of),
    ):
        if not postings.sound():
            raise old.arrays.damage(f"{name}.docs", "names documents that aren't there")
        docs, keys, counts = postings.triples()
        docs = renumber[docs]
        on = docs >= 0
        out[name] = [(docs[on].astype(np.int32), keys[on], counts[on].astype(np.int32))]
    return out


def _postings(parts: Sequence[_Part], size: int) -> Postings:
    """Of vectors int32, uint64 and int32: a large repository has a hundred million entries, so bytes count here."""
    if len(parts) == 1:
        return Postings.build(*parts[0], size)
    nothing = np.zeros(0, np.int32), np.zeros(0, np.uint64), np.zeros(0, np.int32)
    docs, keys, counts = (np.concatenate([nothing[k], *(p[k] for p in parts)]) for k in range(3))
    return Postings.build(docs, keys, counts, size)


def _bags(bags: Sequence[Mapping[int, int]]) -> Postings:
    sizes = [len(b) for b in bags]
    total = sum(sizes)
    return Postings.build(
        np.repeat(np.arange(len(bags)), sizes),
        np.fromiter((k for b in bags for k in b), np.uint64, total),
        np.fromiter((n for b in bags for n in b.values()), np.int64, total),
        len(bags),
    )


def _path_rows(paths: Sequence[str]) -> Arrays:
    """Words of each path, its suffixes ("p:") and its folders' ("d:")."""
    bags = []
    for p in paths:
        bag = words.count(p.replace("/", " "))
        bag.update({words.key("p:" + s): 1 for s in suffixes(p)})
        bag.update({words.key("d:" + s): 1 for s in folders(p)})
        bags.append(bag)
    return _bags(bags).arrays("names")


def _history(commits: Sequence[Commit], path_at: Mapping[str, int]) -> Arrays:
    """Commits with their words, times and the changed paths that some snapshot still has."""
    touched = [[path_at[p] for p in c.paths if p in path_at] for c in commits]
    sizes = np.array([len(t) for t in touched], np.int64)
    names = sorted({c.author for c in commits})
    number = {name: n for n, name in enumerate(names)}
    return {
        "commit_times": np.array([c.time for c in commits], np.int64),
        "commit_sizes": np.array([len(c.paths) for c in commits], np.uint16),
        "commit_starts": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "commit_paths": np.array([p for t in touched for p in t], np.uint32),
        **_column("subjects", [without_addresses(c.message.split("\n", 1)[0][:200]) for c in commits]),
        **_column("authors", names),
        "commit_authors": np.array([number[c.author] for c in commits], np.uint32),
        "commit_shas": np.frombuffer(bytes.fromhex("".join(c.sha for c in commits)), np.uint8),
        **_messages([c.message if t else "" for c, t in zip(commits, touched, strict=True)]).arrays(
            "messages"
        ),
    }


def _messages(texts: Sequence[str]) -> Postings:
    """Words of commits; one that touches nothing we hold teaches nothing, so it has none."""
    parts: list[_Part] = []
    for at in range(0, len(texts), AT_ONCE):
        some = texts[at : at + AT_ONCE]
        lines = [t.count("\n") + 1 for t in some]
        docs, keys, counts = tally(
            "\n".join(some), np.repeat(np.arange(at, at + len(some), dtype=np.int32), lines)
        )
        parts.append((docs, keys, counts))
    return _postings(parts, len(texts))


def _reachable(tip: int | None, parents: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """Packed bits over commits: which the tip can reach, itself included."""
    seen = bytearray(len(parents))
    stack = [tip] if tip is not None else []
    for n in stack:
        seen[n] = 1
    while stack:
        for p in parents[stack.pop()]:
            if not seen[p]:
                seen[p] = 1
                stack.append(p)
    return np.packbits(np.frombuffer(bytes(seen), np.uint8))
