"""The commands that read: locate, search, show and status, each a thin face of the module that answers.

Exit codes: 0 an answer; 1 an error; 2 a wrong request; 3 no confident match, or nothing found; 4 a clone has moved on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from locator.modes import find, mode_of, model_options
from summaries.config import Settings, options
from summaries.errors import UsageError

if TYPE_CHECKING:
    from locator.answer import Answer
    from locator.search.query import By
    from summaries.index.index import Index

NOTHING = 3  # exit code
MAX_INPUT = 8_000_000  # bytes of a report that are read; the report reader keeps far less
_WITHOUT = re.compile(r"-[a-z]{2,}:")

F = TypeVar("F", bound=Callable[..., Any])


def _complete(ctx: click.Context) -> Index | None:
    """The index that completions come from; None where there is none."""
    from summaries.errors import BugatlasError

    try:
        return _index(ctx.params.get("index") or ctx.find_root().params.get("index"))
    except BugatlasError:
        return None


def _repositories(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Names of repositories that begin with what was typed, or whose last part does."""
    index = _complete(ctx)
    names = list(index.repos) if index else []
    return [n for n in names if n.startswith(start)] or [
        n for n in names if n.rpartition("/")[2].startswith(start)
    ]


def _nodes(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Repositories, and below one its directories and files, one level at a time."""
    index = _complete(ctx)
    repo = next((n for n in (index.repos if index else ()) if start.startswith(f"{n}/")), "")
    if not index or not repo:
        return _repositories(ctx, param, start)
    level = start.count("/")
    found = {
        "/".join(parts[: level + 1]) + ("/" if len(parts) > level + 1 else "")
        for path in index.view(repo).paths
        if (name := f"{repo}/{path}").startswith(start)
        for parts in [name.split("/")]
    }
    return sorted(found)


def _languages(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    index = _complete(ctx)
    names = {language for state in (index.repos.values() if index else ()) for language in state.files}
    return sorted(n for n in names if n.startswith(start))


def _refs(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """Refs and dates that the index holds beside the heads."""
    index = _complete(ctx)
    if index is None:
        return []
    refs = {s.ref for name in index.repos for s in index.shard(name).info.snapshots if s.ref != s.commit}
    return sorted(r for r in refs if r.startswith(start))


def narrowing(command: F) -> F:
    """The options that locate and search share."""
    for option in reversed((
        click.option("--at", metavar="REF|DATE", shell_complete=_refs,
                     help="As it was at this tag, branch, commit or date."),
        click.option("--worktree", is_flag=True, help="As it lies in the working trees of this machine, committed or not."),
        click.option("--repo", "repos", multiple=True, metavar="NAME", shell_complete=_repositories,
                     help="Only this repository. Repeatable, as --lang and --path are."),
        click.option("--lang", "languages", multiple=True, metavar="LANG", shell_complete=_languages,
                     help="Only this language."),
        click.option("--path", "paths", multiple=True, metavar="PATTERN",
                     help="Only paths that contain this, or match it where it has *, ? or [."),
        click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N",
                     help="Files listed."),
        click.option("--include-tests", "tests", is_flag=True, help="Also tests, mocks and fixtures."),
        *_SHARED,
    )):  # fmt: skip
        command = option(command)
    return command


def shared(command: F) -> F:
    """The options that all reading commands share."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def _choose_index(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value:
        ctx.obj = value.absolute()


_SHARED = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--debug", is_flag=True, hidden=True, expose_value=False),  # `cli.main` looks for it
    click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto",
                 help="Colours and links: on a terminal, always, or never."),
    click.option("--no-color", "color", flag_value="never", help="The same as --color=never."),
    click.option("--no-pager", "paged", flag_value=False, default=True, help="Print long answers straight through."),
    click.option("--index", type=click.Path(path_type=Path), metavar="DIR", expose_value=False, is_eager=True,
                 callback=_choose_index, help="The index to use, as before the command."),
)  # fmt: skip


@click.command(
    epilog="Exit codes: 0 an answer, 1 an error, 2 a wrong request, 3 no confident match, 4 a clone has moved on."
)
@click.argument("words", nargs=-1, metavar="[TEXT... | -]")
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Read the report from FILE, Markdown or plain text.")  # fmt: skip
@click.option("--title", help="The report's title.  [default: its first line]")
@click.option(
    "--attach",
    "attached",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also read a log, HAR, Sentry event, OTLP or Jaeger trace, JUnit XML or `kubectl describe`. Repeatable.",
)
@narrowing
@click.option(
    "--format",
    "shape",
    type=click.Choice(("text", "oneline", "vimgrep", "json", "markdown")),
    default="text",
    help="One line a file, lines that an editor jumps to, JSON, or Markdown for an issue.",
)
@click.option(
    "--open", "opened", type=click.IntRange(min=1), metavar="N", help="Open file N in $VISUAL or $EDITOR."
)
@click.option("--nearest", is_flag=True, help="List the nearest files where nothing matches.")
@click.option("--explain", is_flag=True, help="All evidence, and every voter's part.")
@options
@model_options
@click.pass_obj
def locate(
    root: Path | None,
    settings: Settings,
    words: tuple[str, ...],
    file: Path | None,
    title: str | None,
    attached: tuple[Path, ...],
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
    shape: str,
    opened: int | None,
    nearest: bool,
    explain: bool,
    record: Path | None,
    replay: Path | None,
) -> None:
    """Find where a reported bug lives: repositories, directories, files and functions, and why.

    The report is TEXT, a FILE, or standard input for "-". Give all that you have: the headline, what
    happened, stack traces, error messages, versions.

    \b
      bugatlas locate "Checkout charges twice when the payment times out"
      bugatlas locate --file report.md --limit 5
      cat report.md | bugatlas locate - --at v1.5.1
    """
    text = _report(words, file)
    import msgspec

    from locator.answer import Verdict
    from locator.damaged import answered
    from locator.locate import Options
    from locator.report.reader import read
    from locator.weights import Weights

    index = _index(root)
    report = read(text, title)
    for path in attached:
        from locator.report.attachments import attach

        report = attach(report, path.name, _read(path))
    asked = Options(
        at=at,
        worktree=worktree,
        repos=repos,
        languages=languages,
        paths=paths,
        limit=limit,
        tests=tests,
        nearest=nearest,
        explain=explain,
    )
    weights = Weights.of(index.root)
    weights = msgspec.structs.replace(weights, voters={**weights.voters, **settings.voters})

    def work(sound: Index) -> Answer:
        return find(sound, report, asked, settings, weights, record=record, replay=replay)

    with _waiting(mode_of(settings), settings.model):
        index, answer, left_out = answered(index, work)
    answer = msgspec.structs.replace(answer, notes=(*left_out, *answer.notes))
    found = answer.verdict != Verdict.NONE
    if opened:
        from locator.render.formats import open_in_editor

        open_in_editor(index, answer, opened)
    elif as_json or shape == "json":
        from locator.render.output import located

        _print_json(located(index, answer, asked, mode_of(settings)))
    elif shape == "text":
        from locator.filters import repositories
        from locator.query import understand
        from locator.render.answer import render, tips
        from locator.terminal import console, print_paged

        count = len(repositories(index, repos))
        screen = console(color)
        print_paged(
            screen,
            lambda: render(
                screen,
                index,
                answer,
                repos=count,
                explain=explain,
                tips=tips(report, asked),
                words=understand(report).bag,
            ),
            paged=paged,
        )
    elif shape == "markdown":
        from locator.trackers.comment import markdown, note

        click.echo(markdown(note("", answer, index.repos, limit)))
    else:
        from locator.render.formats import oneline, vimgrep

        click.echo("\n".join(oneline(answer) if shape == "oneline" else vimgrep(index, answer)))
    if not found:
        raise click.exceptions.Exit(NOTHING)


class _Query(click.Command):
    """Takes `-path:docs` for a word of the query, not for options called p, a, t and h."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Words that leave out go behind a "--"."""
        end = args.index("--") if "--" in args else len(args)
        without = [a for a in args[:end] if _WITHOUT.match(a)]
        rest = [a for a in args[:end] if not _WITHOUT.match(a)]
        return super().parse_args(ctx, [*rest, "--", *without, *args[end + 1 :]])


@click.command(
    cls=_Query, epilog="Exit codes: 0 files found, 1 an error, 2 a wrong request, 3 nothing found."
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY...")
@click.option("--by", type=click.Choice(("words", "meaning", "both")), default="both", show_default=True,
              help="What ranks: the words, what summaries mean, or both.")  # fmt: skip
@narrowing
@click.pass_obj
def search(
    root: Path | None,
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
    from locator.search.query import parse
    from locator.search.search import SearchOptions
    from locator.search.search import search as look_up

    index = _index(root)
    query = parse(" ".join(words), repos=repos, languages=languages, paths=paths)
    asked = SearchOptions(at, limit, tests, by)
    if worktree:
        from locator.tree.worktree import worktrees

        with worktrees(index, repos, at) as (here, notes):
            results = look_up(here, query, asked)
    else:
        index, results, notes = answered(index, lambda sound: look_up(sound, query, asked))
    results = msgspec.structs.replace(results, notes=(*notes, *results.notes))
    if as_json:
        from locator.render.output import searched

        _print_json(searched(index, results))
    else:
        from locator.render.search import render
        from locator.terminal import console, print_paged

        screen = console(color)
        print_paged(screen, lambda: render(screen, index, results), paged=paged)
    if not results.files:
        raise click.exceptions.Exit(NOTHING)


@click.command()
@click.argument("target", required=False, metavar="[REPO[/DIR[/FILE]]]", shell_complete=_nodes)
@click.option(
    "--at", metavar="REF|DATE", shell_complete=_refs, help="As it was at this tag, branch, commit or date."
)
@click.option(
    "--depth", type=click.IntRange(0, 20), default=1, show_default=True, help="Levels of directories."
)
@click.option(
    "--edit", is_flag=True, help="Write the summary yourself, in $EDITOR; it stays when indexed again."
)
@shared
@click.pass_obj
def show(
    root: Path | None,
    target: str | None,
    at: str | None,
    depth: int,
    edit: bool,
    as_json: bool,
    color: str,
    paged: bool,
) -> None:
    """Read the summary of a repository, of a directory in it, or of a file with its functions.

    Without a name: all repositories. A repository's last name will do where it is the only one.

    \b
      bugatlas show
      bugatlas show shop/orders --depth 3
      bugatlas show orders/src/api/routes.py
      bugatlas show orders --edit
    """
    from locator.damaged import answered
    from locator.tree.show import look

    if edit:
        from locator.tree.edit import edit as write

        click.echo(write(_index(root), target or ""))
        return
    _, node, left_out = answered(_index(root), lambda sound: look(sound, target or "", at, depth))
    _print_notes(left_out)
    if as_json:
        import msgspec

        _print_json(msgspec.to_builtins(node))
        return
    from locator.render.show import render
    from locator.terminal import console, print_paged

    screen = console(color)
    print_paged(screen, lambda: render(screen, node), paged=paged)


@click.command()
@click.option("--check", is_flag=True, help="Also compare with the clones: which have moved on?")
@shared
@click.pass_obj
def status(root: Path | None, check: bool, as_json: bool, color: str, paged: bool) -> None:
    """What is indexed, at which commits, how large and how fresh it is.

    With --check, the exit code is 1 where a clone has moved on or is gone.
    """
    from locator.damaged import answered
    from locator.tree.status import state

    _, found, left_out = answered(_index(root), lambda sound: state(sound, check=check))
    _print_notes(left_out)
    if as_json:
        import msgspec

        _print_json(msgspec.to_builtins(found))
    else:
        from locator.render.status import render
        from locator.terminal import console, print_paged

        screen = console(color)
        print_paged(screen, lambda: render(screen, found), paged=paged)
    if check and any(r.clone in ("moved on", "gone") for r in found.repositories):
        raise click.exceptions.Exit(1)


def _waiting(mode: str, model: str) -> AbstractContextManager[object]:
    """Says on a terminal that a model is being asked: that takes seconds, not milliseconds."""
    if mode == "offline" or not sys.stderr.isatty():
        return nullcontext()
    from locator.terminal import console, safe

    return console(err=True).status(f"asking {safe(model) or 'the recorded model'} ...")


def _index(root: Path | None) -> Index:
    from summaries.index.index import Index, default_dir

    return Index.open(root or default_dir())


def _print_notes(notes: Sequence[str]) -> None:
    """Say beside an answer what was left out of it."""
    from locator.terminal import safe

    for note in notes:
        click.echo(f"note: {safe(note)}", err=True)


def _print_json(value: Any) -> None:
    from locator.terminal import print_json

    print_json(value)


def _report(words: Sequence[str], file: Path | None) -> str:
    """The report's text. Raises UsageError where there's none, or more than one."""
    if words and file:
        raise UsageError("the report is given twice", "give TEXT or --file, not both")
    if file or list(words) == ["-"]:
        return _decoded(_read(file), str(file or "standard input"))
    if not words:
        raise UsageError(
            "there is no report", 'give it as "TEXT", as --file FILE, or on standard input with -'
        )
    if len(words) == 1 and " " not in words[0] and Path(words[0]).is_file():
        raise UsageError(f"{words[0]} is a file", f"to read the report from it: --file {words[0]}")
    return " ".join(words)


def _read(file: Path | None) -> bytes:
    if file is None:
        return sys.stdin.buffer.read(MAX_INPUT)
    try:
        with file.open("rb") as f:
            return f.read(MAX_INPUT)
    except OSError as e:
        raise UsageError(f"cannot read {file}: {e.strerror or e}") from e


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:8000]:
        raise UsageError(f"{name} is not text", "give the report as Markdown or plain text")
    return data.decode("utf-8-sig", "replace")
