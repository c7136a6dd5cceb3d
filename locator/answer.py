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


class Change(Struct, frozen=True):
    """A commit that changed a place, perhaps the one that broke it."""

    commit: str
    time: int  # the committer's, UTC seconds
    subject: str
    author: str = ""  # "" where names are not shown
    url: str = ""  # at the code host, where that is known
    lines: int = 0  # of the place that are from it; 0: all that is known is that it changed the file


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
    owners: tuple[str, ...] = ()  # by the repository's CODEOWNERS
    changes: tuple[Change, ...] = ()  # the last ones of its lines, else of the file; newest first


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
    time: int = 0  # of the commit, UTC seconds; 0 where nobody looked
    indexed: int = 0  # when it was indexed, UTC seconds
    clone: str = ""  # "current", "moved on", "gone" or "unknown"; "" for a version asked for by name
    changed: int = 0  # files read from the working tree that differ from the commit


class Call(Struct, frozen=True):
    """One call of a model. Tokens as the endpoint counts them, or our estimate."""

    stage: str  # "judge", "dig", "paper route" ...
    model: str
    read: int  # tokens of the prompt
    written: int  # tokens of the answer
    money: float  # by the configured prices; 0 for what was kept from before
    seconds: float
    source: str  # "endpoint", "file", "cache" or "replay"


class Look(Struct, frozen=True):
    """One thing that a model looked up on its way to an answer."""

    turn: int  # which of its turns asked for it, from 1
    tool: str  # "search", "open", "callers", "callees", "history", "siblings" or "summary"
    request: str  # what it asked for, as in "Cart.total in shop/cart.py"
    why: str  # its own reason; "" where it gave none
    result: str  # what it was shown, in a line


class Judgement(Struct, frozen=True):
    """What the confidence after a model is computed from."""

    offline: float  # confidence before, 0-1
    agrees: bool  # the search had put the same file first
    sure: str  # the model's own word: "high", "medium" or "low"
    dug: bool = False  # it looked things up before its last word


class Step(Struct, frozen=True):
    """How far an answer has come: `route` (phase 1) begins, then `explain` (phase 2) file by file.

    With a model there is `judge` while it orders the files, then perhaps `dig`, turn by turn; in mode paper, `paper`
    and nothing else.
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
    routes: tuple[RouteHit, ...]  # those of the files, in their order
    directories: tuple[DirectoryHit, ...]
    files: tuple[FileHit, ...]
    confidence: float  # calibrated chance that the first file is among those to change
    verdict: Verdict
    searched: int  # files in scope
    seconds: float
    notes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()  # of models
    judgement: Judgement | None = None  # of a model, where one ordered the files
    looks: tuple[Look, ...] = ()  # what a model looked up, in order
    doubt: str = ""  # what would settle what is still in doubt, in a model's words
    questions: tuple[str, ...] = ()  # for the reporter: whose answers would decide, where a model is unsure
    also: tuple[RouteHit, ...] = ()  # repositories that were considered, without a file in the list
