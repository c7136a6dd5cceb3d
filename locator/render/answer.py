"""An answer on the terminal: the path from repository to directory to file to function, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from locator.answer import Answer, Evidence, FileHit, RouteHit, SymbolHit
from locator.render.page import Page, Piece, counted, linked
from locator.terminal import link, one_line
from summaries.index.index import Index
from summaries.offline.file import language as spoken

if TYPE_CHECKING:
    from rich.console import Console

    from locator.locate import Options
    from locator.report.reader import Report

GUESSES = 5  # files shown where none is a confident match
FULL = 3  # files shown with all their evidence and lines of code; the others take less room
NAMING = frozenset(("path", "position", "url_file", "identifier", "call", "dotted", "endpoint", "config"))
PLAIN = ("name", "service")  # voters for a repository that can be seen in the report itself
VAGUE = ("files", "familiar")  # those that have nothing to show
MODELS = ("judge", "code", "paper")  # voters whose words are a language model's
COLORS = {"confident": "bold green", "likely": "bold yellow", "unsure": "bold magenta"}


def render(
    console: Console,
    index: Index,
    answer: Answer,
    *,
    repos: int,
    explain: bool = False,
    tips: Sequence[str] = (),
) -> None:
    """Print an answer. `repos` were searched; `tips` say what to try where there's no confident match."""
    page = Page(console)
    _header(page, answer, repos)
    found = answer.verdict in COLORS
    if not found:
        _tips(page, tips)
    if not found and not explain:
        answer = _shortened(answer, GUESSES)
    if answer.files:
        _map(page, answer, explain)
        page.blank()
        page.prose(("Files" if found else "Closest files, for what they are worth", "bold"))
    for n, file in enumerate(answer.files, 1):
        full = explain or (found and n <= FULL)
        page.blank()
        _file(page, index, answer, n, file, full, explain)


def _shortened(answer: Answer, most: int) -> Answer:
    """The first files of an answer and the way to them."""
    files = answer.files[:most]
    folders = {(f.repo, f.path.rpartition("/")[0]) for f in files}
    directories = tuple(d for d in answer.directories if (d.repo, d.path) in folders)
    routes = tuple(r for r in answer.routes if any(r.repo == f.repo for f in files))
    return replace(answer, files=files, directories=directories, routes=routes)


def _header(page: Page, answer: Answer, repos: int) -> None:
    page.prose((answer.title, "bold"))
    color = COLORS.get(answer.verdict, "bold red")
    chance = f"{answer.confidence:.0%}"
    if answer.files:
        said = f": {chance} chance that file 1 is among those to change"
        page.prose((answer.verdict, color), said, mark="● ", style=color)
    else:
        page.prose((answer.verdict, color), mark="● ", style=color)
    what = f"{counted(answer.searched, 'file')} of {counted(repos, 'repository', 'repositories')}"
    page.prose((f"searched {what} in {answer.seconds:.2f} s", "dim"), indent=2)
    for note in answer.notes:
        page.prose((note, "yellow"), indent=2)


def _tips(page: Page, tips: Sequence[str]) -> None:
    page.blank()
    page.prose(("What to try", "bold"))
    for tip in tips:
        page.prose(tip, mark="· ", indent=2)


def _map(page: Page, answer: Answer, explain: bool) -> None:
    """Repositories with the reasons for them, and their directories with the numbers of the files below."""
    page.blank()
    page.prose(("Where", "bold"))
    numbers = {(f.repo, f.path): n for n, f in enumerate(answer.files, 1)}
    for route in answer.routes:
        page.whole((route.repo, "bold cyan"), (f"  {route.commit[:7]}", "dim"), indent=2)
        _reasons(page, route, explain, any(f.repo == route.repo for f in answer.files))
        folders = [d.path for d in answer.directories if d.repo == route.repo]
        for n, folder in enumerate(folders):
            held = [
                f"#{i}" for (r, p), i in numbers.items() if (r, p.rpartition("/")[0]) == (route.repo, folder)
            ]
            branch = "└─ " if n == len(folders) - 1 else "├─ "
            page.whole(
                (branch, "dim"), (f"{folder or '.'}/", "blue"), (f"  {' '.join(held)}", "dim"), indent=2
            )


def _reasons(page: Page, route: RouteHit, explain: bool, listed: bool) -> None:
    """Why a repository. One without a file in the answer gets its reasons only: it was weighed and left."""
    if route.summary and (listed or explain):
        page.prose(one_line(route.summary, 160), indent=2, mark="│  ", rail="│")
    if explain:
        for e in route.evidence:
            page.prose((f"{e.weight:.2f} {e.voter}  ", "dim"), e.text, indent=2, mark="│  ", rail="│")
        return
    # That files match, and a history's words, can be said of nearly every repository: last, and only for want of others.
    told = sorted(route.evidence, key=lambda e: (e.voter not in PLAIN, e.voter in VAGUE))
    said = [e.text for e in told if e.voter not in VAGUE] or [e.text for e in told]
    page.prose(("; ".join(said), "dim"), indent=2, mark="│  ", rail="│")


def _file(page: Page, index: Index, answer: Answer, n: int, file: FileHit, full: bool, explain: bool) -> None:
    number = f"{n:>2}  "
    start, end = place(file)
    url = _url(index, answer, file, start, end)
    where = f":{start}-{end}" if end > start else f":{start}" if start else ""
    page.whole((number, "dim"), (file.path, linked("bold", url)), (where, linked("cyan", url)))
    side = len(number)
    score = f"  score {file.score:.2f}" if explain else ""
    page.prose((f"{file.repo} · {spoken(file.language)}{score}", "dim"), indent=side)
    if file.summary:
        page.prose(file.summary if explain else one_line(file.summary, page.width - side), indent=side)
    shown = functions(file)[: 3 if full else 1]
    spans = [f"{s.start}-{s.end}" if s.end > s.start else f"{s.start}" for s in shown]
    for s, span in zip(shown, spans, strict=True):
        mark, url = span.ljust(max(map(len, spans)) + 2), _url(index, answer, file, s.start, s.end)
        page.prose(f"{s.kind} ", (s.qualname, "green"), indent=side, mark=mark, style=linked("cyan", url))
    told = file.evidence if explain else file.evidence[: 4 if full else 1]
    for e in told:
        page.prose(*_said(e, explain), indent=side, mark=f"{e.weight:>4.0%}  " if explain else "· ")
    if explain and file.parts:
        parts = sorted(file.parts.items(), key=lambda p: -p[1])
        page.prose((" · ".join(f"{name} {part:.2f}" for name, part in parts), "dim"), indent=side, mark="= ")
    if file.excerpt:
        marked = {e.line for e in file.evidence if e.line > 1} | {start}
        page.code(file.excerpt.start, file.excerpt.lines, marked, indent=side, only=not full)


def place(file: FileHit) -> tuple[int, int]:
    """The lines to open a file at: what the report points at, else its best function; 0 where neither is."""
    line = next((e.line for e in file.evidence if e.voter.startswith("at:") and e.line > 0), 0)
    best = functions(file)[:1]
    if best and (not line or best[0].start <= line <= best[0].end):
        return best[0].start, best[0].end
    line = line or next((e.line for e in file.evidence if e.line > 1), 0)
    return line, line


def functions(file: FileHit) -> list[SymbolHit]:
    """The functions of a file, those first that the report points into, the smallest before those around it."""
    lines = [e.line for e in file.evidence if e.voter.startswith("at:") and e.line > 0]
    into = [s for s in file.symbols if any(s.start <= x <= s.end for x in lines[:1])]
    into.sort(key=lambda s: s.end - s.start)
    return into[:1] + [s for s in file.symbols if s not in into[:1]]


def _url(index: Index, answer: Answer, file: FileHit, start: int, end: int) -> str:
    """Where a click on lines of a file leads; "" for nowhere."""
    state = index.repos.get(file.repo)
    commit = next((r.commit for r in answer.routes if r.repo == file.repo), "")
    return link(state.git_dir, state.url, commit or state.commit, file.path, start, end) if state else ""


def _said(e: Evidence, explain: bool) -> Iterator[Piece]:
    if e.voter in MODELS:
        yield ("the model: ", "magenta")
    yield e.text
    if e.line > 1 and not re.search(rf"[: ]{e.line}\b", e.text):
        yield (f" L{e.line}", "dim")
    if explain:
        yield (f"  {e.voter}", "dim")


def tips(report: Report, options: Options) -> list[str]:
    """What would help an unsure search, given what it had."""
    kinds = {m.kind for m in report.mentions}
    out = []
    if not report.frames:
        out.append("add the stack trace, or the error message exactly as it was printed")
    if not report.frames and not kinds & NAMING:
        out.append("name a function, file, endpoint, service or configuration key that takes part")
    letters = [c for c in report.title + report.body if c.isalpha()]
    if sum(not c.isascii() for c in letters) > 0.03 * len(letters):
        out.append(
            "say it in the language that the code is written in as well: words are looked up as they stand"
        )
    if len(report.title) + len(report.body) < 200:
        out.append("say more: what was done, what was expected, what happened instead")
    if options.repos or options.languages or options.paths:
        out.append("search wider: leave out --repo, --lang and --path")
    if not options.tests:
        out.append("the bug may lie in a test: --include-tests")
    return [*out, "see that the repository is indexed: bugatlas status"]
