"""The first paragraph of a README that says something: no badges, headings, HTML, code or tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summaries.static_text import plain

_LIMIT = 20_000  # characters of a README that are read
_IMAGE = re.compile(r"!\[[^\]\n]{0,300}\](?:\([^)\n]{0,600}\)|\[[^\]\n]{0,200}\])")
_EMPTY_LINK = re.compile(r"\[\s{0,9}\](?:\([^)\n]{0,600}\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\]\n]{1,300})\](?:\([^)\n]{0,600}\)|\[[^\]\n]{0,200}\])?")
_RST_LINK = re.compile(r"`([^`<>\n]{1,200}?)\s{0,3}<[^<>\n]{1,400}>`_{1,2}|``([^`\n]{1,200})``")
_HEADING = re.compile(r"<h([1-6])\b[^<>]{0,300}>[^\0]{0,400}?</h\1>", re.I)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|table|tr|td|center|hr|details|summary|pre|blockquote)\b[^<>]{0,400}>", re.I
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,400}>")
_EMPHASIS = re.compile(r"(\*\*|__|\*|(?<!\w)_(?!\w))")
_SKIPPED = re.compile(r"#|\||[-*+] |\d+[.)] |>|\.\. |:\w+:|```|~~~|={3,}|-{3,}|\[[^\]\n]{1,100}\]:")
_RULE = re.compile(r"([=\-~^\"'*#+])\1{2,}$")
_CUES = re.compile(
    r"table of contents|build status|this (?:page|file|document) was|deprecated|copyright|click here", re.I
)


def _without_html(text: str) -> str:
    out, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        out.append(text[at:start])
        stop = text.find("-->", start)
        at = stop + 3 if stop >= 0 else len(text)
    text = "".join(out) + text[at:]
    return _TAG.sub("", _BLOCK.sub("\n", _HEADING.sub("\n\n", text)))


def _paragraphs(text: str) -> Iterator[str]:
    """Runs of prose lines, fenced code and front matter left out, with headings ending a run."""
    lines = text.splitlines()
    fenced, run = False, list[str]()
    matter = lines[1:].index("---") + 2 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    for line in lines[matter:]:
        bare = line.strip()
        if bare.startswith(("```", "~~~")):
            fenced = not fenced
            bare = ""
        if _RULE.fullmatch(bare):
            run = []  # what stood above the rule was a heading
            continue
        prose = (
            not fenced and bare and not _SKIPPED.match(bare) and (run or not line.startswith(("    ", "\t")))
        )
        if prose:
            run.append(bare)
        elif run:
            yield " ".join(run)
            run = []
    if run:
        yield " ".join(run)


def first_paragraph(readme: str) -> str:
    """The first real paragraph as one plain line, or '' where there is none."""
    text = _EMPTY_LINK.sub("", _IMAGE.sub("", _without_html(readme[:_LIMIT])))
    for paragraph in _paragraphs(text):
        links = sum(len(m[1]) for m in _LINK.finditer(paragraph))
        said = _RST_LINK.sub(lambda m: m[1] or m[2] or "", _LINK.sub(r"\1", paragraph))
        said = plain(_EMPHASIS.sub("", said))
        letters = sum(c.isalpha() for c in said)
        if letters >= 25 and " " in said and links < letters * 0.6 and not _CUES.search(said[:120]):
            return said
    return ""
