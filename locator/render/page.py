"""A page of text on the terminal: wrapped lines with hanging indents, paths that are never broken, excerpts.

Everything that is put on a page has passed `terminal.safe` here, so callers hand over raw strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.style import Style
from rich.text import Text

from locator.terminal import one_line, safe, safe_code
from summaries.words import keys_of, tokens

Piece = str | tuple[str, str | Style]  # text, or text and its style
Spans = Sequence[tuple[int, int]]  # [start, end) in characters
MIN_WIDTH = 40
UNCUT = 10_000  # characters of a line in a pipe
MAX_WIDTH = 120  # longer lines of prose are hard to read, whatever the terminal's width


class Page:
    """Lines on a console. What is too long is cut on a terminal and left whole in a pipe, or as `cut` says."""

    def __init__(self, console: Console, cut: bool | None = None) -> None:
        self.console = console
        self.cut = console.file.isatty() if cut is None else cut
        self.width = max(MIN_WIDTH, min(console.width, MAX_WIDTH))

    def blank(self) -> None:
        """Print an empty line."""
        self.console.print()

    def prose(
        self, *pieces: Piece, indent: int = 0, mark: str = "", style: str | Style = "dim", rail: str = ""
    ) -> None:
        """Text wrapped at blanks behind `mark`; further lines as far in, behind `rail` or blanks."""
        room = max(self.width - indent - len(mark), 20)
        for n, line in enumerate(joined(pieces).wrap(self.console, room)):
            line.rstrip()
            lead = Text(" " * indent) + Text(mark if n == 0 else rail.ljust(len(mark)), style)
            self._print(lead + line)

    def whole(self, *pieces: Piece, indent: int = 0) -> None:
        """One line that is never broken: a path that is to be copied or clicked."""
        self._print(Text(" " * indent) + joined(pieces))

    def short(self, text: str, limit: int) -> str:
        """The beginning of a text on a terminal; all of it in a pipe, where nothing is cut."""
        return one_line(text, limit if self.cut else UNCUT)

    @property
    def code_width(self) -> int:
        """Columns for a line of code: all that a terminal has; no end in a pipe."""
        return max(self.width, self.console.width) if self.cut else UNCUT

    def code(
        self,
        start: int,
        lines: Sequence[str],
        marked: Iterable[int] = (),
        indent: int = 0,
        language: str = "",
        words: Mapping[int, float] | None = None,
    ) -> None:
        """Numbered lines of code, cut at the terminal's edge; lines with `marked` numbers and `words` (keys) stand out."""
        on = set(marked)
        shown = trimmed([safe_code(x) for x in lines], [start + i in on for i in range(len(lines))])
        if not shown:
            return
        digits = len(str(start + shown[-1][0]))
        margin = min(len(x) - len(x.lstrip()) for _, x in shown if x) if any(x for _, x in shown) else 0
        color = self.console.color_system is not None
        code = highlighted([x for _, x in shown], language) if color else [Text(x) for _, x in shown]
        for (at, line), text in zip(shown, code, strict=True):
            number = start + at
            for begin, end in spans_of(line, words or {}) if color else ():
                text.stylize("bold underline", begin, end)
            row = Text(" " * indent)
            row.append(
                f"{'›' if number in on else ' '} {number:>{digits}} ", "bold" if number in on else "dim"
            )
            row.append("│ ", "dim")
            row.append_text(text[margin:])
            row.truncate(self.code_width, overflow="ellipsis")
            self._print(row)

    def matched_lines(self, rows: Sequence[tuple[int, str, Spans]], indent: int = 0) -> None:
        """Numbered lines of code with what was found in them; cut so that the first find can be seen."""
        digits = max((len(str(n)) for n, _, _ in rows), default=0)
        margin = min((len(x) - len(x.lstrip()) for _, x, _ in rows if x.strip()), default=0)
        for number, line, spans in rows:
            text = Text(" " * indent)
            text.append(f"{number:>{digits}} │ ", "dim")
            room = self.code_width - len(text.plain)
            text.append_text(_windowed(line, spans, margin, room))
            self._print(text)

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)


def joined(pieces: Iterable[Piece]) -> Text:
    """Pieces end to end, made safe."""
    out = Text()
    for piece in pieces:
        text, style = (piece, "") if isinstance(piece, str) else piece
        out.append(safe(text), style or None)
    return out


def highlighted(lines: Sequence[str], language: str) -> list[Text]:
    """Lines of code in the colours of their language, by Pygments; plain where it does not know the language."""
    from rich.syntax import Syntax

    code = Syntax("", language or "text", theme="ansi_dark", background_color="default")
    text = code.highlight("\n".join(lines))
    found = text.split("\n", allow_blank=True)[: len(lines)]
    plain = [Text(line) for line in lines]
    return [
        a if a.plain == b.plain else b for a, b in zip([*found, *plain[len(found) :]], plain, strict=True)
    ]


def spans_of(line: str, words: Mapping[int, float]) -> list[tuple[int, int]]:
    """Where in a line the words with these keys stand: [start, end) in characters."""
    at, spans = 0, []
    for token in tokens(line):
        at = line.index(token, at)
        if any(k in words for k in keys_of(token)):
            spans.append((at, at + len(token)))
        at += len(token)
    return spans


def counted(number: int, one: str, many: str = "") -> str:
    """'1 file', '3 files'."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def linked(style: str, url: str) -> str | Style:
    """A style that a click on it follows."""
    return Style.parse(style) + Style(link=url) if url else style


def trimmed(lines: Sequence[str], keep: Sequence[bool]) -> list[tuple[int, str]]:
    """(offset, line) without blank and closing lines at either end, but those to keep."""
    said = [i for i, x in enumerate(lines) if keep[i] or x.strip(" )}];,")]
    return [(i, lines[i]) for i in range(said[0], said[-1] + 1)] if said else []


def _windowed(line: str, spans: Spans, begin: int, room: int) -> Text:
    """A line from character `begin` on; from further on where else the first span would be cut off."""
    text = Text()
    if spans and len(_flat(line[begin : spans[0][1]])) > room - 2:
        begin = max(begin, spans[0][0] - room // 2)
        text.append("… ", "dim")
    at = begin
    for start, end in spans:
        if end > at:
            text.append(_flat(line[at : max(start, at)]))
            text.append(_flat(line[max(start, at) : end]), "bold yellow")
            at = end
    text.append(_flat(line[at:]).rstrip())
    text.truncate(room, overflow="ellipsis")
    return text


def _flat(code: str) -> str:
    return safe(code.replace("\t", "    "))
