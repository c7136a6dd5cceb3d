"""The catalogues of a view."""

from __future__ import annotations

from summaries.index.shard import View
from summaries.locales import language


def catalogues(view: View) -> tuple[tuple[int, str], ...]:
    """Catalogues of a view and their languages, by file; a list to be kept with the view."""
    found = ((i, language(path)) for i, path in enumerate(view.paths))
    return tuple((i, code) for i, code in found if code)


def numbers(view: View) -> frozenset[int]:
    """Catalogues of a view, by file."""
    return frozenset(i for i, _ in view.memo(catalogues))
