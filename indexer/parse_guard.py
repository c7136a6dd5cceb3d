"""Keeps texts from the grammars that would make them loop, eat the memory or abort the process.

Generated parsers are fast on code and quadratic on some nonsense: thousands of `a<` or `=> x` with nothing between
make a few kilobytes take seconds and gigabytes inside one step, where no time limit can interrupt. What these
texts share is a long stretch without any of the marks that end a construct; code has none longer than a few
hundred bytes. Such a stretch is blanked in its middle, line ends kept.
"""

from __future__ import annotations

import re
from typing import Final

STRETCH: Final = 3_000  # bytes

_ENDS: Final = b";{}(),\"'"
_TABLE: Final = bytes(
    ord("\n") if byte in _ENDS else byte if byte != ord("\n") else ord(" ") for byte in range(256)
)
_LONG = re.compile(rb"(?<![^;{}(),\"'])[^;{}(),\"']{%d,}" % STRETCH)
_NOT_LINE_END = re.compile(rb"[^\n]")


def tame(data: bytes, language: str) -> bytes | None:
    """The text, made safe to parse and of the same length and lines; None if it is better not parsed."""
    if language == "kotlin" and data.count(b"${") > 1_000:  # its scanner aborts at 1,024 texts within texts
        return None
    if len(data) <= STRETCH or max(map(len, data.translate(_TABLE).split(b"\n"))) < STRETCH:
        return data
    return _LONG.sub(_blanked, data)


def _blanked(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return text[:200] + _NOT_LINE_END.sub(b" ", text[200:-200]) + text[-200:]
