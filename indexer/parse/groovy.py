"""Groovy by lines and braces: no grammar that can be had reads more than its build files.

Types, their methods and what lies around them; method names may be strings, as Spock's are. Strings and comments
are blanked first, so braces within them don't count. Linear in the text.
"""

from __future__ import annotations

import re
from typing import Final

from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 400
_MAX_STRINGS: Final = 400
_LONG: Final = 500  # bytes of a line that are looked at; a declaration is shorter

_ASIDE = re.compile(
    rb'"""[^"\\]*+(?>(?:(?:\\.|"(?!""))[^"\\]*+)*)(?:""")?'
    rb"|'''[^'\\]*+(?>(?:(?:\\.|'(?!''))[^'\\]*+)*)(?:''')?"
    rb'|"[^"\\\n]*+(?>(?:\\[^\n][^"\\\n]*+)*)"?'
    rb"|'[^'\\\n]*+(?>(?:\\[^\n][^'\\\n]*+)*)'?"
    rb"|//[^\n]*+|/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/)?",
    re.DOTALL,
)
_TYPE = re.compile(
    rb"[ \t]*(?:@\w{1,80}[ \t]+)*(?:(?:public|protected|private|abstract|final|static)[ \t]+)*"
    rb"(@interface|class|interface|enum|trait)[ \t]+(\w{1,200})"
)
_METHOD = re.compile(
    rb"[ \t]*(?:@\w{1,80}(?:\([^()\n]{0,200}\))?[ \t]+)*(?:[A-Za-z][\w.]{0,120}(?:<[^(){}\n]{0,200}>)?(?:\[\])?[ \t]+){1,5}"
    rb"(\w{1,200}|\"[^\"\n]{1,200}\"|'[^'\n]{1,200}')[ \t]*\("
)
_CONSTRUCTOR = re.compile(rb"[ \t]*(?:(?:public|protected|private)[ \t]+)?(\w{1,200})[ \t]*\(")
_NO_TYPE = re.compile(rb"[ \t]*(?:return|throw|new|else|assert|case|import|package|in|println)\b")
_IMPORT = re.compile(rb"^import[ \t]+(?:static[ \t]+)?([\w.]{1,300})", re.MULTILINE)
_THROWN = re.compile(rb"\bthrow[ \t]+new[ \t]+(?:\w+\.){0,10}([A-Z]\w{1,100})")


def read(data: bytes, language: str) -> Facts:
    """The facts of a Groovy file."""
    lines = data.split(b"\n")
    bare = _ASIDE.sub(_blank, data)
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=_symbols(lines, bare.split(b"\n"), language),
        imports=tuple(dict.fromkeys(m[1].decode() for m in _IMPORT.finditer(bare))),
        strings=_strings(data),
        errors=tuple(dict.fromkeys(m[1].decode() for m in _THROWN.finditer(bare))),
    )


def _blank(match: re.Match[bytes]) -> bytes:
    """As many bytes and lines; the quotes of a string stay."""
    text = match[0]
    inner = re.sub(rb"[^\n]", b" ", text)
    if text[:1] not in b"\"'" or len(text) < 2 or text[:3] in (b'"""', b"'''"):
        return inner
    return text[:1] + b"." * (len(text) - 2) + text[-1:] if b"\n" not in text else inner


def _symbols(lines: list[bytes], bare: list[bytes], language: str) -> tuple[Symbol, ...]:
    found: list[tuple[str, str, str, int, int]] = []  # name, qualified name, kind, first row, own row
    ends: list[int] = []
    types: list[tuple[str, int, int]] = []  # qualified name, depth of its members, place in `found`
    open_: list[tuple[int, int]] = []  # what is not closed yet: place in `found`, and the depth around it
    depth = 0
    for row, line in enumerate(bare):
        said = _declared(lines[row][:_LONG], line[:_LONG], types[-1][0] if types else "")
        inside = depth == (types[-1][1] if types else 0)
        if said and inside and len(found) < _MAX_SYMBOLS:
            name, kind = said
            qualname = f"{types[-1][0]}.{name}" if types else name
            found.append((name, qualname, kind, _first(lines, row), row))
            ends.append(row)
            open_.append((len(found) - 1, depth))
            if kind not in ("method", "function"):
                types.append((qualname, depth + 1, len(found) - 1))
        before, depth = depth, max(0, depth + line.count(b"{") - line.count(b"}"))
        while (
            open_ and depth <= open_[-1][1] and (b"}" in line or before > open_[-1][1] or _whole(bare, row))
        ):
            place, _ = open_.pop()
            ends[place] = row
            if types and types[-1][2] == place:
                types.pop()
    for place, _ in open_:
        ends[place] = len(lines) - 1
    return tuple(
        Symbol(
            name, qualname, kind, row + 1, end + 1, _signature(lines[own]), doc_above(lines, row, language)
        )
        for (name, qualname, kind, row, own), end in zip(found, ends, strict=True)
    )


def _first(lines: list[bytes], row: int) -> int:
    """The first of the annotations above a declaration, or its own row."""
    first = row
    while first > 0 and row - first < 10 and lines[first - 1].lstrip().startswith(b"@"):
        first -= 1
    return first


def _whole(bare: list[bytes], row: int) -> bool:
    """Whether a declaration without a body ends here: no brace on this line or the next, and no open bracket."""
    line = bare[row]
    ahead = bare[row + 1].strip() if row + 1 < len(bare) else b""
    return (
        line.count(b"(") <= line.count(b")") and b"{" not in line and not ahead.startswith((b"{", b"throws"))
    )


def _declared(line: bytes, bare: bytes, around: str) -> tuple[str, str] | None:
    """Name and kind of what a line defines."""
    if m := _TYPE.match(bare):
        return m[2].decode(), "interface" if m[1] == b"@interface" else m[1].decode()
    if _NO_TYPE.match(bare):
        return None
    if m := _METHOD.match(bare):
        name = line[m.start(1) : m.end(1)].strip(b"\"'").decode("utf-8", "replace")
        return " ".join(name.split()), "method" if around else "function"
    m = _CONSTRUCTOR.match(bare)
    if m and around and m[1].decode() == around.rpartition(".")[2]:
        return m[1].decode(), "method"
    return None


def _signature(line: bytes) -> str:
    return " ".join(line[:_LONG].decode("utf-8", "replace").split())[:200].rstrip(" {")


def _strings(data: bytes) -> tuple[Literal, ...]:
    out: list[Literal] = []
    row = at = 0
    for found in _ASIDE.finditer(data):
        if found[0][:1] not in b"\"'":
            continue
        text = " ".join(found[0][:1_200].decode("utf-8", "replace").strip("\"'").split())[:300]
        if len(text) >= 3 and any(c.isalpha() for c in text):
            row, at = row + data.count(b"\n", at, found.start()), found.start()
            out.append(Literal(row + 1, text))
            if len(out) >= _MAX_STRINGS:
                break
    return tuple(out)
