"""Configuration files by lines: dotted keys with where they stand and what they are set to.

Line readers, not grammars: templated YAML (Helm, Jinja) and the dialects of `.conf` still give their keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from indexer.parse import gateways
from indexer.parse.limits import limit
from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Facts, Literal, Symbol

MAX_KEYS: Final = 500
_MAX_SYMBOLS: Final = 300
_MAX_STRINGS: Final = 400
_MAX_TOKENS: Final = 60_000
_SYMBOL_DEPTH: Final = 3  # levels of keys that become symbols
_DEPTH: Final = 8  # levels kept of a path
_LINE: Final = 2_000  # bytes read of a line

Key = tuple[int, tuple[str, ...], str]  # row, path, value as written


def read(data: bytes, language: str) -> Facts:
    """Keys of a configuration file; the top three levels are symbols, texts they are set to are strings."""
    rows = line_count(data)
    lines = data.split(b"\n")
    found = list(islice(READERS[language](data, lines), 4 * MAX_KEYS))
    names = [".".join(path) for _, path, _ in found]
    symbols: list[Symbol] = []
    seen: set[str] = set()
    for index, ((row, path, value), qualname) in enumerate(zip(found, names, strict=True)):
        if len(path) > _SYMBOL_DEPTH or qualname in seen:
            continue
        if len(symbols) >= _MAX_SYMBOLS:
            break
        seen.add(qualname)
        end = row + 1 if value else _end(found, index, rows)
        written = lines[row].strip()[:200].decode("utf-8", "replace") if value else ""
        symbols.append(
            Symbol(path[-1], qualname, "key", row + 1, end, written, doc_above(lines, row, language))
        )
    strings = [Literal(row + 1, value[:300]) for row, _, value in found if _is_text(value)]
    serves, calls = gateways.read(data, lines)
    if serves:
        symbols = _limited(found, symbols, lines)
    return Facts(
        language,
        rows,
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        strings=tuple(strings[:_MAX_STRINGS]),
        serves=serves,
        calls=calls,
        keys=tuple(dict.fromkeys(names))[:MAX_KEYS],
    )


def _end(keys: Sequence[Key], index: int, rows: int) -> int:
    """The last line of what a key holds: up to the next one beside it, where that is near; else the file's last."""
    row, path, _ = keys[index]
    depth = len(path)
    if index + 1 == len(keys):
        return min(row + 1, rows)
    for at in range(index + 1, min(index + 400, len(keys))):
        if keys[at][1][:depth] != path:
            return min(max(row + 1, keys[at][0]), rows)
    return rows


def _limited(keys: list[Key], symbols: list[Symbol], lines: list[bytes]) -> list[Symbol]:
    """The symbols of a gateway's configuration, with its limits at any depth, and what these mean."""
    out = {(s.start, s.name): s for s in symbols}
    for row, path, value in keys[:MAX_KEYS]:
        pairs = [(path[-1], value)] if value[:1] != "{" else _FLOW.findall(value[:500])
        for name, given in pairs:
            bare = name.rpartition("/")[2]
            seconds = "." in name or not _FINE.match(bare)  # annotations of an ingress are in seconds
            if meaning := limit(bare, given, milliseconds=not seconds):
                written = lines[row].strip()[:200].decode("utf-8", "replace")
                out[row + 1, name] = Symbol(
                    name, ".".join(path)[:300], "key", row + 1, row + 1, written, meaning
                )
    return sorted(out.values(), key=lambda s: s.start)


_FLOW = re.compile(r"([\w-]{1,60})\s{0,4}:\s{0,4}([^\s,{}]{1,60})")
_FINE = re.compile(r"(?:response|connect|read|write|send)[_-]?timeout$", re.IGNORECASE)  # of Kong and Spring
_LETTER = re.compile(r"[^\W\d_]")
_NO_TEXT = frozenset({"true", "false", "null", "none"})


def _is_text(value: str) -> bool:
    return len(value) >= 3 and value not in _NO_TEXT and _LETTER.search(value) is not None


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace").strip()


_YAML_LINE = re.compile(
    rb"( *)((?:- +)*)(\"[^\"\n]{1,120}\"|'[^'\n]{1,120}'|[^\s#:'\"\[\]{},&*!|>%@`-][^:\n#]{0,120}?)"
    rb" {0,8}:(?:[ \t]+(\S.*))?$"
)


def _yaml(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    indents: list[int] = []  # of the keys that are open
    names: list[str] = []
    text_below = -1  # indentation of a key whose block scalar is being skipped
    for row, line in enumerate(lines):
        if not line or line.isspace():
            continue
        if text_below >= 0:
            if len(line) - len(line.lstrip(b" ")) > text_below:
                continue
            text_below = -1
        if line.startswith(b"---"):
            indents, names = [], []
            continue
        found = _YAML_LINE.match(line[:_LINE].rstrip())
        if not found:
            continue
        spaces, dashes, name, given = found.groups()
        indent = len(spaces) + len(dashes)
        while indents and indents[-1] >= indent:
            indents.pop()
        del indents[_DEPTH - 1 :], names[min(len(indents), _DEPTH - 1) :]
        indents.append(indent)
        names.append(_text(name).strip("\"'"))
        value = _text(given)
        first = value[:1]
        if first in ("|", ">"):
            text_below, value = len(spaces), ""
        elif " #" in value and not (first in ("'", '"') and value.endswith(first)):
            value = value.split(" #")[0]
        yield row, tuple(names), value.strip("\"' ")


_PROPERTY = re.compile(rb"\s*(?:export\s+)?([A-Za-z_][\w.\-/\[\]]{0,150})\s*[=:]\s*(.*)$")
_SECTION = re.compile(rb"\s*\[\[?\s*([^\[\]\s][^\[\]]{0,150})\]\]?\s*(?:[#;].*)?$")
_TOML_PART = rb"(?:[\w-]{1,100}|\"[^\"\n]{1,100}\")"
_TOML_PAIR = re.compile(rb"\s*(" + _TOML_PART + rb"(?:\s*\.\s*" + _TOML_PART + rb"){0,7})\s*=\s*(.*)$")


def _properties(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    section: tuple[str, ...] = ()
    for row, line in enumerate(lines):
        if line.lstrip()[:1] in (b"#", b";", b"!", b""):
            continue
        named = _SECTION.match(line[:300])
        if named:
            section = _path(named[1])
            yield row, section, ""
        elif found := _PROPERTY.match(line[:_LINE]):
            yield row, section + _path(found[1]), _text(found[2]).strip("\"'")


def _toml(_: bytes, lines: list[bytes]) -> Iterator[Key]:
    section: tuple[str, ...] = ()
    quote = b""  # of the text over several lines that is being skipped
    for row, line in enumerate(lines):
        if quote:
            quote = b"" if quote in line else quote
            continue
        named = _SECTION.match(line[:300])
        if named:
            section = _path(named[1])
            yield row, section, ""
        elif found := _TOML_PAIR.match(line[:_LINE]):
            value = found[2].strip()
            if value[:3] in (b'"""', b"'''") and value.count(value[:3]) == 1:
                quote = value[:3]
            yield row, section + _path(found[1]), _text(value).split(" #")[0].strip("\"' ")


def _path(raw: bytes) -> tuple[str, ...]:
    parts = (part.strip().strip("\"'") for part in raw.decode("utf-8", "replace").split("."))
    return tuple(part for part in parts if part)[:_DEPTH] or ("?",)


_JSON_TOKEN = re.compile(
    rb"\"((?>(?:[^\"\\\n]++|\\.)*))(?:(\")(\s{0,100}+:)?|\\?(?=\n|\Z))"  # a text, which may lack its end: linear in any case
    rb"|([{}\[\]\n])"
)


def _json(data: bytes, _: list[bytes]) -> Iterator[Key]:
    path: list[str] = []  # of the objects and lists that are open; lists have no name
    row = 0
    name: tuple[int, str] | None = None  # a key that still waits for its value
    for text, closed, colon, mark in map(re.Match.groups, islice(_JSON_TOKEN.finditer(data), _MAX_TOKENS)):
        if mark == b"\n":
            row += 1
            continue
        if not (closed or mark):
            continue
        if name and (colon is not None or mark):
            yield name[0], _named(path, name[1]), ""
        if mark in (b"{", b"["):
            path.append(name[1] if name else "")
        elif mark:
            del path[-1:]
        elif colon is None and name:
            yield name[0], _named(path, name[1]), _text(text[:_LINE])
        name = None
        if colon is not None:
            name = (row, _text(text[:120]) or "?")
            row += colon.count(b"\n")


def _named(path: list[str], name: str) -> tuple[str, ...]:
    return (*[part for part in path[: 4 * _DEPTH] if part][: _DEPTH - 1], name)


READERS: dict[str, Callable[[bytes, list[bytes]], Iterator[Key]]] = {
    "yaml": _yaml,
    "properties": _properties,
    "toml": _toml,
    "json": _json,
}
