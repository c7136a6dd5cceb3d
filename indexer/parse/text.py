"""Comments and literals to plain text."""

from __future__ import annotations

import re
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


MAX_DOC: Final = 400
_MAX_LINES: Final = 60

_QUOTED = re.compile(rb"[A-Za-z@$]{0,3}(#{0,5})(\"\"\"|'''|\"|'|`)")
_RAW_CPP = re.compile(rb"[A-Za-z0-9]{0,3}R\"(\w{0,16})\(")
_HASH_COMMENTS = words(
    "python cython ruby shell yaml toml properties r perl elixir makefile dockerfile cmake "
    "powershell graphql hcl julia"
)
_DASH_COMMENTS = frozenset({"sql", "lua", "haskell", "elm"})
_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/|\*(?!\*)|//[/!]?|<!--|#+!?|--+|%+|;+)?[ \t]?|\s*(?:\*+/|-->)\s*$")
_TAGS = re.compile(r"</?[A-Za-z][^<>\n]{0,100}>")
_INLINE = re.compile(r"\{@\w+\s+([^{}\n]*)\}")
_STOP = re.compile(
    r"[@:\\](?:param|return|throw|raise|type|see|since|author|example|brief\s*$)"
    r"|(?:Args|Arguments|Parameters|Returns|Raises|Yields|Examples?)\s*:?$|[-=~^*#]{4,}$"
)
_LICENCE = re.compile(
    rb"copyright|licen[sc]e|spdx|all rights reserved|\(c\)\s{0,3}\d{4}|warranty|redistribut", re.IGNORECASE
)
_PRAGMA = re.compile(
    rb"[/#\-; ]*(?:!/|go:build|\+build|eslint|jshint|-\*-|vim?:|coding[:=]|noqa|pylint|type:|flake8|mypy"
    rb"|prettier|@ts-|@flow|@format|istanbul|rubocop|frozen_string_literal|shellcheck|clang-format"
    rb"|nolint|region|generated)",
    re.IGNORECASE,
)


def line_count(data: bytes) -> int:
    """Lines of a file; an unfinished last line counts, and an empty file has one."""
    return max(1, data.count(b"\n") + (not data.endswith(b"\n")))


def unquote(raw: bytes) -> bytes:
    """A literal without prefix and quotes. Text that is not quoted comes back stripped."""
    quote = raw[:1]
    if quote in (b'"', b"'", b"`") and raw[1:3] != quote * 2:
        return raw[1:-1] if raw.endswith(quote) else raw[1:]
    found = _QUOTED.match(raw)
    if not found:
        return raw.strip()
    if found[2] == b'"' and b"R" in raw[: found.end()]:
        fenced = _RAW_CPP.match(raw)
        if fenced:
            return raw[fenced.end() :].removesuffix(b")" + fenced[1] + b'"')
    return raw[found.end() :].removesuffix(found[2] + found[1])


def first_paragraph(text: bytes | str) -> str:
    """The first paragraph of a doc text on one line, at most 400 characters."""
    if isinstance(text, bytes):
        text = text[:4_000].decode("utf-8", "replace")
    words: list[str] = []
    for line in text.split("\n")[:_MAX_LINES]:
        line = line.strip()
        if line and not _STOP.match(line):
            words.append(line)
        elif words:
            break
    return " ".join(" ".join(words).split())[:MAX_DOC].rstrip()


def clean(lines: list[bytes]) -> str:
    """The first paragraph of a comment's lines, marks and markup taken off."""
    text = b"\n".join(lines)[:4_000].decode("utf-8", "replace")
    marked = text.lstrip().startswith(("/**", "///"))
    text = "\n".join([_MARKS.sub("", line.rstrip()) for line in text.split("\n")])
    if marked:
        text = _INLINE.sub(r"\1", _TAGS.sub(lambda m: "\n" if m[0].lower() in ("<p>", "<br>") else " ", text))
    return first_paragraph(text)


def doc_above(lines: list[bytes], row: int, language: str) -> str:
    """The doc comment that ends on the line above a definition (row is 0-based), or nothing."""
    last = row - 1
    if last < 0:
        return ""
    line = lines[last].strip()
    if line.endswith(b"*/"):
        first = last
        while first > 0 and last - first < _MAX_LINES and b"/*" not in lines[first]:
            first -= 1
        if not lines[first].lstrip().startswith(b"/*"):
            return ""
    else:
        mark = b"#" if language in _HASH_COMMENTS else b"--" if language in _DASH_COMMENTS else b"//"
        if not line.startswith(mark):
            return ""
        first = last
        while first > 0 and last - first < _MAX_LINES and lines[first - 1].lstrip().startswith(mark):
            first -= 1
        if first == 0 and lines[0].startswith(b"#!"):
            first = 1
    block = [line[:1_000] for line in lines[first : last + 1]]
    if first < 5 and _LICENCE.search(b"\n".join(block)):
        return ""
    return clean(block)


_OPENERS = (
    b"<?php",
    b"package ",
    b"'use strict'",
    b'"use strict"',
    b"#!",
    b"<?xml",
    b"<!DOCTYPE",
    b"syntax ",
    b"---",
)
_DIRECTIVES = (b"#include", b"#if", b"#def", b"#pragma", b"#[", b"#import")


def file_doc(lines: list[bytes]) -> str:
    """The first leading comment of a file that is no licence and no pragma, its first paragraph."""
    block: list[bytes] = []
    closing = b""  # what ends the block comment that is open
    for raw in [*lines[:120], b""]:
        raw = raw[:1_000]
        line = raw.strip()
        if closing:
            block.append(raw)
            if closing not in line:
                continue
            closing = b""
        elif line.startswith((b"/*", b"<!--")):
            block.append(raw)
            end = b"*/" if line.startswith(b"/*") else b"-->"
            if end not in line[2:]:
                closing = end
                continue
        elif line.startswith((b"//", b"#", b"--", b";;")) and not line.startswith(_DIRECTIVES):
            if not _PRAGMA.match(line):
                block.append(raw)
            continue
        elif not block and line:
            if line.startswith(_OPENERS):
                continue
            return ""
        if block:
            if not _LICENCE.search(b"\n".join(block)):
                doc = clean(block)
                if doc:
                    return doc
            commented = line.startswith((b"/*", b"<!--")) or line.endswith((b"*/", b"-->"))
            if line and not commented and not line.startswith(_OPENERS):
                return ""
            block = []
    return ""
