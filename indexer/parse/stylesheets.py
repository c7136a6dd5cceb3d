"""Style sheets: every rule is a symbol by the classes and ids that it is for, so that reports on looks have a place.

CSS, SCSS, Less and PostCSS by their braces; Sass, SugarSS and Stylus, where a file has none, by indentation. The
names are those that components use (`className="order-row"`): a nested `&__total` has its block's name before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 2_000
_MAX_NAMES: Final = 12  # of one rule
_MAX_KEYS: Final = 300
_PRELUDE: Final = 2_000  # bytes of what stands before a block that are read

_TOKEN = re.compile(
    rb"/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/)?|(?<![:\w])//[^\n]*+|\"[^\"\n\\]*+(?>(?:\\.[^\"\n\\]*+)*)\"?"
    rb"|'[^'\n\\]*+(?>(?:\\.[^'\n\\]*+)*)'?|#\{[^{}\n]{0,200}\}|[{};]",
    re.DOTALL,
)
_NAME = re.compile(r"(&(?:[\w-]+)?)|([.#%](?:-?[A-Za-z_]|\\.)(?:[\w-]|\\.)*)")
_ELEMENT = re.compile(r"^[A-Za-z][\w-]*")
_DEFINED = re.compile(
    r"@(mixin|function|keyframes|-webkit-keyframes|-moz-keyframes|include|define-mixin)\s+([\w-]{1,100})"
)
_VARIABLE = re.compile(rb"^[ \t]*(--[\w-]{1,100}|\$[\w-]{1,100}|@[\w-]{1,100})[ \t]*:", re.MULTILINE)
_IMPORT = re.compile(
    rb"@(?:import|use|forward|require)\s+(?:\([^()\n]{0,60}\)\s*)?(?:url\()?[\"']?([^\"'();\s]{1,300})"
)
_CONTENT = re.compile(rb"\bcontent\s{0,4}:\s{0,4}[\"']([^\"'\n]{3,200})[\"']")


class Rule(NamedTuple):
    """What stands before a block, and the rows (0-based) of the first byte of that and the last of the block."""

    prelude: str
    parents: tuple[str, ...]
    row: int
    end: int


def read(data: bytes, language: str) -> Facts:
    """Rules, mixins, variables and imports of a style sheet."""
    lines = data.split(b"\n")
    rows = line_count(data)
    rules = _by_braces(data) if b"{" in data.replace(b"#{", b"") else _by_indentation(lines)
    symbols: list[Symbol] = []
    for rule in rules:
        doc = ""
        for place, (name, kind) in enumerate(_names(rule)[:_MAX_NAMES]):
            doc = doc or doc_above(lines, rule.row, language)
            shown = " ".join(rule.prelude.split())[:200]
            symbols.append(
                Symbol(
                    name,
                    name,
                    kind if not place else "selector",
                    rule.row + 1,
                    min(rule.end + 1, rows),
                    shown,
                    doc,
                )
            )
        if len(symbols) >= _MAX_SYMBOLS:
            break
    contents = [
        Literal(data.count(b"\n", 0, m.start(1)) + 1, m[1].decode("utf-8", "replace"))
        for m in list(_CONTENT.finditer(data))[:50]
    ]
    return Facts(
        language,
        rows,
        doc=file_doc(lines[:120]),
        symbols=tuple(sorted(symbols, key=lambda s: s.start)),
        imports=tuple(dict.fromkeys(m[1].decode("utf-8", "replace") for m in _IMPORT.finditer(data)))[:200],
        strings=tuple(s for s in contents if s.text.strip() and any(c.isalpha() for c in s.text)),
        keys=tuple(dict.fromkeys(m[1].decode() for m in _VARIABLE.finditer(data)))[:_MAX_KEYS],
    )


def _by_braces(data: bytes) -> Iterator[Rule]:
    row = 0
    at = counted = 0  # where the statement begins that is being read, and up to where lines are counted
    open_: list[tuple[str, int]] = []
    for found in _TOKEN.finditer(data):
        sign = found[0]
        if sign not in (b"{", b"}", b";"):
            if sign[:1] == b"/" and not data[at : found.start()].strip():
                at = found.end()  # a comment before a rule is not of it
            continue
        if sign == b"{":
            text = data[at : found.start()][-_PRELUDE:]
            start = found.start() - len(text.lstrip())
            row, counted = row + data.count(b"\n", counted, start), max(start, counted)
            open_.append((_without_comments(text).decode("utf-8", "replace").strip(), row))
        elif sign == b"}" and open_:
            prelude, begun = open_.pop()
            row, counted = row + data.count(b"\n", counted, found.start()), found.start()
            yield Rule(prelude, tuple(p for p, _ in open_[-6:]), begun, row)
        at = found.end()
    row += data.count(b"\n", counted)
    while open_:
        prelude, begun = open_.pop()
        yield Rule(prelude, tuple(p for p, _ in open_[-6:]), begun, row)


def _without_comments(text: bytes) -> bytes:
    return _TOKEN.sub(lambda m: b" " if m[0][:1] == b"/" else m[0], text)


_NESTS = re.compile(
    rb"^[ \t]*(?:[.#&%@>+~*\[]|:[a-z-]+\b[ \t]*$|[a-z][\w-]*(?:[ \t]*$|[.#:,>][^\s;]|[ \t]+[.#>]))"
)
_TAB: Final = 4


def _by_indentation(lines: list[bytes]) -> Iterator[Rule]:
    open_: list[tuple[int, str, int]] = []
    last = 0
    for row, line in enumerate(lines):
        bare = line[:_PRELUDE].strip()
        if not bare or bare.startswith((b"//", b"/*", b"*")):
            continue
        indent = len(line[:200].expandtabs(_TAB)) - len(line[:200].expandtabs(_TAB).lstrip())
        while open_ and open_[-1][0] >= indent:
            _, prelude, begun = open_.pop()
            yield Rule(prelude, tuple(p for _, p, _ in open_[-6:]), begun, last)
        if _NESTS.match(line[:_PRELUDE]) and len(open_) < 50:
            open_.append((indent, bare.decode("utf-8", "replace"), row))
        last = row
    while open_:
        _, prelude, begun = open_.pop()
        yield Rule(prelude, tuple(p for _, p, _ in open_[-6:]), begun, last)


def _names(rule: Rule) -> list[tuple[str, str]]:
    """Names of a rule, its own first: of classes and ids, or of an element where it has none."""
    prelude = rule.prelude
    if prelude.startswith("@"):
        found = _DEFINED.match(prelude)
        if found and found[1] != "include":
            return [(found[2], "function" if found[1] in ("mixin", "function", "define-mixin") else "rule")]
        return []
    out: dict[str, None] = {}
    for selector in prelude.split(",")[:_MAX_NAMES]:
        simple = _NAME.findall(selector)
        own = [_plain(name) if name else _joined(nested, rule.parents) for nested, name in reversed(simple)]
        out.update(dict.fromkeys(n for n in own if n))
        if not simple and (element := _ELEMENT.match(selector.strip())):
            out[element[0]] = None
    return [(name[:100], "rule") for name in out]


def _plain(name: str) -> str:
    return name[1:].replace("\\", "")


def _joined(nested: str, parents: tuple[str, ...]) -> str:
    """The class that `&__total` makes below `.order`; "" for a bare `&`."""
    suffix = nested[1:]
    if not suffix:
        return ""
    for depth in range(len(parents) - 1, -1, -1):
        if parents[depth].startswith("@"):
            continue
        found = _NAME.findall(parents[depth].split(",")[0])
        if not found:
            return ""
        above, name = found[-1]
        if name:
            return _plain(name) + suffix
        if above[1:]:
            suffix = above[1:] + suffix
    return ""
