"""What a model may ask for while it digs, each answer bounded, and none from outside the snapshots searched.

A file is named by its number in the list that the model sees, or by a path. Whatever is asked wrongly is answered
with a line that says what is wrong: a model mends its request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from locator.answer import FileHit
from locator.judge.code import CALLED, numbered
from locator.judge.lookups import callees, callers, changes, route_marks, sharing, ties, touching
from locator.judge.prompt import WORDS, clip
from locator.judge.sources import Sources, function_called
from locator.locate import Options, locate_in
from locator.query import understand
from locator.report.reader import read
from locator.tree.tree import Tree
from locator.voters.registry import EXACT
from locator.weights import Weights
from summaries.errors import BugatlasError
from summaries.llm.types import tokens
from summaries.types import Facts

Tool = Literal["search", "open", "callers", "callees", "history", "siblings", "summary"]

FOUND, SHORT, USES, USED, CHANGED, SHARED, PARTS = 8, 60, 16, 14, 10, 16, 24  # things in an answer, at most
LONGEST = 400  # characters of what is asked
WIDE = 200  # characters of a line
CUT = 30  # tokens of what is said where something was cut


class Wish(Struct, frozen=True):
    """One request. Which fields count depends on the tool; the others are ""."""

    tool: Tool
    file: str = ""
    name: str = ""
    query: str = ""
    repo: str = ""
    first: int = 0
    last: int = 0
    why: str = ""

    def words(self) -> str:
        """The request in a line, for people."""
        span = f"lines {self.first}-{self.last}" if self.first else ""
        return " ".join(x[:120] for x in (self.query, self.name, span, self.file, self.repo) if x)


class NotThere(Exception):
    """What was asked for is not to be had: the message is the answer."""


class Tools:
    """Answers requests, and numbers the files that the model gets to know."""

    def __init__(self, sources: Sources, files: list[FileHit], weights: Weights) -> None:
        self.sources, self.weights = sources, weights
        self.known: list[tuple[str, str]] = [(f.repo, f.path) for f in files]  # by number, from 1

    def number(self, repo: str, path: str) -> int:
        """Number of a file, a new one for one that the model does not know yet."""
        if (repo, path) not in self.known:
            self.known.append((repo, path))
        return self.known.index((repo, path)) + 1

    def file(self, reference: str) -> tuple[str, str]:
        """The file that a number or path means. Raises NotThere."""
        text = reference.strip().strip("`\"'#").rstrip(".")[:LONGEST]
        if text.isdecimal():
            if 1 <= int(text[:9]) <= len(self.known):
                return self.known[int(text[:9]) - 1]
            raise NotThere(f"there is no file number {text[:9]}")
        path, _, inside = text.partition(" (in ")
        repo = inside.rstrip(") ")
        if not repo and ": " in path:
            repo, _, path = path.partition(": ")
        path = path.strip().strip("/")
        fits = [(r, p) for r in self.sources.views if not repo or repo in (r, r.rpartition("/")[2])
                for p in self.sources.paths(r) if path and (p == path or p.endswith(f"/{path}"))]  # fmt: skip
        if len(fits) == 1:
            return fits[0]
        if not fits:
            raise NotThere(f"no file here is called {clip(text, 120)}")
        some = ", ".join(f"{self.number(r, p)}. {self.sources.label(r, p)}" for r, p in fits[:4])
        raise NotThere(f"{len(fits)} files are called so, as in {some}: give a number")

    def answer(self, wish: Wish, room: int) -> str:
        """The answer to a request, within `room` tokens."""
        try:
            text = self._open(wish, room) if wish.tool == "open" else _TOOLS[wish.tool](self, wish)
        except NotThere as e:
            text = f"nothing: {e}"
        except BugatlasError as e:
            text = f"nothing: {e.message}"
        return _cut(text, room)

    def _label(self, repo: str, path: str) -> str:
        return f"{self.number(repo, path)}. {self.sources.label(repo, path)}"

    def _repo(self, name: str) -> str:
        found = [r for r in self.sources.views if name in (r, r.rpartition("/")[2])]
        if len(found) != 1:
            raise NotThere(f"no repository here is called {clip(name, 80)}")
        return found[0]

    def _search(self, wish: Wish) -> str:
        views = (
            [self.sources.views[self._repo(wish.repo)]] if wish.repo else list(self.sources.views.values())
        )
        if not wish.query.strip():
            raise NotThere("a search needs a query")
        query = understand(read(clip(wish.query, LONGEST)))
        found = locate_in(self.sources.index, views, query, Options(limit=FOUND, nearest=True), self.weights)
        out = []
        for f in (f for f in found.files if any(_by_words(v) for v in f.parts)):
            functions = "; ".join(f"{s.qualname} {s.start}-{s.end}" for s in f.symbols[:2])
            out.append(f"{self._label(f.repo, f.path)}: {clip(functions or f.summary, 150)}")
        return "\n".join(out) or "nothing: no file has these words"

    def _open(self, wish: Wish, room: int) -> str:
        """Lines, a function whole, a short file, or the outline of a long one, as far as there is room."""
        repo, path = self.file(wish.file)
        facts, lines = self.sources.facts(repo, path), self.sources.text(repo, path).split("\n")
        lines = [line.rstrip() if len(line) <= WIDE else f"{line[:WIDE]}… (cut)" for line in lines]
        label = self._label(repo, path)
        head = f"{label}, {len(lines)} lines"
        if wish.first > 0 or wish.last > 0:
            start = min(max(1, wish.first or wish.last - SHORT + 1), len(lines))
            return _lines(head, lines, start, min(len(lines), max(start, wish.last or len(lines))), room)
        found = function_called(facts.symbols, wish.name) if wish.name else None
        if found and (found.kind in CALLED or _fits(lines, found.start, found.end, room)):
            return _lines(head, lines, found.start, found.end, room)
        if found:  # a class that there's no room for
            facts = replace(
                facts,
                symbols=tuple(s for s in facts.symbols if s.start >= found.start and s.end <= found.end),
            )
            return f"{head}; {clip(found.qualname, 80)} is lines {found.start}-{found.end}\n{_outline(facts, 3 * PARTS)}"
        if not wish.name and len(lines) <= SHORT:
            return _lines(head, lines, 1, len(lines), room)
        missing = f"; it has no {clip(wish.name, 80)}" if wish.name else ""
        return f"{head}{missing}\n{_outline(facts, 3 * PARTS)}"

    def _callers(self, wish: Wish) -> str:
        name = (wish.name or wish.query).strip().rstrip("()").replace("::", ".").rpartition(".")[2]
        if not name:
            raise NotThere("whose callers? give a name")
        places = callers(self.sources, name[:80], USES)
        if not places:
            raise NotThere(f"nobody here uses {clip(name, 80)}")
        return "\n".join(f"{self._label(p.repo, p.path)}:{p.line}: {clip(p.text, 120)}" for p in places)

    def _callees(self, wish: Wish) -> str:
        repo, path = self.file(wish.file)
        found = function_called(self.sources.facts(repo, path).symbols, wish.name)
        if not found:
            raise NotThere(f"{path} has no function {clip(wish.name, 80)}")
        used = callees(self.sources, repo, path, found, USED)
        out = [f"{n}: {self._label(p.repo, p.path)}:{p.line} {clip(p.text, 110)}" for n, p in used]
        return "\n".join(out) or f"nothing that few files define is used by {found.qualname}"

    def _history(self, wish: Wish) -> str:
        repo, path = self.file(wish.file)
        return "\n".join(
            [f"{self._label(repo, path)}, newest first", *changes(self.sources, repo, path, CHANGED)]
        )

    def _siblings(self, wish: Wish) -> str:
        if wish.query.strip():
            text = clip(wish.query, LONGEST)
            marks = [*route_marks(text)[:3], f"t:{text.lower()}"]
        else:
            marks = [m for m, _ in ties(self.sources.facts(*self.file(wish.file)))][:40]
        out: dict[str, None] = {}
        for mark, files in sharing(self.sources, marks, 2 * SHARED).items():
            for repo, path in files:
                for how in touching(self.sources.facts(repo, path), [mark])[:2]:
                    out.setdefault(f"{self._label(repo, path)}: {clip(how, 120)}")
        if not out:
            raise NotThere("nobody here serves, calls or subscribes to it")
        return "\n".join(list(out)[:SHARED])

    def _summary(self, wish: Wish) -> str:
        if wish.repo:
            repo, path = self._repo(wish.repo), wish.file.strip().strip("/")
        else:
            repo, path = self.file(wish.file)
        tree = Tree(self.sources.index, self.sources.views[repo])
        if path in tree.files:
            return f"{self._label(repo, path)}: {clip(tree.summary(path), 700)}\n{_outline(tree.facts(path), PARTS)}"
        if path and not tree.is_directory(path):
            raise NotThere(f"{repo} has no {clip(path, 120)}")
        inside = [*tree.directories(path), *tree.own_files(path)]
        return "\n".join([f"{repo} {path or '(all of it)'}: {clip(tree.summary(path), 700)}",
                          *(f"- {p}: {clip(tree.summary(p), 90)}" for p in inside[:PARTS])])  # fmt: skip


def _by_words(voter: str) -> bool:
    """Whether a voter speaks for what was searched, and not for a file's past or place."""
    return voter in WORDS - {"language", "activity"} or voter in EXACT


def _cut(text: str, room: int) -> str:
    """As many whole lines of a text as there is room for, and how many were left out."""
    lines = text.split("\n")
    shown = _shown([tokens(f"{line}\n") for line in lines], room)
    if shown == len(lines):
        return text
    return "\n".join(
        [
            *lines[: max(1, shown)],
            f"... ({len(lines) - max(1, shown)} more lines were cut: there was no room)",
        ]
    )


def _shown(costs: Sequence[int], room: int) -> int:
    """How many of these fit; where not all do, CUT is left for a word about that."""
    if sum(costs) <= room:
        return len(costs)
    return sum(total <= room - CUT for total in accumulate(costs))


def _costs(lines: Sequence[str], first: int, last: int) -> list[int]:
    return [tokens(f"{n:>4} {lines[n - 1]}\n") for n in range(first, last + 1)]


def _fits(lines: Sequence[str], first: int, last: int, room: int) -> bool:
    return sum(_costs(lines, first, last)) + CUT <= room


def _lines(head: str, lines: Sequence[str], first: int, last: int, room: int) -> str:
    """Lines with their numbers as far as there is room, and how to ask for the others."""
    shown = _shown(_costs(lines, first, last), room - tokens(head) - 1)
    end = first + max(1, shown) - 1
    text = f"{head}\n{numbered(lines, range(first, end + 1))}"
    rest = f"\n... no room for lines {end + 1}-{last}: open them with first {end + 1}, last {last}"
    return text + rest if end < last else text


def _outline(facts: Facts, most: int) -> str:
    shown = [s for s in facts.symbols if s.kind in CALLED] or list(facts.symbols)
    out = [f"{s.start}-{s.end} {clip(s.signature or s.qualname, 110)}" for s in shown[:most]]
    more = len(shown) - len(out)
    return "\n".join([*out, *([f"... and {more} more"] if more > 0 else [])]) or ", ".join(facts.keys[:most])


_TOOLS: dict[str, Callable[[Tools, Wish], str]] = {
    "search": Tools._search,
    "callers": Tools._callers,
    "callees": Tools._callees,
    "history": Tools._history,
    "siblings": Tools._siblings,
    "summary": Tools._summary,
}
