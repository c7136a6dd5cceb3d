"""HTML in READMEs, by the standard library's parser: its headings, paragraphs and list items."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Literal

from summaries.offline.readme.blocks import Block, ReadmeLine

_BREAKS = frozenset(
    "p div br li ul ol table tr td th center hr section article header details summary blockquote dl dt dd".split()
)
_HIDDEN = frozenset("script style svg pre code table summary sup sub picture video".split())
_HEADINGS = {f"h{n}": n for n in range(1, 7)}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.line = ReadmeLine()
        self.level = self.links = self.hidden = 0
        self.item = False

    def end_block(self) -> None:
        kind: Literal["heading", "item", "paragraph"]
        kind = "heading" if self.level else "item" if self.item else "paragraph"
        if block := self.line.block(kind, self.level):
            self.blocks.append(block)
        self.line = ReadmeLine()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _HEADINGS or tag in _BREAKS:
            self.end_block()
            self.level = _HEADINGS.get(tag, 0 if tag in ("p", "div", "li") else self.level)
            self.item = tag == "li" or (self.item and tag != "p")
        self.links += tag == "a"
        self.hidden += tag in _HIDDEN

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS or tag in _BREAKS:
            self.end_block()
            self.level = 0
            self.item = self.item and tag not in ("li", "ul", "ol")
        self.links = max(0, self.links - (tag == "a"))
        self.hidden = max(0, self.hidden - (tag in _HIDDEN))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.line.add(data, link=self.links > 0)


def blocks_of_html(text: str) -> Iterator[Block]:
    """The blocks of a piece of HTML; unclosed tags end with it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_block()
    yield from reader.blocks
