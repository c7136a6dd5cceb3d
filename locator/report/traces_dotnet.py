"""How .NET prints a call in a stack trace, and how its tools do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report.traces_compiled import JVM_NOWHERE, Lines, Raw, clean_path, is_whole, lineno, pieces
from summaries.patterns import pattern

# What Ben.Demystifier adds: what the method returns, and which function within it is meant.
_RETURNS = (
    r"((?>(?:(?:async|static|new|unsafe|extern|ref|readonly) )*)"
    r"(?>(?:(?:[A-Z]|(?:void|bool|byte|char|decimal|double|float|int|long|object|short|string|uint|ulong|nint)\b)"
    r"[\w.<>`\[\],?]*+(?:(?<=,) [\w.<>`\[\],?]++)* )?))"
)
_WITHIN = r"(?:\+[\w<>]*+(?:\([^()\n]*\))?(?: => \{[ .]{0,5}\})?)?\??"
_CALL = pattern(
    _RETURNS
    + r"([\w.<>`$+|\[\],]++)\(([^()\n]*)\)"
    + _WITHIN
    + r"(?: (?:in|à|em|en|в|dans) ([^\n]+?):\D{1,8}(\d+))?\.?\s*$"
)
_ASYNC = pattern(r"<(\w+)>[a-z]__[\w|]*(?:`\d+)?(?:\.MoveNext)?")
# A line of a copied list of calls, where nothing but the shape tells: names and types in capitals, no place.
_TYPE = r"[A-Z][\w`]*+(?>(?:[.+][A-Z<][\w`<>]*+)*)(?:\[\])?&?"
_LISTED = pattern(
    rf"\s{{0,12}}((?:(?:[A-Z][\w`]*+|<>c\w*+)[.+]){{2,12}}(?:[A-Z][\w`]*|<\w{{1,80}}>\w{{0,80}}|\.?c?ctor))"
    rf"\((?:{_TYPE}(?: \w+)?(?>(?:, {_TYPE}(?: \w+)?)*))?\)"
    r"(?:\+[\da-f]{1,8}| in ([^\n]{1,400}?):(\d{1,7})|:\d{1,7})?\s*$"
)


def dotnet(lines: Lines, i: int) -> Iterator[Raw]:
    """C#: `at Shop.OrderService.Place(Order order) in C:\\src\\OrderService.cs:line 12`; `at void OrderService.Place(...)`.

    And calls that a tool lists without "at", of which there must be more than one: `Shop.OrderService.Place(Shop.Order)+32`.
    """
    line = lines[i]
    if "(" not in line:
        return
    listed = _LISTED.match(line)
    if listed and any(_LISTED.match(near) for near in (*lines[max(0, i - 1) : i], *lines[i + 1 : i + 2])):
        yield Raw(clean_path(listed[2] or ""), lineno(listed[3]), *_name(listed[1]))
        return
    whole = is_whole(line)
    for piece in pieces(line):
        m = _CALL.match(piece)
        if m and (m[4] or _is_call(m, whole)):
            yield Raw(clean_path(m[4] or ""), lineno(m[5]), *_name(m[2]), whole=whole)


def signature(printed: str) -> tuple[str, str]:
    """Name and type of a method as it is declared: `async Task Importer.Run(string path)`."""
    m = _CALL.match(printed.strip())
    return _name(m[2]) if m else ("", "")


def _is_call(m: re.Match[str], whole: bool) -> bool:
    """Whether what looks like a call without a place is one: not of the JVM, nor words of a sentence."""
    dots = m[2].count(".")
    return ":" not in m[3] and m[3] not in JVM_NOWHERE and (dots > 1 or (whole and bool(m[1]) and dots == 1))


def _name(printed: str) -> tuple[str, str]:
    """("Importer.Run", "Shop.Orders.Importer") of "Shop.Orders.Importer.<>c__DisplayClass4_0.<Run>b__0"."""
    name = _ASYNC.sub(r"\1", printed).replace("<>c__DisplayClass", "").replace("<>c.", "").replace("+", ".")
    name = re.sub(r"`\d+|\[[^\[\]]*\]|\b\d+_\d+\.", "", name).replace("..ctor", "").replace("..cctor", "")
    owner, _, method = re.sub(r"<[^<>]*>", "", name).rpartition(".")
    return f"{owner.rpartition('.')[2]}.{method}".strip("."), owner
