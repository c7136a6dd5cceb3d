"""HTTP routes in code: which a file serves and which it calls.

A route stands in an annotation above a definition (its type's annotation is the prefix), or it is an argument
of a call whose name and receiver tell server from client. The names are in `parse_idioms`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from indexer.parse import frameworks as idioms
from indexer.parse.symbols import Placed
from summaries.types import Endpoint, Symbol


class Context(NamedTuple):
    """The call a literal is the first argument of: `client.get("/x"` is get on client."""

    callee: str
    on: str
    bracket: str  # "(" or "[", or " " where a language calls without
    mark: str  # "@", "#" or "[" before an annotation's name


_ROUTE = re.compile(rb"/[\w\-.~{}:*?<>$()\[\]|^+@%!,=&#/\\;]*$")
_LOOSE = re.compile(rb"[\^\w\-.~{}:*?<>$()\[\]|+/\\%]{0,200}$")
_LEAD = re.compile(rb"(?:\$?\{[^{}]{1,80}\}|\$\w{1,60}|%s|#\{[^{}]{1,80}\})(?=/)")
_ABSOLUTE = re.compile(rb"https?://[^\s/]{1,200}(/[^\s]*)?$")
_WITH_VERB = re.compile(rb"(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\s+(?:[\w.]*)(/\S*)$")
_VERB_NAMED = re.compile(
    rb"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b|[mM]ethod[s.:=_\s]{0,4}[\[({\s]{0,3}['\"]?"
    rb"(get|post|put|delete|patch|Get|Post|Put|Delete|Patch)\b"
)
_HANDLER = re.compile(
    rb"\s*,\s*(?:async\b|function\b|func\b|\(|fn\b|\||\[|[@&\w][\w.:>]*(?:\([^()]{0,80}\))?\s*[,)]"
    rb"|\w+\s*=>|to:|=>)"
)
_SURE_HANDLER = re.compile(
    rb"\s*,\s*(?:async\b|function\b|func\b|\([\w\s,:{}]{0,60}\)\s*(?:=>|->)|\w+\s*=>|\|)"
)
_BOUND = re.compile(rb"\s*(?:,\s*(?:\w+::)*|\)\s*\.)(get|post|put|delete|patch)\(")  # Axum, Express
_ASSIGNED = re.compile(rb"([A-Za-z_]\w*)\s*(?::=|=)[^=]")
_OPENED = re.compile(rb"(?:([\w$)]+)\s*(?:\.|::|->)\s*)?([\w$]+)(?:<[^<>()]{0,60}>)?\s*$")
_OPTION = re.compile(rb"(?:^|[\s{,(])['\"]?(url|uri|path|URL)['\"]?\s*[:=]\s*$")
_ARGUMENT = re.compile(rb"([A-Za-z_]\w*)\s*=\s*[\[{(]?\s*$")
_PROTO_HTTP = re.compile(rb"\b(get|post|put|delete|patch)\s*:\s*$")
_BARE = re.compile(
    rb"@(Get|Post|Put|Delete|Patch)Mapping\b(?!\s*\(\s*[\"\w{])"
    rb"|@(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b(?!\s*\()|\[Http(Get|Post|Put|Delete|Patch)(?:\(\))?\s*[\],]|@(Get|Post|Put|Delete|Patch)\(\s*\)"
)
_BARE_MARKS = (
    b"Mapping",
    b"@GET",
    b"@POST",
    b"@PUT",
    b"@DELETE",
    b"[Http",
    b"@Get(",
    b"@Post(",
    b"@Put(",
    b"@Delete(",
)
_WITHOUT_RECEIVER = frozenset({"kotlin", "ruby", "scala"})
_TRUSTED = frozenset(
    {"kotlin", "ruby", "php", "csharp", "rust"}
)  # a verb on a server binds, handler seen or not
_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})


class Routes:
    """Collects the routes of one file: `see` every literal, then `done`."""

    def __init__(self, data: bytes, language: str, placed: Sequence[Placed]) -> None:
        self._data = data
        self._language = language
        self._placed = placed
        annotated = b"@" in data or b"#[" in data or (language == "csharp" and b"[" in data)
        self._starts = [p.start for p in placed] if annotated else []
        self._serves: dict[tuple[str, str], Endpoint] = {}
        self._calls: dict[tuple[str, str], Endpoint] = {}
        self._above: dict[int, list[tuple[str, str, int]]] = {}  # definition -> annotated (verb, route, row)
        self._prefixes: dict[str, str] = {}  # variable -> prefix of the routes bound on it

    def see(self, start: int, end: int, row: int, text: bytes, where: Context | None) -> None:
        """Judges one literal by the annotation or call it stands in."""
        if self._starts:
            near = bisect_right(self._starts, start) - 1
            if near >= 0 and start < self._placed[near].name_start:
                self._annotation(near, start, row, text, where)
                return
        slashed = text[:1] in (b"/", b"$", b"{", b"%", b"#") or text.startswith(b"http")
        if not slashed and not where:
            return
        if where and where.callee in idioms.URLCONF and self._language == "python" and not where.on:
            if _LOOSE.match(text) and self._data[end : end + 20].lstrip().startswith(b","):
                self._serve("", "/" + text.strip(b"^$").decode("utf-8", "replace"), row, "")
        elif where and (spoken := _WITH_VERB.match(text)):
            if where.callee.lower() in idioms.SERVED:
                self._serve(spoken[1].decode(), spoken[2].decode("utf-8", "replace"), row, where.on)
        elif slashed:
            lead = _LEAD.match(text)
            route = text[lead.end() :] if lead else text
            outward = bool(lead) or bool(_ABSOLUTE.match(text))
            if route.startswith(b"http") or _ROUTE.match(route):
                self._argument(start, end, row, route.decode("utf-8", "replace"), where, outward)
        elif where and _LOOSE.match(text):
            self._relative(end, row, text.decode("utf-8", "replace"), where)

    def _annotation(self, index: int, start: int, row: int, text: bytes, where: Context | None) -> None:
        """A literal between the start of a definition and its name."""
        if len(text) > 200 or not _LOOSE.match(text):
            return
        floor, name_start = self._placed[index].start, self._placed[index].name_start
        head = self._data[floor:start]
        callee = where.callee if where else ""
        if not callee:
            argument = _ARGUMENT.search(head[-60:])
            opened = _opened(self._data, start, floor)
            if not opened or (argument and argument[1] not in idioms.ROUTE_ARGUMENTS):
                return
            if not argument and not text.startswith(b"/"):
                return
            callee = opened[0]
        verb = idioms.VERB_OF.get(callee, "")
        if callee.islower() and not text.startswith(b"/"):
            return  # @mock.patch("a.b"); frameworks of these names write the slash
        if not verb:
            if callee not in idioms.ANNOTATED:
                return
            rest = self._data[start + len(text) : min(name_start, start + 300)].split(b"\n@", 1)[0]
            verb = _verb(rest) or (_verb(head[-120:]) if callee == "RequestMapping" else "")
        elif (callee.isupper() and self._language in ("java", "kotlin")) or callee.endswith("Exchange"):
            verb = "call:" + verb  # Retrofit and Spring's exchange interfaces are clients
        route = (self._prefixes.get(where.on, "") if where else "") + text.decode("utf-8", "replace")
        self._above.setdefault(index, []).append((verb, route, row))

    def _relative(self, end: int, row: int, route: str, where: Context) -> None:
        """Routes that a framework lets one write without the leading slash."""
        verb = idioms.VERB_OF.get(where.callee, "")
        if where.callee.startswith("Map") and verb:
            self._serve(verb, "/" + route, row, where.on)
        elif self._language == "ruby" and verb and where.bracket == " " and not where.on:
            line = self._data[end : end + 60].split(b"\n", 1)[0]
            if b"to:" in line or line.lstrip().startswith(b"=>"):
                self._serve(verb, "/" + route, row, "")

    def _argument(
        self, start: int, end: int, row: int, route: str, where: Context | None, outward: bool
    ) -> None:
        """A route or URL among the arguments of a call."""
        data, language = self._data, self._language
        before, after = data[max(0, start - 120) : start], data[end : end + 160]
        if language == "proto":
            if bound := _PROTO_HTTP.search(before):
                self._serve(bound[1].decode().upper(), route, row, "")
            return
        if language == "shell":
            if outward and b"curl" in data[data.rfind(b"\n", 0, start) + 1 : start]:
                self._call(_verb(before[-60:]), route, row)
            return
        opened = (where.callee, where.on) if where else _opened(data, start, 0)
        if opened is None or (where and where.bracket == "["):
            return
        callee, on = opened
        lower = callee.lower().replace("_", "")
        if lower in idioms.GROUPS:
            if assigned := _ASSIGNED.search(data[data.rfind(b"\n", 0, start) + 1 : start]):
                self._prefixes[assigned[1].decode()] = self._prefixes.get(on, "") + route.rstrip("/")
        elif _OPTION.search(before[-30:]):
            inside = after.split(b"}", 1)[0]
            verb = _verb(before.rpartition(b"{")[2]) or _verb(inside)
            if b"handler" in inside or lower == "route":
                self._serve(verb, route, row, on)
            elif verb or callee in idioms.CALLED or idioms.CLIENT.search(callee):
                self._call(verb, route, row)
        elif where is None and before.rstrip()[-1:] not in (b",", b"+", b"("):
            return
        elif (verb := idioms.VERB_OF.get(callee, "")) and not callee.startswith("Http"):
            self._verb_call(verb, route, row, callee, on, before, after, outward)
        elif callee in idioms.CALLED:
            said = (
                idioms.CALLED[callee]
                or _verb(before[-60:])
                or _verb(after.split(b";", 1)[0].split(b"\n\n")[0])
            )
            if outward or callee not in idioms.UNSURE_CALLED or _verb(before[-40:]):
                self._call(said, route, row)
        elif not outward and (
            lower in idioms.SERVED
            or lower.endswith(idioms.REGISTERS)
            or (lower in idioms.SERVED_ON_SERVER and idioms.SERVER.match(on))
        ):
            bound = _BOUND.match(after)
            said = _verb(before.rpartition(b"(")[2]) or _verb(after.split(b"\n", 1)[0])
            self._serve(bound[1].decode().upper() if bound else said, route, row, on)

    def _verb_call(
        self,
        verb: str,
        route: str,
        row: int,
        callee: str,
        on: str,
        before: bytes,
        after: bytes,
        outward: bool,
    ) -> None:
        """get("/x"): a server's binding or a client's call."""
        server = bool(idioms.SERVER.match(on)) or on in ("Route", "Router")
        if outward or (on and not server and idioms.CLIENT.search(on)):
            self._call(verb, route, row)
        elif _SURE_HANDLER.match(after) or (not on and self._language in _WITHOUT_RECEIVER):
            self._serve(verb, route, row, on)
        elif server and on.lower() == "api" and self._language in _SCRIPTS:
            self._call(verb, route, row)
        elif server:
            if self._language in _TRUSTED or _HANDLER.match(after):
                self._serve(verb, route, row, on)
        elif not after.lstrip().startswith(b",") and before.rstrip()[:-1].endswith(callee.encode()):
            self._call(verb, route, row)

    def _serve(self, verb: str, route: str, row: int, on: str) -> None:
        route = _tidy(self._prefixes.get(on, "") + route)
        self._serves.setdefault((verb, route), Endpoint(verb, route, row + 1))

    def _call(self, verb: str, route: str, row: int) -> None:
        route = _tidy(route)
        if route != "/":
            self._calls.setdefault((verb, route), Endpoint(verb, route, row + 1))

    def done(self) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
        """Routes served and called, annotated ones joined with the prefix of their type."""
        if self._starts and any(mark in self._data for mark in _BARE_MARKS):
            self._bare()
        types = {i for i in self._above if self._placed[i].symbol.kind in ("class", "interface")}
        joined = {self._placed[i].parent for i in self._above if i not in types}
        verbs: dict[int, list[Symbol]] = {}
        for place in self._placed if types - joined else ():
            if place.symbol.name.lower() in idioms.VERBS:
                verbs.setdefault(place.parent, []).append(place.symbol)
        for index, said in sorted(self._above.items()):
            if index not in types:
                self._method(index, said)
            elif index not in joined:
                self._type(index, said, verbs.get(index, []))
        by_line = sorted(self._serves.values(), key=lambda e: e.line)
        return tuple(by_line), tuple(sorted(self._calls.values(), key=lambda e: e.line))

    def _method(self, index: int, said: list[tuple[str, str, int]]) -> None:
        parent = self._placed[index].parent
        prefix, owner, client = "", "", False
        if parent >= 0:
            above = self._placed[parent]
            prefix = next((route for _, route, _ in self._above.get(parent, ())), "")
            owner = above.symbol.name
            client = any(word in self._data[above.start : above.name_start] for word in idioms.CLIENT_TYPES)
        verb = next((v for v, _, _ in said if v), "")
        for route, row in [(r, row) for _, r, row in said if r] or [("", said[0][2])]:
            full = _join(prefix, route, owner, self._placed[index].symbol.name)
            if client or verb.startswith("call:"):
                self._call(verb.removeprefix("call:"), full, row)
            else:
                self._serve(verb, full, row, "")

    def _type(self, index: int, said: list[tuple[str, str, int]], bound: list[Symbol]) -> None:
        """A type with a route whose methods have none: their names may be the verbs."""
        verb, prefix, row = said[0]
        route = _join("", prefix, self._placed[index].symbol.name, "")
        for symbol in bound:
            self._serve(symbol.name.upper(), route, symbol.start - 1, "")
        if not bound and route != "/":
            self._serve(verb, route, row, "")

    def _bare(self) -> None:
        """Annotations that name a verb and no route: `@GET`, `@PostMapping`, `[HttpGet]`."""
        row, at = 0, 0
        for found in _BARE.finditer(self._data):
            near = bisect_right(self._starts, found.start()) - 1
            if near >= 0 and found.start() < self._placed[near].name_start:
                verb = (found[1] or found[2] or found[3] or found[4]).decode().upper()
                row, at = row + self._data.count(b"\n", at, found.start()), found.start()
                self._above.setdefault(near, []).append((verb, "", row))


def _verb(text: bytes) -> str:
    found = _VERB_NAMED.search(text)
    return (found[1] or found[2]).decode().upper() if found else ""


def _opened(data: bytes, start: int, floor: int) -> tuple[str, str] | None:
    """The call whose parenthesis is still open at `start`: (name, what it is called on)."""
    window = data[max(floor, start - 300) : start]
    depth = 0
    for at in range(len(window) - 1, -1, -1):
        char = window[at]
        if char == 0x29:  # )
            depth += 1
        elif char == 0x28:  # (
            if depth == 0:
                found = _OPENED.search(window[max(0, at - 120) : at])
                return (found[2].decode(), (found[1] or b"").decode()) if found else None
            depth -= 1
        elif char == 0x3B and depth == 0:  # ;
            return None
    return None


def _join(prefix: str, route: str, owner: str, name: str) -> str:
    if route.startswith("~/"):
        prefix, route = "", route[1:]
    if "[" in prefix or "[" in route:
        controller = owner.removesuffix("Controller").lower()
        prefix, route = (
            p.replace("[controller]", controller).replace("[action]", name) for p in (prefix, route)
        )
    return "/" + "/".join(part.strip("/") for part in (prefix, route) if part.strip("/"))


_FILLED = re.compile(r"[$#]\{")
_SLASHES = re.compile(r"(?<!:)/{2,}")


def _tidy(route: str) -> str:
    """As written, but template placeholders as {x} and no doubled or trailing slash."""
    return (_SLASHES.sub("/", _FILLED.sub("{", route)).rstrip("/") or "/")[:200]
