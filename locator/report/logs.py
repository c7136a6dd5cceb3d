"""Log lines: what tools put before each line, whose line it is, and the message inside.

Formats that the general patterns of `messages` don't know are listed here, each with where it comes from. Every pattern
is anchored and its runs are bounded, so a line takes time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from summaries.patterns import pattern


class Stripped(NamedTuple):
    """A line without what a tool put before and around it."""

    text: str
    log: bool = False  # the tool shows logs only
    service: str = ""  # whose line it is, where the tool says so


_BORDER = pattern(r"^[ \t]{0,8}[│┃║▏][ \t]?")
_BORDER_END = pattern(r"[ \t]{0,400}[│┃║▕][ \t]*$")
_POD = pattern(r"\[pod/([\w.-]{1,253})(?:/([\w.-]{1,63}))?\] ?")  # kubectl logs --prefix
_STERN = pattern(r"([a-z0-9][\w.-]{0,252}) ([a-z0-9][\w-]{0,62}) [›│] ?")
_SYSLOG = pattern(
    r"(?:[^\W\d_]{3,5}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d+:Z-]{0,16})"
    r" [\w.-]{1,64} ([\w./@-]{1,64})(?:\[\d{1,8}\])?: ?"
)
_LOGCAT = pattern(  # threadtime, time and brief; then Android Studio before and since 2022
    r"(?:\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {1,6}\d{1,7} {1,6}\d{1,7} [VDIWEFA] [^:\n]{1,60}: ?"
    r"|(?:\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?[VDIWEFA]/[^(\n]{1,60}\( {0,6}\d{1,7}\): ?"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d{1,7}-\d{1,7}/[\w.:?-]{1,120} [VDIWEFA]/[^:\n]{1,60}: ?"
    r"|(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {1,6}\d{1,7}-\d{1,7} {1,6}\S{1,60} {1,40}\S{1,120} {1,20}[VDIWEFA] {2}) ?"
)
_STAMP = pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z ")  # CI services, kubectl --timestamps
_COMPOSE = pattern(r"([\w.-]{1,80}) {0,60}\| ")
_DATED = pattern(  # collectors of logs, as they are copied: `Jun 3, 2021 17:01:59`
    r"\s{0,8}[A-Z][a-z]{2,8} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d(?:\.\d{1,9})?(?: [AP]M)?\s{1,4}"
)


def strip(line: str) -> Stripped:
    """A line without table borders and without the prefix of a tool that shows logs."""
    if m := _BORDER.match(line):
        line = _BORDER_END.sub("", line[m.end() :])
    if m := _DATED.match(line):
        rest = line[m.end() :]
        of = _COMPOSE.match(rest)
        return Stripped(rest[of.end() :] if of else rest, True, of[1] if of else "")
    if m := _POD.match(line):
        return Stripped(line[m.end() :], True, m[1])
    if m := _STERN.match(line):
        return Stripped(line[m.end() :], True, m[1])
    if m := _LOGCAT.match(line):
        return Stripped(line[m.end() :], True)
    if m := _SYSLOG.match(line):
        return Stripped(line[m.end() :], True, m[1].rpartition("/")[2])
    return Stripped(line)


def bare(line: str) -> str:
    """A line as its program printed it: also without a container's name and a time stamp before it."""
    text = strip(line).text
    if m := _COMPOSE.match(text):
        text = text[m.end() :]
    return text[m.end() :] if (m := _STAMP.match(text)) else text


_RUBY = pattern(r"[DIWEFAU], \[[\dT:.Z +-]{19,40}(?:#\d{1,8})?\] {1,2}[A-Z]{3,7} -- ([^:\n]{0,80}): ?(.*)")
_MONOLOG = pattern(r"\[[\dT:.+ -]{19,35}\] ([\w-]{1,60})\.[A-Z]{4,9}: (.*)")
_SERILOG = pattern(r"\[?(?:[\dT:.+Z -]{8,35} )?\[?(?:VRB|DBG|INF|WRN|ERR|FTL)\] ?(?:\[[\w.]{1,120}\] ?)?(.*)")
_NET = pattern(r"(?:trce|dbug|info|warn|fail|crit): ([\w.+`-]{1,200})\[-?\d{1,9}\]$")
_LEVEL_KEY = pattern(
    r"(?:^|[\s{,\"])(?:logger|logger_name|loggername|@logger)[\"']?[=:] ?[\"']?([\w.$-]{3,160})", re.I
)
_PYTHON = pattern(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.]{1,120}):(.*)")
_LEVELLED = pattern(r"\W{0,4}(?:[A-Z]{4,8}\b|[\w.]{1,40}=|\{|\d)")  # what the general patterns take apart
_CONTEXT = pattern(r" (?:\{\"|\[\]|\[object\])")  # what Monolog prints behind a message


class Logged(NamedTuple):
    """What one line of a log says."""

    message: str
    logger: str = ""


def logged(line: str, below: str = "") -> Logged | None:
    """The message and logger of a line in one of the formats known here; `below` is the next line."""
    text = strip(line).text.strip()
    if m := _RUBY.match(text):
        return Logged(m[2], m[1].strip())
    if m := _MONOLOG.match(text):
        return Logged(_CONTEXT.split(m[2], maxsplit=1)[0])
    if m := _NET.match(text):
        return Logged(below.strip() if below.startswith("      ") else "", m[1])
    if m := _PYTHON.match(text):
        return Logged(m[2], m[1])
    if m := _SERILOG.match(text):
        return Logged(m[1])
    if _LOGCAT.match(line) or (_SYSLOG.match(line) and not _LEVELLED.match(text)):
        return Logged(text)
    return None


def loggers(line: str) -> Iterator[str]:
    """Names that `logger=` and the like give."""
    yield from (m[1] for m in _LEVEL_KEY.finditer(line[:4_000]))


def unescaped(text: str) -> str:
    """Text whose lines hold escaped line ends, as JSON has them, with blanks in their place; paths stay."""
    if "\\n" not in text and "\\t" not in text and "\\u" not in text:
        return text
    return "\n".join(_plain(line) if "\\" in line else line for line in text.split("\n"))


_ESCAPE = pattern(r"\\+(?:r\\+n|[nrt])")
_DRIVE = pattern(r"[A-Za-z]:\\+\w")


def _plain(line: str) -> str:
    return line if '"' not in line or _DRIVE.search(line) else _ESCAPE.sub(" ", line)


def is_log(line: str) -> bool:
    """Whether a line is of a log by what stands before it or by a format known here."""
    return strip(line).log or logged(line) is not None
