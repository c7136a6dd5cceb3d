"""Plots as SVG: small, sharp, and in the colours of the page, light or dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10
from xml.etree import ElementTree as ET

from markupsafe import Markup
from msgspec import Struct

from eval.report.svg import drawing, element
from eval.scoring.calibration_error import Bin
from eval.scoring.intervals import Interval

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 14, 40
ROW = 24  # pixels of a row of a list
FEW = 5  # cases of a group: with fewer its dot is hollow, for chance decides


class Series(Struct, frozen=True):
    """A line of a plot, with an optional band."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dashed: bool = False


def lines(
    series: Sequence[Series], x_name: str, y_name: str, x_ticks: Sequence[float], *, log: bool = False
) -> Markup:
    """Lines over a common axis; y runs from 0 to 1."""
    xs = [*x_ticks, *(x for s in series for x in s.xs)]
    place = _scale(min(xs), max(xs), LEFT, WIDTH - RIGHT, log=log)
    height = _scale(0, 1, HEIGHT - BOTTOM, TOP)
    drawn = _axes(place, height, x_ticks, x_name, y_name)
    for n, s in enumerate(series):
        if s.low:
            band = [*zip(s.xs, s.high, strict=True), *reversed([*zip(s.xs, s.low, strict=True)])]
            drawn.append(element("polygon", points=_points(band, place, height), class_=f"band s{n % 6}"))
        shape = _points(zip(s.xs, s.ys, strict=True), place, height)
        drawn.append(element("polyline", points=shape, class_=f"line {_classes(n, s)}"))
    return drawing(WIDTH, HEIGHT, drawn, f"{y_name} by {x_name}")


def legend(series: Sequence[Series]) -> list[tuple[str, str]]:
    """Class and name of each of several lines; none where there is but one."""
    return [(_classes(n, s), s.name) for n, s in enumerate(series)] if len(series) > 1 else []


def _classes(n: int, s: Series) -> str:
    return f"s{n % 6}" + (" dashed" if s.dashed else "")


def reliability(bins: Sequence[Bin]) -> Markup:
    """How often answers were right against how sure they were; the diagonal is honest."""
    side = HEIGHT - TOP - BOTTOM
    place = _scale(0, 1, LEFT, LEFT + side)
    height = _scale(0, 1, HEIGHT - BOTTOM, TOP)
    ticks = (0, 0.25, 0.5, 0.75, 1)
    drawn = _axes(place, height, ticks, "confidence", "Success@1", LEFT + side)
    drawn.append(element("line", x1=place(0), y1=height(0), x2=place(1), y2=height(1), class_="grid dashed"))
    most = max((b.cases for b in bins), default=1)
    for b in bins:
        if b.cases:
            size = 3 + 9 * (b.cases / most) ** 0.5
            told = element("title", f"{b.cases} answers: said {b.said:.2f}, right {b.true:.2f}")
            drawn.append(element("line", x1=place(b.said), x2=place(b.said), y1=height(b.said), y2=height(b.true),
                             class_="gap"))  # fmt: skip
            drawn.append(
                element(
                    "circle", told, cx=place(b.said), cy=height(b.true), r=round(size, 1), class_="dot s0"
                )
            )
    return drawing(LEFT + side + RIGHT, HEIGHT, drawn, "Reliability diagram", most=400)


def forest(rows: Sequence[tuple[str, int, Interval]], measure: str) -> Markup:
    """One interval a row: name, cases, mean with its 95 % interval between 0 and 1."""
    label, end = 240, WIDTH - 50
    place = _scale(0, 1, label, end)
    size = TOP + ROW * len(rows) + BOTTOM + 6
    drawn = [element("line", x1=place(t), x2=place(t), y1=TOP, y2=size - BOTTOM - 6, class_="grid")
             for t in (0, 0.25, 0.5, 0.75, 1)]  # fmt: skip
    drawn += [
        element("text", f"{100 * t:g}%", x=place(t), y=size - 28, class_="tick middle") for t in (0, 0.5, 1)
    ]
    drawn.append(element("text", measure, x=place(0.5), y=size - 8, class_="tick middle"))
    for n, (name, cases, i) in enumerate(rows):
        y = TOP + ROW * n + ROW / 2
        dot, said = ("hollow", "too few cases to tell") if cases < FEW else ("dot", str(i))
        drawn += [
            element("text", _short(name, 30), element("title", name), x=0, y=y + 4, class_="name"),
            element("text", cases, x=label - 12, y=y + 4, class_="tick end"),
            element("line", x1=place(i.low), x2=place(i.high), y1=y, y2=y, class_="whisker s0"),
            element("circle", element("title", said), cx=place(i.mean), cy=y, r=4.5, class_=f"{dot} s0"),
            element("text", f"{100 * i.mean:.0f}%", x=WIDTH, y=y + 4, class_="tick end"),
        ]
    return drawing(WIDTH, size, drawn, f"{measure} by group")


def diverging(rows: Sequence[tuple[str, float]], left: str, right: str) -> Markup:
    """Bars to either side of zero."""
    label = 190
    most = max((abs(v) for _, v in rows), default=1.0) or 1.0
    place = _scale(-most, most, label, WIDTH - 8)
    size = TOP + 16 + ROW * len(rows) + 8
    drawn = [
        element("text", "← " + left, x=label, y=TOP + 2, class_="tick"),
        element("text", right + " →", x=WIDTH - 8, y=TOP + 2, class_="tick end"),
        element("line", x1=place(0), x2=place(0), y1=TOP + 10, y2=size - 6, class_="axis"),
    ]
    for n, (name, v) in enumerate(rows):
        y = TOP + 16 + ROW * n
        x, wide = min(place(0), place(v)), abs(place(v) - place(0))
        bar = {"x": x, "y": y + 4, "width": round(wide, 1), "height": ROW - 9, "rx": 2}
        drawn += [
            element("text", _short(name, 26), x=0, y=y + 15, class_="name"),
            element("rect", element("title", f"{name} {v:+.3f}"), class_="good" if v > 0 else "bad", **bar),
        ]
    return drawing(WIDTH, size, drawn, f"{left} or {right}")


def histogram(
    values: Sequence[float], name: str, marks: Sequence[tuple[str, float]], bins: int = 40
) -> Markup:
    """Counts of values, with named marks; a last bar holds the slowest hundredth."""
    top = sorted(values)[min(len(values) - 1, int(0.99 * len(values)))] if values else 1.0
    step = _round(max(top, 1e-3) / 4)
    top = 4 * step
    counts = [0] * bins
    for v in values:
        counts[min(bins - 1, int(v / top * bins))] += 1
    most = max(counts) or 1
    place = _scale(0, top, LEFT, WIDTH - RIGHT)
    base = 200 - BOTTOM
    drawn: list[ET.Element] = []
    for n, c in enumerate(counts):
        x, tall = place(top * n / bins), (base - TOP - 28) * c / most
        wide = (WIDTH - LEFT - RIGHT) / bins - 1
        bar = {"x": x, "y": round(base - tall, 1), "width": round(wide, 1), "height": round(tall, 1)}
        drawn.append(element("rect", element("title", f"{c} queries"), class_="bar s0", **bar))
    drawn.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base, class_="axis"))
    drawn += [element("text", f"{top * t:g}", x=place(top * t), y=base + 16, class_="tick middle")
              for t in (0, 0.25, 0.5, 0.75, 1)]  # fmt: skip
    drawn.append(element("text", name, x=(LEFT + WIDTH) / 2, y=base + 34, class_="tick middle"))
    for n, (said, v) in enumerate(marks):  # each on a row of its own: they may stand close together
        x = place(min(v, top))
        late = x > 0.8 * WIDTH
        drawn.append(element("line", x1=x, x2=x, y1=TOP, y2=base, class_="mark"))
        drawn.append(
            element(
                "text",
                said,
                x=x - 4 if late else x + 4,
                y=TOP + 8 + 13 * n,
                class_="tick end" if late else "tick",
            )
        )
    return drawing(WIDTH, 200, drawn, name)


def _round(value: float) -> float:
    """The next number with few digits."""
    power: float = 10.0 ** floor(log10(value))
    return next(
        round(m * power, 9) for m in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 10) if m * power >= value * 0.999
    )


def matrix(names: Sequence[str], counts: Sequence[Sequence[int]]) -> Markup:
    """Rows are the truth, columns what was said; a row is shaded by its share."""
    cell, left, top = 26, 200, 140
    drawn = []
    for r, name in enumerate(names):
        total = sum(counts[r]) or 1
        y = top + r * cell
        drawn.append(
            element("text", _short(name, 28), element("title", name), x=left - 8, y=y + 17, class_="name end")
        )
        x0 = left + r * cell + 17
        turned = f"rotate(-55 {x0} {top - 8})"
        drawn.append(
            element(
                "text",
                _short(name, 24),
                element("title", name),
                x=x0,
                y=top - 8,
                class_="name",
                transform=turned,
            )
        )
        for c, n in enumerate(counts[r]):
            x = left + c * cell
            told = element("title", f"{n} of {total}: gold in {name}, routed to {names[c]}")
            kind, shade = "cell good" if r == c else "cell bad", round(0.8 * n / total, 3)
            square = {"x": x, "y": y, "width": cell - 2, "height": cell - 2, "rx": 3}
            drawn.append(element("rect", told, class_=kind, fill_opacity=shade, **square))
            if n:
                drawn.append(element("text", n, x=x + cell / 2 - 1, y=y + 17, class_="count middle"))
    wide = left + cell * len(names) + 110
    return drawing(wide, top + cell * len(names) + 4, drawn, "Routing confusion", natural=True)


Scale = Callable[[float], float]


def _scale(low: float, high: float, start: float, end: float, *, log: bool = False) -> Scale:
    def at(x: float) -> float:
        a, b, v = (log10(low), log10(high), log10(x)) if log else (low, high, x)
        return round(start + (end - start) * ((v - a) / (b - a) if b != a else 0.5), 1)

    return at


def _axes(
    place: Scale,
    height: Scale,
    x_ticks: Sequence[float],
    x_name: str,
    y_name: str,
    right: float = WIDTH - RIGHT,
) -> list[ET.Element]:
    out = []
    for t in (0, 0.25, 0.5, 0.75, 1):
        out.append(
            element("line", x1=LEFT, x2=right, y1=height(t), y2=height(t), class_="grid" if t else "axis")
        )
        out.append(element("text", f"{t:g}", x=LEFT - 6, y=height(t) + 4, class_="tick end"))
    out += [
        element("text", f"{t:g}", x=place(t), y=HEIGHT - BOTTOM + 16, class_="tick middle") for t in x_ticks
    ]
    out.append(element("text", x_name, x=(LEFT + right) / 2, y=HEIGHT - 6, class_="tick middle"))
    turned = f"rotate(-90 12 {HEIGHT / 2 - 14})"
    out.append(element("text", y_name, x=12, y=HEIGHT / 2 - 14, class_="tick middle", transform=turned))
    return out


def _points(pairs: object, place: Scale, height: Scale) -> str:
    return " ".join(f"{place(x)},{height(y)}" for x, y in pairs)  # type: ignore[attr-defined]


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else "…" + name[-most + 1 :]
