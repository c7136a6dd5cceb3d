"""`bugatlas demo`: a small shop with planted bugs, indexed and asked; what was found against what was planted."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from indexer.demo import DemoReport
    from locator.answer import Answer
    from locator.render.page import Page


LISTED = 5  # files of each answer


@click.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where repositories and index go.  [default: the user's cache, made anew each time]")  # fmt: skip
@click.option("--no-color", is_flag=True, help="Plain text; so is NO_COLOR, and any output but a terminal.")
def demo(keep: Path | None, no_color: bool) -> None:
    """Build a shop of six services, index it, and locate three bugs that were planted in it."""
    from indexer.build import build
    from indexer.demo import REPORTS
    from indexer.demo import build as write
    from indexer.progress import display, render
    from indexer.sources.discover import Source
    from locator.locate import Options
    from locator.modes import find
    from locator.render.answer import render as show
    from locator.render.page import Page
    from locator.report.reader import read
    from locator.terminal import console
    from summaries.config import Settings
    from summaries.index.index import Index, Manifest

    settings = Settings()
    folder = _folder(keep)
    paths = write(folder)
    root = folder / "index"
    with display() as shown:
        shown.expect(len(paths))
        report = build(
            root,
            [Source(p.name, p / ".git") for p in paths],
            manifest=Manifest(embedder=settings.embedder, vectors=settings.vectors),
            on_done=shown.done,
            on_files=shown.files,
            on_phase=shown.say,
        )
    click.echo(render(report))
    index = Index.open(root)
    verdicts = []
    for asked in REPORTS:
        answer = find(index, read(f"{asked.title}\n\n{asked.body}"), Options(limit=LISTED), settings)
        click.echo("\n" + "─" * 72 + "\n")
        screen = console("never" if no_color else "auto")
        _reported(Page(screen), asked)
        show(screen, index, answer, repos=len(paths))
        verdicts.append(_verdict(asked, answer))
    click.echo("\n" + "─" * 72 + "\n")
    click.echo("\n".join(verdicts))
    click.echo(_next(root))


def _next(root: Path) -> str:
    """The commands to try after the demo."""
    place = f"bugatlas --index {shlex.quote(str(root))}"
    return (
        "\nTry it yourself, on the demo:\n"
        f'  {place} locate "search finds nothing for words with an accent"\n'
        f"  {place} search 'amount \"another currency\"'\n"
        f"  {place} show shop-orders\n"
        "and then on your own repositories:\n"
        "  bugatlas index ~/src\n"
        '  bugatlas locate "what went wrong, in the words of whoever saw it"'
    )


def _folder(keep: Path | None) -> Path:
    """Where the demo lies: made anew, unless a person chose the place."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        return keep.resolve()
    import platformdirs

    folder = platformdirs.user_cache_path("bugatlas") / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _reported(page: Page, report: DemoReport) -> None:
    """The report as it was written, quoted: without it nobody can judge the answer."""
    for line in _flowing(f"{report.title}\n\n{report.body}"):
        page.prose((line.replace("\t", "    "), "dim"), mark="> ", rail=">")
    page.blank()


def _flowing(text: str) -> list[str]:
    """A text's lines, those of one paragraph as one; code and log lines stay as they are."""
    out: list[str] = []
    code = open_ = False
    for line in text.rstrip().split("\n"):
        fence = line.startswith("```")
        code ^= fence
        plain = bool(line) and not (code or fence or line[0].isspace())
        if plain and open_:
            out[-1] += " " + line
        else:
            out.append(line)
        open_ = plain
    return out


def _verdict(report: DemoReport, answer: Answer) -> str:
    """What was planted, and at which rank of how many files it was found: ✓ for the first file only."""
    ranks = [n for n, f in enumerate(answer.files, 1) if (f.repo, f.path) == (report.repo, report.path)]
    functions = [s.qualname for n in ranks for s in answer.files[n - 1].symbols]
    place = f"#{ranks[0]} of {answer.searched} files" if ranks else f"not among the first {LISTED} files"
    if report.function in functions:
        place += f", function #{functions.index(report.function) + 1}"
    planted = f"{report.repo}/{report.path}, {report.function}"
    mark = "✓" if ranks[:1] == [1] else "·" if ranks else "✗"
    return f"{mark} {report.title}\n    planted in {planted}: found as {place}"
