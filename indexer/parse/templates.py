"""Templates by lines: what they define, what they include, and the texts that they show.

Go and Helm, Jinja, Twig, Liquid, FreeMarker, Velocity and the like are told by their brackets; HAML, Slim and Pug
by their lines. Nothing is rendered.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from indexer.parse.text import clean, doc_above, file_doc, line_count
from summaries.types import Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 300
_MAX_STRINGS: Final = 400

_DEFINES = re.compile(
    rb"\{\{-?\s{0,9}define\s{1,9}[\"`]([^\"`\n]{1,200})[\"`]"
    rb"|\{%-?\s{0,9}(?:macro|function|component)\s{1,9}([\w.]{1,100})"
    rb"|<#(?:macro|function)\s{1,9}([\w.]{1,100})|#macro\s{0,4}\(\s{0,4}([\w.]{1,100})"
    rb"|^[ \t]{0,40}mixin[ \t]{1,9}([\w-]{1,100})",
    re.MULTILINE,
)
_INCLUDES = re.compile(
    rb"\{\{-?[^{}\n]{0,100}?\b(?:template|include|tpl|partial)\s{1,9}[\"`]([^\"`\n]{1,200})[\"`]"
    rb"|\{%-?\s{0,9}(?:include|extends|import|from|render|embed|use|section|layout)\s{1,9}[\"']([^\"'\n]{1,200})[\"']"
    rb"|<#(?:include|import)\s{1,9}[\"']([^\"'\n]{1,200})[\"']|<mj-include\s[^<>]{0,100}?path=[\"']([^\"'\n]{1,200})[\"']"
    rb"|\{\{>\s{0,4}([\w./-]{1,200})|@(?:include|extends|component)\(\s{0,4}[\"']([^\"'\n]{1,200})[\"']"
    rb"|^[ \t]{0,60}(?:include|extends)(?::\w{1,20})?[ \t]{1,9}([\w./@-]{1,200})[ \t]*$"
    rb"|\brender\s{0,4}\(?\s{0,4}(?:partial:|:partial\s{0,4}=>|template:)?\s{0,4}[\"']([\w./-]{1,200})[\"']",
    re.MULTILINE,
)
_HELM_DOC = re.compile(rb"\{\{-?\s{0,4}/\*(.{0,2000}?)\*/\s{0,4}-?\}\}", re.DOTALL)


def defined(data: bytes, lines: list[bytes], language: str) -> tuple[Symbol, ...]:
    """Named templates, macros and mixins: each up to where the next begins or its end tag stands."""
    found = list(_DEFINES.finditer(data))[:_MAX_SYMBOLS]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    comments = (
        {bisect_right(starts, m.end() - 1) - 1: m[1] for m in _HELM_DOC.finditer(data)} if found else {}
    )
    out = []
    for index, one in enumerate(found):
        row = bisect_right(starts, one.start(one.lastindex or 0)) - 1
        limit = found[index + 1].start() if index + 1 < len(found) else len(data)
        text = data[one.end() : limit].rstrip()
        if language == "pug":
            text = _indented(lines, row, text)
        close = max((text.rfind(end) for end in _ENDS), default=-1)
        comment = text.rfind(b"/*")
        if comment > close >= 0:
            text = text[:comment]
        stop = text.count(b"\n", 0, close) if close >= 0 else text.count(b"\n")
        name = next(g for g in one.groups() if g).decode("utf-8", "replace")
        doc = clean(comments[row - 1].split(b"\n")) if row - 1 in comments else doc_above(lines, row, "html")
        written = lines[row].strip()[:200].decode("utf-8", "replace")
        out.append(Symbol(name, name, "function", row + 1, min(row + stop, len(lines) - 1) + 1, written, doc))
    return tuple(out)


_ENDS: Final = (
    b"{{- end",
    b"{{ end",
    b"{{end",
    b"{{-end",
    b"endmacro",
    b"endfunction",
    b"endcomponent",
    b"</#macro",
    b"</#function",
)


def _indented(lines: list[bytes], row: int, text: bytes) -> bytes:
    """What is indented deeper than the line of `row`."""
    depth = len(lines[row]) - len(lines[row].lstrip())
    for n, line in enumerate(lines[row + 1 :], 1):
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return b"\n" * (n - 1)
    return text


def included(data: bytes) -> tuple[str, ...]:
    """Templates that a template names, in order."""
    names = (next(g for g in m.groups() if g).decode("utf-8", "replace") for m in _INCLUDES.finditer(data))
    return tuple(dict.fromkeys(names))[:200]


_TAG = re.compile(
    rb"[ \t]*(?:[%.#]?[A-Za-z][\w:-]*(?:[.#][\w-]+)*|[.#][\w-]+(?:[.#][\w-]+)*)"
    rb"(?:\{[^{}\n]{0,400}\}|\([^()\n]{0,400}\)|\[[^\[\]\n]{0,200}\])?[=~!&<>]{0,3}"
)
_QUOTED = re.compile(rb"\"([^\"\n]{3,300})\"|'([^'\n]{3,300})'")
_CODE: Final = (b"-", b"=", b"/", b":", b"!", b"&", b"~", b"\\", b"@", b"{", b"<")


def read(data: bytes, language: str) -> Facts:
    """The facts of a template whose lines are outlines: HAML, Slim and Pug."""
    lines = data.split(b"\n")
    strings: list[Literal] = []
    for row, line in enumerate(lines):
        if len(strings) >= _MAX_STRINGS:
            break
        line = line[:2_000]
        if len(line) < 4:
            continue
        bare = line.strip()
        shown = b""
        if bare[:1] in (b"|", b"'") and language != "haml":
            shown = bare[1:]
        elif not bare.startswith(_CODE):
            tag = _TAG.match(line) if language != "haml" or bare[:1] in (b"%", b".", b"#") else None
            shown = (
                line[tag.end() :]
                if tag and not line[: tag.end()].endswith((b"=", b"~"))
                else b""
                if tag
                else bare
            )
        texts = [shown, *(m[1] or m[2] for m in _QUOTED.finditer(line))]
        plain = dict.fromkeys(" ".join(t.decode("utf-8", "replace").split())[:300] for t in texts)
        strings += [Literal(row + 1, t) for t in plain if len(t) >= 3 and any(c.isalpha() for c in t)]
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=defined(data, lines, language),
        imports=included(data),
        strings=tuple(strings[:_MAX_STRINGS]),
    )
