"""Entries of catalogues: a key, the text that is shown for it, and its line.

Read by marks, not grammars: catalogues are lists in every format, gettext, properties, JSON and what is like it
(JavaScript, PHP, ARB), YAML, XML (Android, .NET, XLIFF), Apple's strings and Fluent. Nothing here raises, and every
pattern takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from summaries.patterns import pattern

MOST_ENTRIES = 20_000  # of one catalogue
MOST_CHARACTERS = 1_000_000  # of one catalogue, as many as are indexed
_DEPTH = 8  # levels of keys
_TEXT = 2_000  # characters of a text


class Entry(NamedTuple):
    """A text of a catalogue. In gettext the key is the text of the code."""

    key: str  # levels joined with dots
    text: str
    line: int


def read(path: str, text: str) -> list[Entry]:
    """Entries of a catalogue by its extension, at most `MOST_ENTRIES`."""
    reader = _READERS.get(path.rpartition(".")[2].lower(), _nested)
    found = reader(text[:MOST_CHARACTERS])
    some = (Entry(e.key, _CONTROL.sub(" ", e.text), e.line) for e in islice(found, MOST_ENTRIES))
    return [e for e in some if e.key and e.text.strip()]


_ESCAPE = pattern(r"\\(?:u\{?([0-9a-fA-F]{4,6})\}?|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\n"}


_CONTROL = pattern(r"[\x00-\x1f\x7f-\x9f]")


def _plain(written: str) -> str:
    """A string without its escapes; halves of characters are put together, or replaced."""
    if "\\" in written:
        written = _ESCAPE.sub(_unescaped, written)
        written = written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return written


def _unescaped(m: re.Match[str]) -> str:
    if m[1]:
        return chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else " "
    return _ESCAPED.get(m[2], m[2])


_GETTEXT = pattern(
    r"^(msgid|msgid_plural|msgctxt|msgstr)(?:\[\d{1,2}\])?[ \t]+\"(.{0,2000})\"[ \t\r]*$|^\"(.{0,2000})\"[ \t\r]*$"
)


def _gettext(text: str) -> Iterator[Entry]:
    key, value, at, part = "", "", 0, ""
    for row, line in enumerate(text.split("\n"), 1):
        found = _GETTEXT.match(line[: 2 * _TEXT])
        if found is None or found[1]:
            if part == "msgstr" and value:
                yield Entry(_plain(key), _plain(value), at)
            if found is None:
                part = ""
                continue
            if found[1] == "msgid":
                key = ""
            value, part, at = "", found[1], row
        more = found[2] if found[1] else found[3]
        if part == "msgid":
            key = (key + more)[:_TEXT]
        elif part == "msgstr":
            value = (value + more)[:_TEXT]
    if part == "msgstr" and value:
        yield Entry(_plain(key), _plain(value), at)


_PAIR = pattern(r"[ \t]{0,40}([^\s=:#!;][^=:\n]{0,220})[=:](.{0,2000})")


def _properties(text: str) -> Iterator[Entry]:
    """`key = value`, also quoted, as in Apple's strings; a backslash at the end of a line goes on in the next."""
    key, value, at = "", "", 0
    for row, line in enumerate(text.split("\n"), 1):
        line = line[: 2 * _TEXT].rstrip("\r")
        if at:
            value = (value + line.strip())[:_TEXT]
        elif found := _PAIR.match(line):
            key, value, at = found[1], found[2], row
        if not at:
            continue
        if value.endswith("\\") and not value.endswith("\\\\"):
            value = value[:-1]
            continue
        value = value.strip().removesuffix(";").strip()
        yield Entry(_plain(key.strip().strip("\"'")), _plain(value.strip("\"'")), at)
        at = 0


_TOKEN = pattern(
    r"\"((?:[^\"\\\n]|\\.){0,2000}+)(\"?)|'((?:[^'\\\n]|\\.){0,2000}+)('?)|`((?:[^`\\]|\\.){0,2000}+)(`?)"
    r"|([^\W\d][\w$-]{0,120})|//[^\n]{0,2000}|=>|[:={}\[\](),;\n]"
)
_OPENING, _CLOSING = frozenset("{[("), frozenset("}])")


def _nested(text: str) -> Iterator[Entry]:
    """Keys and strings of JSON and what is written like it: `a: {b: "text"}`, `'a' => ['b' => 'text']`."""
    path: list[str] = []
    row, name, key = 1, "", ""  # `name` may turn out to be a key; `key` waits for its value
    for found in islice(_TOKEN.finditer(text), 16 * MOST_ENTRIES):
        mark, string = found[0], ""
        if mark == "\n":
            row += 1
            continue
        if mark[0] in "\"'`":
            if len(mark) < 2 or mark[-1] != mark[0]:  # never closed
                row += mark.count("\n")
                continue
            string = mark[1:-1]
        if string and key:
            yield Entry(".".join((*path[-_DEPTH:], key)).strip("."), _plain(string), row)
            key = name = ""
        elif string or found[7]:
            name = _plain(string) or found[7]
        elif mark in (":", "=>", "="):
            key, name = name, ""
        elif mark in _OPENING:
            path.append(key)
            key = name = ""
        elif mark in _CLOSING:
            del path[-1:]
            key = name = ""
        elif not mark.startswith("//"):
            key = name = ""
        row += mark.count("\n")


_YAML = pattern(
    r"( {0,40})(?:\"([^\"\n]{1,200})\" {0,8}|'([^'\n]{1,200})' {0,8}|([^\s#:'\"\-][^:\n#]{0,200})):(?:[ \t]+(.{0,4000}))?$"
)


def _yaml(text: str) -> Iterator[Entry]:
    """Keys with one line of text, or with a block of it (`|`, `>`)."""
    stack: list[tuple[int, str]] = []
    block: list[str] | None = None
    at, below = 0, 0
    for row, line in enumerate(text.split("\n"), 1):
        line = line[: 2 * _TEXT].rstrip()
        indent = len(line) - len(line.lstrip(" "))
        if block is not None:
            if not line or indent > below:
                block.append(line.strip())
                continue
            yield Entry(_path(stack), " ".join(block)[:_TEXT], at)
            block = None
        if not (found := _YAML.match(line)):
            continue
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack = [*stack[: _DEPTH - 1], (indent, (found[2] or found[3] or found[4] or "").strip())]
        value = (found[5] or "").strip()
        if value[:1] in ("|", ">"):
            block, at, below = [], row, indent
        elif value:
            quote = value[:1] in ("'", '"') and value.endswith(value[:1])
            yield Entry(_path(stack), _plain(value[1:-1]) if quote else value.split(" #")[0].strip(), row)
    if block:
        yield Entry(_path(stack), " ".join(block)[:_TEXT], at)


def _path(stack: list[tuple[int, str]]) -> str:
    return ".".join(name for _, name in stack)


_ELEMENT = pattern(
    r"<(string|string-array|plurals|item|data|trans-unit|unit|value|source|target)\b([^<>]{0,400})>([^<]{0,2000})|\n"
)
_NAMED = pattern(r"\b(?:name|id|resname)\s{0,4}=\s{0,4}[\"']([^\"'\n]{1,300})[\"']")
_INSIDE = frozenset({"item", "value", "target"})  # elements whose text is that of a named one around them


def _xml(text: str) -> Iterator[Entry]:
    """Android's resources, .NET's resx, XLIFF."""
    from html import unescape

    row, key, source = 1, "", ""
    for found in _ELEMENT.finditer(text):
        if found[0] == "\n":
            row += 1
            continue
        tag, shown, at = found[1], unescape(found[3]).strip(), row
        row += found[0].count("\n")
        named = _NAMED.search(found[2]) if tag not in _INSIDE else None
        if named:
            key, source = named[1], ""
        if tag == "source":
            source = shown
        elif shown and tag == "target":
            yield Entry(
                source or key, _plain(shown), at
            )  # the code has the key, or the text it was made from
            if source and key and key != source:
                yield Entry(key, _plain(shown), at)
        elif shown and key and tag not in ("trans-unit", "unit"):
            yield Entry(key, _plain(" ".join(shown.split())), at)


_READERS: dict[str, Callable[[str], Iterator[Entry]]] = {
    **dict.fromkeys(("po", "pot"), _gettext),
    **dict.fromkeys(("properties", "strings", "ftl", "ini", "toml", "lang", "txt"), _properties),
    **dict.fromkeys(("yml", "yaml"), _yaml),
    **dict.fromkeys(("xml", "resx", "xlf", "xliff", "stringsdict"), _xml),
}
