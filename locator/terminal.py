"""The terminal: what may be shown on it, how wide it is, and where a click leads.

Reports, paths, commit messages and code come from strangers. Whatever reaches a screen passes `safe`, so
no escape sequence, direction override or line break of theirs acts on the reader's terminal (for the
danger of direction overrides see Boucher & Anderson, "Trojan Source", 2021).
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 100  # columns where the output is no terminal and COLUMNS says nothing
_JOINERS = "\u200c\u200d"  # invisible but part of words (Persian) and of emoji
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format and surrogate characters, line separators


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char not in _JOINERS


class _Table(dict[int, str]):
    """For `str.translate`: each character as it is shown, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if not _hidden(char):
            shown = char
        elif char in "\t\n\r\u2028\u2029":
            shown = " "
        else:
            shown = chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
        self[code] = shown
        return shown


_TABLE = _Table()
_NOT_PLAIN = re.compile(r"[^\x20-\x7e\n]")
_HOST = re.compile(r"(?:https://|ssh://git@|git@)([\w.-]{1,200})[:/]([\w.-]{1,100}(?:/[\w.-]{1,100}){1,8})/?")


def safe(text: str) -> str:
    """One line, safe to print: breaks and tabs are blanks, an escape is seen as \N{SYMBOL FOR ESCAPE}."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def safe_code(line: str) -> str:
    """A line of code, its indentation kept: tabs are four columns."""
    return safe(line.rstrip("\r\n").expandtabs(4)).rstrip()


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters of a text on one line, cut between words."""
    text = " ".join(safe(text).split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return cut[: cut.rfind(" ") if " " in cut[limit // 2 :] else len(cut)].rstrip(" ,;:(.") + "…"


_AGES = (
    ("year", 31_557_600), ("month", 2_629_800), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60),
)  # fmt: skip


def age(seconds: int) -> str:
    """'3 weeks ago', in the largest unit that fits."""
    for unit, length in _AGES:
        if (n := seconds // length) > 0:
            return f"{n:,} {unit}{'s' if n > 1 else ''} ago"
    return "just now"


def console(color: str = "auto", *, err: bool = False) -> Console:
    """Where to print. Plain text unless it is a terminal; NO_COLOR and --no-color keep it plain there.

    `color` is "auto", "always" (also in a pipe, as CLICOLOR_FORCE and FORCE_COLOR do) or "never". `$COLUMNS` sets the
    width; without it a pipe is as wide as the terminal that standard error is, or 100.
    """
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    plain = color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))
    forced = color == "always" or (not plain and os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"))
    sized = os.environ.get("COLUMNS", "").isdecimal()
    width = None if sized or stream.isatty() else _pipe_width()
    return Console(
        file=stream,
        width=width,
        color_system=None if plain else "256" if forced and not stream.isatty() else "auto",
        force_terminal=True if forced else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def print_paged(console: Console, draw: Callable[[], None], *, paged: bool = True) -> None:
    """Draw on the console; what is longer than the terminal goes through $PAGER (`less -R`), as git does."""
    if not (paged and console.is_terminal and sys.stdout.isatty() and sys.stdin.isatty()):
        draw()
        return
    with console.capture() as captured:
        draw()
    text = captured.get()
    if text.count("\n") < console.height:
        sys.stdout.write(text)
        return
    import click

    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager(text, color=True)


def _pipe_width() -> int:
    """`| less` is read on the terminal that errors go to."""
    try:
        return os.get_terminal_size(sys.__stderr__.fileno()).columns if sys.__stderr__ else PIPE_WIDTH
    except (OSError, ValueError):
        return PIPE_WIDTH


def print_json(value: Any) -> None:
    """One JSON document. What could act on a terminal is written as \\u escapes: the data is the same."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    text = _NOT_PLAIN.sub(lambda m: json.dumps(m[0])[1:-1] if _hidden(m[0]) else m[0], text)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def commit_link(url: str, commit: str) -> str:
    """A commit's page at the code host; "" where none is known."""
    found = _HOST.fullmatch(url)
    if not found:
        return ""
    page = f"https://{found[1]}/{found[2].removesuffix('.git')}"
    if "github" in found[1]:
        return f"{page}/commit/{commit}"
    return f"{page}/-/commit/{commit}" if "gitlab" in found[1] else ""


def link(git_dir: str, url: str, commit: str, path: str, start: int, end: int = 0) -> str:
    """Where a click on a file leads: the clone's work tree, else its host's page, else nowhere ("")."""
    tree = Path(git_dir)
    if tree.name == ".git" and ".." not in path.split("/"):
        file = tree.parent / path
        try:
            if file.is_file():
                return f"file://{quote(str(file))}#{max(start, 1)}"
        except (OSError, ValueError):
            return ""
    found = _HOST.fullmatch(url)
    if not found:
        return ""
    page = f"https://{found[1]}/{found[2].removesuffix('.git')}"
    place = f"{commit}/{quote(path)}#L{start}"
    if "github" in found[1]:
        return f"{page}/blob/{place}" + (f"-L{end}" if end > start else "")
    if "gitlab" in found[1]:
        return f"{page}/-/blob/{place}" + (f"-{end}" if end > start else "")
    return ""
