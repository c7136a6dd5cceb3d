"""reStructuredText and plain text, read by lines: titles, paragraphs and items, no directive, field or literal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summaries.offline.readme.blocks import Block, ReadmeLine

_RULE = re.compile(r"([=\-~^\"'*#+`:._])\1{2,}")
_ITEM = re.compile(r"(?:[-*+•]|\(?\d{1,3}[.)]|#\.)\s+")
_FIELD = re.compile(r":[A-Za-z][\w -]{0,40}:(?:\s|$)")
_INLINE = re.compile(
    r"``(?P<code>[^`\n]{1,200})``"
    r"|(?::[\w:+.-]{1,40}:)?`(?P<link>[^`<>\n]{1,200}?)\s{0,3}(?:<[^<>\n]{1,400}>)?`_{0,2}"
    r"|\b(?P<word>[A-Za-z][\w.-]{0,60}[A-Za-z0-9])_{1,2}(?=[\s.,;:)!?]|$)"
    r"|(?P<gone>\|[^|\n]{1,80}\|_{0,2}|\[(?:\d{1,3}|#[\w-]{0,30})\]_)"
)
_STRESS = re.compile(r"\*{1,2}(?=\S)([^*\n]{1,300}?)(?<=\S)\*{1,2}")


def blocks_of_text(text: str) -> Iterator[Block]:
    """The blocks of a text. What is indented below a directive or after '::' belongs to that."""
    ranks = ""
    run: list[str] = []
    inside = literal = False  # below a directive; below a paragraph that ended with '::'
    lines = [*text.split("\n"), ""]
    for line in lines:
        bare = line.strip()
        indented = line[:1] in (" ", "\t")
        if bare and not indented:
            inside = literal = False
        if _RULE.fullmatch(bare) and not indented:
            if len(run) == 1 and len(bare) >= min(len(run[0]), 4):
                ranks += bare[0] if bare[0] not in ranks else ""
                yield from _block(run, 1 + ranks.index(bare[0]))
            run = []
        elif bare.startswith((".. ", "__ ")) or bare == "..":
            yield from _block(run)
            run, inside = [], True
        elif not bare:
            literal = literal or (bool(run) and run[-1].endswith("::"))
            yield from _block(run)
            run = []
        elif (
            (indented and (inside or literal or not run))
            or (_FIELD.match(bare) and not run)
            or bare.startswith((">>> ", "$ ", "|"))
        ):
            continue
        else:
            if run and _ITEM.match(bare):
                yield from _block(run)
                run = []
            run.append(bare)


def _block(run: list[str], level: int = 0) -> Iterator[Block]:
    if not run:
        return
    text = " ".join(run)
    item = _ITEM.match(text)
    line, at = ReadmeLine(), item.end() if item else 0
    text = _STRESS.sub(r"\1", text.replace("::", ":") if text.endswith("::") else text)
    for found in _INLINE.finditer(text, at):
        line.add(text[at : found.start()])
        name = found.lastgroup
        if name != "gone":
            line.add(found[name or 0], link=name in ("link", "word"), code=name == "code")
        at = found.end()
    line.add(text[at:])
    if block := line.block("heading" if level else "item" if item else "paragraph", level):
        yield block
