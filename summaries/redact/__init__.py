"""Secrets taken out of a text before it leaves: maintained detectors, and what they miss. In doubt a value goes.

`tokens` knows what is secret wherever it stands: tokens of known services (detect-secrets, the rules of gitleaks,
ours), strings of high entropy, addresses and headers that let somebody in. `names` knows what is secret by what stands
before it. `blocks` knows what spans lines. It is best effort: a password that nothing marks is a word like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from summaries.redact.blocks import blocks
from summaries.redact.names import named
from summaries.redact.spans import Span
from summaries.redact.tokens import tokens

PIECE, OVERLAP = 8_000, 600  # characters looked at in one go, so that no pattern meets a line of megabytes


class Redacted(Struct, frozen=True):
    """A text without secrets, and how many of each kind were in it."""

    text: str
    kinds: Mapping[str, int] = {}

    @property
    def total(self) -> int:
        """Number of secrets that were taken out."""
        return sum(self.kinds.values())


def redact(text: str, *, strict: bool = True) -> Redacted:
    """Replace every secret by `[redacted KIND]`.

    Raises ModelError where detect-secrets isn't installed; where that isn't `strict`, the other detectors do.
    """
    spans = sorted(_spans(text, strict), key=lambda s: (s[0], -s[1]))
    parts: list[str] = []
    kinds: Counter[str] = Counter()
    at = 0
    for start, end, kind in spans:
        if end <= at:
            continue
        if start >= at:
            kinds[kind] += 1
            parts += [text[at:start], f"[redacted {kind}]"]
        at = end
    return Redacted("".join([*parts, text[at:]]), dict(kinds)) if kinds else Redacted(text)


def _spans(text: str, strict: bool) -> Iterator[Span]:
    yield from blocks(text)
    for offset, piece in _pieces(text):
        for start, end, kind in (*tokens(piece, strict), *named(piece)):
            yield start + offset, end + offset, kind


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Runs of whole lines, each with the last of the one before, and of longer lines pieces that overlap."""
    at = 0
    while at < len(text):
        end = min(len(text), at + PIECE)
        line = text.rfind("\n", at, end)
        if end < len(text) and line > at + OVERLAP:
            yield at, text[at : line + 1]
            at = max(at + 1, text.rfind("\n", at, max(at + 1, line - OVERLAP // 2)) + 1)
            continue
        yield at, text[at:end]
        at = end if end == len(text) else end - OVERLAP
