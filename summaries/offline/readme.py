"""Where a README is, and the first paragraph of it that says something: no badges, headings, HTML, code or tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from summaries.offline.text import plain

README = re.compile(r"readme(\.(md|rst|txt|adoc|markdown))?", re.IGNORECASE)
_LIMIT = 20_000  # characters of a README that are read
_IMAGE = re.compile(
    r"!\[[^\]]{0,300}\](?:\([^)]{0,9000}\)|\[[^\]\n]{0,200}\])"
)  # some hold the picture itself
_EMPTY_LINK = re.compile(r"\[\s{0,9}\](?:\([^)\n]{0,600}\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\]\n]{1,300})\](?:\([^)\n]{0,600}\)|\[[^\]\n]{0,200}\])?")
_RST_LINK = re.compile(
    r"`([^`<>\n]{1,200}?)\s{0,3}<[^<>\n]{1,400}>`_{1,2}|``([^`\n]{1,200})``|`([^`\n]{1,200})`_{1,2}(?!\w)"
    r"|\b([A-Za-z][\w.-]{0,60}[A-Za-z0-9])_(?=[\s.,;:)]|$)"
)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,400})>")
_HEADING = re.compile(r"<h([1-6])\b[^<>]{0,300}>[^\0]{0,400}?</h\1>", re.I)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|table|tr|td|center|hr|details|summary|pre|blockquote)\b[^<>]{0,400}>", re.I
)
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{0,20}(?:\s[^<>]{0,400})?/?>")
_EMPHASIS = re.compile(r"\*\*|__|\*")
_UNDERSCORED = re.compile(r"(?<![\w`])_(?=\S)([^_\n]{1,300})(?<=[^\s`])_(?!\w)")
_SKIPPED = re.compile(
    r"#|\||=+ |//|[-*+] |\d+[.)] |>|\.\. |:[\w-]+:|\w+::|```|~~~|={3,}|-{3,}|\[[^\]\n]{1,100}\]:"
)
_RULE = re.compile(r"([=\-~^\"'*#+])\1{2,}$")
_SPONSORS = re.compile(r"\W*(?:(?:our|for|the)\s+)?(?:sponsors?|sponsoring|sponsorship|donat\w+|backers?|supporters|funding"
                       r"|enterprise|open collective|partners)\W*$", re.I)  # fmt: skip
_CUES = re.compile(
    r"table of contents|build status|this (?:page|file|document) was|deprecated|copyright|click here|licensed under"
    r"|do not edit|^(?:for (?:the )?(?:latest|more|full|further)|please (?:visit|see|follow|check|refer)|visit |check out "
    r"|see (?:the|our|also)\b|documentation:|go to )",
    re.I,
)


def _without_html(text: str) -> str:
    out, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        out.append(text[at:start])
        stop = text.find("-->", start)
        at = stop + 3 if stop >= 0 else len(text)
    text = "".join(out) + text[at:]
    return _TAG.sub("", _BLOCK.sub("\n", _HEADING.sub("\n\n", text)))


class _Sections:
    """Where in a README's sections one is: those about money, with what is below them, say nothing of the code."""

    def __init__(self) -> None:
        self._rules = ""  # underlines of headings, as reStructuredText ranks them: by first use
        self._money = 0  # level of the section about money; 0 outside

    def underlined(self, title: str, rule: str) -> None:
        self._rules += rule if rule not in self._rules else ""
        self.enter(title, 1 + self._rules.index(rule))

    def enter(self, title: str, level: int) -> None:
        if not self._money or level <= self._money:
            self._money = level if _SPONSORS.match(title) else 0

    @property
    def matters(self) -> bool:
        return not self._money


def _paragraphs(text: str) -> Iterator[str]:
    """Runs of prose lines, fenced code and front matter left out, with headings ending a run."""
    lines = text.splitlines()
    fenced, run, at = False, list[str](), _Sections()
    matter = lines[1:].index("---") + 2 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    directive = False  # of reStructuredText: what is indented below it belongs to it
    for line in lines[matter:]:
        bare = line.strip()
        directive = bare.startswith(".. ") or (directive and (not bare or line[0].isspace()))
        if directive:
            bare = ""
        if bare.startswith(("```", "~~~")):
            fenced = not fenced
            bare = ""
        if _RULE.fullmatch(bare):
            if run:  # what stands above the rule is a heading
                at.underlined(run[-1], bare[0])
            run = []
            continue
        prose = (
            not fenced and bare and not _SKIPPED.match(bare) and (run or not line.startswith(("    ", "\t")))
        )
        if prose:
            run.append(bare)
        elif run:
            if at.matters:
                yield " ".join(run)
            run = []
        if not fenced and bare.startswith("#"):
            at.enter(bare.strip("# "), len(bare) - len(bare.lstrip("#")))
    if run and at.matters:
        yield " ".join(run)


def readme_of(paths: Iterable[str]) -> str:
    """The README that code hosts show: at the root, else in `docs` or `.github`; "" for none."""
    found = {
        f: p for p in sorted(paths, reverse=True) for f, _, n in [p.rpartition("/")] if README.fullmatch(n)
    }
    return next((found[f] for f in ("", "docs", ".github") if f in found), "")


def first_paragraph(readme: str) -> str:
    """The first real paragraph as one plain line, or '' where there is none."""
    text = _EMPTY_LINK.sub("", _IMAGE.sub("", _without_html(readme[:_LIMIT])))
    for paragraph in _paragraphs(text):
        links = sum(len(m[1]) for m in _LINK.finditer(paragraph))
        said = _RST_LINK.sub(
            lambda m: next(x for x in m.groups() if x), _UNDERSCORED.sub(r"\1", _LINK.sub(r"\1", paragraph))
        )
        said = unescape(_AUTOLINK.sub(r"\1", said))
        said = plain(_EMPHASIS.sub("", said))
        letters = sum(c.isalpha() for c in said)
        if letters >= 25 and " " in said and links < letters * 0.6 and not _CUES.search(said[:120]):
            return _closed(said)
    return ""


def _closed(said: str) -> str:
    """Without what a colon announces: the list below is not part of it."""
    if not said.endswith(":"):
        return said
    before = said.rpartition(". ")[0]
    return before + "." if len(before) >= 25 else said.rstrip(": ")
