"""What a query captured, in bytes, to the facts of a file."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from indexer.parse import literals as parse_calls
from indexer.parse.symbols import Capture, place
from indexer.parse.text import file_doc, first_paragraph, line_count, unquote
from summaries.types import Endpoint, Facts, Literal

MAX_STRINGS: Final = 400
MAX_STRING: Final = 300
MAX_IMPORTS: Final = 200
_MAX_SPOTS: Final = 20_000  # literals looked at


class Captures(NamedTuple):
    """All that a query gave for one file; (start, end[, row]) in bytes."""

    definitions: list[Capture]
    strings: list[tuple[int, int, int]]
    docstrings: list[tuple[int, int]]
    decorators: list[tuple[int, int, int]]
    imports: list[tuple[int, int]]
    broken: bool


def facts(data: bytes, lines: list[bytes], language: str, captures: Captures) -> Facts:
    """The facts of a parsed file, given as bytes and as lines."""
    docstrings = dict(captures.docstrings)
    placed = place(data, lines, language, captures.definitions, captures.decorators, docstrings)
    imports = _imports(data, captures.imports)
    literals, spots = _strings(data, language, captures, docstrings)
    said = parse_calls.read(data, language, spots, placed)
    serves = said.serves
    if language == "proto":
        package = _PACKAGE.search(data)
        prefix = package[1].decode() + "." if package else ""
        rpcs = (p.symbol for p in placed if p.symbol.kind == "method")
        serves += tuple(Endpoint("RPC", prefix + "/".join(s.qualname.rsplit(".", 1)), s.start) for s in rpcs)
    return Facts(
        language=language,
        lines=line_count(data),
        doc=_module_doc(data, captures.docstrings) or file_doc(lines),
        symbols=tuple(p.symbol for p in placed if p.symbol.kind != "scope"),
        imports=tuple(dict.fromkeys((*imports, *said.imports)))[:MAX_IMPORTS],
        strings=tuple(literals),
        serves=serves,
        calls=said.calls,
        topics=said.topics,
        errors=said.errors,
        keys=said.keys,
        broken=captures.broken,
    )


_PACKAGE = re.compile(rb"^[ \t]*package[ \t]+([\w.]{1,200})[ \t]*;", re.MULTILINE)


def _module_doc(data: bytes, docstrings: list[tuple[int, int]]) -> str:
    """The docstring before which only comments stand."""
    if not docstrings:
        return ""
    start, end = min(docstrings)
    if start < 5_000 and all(line.lstrip()[:1] in (b"", b"#") for line in data[:start].split(b"\n")):
        return first_paragraph(unquote(data[start:end]))
    return ""


_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")


def _strings(
    data: bytes, language: str, captures: Captures, docstrings: dict[int, int]
) -> tuple[list[Literal], list[parse_calls.Spot]]:
    """Literals worth keeping, and every short one as (start, end, row, text) for the recognisers."""
    imported = sorted(captures.imports)
    import_starts = [start for start, _ in imported]
    last_import = imported[-1][1] if imported else 0
    literals: list[Literal] = []
    spots: list[parse_calls.Spot] = []
    tags = language == "go"
    for start, end, row in sorted(captures.strings)[:_MAX_SPOTS]:
        if start in docstrings:
            continue
        if start < last_import:
            near = bisect_right(import_starts, start)
            if near and end <= imported[near - 1][1]:
                continue
        raw = unquote(data[start : min(end, start + 2_000)])
        if tags and data[start] == 96 and b':"' in raw[:40]:  # a struct tag
            continue
        spots.append((start, end, row, raw))
        if len(raw) < 3 or len(literals) >= MAX_STRINGS or not _LETTER.search(raw):
            continue
        text = raw[: MAX_STRING * 4].decode("utf-8", "replace").strip()[:MAX_STRING]
        if len(text) >= 3:
            literals.append(Literal(row + 1, text))
    return literals, spots


_IMPORT_WORD = re.compile(r"(?:import|use|using|pub|static|type|from|function|const)\s+")
_FROM = re.compile(r"from\s+(\S+)\s+import\s+(.*)$", re.DOTALL)
_BRACES = re.compile(r"([^{}]*)\{(.*)\}\s*$", re.DOTALL)
_ALIAS = re.compile(r"\s+as\s+|=>|\{")


def _imports(data: bytes, spans: list[tuple[int, int]]) -> list[str]:
    """Module names as written, each once, in order."""
    names: dict[str, None] = {}
    for start, end in sorted(spans)[:MAX_IMPORTS]:
        text = data[start : min(end, start + 2_000)].decode("utf-8", "replace")
        if " " not in text and "\n" not in text and "{" not in text:
            names[text.strip("\"'<>`;")] = None
            continue
        text = " ".join(text.split())
        if text.startswith("from "):
            names.update(dict.fromkeys(_from_import(text)))
            continue
        while word := _IMPORT_WORD.match(text):
            text = text[word.end() :]
        text = text.rstrip("; ").strip("\"'<>`")
        group = _BRACES.match(text)
        if group:
            for item in group[2].split(","):
                name = _ALIAS.split(item.strip(), maxsplit=1)[0].strip("} ")
                if name and name not in ("_", "*", "self"):
                    names[group[1].strip() + name] = None
        elif text:
            names[_ALIAS.split(text, maxsplit=1)[0]] = None
    names.pop("", None)
    return list(names)


def _from_import(text: str) -> list[str]:
    """`from a.b import c` is a.b; `from . import c, d` is .c and .d."""
    found = _FROM.match(text)
    if not found:
        return []
    if found[1].strip("."):
        return [found[1]]
    items = [item.split() for item in re.sub(r"[()\\]", " ", found[2]).split(",")]
    return [found[1] + item[0] for item in items if item and item[0] != "*"] or [found[1]]
