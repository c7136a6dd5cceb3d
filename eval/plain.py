"""Texts of trackers as Markdown: Jira's wiki markup and its document format, and HTML.

Only what a report reader needs is kept: paragraphs, code in fences, quoted lines, link texts. Every pattern is
linear in the text, which is cut at `MOST` characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

MOST = 200_000  # characters of a report
_DEEP = 60  # nesting of a document

_BLOCK = re.compile(r"\{(code|noformat)(?::[^}\n]{0,200})?\}")
_WIKI: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\{(?:quote|color(?::[^}\n]{0,40})?|panel(?::[^}\n]{0,400})?|anchor:[^}\n]{0,100})\}"), ""),
    (re.compile(r"^\s{0,8}#+\s", re.MULTILINE), "1. "),
    (re.compile(r"^h([1-6])\.\s+", re.MULTILINE), "## "),
    (re.compile(r"^bq\.\s+", re.MULTILINE), "> "),
    (re.compile(r"\{\{([^}\n]{1,400})\}\}"), r"`\1`"),
    (re.compile(r"\[([^|\]\n]{1,400})\|([^\]\n]{1,1000})\]"), r"[\1](\2)"),
    (re.compile(r"\[((?:https?|ftp)://[^\]\s]{1,1000})\]"), r"\1"),
    (re.compile(r"!([^!\n|]{1,200}\.(?:png|jpe?g|gif|svg|bmp))(?:\|[^!\n]{0,200})?!", re.IGNORECASE), ""),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*(?![\w*])"), r"**\1**"),
    (re.compile(r"\\([{}\[\]*_#!|-])"), r"\1"),
)


def wiki(text: str) -> str:
    """Jira's wiki markup as Markdown."""
    text = text[:MOST].replace("\r\n", "\n")
    out: list[str] = []
    at, opened = 0, ""
    for mark in _BLOCK.finditer(text):
        if opened and mark[1] != opened:
            continue  # the other kind of block, inside this one, is text
        piece = text[at : mark.start()]
        out.append(f"\n```\n{piece.strip(chr(10))}\n```\n" if opened else _inline(piece))
        at, opened = mark.end(), "" if opened else mark[1]
    rest = text[at:]
    out.append(f"\n```\n{rest.strip(chr(10))}\n```\n" if opened else _inline(rest))
    return "".join(out).strip()


def _inline(text: str) -> str:
    for pattern, instead in _WIKI:
        text = pattern.sub(instead, text)
    return text


def document(node: Any, depth: int = 0) -> str:
    """Atlassian's document format (ADF, developer.atlassian.com/cloud/jira/platform/apis/document) as Markdown."""
    if not isinstance(node, Mapping) or depth > _DEEP:
        return ""
    kind, inside = node.get("type"), node.get("content")
    attributes = node.get("attrs")
    attributes = attributes if isinstance(attributes, Mapping) else {}
    if kind == "text":
        said = node.get("text")
        marks = node.get("marks")
        kinds = (
            [m.get("type") for m in marks if isinstance(m, Mapping)] if isinstance(marks, Sequence) else []
        )
        return (f"`{said}`" if "code" in kinds else said) if isinstance(said, str) else ""
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "emoji", "inlineCard"):
        said = attributes.get("text") or attributes.get("url") or ""
        return said if isinstance(said, str) else ""
    parts = [document(c, depth + 1) for c in inside] if isinstance(inside, list) else []
    body = "".join(parts)
    if kind == "codeBlock":
        return f"```\n{body}\n```\n\n"
    if kind in ("paragraph", "heading"):
        return ("## " if kind == "heading" else "") + body + "\n\n"
    if kind == "listItem":
        return "- " + body.strip() + "\n"
    if kind == "blockquote":
        return "".join(f"> {line}\n" for line in body.strip().split("\n")) + "\n"
    return body if kind != "doc" else re.sub(r"\n{3,}", "\n\n", body[:MOST]).strip()


def looks_like_html(text: str) -> bool:
    """Whether a text is HTML throughout, not Markdown with a tag in it."""
    return bool(
        re.match(r"\s*<(?:p|div|html|body|pre|ul|ol|h[1-6]|table|span|!doctype)\b", text[:300], re.IGNORECASE)
    )


def html(text: str) -> str:
    """HTML as Markdown. Broken HTML gives what was read."""
    reader = _Reader()
    reader.feed(text[:MOST].replace("<![", "&lt;!["))  # the parser gives up on marked sections that are none
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.out)).strip()


class _Reader(HTMLParser):
    """Text of a page's blocks; scripts and styles are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.hidden = 0
        self.fixed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self.hidden += 1
        elif tag == "pre":
            self.fixed += 1
            self.out.append("\n```\n" if self.fixed == 1 else "")
        elif tag == "code" and not self.fixed:
            self.out.append("`")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag in _BREAKS:
            self.out.append("\n" if tag == "br" else "\n\n")
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.out.append("## ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.hidden = max(0, self.hidden - 1)
        elif tag == "pre" and self.fixed:
            self.fixed -= 1
            self.out.append("\n```\n" if not self.fixed else "")
        elif tag == "code" and not self.fixed:
            self.out.append("`")
        elif tag in _BREAKS:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.out.append(data if self.fixed else re.sub(r"\s+", " ", data))


_BREAKS = frozenset("p div br tr table ul ol blockquote h1 h2 h3 h4 h5 h6 section article hr".split())
