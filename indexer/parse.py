"""A file's text to facts: symbols, imports, strings, routes, clients, topics, raised errors, configuration keys.

One tree-sitter parse and one query per file (`indexer/queries/<language>.scm`); everything else works on the
bytes. Files without a grammar are read line by line (`parse_lines`). Nothing here raises on any text.
"""

from __future__ import annotations

import re
import time
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from tree_sitter import Language, Parser, Query, QueryCursor
from tree_sitter_language_pack import get_language

from indexer import parse_lines
from indexer.extract import Capture, Captures, facts
from summaries.types import Facts

_GRAMMARS: Final = {"shell": "bash", "cython": "python"}
_QUERIES: Final = {"cython": "python"}
_BUDGET: Final = 0.6  # seconds; a file whose parse takes longer is read without its grammar
_CHUNK: Final = 1 << 16
_LIMIT: Final = 1 << 14  # unfinished matches the query engine may keep; generous, it bounds hostile input

_CAPTURE = re.compile(r"@([a-z]+)\b")
_PRELUDE = re.compile(r"; extends (\w+)\n")
_SCRIPT = re.compile(rb"<script\b([^>]{0,500})>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_AUXILIARY = frozenset({"name", "owner", "body"})


class Grammar(NamedTuple):
    """A compiled language: its parser, its query, and per pattern of the query what it captures."""

    parser: Parser
    query: Query
    kinds: tuple[str, ...]


@cache
def grammar(language: str) -> Grammar | None:
    """The compiled grammar of a language; None if it has no query file."""
    source = _query(_QUERIES.get(language, language))
    if source is None:
        return None
    loaded: Language = get_language(_GRAMMARS.get(language, language))
    query = Query(loaded, source)
    kinds = []
    for index in range(query.pattern_count):
        text = source.encode()[query.start_byte_for_pattern(index) : query.end_byte_for_pattern(index)].decode()
        names = _CAPTURE.findall(re.sub(r"@_\w+", "", text))
        kinds.append(next((name for name in reversed(names) if name not in _AUXILIARY), "name"))
    return Grammar(Parser(loaded), query, tuple(kinds))


def _query(name: str) -> str | None:
    file = files("indexer").joinpath("queries", f"{name}.scm")
    if not file.is_file():
        return None
    source = file.read_text("utf-8")
    extended = _PRELUDE.match(source)
    return (_query(extended[1]) or "") + source if extended else source


def parse(path: str, text: str, language: str) -> Facts:
    """What one file says. Lines are 1-based; `broken` tells that the grammar met errors, or ran out of time.

    Never raises: a text that its grammar cannot read gives what a line-by-line reading gives.
    """
    data = text.encode("utf-8", "replace").replace(b"\0", b" ")  # a scanner may loop on NUL
    if data.startswith(b"\xef\xbb\xbf"):
        data = b"   " + data[3:]
    if language in ("vue", "html", "svelte"):
        return _markup(data, language)
    found = grammar(language)
    if found is None:
        return parse_lines.read(data, language)
    captures = _captures(found, data)
    if captures is None:
        return Facts(language, parse_lines.line_count(data), broken=True)
    return facts(data, language, captures)


def _captures(found: Grammar, data: bytes) -> Captures | None:
    """Runs the parser and the query within the time budget; None if it ran out."""
    deadline = time.monotonic() + _BUDGET
    try:
        tree = found.parser.parse(
            lambda at, _: data[at : at + _CHUNK],
            progress_callback=lambda _offset, _error: time.monotonic() > deadline,
        )
    except ValueError:  # cancelled
        found.parser.reset()
        return None
    root = tree.root_node
    cursor = QueryCursor(found.query, match_limit=_LIMIT)
    definitions: list[Capture] = []
    strings: list[tuple[int, int, int]] = []
    docstrings: list[tuple[int, int]] = []
    decorators: list[tuple[int, int, int]] = []
    imports: list[tuple[int, int]] = []
    kinds = found.kinds
    for index, nodes in cursor.matches(root):
        kind = kinds[index]
        node = nodes[kind][0]
        start, end = node.start_byte, node.end_byte
        if kind == "string":
            strings.append((start, end, node.start_point[0]))
        elif kind == "import":
            imports.append((start, end))
        elif kind == "docstring":
            docstrings.append((start, end))
        elif kind == "decorator":
            decorators.append((start, end, node.start_point[0]))
        else:
            name = nodes["name"][0]
            body = nodes.get("body")
            inner = body[0] if body else node.child_by_field_name("body")
            owner = nodes.get("owner")
            definitions.append(
                Capture(
                    start,
                    end,
                    kind,
                    index,
                    name.start_byte,
                    name.end_byte,
                    node.start_point[0],
                    node.end_point[0] - (1 if node.end_point[1] == 0 else 0),
                    name.start_point[0],
                    inner.start_byte if inner is not None else -1,
                    data[owner[0].start_byte : owner[0].end_byte] if owner else b"",
                )
            )
    return Captures(definitions, strings, docstrings, decorators, imports, root.has_error)


def _markup(data: bytes, language: str) -> Facts:
    """Script blocks of a page, read in place: all that is not script is blanked, line ends kept."""
    pieces: list[bytes] = []
    at = 0
    typed = False
    for script in _SCRIPT.finditer(data):
        typed = typed or re.search(rb"\blang\s*=\s*[\"']?tsx?\b", script[1]) is not None
        pieces += (_blank(data[at : script.start(2)]), script[2])
        at = script.end(2)
    found = grammar("typescript" if typed else "javascript")
    page = parse_lines.read(data, language)
    if not at or found is None:
        return page
    captures = _captures(found, b"".join(pieces))
    if captures is None:
        return page
    script_facts = facts(b"".join(pieces), "typescript" if typed else "javascript", captures)
    return parse_lines.merge(script_facts, page, language)


_NOT_LINE_END = re.compile(rb"[^\n]")


def _blank(data: bytes) -> bytes:
    return _NOT_LINE_END.sub(b" ", data)
