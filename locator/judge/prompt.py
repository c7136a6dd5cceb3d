"""What a judge is shown: the report in brief, and candidates in as much detail as the budget allows.

All candidates have a line; the first dozen also what they are for, what else the search knows, the names of their
closest functions, and lines of code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from locator.answer import Evidence, FileHit, RouteHit
from locator.judge.candidates import Candidate
from locator.judge.code import CALLED, code
from locator.judge.others import block
from locator.judge.sources import Sources
from locator.judge.words import Wanted, closest
from locator.report.reader import Report
from locator.tree.system import system_summary
from locator.voters.registry import VOTERS, Group
from summaries.llm.prompting import data
from summaries.llm.types import BYTES, tokens
from summaries.offline.file import headline, purpose
from summaries.offline.text import capital
from summaries.types import Facts

# Voters whose evidence repeats the report's words and says nothing of what the file does.
_REPEATING = (Group.FILES, Group.FUNCTIONS, Group.SUMMARIES, Group.PATHS, Group.CONTEXT)
WORDS = frozenset(v.name for v in VOTERS if v.group in _REPEATING)
DETAILED = 12  # candidates that are shown in detail
ABOUT = 180  # characters on what a file is for
NAMES, SHORT = 6, 3  # names of functions or keys of a file in detail, and of one in a line
PURPOSE, REPOSITORIES = 150, 12  # characters on a repository, and of how many there are some
SYSTEM = 2000  # characters on the system
CHORE = 6  # of the candidates that have a function of one name: a guess
NAMED = "By name alone, numbered on:"
FADES = 0.5  # the n-th file has a share of the code of n to the minus this (guess)
_ANYTHING = re.compile(
    r"defines [a-z]+, which "
)  # `append`, `required`: a name that is a word may mean anything
_END = re.compile(r"(?<=[.!?]) ")
REGION_LINES = 12  # lines of a trace, log or code region


def brief(report: Report, budget: int) -> str:
    """The report within a budget of tokens: prose first, then the heads of traces, logs and code.

    A paragraph is often one line, so lines are cut in traces, logs and code only.
    """
    left = budget - tokens(report.title) - 10
    own = [f"{f.symbol} ({f.path}:{f.line})" for f in report.frames if not f.library and f.path][:8]
    frames = "Frames of the trace, innermost first: " + "; ".join(own) if own else ""
    left -= tokens(frames)
    shown: dict[int, str] = {}
    order = sorted(enumerate(report.regions), key=lambda r: (r[1].kind != "prose", r[0]))
    for n, region in order:
        lines = region.text.strip("\n").split("\n")
        if region.kind != "prose":
            lines = lines if len(lines) <= REGION_LINES else [*lines[: REGION_LINES - 3], "...", *lines[-2:]]
            lines = [line[:400] for line in lines]
        text = "\n".join(lines)
        if tokens(text) > left:
            text = text[: int(max(0, left) * BYTES)].rsplit(None, 1)[0] + " ..." if left > 30 else ""
        left -= tokens(text)
        shown[n] = text
    parts = [f"Title: {report.title}", *(shown[n] for n in sorted(shown) if shown[n].strip()), frames]
    return data("report", "\n\n".join(p for p in parts if p))


def system_map(sources: Sources, routes: Sequence[RouteHit], repos: Sequence[str]) -> str:
    """What the repositories are for and who serves whom: at the head the top of the tree, else a line each.

    The top of the tree is of the heads: of an older snapshot it would know the future.
    """
    shown = repos[:REPOSITORIES]
    if sources.heads and (text := system_summary(sources.index.only(shown), SYSTEM)):
        # The first line counts repositories: of some of them it would be wrong.
        return text if len(shown) == len(sources.views) else text.partition("\n")[2]
    purpose = {r.repo: clip(_END.split(r.summary, 1)[0], PURPOSE) for r in routes if r.summary}
    return "\n".join([f"{sources.short[r]}: {purpose[r]}" for r in repos if purpose.get(r)][:REPOSITORIES])


def listed(
    sources: Sources,
    offered: Sequence[Candidate],
    routes: Sequence[RouteHit],
    budget: int,
    wanted: Wanted,
    detailed: int = DETAILED,
) -> str:
    """Numbered candidates within a budget of tokens. Before them stands what their repositories are for."""
    repos = list(dict.fromkeys(c.hit.repo for c in offered))
    head = system_map(sources, routes, repos)
    named = [c for c in offered if c.named]
    offered = offered[: len(offered) - len(named)]
    tail = f"\n\n{NAMED}\n{block(sources, named, len(offered) + 1, wanted)}" if named else ""
    offered = _without_chores(offered, wanted)
    lines = [line(n, c, wanted, sources) for n, c in enumerate(offered, 1)]
    left = budget - tokens(head) - tokens(tail) - sum(map(tokens, lines)) - 2 * len(lines) // 3
    first = [n for n, c in enumerate(offered) if not c.copy][:detailed]
    if left < 0 and tail:
        left, tail = left + tokens(tail), ""
    while left < 0 and len(lines) > detailed:  # a tiny budget: the last ones are left out
        left += tokens(lines.pop()) + 1
    for n in (n for n in first if n < len(lines)):
        more = _detailed(n + 1, offered[n], wanted, sources)
        if (cost := tokens(more) - tokens(lines[n])) > left:
            break
        lines[n] = more
        left -= cost
    shares = {n: (place + 1) ** -FADES for place, n in enumerate(first)}
    for n in (n for n in first if n < len(lines)):
        share = int(left * shares[n] / sum(s for m, s in shares.items() if m >= n))
        hit = offered[n].hit
        shown = code(hit, offered[n].facts, sources.text(hit.repo, hit.path), wanted, share - 4)
        if shown and tokens(shown) <= left:
            lines[n] += f"\n{shown}"
            left -= tokens(shown) + 1
    return data("candidates", f"{head}\n\n{chr(10).join(lines)}{tail}".strip())


def _without_chores(offered: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """Candidates without the functions that many of them have by the same name, which set none of them apart.

    Such are loops, loggers and checks that a framework wants of every file. What the report names stays.
    """
    often = Counter(
        n for c in offered for n in {_last(s.qualname) for s in c.facts.symbols if s.kind in CALLED}
    )
    chores = {n for n, count in often.items() if count >= CHORE} - wanted.names
    out = []
    for c in offered:
        own = tuple(s for s in c.facts.symbols if _last(s.qualname) not in chores)
        if any(s.kind in CALLED for s in own):
            best = tuple(s for s in c.hit.symbols if _last(s.qualname) not in chores)
            c = replace(c, facts=replace(c.facts, symbols=own), hit=replace(c.hit, symbols=best))
        out.append(c)
    return out


def _last(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def line(n: int, c: Candidate, wanted: Wanted, sources: Sources) -> str:
    """A candidate in a line: its path, and what it hangs together with, or the closest names in it."""
    where = f"{n}. {sources.label(c.hit.repo, c.hit.path)}"
    if c.copy:
        return f"{where}: a near copy"
    if c.tie:
        return f"{where}: {clip(c.tie, 110)}"
    names = [clip(name.rpartition(".")[2], 40) for name in _names(c.hit, c.facts, wanted, SHORT)]
    return f"{where}: {', '.join(dict.fromkeys(names))}" if names else where


def _detailed(n: int, c: Candidate, wanted: Wanted, sources: Sources) -> str:
    out = [f"{n}. {sources.label(c.hit.repo, c.hit.path)}"]
    if about := _about(c.hit, c.facts, ABOUT):
        out.append(f"   {about}")
    if told := telling(c.hit.evidence)[:2]:
        out.append(
            "   " + "; ".join(clip(e.text, 140) + (f" (line {e.line})" if e.line > 1 else "") for e in told)
        )
    if names := _names(c.hit, c.facts, wanted, NAMES):
        out.append(f"   in it: {clip(', '.join(names), 260)}")
    return "\n".join(out)


def telling(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Evidence that says something that the path, the summary and the code don't."""
    return [
        e for e in evidence if e.voter not in WORDS and not (e.voter == "callees" and _ANYTHING.match(e.text))
    ]


def _names(hit: FileHit, facts: Facts, wanted: Wanted, most: int) -> list[str]:
    """Functions of a file, the search's best and then those close to the report; keys of one without."""
    if facts.symbols:
        best = [s.qualname for s in hit.symbols]
        calls = [s.qualname for s in facts.symbols if s.kind in ("function", "method")]
        return list(dict.fromkeys([*best, *closest(calls or [s.qualname for s in facts.symbols], wanted)]))[
            :most
        ]
    ends = list(dict.fromkeys(".".join(k.split(".")[-2:]) for k in facts.keys))
    return closest(ends, wanted)[:most]


def _about(f: FileHit, facts: Facts, limit: int) -> str:
    """What a file is for: its summary where somebody wrote one, else its own words or what its functions do.

    The rest of an offline summary is its path and its functions once more.
    """
    if f.summary.startswith(capital(headline(f.path, facts))):
        return capital(clip(purpose(f.path, facts), limit))
    return _sentences(f.summary, limit)


def _sentences(text: str, limit: int) -> str:
    """The first sentences of a text that fit; of one that is too long its beginning."""
    first, *more = _END.split(" ".join(text.split()))
    out = clip(first, limit)
    for sentence in more:
        if len(out) + len(sentence) >= limit:
            break
        out += f" {sentence}"
    return out


def clip(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"
