"""Exact evidence: what the report quotes or names, looked up."""

from __future__ import annotations

import numpy as np

from locator.query import Query
from locator.scope import Scope, total
from summaries.paths import suffixes
from summaries.postings import Floats
from summaries.words import hashes


def marks(scope: Scope, query: Query) -> dict[str, Floats]:
    """Names, phrases of messages, routes, topics, keys: each counts by its rarity in scope."""
    kinds = sorted({m.kind for m in query.marks})
    out = {f"mark:{k}": np.zeros(scope.size, np.float32) for k in kinds}
    if not query.marks:
        return out
    keys = np.array([m.key for m in query.marks], np.uint64)
    found = [m.keep(v.blob_mask) for v, m in zip(scope.views, scope.gather("marks", keys), strict=True)]
    df = total(found, len(keys))
    worth = np.where(df > 0, 1.0 / np.maximum(df, 1), 0) * np.array(
        [1.5 if m.title else 1.0 for m in query.marks]
    )
    kind_of = np.array([kinds.index(m.kind) for m in query.marks])
    for v, m, start in zip(scope.views, found, scope.starts, strict=False):
        for n, kind in enumerate(kinds):
            on = kind_of[m.query] == n
            if on.any():
                score = np.bincount(m.docs[on], weights=worth[m.query[on]], minlength=len(v.shard.blobs))
                out[f"mark:{kind}"][start : start + len(v)] = score[v.blob_ids]
    return out


Mentioned = tuple[str, list[str], float]  # kind, suffixes from the longest, worth


def mentioned(query: Query) -> list[Mentioned]:
    """Files that the report names in any way."""
    wanted: list[Mentioned] = []
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
    return wanted


def paths(scope: Scope, query: Query) -> dict[str, Floats]:
    """Files that the report names: by path, module, link, log position or stack frame.

    A mention is matched by the longest suffix that any file has; it is worth 1 / number of such files.
    """
    wanted = mentioned(query)
    out = {
        f"at:{k}": np.zeros(scope.size, np.float32)
        for k in ("frame", "path", "file", "position", "link", "module")
    }
    if not wanted:
        return out
    every = sorted({n for _, names, _ in wanted for n in names})
    keys = hashes("p:" + n for n in every)
    at = {n: i for i, n in enumerate(every)}
    found = [m.keep(v.path_mask) for v, m in zip(scope.views, scope.gather("names", keys), strict=True)]
    df = total(found, len(every))
    files = [
        (start + v.file_of_path[m.docs], m.query)
        for v, m, start in zip(scope.views, found, scope.starts, strict=False)
    ]
    where = np.concatenate([f for f, _ in files]) if files else np.zeros(0, np.int64)
    which = np.concatenate([q for _, q in files]) if files else np.zeros(0, np.int64)
    for kind, names, worth in wanted:
        best = next((at[n] for n in names if df[at[n]]), None)
        if best is None or df[best] > 200:
            continue
        hit = where[which == best]
        np.maximum.at(out[f"at:{kind}"], hit, worth / df[best])
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
