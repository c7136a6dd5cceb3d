"""`bugatlas summarise`: have a language model write the summaries, or see first what that would cost."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from msgspec.structs import replace

from indexer.writing.run import Stage, WriteReport
from summaries.config import Settings, options
from summaries.config_models import reach
from summaries.errors import SnapshotMissing, UsageError
from summaries.index.index import Index, default_dir

USUAL = "gpt-4.1-mini"  # what a plan without a model is reckoned for
MOST_REASONS = 5  # printed for each stage
PLURAL = {"seed": "seeds", "file": "files", "directory": "directories", "repository": "repositories",
          "edit": "edits by hand"}  # fmt: skip
ENDED = 1  # exit code where something stayed undone


@click.command()
@click.argument("names", nargs=-1, metavar="[REPO]...")
@click.option(
    "--model", metavar="NAME|file:DIR", help="Language model, or a folder in which somebody answers."
)
@click.option("--dry-run", is_flag=True, help="Print files, tokens and money by stage, and send nothing.")
@click.option(
    "--budget", type=click.FloatRange(min=0), metavar="MONEY", help="Stop before more than this is spent."
)
@click.option(
    "--every-file", is_flag=True, help="Also tests, configuration and other files that are passed over."
)
@click.option("--at", metavar="REF|DATE", help="Of that snapshot of the index, instead of the head.")
@click.option(
    "--seeds", is_flag=True, help="Only what each repository is for: see it with show, correct it there."
)
@click.option("--export", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write what is written already to FILE (.jsonl or .jsonl.gz), and ask nobody.")  # fmt: skip
@click.option("--import", "source", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
              help="Take over what another machine exported, and ask nobody.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@options
@click.pass_obj
def summarise(
    root: Path | None,
    settings: Settings,
    names: tuple[str, ...],
    model: str | None,
    dry_run: bool,
    budget: float | None,
    every_file: bool,
    at: str | None,
    seeds: bool,
    target: Path | None,
    source: Path | None,
    as_json: bool,
) -> None:
    """Have a language model write the summaries of the head of REPO, or of all repositories.

    What the repository is for, then files, directories and the whole, all told what it is for. What is up to date
    costs nothing; a run that stops goes on where it was. What `bugatlas show REPO --edit` corrected stays. Where the
    model fails, the offline summary stays. The exit code is 1 if anything was left.

    \b
      bugatlas summarise --dry-run
      bugatlas summarise --model gpt-4.1-mini --budget 5
      bugatlas summarise --config ollama.toml shop/orders
      bugatlas summarise --seeds && bugatlas show shop/orders --edit
      bugatlas summarise --export written.jsonl.gz
    """
    index = Index.open(root or default_dir())
    known = named(index, names)
    if target or source:
        if target and source:
            raise UsageError("--export and --import are two things", "one after the other")
        _exchange(index, known, target, source, as_json=as_json)
        return
    changes = {
        "model": model or settings.model,
        "model_budget": settings.model_budget if budget is None else budget,
    }
    chosen = replace(settings, **changes)
    report = run(index, _holding(index, known, at), chosen, dry_run=dry_run, every_file=every_file, seeds=seeds,
                 at=at, quiet=as_json)  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        click.echo(as_text(report))
    if report.stopped or any(s.failed for s in report.stages):
        raise click.exceptions.Exit(ENDED)


def _holding(index: Index, names: list[str], at: str | None) -> list[str]:
    """Repositories whose snapshot the index has. Raises SnapshotMissing where none has."""
    if not at:
        return names
    out = []
    missing: SnapshotMissing | None = None
    for name in names:
        try:
            index.view(name, at)
            out.append(name)
        except SnapshotMissing as e:
            missing = e
    if missing and not out:
        raise missing
    return out


def _exchange(
    index: Index, names: list[str], target: Path | None, source: Path | None, *, as_json: bool
) -> None:
    """Write or read a file of written summaries, and say what was carried."""
    from indexer.writing.exchange import export, load
    from indexer.writing.run import alone, publish

    if source:
        with alone(index):
            done = load(index, source, names)
            if done.kinds:
                publish(index, list(done.repositories))
    else:
        done = export(index, names, target or Path())
    if as_json:
        click.echo(msgspec.json.encode(done).decode())
        return
    kinds = ", ".join(f"{n:,} of {PLURAL[kind]}" for kind, n in done.kinds.items()) or "nothing"
    click.echo(f"{'taken over' if source else 'written'}: {kinds}")
    for why, n in done.left.items():
        click.echo(f"{n:,} left: {why}")


def run(
    index: Index,
    names: list[str],
    settings: Settings,
    *,
    dry_run: bool = False,
    every_file: bool = False,
    seeds: bool = False,
    at: str | None = None,
    quiet: bool,
) -> WriteReport:
    """Plan or write. Raises ModelError where no model can be asked."""
    from indexer.progress import display
    from indexer.writing.repository import Writing
    from indexer.writing.run import plan, write

    folder = Path(settings.prompts) if settings.prompts else None
    writing = Writing(every_file, seeds, at, folder, settings.model_options)
    how = reach(settings)
    if dry_run:
        return plan(index, names, how.name or USUAL, how.price, writing)
    from summaries.llm.chat import open_chat

    chat = open_chat(how, index.root)
    try:
        with display(quiet=quiet) as shown:
            return write(index, names, chat, writing, shown.say)
    finally:
        chat.close()


def after_index(root: Path, model: str, settings: Settings, names: list[str], *, quiet: bool) -> None:
    """Write summaries of what was just indexed. Raises ModelError where the model cannot be asked."""
    chosen = replace(settings, model=model)
    report = run(Index.open(root), names, chosen, quiet=quiet)
    if not quiet:
        click.echo(as_text(report))


def named(index: Index, wanted: tuple[str, ...]) -> list[str]:
    """Repositories by name or by its end; all where none is asked. Raises UsageError."""
    out = []
    for name in wanted:
        low = name.lower().strip("/")
        found = [n for n in index.repos if n.lower() == low or n.lower().endswith("/" + low)]
        if not found:
            raise UsageError(f"no indexed repository is called {name}", "`bugatlas show` lists them")
        out += found
    if not index.repos:
        raise UsageError(f"the index at {index.root} is empty", "run `bugatlas index PATH`")
    return list(dict.fromkeys(out)) or list(index.repos)


def as_text(report: WriteReport) -> str:
    """A report of the run as lines of text."""
    lines = [_stage(s, report.planned) for s in report.stages]
    verb = "would take" if report.planned else "took"
    calls, read = sum(s.calls for s in report.stages), sum(s.read for s in report.stages)
    written = sum(s.written for s in report.stages)
    money = (
        f", {report.money:,.2f} by the configured prices" if report.money else ", no prices are configured"
    )
    repos = f"{report.repositories} repositor{'y' if report.repositories == 1 else 'ies'}"
    lines.append(
        f"{report.model} {verb} {calls:,} calls for {repos}: {read:,} tokens read, {written:,} written{money}"
    )
    if report.redacted:
        lines.append(f"{report.redacted:,} secrets were redacted")
    if report.stopped:
        lines.append(f"stopped: {report.stopped}; run it again to go on")
    return "\n".join(lines)


def _stage(s: Stage, planned: bool) -> str:
    plural = {"directory": "directories", "repository": "repositories"}.get(s.name, s.name + "s")
    line = (
        f"{plural:<13}{s.calls:>7,} {'to write' if planned else 'written'}, {s.read + s.written:>11,} tokens"
    )
    line += f", {s.money:.2f}" if s.money else ""
    told = [f"{s.current:,} up to date"] if s.current else []
    told += [f"{n:,} passed over ({why})" for why, n in s.skipped.items()]
    told += [f"{s.struck:,} with invented names struck"] if s.struck else []
    told += [f"{s.redone:,} asked twice"] if s.redone else []
    told += [f"{n:,} left offline: {why}" for why, n in list(s.failed.items())[:MOST_REASONS]]
    if rest := list(s.failed.values())[MOST_REASONS:]:
        told.append(f"{sum(rest):,} left offline for {len(rest):,} other reasons")
    return "\n".join([line, *(f"             {t}" for t in told)])
