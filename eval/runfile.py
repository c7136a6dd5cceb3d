"""Lines of a run: one answer a case, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from locator.answer import Call, Judgement
from summaries.errors import UsageError

T = TypeVar("T")
LISTED = 100  # files of an answer
LONGEST = (
    8_000_000  # characters of a line that a service wrote: a report has up to a million, escapes and all
)


class Reason(Struct, frozen=True, omit_defaults=True):
    """One voter's reason for a file."""

    voter: str
    text: str
    weight: float = 0.0
    line: int = 0


class Named(Struct, frozen=True):
    """A function of a file."""

    name: str  # qualified
    start: int
    end: int


class RankedFile(Struct, frozen=True, omit_defaults=True):
    """A file of the ranking. The first ones say why they are there, and which functions of theirs."""

    repo: str
    path: str
    score: float = 0.0
    parts: Mapping[str, float] = {}  # what each voter added; "route:" of its repository, "role" taken off
    evidence: tuple[Reason, ...] = ()
    functions: tuple[Named, ...] = ()


class Target(Struct, frozen=True, omit_defaults=True):
    """A gold file as this run saw it."""

    repo: str
    path: str
    rank: int | None = None  # among all candidates, 1 is best; None: not a candidate
    language: str = ""
    kind: str = ""  # of `eval.scoring.strata.KINDS`; "" where the file is not indexed
    score: float = 0.0
    parts: Mapping[str, float] = {}
    evidence: tuple[Reason, ...] = ()


class RunLine(Struct, frozen=True, omit_defaults=True):
    """The answer to one case. `ranked` and `routed` are best first; the rest is for reading misses."""

    id: str
    ranked: tuple[RankedFile, ...] = ()
    routed: tuple[str, ...] = ()
    seconds: float = 0.0
    confidence: float | None = None
    gold: tuple[Target, ...] = ()
    searched: int = 0  # candidates
    calls: tuple[Call, ...] = ()  # of models
    judgement: Judgement | None = None  # of a model
    note: str = ""  # why a model was not heard, where one was asked
    error: str = ""  # why there is no answer


class About(Struct, frozen=True, omit_defaults=True):
    """What made a run; it lies beside the run as NAME.about.json."""

    name: str
    scope: str
    cases: int
    commits: str  # digest of every commit searched
    code: str  # digest of our source
    settings: Mapping[str, object] = {}
    command: str = ""  # as it was typed


def encode(line: RunLine) -> bytes:
    """The line as written. `id`, `ranked`, `routed` and `seconds` are always there."""
    plain = msgspec.to_builtins(line)
    full = {"id": line.id, "ranked": [], "routed": [], "seconds": 0.0} | plain
    return msgspec.json.encode(full) + b"\n"


def read_run(path: Path) -> tuple[dict[str, RunLine], list[str]]:
    """Answers by id, and a message for every line that is none. Other tools' runs need only id and ranked."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
    lines: dict[str, RunLine] = {}
    problems: list[str] = []
    for n, text in enumerate(data.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=RunLine)
        except (msgspec.MsgspecError, ValueError, RecursionError) as e:
            problems.append(f"{path.name}:{n}: {e}")
            continue
        if line.id in lines:
            problems.append(f"{path.name}:{n}: {line.id} stands twice; the first counts")
        else:
            lines[line.id] = line
    return lines, problems


def finished(path: Path, ids: Sequence[str]) -> int:
    """How many leading cases of `ids` a file answers already; whatever follows them is cut off.

    A line counts if it ends in a line feed and is an answer, so a line torn by a crash is dropped.
    """
    if not path.exists():
        return 0
    keep = done = 0
    with path.open("rb") as f:
        for text, wanted in zip(f, ids, strict=False):
            try:
                line = msgspec.json.decode(text, type=RunLine)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                break
            if not text.endswith(b"\n") or line.id != wanted:
                break
            keep += len(text)
            done += 1
    with path.open("rb+") as f:
        f.truncate(keep)
    return done


def about_path(run: Path) -> Path:
    """Where a run says what made it."""
    return run.with_name(run.name.removesuffix(".jsonl") + ".about.json")


def read_about(run: Path) -> About | None:
    """What made a run; None where it does not say."""
    try:
        return msgspec.json.decode(about_path(run).read_bytes(), type=About)
    except (OSError, msgspec.MsgspecError):
        return None


def read_lines(path: Path, kind: type[T], hint: str) -> tuple[list[T], list[str]]:
    """Lines that a service wrote, and a message for every line that is none. Raises UsageError."""
    out: list[T] = []
    problems = []
    try:
        with path.open("r", encoding="utf-8", errors="replace") as f:
            for n, line in enumerate(f, 1):
                try:
                    if len(line) > LONGEST:
                        raise ValueError("too long")
                    out.append(msgspec.json.decode(line, type=kind))
                except (msgspec.MsgspecError, ValueError) as e:  # a line may be torn by a crash
                    problems.append(f"{path.name}:{n}: {e}")
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}", hint) from e
    return out, problems
