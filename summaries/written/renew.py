"""After summaries were written or edited: notes and vectors of their repositories are to follow."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from summaries.index.index import Index
from summaries.index.store import Store
from summaries.vectors.knowledge import read_record, write_record
from summaries.written.store import STAMP


def renew(index: Index, names: Sequence[str]) -> None:
    """Have the next update of the knowledge base take these repositories' summaries over; the caller locks.

    What is published stays as it is, and what the knowledge base holds is read until then.
    """
    for name in names:
        store = Store(index.store(name).path, write=True)
        try:
            store.set_notes(STAMP, {})
        finally:
            store.close()
    record = read_record(index.root)
    behind = {n: replace(h, generation=-1) if n in names else h for n, h in record.repos.items()}
    if behind != record.repos:
        write_record(index.root, replace(record, repos=behind))
