"""Patterns of paths as gitignore(5) writes them, matched in linear time.

Translates a pattern as git's wildmatch reads it into a regular expression in which every run between two stars is an
atomic group: taking the leftmost fit of each is always right, so nothing is ever tried twice. Libraries that write
`[^/]*` for each star take minutes on `*a*a*a*a*b`.
"""

from __future__ import annotations

import re

MAX_LINE = 1_000  # characters of a pattern

_SLASH, _STAR, _STARS = "/", "*", "**"
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


def compiled(body: str) -> re.Pattern[str] | None:
    """A pattern without its last slash, as an expression for whole paths; None where it can match nothing."""
    tokens = _tokens(body) if 0 < len(body) <= MAX_LINE else None
    if tokens is None:
        return None
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == _SLASH:
            parts.append([])
        else:
            parts[-1].append(token)
    if "/" not in body:
        parts = [[_STARS], [_STAR if token == _STARS else token for token in parts[0]]]
    elif not parts[0]:
        del parts[0]  # a leading slash only anchors
    return re.compile(_path(parts), re.DOTALL)


def _path(parts: list[list[str]]) -> str:
    """Whole paths. Between two `**` lies a run of names; the leftmost place where it fits will do."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == [_STARS]:
            runs.append([])
        else:
            runs[-1].append(_name(part))
    inside = len(runs) > 1 and not runs[-1]  # a trailing "/**": anything below
    runs = [runs[0], *(run for run in runs[1:] if run)]
    out = ["/".join(runs[0])]
    if runs[0] and (len(runs) > 1 or inside):
        out.append("/")
    for index, run in enumerate(runs[1:], 2):
        names = "/".join(run)
        if index < len(runs) or inside:
            out.append(f"(?>(?:[^/]+/)*?{names}/)")
        else:
            out.append(f"(?:[^/]+/)*?{names}")
    return "".join(out) + (r".+\Z" if inside else r"\Z")


def _name(tokens: list[str]) -> str:
    """One name between slashes, to its end. The leftmost fit of each run between two stars will do."""
    runs: list[list[str]] = [[]]
    for token in tokens:
        if token in (_STAR, _STARS):
            runs.append([])
        else:
            runs[-1].append(token)
    first, *rest = ("".join(run) for run in runs)
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{run})" for run in rest[:-1] if run)
    return f"{first}{middle}(?>[^/]*{rest[-1]}(?=/|\\Z))"


def _tokens(body: str) -> list[str] | None:
    """Stars, slashes and regular expressions for one character each; None where the pattern is broken."""
    tokens: list[str] = []
    at = 0
    while at < len(body):
        char = body[at]
        at += 1
        if char == "*":
            end = at
            while body[end : end + 1] == "*":
                end += 1
            alone = (at == 1 or body[at - 2] == "/") and body[end : end + 1] in ("", "/")
            tokens.append(_STARS if end > at and alone else _STAR)
            at = end
        elif char == "?":
            tokens.append("[^/]")
        elif char == "[":
            found = _bracket(body, at)
            if found is None:
                return None
            token, at = found
            tokens.append(token)
        else:
            if char == "\\":
                if at == len(body):
                    return None
                char = body[at]
                at += 1
            tokens.append(_SLASH if char == "/" else re.escape(char))
    return tokens


def _bracket(body: str, at: int) -> tuple[str, int] | None:
    """A set such as `[!a-z[:digit:]]` from after its `[`: as an expression, and where it ends."""
    negated = body[at : at + 1] in ("!", "^") and bool(body[at : at + 1])
    at += negated
    start = at
    pieces: list[str] = []
    while at < len(body):
        char = body[at]
        if char == "]" and at > start:
            inner = "".join(pieces)
            return (f"[^/{inner}]" if negated else f"(?!/)[{inner}]"), at + 1
        if char == "[" and body[at + 1 : at + 2] == ":":
            end = body.find(":]", at + 2)
            name = body[at + 2 : end] if end >= 0 else ""
            if name not in _CLASSES:
                return None
            pieces.append(_CLASSES[name])
            at = end + 2
            continue
        low, at = _member(body, at)
        pieces.append(re.escape(low))  # even where the range is upside down
        if body[at : at + 1] == "-" and body[at + 1 : at + 2] not in ("", "]"):
            high, at = _member(body, at + 1)
            if low <= high:
                pieces.append(f"{re.escape(low)}-{re.escape(high)}")
    return None


def _member(body: str, at: int) -> tuple[str, int]:
    if body[at] == "\\" and at + 1 < len(body):
        return body[at + 1], at + 2
    return body[at], at + 1
