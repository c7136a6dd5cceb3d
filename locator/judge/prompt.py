"""What the judge is shown: the report in brief, candidates in as much detail as the budget allows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from locator.answer import FileHit, RouteHit
from locator.judge.words import Wanted, closest
from locator.report.reader import Report
from locator.voters.registry import GENERAL
from summaries.llm.prompting import data
from summaries.llm.types import BYTES, tokens
from summaries.offline.file import doc, headline
from summaries.offline.text import capital
from summaries.types import Facts

LEVELS = (  # characters on what a file is for, pieces of evidence, functions, of these with signatures
    (200, 2, 3, 2),
    (110, 1, 2, 1),
    (0, 1, 2, 0),
    (0, 0, 1, 0),
)
PURPOSE, REPOSITORIES = 120, 10  # characters on a repository, and of how many there are some
_ANYTHING = re.compile(
    r"it defines [a-z]+, which "
)  # `append`, `required`: a name that is a word may mean anything
_END = re.compile(r"(?<=[.!?]) ")
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


def candidates(
    files: Sequence[tuple[FileHit, Facts]], routes: Sequence[RouteHit], budget: int, wanted: Wanted
) -> str:
    """Numbered candidates within a budget of tokens: all of them in brief, and the first ones in more detail.

    Before them stands what their repositories are for.
    """
    purpose = {r.repo: clip(_END.split(r.summary, 1)[0], PURPOSE) for r in routes if r.summary}
    repos = list(dict.fromkeys(f.repo for f, _ in files))
    head = "\n".join([f"{r}: {purpose[r]}" for r in repos if r in purpose][:REPOSITORIES])
    texts = [
        [_candidate(n, f, facts, wanted, *level) for level in LEVELS] for n, (f, facts) in enumerate(files, 1)
    ]
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


def _candidate(
    n: int, f: FileHit, facts: Facts, wanted: Wanted, about: int, pieces: int, names: int, signatures: int
) -> str:
    lines = [f"{n}. {called(f.repo, f.path)}"]
    if said := _about(f, facts, about):
        lines.append(f"   {said}")
    told = [e for e in f.evidence if e.voter not in GENERAL] or list(f.evidence)
    told = [e for e in told if not (e.voter == "callees" and _ANYTHING.match(e.text))][:pieces]
    if told:
        seen = (clip(e.text, 130) + (f" (line {e.line})" if e.line > 1 else "") for e in told)
        lines.append(f"   seen: {'; '.join(seen)}")
    inside = [clip(s.signature or s.qualname, 90) for s in f.symbols[:signatures]]
    inside += [s.qualname for s in f.symbols[signatures:names] if not any(s.qualname in e.text for e in told)]
    if inside:
        lines.append(f"   in it: {'; '.join(inside)}")
    elif not f.symbols:
        ends = list(dict.fromkeys(".".join(k.split(".")[-2:]) for k in facts.keys))
        if keys := closest(ends, wanted, sharing=True)[: names + 2]:
            lines.append(f"   sets: {clip(', '.join(keys), 160)}")
    return "\n".join(lines)


def _about(f: FileHit, facts: Facts, limit: int) -> str:
    """What a file is for: its summary where somebody wrote one, else its own words.

    The rest of an offline summary is its path and its functions once more.
    """
    if not limit:
        return ""
    if f.summary.startswith(capital(headline(f.path, facts))):
        return capital(doc(f.path, facts, limit))
    first, *more = _END.split(" ".join(f.summary.split()))
    said = clip(first, limit)
    for sentence in more:
        if len(said) + len(sentence) >= limit:
            break
        said += f" {sentence}"
    return said


def called(repo: str, path: str) -> str:
    """A file as models are told of it: "secrets: PATH" would be taken for a secret, and taken out."""
    return f"{path} (in {repo})"


def clip(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"
