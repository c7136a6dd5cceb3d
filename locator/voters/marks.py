"""Exact things that the report names: functions, messages, routes, topics, configuration keys, errors."""

from __future__ import annotations

import numpy as np

from locator.query import MarkKind, Query
from locator.scope import Scope
from summaries.index.postings import Floats


def marks(scope: Scope, query: Query) -> dict[MarkKind, Floats]:
    """What files have of them, by kind; each counts by its rarity in scope, 1 / files that have it."""
    out = {kind: np.zeros(scope.size, np.float32) for kind in MarkKind}
    if not query.marks:
        return out
    keys = np.array([m.key for m in query.marks], np.uint64)
    found = scope.matches("marks", keys)
    df = found.frequencies(len(keys))
    weights = np.where(df > 0, 1.0 / np.maximum(df, 1), 0) * np.array([m.weight for m in query.marks])
    kinds = list(MarkKind)
    kind_of = np.array([kinds.index(m.kind) for m in query.marks])
    for kind in {m.kind for m in query.marks}:
        on = kind_of[found.query] == kinds.index(kind)
        score = np.bincount(found.docs[on], weights[found.query[on]], int(scope.firsts("blob")[-1]))
        out[kind] = score[scope.blob_ids].astype(np.float32)
    return out
