"""Collaborators: files that define what the best functions so far use.

Reports name the symptom; the fault is often one call further. Blunt spreading over a call or import graph hurts
(popular helpers win), so only the two best functions of the five best files speak, and only names that at most
three files define are followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from locator.scope import Scope
from summaries.index.postings import Floats
from summaries.index.shard import View
from summaries.words import hashes

FILES, UNITS, DECAY = 5, 2, 0.7
MOST_OWNERS = 3
_NAME = re.compile(r"[A-Za-z_]\w{3,80}")

Texts = Callable[[View, int], str]  # text of a view's file
Called = dict[int, tuple[str, str]]  # file -> (name, path of the file that uses it), the strongest


def callees(
    scope: Scope, units: Sequence[Floats], best: Sequence[int], texts: Texts
) -> tuple[Floats, Called]:
    """Weight of every file as a collaborator of the files `best`, and by which name."""
    out = np.zeros(scope.size, np.float32)
    used: dict[str, tuple[float, int]] = {}
    for place, i in enumerate(best[:FILES]):
        view, n = scope.locate(i)
        shard, blob = view.shard, int(view.blob_ids[n])
        lo, hi = int(shard.blob_units[blob]), int(shard.blob_units[blob + 1])
        lines = texts(view, n).split("\n")
        own = units[scope.number(i)][lo:hi]
        for u in np.argsort(-own, kind="stable")[:UNITS]:
            if own[u] <= 0:  # nothing of the report is there
                break
            first, last, _ = (int(x) for x in shard.unit_spans[lo + int(u)])
            for name in set(_NAME.findall("\n".join(lines[first - 1 : last])[:50_000])):
                used.setdefault(name, (DECAY**place, i))
    names = sorted(used)
    found = scope.matches("marks", hashes("n:" + n for n in names))
    owners = found.frequencies(len(names))
    weight = np.array([used[n][0] for n in names]) * np.where((owners > 0) & (owners <= MOST_OWNERS), 1, 0)
    weight = weight / np.maximum(owners, 1)
    on = weight[found.query] > 0
    query, docs = found.query[on], found.docs[on]
    by_blob = np.bincount(docs, weight[query], int(scope.firsts("blob")[-1]))
    out[:] = by_blob[scope.blob_ids]
    strongest: dict[int, int] = {}
    for q, doc in zip(query.tolist(), docs.tolist(), strict=True):
        if doc not in strongest or weight[q] > weight[strongest[doc]]:
            strongest[doc] = q
    called: Called = {}
    for i in np.flatnonzero(out > 0).tolist():
        name = names[strongest[int(scope.blob_ids[i])]]
        user = used[name][1]
        if user != i:  # its own use of its own name is no news
            view, n = scope.locate(user)
            called[i] = name, view.path(n)
    return out, called
