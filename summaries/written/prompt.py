"""What the summariser shows a model: a repository's outside, a file's essence, a directory's parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from summaries.llm.prompting import Prompt, data
from summaries.llm.schema import schema_of
from summaries.llm.types import BYTES, Request, tokens
from summaries.offline.file import talk
from summaries.types import Facts, Symbol

Kind = Literal["seed", "file", "directory", "repository", "system"]
ROOM: Mapping[Kind, int] = {
    "seed": 3000,
    "file": 1400,
    "directory": 2200,
    "repository": 4000,
    "system": 6000,
}  # tokens of data
MOST: Mapping[Kind, int] = {
    "seed": 400,
    "file": 260,
    "directory": 240,
    "repository": 480,
    "system": 1100,
}  # of the answer
MOST_CONCERNS, MOST_CONCERN = 6, 80  # phrases, and characters of each
WIDTH = 160  # characters of a line that are shown
SHOWN = frozenset("function method class struct interface service message type".split())
_LICENCE = re.compile(r"(?i)licen[cs]e|copyright|all rights reserved|SPDX")


class FileAnswer(Struct, frozen=True):
    """What is answered of a file."""

    summary: str
    concerns: list[str] = []


class WrittenAnswer(Struct, frozen=True):
    """What is answered of anything else."""

    summary: str


def request(
    kind: Kind, prompt: Prompt, model: str, shown: str, context: str, options: Mapping[str, object]
) -> Request:
    """The question. `context` is the repository's seed."""
    hole = {"seed": "repository", "file": "file", "directory": "directory", "repository": "directories",
            "system": "repositories"}[kind]  # fmt: skip
    about = "The repository that this is part of:\n" + data("repository", context) if context else ""
    messages = prompt.filled(**{hole: data(hole, shown), "context": about})
    shape = schema_of(FileAnswer if kind == "file" else WrittenAnswer)
    return Request(f"{kind} summary", model, messages, "summary", shape, MOST[kind], options=options)


def parts(answer: FileAnswer | WrittenAnswer) -> tuple[str, tuple[str, ...]]:
    """An answer's summary, and the concerns of a file: a few phrases, each on a line of its own."""
    concerns = [" ".join(c.split()).strip(" .;")[:MOST_CONCERN] for c in getattr(answer, "concerns", [])]
    return " ".join(answer.summary.split()), tuple(c for c in concerns if c)[:MOST_CONCERNS]


def outside(name: str, readme: str, manifests: Sequence[tuple[str, str]], files: Mapping[str, Facts]) -> str:
    """A repository from outside: README, manifests, its tree, and whom it talks to."""
    budget = ROOM["seed"]
    folders = Counter("/".join(p.split("/")[:-1][:3]) or "(top level)" for p in files)
    tree = ", ".join(f"{d} ({n})" for d, n in sorted(folders.most_common(60)))
    every = [f for _, f in sorted(files.items())]
    traffic = talk((e for f in every for e in f.serves), (e for f in every for e in f.calls),
                   (t for f in every for t in f.topics), 15)  # fmt: skip
    declared = "\n".join(f"{p}: {_start(t, 200)}" for p, t in sorted(manifests)[:6])
    parts = [
        f"name: {name}",
        f"README:\n{_start(readme, budget // 2)}" if readme else "no README",
        f"manifests:\n{declared}" if declared else "",
        f"directories (with files): {_start(tree, budget // 5)}",
        traffic,
    ]
    return "\n\n".join(p for p in parts if p)


def essence(path: str, facts: Facts, text: str, budget: int = ROOM["file"]) -> str:
    """A file within a budget of tokens: whole where it fits, else the parts that matter and an outline of the rest.

    Licence texts go first. Then come the head, and functions by length and visibility, each with its first
    lines. No line of the file is shown twice.
    """
    every = text.split("\n")
    lines = _without_licence(every)
    head = f"{path} ({facts.language}, {facts.lines} lines)"
    whole = "\n".join(lines)
    if tokens(whole) + tokens(head) <= budget:
        return f"{head}\n{whole}"
    traffic = talk(facts.serves, facts.calls, facts.topics, 10)
    left = budget - tokens(head) - tokens(traffic)
    room = left * 2 // 3
    shown: set[int] = set()  # 1-based numbers of lines
    for first, last in _passages(facts, len(every) - len(lines) + 1, len(every)):
        fresh = [n for n in range(first, last + 1) if n not in shown]
        cost = tokens("\n".join(every[n - 1][:WIDTH] for n in fresh)) + 4
        if fresh and cost <= room:
            room -= cost
            shown.update(fresh)
    code = _excerpt(every, shown)
    outline = _outline([s for s in facts.symbols if s.start not in shown], left - tokens(code))
    return "\n\n".join(p for p in [head, traffic, outline, code] if p)


def _passages(facts: Facts, top: int, end: int) -> Iterator[tuple[int, int]]:
    """First and last line of what is worth showing, the most telling first: the head in steps, functions, the rest."""
    yield from ((n, min(n + 4, end)) for n in range(top, min(top + 25, end + 1), 5))
    for s in sorted(facts.symbols, key=_weight):
        if s.kind in SHOWN:
            yield s.start, min(s.end, s.start + 11, end)
    yield from ((n, min(n + 11, end)) for n in range(top, end + 1, 12))


def _excerpt(lines: Sequence[str], shown: set[int]) -> str:
    """Lines by number, with dots where some are left out."""
    out: list[str] = []
    last = 0
    for n in sorted(shown):
        if last and n > last + 1:
            out.append("...")
        out.append(lines[n - 1][:WIDTH])
        last = n
    return "\n".join(out)


def _outline(symbols: Sequence[Symbol], budget: int) -> str:
    said, left = [], budget
    for s in symbols:
        line = f"{s.start}: {s.signature or s.kind + ' ' + s.qualname}"[:140]
        if (cost := tokens(line) + 1) > left:
            said.append("...")
            break
        left -= cost
        said.append(line)
    return "outline of the rest:\n" + "\n".join(said) if said else ""


def _weight(s: Symbol) -> tuple[bool, int, int]:
    return s.name.startswith("_") or s.name in ("toString", "String", "main"), s.start - s.end, s.start


def parts_of(path: str, parts: Mapping[str, str], budget: int) -> str:
    """A directory by its parts' summaries (by name; those of directories end in a slash), evenly shortened."""
    by_text: dict[str, list[str]] = {}  # a directory that holds one thing has the summary of that
    for n, t in sorted(parts.items()):
        by_text.setdefault(t, []).append(n)
    room = max(20, (budget - sum(tokens(n) + 4 for n in parts)) // max(1, len(by_text)))
    listed = [
        f"- {', '.join(own[:6])}{' ...' * (len(own) > 6)}: {_start(t, room)}" for t, own in by_text.items()
    ]
    out, left = [f"directory: {path or '(top level)'}"], budget
    for count, line in enumerate(listed):
        left -= tokens(line)
        if left < 0:
            out.append(f"and {len(listed) - count} more")
            break
        out.append(line)
    return "\n".join(out)


def _start(text: str, budget: int) -> str:
    """The beginning of a text, within a budget of tokens."""
    limit = max(30, int(budget * BYTES))
    data_ = text.strip().encode("utf-8", "replace")
    return text.strip() if len(data_) <= limit else data_[:limit].decode("utf-8", "ignore") + " ..."


def _without_licence(lines: list[str]) -> list[str]:
    """The lines without a comment at the top that is about rights."""
    end = 0
    for n, line in enumerate(lines[:60]):
        bare = line.strip()
        if bare and not bare.startswith(("//", "/*", "*", "#", "--", "<!--", ";")):
            break
        end = n + 1
    block = "\n".join(lines[:end])
    return lines[end:] if end and _LICENCE.search(block) and len(block) < 8000 else lines
