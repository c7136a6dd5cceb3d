"""Configuration files by lines: dotted keys with where they stand and what they are set to.

Line readers, not grammars: templated YAML (Helm, Jinja) and the dialects of `.conf` still give their keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
    symbols: list[Symbol] = []
    seen: set[str] = set()
    for index, (row, path, value) in enumerate(found):
        qualname = ".".join(path)
        if len(path) > _SYMBOL_DEPTH or qualname in seen or len(symbols) >= _MAX_SYMBOLS:
            continue
        seen.add(qualname)
        end = row + 1
        if not value:
            below = found[index + 1 : index + 400]
            following = next(
                (r for r, other, _ in below if other[: len(path)] != path), rows if below else end
            )
            end = min(max(end, following), rows)
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
        keys=tuple(dict.fromkeys(".".join(path) for _, path, _ in found))[:MAX_KEYS],
    )


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
    stack: list[tuple[int, str]] = []
    text_below = -1  # indentation of a key whose block scalar is being skipped
    for row, line in enumerate(lines):
        if not line or line.isspace():
            continue
        if text_below >= 0:
            if len(line) - len(line.lstrip(b" ")) > text_below:
                continue
            text_below = -1
        if line.startswith(b"---"):
            stack = []
            continue
        found = _YAML_LINE.match(line[:_LINE].rstrip())
        if not found:
            continue
        indent = len(found[1]) + len(found[2])
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack = [*stack[: _DEPTH - 1], (indent, _text(found[3]).strip("\"'"))]
        value = _text(found[4])
        if value[:1] in ("|", ">"):
            text_below, value = len(found[1]), ""
        value = value if value[:1] in ("'", '"') and value.endswith(value[:1]) else value.split(" #")[0]
        yield row, tuple(name for _, name in stack), value.strip("\"' ")


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


_JSON_TOKEN = re.compile(rb"\"((?:[^\"\\\n]|\\.){0,1000})\"(\s{0,100}:)?|[{}\[\]\n]")


def _json(data: bytes, _: list[bytes]) -> Iterator[Key]:
    path: list[str] = []  # of the objects and lists that are open; lists have no name
    row = 0
    name: tuple[int, str] | None = None  # a key that still waits for its value
    for found in islice(_JSON_TOKEN.finditer(data), _MAX_TOKENS):
        token = found[0]
        if token == b"\n":
            row += 1
            continue
        if name and (found[2] is not None or len(token) == 1):
            yield name[0], _named(path, name[1]), ""
        if token in (b"{", b"["):
            path.append(name[1] if name else "")
        elif token in (b"}", b"]"):
            del path[-1:]
        elif found[2] is None and name:
            yield name[0], _named(path, name[1]), _text(found[1])
        name = None
        if found[2] is not None:
            name = (row, _text(found[1][:120]) or "?")
            row += found[2].count(b"\n")


def _named(path: list[str], name: str) -> tuple[str, ...]:
    return (*[part for part in path[: 4 * _DEPTH] if part][: _DEPTH - 1], name)


READERS: dict[str, Callable[[bytes, list[bytes]], Iterator[Key]]] = {
    "yaml": _yaml,
    "properties": _properties,
    "toml": _toml,
    "json": _json,
}
