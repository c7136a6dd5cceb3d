"""Files without a grammar, by regular expressions: SQL, build files, pages, documents, translations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from indexer.parse import config as parse_config
from indexer.parse import declared, directives, schemas, stylesheets, templates
from indexer.parse import groovy as parse_groovy
from indexer.parse.text import clean, doc_above, file_doc, first_paragraph, line_count
from summaries.types import Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 300
MAX_STRINGS: Final = 400


def read(data: bytes, language: str) -> Facts:
    """The facts of a file that has no grammar."""
    data = data.replace(b"\r\n", b"\n")
    reader = READERS.get(language)
    if reader:
        return reader(data, language)
    return Facts(language, line_count(data), doc=file_doc(data.split(b"\n", 120)[:120]))


# --- SQL: its dialects break every grammar ---------------------------------------------------------------

_CREATE = re.compile(
    rb"^[ \t]*CREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|UNIQUE"
    rb"|MATERIALIZED|EXTERNAL|FOREIGN|VIRTUAL|DEFINER\s*=\s*\S+|CLUSTERED|NONCLUSTERED|EDITIONABLE)\s+){0,3}"
    rb"(TABLE|VIEW|FUNCTION|PROCEDURE|PROC|TRIGGER|INDEX|TYPE|SEQUENCE|SCHEMA|PACKAGE(?:\s+BODY)?|DOMAIN)\s+"
    rb"(?:IF\s+NOT\s+EXISTS\s+|CONCURRENTLY\s+)?([\w.\"`\[\]$#]{1,200})",
    re.IGNORECASE | re.MULTILINE,
)
_SQL_KINDS: Final = {
    **dict.fromkeys(("table", "view"), "table"),
    **dict.fromkeys(("type", "domain"), "type"),
    **dict.fromkeys(("schema", "package"), "module"),
    **dict.fromkeys(("function", "procedure", "proc", "trigger"), "function"),
}
_SQL_STRING = re.compile(rb"'((?:[^'\n]|''){3,300})'")


def _sql(data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    symbols: list[Symbol] = []
    found = list(_CREATE.finditer(data))[:_MAX_SYMBOLS]
    row, at = 0, 0
    for index, create in enumerate(found):
        start = create.end() - len(create[0].lstrip())
        row, at = row + data.count(b"\n", at, start), start
        kind = _SQL_KINDS.get(create[1].split()[0].lower().decode(), "constant")
        limit = found[index + 1].start() if index + 1 < len(found) else len(data)
        end = data.find(b";", create.end(), limit)
        if kind in ("function", "module") or end < 0:  # these hold semicolons of their own
            end = start + len(data[start:limit].rstrip())
        name = re.sub(r"[\"`\[\]]", "", create[2].decode("utf-8", "replace")).strip(".")
        if name:
            line = " ".join(lines[row].decode("utf-8", "replace").split())[:200].rstrip(" (")
            last = row + data.count(b"\n", start, end)
            doc = doc_above(lines, row, "sql")
            symbols.append(Symbol(name.rpartition(".")[2], name, kind, row + 1, last + 1, line, doc))
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        strings=_literals(data, _SQL_STRING),
    )


def _literals(data: bytes, pattern: re.Pattern[bytes]) -> tuple[Literal, ...]:
    """What the pattern's last matching group says, with lines."""
    out: list[Literal] = []
    row, at = 0, 0
    for found in pattern.finditer(data):
        start = found.start(found.lastindex or 0)
        text = " ".join(found[found.lastindex or 0][:1_200].decode("utf-8", "replace").split())[:300]
        if len(text) >= 3 and any(c.isalpha() for c in text):
            row, at = row + data.count(b"\n", at, start), start
            out.append(Literal(row + 1, text))
            if len(out) >= MAX_STRINGS:
                break
    return tuple(out)


# --- build files -----------------------------------------------------------------------------------------

_TARGET = re.compile(rb"^([A-Za-z_][\w.\-/]{0,100})[ \t]*:(?![=:])", re.MULTILINE)
_MAKE_VARIABLE = re.compile(rb"^(?:export\s+)?([A-Za-z_]\w{0,100})[ \t]*(?:\?|:|::|\+)?=", re.MULTILINE)
_CMAKE = re.compile(
    rb"^[ \t]*(function|macro|add_executable|add_library|add_custom_target|project|option|set)"
    rb"\s*\(\s*([\w.\-]{1,100})",
    re.MULTILINE | re.IGNORECASE,
)
_DOCKER = re.compile(
    rb"^[ \t]*(FROM|ENV|ARG)[ \t]+(?:--platform=\S+[ \t]+)?([^\s=]{1,200})", re.MULTILINE | re.IGNORECASE
)


def _makefile(data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    spans: list[tuple[str, int, int]] = []
    for found in list(_TARGET.finditer(data))[:_MAX_SYMBOLS]:
        row = end = data.count(b"\n", 0, found.start())
        while end + 1 < len(lines) and lines[end + 1].startswith((b"\t", b"    ")):
            end += 1
        spans.append((found[1].decode(), row, end))
    keys = dict.fromkeys(m[1].decode() for m in _MAKE_VARIABLE.finditer(data))
    return _built(data, lines, language, spans, list(keys))


def _cmake(data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    spans: list[tuple[str, int, int]] = []
    keys: dict[str, None] = {}
    for found in list(_CMAKE.finditer(data))[:_MAX_SYMBOLS]:
        row = data.count(b"\n", 0, found.start(2))
        what, name = found[1].lower(), found[2].decode()
        if what in (b"option", b"set"):
            keys[name] = None
            continue
        close = data.find(b"end" + what, found.end()) if what in (b"function", b"macro") else -1
        spans.append((name, row, row if close < 0 else data.count(b"\n", 0, close)))
    return _built(data, lines, language, spans, list(keys))


_GO_MODULE = re.compile(rb"^module[ \t]+\"?([^\s\"]{1,200})", re.MULTILINE)
_REQUIRED = re.compile(
    rb"^(?:require[ \t]+)?[ \t]*([\w.-]+\.[\w./~-]{1,200})[ \t]+v[\w.+-]{1,100}[ \t]*(?://[ \t]*+(?!indirect)[^\n]{0,200})?$",
    re.MULTILINE,
)
_GO_REPLACED = re.compile(rb"^(?:replace[ \t]+)?[ \t]*\S{1,200}[^\n]{0,60}=>[ \t]*(\S{1,200})", re.MULTILINE)


def _go_module(data: bytes, language: str) -> Facts:
    """A `go.mod`: its module is a key, and what it requires directly or puts in a module's place is imported."""
    named = _GO_MODULE.search(data)
    modules = [
        m[1].decode("utf-8", "replace") for m in (*_REQUIRED.finditer(data), *_GO_REPLACED.finditer(data))
    ]
    keys = (named[1].decode("utf-8", "replace"),) if named else ()
    imports = tuple(dict.fromkeys(modules))[: parse_config.MAX_KEYS]
    return Facts(
        language, line_count(data), doc=file_doc(data.split(b"\n", 120)[:120]), imports=imports, keys=keys
    )


def _built(
    data: bytes, lines: list[bytes], language: str, spans: list[tuple[str, int, int]], keys: list[str]
) -> Facts:
    symbols = []
    for name, row, end in spans:
        written = lines[row].strip().decode("utf-8", "replace")[:200]
        symbols.append(
            Symbol(name, name, "function", row + 1, end + 1, written, doc_above(lines, row, language))
        )
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        keys=tuple(keys)[: parse_config.MAX_KEYS],
    )


def _dockerfile(data: bytes, language: str) -> Facts:
    found = [(m[1].upper(), m[2].decode("utf-8", "replace")) for m in _DOCKER.finditer(data)]
    return Facts(
        language,
        line_count(data),
        doc=file_doc(data.split(b"\n", 120)[:120]),
        imports=tuple(dict.fromkeys(name for what, name in found if what == b"FROM")),
        keys=tuple(dict.fromkeys(name for what, name in found if what != b"FROM"))[: parse_config.MAX_KEYS],
    )


# --- pages and documents ---------------------------------------------------------------------------------

_PAGE_TEXT = re.compile(
    rb">([^<>{}]{3,300})<|\b(?:placeholder|title|label|alt|aria-label)=\"([^\"{}]{3,200})\""
)
_HIDDEN = re.compile(rb"<(script|style)\b[^<>]{0,500}>", re.IGNORECASE)
_SCRIPT_SOURCE = re.compile(rb"<script\b[^>]{0,300}?\bsrc\s*=\s*[\"']([^\"']{1,200})", re.IGNORECASE)
_XML_TEXT = re.compile(rb">([^<>]{3,300})<|\b(?:id|name|key|value|class|ref)=\"([^\"]{3,200})\"")
_MAPPED = re.compile(rb"<(select|insert|update|delete|sql|resultMap)\s[^>]{0,300}?\bid=\"([\w.]{1,150})\"")
_NAMESPACE = re.compile(rb"<mapper\s[^>]{0,300}?\bnamespace=\"([\w.]{1,200})\"")


def elements(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Script and style elements of a page: opening tag, start and end of what is in it."""
    lower = data.lower()
    at = 0
    while opening := _HIDDEN.search(data, at):
        at = lower.find(b"</" + opening[1].lower(), opening.end())
        if at < 0:
            return
        yield opening[0], opening.end(), at


def _page(data: bytes, language: str) -> Facts:
    shown: list[bytes] = []
    at = 0
    for _, start, end in elements(data):
        shown += (data[at:start], b"\n" * data.count(b"\n", start, end))
        at = end
    sources = (m[1].decode("utf-8", "replace") for m in _SCRIPT_SOURCE.finditer(data))
    lines = data.split(b"\n")
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=templates.defined(data, lines, language) if language not in ("vue", "svelte") else (),
        imports=tuple(
            dict.fromkeys((*sources, *(templates.included(data) if language == "template" else ())))
        ),
        strings=_literals(b"".join(shown) + data[at:], _PAGE_TEXT),
    )


def _xml(data: bytes, language: str) -> Facts:
    symbols: list[Symbol] = []
    space = _NAMESPACE.search(data)
    if space:  # statements of a MyBatis mapper are the methods of its interface
        owner = space[1].decode().rpartition(".")[2]
        for found in list(_MAPPED.finditer(data))[:_MAX_SYMBOLS]:
            row = data.count(b"\n", 0, found.start())
            close = data.find(b"</" + found[1], found.end())
            end = row if close < 0 else data.count(b"\n", 0, close)
            name = found[2].decode()
            symbols.append(Symbol(name, f"{owner}.{name}", "method", row + 1, end + 1, found[1].decode()))
    return Facts(
        language,
        line_count(data),
        doc=file_doc(data.split(b"\n", 120)[:120]),
        symbols=tuple(symbols),
        strings=_literals(data, _XML_TEXT),
    )


_MESSAGE = re.compile(rb"^msgstr(?:\[\d\])?[ \t]+\"((?:[^\"\\\n]|\\.){3,300})\"", re.MULTILINE)


def _translations(data: bytes, language: str) -> Facts:
    """A gettext catalogue: what is shown in its language. The texts of the code are the code's own."""
    return Facts(language, line_count(data), strings=_literals(data, _MESSAGE))


_NOT_PROSE = re.compile(r"^(?:#{1,6}\s.*|[=\-~^*#]{3,}|\.\. .*|\[?!\[.*|<[^>]*>|---)$", re.MULTILINE)


def _document(data: bytes, language: str) -> Facts:
    """A document's doc is its first paragraph of prose."""
    for block in re.split(r"\n[ \t\r]*\n", data[:8_000].decode("utf-8", "replace")):
        paragraph = first_paragraph(_NOT_PROSE.sub("", block.strip()))
        if sum(c.isalpha() for c in paragraph) >= 20 and " " in paragraph:
            return Facts(language, line_count(data), doc=paragraph)
    return Facts(language, line_count(data), doc=clean(data[:400].split(b"\n")))


READERS: dict[str, Callable[[bytes, str], Facts]] = {
    **dict.fromkeys(parse_config.READERS, parse_config.read),
    **dict.fromkeys(directives.DIALECTS, directives.read),
    **dict.fromkeys(declared.LANGUAGES, declared.read),
    **dict.fromkeys(schemas.LANGUAGES, schemas.read),
    **dict.fromkeys(("haml", "slim", "pug"), templates.read),
    "css": stylesheets.read,
    "go module": _go_module,
    "gettext": _translations,
    "template": _page,
    "sql": _sql,
    "groovy": parse_groovy.read,
    "makefile": _makefile,
    "cmake": _cmake,
    "dockerfile": _dockerfile,
    "html": _page,
    "vue": _page,
    "svelte": _page,
    "xml": _xml,
    "markdown": _document,
    "rst": _document,
    "text": _document,
}
