"""Which files a model is offered: the search's best, spread over repositories, near copies together, and neighbours.

The search's own order fills the list with one repository's look-alikes. Each further file of a repository is
discounted, near copies stand behind their original, and files that the best ones' callers, routes and topics point
to enter though no word of the report is in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from locator.answer import FileHit
from locator.judge.lookups import callers, defining, sharing, ties, touching
from locator.judge.sources import Sources
from summaries.paths import Role
from summaries.types import Facts

# Candidates: of 161 reports the gold file is among the first 50 of the search for .944, among 80 for .963. Those
# beyond and others of their repositories are shown by name (`locator.judge.others`).
OFFERED = 60
SEARCHED = 100  # files of the search that are looked at
DISCOUNT = (
    0.03  # of a score, for each file of the same repository before it (.02 to .05 do alike on both sets)
)
COPY = 0.75  # share of what they define and say that makes two files near copies (guess)
COPIES = 6  # shown of one original
NEIGHBOURS = 8
STARTS, FUNCTIONS = 6, 2  # files and functions of each whose neighbours are looked for
HOLDERS = 4  # files that may share a route or topic, or use a name, for it to tell anything


class Candidate(Struct, frozen=True):
    """A file that is offered."""

    hit: FileHit
    facts: Facts
    copy: bool = False  # nearly the same as the one before it that is no copy
    tie: str = ""  # how a neighbour hangs together with a file of the search
    named: bool = False  # shown by its name alone (`locator.judge.others`)


def candidates(sources: Sources, files: Sequence[FileHit], most: int = OFFERED) -> list[Candidate]:
    """What is offered of an answer's files, best first."""
    facts = {(f.repo, f.path): sources.facts(f.repo, f.path) for f in files[:SEARCHED]}
    groups = _spread(files[:SEARCHED], facts, most)
    out = [Candidate(f, facts[f.repo, f.path], n > 0) for group in groups for n, f in enumerate(group)]
    near = _neighbours(sources, [g[0] for g in groups[:STARTS]], {(f.repo, f.path) for f in files[:SEARCHED]})
    room = max(0, most - len(near))
    return [*out[:room], *near][:most]


def _spread(files: Sequence[FileHit], facts: dict[tuple[str, str], Facts], most: int) -> list[list[FileHit]]:
    """Files in the order of their discounted scores, each with its near copies behind it."""
    contents = {(f.repo, f.path): _content(facts[f.repo, f.path]) for f in files}
    left = list(files)
    seen: Counter[str] = Counter()
    groups: list[list[FileHit]] = []
    count = 0
    while left and count < most:
        best = max(range(len(left)), key=lambda i: (left[i].score - DISCOUNT * seen[left[i].repo], -i))
        f = left.pop(best)
        own = contents[f.repo, f.path]
        original = next((g for g in groups if _alike(own, contents[g[0].repo, g[0].path], f, g[0])), None)
        if original is None:
            groups.append([f])
            seen[f.repo] += 1
            count += 1
        elif len(original) <= COPIES:
            original.append(f)
            count += 1
    return groups


def _content(facts: Facts) -> frozenset[str]:
    """What a file defines and says."""
    ends = (e.route for e in (*facts.serves, *facts.calls))
    return frozenset(
        [*(s.qualname for s in facts.symbols), *(t.text for t in facts.strings), *facts.keys, *ends]
    )


def _alike(a: frozenset[str], b: frozenset[str], f: FileHit, g: FileHit) -> bool:
    if f.path.rpartition(".")[2] != g.path.rpartition(".")[2] or min(len(a), len(b)) < 3:
        return False
    return len(a & b) >= COPY * len(a | b)


def _neighbours(sources: Sources, best: Sequence[FileHit], known: set[tuple[str, str]]) -> list[Candidate]:
    """Files that the best ones hang together with and the search did not list."""
    out: dict[tuple[str, str], Candidate] = {}
    for repo, path, tie in _tied(sources, best):
        key = repo, path
        if key in known or key in out or _barred(sources, repo, path):
            continue
        out[key] = Candidate(sources.hit(repo, path), sources.facts(repo, path), tie=tie)
        if len(out) == NEIGHBOURS:
            break
    return list(out.values())


def _barred(sources: Sources, repo: str, path: str) -> bool:
    view = sources.views[repo]
    roles = int(view.roles[sources.paths(repo)[path]])
    return bool(roles & int(Role.TEST | Role.MOCK | Role.DOC))


def _tied(sources: Sources, best: Sequence[FileHit]) -> Iterator[tuple[str, str, str]]:
    """Users of the best functions, and who shares the routes and topics of the best files."""
    for f in best:
        marks = dict(ties(sources.facts(f.repo, f.path)))
        for mark, files in sharing(sources, list(marks)[:40], HOLDERS).items():
            for repo, path in files:
                if (repo, path) != (f.repo, f.path):
                    how = next(iter(touching(sources.facts(repo, path), [mark])), "")
                    if how:
                        yield repo, path, f"{how}, as {f.path} has it"
    for f in best:
        names = [s.qualname.rpartition(".")[2] for s in f.symbols[:FUNCTIONS]]
        for name in defining(sources, [n for n in names if len(n) > 4]):
            uses = [u for u in callers(sources, name, 12) if (u.repo, u.path) != (f.repo, f.path)]
            if len({(u.repo, u.path) for u in uses}) <= HOLDERS:
                for u in uses:
                    yield u.repo, u.path, f"uses {name} of {f.path} (line {u.line})"


def scored(candidates: Sequence[Candidate]) -> list[FileHit]:
    """Files of candidates; a neighbour, which the search gave no score, has that of the last one with a score."""
    low = min((c.hit.score for c in candidates if c.hit.score > 0), default=0.0)
    return [c.hit if c.hit.score > 0 else replace(c.hit, score=low) for c in candidates]
