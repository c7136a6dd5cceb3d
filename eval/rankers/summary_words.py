"""Words of file summaries, for the baselines that see nothing else: what `show` prints of a file, and its path.

Summaries are made of each snapshot's own files, and counted once for each content of a path.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from msgspec import Struct

from locator.scope import Scope
from summaries import words
from summaries.index.index import Index
from summaries.index.postings import Floats, Ints, Matches
from summaries.index.shard import View
from summaries.offline.file import file_summary
from summaries.words import Hashes

VIEWS = 200  # snapshots whose counts are kept together


class Counted(Struct, frozen=True):
    """Term counts of one file's or of a snapshot's summaries."""

    files: Ints  # position of the file, for each term
    keys: Hashes
    counts: Floats
    lengths: Floats  # (files,)


_FILES: dict[tuple[str, str, str], tuple[Hashes, Floats]] = {}
_VIEWS: OrderedDict[tuple[str, str], Counted] = OrderedDict()


def matches(index: Index, scope: Scope, keys: Hashes) -> tuple[Matches, Floats]:
    """Where the query's keys occur in summaries of the scope's files, and each summary's length in terms."""
    order = np.argsort(keys)
    query, docs, counts, lengths = [], [], [], []
    for view, start in zip(scope.views, scope.starts, strict=False):
        c = _counted(index, view)
        at = np.searchsorted(keys[order], c.keys)
        hit = (
            (at < len(keys)) & (keys[order][np.minimum(at, len(keys) - 1)] == c.keys)
            if len(keys)
            else c.keys < 0
        )
        query.append(order[at[hit]])
        docs.append(c.files[hit] + int(start))
        counts.append(c.counts[hit])
        lengths.append(c.lengths)
    return Matches(*map(np.concatenate, (query, docs, counts))), np.concatenate(lengths)


def _counted(index: Index, view: View) -> Counted:
    key = (view.repo, view.info.commit)
    if key not in _VIEWS:
        _VIEWS[key] = _count(index, view)
        if len(_VIEWS) > VIEWS:
            _VIEWS.popitem(last=False)
    _VIEWS.move_to_end(key)
    return _VIEWS[key]


def _count(index: Index, view: View) -> Counted:
    names = [(view.repo, view.path(n), view.blob(n)) for n in range(len(view))]
    fresh = [n for n in names if n not in _FILES]
    facts = index.store(view.repo).facts_of([blob for _, _, blob in fresh])
    short = view.repo.rpartition("/")[2]
    for name, (_, f) in zip(fresh, facts, strict=True):
        found = words.count(f"{short} {name[1]} {file_summary(name[1], f, view.repo)}")
        _FILES[name] = (
            np.fromiter(found.keys(), np.uint64, len(found)),
            np.fromiter(found.values(), np.float32, len(found)),
        )
    each = [_FILES[n] for n in names]
    sizes = [len(k) for k, _ in each]
    return Counted(
        np.repeat(np.arange(len(names)), sizes),
        np.concatenate([k for k, _ in each]) if each else np.zeros(0, np.uint64),
        np.concatenate([c for _, c in each]) if each else np.zeros(0, np.float32),
        np.array([float(c.sum()) for _, c in each], np.float32),
    )
