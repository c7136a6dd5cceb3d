"""How compiled languages print a call in a stack trace: one small recogniser per language.

A recogniser gets the lines and an index and yields the calls that the line shows. Every pattern is linear:
runs are possessive or end at a character that they cannot contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from summaries.patterns import pattern


class Raw(NamedTuple):
    """A call as printed, before its trace is known."""

    path: str
    line: int
    symbol: str
    module: str = ""
    whole: bool = True  # the line is nothing but this call
    height: int = 1  # how many lines it takes
    last: bool = False  # its trace prints the innermost call last
    package: str = ""  # the library that the line says it is of
    foreign: bool = False  # the line says that it is of the language itself


Lines = Sequence[str]
_AT = pattern(r"(?:^|(?<=\s))(?:at|bei|à|в|em|en)[ \t]+(?!0x)")
_HEX = pattern(r"::h[0-9a-f]{16}$")


def clean_path(path: str) -> str:
    """A printed path with "/" and without scheme, bundler prefix and query."""
    path = path.strip().strip("\"'").replace("\\", "/")
    path = re.sub(
        r"^(?:webpack(?:-internal)?:/{2,3}|file://|webpack-internal:/+|ng://)(?:\([^()]*\)/)?", "", path
    )
    path = path.split("?", 1)[0]
    return path[2:] if path.startswith("./") else path


def lineno(digits: str | None) -> int:
    """A printed line number; 0 where there is none, or one beyond reason."""
    return int(digits) if digits and len(digits) < 10 else 0


def pieces(line: str) -> list[str]:
    """What follows each "at" of a line: flattened traces put many on one."""
    return [p.strip() for p in _AT.split(line)[1:]]


def is_whole(line: str) -> bool:
    """Whether a line begins as one that is nothing but a call."""
    return line.lstrip(" \t>|│E").startswith(("at ", "File ", "bei ", "from ", "à ", "в ", "em ", "en ")) or (
        ":in " in line[:300] and not line[:1].isspace()
    )


# --- JVM ------------------------------------------------------------------------------------------------

_JVM = pattern(r"(?>(?:[\w.@-]*+/{1,2}+)*)([\w$.<>-]++)\(([^()\n]*)\)")
_JVM_BARE = pattern(r"\s{0,12}([\w$.<>]{1,400})\(([\w$-]{1,120}\.(?:java|kt|scala|groovy):\d{1,7})\)\s*$")
_JVM_WHERE = pattern(r"([\w$-]+\.(?:java|kt|kts|scala|groovy|clj))(?::(\d+))?$")
JVM_NOWHERE = ("Native Method", "Unknown Source", "<generated>")
_JVM_LAMBDA = pattern(r"(?:lambda|access|anonfun)\$+(?:new\$)?([A-Za-z_]\w*)\$")


def jvm(lines: Lines, i: int) -> Iterator[Raw]:
    """Java, Kotlin, Scala: `at com.shop.OrderService.place(OrderService.java:12)`, with or without the "at"."""
    if "(" not in lines[i]:
        return
    bare = ":" in lines[i] and _JVM_BARE.match(lines[i])
    for piece in [lines[i].strip()] if bare else pieces(lines[i]):
        m = _JVM.match(piece)
        if not m or "." not in m[1]:
            continue
        where = _JVM_WHERE.match(m[2].strip())
        if where or (m[2].strip() in JVM_NOWHERE):
            path, number = (where[1], lineno(where[2])) if where else ("", 0)
            owner, _, method = m[1].rpartition(".")
            yield Raw(path, number, *_jvm_name(owner, method, path), whole=bool(bare) or is_whole(lines[i]))


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


# --- Go -------------------------------------------------------------------------------------------------

_GO_POS = pattern(r"\s+((?:[A-Za-z]:)?[^\s:]+\.(?:go|s)):(\d+)(?:\s+\+0x[\da-f]+)?\s*$")
_GO_ADDRESSED = pattern(
    r"\s{0,12}((?:[A-Za-z]:)?[^\s:()]{1,400}\.(?:go|s)):(\d{1,7}) \(0x[\da-f]{1,16}\)\s*$"
)
_GO_SOURCE = pattern(r"\s{1,12}([\w.()*\[\]]{1,200}): ")  # below it: `(*Server).Start: s.listen()`
_GO_CALL = pattern(r"\s*(?:created by )?((?>(?:[^\s()]++|\(\*?[^\s()]++\)(?=\.))+))")
_GO_METHOD = pattern(
    r"(?<![\w.~%/@-])([\w.~%/@-]++)(?<=\.)\(\*?(\w+)(?:\[[^\]\s]{0,80}\])?\)\.(\w+)((?>(?:\.\w+)*))"
    r"(?:\([^()\n]{0,200}\))?(?:\s+([^\s:()]+\.go):(\d+))?"
)
_GO_CLOSURE = pattern(r"\.(?:func)?\d+(?=\.|$)|-fm$|\.gowrap\d+$|\.deferwrap\d+$|\[[^\[\]]*\]")


def go(lines: Lines, i: int) -> Iterator[Raw]:
    """Go: a function line over a tab and `file.go:12 +0x1f`; `pkg/path.(*Type).method` anywhere.

    And gin's recovery: `file.go:12 (0x1f2e)` over a tab, the function and its line of source.
    """
    line = lines[i]
    ahead = _GO_POS.match(lines[i + 1]) if i + 1 < len(lines) and ".go:" in lines[i + 1] else None
    if ahead and (m := _GO_CALL.match(line)) and ("." in m[1] or m[1] == "panic"):
        yield Raw(clean_path(ahead[1]), lineno(ahead[2]), *go_name(m[1]), height=2)
    elif "(0x" in line and (at := _GO_ADDRESSED.match(line)):
        below = _GO_SOURCE.match(lines[i + 1]) if i + 1 < len(lines) else None
        symbol = go_name(f"go.{below[1]}")[0] if below else ""
        yield Raw(clean_path(at[1]), lineno(at[2]), symbol, height=2 if below else 1)
    elif ".(" in line:
        for m in _GO_METHOD.finditer(line):
            symbol, module = go_name(f"{m[1]}(*{m[2]}).{m[3]}{m[4]}")
            yield Raw(clean_path(m[5] or ""), lineno(m[6]), symbol, module, whole=m.start() <= 4)


def go_name(name: str) -> tuple[str, str]:
    """("Service.stop", "github.com/acme/app") of "github.com/acme/app.(*Service).stop.func1"."""
    head, _, tail = name.rpartition("/")
    package, _, symbol = tail.partition(".")
    symbol = _GO_CLOSURE.sub("", symbol).replace("(*", "").replace("(", "").replace(")", "").strip(".")
    module = f"{head}/{package}" if head else package
    return (symbol, module) if symbol else (package, "")


# --- Rust -----------------------------------------------------------------------------------------------

RUST_FRAME = pattern(r"\s*\d+:\s+(?:0x[0-9a-f]+ - )?(\S.*)$")
_RUST_AT = pattern(r"\s+at ([^\n]+?):(\d+)(?::\d+)?\s*$")
_RUST_PANIC = pattern(r"panicked at (?:'[^\n]*', )?([^\s':,]+\.rs):(\d+)")


def rust(lines: Lines, i: int) -> Iterator[Raw]:
    """Rust: `4: shop::orders::place` over `at ./src/orders.rs:10:5`; the place of a panic."""
    line = lines[i]
    if "panicked at" in line and (p := _RUST_PANIC.search(line)):
        yield Raw(clean_path(p[1]), lineno(p[2]), "")
    elif (m := RUST_FRAME.match(line)) and ("::" in m[1] or m[1].startswith(("rust_", "_", "main"))):
        ahead = next((k for k in (1, 2) if i + k < len(lines) and _RUST_AT.match(lines[i + k])), 0)
        at = _RUST_AT.match(lines[i + ahead]) if ahead else None
        if at and (ahead == 1 or lines[i + 1].lstrip().startswith("with ")):  # a span's fields stand between
            yield Raw(clean_path(at[1]), lineno(at[2]), *scoped_name(m[1]), height=ahead + 1)
        elif "::" in m[1] and " " not in m[1].replace(" as ", ""):
            yield Raw("", 0, *scoped_name(m[1]))


def scoped_name(name: str) -> tuple[str, str]:
    """("OrderService.place", "shop::OrderService") of "shop::OrderService::place"."""
    name = _HEX.sub("", name.strip()[:300])
    name = re.sub(r"^<(?:&|mut |dyn )*([^<>]+?)(?: as [^<>]+(?:<[^<>]*>)?)?>", r"\1", name)
    parts = [p for p in re.sub(r"<[^<>]*>", "", name).split("::") if p and not p.startswith("{")]
    if not parts:
        return "", ""
    kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
    return ".".join(kept), "::".join(parts[:-1])


# --- C, C++, Dart ---------------------------------------------------------------------------------------

_NATIVE = pattern(r"\s*#\d+:?\s+(?:0x[0-9a-fA-F]+\s+)?(?:in\s+)?(\S[^\n]*)$")
_NATIVE_POS = pattern(r"(?:^|[\s(])((?:package:|[A-Za-z]:[\\/])?[^\s():]+\.\w+):(\d+)(?::\d+)?\)?\s*$")
_NATIVE_SO = pattern(r"(?: from |\()(/[^\s()+]+)")
_VALGRIND = pattern(r"(?:at|by) 0x[0-9A-Fa-f]+: ([^\n(]+?)(?:\([^()\n]*\))? \(([^()\n]*?)(?::(\d+))?\)")


def native(lines: Lines, i: int) -> Iterator[Raw]:
    """C and C++ as gdb, the sanitizers and valgrind print them; Dart."""
    line = lines[i]
    if "0x" in line and (v := _VALGRIND.search(line)):
        path = v[2] if v[3] else v[2].removeprefix("in ")
        yield Raw(clean_path(path), lineno(v[3]), *scoped_name(v[1]))
    elif m := _NATIVE.match(line):
        where = _NATIVE_POS.search(m[1])
        object_ = _NATIVE_SO.search(m[1])
        name = m[1][: where.start()] if where else m[1]
        name = re.split(r" ?\(| /| at | from | [A-Za-z]:[\\/]", name, maxsplit=1)[0].strip()
        if (where or object_ or "0x" in line) and (" " not in name or "operator" in name or "<" in name):
            path = where[1] if where else object_[1] if object_ else ""
            yield Raw(clean_path(path), lineno(where[2]) if where else 0, *scoped_name(name))
