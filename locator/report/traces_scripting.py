"""How scripting languages print a call in a stack trace: one small recogniser per language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report.links import extension
from locator.report.traces_compiled import RUST_FRAME, Lines, Raw, clean_path, is_whole, lineno, pieces
from locator.report.traces_dotnet import signature
from locator.report.traces_elixir import elixir_name
from locator.report.vocabulary import CODE_EXTENSIONS
from summaries.patterns import pattern

# --- Python ---------------------------------------------------------------------------------------------

_PY = pattern(r'File "([^"\n]+)", line (\d+)(?:,? in ([^\s"\\,]+))?')
_IPY = pattern(r"\s*File ([^\n:]+(?::[\\/][^\n:]+)?):(\d+), in ([\w.<>]+)")
_IPY_OLD = pattern(r"((?:[A-Za-z]:)?[^\s:()]+\.pyx?) in ([\w.<>]+)\(")
_IPY_ARROW = pattern(r"\s*-+> ?(\d+)")
_RICH = pattern(r"[│|┃\s]{0,12}((?:[A-Za-z]:)?[^\s:│]{1,300}\.pyx?):(\d+) in ([\w.<>]+)")
_PYTEST = pattern(r"([^\s:]+\.py):(\d+):(?: in (\S+)| [A-Z]\w*(?:Error|Exception|Exit|Failed|Failure)|)\s*$")
_ORDER = pattern(r"most recent call (first|last)\)")
_MOST_ABOVE = 60  # lines above a call that may say in which order calls are printed
_NOT_PYTHON = CODE_EXTENSIONS - {"py", "pyi", "pyx", "pxd", "pxi"}


def python(lines: Lines, i: int) -> Iterator[Raw]:
    """CPython's `File "x.py", line 3, in f`, both IPython styles, pytest's `x.py:3: in f` and rich's `x.py:3 in f`."""
    line = lines[i]
    if 'File "' in line:
        order = _order(lines, i)
        for m in _PY.finditer(line):
            foreign = extension(m[1]) in _NOT_PYTHON  # as Sentry prints calls of any language
            last = order == "last" if foreign else order != "first"
            said = _foreign_name(m[3] or "", line[m.start(3) :]) if foreign else (_py_name(m[3]), "")
            yield Raw(clean_path(m[1]), lineno(m[2]), *said, whole=is_whole(line), last=last)
    elif ".py" in line:
        if short := _IPY.match(line) or _RICH.match(line) or _PYTEST.match(line):
            yield Raw(clean_path(short[1]), lineno(short[2]), _py_name(short[3]), last=True)
        elif old := _IPY_OLD.match(line):
            for ahead in lines[i + 1 : i + 14]:
                if arrow := _IPY_ARROW.match(ahead):
                    yield Raw(clean_path(old[1]), lineno(arrow[1]), _py_name(old[2]), last=True)
                    break


def _order(lines: Lines, i: int) -> str:
    """Which call the heading of a trace says comes last; "" where it has none."""
    for above in reversed(lines[max(0, i - _MOST_ABOVE) : i]):
        if (m := _ORDER.search(above[:200])) or not above.strip():
            return m[1] if m else ""
    return ""


def _foreign_name(name: str, rest: str) -> tuple[str, str]:
    return signature(rest) if "(" in rest else elixir_name(name)


def _py_name(name: str | None) -> str:
    parts = (name or "").split(".")
    return ".".join(p for p in parts if p and not p.startswith("<"))


# --- JavaScript -----------------------------------------------------------------------------------------

_JS_CALL = pattern(r"(?:async )?(?:new )?([^()\n]*?) ?\(([^()\n]+?):(\d+)(?::\d+)?\)")
_JS_BARE = pattern(
    r"(?:async )?((?:[\w+-]+:/|/|\.|[A-Za-z]:[\\/]|[\w@.-]+/|node:)[^\s()]*?):(\d+):\d+\)?\s*$"
)
_JS_FILE = pattern(  # a function without a name, as React's production build is printed
    r"(?:async )?([\w@./-]{1,300}\.(?:[cm]?jsx?|tsx?|vue|svelte)):(\d{1,7})(?::\d{1,7})?\s*$"
)
_JS_FIREFOX = pattern(r"\s*([\w.$/<>*-]*+)@((?:https?|file|webpack|resource|chrome)[^\s@]*?):(\d+):\d+\s*$")
# The consoles of Firefox (`place orders.js:1:2`) and Chrome (`place @ orders.js:1`), as they are copied from there.
_JS_CONSOLE = pattern(
    r"(?:[ \t]{1,12}(?=\S)|(?=\S+[ \t]{1,4}@))([\w.$/<>*() ]{0,120}?)[ \t]{1,8}(?:@[ \t]{1,4})?"
    r"([^\s()\"'=]{0,300}?[\w-]\.(?:[cm]?jsx?|tsx?|vue|svelte)(?:\?[^\s:]{0,80})?):(\d+)(?::\d+)?\s*$"
)
_JS_NOISE = pattern(
    r"^(?:Object|Function|Module|exports|Window|global|process|Promise)\.|\[as [^\[\]]*\]|<anonymous>|[/<*]+$"
)


def javascript(lines: Lines, i: int) -> Iterator[Raw]:
    """V8's `at place (file:///app/orders.js:1:2)` and Firefox's and Safari's `place@http://...:1:2`."""
    line = lines[i]
    if "at " in line and ":" in line and not (i and RUST_FRAME.match(lines[i - 1])):
        for piece in pieces(line):
            m = _JS_CALL.match(piece)
            if m and not m[2].endswith((".java", ".kt", ".scala")):
                yield Raw(clean_path(m[2]), lineno(m[3]), _js_name(m[1]), whole=is_whole(line))
            elif b := _JS_BARE.match(piece) or _JS_FILE.match(piece):
                yield Raw(clean_path(b[1]), lineno(b[2]), "", whole=is_whole(line))
    elif ("@" in line and (m := _JS_FIREFOX.match(line))) or (
        (m := _JS_CONSOLE.match(line)) and len(m[1].split()) < 3
    ):
        yield Raw(clean_path(m[2]), lineno(m[3]), _js_name(m[1]))


def _js_name(name: str) -> str:
    return _JS_NOISE.sub("", name).strip(" .").removeprefix("async ").removeprefix("new ")


# --- Ruby, PHP ----------------------------------------------------------------------------------

_RUBY = pattern(
    r"(?:(?<![^\s\[(\"'])([a-z][\w-]{0,80}) \(\d[\w.]{0,40}\) )?"
    r"(?<![^\s\[(\"'])((?:[A-Za-z]:)?[^\s:'\"`()\[\]]++):(\d+):in [`']([^'\n]*)'"
)
_RUBY_NOISE = pattern(r"^(?:(?:block|rescue|ensure|else)(?: \(\d+ levels\))? in )+|<[^<>]*>")
_PHP = pattern(r"\s*#\d+ (?:([^\s()][^()\n]*)\((\d+)\)|\[internal function\]): ([\w\\:>{}$-]+)")
_PHP_NUMBERED = pattern(r"\s*\d+\. (\S[^\n]{0,300}\.php) line (\d+)\s*$")  # Nextcloud, over the call
_PHP_CALL = pattern(r"\s+([\w\\]+(?:->|::)[\w{}]+|\w+)\(")
_PHP_THROWN = pattern(r"(?:in|at) ([^\s()\"']+\.php)(?::| on line )(\d+)")


def ruby(lines: Lines, i: int) -> Iterator[Raw]:
    """Ruby: "app/orders.rb:12:in `place'", printed either way round, below its gem, as strings of an array."""
    line = lines[i]
    if ":in " in line:
        for m in _RUBY.finditer(line):
            name = _RUBY_NOISE.sub("", m[4]).replace("#", ".").replace("::", ".")
            upside = bool(re.match(r"\s+\d+: from ", line))
            whole = is_whole(line) or not line[: m.start()].strip(" \t\"'[,")
            yield Raw(
                clean_path(m[2]), lineno(m[3]), name.strip(), whole=whole, last=upside, package=m[1] or ""
            )


def php(lines: Lines, i: int) -> Iterator[Raw]:
    """PHP: `#0 /app/Order.php(12): Shop\\OrderService->place()`, and where it was thrown.

    PHP prints the caller's place beside the callee's name, so names are moved one call outwards.
    """
    line = lines[i]
    if n := _PHP_NUMBERED.match(line):
        below = _PHP_CALL.match(lines[i + 3]) if i + 3 < len(lines) else None
        yield Raw(clean_path(n[1]), lineno(n[2]), *(_php_name(below[1]) if below else ("", "")))
    elif m := _PHP.match(line):
        symbol, owner = _php_callee(lines, i + 1)
        if m[1] or owner:
            yield Raw(clean_path(m[1] or ""), lineno(m[2]), symbol, owner)
    elif ".php" in line and not line.lstrip().startswith("thrown in") and (t := _PHP_THROWN.search(line)):
        traced = any(_PHP.match(after) for after in lines[i + 1 : i + 3])
        symbol, owner = _php_callee(lines, i + 1) if traced else ("", "")
        yield Raw(clean_path(t[1]), lineno(t[2]), symbol, owner, whole=traced)


def _php_callee(lines: Lines, i: int) -> tuple[str, str]:
    """Who is called by the next line of a trace."""
    called = next((m for m in map(_PHP.match, lines[i : i + 2]) if m), None)
    return _php_name(called[3]) if called else ("", "")


def _php_name(name: str) -> tuple[str, str]:
    owner, _, method = name.replace("->", "::").rpartition("::")
    method = "" if "{" in method else method.rpartition("\\")[2]
    return ".".join(filter(None, (owner.rpartition("\\")[2], method))), owner


_POSITION = pattern(
    r"\s{0,12}(?:\.{3})?((?:[A-Za-z]:)?[^\s:()\"'<>|]{0,400}[/\\][^\s:()\"'<>|/\\]{1,200}\.(\w{1,8})):(\d{1,7})(?::\d{1,7})?\s*$"
)
_THROWN = pattern(r"\s{0,12}[A-Za-z_][\w\\.:]{0,200}?(?:Error|Exception|Failure|Failed)\w{0,40} ?(?::|$)")
_MOST_POSITIONS = 30  # calls of a trace without names


def positions(lines: Lines, i: int) -> Iterator[Raw]:
    """Places without names below an error, as PHPUnit prints them: `/app/src/Order.php:12` and nothing else."""
    m = _POSITION.match(lines[i])
    if not m or m[2].lower() not in CODE_EXTENSIONS:
        return
    above = i - 1
    while above >= max(0, i - _MOST_POSITIONS) and _POSITION.match(lines[above]):
        above -= 1
    if any(map(_THROWN.match, lines[max(0, above - 2) : above + 1])):
        yield Raw(clean_path(m[1]), lineno(m[3]), "")


# Sentry's page, copied, in English and Chinese.
_PAGE = pattern(
    r"\s{0,12}([^\s:()\"']{1,300}\.(\w{1,8})) (?:in|位置) (\S{1,200}) (?:at line|行) (\d{1,7})(?::\d{1,7})?"
    r"(?: (?:within|在) (\S{1,120}))?\s*$"
)


def page(lines: Lines, i: int) -> Iterator[Raw]:
    """`basket.dart in Basket.total at line 12 within shop`, as Sentry shows calls of any language."""
    m = _PAGE.match(lines[i])
    if m and m[2].lower() in CODE_EXTENSIONS:
        yield Raw(clean_path(m[1]), lineno(m[4]), _js_name(m[3]), package=m[5] or "")


# --- Perl, Lua ------------------------------------------------------------------------------------

_PERL = pattern(
    r"(?:\s*([\w:]+)\([^\n]{0,300}\) called|[^\n]{0,400}?) at (\S{1,300}\.p[lm]) line (\d+)\.?\s*$"
)
_LUA = pattern(
    r"\s+(\S{1,300}\.lua):(\d+): in (?:function|method|upvalue|local|field|main)(?: '([\w.:]{1,120})')?"
)


def perl(lines: Lines, i: int) -> Iterator[Raw]:
    """Perl: `Shop::Orders::place("7") called at lib/Shop.pm line 12`, and where it died."""
    if " line " in lines[i] and (m := _PERL.match(lines[i])):
        name = (m[1] or "").replace("::", ".")
        yield Raw(clean_path(m[2]), lineno(m[3]), name.rpartition(".")[2], (m[1] or "").rpartition("::")[0])


def lua(lines: Lines, i: int) -> Iterator[Raw]:
    """Lua: `lib/orders.lua:12: in function 'place'`."""
    if ".lua:" in lines[i] and (m := _LUA.match(lines[i])):
        yield Raw(clean_path(m[1]), lineno(m[2]), (m[3] or "").replace(":", ".").strip("."))
