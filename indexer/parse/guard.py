"""Keeps texts from the grammars that would make them loop, eat the memory or abort the process.

Generated parsers are fast on code and quadratic on some nonsense: thousands of `a<` or `-;` make a few
kilobytes take seconds and gigabytes inside one step, which no time limit interrupts. What these texts share
is a long stretch without any of the marks that end a construct (code has none longer than a few hundred
bytes), or one short text repeated over and over. Such stretches are blanked in their middle, line ends kept.
"""

from __future__ import annotations

import os
import re
from typing import Final

import numpy as np
from tree_sitter import Node

from indexer.parse.text import words

STRETCH: Final = 3_000  # bytes
WIDE: Final = 20_000  # children of one node; the query engine is quadratic in those that have no name

_ENDS: Final = b";{}(),\"'"
_ACROSS_LINES: Final = words("java csharp c cpp objc javascript typescript tsx php rust dart proto thrift")
"""Languages in which a line end ends nothing."""

_TABLE: Final = bytes(0x0A if byte in _ENDS else 0x20 if byte == 0x0A else byte for byte in range(256))
_LINES_TABLE: Final = bytes(0x0A if byte in _ENDS else byte for byte in range(256))
_LONG = re.compile(rb"(?<![^;{}(),\"'])[^;{}(),\"']{%d,}" % STRETCH)
_LONG_LINE = re.compile(rb"(?<![^\n;{}(),\"'])[^\n;{}(),\"']{%d,}" % STRETCH)
_NOT_LINE_END = re.compile(rb"[^\n]")
_PERIODS: Final = range(1, 65)


def tame(data: bytes, lines: list[bytes], language: str) -> bytes | None:
    """The text, made safe to parse and of the same length and lines; None if it is better not parsed."""
    if len(data) <= STRETCH:
        return data
    if language == "kotlin" and data.count(b"${") > 1_000:  # its scanner aborts at 1,024 texts within texts
        return None
    if len(lines) > 500 and len(set(lines)) * 50 < len(lines):
        return None
    if max(map(len, lines)) > STRETCH:
        data = b"\n".join([_blank(line) if _periodic(line) else line for line in lines])
    table, long = (_TABLE, _LONG) if language in _ACROSS_LINES else (_LINES_TABLE, _LONG_LINE)
    marks = np.flatnonzero(np.frombuffer(data.translate(table), np.uint8) == 0x0A)
    if np.diff(marks, prepend=-1, append=len(data)).max() > STRETCH:
        data = long.sub(lambda found: _blank(found[0]), data)
    return data


def _periodic(line: bytes) -> bool:
    """Whether a long line is, in its middle, one text of at most 64 bytes over and over."""
    if len(line) <= STRETCH:
        return False
    middle = len(line) // 2
    probe = line[middle : middle + 1_000]
    return any(line.startswith(probe, middle + period) for period in _PERIODS)


def _blank(text: bytes) -> bytes:
    start, end = 200, len(text) - 200
    while text[start] & 0xC0 == 0x80:  # inside a character
        start += 1
    while text[end] & 0xC0 == 0x80:
        end -= 1
    return text[:start] + _NOT_LINE_END.sub(b" ", text[start:end]) + text[end:]


def too_wide(root: Node) -> bool:
    """Whether a node has so many nameless children, brackets nobody closed, as to stall a query."""
    node = root
    while node.descendant_count > WIDE:
        if node.child_count > WIDE and node.named_child_count * 4 < node.child_count:
            return True
        node = max(node.children, key=lambda child: child.descendant_count)
    return False


_STATM: Final = "/proc/self/statm"  # of Linux; elsewhere memory is not bounded, steps are
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> int:
    """Bytes of memory that this process has; 0 where nobody can say. Asked several times a file, so plainly."""
    try:
        file = os.open(_STATM, os.O_RDONLY)
        try:
            return int(os.read(file, 200).split()[1]) * _PAGE
        finally:
            os.close(file)
    except (OSError, IndexError, ValueError):
        return 0
