"""Where to look in a file of an answer: its lines, and its functions in the order in which they matter."""

from __future__ import annotations

from locator.answer import FileHit, SymbolHit
from locator.voters.registry import POINTERS


def place(file: FileHit) -> tuple[int, int]:
    """The lines to open a file at: what the report points at, else its best function; 0 where neither is."""
    line = next((e.line for e in file.evidence if e.voter in POINTERS and e.line > 0), 0)
    best = functions(file)[:1]
    if best and (not line or best[0].start <= line <= best[0].end):
        return best[0].start, best[0].end
    line = line or next((e.line for e in file.evidence if e.line > 1), 0)
    return line, line


def functions(file: FileHit) -> list[SymbolHit]:
    """The functions of a file, those first that the report points into, the smallest before those around it."""
    lines = [e.line for e in file.evidence if e.voter in POINTERS and e.line > 0]
    into = [s for s in file.symbols if any(s.start <= x <= s.end for x in lines[:1])]
    into.sort(key=lambda s: s.end - s.start)
    return into[:1] + [s for s in file.symbols if s not in into[:1]]
