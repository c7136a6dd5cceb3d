"""How scripting languages print a call in a stack trace: one small recogniser per language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report.traces_compiled import RUST_FRAME, Lines, Raw, clean_path, is_whole, lineno, pieces
from summaries.patterns import pattern

# --- Python ---------------------------------------------------------------------------------------------

_PY = pattern(r'File "([^"\n]+)", line (\d+)(?:, in ([^\s"\\,]+))?')
_IPY = pattern(r"\s*File ([^\n:]+(?::[\\/][^\n:]+)?):(\d+), in ([\w.<>]+)")
_IPY_OLD = pattern(r"((?:[A-Za-z]:)?[^\s:()]+\.pyx?) in ([\w.<>]+)\(")
_IPY_ARROW = pattern(r"\s*-+> ?(\d+)")
_RICH = pattern(r"[│|┃\s]{0,12}((?:[A-Za-z]:)?[^\s:│]{1,300}\.pyx?):(\d+) in ([\w.<>]+)")
_PYTEST = pattern(r"([^\s:]+\.py):(\d+):(?: in (\S+)| [A-Z]\w*(?:Error|Exception|Exit|Failed|Failure)|)\s*$")


def python(lines: Lines, i: int) -> Iterator[Raw]:
    """CPython's `File "x.py", line 3, in f`, both IPython styles, pytest's `x.py:3: in f` and rich's `x.py:3 in f`."""
    line = lines[i]
    if 'File "' in line:
        for m in _PY.finditer(line):
            yield Raw(clean_path(m[1]), lineno(m[2]), _py_name(m[3]), whole=is_whole(line), last=True)
    elif ".py" in line:
        if short := _IPY.match(line) or _RICH.match(line) or _PYTEST.match(line):
            yield Raw(clean_path(short[1]), lineno(short[2]), _py_name(short[3]), last=True)
        elif old := _IPY_OLD.match(line):
            for ahead in lines[i + 1 : i + 14]:
                if arrow := _IPY_ARROW.match(ahead):
                    yield Raw(clean_path(old[1]), lineno(arrow[1]), _py_name(old[2]), last=True)
                    break


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


# --- Ruby, PHP, Elixir ----------------------------------------------------------------------------------

_RUBY = pattern(r"(?<![^\s\[(\"'])((?:[A-Za-z]:)?[^\s:'\"`()\[\]]++):(\d+):in [`']([^'\n]*)'")
_RUBY_NOISE = pattern(r"^(?:(?:block|rescue|ensure|else)(?: \(\d+ levels\))? in )+|<[^<>]*>")
_PHP = pattern(r"\s*#\d+ (?:([^\s()][^()\n]*)\((\d+)\)|\[internal function\]): ([\w\\:>{}$-]+)")
_PHP_NUMBERED = pattern(r"\s*\d+\. (\S[^\n]{0,300}\.php) line (\d+)\s*$")  # Nextcloud, over the call
_PHP_CALL = pattern(r"\s+([\w\\]+(?:->|::)[\w{}]+|\w+)\(")
_PHP_THROWN = pattern(r"(?:in|at) ([^\s()\"']+\.php)(?::| on line )(\d+)")
_ELIXIR = pattern(r"\s*(?:\([\w. -]+\) )?([^\s:()]+\.exs?):(\d+): ([\w.!?]+)/\d+")


def ruby(lines: Lines, i: int) -> Iterator[Raw]:
    """Ruby: "app/orders.rb:12:in `place'", printed either way round."""
    if ":in " in lines[i]:
        for m in _RUBY.finditer(lines[i]):
            name = _RUBY_NOISE.sub("", m[3]).replace("#", ".").replace("::", ".")
            upside = bool(re.match(r"\s+\d+: from ", lines[i]))
            yield Raw(clean_path(m[1]), lineno(m[2]), name.strip(), whole=is_whole(lines[i]), last=upside)


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


def elixir(lines: Lines, i: int) -> Iterator[Raw]:
    """Elixir: `(shop 0.1.0) lib/shop/orders.ex:12: Shop.Orders.place/1`."""
    if ".ex" in lines[i] and (m := _ELIXIR.match(lines[i])):
        owner, _, name = m[3].rpartition(".")
        yield Raw(m[1], lineno(m[2]), f"{owner.rpartition('.')[2]}.{name}".strip("."), owner)


# --- Perl, Lua, JSON ------------------------------------------------------------------------------------

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
    last = next((k for k in range(i, min(len(lines), i + _OBJECT)) if "}" in lines[k]), i)
    return "\n".join(lines[first : last + 1])
