"""How Dart prints a call in a stack trace outside of its own machine, which `native` reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report.traces_compiled import Lines, Raw, clean_path, lineno
from summaries.patterns import pattern

# Terse, as package:stack_trace, `dart test` and browsers have it: place, line and column, then the name.
_TERSE = pattern(
    r"\s{0,12}((?:package:|org-dartlang-\w{1,12}:|file://|https?://)?[^\s:()\"']{1,300}\.dart|dart:\w{1,40}(?:/[\w./]{1,200})?)"
    r"(?: (\d{1,7}):\d{1,7})?[ \t]{2,80}(\S[^\n]{0,200}?)\s*$"
)
_CALLED = pattern(  # a line of the machine's own form without its number
    r"\s{0,12}(?:new )?([\w.$<> =]{1,200}?) \(((?:package|dart|file):[^\s()]{1,300}\.dart):(\d{1,7})(?::\d{1,7})?\)\s*$"
)
_NOISE = re.compile(r"^new |\.?<(?:anonymous closure|async|fn)>| \[as [^\[\]]*\]")


def dart(lines: Lines, i: int) -> Iterator[Raw]:
    """`package:shop/src/basket.dart 12:5  Basket.total`; `Basket.total (package:shop/src/basket.dart:12:5)`."""
    line = lines[i]
    if ".dart" not in line and "dart:" not in line:
        return
    if m := _TERSE.match(line):
        yield Raw(clean_path(m[1]), lineno(m[2]), _name(m[3]))
    elif "#" not in line and (m := _CALLED.match(line)):
        yield Raw(clean_path(m[2]), lineno(m[3]), _name(m[1]))


def _name(printed: str) -> str:
    return _NOISE.sub("", printed).strip(" .")
