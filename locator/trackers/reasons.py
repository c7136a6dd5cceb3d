"""Why a file stands in a comment, in the few words that say most; and whom to ask about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from locator.answer import Answer, Evidence, FileHit
from locator.place import place
from locator.terminal import one_line
from locator.voters.registry import POINTERS

MOST = 2  # of each file
_LIST = re.compile(r"(.{0,300}?\b(?:contains?|mentions?|overlaps?)): (.+)", re.DOTALL)
_WEAK = ("its path contains", "also contains", "its names and comments mention", "commit vocabulary")


def packages(answer: Answer) -> dict[str, frozenset[str]]:
    """Names of folders that all files listed of a repository are in: a package's words tell nobody anything."""
    folders: dict[str, list[set[str]]] = {}
    for f in answer.files:
        folders.setdefault(f.repo, []).append({p.lower() for p in f.path.split("/")[:-1]})
    return {r: frozenset(set.intersection(*found)) for r, found in folders.items()}


def strongest(file: FileHit, without: frozenset[str]) -> list[str]:
    """The reasons that say most: what the report points at, then the others; weak ones for want of better."""

    def rank(e: Evidence) -> tuple[bool, bool]:
        return e.text.startswith(_WEAK), e.voter not in POINTERS

    told = [_trimmed(e.text, without) for e in sorted(file.evidence, key=rank)]
    return [t for t in told if t][:MOST]


def _trimmed(text: str, without: frozenset[str]) -> str:
    """A reason without the words that a package's folders are called; "" where it has no others."""
    found = _LIST.fullmatch(text)
    if not found:
        return text
    words = [w for w in found[2].split(", ") if w.lower() not in without]
    return f"{found[1]}: {', '.join(words)}" if words else ""


def line_of(file: FileHit) -> str:
    """The line of code to look at: what the report points at, else where the function begins; "" where none is at hand."""
    shown = file.excerpt
    pointed = next((e.line for e in file.evidence if e.voter in POINTERS and e.line > 0), 0) or place(file)[0]
    at = pointed - shown.start if shown and pointed else -1
    return shown.lines[at].strip() if shown and 0 <= at < len(shown.lines) else ""


def whom(file: FileHit) -> str:
    """'owned by @shop/cart; changed last on 2024-08-26 by Jun Park: "SHOP-88: Yen have no cents" (55f9ab7)'."""
    told = [f"owned by {', '.join(file.owners)}"] if file.owners else []
    for c in file.changes[:1]:
        by = f" by {c.author}" if c.author else ""
        day = datetime.fromtimestamp(c.time, UTC).strftime("%Y-%m-%d")
        told.append(f'changed last on {day}{by}: "{one_line(c.subject, 80)}" ({c.commit[:7]})')
    return "; ".join(told)
