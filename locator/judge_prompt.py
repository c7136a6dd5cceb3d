"""What the judge is shown: the report in brief, candidates in as much detail as the budget allows, code."""

from __future__ import annotations

from collections.abc import Sequence, Set

from locator.answer import FileHit, RouteHit
from locator.report import Report
from summaries.chat_types import BYTES, tokens
from summaries.prompting import data
from summaries.types import Facts, Symbol

GENERAL = {"body", "title", "covered", "summary", "path"}  # voters whose evidence says little to a reader
LEVELS = (
    (280, 3, 3),
    (130, 1, 2),
    (60, 0, 0),
    (0, 0, 0),
)  # characters of summary, pieces of evidence, functions
NAMED = ("identifier", "call", "dotted")  # mentions that may be functions
CALLED = ("function", "method")
COMMENT = ("#", "//", "/*", "*", "--", "<!--", ";", "%")
KEPT = 12  # lines of a trace, log or code region


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
            lines = lines if len(lines) <= KEPT else [*lines[: KEPT - 3], "...", *lines[-2:]]
            lines = [line[:400] for line in lines]
        text = "\n".join(lines)
        if tokens(text) > left:
            text = text[: int(max(0, left) * BYTES)].rsplit(None, 1)[0] + " ..." if left > 30 else ""
        left -= tokens(text)
        shown[n] = text
    parts = [f"Title: {report.title}", *(shown[n] for n in sorted(shown) if shown[n].strip()), frames]
    return data("report", "\n\n".join(p for p in parts if p))


def candidates(files: Sequence[FileHit], routes: Sequence[RouteHit], budget: int) -> str:
    """Numbered candidates within a budget of tokens: the first ones in full, then less and less."""
    about = {r.repo: clip(r.summary, 160) for r in routes if r.summary}
    repos = list(dict.fromkeys(f.repo for f in files))
    head = "\n".join(f"{r}: {about[r]}" for r in repos if r in about)
    texts = [[_candidate(n, f, *level) for level in LEVELS] for n, f in enumerate(files, 1)]
    chosen = [len(LEVELS) - 1] * len(files)
    left = budget - tokens(head) - sum(tokens(t[-1]) for t in texts)
    for level in range(len(LEVELS) - 2, -1, -1):
        for n, t in enumerate(texts):
            more = tokens(t[level]) - tokens(t[chosen[n]])
            if more > left:
                break
            chosen[n] = level
            left -= more
    listed = "\n".join(t[level] for t, level in zip(texts, chosen, strict=True))
    return data("candidates", f"{head}\n\n{listed}".strip())


def _candidate(n: int, f: FileHit, summary: int, pieces: int, functions: int) -> str:
    lines = [f"{n}. {called(f.repo, f.path)}"]
    if f.summary and summary:
        lines.append(f"   {clip(f.summary, summary)}")
    told = [e for e in f.evidence if e.voter not in GENERAL] or list(f.evidence)
    said = [clip(e.text, 130) + (f" (line {e.line})" if e.line > 1 else "") for e in told[:pieces]]
    if said:
        lines.append(f"   seen: {'; '.join(said)}")
    named = [clip(s.signature or s.qualname, 90) for s in f.symbols[:functions]]
    if named:
        lines.append(f"   in it: {'; '.join(named)}")
    return "\n".join(lines)


def code(files: Sequence[tuple[int, FileHit, Facts, str]], budget: int, report: Report | None = None) -> str:
    """Code of candidates (number, hit, facts, text) with line numbers, in equal shares of the budget.

    Functions that the report names are shown before those that share its words.
    """
    share = budget // max(1, len(files))
    told = {m.text.strip("()") for m in report.mentions if m.kind in NAMED} if report else set()
    named = {t.replace("::", ".").rpartition(".")[2] for t in told}
    return "\n\n".join(
        data(f"file {n}", _code(hit, facts, text, share, named)) for n, hit, facts, text in files
    )


def _code(hit: FileHit, facts: Facts, text: str, budget: int, named: Set[str]) -> str:
    lines = text.split("\n")
    listed = [s.qualname for s in facts.symbols if s.kind in ("function", "method")]
    head = f"{called(hit.repo, hit.path)}\nfunctions: {clip(', '.join(listed), 300)}"
    left = budget - tokens(head)
    if tokens(text) + 2 * len(lines) <= left:
        wanted = set(range(1, len(lines) + 1))
    else:
        wanted = set()
        for first, last in _parts(
            hit, lines, [s for s in facts.symbols if s.name in named and s.kind in CALLED]
        ):
            for n in range(first, last + 1):
                cost = tokens(lines[n - 1][:200]) + 2
                if n not in wanted and cost > left:
                    break
                left -= 0 if n in wanted else cost
                wanted.add(n)
    out = [head]
    last = 0
    for n in sorted(wanted):
        if n != last + 1:
            out.append("   ...")
        out.append(f"{n:>4} {lines[n - 1][:200]}")
        last = n
    return "\n".join(out)


def _parts(hit: FileHit, lines: Sequence[str], named: Sequence[Symbol]) -> list[tuple[int, int]]:
    """Line ranges worth reading, the best first: around the evidence, what is named, its functions, the head.

    The head begins behind the licence.
    """
    count = len(lines)
    begin = next((n for n, x in enumerate(lines, 1) if x.strip() and not x.lstrip().startswith(COMMENT)), 1)
    at = [(e.line - 5, e.line + 12) for e in hit.evidence if e.line > 1]
    spans = [(s.start, min(s.end, s.start + 60)) for s in named[:2]]
    spans += [(s.start, min(s.end, s.start + 60)) for s in hit.symbols]
    return [
        (max(1, a), min(count, b)) for a, b in [*at[:1], *spans, *at[1:], (begin, begin + 40)] if a <= count
    ]


def called(repo: str, path: str) -> str:
    """A file as models are told of it: "secrets: PATH" would be taken for a secret, and taken out."""
    return f"{path} (in {repo})"


def clip(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"
