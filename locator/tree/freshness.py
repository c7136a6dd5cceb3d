"""How old the index of a repository is, and whether its clone has moved on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from locator.answer import Answer, RouteHit
from locator.filters import repositories
from locator.tree.clone_tip import tip
from summaries.errors import StaleError
from summaries.index.index import Index, RepoState

CURRENT, MOVED, GONE, UNKNOWN = "current", "moved on", "gone", "unknown"
NAMED = 3  # repositories that an error names


def clone_of(state: RepoState) -> tuple[str, str]:
    """How a clone stands to its index, and the commit that it is at; reads two small files."""
    folder = Path(state.git_dir)
    if not folder.is_dir():
        return GONE, ""
    now = tip(folder, state.branch)
    return UNKNOWN if not now else CURRENT if now == state.commit else MOVED, now


def checked(index: Index, repos: Sequence[str], stale: str) -> None:
    """Look at every repository that is to be searched. Raises StaleError where `stale` is "fail" and one has moved on."""
    if stale != "fail":
        return
    late = moved(index, repositories(index, repos))
    if not late:
        return
    rest = f" and {len(late) - NAMED} more" if len(late) > NAMED else ""
    names = " ".join(late[:NAMED])
    have = "has" if len(late) == 1 else "have"
    raise StaleError(
        f"{', '.join(late[:NAMED])}{rest} {have} moved on since the last index",
        "run `bugatlas index" + (f" {names}`" if not rest else "`"),
    )


def moved(index: Index, repos: Iterable[str]) -> list[str]:
    """Those of some repositories whose clones have moved on, each once; working trees are read as they are."""
    known = [n for n in dict.fromkeys(repos) if n in index.repos and n not in index.overlays]
    return [n for n in known if clone_of(index.repos[n])[0] == MOVED]


def with_freshness(index: Index, answer: Answer, at: str | None, stale: str) -> Answer:
    """The answer, its repositories with the age of their index; a note names those that have moved on.

    A version that was asked for by name (`at`) grows no older, and with `stale` "ignore" nobody looks at the clones.
    """

    def looked(route: RouteHit) -> RouteHit:
        state = index.repos.get(route.repo)
        if state is None:
            return route
        if at:
            info = index.view(route.repo, route.commit).info
            return replace(route, time=info.time, indexed=index.indexed(route.repo))
        if overlay := index.overlays.get(route.repo):
            return replace(
                route, time=state.time, indexed=index.indexed(route.repo), changed=len(overlay.changed)
            )
        clone = clone_of(state)[0] if stale != "ignore" else ""
        return replace(route, time=state.time, indexed=index.indexed(route.repo), clone=clone)

    routes, also = tuple(map(looked, answer.routes)), tuple(map(looked, answer.also))
    late = [r.repo for r in routes if r.clone == MOVED]
    return replace(answer, routes=routes, also=also, notes=(*answer.notes, *notes_of(late)))


def notes_of(moved: Sequence[str]) -> tuple[str, ...]:
    """A line where some have moved on."""
    if not moved:
        return ()
    have = "has" if len(moved) == 1 else "have"
    return (f"{', '.join(moved)} {have} moved on since the last index",)
