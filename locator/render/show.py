"""A node of the summary tree as documentation on the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from locator.render.page import Page, Piece, counted, linked
from locator.terminal import link, one_line
from locator.tree.show import Node
from summaries.offline.file import spoken_counts

if TYPE_CHECKING:
    from rich.console import Console


def render(console: Console, node: Node) -> None:
    """Print a node: what it is, what it says of itself, and what is below."""
    page = Page(console)
    if node.kind == "index":
        page.prose((counted(len(node.children), "repository", "repositories"), "bold"))
        parts = {}
        for line in node.summary.split("\n"):
            if line.startswith("- "):
                name, _, told = line[2:].partition(": ")
                parts[name] = told
            elif line:
                page.blank()
                page.prose(line)
        for child in node.children:
            page.blank()
            page.whole((child.repo, "bold cyan"), (f"  {counted(child.files, 'file')}", "dim"))
            page.prose(parts.get(child.repo) or _gist(child, page.width * 2), indent=2)
        return
    _header(page, node)
    page.blank()
    page.prose(_own(node))
    if node.symbols:
        page.blank()
        _symbols(page, node)
    if node.children:
        page.blank()
    for child in node.children:
        _child(page, child, node)


def _header(page: Page, node: Node) -> None:
    url = link(node.git_dir, node.url, node.commit, node.path, 1) if node.kind == "file" else ""
    pieces: list[Piece] = [(node.repo, "bold cyan")]
    if node.path:
        pieces += [("/", "dim"), (node.path + ("" if node.kind == "file" else "/"), linked("bold", url))]
    page.whole(*pieces)
    when = datetime.fromtimestamp(node.time, UTC).strftime("%Y-%m-%d") if node.time else ""
    size = counted(node.lines, "line") if node.kind == "file" else counted(node.files, "file")
    if node.kind == "repository" and node.lines:
        size += f", {counted(node.lines, 'line')}"
    url = node.url if node.kind == "repository" else ""
    about = [node.commit[:7], when, size, _languages(node), url, node.origin]
    page.prose((" · ".join(x for x in about if x), "dim"))


def _languages(node: Node, most: int = 4) -> str:
    counts = spoken_counts(dict(node.languages))
    named = list(counts.items())[:most]
    told = [f"{name} {n}" if node.kind != "file" else name for name, n in named]
    rest = len(counts) - most
    return ", ".join(told) + (f" and {rest} more" if rest > 0 else "")


def _child(page: Page, node: Node, parent: Node, indent: int = 0) -> None:
    if node.kind == "repository":
        page.whole((node.repo, "bold cyan"), (f"  {counted(node.files, 'file')}", "dim"), indent=indent)
        page.prose(_gist(node, page.width * 2), indent=indent + 2)
    else:
        inner = node.path[len(parent.path) :].lstrip("/") if parent.kind != "index" else node.path
        if node.kind == "directory":
            page.whole((inner + "/", "bold blue"), (f"  {counted(node.files, 'file')}", "dim"), indent=indent)
        else:
            url = link(node.git_dir, node.url, node.commit, node.path, 1)
            page.whole((inner, linked("bold", url)), indent=indent)
        page.prose(_gist(node, page.width - indent - 2), indent=indent + 2)
    for child in node.children:
        _child(page, child, node, indent + 2)


def _own(node: Node) -> str:
    """The summary without the name at its beginning, which stands above it already."""
    said = " ".join(node.summary.split())
    if node.kind != "file":
        name = node.path or node.repo
        head, colon, rest = said.partition(": ")
        if colon and head and name.lower().endswith(head.lower()):
            said = rest
        said = said.removeprefix(f"{name}. ")
    return said[:1].upper() + said[1:]


def _gist(node: Node, limit: int) -> str:
    """As many whole sentences of the summary as fit, or its beginning."""
    said = _own(node)
    cut = said[:limit].rfind(". ")
    return said[: cut + 1] if len(said) > limit and cut > limit // 3 else one_line(said, limit)


def _symbols(page: Page, node: Node) -> None:
    spans = [f"{s.start}-{s.end}" if s.end > s.start else f"{s.start}" for s in node.symbols]
    side = max(map(len, spans)) + 2
    open_: list[int] = []  # last lines of the symbols around
    for s, span in zip(node.symbols, spans, strict=True):
        while open_ and open_[-1] < s.start:
            open_.pop()
        inside = " " * (2 * len(open_))
        page.prose(f"{s.kind} ", (s.qualname, "green"), mark=f"{span.ljust(side)}{inside}", style="cyan")
        if s.doc:
            page.prose(
                (one_line(s.doc, page.width - side - len(inside) - 2), "dim"), indent=side + len(inside) + 2
            )
        open_.append(s.end)
