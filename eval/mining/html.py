"""Texts of trackers as Markdown: HTML here, Jira's wiki markup and its document format where the service reads them.

Only what a report reader needs is kept: paragraphs, code in fences, quoted lines, link texts. Every pattern is
linear in the text, which is cut at `MOST` characters.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from locator.trackers.to_markdown import MOST, document, wiki

__all__ = ["MOST", "document", "html", "looks_like_html", "wiki"]


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
