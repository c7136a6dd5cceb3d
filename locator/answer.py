"""What a question is answered with: the path a person can follow, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    """How sure an answer is, in a word."""

    CONFIDENT = "confident"
    LIKELY = "likely"
    UNSURE = "unsure"
    NONE = "no confident match"


class Evidence(Struct, frozen=True):
    """One voter's reason, in words a person can check."""

    voter: str
    text: str
    line: int = 0  # in the file, 1-based; 0 where it has no place
    weight: float = 0.0  # what it added to the score


class SymbolHit(Struct, frozen=True):
    """A function or type of a file hit. Lines are 1-based and inclusive."""

    qualname: str
    kind: str
    start: int
    end: int
    signature: str
    score: float  # relative to the best symbol of the answer, 0-1


class Excerpt(Struct, frozen=True):
    """A few lines of a file."""

    start: int
    lines: tuple[str, ...]


class FileHit(Struct, frozen=True):
    """A file, with the functions in it that speak most for it."""

    repo: str
    path: str
    language: str
    score: float  # fused, 0-1 within the answer
    evidence: tuple[Evidence, ...]
    symbols: tuple[SymbolHit, ...] = ()
    excerpt: Excerpt | None = None
    summary: str = ""
    parts: Mapping[str, float] = {}  # what each voter added to the score, before routing; without those of 0


class DirectoryHit(Struct, frozen=True):
    """A directory, by the files in it."""

    repo: str
    path: str  # "" is the repository's root
    score: float
    files: int  # of those in the answer


class RouteHit(Struct, frozen=True):
    """A repository that phase 1 chose."""

    repo: str
    commit: str
    score: float
    evidence: tuple[Evidence, ...]
    summary: str = ""


class Call(Struct, frozen=True):
    """One call of a model. Tokens as the endpoint counts them, or our estimate."""

    stage: str  # "judge", "judge code", "paper route" ...
    model: str
    read: int  # tokens of the prompt
    written: int  # tokens of the answer
    money: float  # by the configured prices; 0 for what was kept from before
    seconds: float
    source: str  # "endpoint", "file", "cache" or "replay"


class Step(Struct, frozen=True):
    """How far an answer has come: `route` (phase 1) begins, then `explain` (phase 2) file by file.

    With a model there is `judge` while it orders the files, or, in mode paper, `paper` and nothing else.
    """

    stage: str
    done: int = 0
    total: int = 0
    title: str = ""  # of the report as it was read
    frames: int = 0  # calls of stack traces found in it
    mentions: int = 0  # things that it names
    routes: tuple[RouteHit, ...] = ()  # what phase 1 found, from `explain` on


class Answer(Struct, frozen=True):
    """Routes -> directories -> files -> functions, best first, for one report."""

    title: str
    routes: tuple[RouteHit, ...]
    directories: tuple[DirectoryHit, ...]
    files: tuple[FileHit, ...]
    confidence: float  # calibrated chance that the first file is among those to change
    verdict: Verdict
    searched: int  # files in scope
    seconds: float
    notes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()  # of models
