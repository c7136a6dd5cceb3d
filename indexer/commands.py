"""The commands that write: index, forget and remove; and doctor, which checks what was written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from summaries.config import Settings, options
from summaries.errors import UsageError
from summaries.index.index import Manifest, default_dir


@click.command()
@click.argument("targets", nargs=-1, metavar="[PATH | URL | NAME]...")
@click.option("--from", "listed", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also what FILE lists: PATH-or-URL [name=owner/name] [branch=main] a line.")  # fmt: skip
@click.option(
    "--name", default="", help="Name of the one repository given.  [default: from its URL or folder]"
)
@click.option("--at", "ats", multiple=True, metavar="REF|DATE",
              help="Hold this tag, branch, commit or date as well as the head. Repeatable.")  # fmt: skip
@click.option("--rebuild", is_flag=True, help="Parse everything anew; the old index serves until then.")
@click.option(
    "-j", "--jobs", type=click.IntRange(0, 1024), metavar="N", help="Processes.  [default: one for each core]"
)
@click.option(
    "--summaries", "model", metavar="MODEL", help="Then have this language model write the summaries."
)
@click.option("--no-fetch", is_flag=True, help="Take clones of URLs as they are.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@options
@click.pass_obj
def index(
    root: Path | None,
    settings: Settings,
    targets: tuple[str, ...],
    listed: Path | None,
    name: str,
    ats: tuple[str, ...],
    rebuild: bool,
    jobs: int | None,
    model: str | None,
    no_fetch: bool,
    as_json: bool,
) -> None:
    """Add repositories to the index, or bring it up to date.

    A PATH is a repository or a folder that holds some; a URL is cloned into the index. Without any, all that
    is indexed is brought up to date. What did not change costs nothing; an interrupted run is picked up where
    it stopped. The exit code is 1 if a repository failed: the others, and what it had before, are kept.
    """
    from indexer.build import build
    from indexer.progress import display, render
    from indexer.sources.discover import Listed, read_list
    from indexer.sources.sources import sources

    root = root or default_dir()
    if name and len(targets) != 1:
        raise UsageError("--name is for one PATH or URL", "name several in a list, with --from")
    wanted = [Listed(t, name) for t in targets] + (read_list(listed) if listed else [])
    manifest = Manifest(
        max_bytes=settings.max_bytes,
        embedder="" if settings.embedder == "none" else settings.embedder,
        vectors="" if settings.vectors == "none" else settings.vectors,
        people=settings.people,
    )
    with display(quiet=as_json) as shown:
        found, failures = sources(root, wanted, fetch=settings.fetch and not no_fetch, say=shown.say)
        if not found and not failures:
            raise UsageError(f"nothing is indexed at {root}", "name a PATH or URL")
        shown.expect(len(found))
        report = build(
            root,
            found,
            {s.name: (None, *ats) for s in found},
            manifest=manifest,
            workers=settings.jobs if jobs is None else jobs,
            engine=settings.engine,
            on_done=shown.done,
            on_files=shown.files,
            on_phase=shown.say,
            rebuild=rebuild,
        )
    unread = [str(f) for f in failures]
    if as_json:
        _print_json({**msgspec.to_builtins(report), "unread": unread})
    else:
        click.echo(render(report, unread))
        if not model and any(o.reason == "new" for o in report.outcomes):
            place = f"--index {shlex.quote(str(root))} " if root != default_dir() else ""
            click.echo(f'\nnow: bugatlas {place}locate "what went wrong"   or   bugatlas {place}show')
    if model:
        from indexer.commands_summarise import after_index

        after_index(root, model, settings, [o.repo for o in report.outcomes if not o.failed], quiet=as_json)
    nowhere = [at for at in ats if found and all(at in o.missing for o in report.outcomes if not o.failed)]
    if report.failed or report.problem or failures or nowhere:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--yes", is_flag=True, help="Don't ask. Nobody is asked where standard input is no terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print what was removed as JSON.")
@click.pass_obj
def remove(root: Path | None, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Take repositories out of the index, with their summaries and the clones it made of them.

    Repositories that you indexed where they lie are not touched; `bugatlas index PATH` brings one back.
    """
    from indexer.progress import counted
    from indexer.removal import remove as take_out

    if not (yes or as_json) and sys.stdin.isatty():
        click.confirm(f"Remove {', '.join(names)} from the index?", abort=True)
    gone = take_out(root or default_dir(), names)
    if as_json:
        _print_json([msgspec.to_builtins(g) for g in gone])
        return
    for g in gone:
        clone = ", and its clone" if g.clone else ""
        click.echo(f"{g.repo}: removed ({counted(g.files, 'file')}, {g.bytes / 1e6:,.1f} MB{clone})")


@click.command()
@click.argument("name", metavar="REPO")
@click.option(
    "--at", "at", required=True, metavar="REF|DATE", help="The snapshot, as it was given to `index --at`."
)
@click.pass_obj
def forget(root: Path | None, name: str, at: str) -> None:
    """Let one snapshot of a repository go. The head and other snapshots stay."""
    from indexer.removal import forget as let_go

    ref, report = let_go(root or default_dir(), name, at)
    for failed in report.failed:
        raise click.ClickException(f"{failed.repo}: {failed.reason}")
    click.echo(f"{report.outcomes[0].repo}: {ref} is no longer held")


LONGEST = 10_000  # characters of a line that doctor prints: a command is printed whole


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def doctor(root: Path | None, as_json: bool) -> None:
    """Check everything in an index, and name the command that fixes what is wrong.

    The exit code is 1 if something is wrong. Nothing is changed.
    """
    from indexer.doctor.doctor import check

    root = root or default_dir()
    findings = check(root)
    if as_json:
        _print_json([msgspec.to_builtins(f) for f in findings])
    else:
        click.echo(
            "\n".join(_finding(f.where, f.what, f.run) for f in findings) or f"{root}: no problems found"
        )
    if findings:
        raise click.exceptions.Exit(1)


def _finding(where: str, what: str, run: str) -> str:
    """Names in an index may be a stranger's: no escape of theirs reaches the terminal."""
    from indexer.git.git import shown

    return "\n".join(shown(line, LONGEST) for line in (f"{where}: {what}", f"    {run}"))


def _print_json(document: object) -> None:
    click.echo(msgspec.json.encode(document).decode())


__all__: Sequence[str] = ["doctor", "forget", "index", "remove"]
