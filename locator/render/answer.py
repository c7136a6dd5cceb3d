"""An answer on the terminal: the verdict, then one path from repository to directory to file to function, and why."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec.structs import replace

from locator.answer import Answer, Evidence, FileHit, RouteHit, Verdict
from locator.place import functions, place
from locator.render.page import Page, Piece, counted, linked
from locator.terminal import age, link, one_line
from locator.tree.freshness import MOVED
from summaries.index.index import Index

if TYPE_CHECKING:
    from rich.console import Console

    from locator.locate import Options
    from locator.report.reader import Report

GUESSES = 5  # files shown where none is a confident match
FULL = 3  # files shown with their evidence and lines of code; the others take a line
REASONS = 3  # pieces of evidence of each of these
NAMING = frozenset(("path", "position", "url_file", "identifier", "call", "dotted", "endpoint", "config"))
PLAIN = ("name", "service")  # voters for a repository that can be seen in the report itself
VAGUE = ("files", "familiar")  # those that have nothing to show
MODELS = ("judge", "dig", "paper")  # voters whose words are a language model's
COLORS = {Verdict.CONFIDENT: "bold green", Verdict.LIKELY: "bold yellow", Verdict.UNSURE: "bold magenta"}


def render(
    console: Console,
    index: Index,
    answer: Answer,
    *,
    repos: int,
    explain: bool = False,
    tips: Sequence[str] = (),
    words: Mapping[int, float] | None = None,
    now: float = 0.0,
) -> None:
    """Print an answer.

    `repos` were searched; `tips` say what to try where there is no confident match; `words` are the report's, by key
    (`summaries.words.key`): they are marked in the code. Ages are those at `now`, by default this moment.
    """
    page = Page(console)
    now = now or time.time()
    matched = answer.verdict in COLORS
    _verdict(page, index, answer, repos, now)
    if not matched:
        _tips(page, tips)
    if not matched and not explain:
        answer = _shortened(answer, GUESSES)
    if not answer.files:
        return
    page.blank()
    if not matched:
        page.prose(("Closest files (weak)", "bold"))
    _Tree(page, index, answer, explain, FULL if matched else 0, words or {}, now).render()


def _shortened(answer: Answer, most: int) -> Answer:
    """The first files of an answer and the way to them."""
    files = answer.files[:most]
    folders = {(f.repo, f.path.rpartition("/")[0]) for f in files}
    directories = tuple(d for d in answer.directories if (d.repo, d.path) in folders)
    routes = tuple(r for r in answer.routes if any(r.repo == f.repo for f in files))
    return replace(answer, files=files, directories=directories, routes=routes)


def _verdict(page: Page, index: Index, answer: Answer, repos: int, now: float) -> None:
    """What was asked, the one place to look first, how sure that is, and why."""
    page.prose((answer.title, "bold"))
    color = COLORS.get(answer.verdict, "bold red")
    chance = f": {answer.confidence:.0%} that file 1 is among those to change" if answer.files else ""
    page.prose((answer.verdict, color), chance, mark="● ", style=color)
    if answer.files and answer.verdict in COLORS:
        first = answer.files[0]
        page.whole(("→ ", color), *_path(index, answer, first, page.width - 2 if page.cut else 0))
        start, end = place(first)
        there = [e for e in first.evidence if start <= e.line <= end and e.line > 1] or first.evidence
        for e in there[:1]:
            page.prose(*_reason(e, explain=False), indent=2)
        _whom(page, first, now, indent=2)
    what = f"{counted(answer.searched, 'file')} of {counted(repos, 'repository', 'repositories')}"
    page.prose((f"searched {what} in {answer.seconds:.2f} s", "dim"), indent=2)
    for note in answer.notes:
        page.prose((note, "yellow"), indent=2)
    if moved := [r.repo for r in answer.routes if r.clone == MOVED]:
        page.prose((f"to bring it up to date: bugatlas index {' '.join(moved)}", "dim"), indent=2)
    for n, look in enumerate(answer.looks, 1):
        why = f" ({look.why})" if look.why else ""
        page.prose(f"{look.tool} {look.request}{why}", mark=f"looked up {n}: ", indent=2, style="dim")
    if answer.doubt:
        page.prose(answer.doubt, mark="still in doubt: ", indent=2, style="yellow")
    for question in answer.questions:
        page.prose(question, mark="ask the reporter: ", indent=2, style="magenta")


def _path(index: Index, answer: Answer, file: FileHit, room: int = 0) -> list[Piece]:
    """'shop-payments / internal/money / convert.go / Convert  L14-28'; a long folder gives way to `room` columns."""
    folder, _, name = file.path.rpartition("/")
    start, end = place(file)
    url = _url(index, answer, file, start, end)
    pieces: list[Piece] = [(file.repo, "bold cyan"), (" / ", "dim")]
    pieces += [(folder, "blue"), (" / ", "dim")] if folder else []
    pieces.append((name, linked("bold", url)))
    best = next((s for s in functions(file)[:1] if s.start <= start <= s.end), None)
    pieces += [(" / ", "dim"), (best.qualname, "green")] if best else []
    pieces += [(f"  {_lines(start, end)}", linked("cyan", url))] if start else []
    over = sum(len(p if isinstance(p, str) else p[0]) for p in pieces) - room
    if room and folder and over > 0:
        kept = folder[min(over + 2, len(folder) - 1) :]
        pieces[2] = ("…/" + kept.partition("/")[2] if "/" in kept else "…", "blue")
    return pieces


def _whom(page: Page, file: FileHit, now: float, indent: int) -> None:
    """Whose the file is, and the last change of the lines to look at, or of the file."""
    if file.owners:
        page.prose(("ask ", "dim"), ", ".join(file.owners), indent=indent)
    for change in file.changes[:1]:
        what = "changed last" if change.lines else "file changed last"
        by = f" by {change.author}" if change.author else ""
        page.prose(
            (f"{what} {age(int(now) - change.time)}{by}: {change.subject} ", "dim"),
            (change.commit[:7], linked("dim", change.url)),
            indent=indent,
        )


def _state(route: RouteHit, now: float) -> Iterator[Piece]:
    """Which state of a repository was searched, and how old it is."""
    if route.commit:
        yield (f"  {route.commit[:7]}", "dim")
    if route.changed:
        yield (f" with {counted(route.changed, 'uncommitted file')}", "yellow")
    elif route.indexed:
        yield (f", indexed {age(int(now) - route.indexed)}", "dim")
        if route.clone == MOVED:
            yield (", has moved on", "yellow")


def _purpose(summary: str) -> str:
    """The first sentence of a repository's summary: what it is for."""
    first, dot, _ = one_line(summary, 10_000).partition(". ")
    return first + dot.strip()


def _lines(start: int, end: int) -> str:
    return f"L{start}-{end}" if end > start else f"L{start}"


def _tips(page: Page, tips: Sequence[str]) -> None:
    page.blank()
    page.prose(("What to try", "bold"))
    for tip in tips:
        page.prose(tip, mark="· ", indent=2)


class _Tree:
    """Repository, directory, file and function of every file listed, as one tree in the order of the best files."""

    def __init__(
        self,
        page: Page,
        index: Index,
        answer: Answer,
        explain: bool,
        full: int,
        words: Mapping[int, float],
        now: float,
    ) -> None:
        self.page, self.index, self.answer = page, index, answer
        self.explain, self.full, self.words, self.now = explain, full, words, now

    def render(self) -> None:
        """Print the tree, and the repositories that were weighed and left."""
        numbered = list(enumerate(self.answer.files, 1))
        order = list(dict.fromkeys(f.repo for f in self.answer.files))
        routes = {r.repo: r for r in self.answer.routes}
        for n, repo in enumerate(order):
            if n:
                self.page.blank()
            self._repository(repo, routes.get(repo))
            own = [(i, f) for i, f in numbered if f.repo == repo]
            folders = list(dict.fromkeys(f.path.rpartition("/")[0] for _, f in own))
            own.sort(key=lambda pair: (folders.index(pair[1].path.rpartition("/")[0]), pair[0]))
            for folder, files in groupby(own, key=lambda pair: pair[1].path.rpartition("/")[0]):
                self.page.whole((f"{folder}/" if folder else "./", "blue"), indent=2)
                for i, file in files:
                    self._file(i, file)
        rest = [r for r in (*self.answer.routes, *self.answer.also) if r.repo not in order]
        if rest and self.explain:
            for route in rest:
                self.page.blank()
                self._repository(route.repo, route)
        elif rest:
            self.page.blank()
            self.page.prose((f"also considered: {', '.join(r.repo for r in rest)}", "dim"))

    def _repository(self, repo: str, route: RouteHit | None) -> None:
        self.page.whole((repo, "bold cyan"), *(_state(route, self.now) if route else ()))
        if route is None:
            return
        if route.summary:
            self.page.prose(_purpose(route.summary), indent=2)
        if self.explain:
            for e in route.evidence:
                self.page.prose((f"{e.weight:.2f} {e.voter}  ", "dim"), e.text, indent=2, mark="· ")
            return
        # That files match, and a history's words, can be said of nearly every repository: only for want of others.
        ordered = sorted(route.evidence, key=lambda e: (e.voter not in PLAIN, e.voter in VAGUE))
        reasons = [e.text for e in ordered if e.voter not in VAGUE] or [e.text for e in ordered]
        if reasons:
            self.page.prose(("; ".join(reasons), "dim"), indent=2)

    def _file(self, n: int, file: FileHit) -> None:
        start, end = place(file)
        url = _url(self.index, self.answer, file, start, end)
        name = file.path.rpartition("/")[2]
        where = f":{start}-{end}" if end > start else f":{start}" if start else ""
        line: list[Piece] = [(f"{n:>4}  ", "bold"), (name, linked("bold", url)), (where, linked("cyan", url))]
        best = functions(file)[:1]
        if best:
            line += [(" › ", "dim"), (best[0].qualname, "green")]
        if self.explain:
            line.append((f"  score {file.score:.2f}", "dim"))
        if not self.explain and n > self.full:
            self._brief(line, file)
            return
        self.page.whole(*line, indent=2)
        self._details(n, file, start)

    def _brief(self, line: Sequence[Piece], file: FileHit) -> None:
        """A file on one line: where it is, and the strongest reason as far as there is room."""
        used = 2 + sum(len(p if isinstance(p, str) else p[0]) for p in line)
        reason = file.evidence[0].text if file.evidence else file.summary
        short = self.page.short(reason, max(self.page.width - used - 3, 20)) if reason else ""
        self.page.whole(*line, (f"  {short}", "dim"), indent=2)

    def _details(self, n: int, file: FileHit, start: int) -> None:
        page, side = self.page, 8
        if file.summary:
            page.prose(
                (file.summary if self.explain else page.short(file.summary, page.width - side), "italic"),
                indent=side,
            )
        evidence = file.evidence if self.explain else file.evidence[:REASONS]
        for e in evidence:
            mark = f"{e.weight:>4.0%}  " if self.explain else "· "
            page.prose(*_reason(e, self.explain), indent=side, mark=mark)
        if n > 1:  # of the first it is said on top
            _whom(page, file, self.now, side)
        if self.explain:
            self._explained(file)
        if file.excerpt:
            marked = {e.line for e in file.evidence if e.line > 1} | {start}
            page.code(
                file.excerpt.start,
                file.excerpt.lines,
                marked,
                indent=side,
                language=file.language,
                words=self.words,
            )

    def _explained(self, file: FileHit) -> None:
        """Other functions of the file, and what each voter added."""
        page, side = self.page, 8
        for s in functions(file)[1:]:
            url = _url(self.index, self.answer, file, s.start, s.end)
            page.prose(
                f"{s.kind} ",
                (s.qualname, "green"),
                (f"  {_lines(s.start, s.end)}", linked("cyan", url)),
                indent=side,
            )
        if file.parts:
            parts = sorted(file.parts.items(), key=lambda p: -p[1])
            page.prose(
                (" · ".join(f"{name} {part:.2f}" for name, part in parts), "dim"), indent=side, mark="= "
            )


def _url(index: Index, answer: Answer, file: FileHit, start: int, end: int) -> str:
    """Where a click on lines of a file leads; "" for nowhere."""
    state = index.repos.get(file.repo)
    commit = next((r.commit for r in answer.routes if r.repo == file.repo), "")
    return link(state.git_dir, state.url, commit or state.commit, file.path, start, end) if state else ""


def _reason(e: Evidence, explain: bool) -> Iterator[Piece]:
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
