"""A file's text to facts: symbols, imports, strings, routes, clients, topics, raised errors, keys.

One tree-sitter parse and one query per file (`indexer/parse/queries/<language>.scm`); everything else works on the
bytes. Files without a grammar are read by lines (`parse_lines`). Nothing here raises on any text.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import count
from typing import Final, NamedTuple

from tree_sitter import Language, Parser, Query, QueryCursor

from indexer.parse import lines as parse_lines
from indexer.parse.extract import Captures, facts
from indexer.parse.guard import resident, tame, too_wide
from indexer.parse.symbols import Capture
from indexer.parse.text import line_count
from summaries.types import Facts

_PACKAGES: Final = {"shell": "bash", "cython": "python", "csharp": "c_sharp", "tsx": "typescript"}
_QUERIES: Final = {"cython": "python"}
_STEPS: Final = 300, 25  # hundreds of parser steps that any text may take, and bytes that earn it one more:
# twice what code takes. Not seconds, because a blob must say the same on every machine, however busy.
# Bytes that a parse may take, and for each byte of the text: twice what code takes.
_MEMORY: Final = 100_000_000, 100
_LOOK: Final = 4  # progress calls between two looks at the memory; nonsense takes up to 35 MB a call
_CHUNK: Final = 1 << 16
_MATCHES: Final = 1 << 14  # unfinished matches the query engine may keep; generous, it bounds hostile input

_PARSING = threading.Lock()  # a parser calls back into Python, where another thread could enter it
_CAPTURE = re.compile(r"@([a-z]+)\b")
_EXTENDS = re.compile(r"; extends (\w+)\n")
_AUXILIARY = frozenset({"name", "owner", "body"})


class Grammar(NamedTuple):
    """A compiled language: its parser, its query, and per pattern of the query what it captures."""

    parser: Parser
    query: Query
    kinds: tuple[str, ...]


@cache
def grammar(language: str) -> Grammar | None:
    """The compiled grammar of a language, made once per process; None if it has no query file."""
    source = _query(_QUERIES.get(language, language))
    if source is None:
        return None
    loaded = _loaded(language)
    query = Query(loaded, source)
    raw = source.encode()
    kinds = []
    for index in range(query.pattern_count):
        pattern = raw[query.start_byte_for_pattern(index) : query.end_byte_for_pattern(index)].decode()
        names = [name for name in _CAPTURE.findall(pattern) if name not in _AUXILIARY]
        kinds.append(names[-1])
    return Grammar(Parser(loaded), query, tuple(kinds))


def _loaded(language: str) -> Language:
    """A language's grammar from its own package, `tree_sitter_go`; some packages hold more than one."""
    package = import_module(f"tree_sitter_{_PACKAGES.get(language, language)}")
    made = getattr(package, f"language_{language}", None) or package.language
    return Language(made())


def _query(name: str) -> str | None:
    file = files("indexer.parse").joinpath("queries", f"{name}.scm")
    if not file.is_file():
        return None
    source = file.read_text("utf-8")
    extended = _EXTENDS.match(source)
    return (_query(extended[1]) or "") + source if extended else source


def parse(path: str, text: str, language: str) -> Facts:
    """What one file says. Lines are 1-based; `broken` tells that the grammar met errors, or too much work.

    Never raises: of a text that its grammar cannot read come the parts that it can, or only the line count.
    `path` is for messages; the language decides.
    """
    data = text.encode("utf-8", "replace").removeprefix(b"\xef\xbb\xbf").replace(b"\0", b" ")
    if language in ("vue", "html", "svelte"):
        return _page(data, language)
    found = grammar(language)
    return parse_lines.read(data, language) if found is None else _parsed(found, data, language)


def _parsed(grammar: Grammar, data: bytes, language: str) -> Facts:
    lines = data.split(b"\n")
    safe = tame(data, lines, language)
    captures = _captures(grammar, safe) if safe is not None else None
    if safe is None or captures is None:
        return Facts(language, line_count(data), broken=True)
    return facts(safe, lines if safe is data else safe.split(b"\n"), language, captures)


def _captures(grammar: Grammar, data: bytes) -> Captures | None:
    """Runs the parser and the query; None if the parser needs more steps or memory than code of that length does."""
    least, bytes_each = _STEPS
    steps = count()
    most = least + len(data) // bytes_each
    fixed, for_each = _MEMORY
    full = resident() + fixed + for_each * len(data)
    given = 0

    def read(at: int, _: object) -> bytes:
        nonlocal given
        given = max(given, at + _CHUNK)
        return data[at : at + _CHUNK]

    def too_much(_offset: int, _error: bool) -> bool:
        """Called every hundred steps. Errors that follow each other keep more and more readings of a text alive."""
        step = next(steps)
        return step > most or (step % _LOOK == 0 and resident() > full)

    with _PARSING:
        try:
            tree = grammar.parser.parse(read, progress_callback=too_much)
        except ValueError:  # cancelled
            grammar.parser.reset()
            return None
        except SystemError as e:  # an interrupt met it between two calls into Python
            grammar.parser.reset()
            raise (e.__cause__ or e) from None
    if given < len(
        data
    ):  # it came while the parser asked for text, and the parser took that for the text's end
        raise KeyboardInterrupt
    root = tree.root_node
    if root.has_error and too_wide(root):
        return None
    try:
        matches = QueryCursor(grammar.query, match_limit=_MATCHES).matches(root)
    except UnicodeDecodeError:  # a scanner split a character, and a predicate compares it
        return None
    captures = Captures([], [], [], [], [], root.has_error)
    definitions, strings, docstrings, decorators, imports, _ = captures
    kinds = grammar.kinds
    for index, nodes in matches:
        kind = kinds[index]
        node = nodes[kind][0]
        if kind == "string":
            strings.append((node.start_byte, node.end_byte, node.start_point[0]))
        elif kind == "import":
            imports.append((node.start_byte, node.end_byte))
        elif kind == "docstring":
            docstrings.append((node.start_byte, node.end_byte))
        elif kind == "decorator":
            decorators.append((node.start_byte, node.end_byte, node.start_point[0]))
        else:
            name, last = nodes["name"][0], node
            body = nodes["body"][0] if "body" in nodes else node.child_by_field_name("body")
            if body is not None and body.end_byte > node.end_byte:
                last = body  # in Dart it stands beside its signature
            owner = nodes["owner"][0] if "owner" in nodes else None
            end_row, end_column = last.end_point
            definitions.append(
                Capture(
                    node.start_byte,
                    last.end_byte,
                    kind,
                    index,
                    name.start_byte,
                    name.end_byte,
                    node.start_point[0],
                    end_row if end_column else end_row - 1,
                    body.start_byte if body is not None else -1,
                    data[owner.start_byte : owner.end_byte] if owner is not None else b"",
                )
            )
    return captures


_TYPED = re.compile(rb"\blang\s*=\s*[\"']?tsx?\b")
_NOT_LINE_END = re.compile(rb"[^\n]")


def _page(data: bytes, language: str) -> Facts:
    """A page and its scripts, which are read in place: all else is blanked, line ends kept."""
    pieces: list[bytes] = []
    at = 0
    script_language = "javascript"
    for tag, start, end in parse_lines.elements(data):
        if not tag.lower().startswith(b"<script"):
            continue
        if _TYPED.search(tag):
            script_language = "typescript"
        pieces += (_NOT_LINE_END.sub(b" ", data[at:start]), data[start:end])
        at = end
    page = parse_lines.read(data, language)
    found = grammar(script_language) if any(not piece.isspace() for piece in pieces) else None
    if found is None:
        return page
    script = _parsed(found, b"".join(pieces), script_language)
    strings = sorted({*script.strings, *page.strings}, key=lambda s: (s.line, s.text))
    return Facts(
        language,
        page.lines,
        doc=page.doc or script.doc,
        symbols=script.symbols,
        imports=tuple(dict.fromkeys((*script.imports, *page.imports))),
        strings=tuple(strings[: parse_lines.MAX_STRINGS]),
        serves=script.serves,
        calls=script.calls,
        topics=script.topics,
        errors=script.errors,
        keys=script.keys,
        broken=script.broken,
    )
