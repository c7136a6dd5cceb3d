"""Collaborators: files that define what the best functions so far use.

Reports name the symptom; the fault is often one call further. Blunt spreading over a call or import graph hurts
(popular helpers win), so only the two best functions of the five best files speak, and only names that at most
three files define are followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from locator.scope import Scope, total
from summaries.postings import Floats
from summaries.shard import View
from summaries.words import hashes

FILES, UNITS, DECAY = 5, 2, 0.7
MOST_OWNERS = 3
_NAME = re.compile(r"[A-Za-z_]\w{3,80}")

Texts = Callable[[View, int], str]  # text of a view's file
Called = dict[int, tuple[str, str]]  # file -> (name, path of the file that uses it), the strongest


def callees(
    scope: Scope, units: Sequence[Floats], best: Sequence[int], texts: Texts
) -> tuple[Floats, Called]:
    """Worth of every file as a collaborator of the files `best`, and by which name."""
    out = np.zeros(scope.size, np.float32)
    used: dict[str, tuple[float, int]] = {}
    for place, i in enumerate(best[:FILES]):
        view, n = scope.locate(i)
        shard, blob = view.shard, int(view.blob_ids[n])
        lo, hi = int(shard.blob_units[blob]), int(shard.blob_units[blob + 1])
        lines = texts(view, n).split("\n")
        for u in np.argsort(-units[scope.views.index(view)][lo:hi], kind="stable")[:UNITS]:
            first, last, _ = (int(x) for x in shard.unit_spans[lo + int(u)])
            for name in set(_NAME.findall("\n".join(lines[first - 1 : last])[:50_000])):
                used.setdefault(name, (DECAY**place, i))
    names = sorted(used)
    found = [
        m.keep(v.blob_mask)
        for v, m in zip(scope.views, scope.gather("marks", hashes("n:" + n for n in names)), strict=True)
    ]
    owners = total(found, len(names))
    worth = np.array([used[n][0] for n in names]) * np.where((owners > 0) & (owners <= MOST_OWNERS), 1, 0)
    worth = worth / np.maximum(owners, 1)
    called: Called = {}
    for v, m, start in zip(scope.views, found, scope.starts, strict=False):
        if not worth[m.query].any():
            continue
        by_blob = np.bincount(m.docs, weights=worth[m.query], minlength=len(v.shard.blobs))
        out[start : start + len(v)] = by_blob[v.blob_ids]
        strongest: dict[int, int] = {}
        for q, doc in zip(m.query.tolist(), m.docs.tolist(), strict=True):
            if worth[q] > 0 and (doc not in strongest or worth[q] > worth[strongest[doc]]):
                strongest[doc] = q
        for n in np.flatnonzero(out[start : start + len(v)] > 0).tolist():
            name = names[strongest[int(v.blob_ids[n])]]
            user = used[name][1]
            if user != start + n:  # its own use of its own name is no news
                origin, at = scope.locate(user)
                called[int(start) + n] = (name, origin.path(at))
    return out, called
