"""`bugatlas search`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from locator.commands.narrow import narrowing
from locator.commands.shared import NOTHING, open_index
from locator.terminal import console, print_json, print_paged
from summaries.config import Settings, options

if TYPE_CHECKING:
    from locator.search.query import By

_WITHOUT = re.compile(r"-[a-z]{2,}:")


class _Query(click.Command):
    """Takes `-path:docs` for a word of the query, not for options called p, a, t and h."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Words that leave out go behind a "--"."""
        end = args.index("--") if "--" in args else len(args)
        without = [a for a in args[:end] if _WITHOUT.match(a)]
        rest = [a for a in args[:end] if not _WITHOUT.match(a)]
        return super().parse_args(ctx, [*rest, "--", *without, *args[end + 1 :]])


@click.command(
    cls=_Query,
    epilog="Exit codes: 0 files found, 1 an error, 2 a wrong request, 3 nothing found, 4 a clone has moved on.",
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY...")
@click.option("--by", type=click.Choice(("words", "meaning", "both")), default="both", show_default=True,
              help="What ranks: the words, what summaries mean, or both.")  # fmt: skip
@narrowing
@options
@click.pass_obj
def search(
    root: Path | None,
    settings: Settings,
    words: tuple[str, ...],
    by: By,
    at: str | None,
    worktree: bool,
    repos: tuple[str, ...],
    languages: tuple[str, ...],
    paths: tuple[str, ...],
    limit: int,
    tests: bool,
    as_json: bool,
    color: str,
    paged: bool,
) -> None:
    """Search the code of all repositories: in your own words, by name, by example or for an exact text.

    \b
      words           what the code is about; names of functions and types count most
      "quoted text"   stands in the file exactly so; in capitals as written, else in any
      near:REPO/PATH  is like that file or directory in meaning
      symbol:NAME     defines that function, method or type
      repo: lang: path: file:     narrow down; -path:NAME and the like leave out

    \b
      bugatlas search retry failed payment
      bugatlas search --by meaning "customers are charged twice"
      bugatlas search near:shop-orders/src/orders/basket.py
      bugatlas search 'symbol:OrderService repo:shop-orders'
      bugatlas search '"connection refused" lang:go -path:examples'
    """
    import msgspec

    from locator.damaged import answered
    from locator.modes import look_up
    from locator.search.query import parse
    from locator.search.search import SearchOptions

    index = open_index(root)
    query = parse(" ".join(words), repos=repos, languages=languages, paths=paths)
    asked = SearchOptions(at, limit, tests, by)
    if worktree:
        from locator.tree.worktree import worktrees

        with worktrees(index, repos, at) as (here, notes):
            results = look_up(here, query, asked, "ignore")
    else:
        index, results, notes = answered(index, lambda sound: look_up(sound, query, asked, settings.stale))
    results = msgspec.structs.replace(results, notes=(*notes, *results.notes))
    if as_json:
        from locator.render.output import searched

        print_json(searched(index, results))
    else:
        from locator.render.search import render

        screen = console(color)
        print_paged(screen, lambda: render(screen, index, results), paged=paged)
    if not results.files:
        raise click.exceptions.Exit(NOTHING)
