"""`show --edit`: a summary in a person's own words, which stands before every other and survives indexing."""

from __future__ import annotations

import click

from locator.tree.show import look, resolve
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.written.renew import renew
from summaries.written.store import Written

MOST = 4000  # characters of a summary
_MARK = "# Lines from here on are not kept. An empty summary gives the place back to the machine."


def edit(index: Index, target: str) -> str:
    """Open an editor on a place's summary and keep what is saved; what was done, in one line.

    Raises UsageError for a name that is unknown or a summary that is too long, IndexLocked.
    """
    if not target.strip("/ "):
        raise UsageError("name what to edit", "bugatlas show REPO[/DIR[/FILE]] --edit")
    node = look(index, target, depth=0)
    shown = f"{node.summary}\n\n{_MARK}\n# {resolve(index, target)[0]}/{node.path}\n"
    saved = click.edit(shown, extension=".md")
    if saved is None:
        return "nothing changed"
    text = " ".join(saved.split(_MARK)[0].split())
    if len(text) > MOST:
        raise UsageError(f"the summary has {len(text):,} characters, at most {MOST:,} are kept")
    if text == " ".join(node.summary.split()):
        return "nothing changed"
    keep(index, node.repo, node.path, text)
    return "kept" if text else "given back to the machine"


def keep(index: Index, repo: str, path: str, text: str) -> None:
    """Keep an edited summary and make it seen: vectors follow with the next `bugatlas index`."""
    with index.writing():
        kept = Written(index.folder(repo), write=True)
        try:
            kept.keep_edit(path, text)
        finally:
            kept.close()
        renew(index, [repo])
