"""AsciiDoc, read by lines: titles, paragraphs and items, its attributes resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from summaries.offline.readme.blocks import Block, ReadmeLine

_TITLE = re.compile(r"(={1,6}|#{1,6})\s+(\S.{0,300})")
_ATTRIBUTE = re.compile(r":!?([\w-]{1,60})!?:(?:\s+(.{0,500}))?")
_FENCE = re.compile(r"(?:-{4,}|\.{4,}|\*{4,}|={4,}|_{4,}|\+{4,}|/{4,}|--|```|[|,:!]={3,})\w{0,20}")
_ITEM = re.compile(r"(?:\*{1,5}|\.{1,5}|-|\d{1,3}\.)\s+")
_ADMONITION = re.compile(r"\[?(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)(?:\]|:\s)")
_LINE = re.compile(
    r"(?:\[[^\n]{0,300}\]|\.\S[^\n]{0,200}|(?:image|include|ifdef|ifndef|ifeval|endif|toc|video)::\S{0,400}.{0,400})"
)
_INLINE = re.compile(
    r"(?:(?:link|xref|mailto):[^\s\[\]]{1,400}|https?://[^\s\[\]<>]{1,400})\[(?P<link>[^\]\n]{0,300})\]"
    r"|<<[^<>,\n]{1,200}(?:,(?P<cross>[^<>\n]{1,200}))?>>"
    r"|(?P<gone>(?:image|icon|kbd|footnote|anchor|pass):[^\s\[\]]{0,400}\[[^\]\n]{0,400}\]|\[\[[^\]\n]{1,100}\]\])"
    r"|`\+?(?P<code>[^`\n]{1,200}?)\+?`"
)
_REFERENCE = re.compile(r"\{([\w-]{1,60})\}")
_STRESS = re.compile(r"(?<!\w)([*_#]{1,2})(?=\S)([^*_#\n]{1,300}?)(?<=\S)\1(?!\w)")


def blocks_of_asciidoc(text: str) -> Iterator[Block]:
    """The blocks of a text: no delimited block, no admonition."""
    known: dict[str, str] = {}
    run: list[str] = []
    fence = ""
    skip = False  # the paragraph that follows is an admonition, or code
    for line in [*text.split("\n"), ""]:
        bare = line.strip()
        if fence:
            fence = "" if bare == fence else fence
            continue
        if _FENCE.fullmatch(bare) and not (run and len(bare) > 4 and _underlines(bare, run)):
            yield from _block(run, known)
            run, skip = [], False
            fence = bare if not bare.startswith("```") else "```"
            continue
        if run and len(run) == 1 and _underlines(bare, run):
            yield from _block(run, known, 1 if bare[0] == "=" else 2)
            run = []
        elif title := _TITLE.fullmatch(bare):
            yield from _block(run, known)
            yield from _block([title[2]], known, len(title[1]))
            run, skip = [], False
        elif attribute := _ATTRIBUTE.fullmatch(bare) if not run else None:
            known[attribute[1].lower()] = _resolved((attribute[2] or "")[:500], known)
        elif not bare or bare == "+":
            if not skip:
                yield from _block(run, known)
            run, skip = [], skip and not run
        elif not run and _LINE.fullmatch(bare):
            skip = skip or bool(_ADMONITION.match(bare)) or bare.startswith(("[source", "[listing", "[quote"))
        elif bare.startswith("//") or (not run and line[:1] in (" ", "\t") and not _ITEM.match(bare)):
            continue
        else:
            if not run and _ADMONITION.match(bare):
                skip = True
            if run and _ITEM.match(bare):
                yield from _block(run, known)
                run = []
            run.append(bare)


def _underlines(bare: str, run: list[str]) -> bool:
    return (
        len(bare) > 2
        and bare[0] in "=-~^+"
        and bare == bare[0] * len(bare)
        and abs(len(bare) - len(run[-1])) <= 2
    )


def _resolved(text: str, known: Mapping[str, str]) -> str:
    """Attributes in place of their names; a name that is not known stays in its braces."""
    return _REFERENCE.sub(lambda m: known.get(m[1].lower(), m[0]), text)[:20_000]


def _block(run: list[str], known: Mapping[str, str], level: int = 0) -> Iterator[Block]:
    if not run:
        return
    text = " ".join(run)
    item = _ITEM.match(text)
    text = _STRESS.sub(r"\2", _resolved(text[item.end() :] if item else text, known))
    line, at = ReadmeLine(), 0
    for found in _INLINE.finditer(text):
        line.add(text[at : found.start()])
        if (name := found.lastgroup) and name != "gone":
            line.add(found[name].rstrip("^"), link=name != "code", code=name == "code")
        at = found.end()
    line.add(text[at:])
    if block := line.block("heading" if level else "item" if item else "paragraph", level):
        yield block
