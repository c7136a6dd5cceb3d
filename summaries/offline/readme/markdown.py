"""Markdown, by markdown-it: loaded only where a README is read.

Its inline rules and the parser of HTML take quadratic time on hostile text, so each piece is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from summaries.offline.readme.blocks import Block, ReadmeLine
from summaries.offline.readme.html import blocks_of_html

PIECE = 4_000  # characters of a paragraph or a piece of HTML that are read

_LIST = ("bullet_list", "ordered_list")


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True, "maxNesting": 20}).enable("table").disable("inline")
    addresses: Any = made  # of links, which nobody reads: to encode them takes as long as to find them
    addresses.normalizeLink = str
    return made


def blocks_of_markdown(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text. Quotations and tables are left out: they hold notices and badges."""
    lists = quotes = tables = level = 0
    parser, env = _parser(), dict[str, Any]()
    for token in parser.parse(_without_front_matter(text), env):
        quotes += token.nesting * (token.type.startswith("blockquote"))
        tables += token.nesting * (token.type.startswith("table"))
        lists += token.nesting * token.type.startswith(_LIST)
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "html_block" and not quotes:
            yield from blocks_of_html(token.content[:PIECE])
        elif token.type == "inline" and not (quotes or tables):
            kind: Literal["heading", "item", "paragraph"]
            kind = "heading" if level else "item" if lists else "paragraph"
            children: list[Token] = []
            parser.inline.parse(token.content[:PIECE], parser, env, children)
            yield from _inline(children, kind, level)


def _inline(
    tokens: Sequence[Token], kind: Literal["heading", "item", "paragraph"], level: int
) -> Iterator[Block]:
    line, links = ReadmeLine(), 0
    for token in tokens:
        links += token.nesting * token.type.startswith("link")
        if token.type in ("text", "code_inline"):
            line.add(token.content, link=links > 0, code=token.type == "code_inline")
        elif token.type in ("softbreak", "hardbreak"):
            line.add(" ")
            if token.type == "hardbreak" and kind == "paragraph" and (block := line.block(kind)):
                yield block
                line = ReadmeLine()
        elif token.type == "html_inline" and token.content.lower().startswith(("<br", "<p")):
            line.add(" ")
    if block := line.block(kind, level):
        yield block


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---", 4)
    return text[end + 4 :] if end > 0 else text
