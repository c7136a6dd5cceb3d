"""Calls of a stack trace as objects of JSON, in the logs of many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report.traces_compiled import Lines, Raw, clean_path, lineno
from summaries.patterns import pattern

_JSON_FILE = pattern(r'"(?:file|filename|fileName|abs_path|path)" ?: ?"((?:[^"\\\n]|\\.){1,400})"', re.I)
_JSON_LINE = pattern(r'"(?:line|lineno|lineNumber|line_number)" ?: ?"?(\d{1,7})', re.I)
_JSON_NAME = pattern(r'"(?:function|method|methodName|func)" ?: ?"((?:[^"\\\n]|\\.){1,200})"', re.I)
_JSON_CLASS = pattern(r'"(?:class|className)" ?: ?"((?:[^"\\\n]|\\.){1,200})"', re.I)
_JSON_AT = pattern(
    r'"((?:[A-Za-z]:)?[\\/][^"\s:]{1,300}\.(?:php|py|rb|js|ts)):(\d{1,7})"'
)  # Monolog's shorter traces
_OBJECT = 8  # lines that a call takes where the JSON is laid out
_MOST_JSON = 200  # calls of one line


def json_trace(lines: Lines, i: int) -> Iterator[Raw]:
    """Calls as objects of JSON, `{"file": ..., "line": ..., "function": ..., "class": ...}`: Monolog, Laravel, Nextcloud.

    As PHP has it, the name is that of who is called from this place.
    """
    line = lines[i]
    if '"' not in line:
        return
    if '\\"' in line:
        line = line.replace('\\"', '"').replace("\\\\", "\\")
    found = list(_JSON_FILE.finditer(line))[:_MOST_JSON]
    if not found:
        yield from (
            Raw(clean_path(_path(m[1])), lineno(m[2]), "", whole=False) for m in _JSON_AT.finditer(line)
        )
        return
    laid_out = "}" not in line and len(found) == 1
    ends = [*(m.start() for m in found[1:]), len(line)]
    calls: list[tuple[str, int, str]] = []
    for m, end in zip(found, ends, strict=True):
        text = _object(lines, i) if laid_out else line[max(0, m.start() - 1) : end]
        if number := _JSON_LINE.search(text):
            name, owner = _JSON_NAME.search(text), _JSON_CLASS.search(text)
            called = ".".join(x[1].replace("\\\\", "\\").rpartition("\\")[2] for x in (owner, name) if x)
            called = re.sub(r"/\d{1,3}$", "", called)  # Elixir's number of arguments
            calls.append((_path(m[1]), lineno(number[1]), called))
    php = bool(calls) and calls[0][0].endswith(".php")
    for k, (path, number_, called) in enumerate(calls):
        symbol = called if not php else calls[k + 1][2] if k + 1 < len(calls) else ""
        yield Raw(clean_path(path), number_, symbol, whole=laid_out, height=1)


def _path(escaped: str) -> str:
    return escaped.replace("\\/", "/").replace("\\\\", "\\")


def _object(lines: Lines, i: int) -> str:
    """The lines of the object that line `i` stands in."""
    first = next((k + 1 for k in range(i - 1, max(-1, i - _OBJECT), -1) if "{" in lines[k]), i)
    end = min(len(lines), i + _OBJECT)
    last = next((k for k in range(i, end) if "}" in lines[k]), end - 1)
    return "\n".join(lines[first : last + 1])
