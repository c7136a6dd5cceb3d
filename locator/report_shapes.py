"""How each language prints a call in a stack trace: one small recogniser per language.

A recogniser gets the lines and an index and yields the calls that the line shows. Every pattern is linear:
runs are possessive or end at a character that they cannot contain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple


class Raw(NamedTuple):
    """A call as printed, before its trace is known."""

    path: str
    line: int
    symbol: str
    module: str = ""
    whole: bool = True  # the line is nothing but this call
    height: int = 1  # how many lines it takes
    last: bool = False  # its trace prints the innermost call last


Lines = Sequence[str]
_AT = re.compile(r"(?:^|(?<=\s))(?:at|bei|à|в|em|en)[ \t]+(?!0x)")
_HEX = re.compile(r"::h[0-9a-f]{16}$")


def clean_path(path: str) -> str:
    """A printed path with "/" and without scheme, bundler prefix and query."""
    path = path.strip().strip("\"'").replace("\\", "/")
    path = re.sub(
        r"^(?:webpack(?:-internal)?:/{2,3}|file://|webpack-internal:/+|ng://)(?:\([^()]*\)/)?", "", path
    )
    path = path.split("?", 1)[0]
    return path[2:] if path.startswith("./") else path


def _pieces(line: str) -> list[str]:
    """What follows each "at" of a line: flattened traces put many on one."""
    return [p.strip() for p in _AT.split(line)[1:]]


# --- JVM ------------------------------------------------------------------------------------------------

_JVM = re.compile(r"(?:[\w.@-]*+/{1,2})*([\w$.<>-]++)\(([^()\n]*)\)")
_JVM_WHERE = re.compile(r"([\w$-]+\.(?:java|kt|kts|scala|groovy|clj))(?::(\d+))?$")
_JVM_NOWHERE = ("Native Method", "Unknown Source", "<generated>", "")
_JVM_LAMBDA = re.compile(r"(?:lambda|access|anonfun)\$+(?:new\$)?([A-Za-z_]\w*)\$")


def jvm(lines: Lines, i: int) -> Iterator[Raw]:
    """Java, Kotlin, Scala: `at com.shop.OrderService.place(OrderService.java:12)`."""
    if "at " not in lines[i] or "(" not in lines[i]:
        return
    for piece in _pieces(lines[i]):
        m = _JVM.match(piece)
        if not m or "." not in m[1]:
            continue
        where = _JVM_WHERE.match(m[2].strip())
        if where or (m[2].strip() in _JVM_NOWHERE[:3]):
            path, number = (where[1], int(where[2] or 0)) if where else ("", 0)
            owner, _, method = m[1].rpartition(".")
            yield Raw(path, number, *_jvm_name(owner, method, path), whole=_whole(lines[i]))


def _jvm_name(owner: str, method: str, path: str) -> tuple[str, str]:
    package, _, nested = owner.rpartition(".")
    if "$$Lambda" in nested:
        nested = nested.split("$$Lambda")[0]
    parts = [p for p in nested.split("$") if p and not p.isdigit() and p not in ("Companion", "DefaultImpls")]
    if m := _JVM_LAMBDA.match(method):
        method = m[1]
    elif method.startswith(("invoke", "apply", "$anonfun")) and len(parts) > 1 and parts[-1][:1].islower():
        method = next(p for p in parts[1:] if p[:1].islower())
    types = [p for p in parts if not p[:1].islower()] or parts
    if types and path.endswith(".kt") and types[0] == path.removesuffix(".kt") + "Kt":
        types = types[1:]
    if method not in ("<init>", "<clinit>"):
        types.append(method.split("$")[0] or method)
    return ".".join(types), ".".join(filter(None, (package, nested.split("$")[0])))


# --- Python ---------------------------------------------------------------------------------------------

_PY = re.compile(r'File "([^"\n]+)", line (\d+)(?:, in ([^\s"\\,]+))?')
_IPY = re.compile(r"\s*File ([^\n:]+(?::[\\/][^\n:]+)?):(\d+), in ([\w.<>]+)")
_IPY_OLD = re.compile(r"((?:[A-Za-z]:)?[^\s:()]+\.pyx?) in ([\w.<>]+)\(")
_IPY_ARROW = re.compile(r"\s*-+> ?(\d+)")
_PYTEST = re.compile(
    r"([^\s:]+\.py):(\d+):(?: in (\S+)| [A-Z]\w*(?:Error|Exception|Exit|Failed|Failure)| *)\s*$"
)


def python(lines: Lines, i: int) -> Iterator[Raw]:
    """CPython's `File "x.py", line 3, in f`, both IPython styles and pytest's `x.py:3: in f`."""
    line = lines[i]
    if 'File "' in line:
        for m in _PY.finditer(line):
            yield Raw(clean_path(m[1]), int(m[2]), _py_name(m[3]), whole=_whole(line), last=True)
    elif ".py" in line:
        if short := _IPY.match(line) or _PYTEST.match(line):
            yield Raw(clean_path(short[1]), int(short[2]), _py_name(short[3]), last=True)
        elif old := _IPY_OLD.match(line):
            for ahead in lines[i + 1 : i + 14]:
                if arrow := _IPY_ARROW.match(ahead):
                    yield Raw(clean_path(old[1]), int(arrow[1]), _py_name(old[2]), last=True)
                    break


def _py_name(name: str | None) -> str:
    parts = (name or "").split(".")
    return ".".join(p for p in parts if p and not p.startswith("<"))


# --- Go -------------------------------------------------------------------------------------------------

_GO_POS = re.compile(r"\s+((?:[A-Za-z]:)?[^\s:]+\.(?:go|s)):(\d+)(?:\s+\+0x[\da-f]+)?\s*$")
_GO_CALL = re.compile(r"\s*(?:created by )?((?:[^\s()]++|\(\*?[^\s()]++\)(?=\.))++)")
_GO_METHOD = re.compile(
    r"(?<![\w.~%/@-])([\w.~%/@-]++)(?<=\.)\(\*?(\w+)(?:\[[^\]\s]{0,80}\])?\)\.(\w+)((?:\.\w+)*+)"
    r"(?:\([^()\n]{0,200}\))?(?:\s+([^\s:()]+\.go):(\d+))?"
)
_GO_CLOSURE = re.compile(r"\.(?:func)?\d+(?=\.|$)|-fm$|\.gowrap\d+$|\.deferwrap\d+$|\[[^\]]*\]")


def go(lines: Lines, i: int) -> Iterator[Raw]:
    """Go: a function line over a tab and `file.go:12 +0x1f`; `pkg/path.(*Type).method` anywhere."""
    line = lines[i]
    ahead = _GO_POS.match(lines[i + 1]) if i + 1 < len(lines) and ".go:" in lines[i + 1] else None
    if ahead and (m := _GO_CALL.match(line)) and ("." in m[1] or m[1] == "panic"):
        yield Raw(clean_path(ahead[1]), int(ahead[2]), *go_name(m[1]), height=2)
    elif ".(" in line:
        for m in _GO_METHOD.finditer(line):
            symbol, module = go_name(f"{m[1]}(*{m[2]}).{m[3]}{m[4]}")
            yield Raw(clean_path(m[5] or ""), int(m[6] or 0), symbol, module, whole=m.start() <= 4)


def go_name(name: str) -> tuple[str, str]:
    """("Service.stop", "github.com/acme/app") of "github.com/acme/app.(*Service).stop.func1"."""
    head, _, tail = name.rpartition("/")
    package, _, symbol = tail.partition(".")
    symbol = _GO_CLOSURE.sub("", symbol).replace("(*", "").replace("(", "").replace(")", "").strip(".")
    module = f"{head}/{package}" if head else package
    return (symbol, module) if symbol else (package, "")


# --- JavaScript -----------------------------------------------------------------------------------------

_JS_CALL = re.compile(r"(?:async )?(?:new )?([^()\n]*?) ?\(([^()\n]+?):(\d+)(?::\d+)?\)")
_JS_BARE = re.compile(
    r"(?:async )?((?:[\w+-]+:/|/|\.|[A-Za-z]:[\\/]|[\w@.-]+/|node:)[^\s()]*?):(\d+):\d+\)?\s*$"
)
_JS_FIREFOX = re.compile(
    r"\s*([\w.$/<>*-]*+)@((?:https?|file|webpack|resource|chrome)[^\s@]*?):(\d+):\d+\s*$"
)
_JS_NOISE = re.compile(
    r"^(?:Object|Function|Module|exports|Window|global|process|Promise)\.|\[as [^\]]*\]|<anonymous>|[/<*]+$"
)
_RUST_FRAME = re.compile(r"\s*\d+:\s+(?:0x[0-9a-f]+ - )?(\S.*)$")


def javascript(lines: Lines, i: int) -> Iterator[Raw]:
    """V8's `at place (file:///app/orders.js:1:2)` and Firefox's and Safari's `place@http://...:1:2`."""
    line = lines[i]
    if "at " in line and ":" in line and not (i and _RUST_FRAME.match(lines[i - 1])):
        for piece in _pieces(line):
            m = _JS_CALL.match(piece)
            if m and not m[2].endswith((".java", ".kt", ".scala")):
                yield Raw(clean_path(m[2]), int(m[3]), _js_name(m[1]), whole=_whole(line))
            elif b := _JS_BARE.match(piece):
                yield Raw(clean_path(b[1]), int(b[2]), "", whole=_whole(line))
    elif "@" in line and (m := _JS_FIREFOX.match(line)):
        yield Raw(clean_path(m[2]), int(m[3]), _js_name(m[1]))


def _js_name(name: str) -> str:
    return _JS_NOISE.sub("", name).strip(" .").removeprefix("async ").removeprefix("new ")


# --- .NET -----------------------------------------------------------------------------------------------

_NET = re.compile(
    r"([\w.<>`$+|\[\],]++)\(([^()\n]*)\)(?: (?:in|à|em|en|в|dans) ([^\n]+?):\D{1,8}(\d+))?\.?\s*$"
)
_NET_ASYNC = re.compile(r"<(\w+)>[a-z]__[\w|]*(?:\.MoveNext)?")


def dotnet(lines: Lines, i: int) -> Iterator[Raw]:
    """C#: `at Shop.OrderService.Place(Order order) in C:\\src\\OrderService.cs:line 12`."""
    if "(" not in lines[i]:
        return
    for piece in _pieces(lines[i]):
        m = _NET.match(piece)
        if not m or not (m[3] or (m[1].count(".") > 1 and ":" not in m[2] and m[2] not in _JVM_NOWHERE[:3])):
            continue
        name = (
            _NET_ASYNC.sub(r"\1", m[1]).replace("<>c__DisplayClass", "").replace("<>c.", "").replace("+", ".")
        )
        name = re.sub(r"`\d+|\[[^\]]*\]|\b\d+_\d+\.", "", name).replace("..ctor", "").replace("..cctor", "")
        owner, _, method = name.rpartition(".")
        symbol = f"{owner.rpartition('.')[2]}.{method}".strip(".")
        yield Raw(clean_path(m[3] or ""), int(m[4] or 0), symbol, owner, whole=_whole(lines[i]))


# --- Rust -----------------------------------------------------------------------------------------------

_RUST_AT = re.compile(r"\s+at ([^\n]+?):(\d+)(?::\d+)?\s*$")
_RUST_PANIC = re.compile(r"panicked at (?:'[^\n]*', )?([^\s':,]+\.rs):(\d+)")


def rust(lines: Lines, i: int) -> Iterator[Raw]:
    """Rust: `4: shop::orders::place` over `at ./src/orders.rs:10:5`; the place of a panic."""
    line = lines[i]
    if "panicked at" in line and (p := _RUST_PANIC.search(line)):
        yield Raw(clean_path(p[1]), int(p[2]), "")
    elif (m := _RUST_FRAME.match(line)) and ("::" in m[1] or m[1].startswith(("rust_", "_", "main"))):
        at = _RUST_AT.match(lines[i + 1]) if i + 1 < len(lines) else None
        if at:
            yield Raw(clean_path(at[1]), int(at[2]), *scoped_name(m[1]), height=2)
        elif "::" in m[1] and " " not in m[1].replace(" as ", ""):
            yield Raw("", 0, *scoped_name(m[1]))


def scoped_name(name: str) -> tuple[str, str]:
    """("OrderService.place", "shop::OrderService") of "shop::OrderService::place"."""
    name = _HEX.sub("", name.strip())
    name = re.sub(r"^<(?:&|mut |dyn )*([^<>]+?)(?: as [^<>]+(?:<[^<>]*>)?)?>", r"\1", name)
    parts = [p for p in re.sub(r"<[^<>]*>", "", name).split("::") if p and not p.startswith("{")]
    if not parts:
        return "", ""
    kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
    return ".".join(kept), "::".join(parts[:-1])


# --- Ruby, PHP, Elixir ----------------------------------------------------------------------------------

_RUBY = re.compile(r"(?<![^\s\[(\"'])((?:[A-Za-z]:)?[^\s:'\"`()\[\]]++):(\d+):in [`']([^'\n]*)'")
_RUBY_NOISE = re.compile(r"^(?:(?:block|rescue|ensure|else)(?: \(\d+ levels\))? in )+|<[^<>]*>")
_PHP = re.compile(r"\s*#\d+ (?:([^\s()][^()\n]*)\((\d+)\)|\[internal function\]): ([\w\\:>{}$-]+)")
_PHP_THROWN = re.compile(r"(?:in|at) ([^\s()\"']+\.php)(?::| on line )(\d+)")
_ELIXIR = re.compile(r"\s*(?:\([\w. -]+\) )?([^\s:()]+\.exs?):(\d+): ([\w.!?]+)/\d+")


def ruby(lines: Lines, i: int) -> Iterator[Raw]:
    """Ruby: "app/orders.rb:12:in `place'", printed either way round."""
    if ":in " in lines[i]:
        for m in _RUBY.finditer(lines[i]):
            name = _RUBY_NOISE.sub("", m[3]).replace("#", ".").replace("::", ".")
            upside = bool(re.match(r"\s+\d+: from ", lines[i]))
            yield Raw(clean_path(m[1]), int(m[2]), name.strip(), whole=_whole(lines[i]), last=upside)


def php(lines: Lines, i: int) -> Iterator[Raw]:
    """PHP: `#0 /app/Order.php(12): Shop\\OrderService->place()`, and where it was thrown.

    PHP prints the caller's place beside the callee's name, so names are moved one call outwards.
    """
    line = lines[i]
    if m := _PHP.match(line):
        symbol, owner = _php_callee(lines, i + 1)
        if m[1] or owner:
            yield Raw(clean_path(m[1] or ""), int(m[2] or 0), symbol, owner)
    elif ".php" in line and not line.lstrip().startswith("thrown in") and (t := _PHP_THROWN.search(line)):
        traced = any(_PHP.match(after) for after in lines[i + 1 : i + 3])
        symbol, owner = _php_callee(lines, i + 1) if traced else ("", "")
        yield Raw(clean_path(t[1]), int(t[2]), symbol, owner, whole=traced)


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
        yield Raw(m[1], int(m[2]), f"{owner.rpartition('.')[2]}.{name}".strip("."), owner)


# --- C, C++, Dart ---------------------------------------------------------------------------------------

_NATIVE = re.compile(r"\s*#\d+:?\s+(?:0x[0-9a-fA-F]+\s+)?(?:in\s+)?(\S[^\n]*)$")
_NATIVE_POS = re.compile(r"(?:^|[\s(])((?:package:|[A-Za-z]:[\\/])?[^\s():]+\.\w+):(\d+)(?::\d+)?\)?\s*$")
_NATIVE_SO = re.compile(r"(?: from |\()(/[^\s()+]+)")
_VALGRIND = re.compile(r"(?:at|by) 0x[0-9A-Fa-f]+: ([^\n(]+?)(?:\([^()\n]*\))? \(([^()\n]*?)(?::(\d+))?\)")


def native(lines: Lines, i: int) -> Iterator[Raw]:
    """C and C++ as gdb, the sanitizers and valgrind print them; Dart."""
    line = lines[i]
    if "0x" in line and (v := _VALGRIND.search(line)):
        path = v[2] if v[3] else v[2].removeprefix("in ")
        yield Raw(clean_path(path), int(v[3] or 0), *scoped_name(v[1]))
    elif (m := _NATIVE.match(line)) and not _PHP.match(line):
        where = _NATIVE_POS.search(m[1])
        object_ = _NATIVE_SO.search(m[1])
        name = m[1][: where.start()] if where else m[1]
        name = re.split(r" ?\(| /| at | from | [A-Za-z]:[\\/]", name, maxsplit=1)[0].strip()
        if (where or object_ or "0x" in line) and (" " not in name or "operator" in name or "<" in name):
            path = where[1] if where else object_[1] if object_ else ""
            yield Raw(clean_path(path), int(where[2]) if where else 0, *scoped_name(name))


def _whole(line: str) -> bool:
    return line.lstrip(" \t>|│E").startswith(("at ", "File ", "bei ", "from ", "à ", "в ", "em ", "en ")) or (
        ":in " in line[:300] and not line[:1].isspace()
    )


RECOGNISERS: tuple[Callable[[Lines, int], Iterator[Raw]], ...] = (
    python, jvm, go, rust, dotnet, javascript, ruby, php, native, elixir,
)  # fmt: skip
"""In the order tried: the first that knows a line has it."""
