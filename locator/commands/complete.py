"""What a shell completes: repositories, their directories and files, languages, refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from locator.commands.shared import open_index

if TYPE_CHECKING:
    from summaries.index.index import Index


def _index_of(ctx: click.Context) -> Index | None:
    """The index that completions come from; None where there is none."""
    from summaries.errors import BugatlasError

    try:
        return open_index(ctx.params.get("index") or ctx.find_root().params.get("index"))
    except BugatlasError:
        return None


def repositories(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Names of repositories that begin with what was typed, or whose last part does."""
    index = _index_of(ctx)
    names = list(index.repos) if index else []
    return [n for n in names if n.startswith(start)] or [
        n for n in names if n.rpartition("/")[2].startswith(start)
    ]


def nodes(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Repositories, and below one its directories and files, one level at a time."""
    index = _index_of(ctx)
    repo = next((n for n in (index.repos if index else ()) if start.startswith(f"{n}/")), "")
    if not index or not repo:
        return repositories(ctx, param, start)
    level = start.count("/")
    found = {
        "/".join(parts[: level + 1]) + ("/" if len(parts) > level + 1 else "")
        for path in index.view(repo).paths
        if (name := f"{repo}/{path}").startswith(start)
        for parts in [name.split("/")]
    }
    return sorted(found)


def languages(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Languages of the indexed files."""
    index = _index_of(ctx)
    names = {language for state in (index.repos.values() if index else ()) for language in state.files}
    return sorted(n for n in names if n.startswith(start))


def refs(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Refs and dates that the index holds beside the heads."""
    index = _index_of(ctx)
    if index is None:
        return []
    refs = {s.ref for name in index.repos for s in index.shard(name).info.snapshots if s.ref != s.commit}
    return sorted(r for r in refs if r.startswith(start))
