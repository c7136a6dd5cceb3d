"""Comments and literals to plain text."""

from __future__ import annotations

import re
from typing import Final

MAX_DOC: Final = 400
_MAX_LINES: Final = 60

_QUOTED = re.compile(rb"^[A-Za-z@$]{0,3}(#{0,5})(\"\"\"|'''|\"|'|`)")
_HASH_COMMENTS = frozenset(
    "python cython ruby shell yaml toml properties r perl elixir makefile dockerfile cmake powershell graphql hcl "
    "julia php".split()
)
_DASH_COMMENTS = frozenset({"sql", "lua", "haskell", "elm"})
_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/|\*(?!\*)|//[/!]?|#+!?|--+|%+|;+)?[ \t]?|\s*\*+/\s*$")
_TAGS = re.compile(r"</?[A-Za-z][^<>\n]{0,100}>")
_INLINE = re.compile(r"\{@\w+\s+([^{}\n]*)\}")
_STOP = re.compile(r"^(?:[@:\\](?:param|return|throw|raise|type|see|since|author|example|brief\s*$)|(?:Args|Parameters|Returns|Raises)\s*:?$|-{4,}|={4,})")
_LICENCE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved|\(c\)\s*\d{4}|warranty|redistribut", re.IGNORECASE)
_PRAGMA = re.compile(
    r"^(?:!|go:build|\+build|eslint|jshint|-\*-|vim?:|coding[:=]|noqa|pylint|type:|flake8|mypy|prettier|@ts-|"
    r"@flow|@format|istanbul|rubocop|frozen_string_literal|shellcheck|clang-format|nolint|region|generated)",
    re.IGNORECASE,
)


def unquote(raw: bytes) -> bytes:
    """A literal without prefix and quotes. Text that is not quoted comes back stripped."""
    found = _QUOTED.match(raw)
    if not found:
        return raw.strip()
    close = found[2] + found[1]
    body = raw[found.end() :]
    return body[: -len(close)] if body.endswith(close) else body


def first_paragraph(text: bytes | str) -> str:
    """The first paragraph of a doc text on one line, at most 400 characters."""
    if isinstance(text, bytes):
        text = text[:4_000].decode("utf-8", "replace")
    words: list[str] = []
    for line in text.split("\n")[:_MAX_LINES]:
        line = line.strip()
        if not line:
            if words:
                break
            continue
        if _STOP.match(line):
            if words:
                break
            continue
        words.append(line)
    return " ".join(" ".join(words).split())[:MAX_DOC].rstrip()


def clean(lines: list[bytes]) -> str:
    """The first paragraph of a comment's lines, marks and markup taken off."""
    text = b"\n".join(lines)[:4_000].decode("utf-8", "replace")
    marked = text.lstrip().startswith(("/**", "///"))
    plain = [_MARKS.sub("", line.rstrip()) for line in text.split("\n")]
    text = "\n".join(plain)
    if marked:
        text = _INLINE.sub(r"\1", _TAGS.sub(lambda m: "\n" if m[0].lower() in ("<p>", "<br>") else " ", text))
    return first_paragraph(text)


def doc_above(lines: list[bytes], row: int, language: str) -> str:
    """The doc comment that ends on the line above a definition (row is 0-based), or nothing."""
    last = row - 1
    if last < 0:
        return ""
    line = lines[last].strip()
    if not line:
        return ""
    if line.endswith(b"*/"):
        first = last
        while first >= 0 and last - first < _MAX_LINES and b"/*" not in lines[first]:
            first -= 1
        opened = lines[max(first, 0)].lstrip()
        return clean(lines[max(first, 0) : last + 1]) if opened.startswith(b"/*") else ""
    mark = _line_mark(language)
    if not line.startswith(mark):
        return ""
    first = last
    while first > 0 and last - first < _MAX_LINES and lines[first - 1].lstrip().startswith(mark):
        first -= 1
    return clean(lines[first : last + 1])


def _line_mark(language: str) -> bytes:
    if language in _HASH_COMMENTS:
        return b"#"
    return b"--" if language in _DASH_COMMENTS else b"//"


_SKIPPED = (b"<?php", b"package ", b"'use strict'", b'"use strict"', b"#!", b"<?xml", b"<!DOCTYPE", b"syntax ", b"---")


def file_doc(lines: list[bytes]) -> str:
    """The first leading comment of a file that is no licence and no pragma, its first paragraph."""
    block: list[bytes] = []
    inside = False
    for raw in [*lines[:120], b""]:
        line = raw.strip()
        if inside:
            block.append(raw)
            inside = b"*/" not in line and b"-->" not in line
            if inside:
                continue
        elif line.startswith((b"/*", b"<!--")):
            block.append(raw)
            inside = b"*/" not in line[2:] and b"-->" not in line
            if inside:
                continue
        elif line.startswith((b"//", b"#", b"--", b";;")) and not line.startswith((b"#include", b"#if", b"#def", b"#pragma", b"#[")):
            if not _PRAGMA.match(line.lstrip(b"/#-; ").decode("utf-8", "replace")) and not line.startswith(b"#!"):
                block.append(raw)
            continue
        if block:
            doc = clean(block)
            if doc and not _LICENCE.search(b"\n".join(block).decode("utf-8", "replace")):
                return doc
            block = []
            if line.startswith((b"/*", b"<!--")) or line.endswith((b"*/", b"-->")):
                continue
        if line and not line.startswith(_SKIPPED):
            return ""
    return ""
