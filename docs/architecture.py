"""The picture of the architecture in the README, light and dark: `docs/generate.py` writes it.

Every box names the module or room that it stands for, and is drawn only where that exists.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from eval.report.svg import drawing, element
from locator.voters.registry import VOTERS

HOME = Path(__file__).parents[1]
WIDTH, HEIGHT = 1120, 620
BOX, GAP, LEFT, TALL = 140, 22, 24, 78
INDEX_TOP, INDEX_TALL = 214, 128
COLORS = {
    "light": {"paper": "#ffffff", "ink": "#1d2129", "soft": "#5b6472", "line": "#c9ced8", "box": "#f5f7fa",
              "write": "#2f5fd0", "read": "#1f8a4c", "model": "#8a4bbf"},
    "dark": {"paper": "#0d1117", "ink": "#e6e8ec", "soft": "#98a1b0", "line": "#3a414d", "box": "#161b22",
             "write": "#7fa5ff", "read": "#58c98a", "model": "#c79bf0"},
}  # fmt: skip


class Box(NamedTuple):
    """A step: what it is called, what it does, and where it lives ("" is outside)."""

    name: str
    does: tuple[str, ...]
    path: str = ""


INDEXING = (
    Box("Repositories", ("folders, bare clones,", "URLs; nothing is run")),
    Box("Read", ("commits, trees, blobs,", "git behind a mask"), "indexer/git"),
    Box("Choose", ("code, config, docs;", "no secrets"), "indexer/files"),
    Box("Parse", ("functions, strings,", "routes, topics, keys"), "indexer/parse"),
    Box("Summarise", ("files, directories,", "repositories, system"), "summaries/offline"),
    Box("Link", ("who calls whom,", "and through whom"), "indexer/services"),
)
INDEX = (
    Box("Facts and text", ("by git blob",), "summaries/index/store.py"),
    Box("Words", ("a shard a repository",), "summaries/index/shard.py"),
    Box("Routing map", ("words of all of them",), "summaries/index/routing_map.py"),
    Box("Summaries", ("rules, models, people",), "summaries/written"),
    Box("Vectors", ("Chroma; optional",), "summaries/vectors"),
    Box("System", ("purposes and links",), "summaries/system.py"),
)
ANSWERING = (
    Box("Bug report", ("plain words, traces,", "log lines, forms")),
    Box("Read", ("what it names, quotes", "and asks"), "locator/report"),
    Box("Route", ("which repositories,", "and why"), "locator/route.py"),
    Box("Vote", (f"{len(VOTERS)} kinds of evidence", "on every file"), "locator/voters"),
    Box("Fuse", ("one weighted sum;", "how sure it is"), "locator/rank.py"),
    Box("Explain", ("files, functions, lines,", "reasons"), "locator/explain.py"),
)
FACES = (
    Box("Terminal", (), "locator/render"),
    Box("Page and HTTP API", (), "locator/server"),
    Box("Jira, GitHub, GitLab", (), "locator/trackers"),
    Box("Agents over MCP", (), "locator/mcp"),
    Box("VS Code", (), "vscode-extension/src"),
    Box("Python", (), "bugatlas.py"),
)
MODEL = Box("A model", ("optional:", "it summarises", "and judges"), "locator/judge")
MEASURED = Box(
    "Measured",
    ("eval asks the same path for bugs whose fixes are known, at the commit before the fix",),
    "eval",
)


def picture(theme: str) -> str:
    """The picture as SVG. Raises LookupError where a box stands for nothing."""
    for box in (*INDEXING, *INDEX, *ANSWERING, *FACES, MODEL, MEASURED):
        if box.path and not (HOME / box.path).exists():
            raise LookupError(f"{box.name}: there is no {box.path}")
    colors = COLORS[theme]
    wide = BOX * 6 + GAP * 5
    top, below, faces = 62, 402, 528
    drawn = [
        element("style", _style(colors)),
        element("defs", [_arrow_head(kind, colors[kind]) for kind in ("write", "read", "model")]),
        element("rect", width=WIDTH, height=HEIGHT, rx=12, class_="paper"),
        *_caption(LEFT, 40, "write", "bugatlas index", "one repository a job; what is unchanged costs nothing"),
        *_row(INDEXING, top, "write"),
        element("rect", x=LEFT, y=INDEX_TOP, width=wide, height=INDEX_TALL, rx=10, class_="index"),
        element("text", "The index on disk", x=LEFT + 16, y=INDEX_TOP + 26, class_="name"),
        element("text", "the only channel between the two; each repository replaced atomically",
                x=LEFT + 172, y=INDEX_TOP + 26, class_="does"),
        *_row(INDEX, INDEX_TOP + 42, "", tall=70),
        *_caption(LEFT, 382, "read", "bugatlas locate", "reads the index; never parses"),
        *_row(ANSWERING, below, "read"),
        *_row(FACES, faces, "", tall=36),
        _line("write", _middle(4), top + TALL, _middle(4), INDEX_TOP - 3),
        _line("write", _middle(5), top + TALL, _middle(5), INDEX_TOP - 3),
        *(_line("read", _middle(n), INDEX_TOP + INDEX_TALL, _middle(n), below - 3) for n in (2, 3, 5)),
        _line("read", _middle(5), below + TALL, _middle(5), faces - 3),
        element("path", d=f"M{_middle(0)} {faces - 14}H{_middle(5)}", class_="read"),
        *(_line("read", _middle(n), faces - 14, _middle(n), faces - 3) for n in range(5)),
        *_box(MODEL, WIDTH - 120, INDEX_TOP + 12, 104, 104, "model dashed"),
        _bend(WIDTH - 68, INDEX_TOP + 12, _middle(4) + 40, top - 12, top - 3),
        _bend(WIDTH - 68, INDEX_TOP + 116, _middle(5) + 40, below + TALL + 16, below + TALL + 3),
        element("text", f"{MEASURED.name}: {MEASURED.does[0]}", x=LEFT, y=HEIGHT - 20, class_="does"),
    ]  # fmt: skip
    label = (
        "How Bugatlas is built. Indexing: repositories are read, files chosen, parsed, summarised and linked into an index "
        "on disk. Answering: a bug report is read, routed to repositories, voted on, fused and explained, from that index, "
        "for the terminal, the page, issue trackers, coding agents, VS Code and Python. A model is optional for both."
    )
    svg = str(drawing(WIDTH, HEIGHT, drawn, label))
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _style(colors: dict[str, str]) -> str:
    strokes = "".join(
        f".{kind}{{stroke:{colors[kind]};fill:none;stroke-width:1.6}}" for kind in ("write", "read", "model")
    )
    return (
        "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
        f".paper{{fill:{colors['paper']}}}.box{{fill:{colors['box']};stroke:{colors['line']}}}"
        f".index{{fill:none;stroke:{colors['soft']}}}"
        f".name{{font-size:14px;font-weight:600;fill:{colors['ink']}}}"
        f".does{{font-size:11px;fill:{colors['soft']}}}"
        f".where{{font-size:10px;fill:{colors['soft']};font-family:ui-monospace,Menlo,Consolas,monospace}}"
        f".middle{{text-anchor:middle}}.dashed{{stroke-dasharray:5 4}}{strokes}"
        f".box.model{{fill:{colors['box']}}}.box.write,.box.read{{fill:{colors['box']}}}"
    )


def _arrow_head(kind: str, color: str) -> ET.Element:
    tip = element("path", d="M0 0L8 4L0 8Z", fill=color)
    return element("marker", tip, id=f"to-{kind}", markerWidth=8, markerHeight=8, refX=6, refY=4, orient="auto",
                   markerUnits="userSpaceOnUse")  # fmt: skip


def _caption(x: float, y: float, kind: str, command: str, note: str) -> list[ET.Element]:
    rule = element("path", d=f"M{x} {y - 5}h18", class_=kind)
    where = element("text", command, x=x + 26, y=y, class_="name")
    return [rule, where, element("text", note, x=x + 40 + 8.4 * len(command), y=y, class_="does")]


def _row(boxes: tuple[Box, ...], y: float, kind: str, tall: float = TALL) -> list[ET.Element]:
    """Boxes side by side, with arrows between them where it has a kind."""
    out = []
    for n, box in enumerate(boxes):
        x = LEFT + n * (BOX + GAP)
        inset = 0 if kind or not box.does else 6
        out += _box(box, x + inset, y, BOX - 2 * inset, tall, kind)
        if kind and n:
            out.append(_line(kind, x - GAP, y + tall / 2, x - 3, y + tall / 2))
    return out


def _box(box: Box, x: float, y: float, wide: float, tall: float, kind: str) -> list[ET.Element]:
    out = [element("rect", x=x, y=y, width=wide, height=tall, rx=8, class_=f"box {kind}".strip())]
    lines = [(box.name, "name"), *((d, "does") for d in box.does)]
    if box.path and box.does:
        lines.append(
            (box.path.removeprefix("summaries/index/") if "/index/" in box.path else box.path, "where")
        )
    at = y + tall / 2 - 15.5 * (len(lines) - 1) / 2 + 4.5
    for n, (text, kind_) in enumerate(lines):
        size = {"style": "font-size:12px"} if not box.does else {}
        out.append(element("text", text, x=x + wide / 2, y=at + 15.5 * n, class_=f"{kind_} middle", **size))
    return out


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> ET.Element:
    return element("path", d=f"M{x1:g} {y1:g}L{x2:g} {y2:g}", class_=kind, marker_end=f"url(#to-{kind})")


def _bend(x1: float, y1: float, x2: float, turn: float, y2: float) -> ET.Element:
    """From the model up or down, across, and to a box's edge."""
    return element("path", d=f"M{x1:g} {y1:g}V{turn:g}H{x2:g}V{y2:g}", class_="model dashed",
                   marker_end="url(#to-model)")  # fmt: skip


def _middle(n: int) -> float:
    return LEFT + n * (BOX + GAP) + BOX / 2
