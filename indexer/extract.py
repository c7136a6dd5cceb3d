"""Captures of a query, in bytes, to facts: nesting, qualified names, signatures, doc comments, strings."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from indexer import parse_calls
from indexer.parse_text import doc_above, file_doc, first_paragraph, unquote
from summaries.types import Facts, Literal, Symbol

MAX_SYMBOLS: Final = 3_000
MAX_STRINGS: Final = 400
MAX_STRING: Final = 300
MAX_NAMES: Final = 200  # imports, raised errors, keys
_SIGNATURE: Final = 200

_TYPES = frozenset({"class", "interface", "struct", "enum", "trait", "scope"})
_VALUES = frozenset({"constant", "field"})
_CALLABLE = frozenset({"function", "method"})


class Capture(NamedTuple):
    """A definition as captured. Offsets are bytes, rows 0-based and inclusive; `body` is -1 if unknown."""

    start: int
    end: int
    kind: str
    rank: int  # index of its pattern: the later is the more specific
    name_start: int
    name_end: int
    row: int
    end_row: int
    name_row: int
    body: int
    owner: bytes  # text that holds the type a method belongs to: a Go receiver


class Captures(NamedTuple):
    """All that a query gave for one file; (start, end[, row]) in bytes."""

    definitions: list[Capture]
    strings: list[tuple[int, int, int]]
    docstrings: list[tuple[int, int]]
    decorators: list[tuple[int, int, int]]
    imports: list[tuple[int, int]]
    broken: bool


class Placed(NamedTuple):
    """A definition in its place: what the recognisers of routes need to know of it."""

    symbol: Symbol
    start: int  # byte offset, decorators included
    name_start: int
    end: int
    parent: int  # index of the enclosing definition, -1 at the top


def facts(data: bytes, language: str, found: Captures) -> Facts:
    """The facts of a parsed file."""
    lines = data.split(b"\n")
    docstrings = dict(found.docstrings)
    placed = _place(data, lines, language, found)
    imports = _imports(data, found.imports)
    literals, spots = _strings(data, language, found, docstrings)
    said = parse_calls.read(data, language, spots, placed)
    imports += [name for name in said.imports if name not in imports]
    return Facts(
        language=language,
        lines=len(lines) - (1 if lines[-1] == b"" and len(lines) > 1 else 0),
        doc=_module_doc(data, found.docstrings) or file_doc(lines),
        symbols=tuple(p.symbol for p in placed if p.symbol.kind != "scope"),
        imports=tuple(imports[:MAX_NAMES]),
        strings=tuple(literals),
        serves=said.serves,
        calls=said.calls,
        topics=said.topics,
        errors=said.errors,
        keys=said.keys,
        broken=found.broken,
    )


def _place(data: bytes, lines: list[bytes], language: str, found: Captures) -> list[Placed]:
    """Definitions in order of start, each with its qualified name, its lines and its parent."""
    runs = _runs(data, found.decorators)
    run_ends = [end for _, end, _ in runs]
    docs = _docstrings_by_body(data, found.docstrings)
    placed: list[Placed] = []
    stack: list[int] = []
    total = len(lines)
    for capture in _merged(found.definitions)[:MAX_SYMBOLS]:
        start, row = capture.start, capture.row
        near = bisect_right(run_ends, start) - 1
        if near >= 0 and data[run_ends[near] : start][:100].strip() in _GLUE and start - run_ends[near] < 100:
            start, _, row = runs[near]
        while stack and (placed[stack[-1]].end <= capture.start or _beside(placed[stack[-1]], capture)):
            stack.pop()
        parent = stack[-1] if stack else -1
        above = placed[parent].symbol if parent >= 0 else None
        kind = capture.kind
        if above and above.kind in _CALLABLE and kind in _VALUES:
            continue
        owner = _owner(capture.owner)
        name, inner = _name(data[capture.name_start : capture.name_end], kind)
        if not name:
            continue
        if kind == "function" and (owner or inner or (above and above.kind in _TYPES)):
            kind = "method"
        elif kind == "field" and name.isupper():
            kind = "constant"
        elif kind == "rpc":
            kind = "method"
        qualname = ".".join(part for part in (above.qualname if above else "", owner, inner, name) if part)
        if inner and above and above.qualname and inner.startswith(above.qualname + "."):
            qualname = f"{inner}.{name}"
        doc = docs.get(capture.body, "") if docs else ""
        symbol = Symbol(
            name=name,
            qualname=qualname,
            kind=kind,
            start=row + 1,
            end=min(max(capture.end_row, row), total - 1) + 1,
            signature="" if kind == "scope" else _signature(data, capture),
            doc=doc or ("" if kind == "scope" else doc_above(lines, row, language)),
        )
        placed.append(Placed(symbol, start, capture.name_start, capture.end, parent))
        stack.append(len(placed) - 1)
    return placed


_GLUE = frozenset({b"", b"export", b"export default"})


def _beside(above: Placed, capture: Capture) -> bool:
    """Names of one declaration, `int a = 1, b = 2`, share its extent and do not nest."""
    return above.end == capture.end and above.symbol.kind in _VALUES and capture.kind in _VALUES


def _merged(definitions: list[Capture]) -> list[Capture]:
    """One capture per name: the latest pattern says the kind, the widest gives the extent."""
    by_name: dict[int, Capture] = {}
    for capture in definitions:
        known = by_name.get(capture.name_start)
        if known is None:
            by_name[capture.name_start] = capture
            continue
        kind = max(known, capture, key=lambda c: c.rank)
        wide = max(known, capture, key=lambda c: c.end - c.start)
        by_name[capture.name_start] = kind._replace(
            start=wide.start,
            end=wide.end,
            row=wide.row,
            end_row=wide.end_row,
            body=max(known.body, capture.body),
            owner=known.owner or capture.owner,
        )
    return sorted(by_name.values(), key=lambda c: (c.start, -c.end, c.name_start))


def _runs(data: bytes, decorators: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Decorators that follow each other with nothing between become one (start, end, row)."""
    runs: list[tuple[int, int, int]] = []
    for start, end, row in sorted(decorators):
        if runs and start - runs[-1][1] < 200 and not data[runs[-1][1] : start].strip():
            runs[-1] = (runs[-1][0], end, runs[-1][2])
        else:
            runs.append((start, end, row))
    return runs


_RECEIVER = re.compile(rb"([A-Za-z_]\w*)\s*(?:\[[^\]]{0,200}\])?\s*\)?\s*$")
_ARGUMENTS = re.compile(rb"<[^<>]*>")


def _owner(text: bytes) -> str:
    found = _RECEIVER.search(text[-300:]) if text else None
    return found[1].decode() if found else ""


def _name(raw: bytes, kind: str) -> tuple[str, str]:
    """A name and what it is qualified with in place: `ns::Type<T>::run` is ("run", "ns.Type")."""
    text = raw[:400].decode("utf-8", "replace")
    if text.isidentifier():
        return text, ""
    text = " ".join(text.split()).strip("\"'`$")
    if "<" in text and "operator" not in text:
        for _ in range(4):
            text = re.sub(r"<[^<>]*>", "", text)
    text = text.replace("::", ".").replace("?.", ".")
    if "operator" in text:
        text = text.split("(")[0] if not text.endswith("()") else text
        head, _, tail = text.rpartition(".")
        return tail[:100], head
    text = text.replace(".prototype.", ".").removeprefix("module.exports.").removeprefix("exports.")
    text = text.removeprefix("this.").removeprefix("self.").removeprefix("window.")
    head, _, tail = text.rpartition(".")
    return tail[:100], head[:200].strip(".")


def _signature(data: bytes, capture: Capture) -> str:
    """The definition up to its body on one line, without the annotations above it."""
    head = data[capture.start : capture.name_start]
    start = capture.start
    if b"\n" in head and (b"@" in head or b"[" in head or b"#" in head):
        start = data.rfind(b"\n", 0, capture.name_start) + 1
    else:
        line = data.rfind(b"\n", max(0, start - 40), start) + 1
        if line and not data[line:start].strip().endswith((b";", b"}", b"{", b",", b"(")):
            start = line
    if capture.body > capture.name_end:
        text = data[start : capture.body]
    else:
        text = data[start : capture.end]
        cut = text.find(b"{", capture.name_end - start)
        if capture.kind not in ("method", "function") and (cut < 0 or b"\n" in text[capture.name_end - start : cut]):
            cut = text.find(b"\n", capture.name_end - start)
        if cut > 0:
            text = text[:cut]
    line_text = b" ".join(text[:600].split()).decode("utf-8", "replace")
    return line_text.rstrip(" {:=>").removesuffix(" =")[:_SIGNATURE] if capture.body > 0 else line_text[:_SIGNATURE]


def _docstrings_by_body(data: bytes, docstrings: list[tuple[int, int]]) -> dict[int, str]:
    """Doc texts by the offset where the body that they open begins."""
    return {start: first_paragraph(unquote(data[start:end])) for start, end in docstrings}


def _module_doc(data: bytes, docstrings: list[tuple[int, int]]) -> str:
    if not docstrings:
        return ""
    start, end = min(docstrings)
    lead = data[:start].split(b"\n") if start < 5_000 else [b"x"]
    if all(not line.strip() or line.lstrip().startswith(b"#") for line in lead):
        return first_paragraph(unquote(data[start:end]))
    return ""


_LETTER = re.compile(rb"[^\W\d_]|[\x80-\xff]")
_TAG = re.compile(rb"`\w+:\"")


def _strings(
    data: bytes, language: str, found: Captures, docstrings: dict[int, int]
) -> tuple[list[Literal], list[parse_calls.Spot]]:
    """Literals worth keeping, and every literal as (start, end, row, text) for the recognisers."""
    imported = sorted(found.imports)
    import_starts = [start for start, _ in imported]
    literals: list[Literal] = []
    spots: list[parse_calls.Spot] = []
    seen = -1
    for start, end, row in sorted(found.strings):
        if start == seen or start in docstrings:
            continue
        seen = start
        near = bisect_right(import_starts, start) - 1
        if near >= 0 and end <= imported[near][1]:
            continue
        raw = unquote(data[start : min(end, start + 2_000)])
        spots.append((start, end, row, raw))
        if len(raw) < 3 or len(literals) >= MAX_STRINGS or not _LETTER.search(raw):
            continue
        if language == "go" and _TAG.match(data, start):
            continue
        text = raw[: MAX_STRING * 4].decode("utf-8", "replace").strip()[:MAX_STRING]
        if len(text) >= 3:
            literals.append(Literal(row + 1, text))
    return literals, spots


_IMPORT_WORD = re.compile(r"^(?:import|use|using|pub|static|type|from)\s+")
_FROM = re.compile(r"from\s+(\S+)\s+import\s+(.*)$", re.DOTALL)
_BRACES = re.compile(r"^(.*?)\{(.*)\}\s*$", re.DOTALL)


def _imports(data: bytes, found: list[tuple[int, int]]) -> list[str]:
    """Module names as written, each once, in order."""
    names: dict[str, None] = {}
    for start, end in sorted(found)[:MAX_NAMES]:
        text = " ".join(data[start : min(end, start + 2_000)].decode("utf-8", "replace").split())
        if text.startswith("from "):
            names.update(dict.fromkeys(_from_import(text)))
            continue
        while _IMPORT_WORD.match(text):
            text = _IMPORT_WORD.sub("", text, count=1)
        text = text.rstrip("; ").strip("\"'<>`")
        group = _BRACES.match(text)
        if group:
            for item in group[2].split(","):
                item = re.split(r"\s+as\s+|=>|\{", item.strip(), maxsplit=1)[0].strip("} ")
                if item and item not in ("_", "*", "self"):
                    names[group[1].strip() + item] = None
        elif text:
            names[re.split(r"\s+as\s+", text, maxsplit=1)[0]] = None
    return list(names)


def _from_import(text: str) -> list[str]:
    """`from a.b import c` is a.b; `from . import c, d` is .c and .d."""
    found = _FROM.match(text)
    if not found:
        return []
    if found[1].strip("."):
        return [found[1]]
    items = re.sub(r"#[^\n]*|[()]", " ", found[2]).split(",")
    return [found[1] + item.split()[0] for item in items if item.split() and item.split()[0] != "*"] or [found[1]]
