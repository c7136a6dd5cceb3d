"""The top of the tree, read: what the system is, who serves whom, which words mean which part."""

from __future__ import annotations

import msgspec

from summaries.errors import BugatlasError
from summaries.index.index import Index
from summaries.offline.system import LIMIT, compose
from summaries.system import OUTSIDE, Member, Outside, System, read

MOST = 300  # repositories whose stores are opened where the index has no file of the system (a guess)


def system_of(index: Index) -> System:
    """What the index holds of its system; of an index read from elsewhere, what its repositories hand up."""
    found = read(index.root)
    if found.parts.keys() & index.repos.keys() or len(index.repos) > MOST:
        return found
    parts: dict[str, Member] = {}
    for name, state in index.repos.items():
        try:
            shown = msgspec.json.decode(index.store(name).note(OUTSIDE), type=Outside)
        except (BugatlasError, OSError, msgspec.MsgspecError):
            continue
        parts[name] = Member(shown.purpose, shown.words, state.generation)
    return System(parts)


def system_summary(index: Index, limit: int = LIMIT) -> str:
    """A text of at most `limit` characters on the repositories that the index shows; "" where nothing is known.

    One line for the whole, lines for its layers, and a line for each repository. What a model wrote stands
    instead where all repositories are shown.
    """
    return compose(system_of(index), index.repos, limit)
