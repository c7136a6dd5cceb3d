"""SVG by the standard library's element tree, which escapes what is put into it."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET  # writes only; nothing is parsed here

from markupsafe import Markup

Child = ET.Element | Iterable[ET.Element] | str | int


def printable(text: str) -> str:
    """Without what no page may hold: control characters and lone surrogates."""
    return "".join(
        c if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in text
    )


def element(name: str, /, *children: Child, **attributes: str | float) -> ET.Element:
    """An element. `class_` is class, `stroke_width` is stroke-width; text comes before elements."""
    out = ET.Element(
        name, {k.rstrip("_").replace("_", "-"): printable(str(v)) for k, v in attributes.items()}
    )
    for child in children:
        if isinstance(child, str | int):
            out.text = printable(str(child))
        elif isinstance(child, ET.Element):
            out.append(child)
        else:
            out.extend(child)
    return out


def drawing(
    width: float,
    height: float,
    drawn: Iterable[ET.Element],
    label: str,
    *,
    natural: bool = False,
    most: int = 0,
) -> Markup:
    """A whole picture. `natural`: as many pixels as it says, not stretched to the column; `most`: stretched so far."""
    size: dict[str, str | float] = {"width": width, "height": height} if natural else {}
    if most:
        size["style"] = f"max-width:{most}px"
    svg = element("svg", drawn, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label, **size)
    return Markup(ET.tostring(svg, "unicode"))  # noqa: S704  (escaped by the element tree)
