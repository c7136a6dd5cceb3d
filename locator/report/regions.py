"""Cleaning a report's text, and cutting it into prose, code, traces and logs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from locator.report import environment, forms, logs
from locator.report.types import Region, RegionKind
from summaries.patterns import pattern

LIMIT, HEAD, TAIL = 200_000, 100_000, 50_000  # characters

_ANSI = pattern(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff]")
_FENCE = pattern(r"^[ \t>]{0,12}(`{3,}|~{3,})(.*)$")
_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|ERR|FATAL|SEVERE|CRITICAL|NOTICE|PANIC)"
_LOG = pattern(
    r"^\s{0,8}(?:[\w.-]{1,80}\s{0,60}\| ?)?(?:"
    r"\[?\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d"
    r"|\[?\d{1,2}:\d\d:\d\d[\].,\s]"
    r"|\[?\d\d/[A-Za-z\d]{2,3}/\d{4}[: ]\d\d:\d\d"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d"
    rf"|\[?{_LEVEL}\]?(?:[ \t]*[:|-]|\s{{1,6}}[\[\w])"
    r"|(?:[\w.]{1,40}=\S{1,200} ){0,4}(?:level|lvl|severity)=\w"
    r"|(?:[\w.]{1,40}=(?:\"[^\"\n]{0,200}\"|[^\s(),]{1,200})\s){3}"
    r"|\{\"[^\n]{0,300}\"(?:level|severity|msg|message|ts|time|timestamp|@timestamp)\" ?:"
    r")"
)
_CONTINUED = pattern(r"^ {6}\S")  # .NET prints the message below the category
_REPL = pattern(r"^\s{0,8}(?:>>>|\.\.\. |In \[\d+\]:|Out\[\d+\]:|\$ [a-z./]|C:\\[^>\n]{0,80}>)")


_PICTURE = pattern(
    r"<(?:img|video|source)\b[^<>\n]{0,2000}?\bsrc(?:set)?=[\"']?https?:[^<>\n]{0,4000}>", re.IGNORECASE
)
_LINKED_PICTURE = pattern(r"(!\[[^\[\]\n]{0,300}\])\([^()\s]{1,2000}\)")
_CODE = pattern(
    r"^\s*(?:(?:class|def|func|fn|function|interface|struct|enum) [\w$]{1,80}[^\n]*[:{)]\s*$"
    r"|from [\w.]+ import |import [\w.{\"'*]+(?: from| as|;|\s*$)|@[A-Za-z][\w.]*(?:\(|\s*$)|#include [<\"]"
    r"|(?:public|private|protected|static|const|let|var|package|using|namespace"
    r"|return|async|await) [^\n]*[;{(]\s*$"
    r"|[A-Za-z_][\w.\[\]'\"]* (?::=|[-+|&]?=) ?\S|[A-Za-z_][\w.]*\([^\n]*[,(]\s*$|[)\]};,]++\s*$)"
)


def clean(text: str) -> str:
    """LF line ends, no control or colour codes, no lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\xa0", " ")
    return _ANSI.sub("", text)


def cut(text: str) -> tuple[str, bool]:
    """The first 100,000 and last 50,000 characters at line borders where over 200,000; whether it was cut.

    Stack traces tend to stand at the end, the description at the start.
    """
    if len(text) <= LIMIT:
        return text, False
    head, tail = text[:HEAD], text[-TAIL:]
    head = head[: head.rfind("\n") + 1] or head + "\n"
    return head + tail[tail.find("\n") + 1 :], True


def fences(lines: Sequence[str]) -> list[int]:
    """For each line: 0 outside of fenced blocks, 1 inside, 2 a fence. An open fence runs to the end."""
    marks: list[int] = []
    fence = ""
    for line in lines:
        m = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if m and not fence and not (m[1][0] == "`" and "`" in m[2]):
            fence = m[1]
            marks.append(2)
        elif m and fence and m[1].startswith(fence) and not m[2].strip():
            fence = ""
            marks.append(2)
        else:
            marks.append(1 if fence else 0)
    return marks


def uncomment(text: str) -> str:
    """Without the HTML comments of issue templates; line numbers stay. Those inside fenced code are code."""
    if "<!--" not in text:
        return text
    lines = text.split("\n")
    inside = False
    opened = (0, "")  # where the comment began, and its line from there on, should it never end
    whole = tuple(lines)
    for i, (line, fenced) in enumerate(zip(lines, fences(lines), strict=True)):
        if fenced and not inside:
            continue
        kept: list[str] = []
        at = 0
        while at <= len(line):
            mark = "-->" if inside else "<!--"
            hit = line.find(mark, at)
            if not inside:
                kept.append(line[at:] if hit < 0 else line[at:hit])
            if hit < 0:
                break
            inside = not inside
            opened = (i, "".join(kept) + line[hit:])
            at = hit + len(mark)
        lines[i] = "".join(kept)
    if inside:
        lines[opened[0] :] = (opened[1], *whole[opened[0] + 1 :])
    return "\n".join(lines)


def unpictured(text: str) -> str:
    """Without the addresses and sizes of pictures, which are no words of a report; line numbers stay."""
    if "<img" not in text and "](" not in text:
        return text
    lines = text.split("\n")
    return "\n".join(
        line if fenced else _LINKED_PICTURE.sub(r"\1 ", _PICTURE.sub(" ", line))
        for line, fenced in zip(lines, fences(lines), strict=True)
    )


def split(
    lines: Sequence[str], spans: Sequence[tuple[int, int]], template: forms.Forms = ()
) -> tuple[Region, ...]:
    """The regions of a body, in order. `spans` are the line ranges of its stack traces, `template` lines of forms."""
    marks = fences(lines)
    kinds = _base(lines, marks)
    traced = {i for first, last in spans for i in range(first, last + 1)}
    _settle_blocks(lines, marks, kinds, traced)
    forms.mark(lines, marks, kinds, template)
    environment.mark(lines, marks, kinds)
    for first, last in spans:
        for i in range(first, last + 1):
            if kinds[i] != "fence":
                kinds[i] = "trace"
    regions: list[Region] = []
    start = 0
    for i in range(1, len(lines) + 1):
        if i < len(lines) and kinds[i] in (kinds[start], ""):
            continue
        if kinds[start] not in ("fence", ""):
            end = i
            while end > start and not lines[end - 1].strip():
                end -= 1
            if end > start:
                text = "\n".join(lines[start:end])
                kind = RegionKind(kinds[start])
                regions.append(
                    Region(kind, logs.unescaped(text) if kind != RegionKind.PROSE else text, start + 1)
                )
        start = i
    return tuple(regions)


def _base(lines: Sequence[str], marks: Sequence[int]) -> list[str]:
    """Each line by itself: "" for a blank line, which goes with what is above it."""
    kinds: list[str] = []
    above = ""
    for line, mark in zip(lines, marks, strict=True):
        if mark == 2:
            kind = "fence"
        elif not line.strip():
            kind = "code" if mark else ""
        elif (
            _LOG.match(logs.strip(line).text)
            or logs.is_log(line)
            or (above == "log" and _CONTINUED.match(line))
        ):
            kind = "log"
        elif mark or _indented(line, above) or _REPL.match(line) or _CODE.match(line):
            kind = "code"
        else:
            kind = "prose"
        kinds.append(kind)
        above = kind
    return kinds


def _indented(line: str, above: str) -> bool:
    """Markdown's indented code, which follows a blank line, and what trackers indent with tabs."""
    return line.startswith("\t") or (line.startswith("    ") and above in ("", "code", "fence"))


def _settle_blocks(
    lines: Sequence[str], marks: Sequence[int], kinds: list[str], traced: Collection[int]
) -> None:
    """A fenced block is a log if half of its lines are, and code otherwise; around a trace each line is what it is."""
    i = 0
    while i < len(lines):
        if marks[i] != 1:
            i += 1
            continue
        end = i
        while end < len(lines) and marks[end] == 1:
            end += 1
        filled = [k for k, line in zip(kinds[i:end], lines[i:end], strict=True) if line.strip()]
        kind = "log" if filled and 2 * filled.count("log") >= len(filled) else "code"
        if kind == "log" or not any(n in traced for n in range(i, end)):
            kinds[i:end] = [kind] * (end - i)
        i = end
