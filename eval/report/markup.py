"""HTML and SVG by function calls: whatever is not markup already is escaped, so no text can break out."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "path", "line", "rect", "circle", "polyline"))


class Markup(str):
    """Text that is safe to put into a page as it is."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """An element. `class_` is class, `stroke_width` is stroke-width; None and False attributes are left out."""
    said = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        bare = key.rstrip("_").replace("_", "-")
        said.append(f" {bare}" if value is True else f' {bare}="{escape(str(value))}"')
    opening = name + "".join(said)
    if name in _VOID and not children:
        return Markup(f"<{opening}/>")
    return Markup(f"<{opening}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other."""
    return Markup("".join(_text(c) for c in children))


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return escape(_printable(str(child)))
    return join(child)


def _printable(text: str) -> str:
    """Without what no page may hold: control characters and lone surrogates."""
    return "".join(
        c if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in text
    )
