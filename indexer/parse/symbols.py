"""Definitions of a file in their place: nesting, qualified names, lines, signatures, doc comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from indexer.parse.text import doc_above, first_paragraph, unquote
from summaries.types import Symbol

MAX_SYMBOLS: Final = 3_000
_SIGNATURE: Final = 200

_TYPES = frozenset({"class", "interface", "struct", "enum", "trait", "scope"})
_VALUES = frozenset({"constant", "field"})
_CALLABLE = frozenset({"function", "method"})
_LEAVES = frozenset({"type"})  # never enclose others: `typedef struct a {...} b`
_FIXED = re.compile(r"\b(?:const|static final|static readonly)\b")


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
    body: int
    owner: bytes  # text that holds the type a method belongs to: a Go receiver


class Placed(NamedTuple):
    """A definition in its place: what the recognisers of routes need to know of it."""

    symbol: Symbol
    start: int  # byte offset, decorators included
    name_start: int
    end: int
    parent: int  # index of the enclosing definition, -1 at the top


def place(
    data: bytes,
    lines: list[bytes],
    language: str,
    definitions: list[Capture],
    decorators: list[tuple[int, int, int]],
    docstrings: dict[int, int],
) -> list[Placed]:
    """Definitions in order of start, each with its qualified name, its lines and its parent.

    Decorators are (start, end, row); docstrings map the offset where a body begins to where its text ends.
    """
    runs = _runs(data, decorators)
    run_ends = [end for _, end, _ in runs]
    placed: list[Placed] = []
    stack: list[int] = []
    last = len(lines) - 1
    for capture in _merged(definitions)[:MAX_SYMBOLS]:
        start, end, kind, _, name_start, name_end, row, end_row, body, owned = capture
        if runs:
            near = bisect_right(run_ends, start) - 1
            if near >= 0 and start - run_ends[near] < 100 and data[run_ends[near] : start].strip() in _GLUE:
                start, _, row = runs[near]
        while stack and (placed[stack[-1]].end <= capture.start or _beside(placed[stack[-1]], kind, end)):
            stack.pop()
        parent = stack[-1] if stack else -1
        above = placed[parent].symbol if parent >= 0 else None
        if above and kind in _VALUES and above.kind in _CALLABLE:
            continue
        raw = data[name_start:name_end]
        if raw in (b"operator", b"~"):  # the name of C# operators and destructors has no node of its own
            raw = data[name_start : data.find(b"(", name_start)]
        name, inner = _name(raw)
        if not name:
            continue
        outer = above.qualname if above else ""
        if owned:
            inner = _owner(owned)
        qualname = f"{outer}.{name}" if outer and not inner else name
        if inner:
            within = outer and not inner.startswith(outer + ".")
            qualname = f"{outer}.{inner}.{name}" if within else f"{inner}.{name}"
        signature = doc = ""
        if kind != "scope":
            signature = _signature(data, capture, language)
            close = docstrings.get(body)
            if close:
                doc = first_paragraph(unquote(data[body:close]))
            elif not above or above.start != row + 1:  # what stands above the line is said of the outermost
                doc = doc_above(lines, row, language)
            kind = _kind(kind, name, signature, bool(inner or (above and above.kind in _TYPES)))
        end_row = min(max(end_row, row), last)
        symbol = Symbol(name, qualname, kind, row + 1, end_row + 1, signature, doc)
        if kind not in _LEAVES:
            stack.append(len(placed))
        placed.append(Placed(symbol, start, name_start, end, parent))
    return placed


_GLUE = frozenset({b"", b"export", b"export default"})


def _beside(above: Placed, kind: str, end: int) -> bool:
    """Names of one declaration, `int a = 1, b = 2`, share its extent and do not nest."""
    return above.end == end and kind in _VALUES and above.symbol.kind in _VALUES


def _kind(kind: str, name: str, signature: str, in_type: bool) -> str:
    if kind == "function" and in_type:
        return "method"
    if kind == "field" and (name.isupper() or _FIXED.search(signature)):
        return "constant"
    return "method" if kind == "rpc" else kind


def _merged(definitions: list[Capture]) -> list[Capture]:
    """One capture per name: the latest pattern says the kind, the widest gives the extent."""
    by_name: dict[int, Capture] = {}
    for capture in definitions:
        known = by_name.setdefault(capture.name_start, capture)
        if known is capture:
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
_ARGUMENTS = re.compile(r"<[^<>]*>")
_ROOTS = ("module.exports.", "exports.", "this.", "self.", "window.")


def _owner(text: bytes) -> str:
    found = _RECEIVER.search(text[-300:])
    return found[1].decode() if found else ""


def _name(raw: bytes) -> tuple[str, str]:
    """A name and what it is qualified with where it stands: `ns::Type<T>::run` is ("run", "ns.Type")."""
    text = raw[:400].decode("utf-8", "replace")
    if text.isidentifier():
        return text, ""
    if text[:1] in ("'", '"', "`"):  # a key of an object literal
        return text.strip("\"'`")[:100], ""
    text = " ".join(text.split()).strip("$:")
    if "operator" in text:
        head, _, tail = text.replace("::", ".").partition("operator")
        return f"operator{tail}"[:100], head.strip(". ")
    for _ in range(4 if "<" in text else 0):
        text = _ARGUMENTS.sub("", text)
    text = text.replace("::", ".").replace(":", ".").replace("?.", ".").replace(".prototype.", ".")
    for root in _ROOTS:
        text = text.removeprefix(root)
    head, _, tail = text.rpartition(".")
    return tail[:100], head[:200].strip(".")


def _signature(data: bytes, capture: Capture, language: str) -> str:
    """The definition up to its body on one line, without the annotations above it."""
    start, name_start, body = capture.start, capture.name_start, capture.body
    head = data[start:name_start]
    if b"\n" in head and (b"@" in head or b"[" in head or b"#" in head):
        start = data.rfind(b"\n", 0, name_start) + 1
    else:
        line = data.rfind(b"\n", max(0, start - 40), start) + 1
        before = data[line:start]
        if line and not (
            b";" in before or b"{" in before or b"}" in before or b"," in before or b"(" in before
        ):
            start = line
    if body > capture.name_end:
        text = data[start : min(body, start + 600)]
    else:
        text = data[start : min(capture.end, start + 600)]
        cut = text.find(b"{", capture.name_end - start)
        if capture.kind not in _CALLABLE and (cut < 0 or b"\n" in text[capture.name_end - start : cut]):
            cut = text.find(b"\n", capture.name_end - start)
        if cut > 0:
            text = text[:cut]
    if language == "ruby":
        text = text.partition(b"\n")[0]
    line_text = b" ".join(text.split()).decode("utf-8", "replace").rstrip(" {:")
    if line_text.endswith(("=>", " =", ")=")):
        line_text = line_text.removesuffix("=>").removesuffix("=").rstrip()
    return line_text[:_SIGNATURE]
