"""The search box's language: words, "exact text", and filters: `repo:orders -path:docs symbol:Cart near:a/b.py`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from locator.filters import Filter
from summaries.errors import UsageError

By = Literal["", "words", "meaning", "both"]
BYS = ("words", "meaning", "both")
MAX_LENGTH = 1000  # characters
MAX_TEXTS = 8  # exact texts of one query

_KEY = re.compile(r"(-?)(repo|lang|language|path|file|symbol|sym|near|by):", re.IGNORECASE)
_BLANK = re.compile(r"\s+")
_WORD = re.compile(r'[^\s"]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


class SearchQuery(Struct, frozen=True):
    """A query, read. All texts, all symbols and the filters must hold; words rank."""

    words: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()  # to be found exactly
    symbols: tuple[str, ...] = ()  # to be defined: a name, or Type.member
    repos: tuple[str, ...] = ()
    not_repos: tuple[str, ...] = ()
    files: Filter = Filter()
    near: str = ""  # REPO/PATH: what is like it in meaning
    by: By = ""  # what ranks; "": as the caller has it


def parse(
    text: str, *, repos: Sequence[str] = (), languages: Sequence[str] = (), paths: Sequence[str] = ()
) -> SearchQuery:
    """Read a query; the arguments add to its filters. Raises UsageError that names what cannot be read."""
    if len(text) > MAX_LENGTH:
        hint = "to find a bug by its report: `bugatlas locate`"
        raise UsageError(f"the query is longer than {MAX_LENGTH:,} characters", hint)
    found: dict[str, list[str]] = {"repo": [*repos], "lang": [*languages], "path": [*paths]}
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
        elif key := _KEY.match(text, at):
            value, at = _value(text, key.end(), key[0])
            found.setdefault(key[1] + _name(key[2]), []).append(value)
        elif text[at] == '"':
            value, at = _quoted(text, at)
            found.setdefault("text", []).append(value)
        elif word := _WORD.match(text, at):
            found.setdefault("word", []).append(word[0])
            at = word.end()
    for excluded in ("-symbol", "-near", "-by"):
        if excluded in found:
            raise UsageError(
                f"{excluded}: cannot be searched for", "leave out by -path:, -file:, -lang: or -repo:"
            )
    return _checked({k: tuple(dict.fromkeys(v)) for k, v in found.items()})


def _name(key: str) -> str:
    return {"language": "lang", "sym": "symbol"}.get(key.lower(), key.lower())


def _value(text: str, at: int, key: str) -> tuple[str, int]:
    if at < len(text) and text[at] == '"':
        return _quoted(text, at)
    value = _WORD.match(text, at)
    if not value:
        raise UsageError(f"{key} has no value", f"write {key}VALUE without a blank in between")
    return value[0], value.end()


def _quoted(text: str, at: int) -> tuple[str, int]:
    found = _QUOTED.match(text, at)
    if not found or not found[0].endswith('"') or len(found[0]) < 2 or found.end() - at != len(found[1]) + 2:
        raise UsageError(f"a quote is not closed: {text[at : at + 40]}", 'close it; \\" is a quote inside')
    value = _ESCAPE.sub(r"\1", found[1])
    if not value.strip():
        raise UsageError("there is nothing between the quotes", 'as in "connection refused"')
    return value, found.end()


def _checked(found: dict[str, tuple[str, ...]]) -> SearchQuery:
    def of(key: str) -> tuple[str, ...]:
        return found.get(key, ())

    files = Filter(of("lang"), of("path"), of("file"), of("-lang"), of("-path"), of("-file"))
    near = next(iter(of("near")), "")
    query = SearchQuery(of("word"), of("text"), of("symbol"), of("repo"), of("-repo"), files, near)
    if by := of("by")[-1:]:
        if by[0].lower() not in BYS:
            raise UsageError(f"by:{by[0]} is not known", f"write by: and one of {', '.join(BYS)}")
        query = replace(query, by=cast(By, by[0].lower()))
    if len(of("near")) > 1:
        raise UsageError("the query has several near:", "search for one after the other")
    if not (query.near or query.words or query.texts or query.symbols or files.paths or files.files):
        raise UsageError("the query says where to search, but not for what", "add words, or path: or file:")
    if len(query.texts) + len(query.symbols) > MAX_TEXTS:
        raise UsageError(f"the query has over {MAX_TEXTS} quoted texts and symbols", "search for fewer")
    return query
