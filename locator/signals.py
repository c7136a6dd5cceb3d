"""Voters: what each kind of evidence says of every file in scope, as one number per file.

All vectors run over the files of all views in scope, end to end. Statistics (document frequencies, mean
lengths) are those of the whole scope, so that scores of different repositories can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locator.query import Query
from summaries.paths import Role
from summaries.postings import Floats, Ints, Matches, Postings, bm25, idf, weighted
from summaries.shard import View
from summaries.words import Hashes, hashes

UNIT_DECAY = 0.6  # weight of the next best unit of the same file
UNIT_DEPTH = 5
RARE = 4  # a word in at most so many files is rare
NEIGHBOURS = 50  # past commits that vote


class Scope:
    """The views that a query runs over."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = list(views)
        sizes = [len(v) for v in self.views]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self.starts[-1])

    @cached_property
    def repo_of(self) -> Ints:
        """Number of the view of every file."""
        return np.repeat(np.arange(len(self.views)), np.diff(self.starts))

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """Roles of every file."""
        return np.concatenate([v.roles for v in self.views]) if self.views else np.zeros(0, np.uint8)

    def with_role(self, role: Role) -> NDArray[np.bool_]:
        """Files that have any of these roles."""
        return (self.roles & np.uint8(role)) > 0

    def locate(self, i: int) -> tuple[View, int]:
        """View and file number within it."""
        r = int(np.searchsorted(self.starts, i, side="right")) - 1
        return self.views[r], i - int(self.starts[r])


def signals(scope: Scope, query: Query) -> dict[str, Floats]:
    """Every voter's vector, raw (not normalised), by name."""
    out: dict[str, Floats] = {}
    out |= _lexical(scope, query)
    out |= _heads_and_paths(scope, query)
    out |= _marks(scope, query)
    out |= _explicit_paths(scope, query)
    out |= _history(scope, query)
    return out


# --- words ----------------------------------------------------------------------------------------------


def _gather(scope: Scope, field: str, keys: Hashes) -> list[Matches]:
    return [getattr(v.shard, field).match(keys) for v in scope.views]


def _total(found: Sequence[Matches], terms: int) -> Ints:
    return np.sum([m.frequencies(terms) for m in found], axis=0) if found else np.zeros(terms, np.int64)


def _lexical(scope: Scope, query: Query) -> dict[str, Floats]:
    """Words of files and of their units, and rare words of the report's prose."""
    keys, weights = weighted(query.bag)
    title = np.array([query.title.get(int(k), 0.0) for k in keys], np.float32)
    prose = np.array([float(int(k) in query.prose) for k in keys], np.float32)
    units = [m.keep(v.unit_mask) for v, m in zip(scope.views, _gather(scope, "units", keys), strict=True)]
    files = [m.grouped(v.shard.unit_blobs) for v, m in zip(scope.views, units, strict=True)]
    lengths = [v.lengths for v in scope.views]
    words_total = sum(x[1] for x in lengths)
    n_units = sum(x[2] for x in lengths)
    df = _total(files, len(keys))
    idf_files = idf(df, scope.size)
    idf_units = idf(_total(units, len(keys)), n_units)
    rare = np.where((df > 0) & (df <= RARE), prose / np.maximum(df, 1), 0).astype(np.float32)
    body, head, by_unit, best, seldom = [], [], [], [], []
    for v, u, f, (per_blob, _, _) in zip(scope.views, units, files, lengths, strict=True):
        mean_file = words_total / max(scope.size, 1)
        body.append(bm25(f, weights * idf_files, per_blob, mean_file, 1.2, 0.75)[v.blob_ids])
        head.append(bm25(f, title * idf_files, per_blob, mean_file, 1.2, 0.75)[v.blob_ids])
        scores = bm25(u, weights * idf_units, v.shard.units.lengths, words_total / max(n_units, 1), 1.5, 0.5)
        decayed, top = _by_blob(scores, v)
        by_unit.append(decayed[v.blob_ids])
        best.append(top[v.blob_ids])
        seldom.append(np.bincount(f.docs, weights=rare[f.query], minlength=len(v.shard.blobs))[v.blob_ids])
    return {
        "body": _join(body), "title": _join(head), "units": _join(by_unit),
        "unit": _join(best), "rare": _join(seldom),
    }  # fmt: skip


def _by_blob(scores: Floats, view: View) -> tuple[Floats, Floats]:
    """Decayed sum of the best units of each blob, and the best alone."""
    blobs = len(view.shard.blobs)
    hit = np.flatnonzero(scores > 0)
    blob = view.shard.unit_blobs[hit]
    order = np.lexsort((-scores[hit], blob))
    hit, blob = hit[order], blob[order]
    first = np.searchsorted(blob, blob)
    rank = np.arange(len(hit)) - first
    on = rank < UNIT_DEPTH
    decayed = np.bincount(blob[on], weights=scores[hit[on]] * UNIT_DECAY ** rank[on], minlength=blobs)
    top = np.bincount(blob[rank == 0], weights=scores[hit[rank == 0]], minlength=blobs)
    return decayed.astype(np.float32), top.astype(np.float32)


def _join(parts: Sequence[Any]) -> Floats:
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)


def _field(
    scope: Scope, field: str, bag: dict[int, float], k1: float, b: float, *, by_path: bool
) -> Floats:
    """BM25 over a field of blobs or of paths."""
    keys, weights = weighted(bag)
    found, total = [], 0.0
    for v, m in zip(scope.views, _gather(scope, field, keys), strict=True):
        found.append(m.keep(v.path_mask if by_path else v.blob_mask))
        rows = v.path_ids if by_path else v.blob_ids
        total += float(getattr(v.shard, field).lengths[rows].sum())
    w = weights * idf(_total(found, len(keys)), scope.size)
    return _join(
        [
            bm25(m, w, getattr(v.shard, field).lengths, total / max(scope.size, 1), k1, b)[
                v.path_ids if by_path else v.blob_ids
            ]
            for v, m in zip(scope.views, found, strict=True)
        ]
    )


def _heads_and_paths(scope: Scope, query: Query) -> dict[str, Floats]:
    return {
        "summary": _field(scope, "heads", query.bag, 1.2, 0.75, by_path=False),
        "path": _field(scope, "names", query.bag, 1.2, 0.3, by_path=True),
    }


# --- exact evidence -------------------------------------------------------------------------------------


def _marks(scope: Scope, query: Query) -> dict[str, Floats]:
    """Names, phrases of messages, routes, topics, keys: each counts by its rarity in scope."""
    kinds = sorted({m.kind for m in query.marks})
    out = {f"mark:{k}": np.zeros(scope.size, np.float32) for k in kinds}
    if not query.marks:
        return out
    keys = np.array([m.key for m in query.marks], np.uint64)
    found = [m.keep(v.blob_mask) for v, m in zip(scope.views, _gather(scope, "marks", keys), strict=True)]
    df = _total(found, len(keys))
    worth = np.where(df > 0, 1.0 / np.maximum(df, 1), 0) * np.array([1.5 if m.title else 1.0 for m in query.marks])
    kind_of = np.array([kinds.index(m.kind) for m in query.marks])
    for v, m, start in zip(scope.views, found, scope.starts, strict=False):
        for n, kind in enumerate(kinds):
            on = kind_of[m.query] == n
            if on.any():
                score = np.bincount(m.docs[on], weights=worth[m.query[on]], minlength=len(v.shard.blobs))
                out[f"mark:{kind}"][start : start + len(v)] = score[v.blob_ids]
    return out


def _explicit_paths(scope: Scope, query: Query) -> dict[str, Floats]:
    """Files that the report names: by path, module, link, log position or stack frame.

    A mention is matched by the longest suffix that any file has; it is worth 1 / number of such files.
    """
    from summaries.paths import suffixes

    wanted: list[tuple[str, list[str], float]] = []
    seen_trace: dict[int, int] = {}
    for f in query.report.frames:
        names = [*suffixes(f.path)[::-1], *_module_suffixes(f.module)]
        if f.library or not names:
            continue
        nth = seen_trace.get(f.trace, 0)
        seen_trace[f.trace] = nth + 1
        wanted.append(("frame", names, 1.0 / (1 + nth)))
    for m in query.report.mentions:
        if m.kind in ("path", "position", "url_file"):
            path = m.text.split(":", 1)[-1] if m.kind == "url_file" else m.text
            names = suffixes(path)[::-1]
            deep = "/" in path.strip("/")
            kind = {"position": "position", "url_file": "link"}.get(m.kind, "path" if deep else "file")
            wanted.append((kind, names, 1.5 if m.title else 1.0))
        elif m.kind == "dotted":
            wanted.append(("module", _module_suffixes(m.text), 1.5 if m.title else 1.0))
    out = {k: np.zeros(scope.size, np.float32) for k in ("frame", "path", "file", "position", "link", "module")}
    if not wanted:
        return out
    every = sorted({n for _, names, _ in wanted for n in names})
    keys = hashes("p:" + n for n in every)
    at = {n: i for i, n in enumerate(every)}
    found = [m.keep(v.path_mask) for v, m in zip(scope.views, _gather(scope, "names", keys), strict=True)]
    df = _total(found, len(every))
    files = [
        (start + v.file_of_path[m.docs], m.query) for v, m, start in zip(scope.views, found, scope.starts, strict=False)
    ]
    where = np.concatenate([f for f, _ in files]) if files else np.zeros(0, np.int64)
    which = np.concatenate([q for _, q in files]) if files else np.zeros(0, np.int64)
    for kind, names, worth in wanted:
        best = next((at[n] for n in names if df[at[n]]), None)
        if best is None or df[best] > 200:
            continue
        hit = where[which == best]
        np.maximum.at(out[kind], hit, worth / df[best])
    return out


def _module_suffixes(module: str) -> list[str]:
    """Path suffixes that a dotted or slashed module name may stand for, longest first."""
    if not module:
        return []
    if "/" in module:
        return []
    parts = [p for p in module.lower().replace("::", ".").split(".") if p]
    tails = []
    for end in (len(parts), len(parts) - 1, len(parts) - 2):
        for start in range(max(0, end - 6), end - 1):
            tails.append("/".join(parts[start:end]))
            tails.append("/".join([*parts[start:end], "__init__"]))
    return sorted(dict.fromkeys(tails), key=lambda t: -t.count("/"))


# --- history --------------------------------------------------------------------------------------------


def _history(scope: Scope, query: Query) -> dict[str, Floats]:
    """Files that past commits in similar words changed (Zhou et al., ICSE 2012, with commits for reports)."""
    bag = {k: w for k, w in query.bag.items() if k in query.prose}
    keys, weights = weighted(bag)
    title = np.array([query.title.get(int(k), 0.0) for k in keys], np.float32)
    found, lengths, n = [], 0.0, 0
    for v, m in zip(scope.views, _gather(scope, "messages", keys), strict=True):
        mask = v.commit_mask & (v.shard.messages.lengths > 0)
        found.append(m.keep(mask))
        lengths += float(v.shard.messages.lengths[mask].sum())
        n += int(mask.sum())
    rarity = idf(_total(found, len(keys)), n)
    out = {}
    for name, w in (("history", weights), ("history_title", title)):
        scored = [
            bm25(m, w * rarity, v.shard.messages.lengths, lengths / max(n, 1), 1.2, 0.75)
            for v, m in zip(scope.views, found, strict=True)
        ]
        out[name] = _spread(scope, scored)
        out[name + "_own"] = _spread(scope, scored, per_view=True)
    return out


def _spread(scope: Scope, scored: Sequence[Floats], *, per_view: bool = False) -> Floats:
    """Scores of commits to the files they changed: the best commits in scope (or of each view) vote."""
    every = np.concatenate(scored) if scored else np.zeros(0, np.float32)
    if not every.size or every.max() <= 0:
        return np.zeros(scope.size, np.float32)

    def bar(s: Floats) -> float:
        return float(np.partition(s, -NEIGHBOURS)[-NEIGHBOURS]) if len(s) > NEIGHBOURS else 0.0

    floor, top = bar(every), float(every.max())
    out = np.zeros(scope.size, np.float32)
    for v, s, start in zip(scope.views, scored, scope.starts, strict=False):
        if not len(s):
            continue
        at = np.flatnonzero((s > 0) & (s >= (bar(s) if per_view else floor)))
        sizes = v.shard.arrays["commit_sizes"][at].astype(np.int64)
        at = at[(sizes > 0) & (sizes <= 15)]
        begins = v.shard.arrays["commit_starts"]
        count = begins[at + 1] - begins[at]
        ends = np.cumsum(count)
        total = int(ends[-1]) if len(ends) else 0
        where = np.arange(total) + np.repeat(begins[at] - (ends - count), count)
        files = v.file_of_path[v.shard.arrays["commit_paths"][where].astype(np.int64)]
        worth = np.repeat((s[at] / top) ** 2 / np.sqrt(np.maximum(v.shard.arrays["commit_sizes"][at], 1)), count)
        on = files >= 0
        out[start : start + len(v)] += np.bincount(files[on], weights=worth[on], minlength=len(v)).astype(np.float32)
    return out


__all__ = ["Postings", "Scope", "signals"]
