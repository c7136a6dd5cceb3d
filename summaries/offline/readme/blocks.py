"""What a README consists of, whatever its markup: headings, paragraphs and list items as plain lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from summaries.offline.text import plain

_OTHERS = re.compile(r"[\W_]+")  # all but what `str.isalnum` says yes to


def _letters(text: str) -> int:
    return len(_OTHERS.sub("", text))


class Block(Struct, frozen=True):
    """A piece of a document. Code, tables, pictures, comments and admonitions are no blocks."""

    kind: Literal["heading", "paragraph", "item"]
    text: str  # one line, markup resolved
    level: int = 0  # of a heading: 1 for the title
    linked: float = 0.0  # share of its letters that are the text of links
    code: float = 0.0  # share of its letters that are marked as code


class Section(Struct, frozen=True):
    """A heading with what stands right under it. `titles` are the headings above it, outermost first."""

    titles: tuple[str, ...]
    blocks: tuple[Block, ...]


class ReadmeLine:
    """Text being collected for one block, with how much of it is link or code."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.letters = {"link": 0, "code": 0}

    def add(self, text: str, *, link: bool = False, code: bool = False) -> None:
        """Append a piece of text."""
        self.parts.append(text)
        if link or code:
            letters = _letters(text)
            self.letters["link"] += letters * link
            self.letters["code"] += letters * code

    def block(self, kind: Literal["heading", "paragraph", "item"], level: int = 0) -> Block | None:
        """The block, or None where there is no text in it."""
        text = plain("".join(self.parts))
        total = _letters(text)
        if not total:
            return None
        return Block(kind, text, level, self.letters["link"] / total, self.letters["code"] / total)


def sections(blocks: Iterable[Block]) -> Iterator[Section]:
    """Blocks grouped under their headings, in order; what precedes the first heading has no titles."""
    open_: list[Block] = []
    run: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            run.append(block)
            continue
        yield Section(tuple(h.text for h in open_), tuple(run))
        run = []
        open_ = [*(h for h in open_ if h.level < block.level), block]
    yield Section(tuple(h.text for h in open_), tuple(run))
