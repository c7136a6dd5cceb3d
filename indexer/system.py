"""Keep the top of the tree in step with the index: what repositories hand up, who uses whom, and whom through others."""

from __future__ import annotations

from collections import Counter

import msgspec
from msgspec.structs import replace

from indexer.services.links import links
from indexer.services.walks import walks
from summaries.errors import IndexDamaged
from summaries.fs import replace as write
from summaries.index.index import Index
from summaries.offline.system import purpose_of
from summaries.system import FILE, OUTSIDE, Member, Outside, Use, read
from summaries.written.store import effective

MOST = 500  # repositories that are linked (a guess): beyond, purposes and words have to do


def update(index: Index, *, anew: bool = False) -> bool:
    """Write the system's file anew where a repository changed, or `anew`; whether it did. The caller holds the write lock."""
    old = read(index.root)
    now = {n: s.generation for n, s in index.repos.items()}
    if {n: p.generation for n, p in old.parts.items()} == now and not anew:
        return False
    linked = len(now) <= MOST
    shown: dict[str, Outside] = {}
    parts: dict[str, Member] = {}
    for name, generation in sorted(now.items()):
        known = old.parts.get(name)
        if not linked and not anew and known and known.generation == generation:
            parts[name] = known
            continue
        try:
            shown[name] = msgspec.json.decode(index.store(name).note(OUTSIDE), type=Outside)
        except (IndexDamaged, msgspec.MsgspecError):  # of an older version, or damaged: `doctor` tells
            shown[name] = Outside("")
        own = effective(index.folder(name), {}, ("",)).texts.get("", "")  # written, or edited by a person
        parts[name] = Member(purpose_of(own) or shown[name].purpose, shown[name].words, generation)
    uses = _uses(index, shown) if linked else ()
    # Most edits leave the uses as they are: then nothing walks.
    same = uses == old.uses and (old.walks or not uses) and not anew
    new = replace(old, parts=parts, uses=uses, walks=old.walks if same else walks(uses))
    write(index.root / FILE, msgspec.json.encode(new, order="deterministic"))
    return True


def _uses(index: Index, shown: dict[str, Outside]) -> tuple[Use, ...]:
    """Who uses whom, by kind, with the number of different routes, topics, modules or hosts."""
    files = {n: [(f"{f.language}/{f.language}", f) for f in o.facts] for n, o in shown.items()}
    found = links(files, {n: index.repos[n].aliases for n in shown})
    count: Counter[tuple[str, str, str]] = Counter()
    detail: dict[tuple[str, str, str], str] = {}
    for link in found:
        key = (link.source, link.target, link.kind)
        count[key] += 1
        detail.setdefault(key, link.detail)
    return tuple(Use(*key, n, detail[key]) for key, n in sorted(count.items()))
