"""What agents read: plain text, a line a file, small enough for a context window. Said once: no copy of it as JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from locator.answer import Answer, FileHit, RouteHit, Step
from locator.filters import repositories
from locator.place import functions, place
from locator.search.search import Results
from locator.terminal import age, one_line
from locator.tree.freshness import MOVED
from locator.tree.show import look
from locator.tree.worktree import top_of
from summaries.errors import BugatlasError, IndexError_, SnapshotMissing, UsageError, did_you_mean
from summaries.index.index import Index

LINE = 240  # characters of a line of code
REASON = 140  # characters of the reason beside a file
CHILDREN = 80  # of a place, in read_summary
SYMBOLS = 200  # of a file, in read_summary
WITH_PEOPLE = 3  # files beside which stands whom to ask
MOST_LINES = 400  # that read_file gives at once
MOST_CHARACTERS = 40_000
LISTED = 200  # repositories of index_status


def stage(step: Step) -> str:
    """A step of an answer in words, for progress notices."""
    if step.stage in ("judge", "dig", "paper"):
        return "the language model orders the files"
    return f"{step.done} of {step.total} files explained" if step.total else "looking for the repository"


def failure(error: BugatlasError) -> str:
    """An error with what an agent can do about it: a tool to call, or what to ask its user for."""
    if isinstance(error, SnapshotMissing):
        return f"{error.message} (index_status lists the versions that `at` may name)"
    if isinstance(error, IndexError_):
        return f"{error.message} (ask the user to {error.hint})" if error.hint else error.message
    if error.hint.startswith("did you mean"):
        return str(error)
    if "show" in error.hint or "repository is called" in error.message:
        return f"{error.message} (index_status lists the repositories, read_summary what is in them)"
    if "bugatlas" in error.hint or "--" in error.hint:
        return error.message
    return str(error)


# --- locate_bug ------------------------------------------------------------------------------------------------


def located(id_: str, answer: Answer, index: Index, lines: int, *, local: bool) -> str:
    """An answer: how sure, the files, whom to ask about the first of them, and which state was searched.

    `lines` of code stand below each file. `local` says that the agent is on this machine: it is told where clones lie.
    """
    chance = f", {answer.confidence:.0%} that file 1 must change" if answer.files else ""
    out = [f"{answer.verdict}{chance} (answer_id {id_}; {answer.searched:,} files searched)"]
    for n, file in enumerate(answer.files, 1):
        out.append(f"{n}. {_file(file)}")
        if n <= WITH_PEOPLE:
            out += [f"   {x}" for x in _whom(file)]
        if lines and file.excerpt:
            out.append(numbered(file.excerpt.start, file.excerpt.lines[:lines]))
    shown = dict.fromkeys(f.repo for f in answer.files)
    out += [_route(r, index, local) for r in answer.routes if r.repo in shown]
    if answer.also:
        out.append(f"also considered: {', '.join(r.repo for r in answer.also[:8])}")
    out += [f"ask the reporter: {one_line(q, 300)}" for q in answer.questions]
    out += [f"note: {one_line(n, 300)}" for n in answer.notes]
    if answer.files:
        out.append("next: read_file(repo, path, start, end); explain_result(answer_id, rank)")
    else:
        out.append("next: pass the report whole, with its stack trace or log; or search_code for its words")
    return "\n".join(out)


def _file(file: FileHit) -> str:
    """'shop/payments internal/money/convert.go:14-28 Convert: why'."""
    start, end = place(file)
    where = f":{start}-{end}" if end > start else f":{start}" if start else ""
    best = next((s.qualname for s in functions(file)[:1]), "")
    why = one_line(file.evidence[0].text, REASON) if file.evidence else one_line(file.summary, REASON)
    return f"{file.repo} {file.path}{where}" + (f" {best}" if best else "") + (f": {why}" if why else "")


def _whom(file: FileHit) -> Iterator[str]:
    told = [f"owners {' '.join(file.owners)}"] if file.owners else []
    for c in file.changes[:1]:
        by = f" by {c.author}" if c.author else ""
        told.append(f"changed last {_ago(c.time)}{by}: {one_line(c.subject, 60)} ({c.commit[:7]})")
    if told:
        yield "; ".join(told)


def _ago(moment: int) -> str:
    return age(int(time.time()) - moment)


def _route(route: RouteHit, index: Index, local: bool) -> str:
    told = [f"{route.repo} at {route.commit[:7]}"]
    if route.changed:
        told.append(f"with {route.changed} uncommitted file{'s' if route.changed > 1 else ''}")
    elif route.indexed:
        told.append(f"indexed {_ago(route.indexed)}")
    if route.clone == MOVED:
        told.append("its clone has moved on since")
    if local and (top := _top(index, route.repo)):
        told.append(f"in {top}")
    return ", ".join(told)


def _top(index: Index, repo: str) -> str:
    """Where a repository is checked out on this machine; "" where it is not."""
    state = index.repos.get(repo)
    return str(top_of(Path(state.git_dir)) or "") if state else ""


# --- the others ------------------------------------------------------------------------------------------------


def explained(index: Index, file: FileHit, most: int, *, uncommitted: bool) -> str:
    """Everything about one file of an answer; code of `uncommitted` ones is what the answer had."""
    out = [f"{file.repo} {file.path}", one_line(file.summary, 600)]
    for e in file.evidence:
        line = f" (line {e.line})" if e.line > 1 and f":{e.line}" not in e.text else ""
        out.append(f"- {one_line(e.text, 240)}{line}  [{e.voter} {e.weight:.0%}]")
    out += [
        f"{s.start}-{s.end} {s.kind} {s.qualname} {one_line(s.signature, 160)}".rstrip() for s in file.symbols
    ]
    out += _whom(file)
    out += [f"{c.commit[:7]} {_ago(c.time)}: {one_line(c.subject, 120)}" for c in file.changes[1:]]
    view = index.view(file.repo)
    if most and not uncommitted and file.path in view.paths:
        text = index.store(file.repo).text(view.blob(view.paths.index(file.path))).split("\n")
        points = sorted({e.line for e in file.evidence if e.line > 1} | {s.start for s in file.symbols})
        out.append(_around(text, points, most))
    elif most and file.excerpt:
        out.append(numbered(file.excerpt.start, file.excerpt.lines[:most]))
    return "\n".join(x for x in out if x)


def numbered(start: int, lines: Sequence[str]) -> str:
    """Lines with their numbers, long ones cut."""
    return "\n".join(f"{start + i}: {x[:LINE]}" for i, x in enumerate(lines))


def _around(text: Sequence[str], points: Sequence[int], most: int) -> str:
    """Windows of lines around points, joined where they meet."""
    wanted: set[int] = set()
    for reach in range(1, 8):
        wider = {n for p in points for n in range(p - reach + 1, p + reach + 1) if 1 <= n <= len(text)}
        if len(wider) > most and wanted:
            break
        wanted = wider
    out: list[str] = []
    before = 0
    for n in sorted(wanted)[:most]:
        if out and n > before + 1:
            out.append("…")
        out.append(f"{n}: {text[n - 1][:LINE]}")
        before = n
    return "\n".join(out)


def searched(results: Results) -> str:
    """The result of a search as text."""
    out = []
    for f in results.files:
        symbol = f" {f.symbol.kind} {f.symbol.qualname}" if f.symbol else ""
        out.append(f"{f.repo} {f.path}{symbol}")
        out += [f"  {x.number}: {x.text.strip()[:LINE]}" for x in f.lines[:5]]
    more = "more than " if results.more else ""
    out.append(f"{len(results.files)} of {more}{results.total:,} files")
    return "\n".join([*out, *(f"note: {one_line(n, 300)}" for n in results.notes)])


def read_file(
    index: Index, repo: str, path: str, start: int, end: int, at: str | None, *, local: bool
) -> str:
    """Lines of a file as it was indexed, numbered, 400 at most. Raises UsageError, SnapshotMissing."""
    named = repositories(index, (repo,))
    if len(named) > 1:
        raise UsageError(f"{repo} may be {', '.join(named[:5])}", "give the whole name")
    view = index.view(named[0], at)
    path = path.strip("/")
    if path not in view.paths:
        near = get_close_matches(path, view.paths, 3, 0.5)
        raise UsageError(
            f"{named[0]} has no {path}", did_you_mean(near) or "read_summary lists what there is"
        )
    text = index.store(named[0]).text(view.blob(view.paths.index(path))).split("\n")
    if len(text) > 1 and not text[-1]:
        text.pop()
    start = min(max(start, 1), len(text))
    end = min(end or start + MOST_LINES // 2 - 1, start + MOST_LINES - 1, len(text))
    given = numbered(start, text[start - 1 : max(end, start)])
    if len(given) > MOST_CHARACTERS:
        given = given[:MOST_CHARACTERS].rpartition("\n")[0]
    last = start + given.count("\n")
    head = f"{named[0]} {path} lines {start}-{last} of {len(text)} at {view.info.commit[:7]}"
    if local and (top := _top(index, named[0])):
        head += f" ({Path(top, path)})"
    return f"{head}\n{given}"


def summary(index: Index, where: str, at: str | None) -> str:
    """A place of the tree."""
    node = look(index, where, at, 2 if "/" not in where.strip("/") else 1)
    about = [
        f"{node.files:,} files" if node.files > 1 else "",
        ", ".join(f"{n} {k}" for n, k in node.languages[:8]),
    ]
    name = " ".join(x for x in (node.repo, node.path) if x) or "all repositories"
    out = [f"{node.kind} {name}" + (f" at {node.commit[:7]}" if node.commit else "")]
    out += [x for x in (", ".join(a for a in about if a), node.summary) if x]
    out += [f"{c.path or c.repo}: {one_line(c.summary, 300)}" for c in node.children[:CHILDREN]]
    out += [f"{s.start}-{s.end} {s.kind} {s.qualname}" for s in node.symbols[:SYMBOLS]]
    left = max(0, len(node.children) - CHILDREN) + max(0, len(node.symbols) - SYMBOLS)
    return "\n".join(out + ([f"and {left} more"] if left else []))


def status(index: Index, part: str, *, local: bool) -> str:
    """What is indexed, a line a repository."""
    states = [s for n, s in index.repos.items() if part.lower() in n.lower()]
    out = []
    for s in states[:LISTED]:
        held = [i.ref if i.ref != "HEAD" else i.commit for i in index.shard(s.name).info.snapshots[1:20]]
        told = [f"{s.name} at {s.commit[:7]} of {_ago(s.time)}", f"{sum(s.files.values()):,} files"]
        told += [f"indexed {_ago(index.indexed(s.name))}"]
        told += [f"also at {', '.join(held)}"] if held else []
        told += [f"in {top}" if local and (top := _top(index, s.name)) else s.url]
        out.append("; ".join(x for x in told if x))
    left = len(states) - len(out)
    return "\n".join(out + ([f"and {left:,} more: give a part of the name"] if left else [])) or "none"
