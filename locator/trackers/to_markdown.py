"""Texts of trackers as Markdown: Jira's wiki markup and Atlassian's document format.

Only what a report reader needs is kept: paragraphs, code in fences, link texts. Every pattern is linear in
the text, which is cut at `MOST` characters; a document may nest as deep and hold as many nodes as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MOST = 200_000  # characters of a report
NODES = 50_000  # of a document that are read

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


def plain(value: Any) -> str:
    """A description or comment in whatever form a tracker sends it: text, document or nothing."""
    if isinstance(value, str):
        return wiki(value)
    return document(value) if isinstance(value, Mapping) else ""


def wiki(text: str) -> str:
    """Jira's wiki markup as Markdown."""
    text = text[:MOST].replace("\r\n", "\n")
    out: list[str] = []
    at, opened = 0, ""
    for mark in _BLOCK.finditer(text):
        if opened and mark[1] != opened:
            continue  # the other kind of block, inside this one, is text
        out.append(_piece(text[at : mark.start()], bool(opened)))
        at, opened = mark.end(), "" if opened else mark[1]
    out.append(_piece(text[at:], bool(opened)))
    return "".join(out).strip()


def _piece(text: str, fixed: bool) -> str:
    if fixed:
        return f"\n```\n{text.strip(chr(10))}\n```\n"
    for pattern, instead in _WIKI:
        text = pattern.sub(instead, text)
    return text


# What stands before and after the content of a node; of others only the content is kept.
_AROUND: Mapping[str, tuple[str, str]] = {
    "paragraph": ("", "\n\n"),
    "heading": ("## ", "\n\n"),
    "codeBlock": ("```\n", "\n```\n\n"),
    "listItem": ("- ", "\n"),
    "taskItem": ("- ", "\n"),
    "blockquote": ("> ", "\n"),
    "tableRow": ("", "\n"),
    "tableHeader": ("", " | "),
    "tableCell": ("", " | "),
    "rule": ("", "\n"),
}


def document(root: Any) -> str:
    """Atlassian's document format (ADF) as Markdown. What is unknown is passed through for its texts."""
    out: list[str] = []
    size = seen = 0
    waiting: list[Any] = [root]
    while waiting and size < MOST and seen < NODES:
        node = waiting.pop()
        seen += 1
        if isinstance(node, tuple):  # the end of a node
            said, inside = node[0], list[Any]()
        elif isinstance(node, Mapping):
            said, inside = _opened(node)
        else:
            continue
        out.append(said)
        size += len(said)
        waiting.extend(reversed(inside))
    text = re.sub(r"[ \t]+\n", "\n", "".join(out)[:MOST])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _opened(node: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """What a node begins with, and what follows: its content and what it ends with."""
    kind = node.get("type")
    if kind == "text":
        said = node.get("text")
        marks = node.get("marks")
        kinds = [m.get("type") for m in marks if isinstance(m, Mapping)] if isinstance(marks, list) else []
        return ((f"`{said}`" if "code" in kinds else said) if isinstance(said, str) else ""), []
    if kind == "hardBreak":
        return "\n", []
    attributes = node.get("attrs")
    told = attributes.get("text") or attributes.get("url") if isinstance(attributes, Mapping) else ""
    inside = node.get("content")
    before, after = _AROUND.get(kind, ("", "")) if isinstance(kind, str) else ("", "")
    inside = list(inside[:NODES]) if isinstance(inside, list) else []
    return before + (told if isinstance(told, str) else ""), [*inside, (after,)] if after else inside
