"""The demo's histories as data: one readable text file per repository, replayed commit by commit.

A file is a list of sections, each begun by a line with a sign in column one:

    @@@ commit DATE AUTHOR    then the message
    @@@ file PATH             then the whole file
    @@@ edit PATH             then pairs of `@@@ was` / `@@@ now` pieces; what was must occur exactly once
    @@@ delete PATH
    @@@ tag NAME              on the commit before it
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

SIGN = "@@@ "


class Section(NamedTuple):
    """One sign with its argument and the text below it."""

    sign: str
    argument: str
    text: str


class Change(NamedTuple):
    """A commit with the files that it writes (text) or removes (None), and the tags put on it."""

    author: str
    date: datetime
    message: str
    files: dict[str, str | None]
    tags: list[str]


def sections(history: str) -> Iterator[Section]:
    """The sections of a history in order. Raises ValueError for text before the first sign."""
    sign, argument, lines = "", "", list[str]()
    for line in history.splitlines(keepends=True):
        if line.startswith(SIGN):
            if sign:
                yield Section(sign, argument, "".join(lines))
            sign, _, argument = line[len(SIGN) :].rstrip("\n").partition(" ")
            lines = []
        elif not sign:
            raise ValueError(f"text before the first sign: {line!r}")
        else:
            lines.append(line)
    if sign:
        yield Section(sign, argument, "".join(lines))


def _replaced(text: str, was: str, now: str, path: str) -> str:
    """`was` replaced by `now`: whole lines, or, where the file has no such lines, a part of a line."""
    if text.count(was) != 1:
        was, now = was.removesuffix("\n"), now.removesuffix("\n")
    if text.count(was) != 1:
        raise ValueError(f"{path}: {was!r} occurs {text.count(was)} times")
    return text.replace(was, now)


def changes(history: str) -> list[Change]:
    """The commits of a history, oldest first. Raises ValueError where it contradicts itself."""
    tree: dict[str, str] = {}
    out: list[Change] = []
    path, was = "", ""
    for sign, argument, text in sections(history):
        if sign in ("edit", "delete") and argument not in tree:
            raise ValueError(f"{argument}: no such file to {sign}")
        if sign == "commit":
            date, _, author = argument.partition(" ")
            out.append(Change(author, datetime.fromisoformat(date), text.strip() + "\n", {}, []))
        elif sign == "file":
            tree[argument] = out[-1].files[argument] = text
        elif sign == "edit":
            path = argument
        elif sign == "was":
            was = text
        elif sign == "now":
            tree[path] = _replaced(tree[path], was, text, path)
            out[-1].files[path] = tree[path]
        elif sign == "delete":
            del tree[argument]
            out[-1].files[argument] = None
        elif sign == "tag":
            out[-1].tags.append(argument)
        else:
            raise ValueError(f"unknown sign {sign!r}")
    return out
