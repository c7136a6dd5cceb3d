"""Files without a grammar, read by lines and regular expressions: configuration, SQL, build files, pages, documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from indexer.parse_text import clean, doc_above, file_doc, first_paragraph
from summaries.types import Facts, Literal, Symbol

_MAX_KEYS: Final = 500
_MAX_SYMBOLS: Final = 300
_MAX_STRINGS: Final = 400
_DEPTH: Final = 3  # levels of configuration keys that become symbols

Key = tuple[int, tuple[str, ...], str]  # row, path, value as written


def line_count(data: bytes) -> int:
    """Lines of a file; an unfinished last line counts."""
    return max(1, data.count(b"\n") + (not data.endswith(b"\n")))


def read(data: bytes, language: str) -> Facts:
    """The facts of a file that has no grammar."""
    reader = _READERS.get(language)
    if reader:
        return reader(data, language)
    lines = data.split(b"\n", 200)
    return Facts(language, line_count(data), doc=file_doc(lines))


def merge(script: Facts, page: Facts, language: str) -> Facts:
    """A page's scripts and its markup as one."""
    strings = sorted({*script.strings, *page.strings}, key=lambda s: (s.line, s.text))
    return Facts(
        language,
        page.lines,
        doc=page.doc or script.doc,
        symbols=script.symbols,
        imports=tuple(dict.fromkeys((*script.imports, *page.imports))),
        strings=tuple(strings[:_MAX_STRINGS]),
        serves=script.serves,
        calls=script.calls,
        topics=script.topics,
        errors=script.errors,
        keys=script.keys,
        broken=script.broken,
    )


# --- configuration --------------------------------------------------------------------------------------


def _configuration(data: bytes, language: str) -> Facts:
    rows = line_count(data)
    lines = data.split(b"\n")
    found: list[Key] = []
    for key in _KEYS[language](data, lines):
        found.append(key)
        if len(found) >= 4 * _MAX_KEYS:
            break
    names = dict.fromkeys(".".join(path) for _, path, _ in found)
    symbols: list[Symbol] = []
    seen: set[str] = set()
    for index, (row, path, value) in enumerate(found):
        qualname = ".".join(path)
        if len(path) > _DEPTH or qualname in seen or len(symbols) >= _MAX_SYMBOLS:
            continue
        seen.add(qualname)
        end = next((r for r, other, _ in found[index + 1 : index + 400] if other[: len(path)] != path), rows)
        end = max(row + 1, min(end, rows)) if found[index + 1 : index + 2] else row + 1
        written = lines[row].strip()[:200].decode("utf-8", "replace") if value else ""
        symbols.append(Symbol(path[-1], qualname, "key", row + 1, end, written, doc_above(lines, row, language)))
    strings = [Literal(row + 1, value[:300]) for row, _, value in found if _is_text(value)]
    return Facts(
        language,
        rows,
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        strings=tuple(strings[:_MAX_STRINGS]),
        keys=tuple(names)[:_MAX_KEYS],
    )


def _is_text(value: str) -> bool:
    return len(value) >= 3 and any(c.isalpha() for c in value) and value not in ("true", "false", "null")


_YAML_LINE = re.compile(rb"( *)((?:- +)*)(\"[^\"\n]{1,120}\"|'[^'\n]{1,120}'|[^\s#:'\"\[\]{},&*!|>%@`-][^:\n#]{0,120}?)\s*:(?:[ \t]+(\S.*))?\s*$")


def _yaml(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    stack: list[tuple[int, str]] = []
    text_below = -1  # indentation of a key whose block scalar is being skipped
    for row, line in enumerate(lines):
        if not line.strip():
            continue
        if text_below >= 0:
            if len(line) - len(line.lstrip(b" ")) > text_below:
                continue
            text_below = -1
        if line.startswith(b"---"):
            stack = []
            continue
        found = _YAML_LINE.match(line[:2_000])
        if not found:
            continue
        indent = len(found[1]) + len(found[2])
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack.append((indent, found[3].decode("utf-8", "replace").strip("\"'")))
        value = (found[4] or b"").decode("utf-8", "replace").strip()
        if value[:1] in ("|", ">"):
            text_below, value = len(found[1]), ""
        yield row, tuple(name for _, name in stack[-8:]), value.split(" #")[0].strip("\"' ")


_PROPERTY = re.compile(rb"\s*(?:export\s+)?([A-Za-z_][\w.\-/\[\]]{0,150})\s*[=:]\s*(.*)$")
_SECTION = re.compile(rb"\s*\[\[?\s*([^\[\]]{1,150}?)\s*\]\]?\s*(?:[#;].*)?$")
_TOML_PAIR = re.compile(rb"\s*((?:[\w-]{1,100}|\"[^\"\n]{1,100}\")(?:\s*\.\s*(?:[\w-]{1,100}|\"[^\"\n]{1,100}\")){0,8})\s*=\s*(.*)$")


def _properties(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    section: tuple[str, ...] = ()
    for row, line in enumerate(lines):
        head = line.lstrip()[:1]
        if head in (b"#", b";", b"!", b""):
            continue
        named = _SECTION.match(line[:300])
        if named:
            section = tuple(named[1].decode("utf-8", "replace").split("."))
            yield row, section, ""
            continue
        found = _PROPERTY.match(line[:2_000])
        if found:
            path = tuple(found[1].decode("utf-8", "replace").split("."))
            yield row, section + path, found[2].decode("utf-8", "replace").strip("\"' \r")


def _toml(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    section: tuple[str, ...] = ()
    quote = b""
    for row, line in enumerate(lines):
        if quote:
            if quote in line:
                quote = b""
            continue
        if line.lstrip()[:1] in (b"#", b""):
            continue
        named = _SECTION.match(line[:300])
        if named:
            section = tuple(p.strip().strip("\"'") for p in named[1].decode("utf-8", "replace").split("."))
            yield row, section, ""
            continue
        found = _TOML_PAIR.match(line[:2_000])
        if found:
            path = tuple(p.strip().strip("\"") for p in found[1].decode("utf-8", "replace").split("."))
            value = found[2].strip()
            for mark in (b'"""', b"'''"):
                if value.startswith(mark) and value.count(mark) == 1:
                    quote = mark
            yield row, section + path, value.decode("utf-8", "replace").split(" #")[0].strip("\"' ")


_JSON_TOKEN = re.compile(rb"\"((?:[^\"\\\n]|\\.){0,1000})\"(\s{0,100}:)?|[{}\[\]\n]")


def _json(data: bytes, _: list[bytes]) -> Iterator[Key]:
    path: list[str] = []
    row = 0
    pending: tuple[int, str] | None = None
    tokens = 0
    for found in _JSON_TOKEN.finditer(data):
        tokens += 1
        if tokens > 60_000:
            return
        token = found[0]
        if token == b"\n":
            row += 1
        elif token in (b"{", b"["):
            if len(path) > 200:
                return
            if pending:
                yield pending[0], (*(p for p in path if p), pending[1]), ""
            path.append(pending[1] if pending else "")
            pending = None
        elif token in (b"}", b"]"):
            if pending:
                yield pending[0], (*(p for p in path if p), pending[1]), ""
                pending = None
            if path:
                path.pop()
        elif found[2] is not None:
            if pending:
                yield pending[0], (*(p for p in path if p), pending[1]), ""
            pending = (row, found[1][:120].decode("utf-8", "replace"))
            row += found[2].count(b"\n")
        elif pending:
            yield pending[0], (*(p for p in path if p), pending[1]), found[1].decode("utf-8", "replace")
            pending = None


_KEYS: dict[str, Callable[[bytes, list[bytes]], Iterator[Key]]] = {
    "yaml": _yaml,
    "properties": _properties,
    "toml": _toml,
    "json": _json,
}

# --- SQL ------------------------------------------------------------------------------------------------

_CREATE = re.compile(
    rb"^[ \t]*CREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:GLOBAL\s+|LOCAL\s+|TEMP(?:ORARY)?\s+|UNLOGGED\s+|UNIQUE\s+|MATERIALIZED\s+"
    rb"|EXTERNAL\s+|FOREIGN\s+|VIRTUAL\s+|DEFINER\s*=\s*\S+\s+|CLUSTERED\s+|NONCLUSTERED\s+|EDITIONABLE\s+){0,3}"
    rb"(TABLE|VIEW|FUNCTION|PROCEDURE|PROC|TRIGGER|INDEX|TYPE|SEQUENCE|SCHEMA|PACKAGE(?:\s+BODY)?|DOMAIN)\s+"
    rb"(?:IF\s+NOT\s+EXISTS\s+|CONCURRENTLY\s+)?([\w.\"`\[\]$#]{1,200})",
    re.IGNORECASE | re.MULTILINE,
)
_SQL_KINDS = {"table": "table", "view": "table", "type": "type", "domain": "type", "schema": "module"}
_ROUTINES = frozenset({"function", "procedure", "proc", "trigger"})
_SQL_STRING = re.compile(rb"'((?:[^'\n]|''){3,300})'")


def _sql(data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    symbols: list[Symbol] = []
    found = list(_CREATE.finditer(data))[:_MAX_SYMBOLS]
    row, at = 0, 0
    for index, create in enumerate(found):
        start = create.start() + len(create[0]) - len(create[0].lstrip())
        row, at = row + data.count(b"\n", at, start), start
        what = create[1].split()[0].lower().decode()
        limit = found[index + 1].start() if index + 1 < len(found) else len(data)
        end = data.find(b";", create.end(), limit)
        if what in _ROUTINES or what == "package" or end < 0:
            end = start + len(data[start:limit].rstrip())
        name = re.sub(r"[\"`\[\]]", "", create[2].decode("utf-8", "replace"))
        kind = "function" if what in _ROUTINES else _SQL_KINDS.get(what, "constant" if what != "package" else "module")
        line = " ".join(lines[row].decode("utf-8", "replace").split())[:200].rstrip(" (")
        end_row = row + data.count(b"\n", start, end)
        symbols.append(Symbol(name.rpartition(".")[2], name, kind, row + 1, end_row + 1, line, doc_above(lines, row, "sql")))
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=tuple(s for s in symbols if s.name),
        strings=_literals(data, _SQL_STRING),
    )


def _literals(data: bytes, pattern: re.Pattern[bytes]) -> tuple[Literal, ...]:
    """What the pattern's first group says, with lines."""
    out: list[Literal] = []
    row, at = 0, 0
    for found in pattern.finditer(data):
        start = found.start(1) if found[1] is not None else found.start()
        text = " ".join((found[1] or found[0])[:1_200].decode("utf-8", "replace").split())[:300]
        if not _is_text(text):
            continue
        row, at = row + data.count(b"\n", at, start), start
        out.append(Literal(row + 1, text))
        if len(out) >= _MAX_STRINGS:
            break
    return tuple(out)


# --- build files ----------------------------------------------------------------------------------------

_TARGET = re.compile(rb"^([A-Za-z_][\w.\-/]{0,100})\s*:(?![=:])", re.MULTILINE)
_MAKE_VARIABLE = re.compile(rb"^(?:export\s+)?([A-Za-z_]\w{0,100})\s*(?:\?|:|::|\+)?=", re.MULTILINE)
_CMAKE = re.compile(
    rb"^\s*(function|macro|add_executable|add_library|add_custom_target|project|option|set)\s*\(\s*([\w.\-${}]{1,100})",
    re.MULTILINE | re.IGNORECASE,
)
_DOCKER = re.compile(rb"^[ \t]*(FROM|ENV|ARG)[ \t]+(?:--platform=\S+[ \t]+)?([^\s=]{1,200})", re.MULTILINE | re.IGNORECASE)


def _build(data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    symbols: list[Symbol] = []
    keys: dict[str, None] = {}
    imports: dict[str, None] = {}
    if language == "dockerfile":
        for found in _DOCKER.finditer(data):
            into = imports if found[1].upper() == b"FROM" else keys
            into[found[2].decode("utf-8", "replace")] = None
    elif language == "makefile":
        keys.update(dict.fromkeys(m[1].decode() for m in _MAKE_VARIABLE.finditer(data)))
        rows = [(data.count(b"\n", 0, m.start()), m[1].decode()) for m in list(_TARGET.finditer(data))[:_MAX_SYMBOLS]]
        for row, name in rows:
            end = row
            while end + 1 < len(lines) and lines[end + 1].startswith((b"\t", b"    ")):
                end += 1
            signature = lines[row].strip().decode("utf-8", "replace")[:200]
            symbols.append(Symbol(name, name, "function", row + 1, end + 1, signature, doc_above(lines, row, language)))
    else:
        for found in list(_CMAKE.finditer(data))[:_MAX_SYMBOLS]:
            row = data.count(b"\n", 0, found.start(2))
            what, name = found[1].lower(), found[2].decode("utf-8", "replace")
            if what in (b"option", b"set"):
                keys[name] = None
                continue
            end = row
            if what in (b"function", b"macro"):
                close = data.lower().find(b"end" + what, found.end())
                end = row if close < 0 else data.count(b"\n", 0, close)
            signature = lines[row].strip().decode("utf-8", "replace")[:200]
            symbols.append(Symbol(name, name, "function", row + 1, end + 1, signature, doc_above(lines, row, language)))
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        imports=tuple(imports),
        keys=tuple(keys)[:_MAX_KEYS],
    )


# --- pages and documents --------------------------------------------------------------------------------

_PAGE_TEXT = re.compile(rb">([^<>{}]{3,300})<|\b(?:placeholder|title|label|alt|aria-label)=\"[^\"]{3,200}\"")
_SCRIPT_OR_STYLE = re.compile(rb"<(script|style)\b[^>]{0,500}>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_SCRIPT_SOURCE = re.compile(rb"<script\b[^>]{0,300}\bsrc\s*=\s*[\"']([^\"']{1,200})", re.IGNORECASE)
_XML_TEXT = re.compile(rb">([^<>]{3,300})<|\b(?:id|name|key|value|class|ref)=\"[^\"]{3,200}\"")
_MAPPED = re.compile(rb"<(select|insert|update|delete|sql|resultMap)\s[^>]{0,300}?\bid=\"([\w.]{1,150})\"")
_NAMESPACE = re.compile(rb"<mapper\s[^>]{0,300}?\bnamespace=\"([\w.]{1,200})\"")


def _page(data: bytes, language: str) -> Facts:
    text = _SCRIPT_OR_STYLE.sub(lambda m: b"\n" * m[0].count(b"\n"), data) if b"<s" in data.lower() else data
    return Facts(
        language,
        line_count(data),
        doc=file_doc(data.split(b"\n", 120)[:120]),
        imports=tuple(dict.fromkeys(m[1].decode("utf-8", "replace") for m in _SCRIPT_SOURCE.finditer(data))),
        strings=_literals(text, _PAGE_TEXT),
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


def _document(data: bytes, language: str) -> Facts:
    text = data[:8_000].decode("utf-8", "replace")
    for block in re.split(r"\n[ \t\r]*\n", text):
        block = re.sub(r"^(?:#{1,6}\s.*|[=\-~^*#]{3,}|\.\. .*|\[!\[.*|<[^>]*>|---)$", "", block.strip(), flags=re.MULTILINE)
        paragraph = first_paragraph(block)
        if sum(c.isalpha() for c in paragraph) >= 20 and " " in paragraph:
            return Facts(language, line_count(data), doc=paragraph)
    return Facts(language, line_count(data), doc=clean(data[:400].split(b"\n")))


_READERS: dict[str, Callable[[bytes, str], Facts]] = {
    **dict.fromkeys(_KEYS, _configuration),
    "sql": _sql,
    "makefile": _build,
    "cmake": _build,
    "dockerfile": _build,
    "html": _page,
    "vue": _page,
    "svelte": _page,
    "xml": _xml,
    "markdown": _document,
    "rst": _document,
    "text": _document,
}
