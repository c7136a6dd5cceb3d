"""What agents are told: typed, and cut to fit a context window."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from locator.answer import Answer, FileHit, Step
from locator.place import place
from locator.terminal import one_line
from locator.tree.show import look
from summaries.index.index import Index

LINE = 240  # characters of a line of code
CHILDREN = 80  # of a place, in read_summary


class RankedFile(BaseModel):
    """A file that probably has to change."""

    rank: int
    repo: str
    path: str
    start: int = Field(description="First line to look at, 1-based; 0 where no line stands out.")
    end: int
    function: str
    score: float = Field(description="0-1 within this answer.")
    why: list[str]
    snippet: str = ""


class Routed(BaseModel):
    """A repository that the report is probably about."""

    repo: str
    commit: str
    score: float
    why: str


class Located(BaseModel):
    """Where a bug probably lives, best first."""

    answer_id: str = Field(description="For explain_result.")
    verdict: str = Field(description="confident, likely, unsure or no confident match.")
    confidence: float = Field(description="Calibrated chance that file 1 is among those to change, 0-1.")
    repositories: list[Routed]
    files: list[RankedFile]
    searched: int
    notes: list[str]


class Explained(BaseModel):
    """Everything that speaks for one file."""

    repo: str
    path: str
    summary: str
    evidence: list[str] = Field(description="Strongest first, with the line where it has one.")
    functions: list[str]
    parts: dict[str, float] = Field(description="What each voter added to the score.")
    code: str = Field(description="The lines that the evidence points at, with their numbers.")


class SearchMatch(BaseModel):
    """A file that matches a search."""

    repo: str
    path: str
    symbol: str
    lines: list[str]


class Searched(BaseModel):
    """What a search found."""

    files: list[SearchMatch]
    total: int
    more: bool = Field(description="Whether `total` is only a lower bound.")
    notes: list[str]


class Child(BaseModel):
    """Something below a place."""

    path: str
    kind: str
    summary: str


class Summary(BaseModel):
    """A repository, directory or file in words."""

    kind: str
    repo: str
    path: str
    summary: str
    files: int
    languages: list[str]
    commit: str
    children: list[Child]
    symbols: list[str]
    left_out: int = Field(description="Children beyond those listed.")


class Indexed(BaseModel):
    """An indexed repository."""

    name: str
    url: str
    commit: str
    time: int = Field(description="Of the commit, UTC seconds.")
    files: int
    also_at: list[str] = Field(description="Tags, commits and dates that `at` may name.")


class IndexStatus(BaseModel):
    """What is indexed."""

    repositories: list[Indexed]
    files: int
    left_out: int


def stage(step: Step) -> str:
    """A step in words."""
    if step.stage in ("judge", "dig", "paper"):
        return "the language model orders the files"
    return f"{step.done} of {step.total} files explained" if step.total else "looking for the repository"


def located(id_: str, answer: Answer, snippet: int) -> Located:
    """An answer for agents."""
    return Located(
        answer_id=id_,
        verdict=answer.verdict,
        confidence=answer.confidence,
        repositories=[
            Routed(
                repo=r.repo, commit=r.commit, score=r.score, why="; ".join(e.text for e in r.evidence)[:400]
            )
            for r in answer.routes[:8]
        ],
        files=[_place(n, f, snippet) for n, f in enumerate(answer.files, 1)],
        searched=answer.searched,
        notes=[one_line(n, 300) for n in answer.notes],
    )


def _place(rank: int, file: FileHit, snippet: int) -> RankedFile:
    start, end = place(file)
    lines = numbered(file.excerpt.start, file.excerpt.lines[:snippet]) if file.excerpt else ""
    return RankedFile(
        rank=rank,
        repo=file.repo,
        path=file.path,
        start=start,
        end=end,
        function=next((s.qualname for s in file.symbols if s.start == start), ""),
        score=file.score,
        why=[_evidence_line(e.text, e.line) for e in file.evidence[:4]],
        snippet=lines,
    )


def _evidence_line(text: str, line: int) -> str:
    said = one_line(text, 240)
    return f"{said} (line {line})" if line > 1 and f":{line}" not in said else said


def numbered(start: int, lines: Sequence[str]) -> str:
    """Lines with their numbers, long ones cut."""
    return "\n".join(f"{start + i}: {x[:LINE]}" for i, x in enumerate(lines))


def explained(index: Index, file: FileHit, most: int) -> Explained:
    """Everything about one file of an answer."""
    view = index.view(file.repo)
    code = ""
    if most and file.path in view.paths:
        text = index.store(file.repo).text(view.blob(view.paths.index(file.path))).split("\n")
        code = _around(
            text,
            sorted({e.line for e in file.evidence if e.line > 1} | {s.start for s in file.symbols}),
            most,
        )
    return Explained(
        repo=file.repo,
        path=file.path,
        summary=file.summary,
        evidence=[_evidence_line(e.text, e.line) for e in file.evidence],
        functions=[
            f"{s.kind} {s.qualname} {s.start}-{s.end} {s.signature}".strip()[:300] for s in file.symbols
        ],
        parts=dict(file.parts),
        code=code,
    )


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


def summary(index: Index, where: str, at: str | None) -> Summary:
    """A place of the tree for agents."""
    node = look(index, where, at, 2 if "/" not in where.strip("/") else 1)
    children = [Child(path=c.path or c.repo, kind=c.kind, summary=c.summary[:300]) for c in node.children]
    return Summary(
        kind=node.kind,
        repo=node.repo,
        path=node.path,
        summary=node.summary,
        files=node.files,
        languages=[f"{name} {n}" for name, n in node.languages[:8]],
        commit=node.commit,
        children=children[:CHILDREN],
        symbols=[f"{s.kind} {s.qualname} {s.start}-{s.end}" for s in node.symbols[:200]],
        left_out=max(0, len(children) - CHILDREN),
    )


def status(index: Index, part: str) -> IndexStatus:
    """What is indexed, for agents."""
    states = [s for n, s in index.repos.items() if part.lower() in n.lower()]
    listed = [
        Indexed(
            name=s.name,
            url=s.url,
            commit=s.commit,
            time=s.time,
            files=sum(s.files.values()),
            also_at=[
                i.ref if i.ref != "HEAD" else i.commit for i in index.shard(s.name).info.snapshots[1:20]
            ],
        )
        for s in states[:200]
    ]
    return IndexStatus(
        repositories=listed, files=sum(r.files for r in listed), left_out=len(states) - len(listed)
    )
