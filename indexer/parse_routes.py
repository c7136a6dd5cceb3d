"""HTTP routes in code: which a file serves and which it calls.

The frameworks' idioms are one table of names. A route stands in an annotation above a definition (its type's
annotation is the prefix), or it is an argument of a call whose name and receiver tell server from client.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from summaries.types import Endpoint

if TYPE_CHECKING:
    from indexer.extract import Placed
    from indexer.parse_calls import Context

_VERBS: Final = ("get", "post", "put", "delete", "patch", "head", "options")
_VERB_OF: Final = {
    name: verb.upper()
    for verb in _VERBS
    for name in (
        verb,
        verb.upper(),
        verb.title(),
        f"{verb.title()}Mapping",
        f"Http{verb.title()}",
        f"Map{verb.title()}",
        f"{verb.title()}Exchange",
        f"http_{verb}",
        f"add_{verb}",
    )
}
_ANNOTATED: Final = frozenset(
    "RequestMapping Path Route route Controller RestController JsonController ApplicationPath RoutePrefix WebServlet "
    "HttpExchange add_url_rule expose api_view action websocket".split()
)
_SERVED: Final = frozenset(
    "handle handlefunc route addroute add_route add_url_rule add_api_route add_resource mapmethods all any match method "
    "methodfunc add resource addhandler registerhandler handler map".split()
)
_URLCONF: Final = frozenset({"path", "re_path", "url"})
_CALLED: Final = {
    "fetch": "",
    "request": "",
    "request_async": "",
    "Request": "",
    "urlopen": "GET",
    "NewRequest": "",
    "NewRequestWithContext": "",
    "getForObject": "GET",
    "getForEntity": "GET",
    "postForObject": "POST",
    "postForEntity": "POST",
    "postForLocation": "POST",
    "patchForObject": "PATCH",
    "exchange": "",
    "uri": "",
    "ajax": "",
    "axios": "",
    "getJSON": "GET",
    "open": "",
    "PostForm": "POST",
    "GetAsync": "GET",
    "GetStringAsync": "GET",
    "GetFromJsonAsync": "GET",
    "PostAsync": "POST",
    "PostAsJsonAsync": "POST",
    "PutAsync": "PUT",
    "PutAsJsonAsync": "PUT",
    "DeleteAsync": "DELETE",
    "PatchAsync": "PATCH",
    "HttpGet": "GET",
    "HttpPost": "POST",
    "HttpPut": "PUT",
    "HttpDelete": "DELETE",
    "HttpPatch": "PATCH",
    "URL": "",
}
_CLIENT = re.compile(
    r"axios|http|client|request|fetch|session|rest|agent|curl|faraday|httparty|guzzle|unirest|superagent|got|ky|"
    r"urllib|webtarget|caller|\$",
    re.IGNORECASE,
)
_SERVER = re.compile(
    r"(?:app|api|router?|routes?|r|e|g|rg|mux|srv|server|group|fastify|engine|web|v\d+|blueprint|bp|root|echo|gin|chi|"
    r"endpoints|\w*router|\w*routes?|\w*group|\w*app|\w*mux|\w*blueprint|\w*_bp)$",
    re.IGNORECASE,
)
_GROUPS: Final = frozenset({"group", "routergroup", "apirouter", "blueprint", "pathprefix", "mapgroup", "subrouter"})

_ROUTE = re.compile(rb"/[\w\-.~{}:*?<>$()\[\]|^+@%!,=&#/\\;]*$")
_LOOSE = re.compile(rb"[\^\w\-.~{}:*?<>$()\[\]|+/\\%]{0,200}$")
_LEAD = re.compile(rb"(?:\$?\{[^{}]{1,80}\}|\$\w{1,60}|%s|#\{[^{}]{1,80}\})(?=/)")
_ABSOLUTE = re.compile(rb"https?://[^\s/]{1,200}(/[^\s]*)?$")
_WITH_VERB = re.compile(rb"(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\s+(?:[\w.]*)(/\S*)$")
_VERB_NAMED = re.compile(
    rb"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b|[mM]ethod[s.:=_\s]{0,4}[\[({\s]{0,3}['\"]?"
    rb"(get|post|put|delete|patch|Get|Post|Put|Delete|Patch)\b",
)
_HANDLER = re.compile(
    rb"\s*,\s*(?:async\b|function\b|func\b|\(|fn\b|\||\[|[A-Z@&\w][\w.:>]*(?:\([^()]{0,80}\))?\s*[,)]|\w+\s*=>|to:|=>)"
)
_HANDLER_SURE = re.compile(rb"\s*,\s*(?:async\b|function\b|func\b|\([\w\s,:{}]{0,60}\)\s*(?:=>|->)|\w+\s*=>|\|)")
_AXUM = re.compile(rb"\s*,\s*(?:\w+::)*(get|post|put|delete|patch)\(")
_ASSIGNED = re.compile(rb"([A-Za-z_]\w*)\s*(?::=|=)[^=]")
_OPENED = re.compile(rb"(?:([\w$)]+)\s*(?:\.|::|->)\s*)?([\w$]+)(?:<[^<>()]{0,60}>)?\s*$")
_OPTION = re.compile(rb"(?:^|[\s{,(])['\"]?(url|uri|path|URL)['\"]?\s*[:=]\s*$")
_ARGUMENT = re.compile(rb"([A-Za-z_]\w*)\s*=\s*[\[{(]?\s*$")
_FEIGN = (b"FeignClient", b"RegisterRestClient", b"HttpExchange")
_BARE = re.compile(
    rb"@(Get|Post|Put|Delete|Patch)Mapping\b(?!\s*\(\s*[\"\w{])|@(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b(?!\s*\()"
    rb"|\[Http(Get|Post|Put|Delete|Patch)(?:\(\))?\s*[\],]|@(Get|Post|Put|Delete|Patch)\(\s*\)"
)


class Routes:
    """Collects the routes of one file: `see` every literal, then `done`."""

    def __init__(self, data: bytes, language: str, placed: Sequence[Placed]) -> None:
        self._data = data
        self._language = language
        self._placed = placed
        self._starts = [p.start for p in placed]
        self._serves: dict[tuple[str, str], Endpoint] = {}
        self._calls: dict[tuple[str, str], Endpoint] = {}
        self._above: dict[int, list[tuple[str, str, int]]] = {}  # definition -> (verb, route, row) annotated
        self._prefixes: dict[str, str] = {}

    def see(self, start: int, end: int, row: int, text: bytes, where: Context | None) -> None:
        """Judges one literal by the annotation or call it stands in."""
        near = bisect_right(self._starts, start) - 1
        if near >= 0 and start < self._placed[near].name_start:
            self._annotation(near, start, row, text, where)
            return
        if where and where.callee in _URLCONF and self._language == "python":
            if _LOOSE.match(text) and b"," in self._data[end : end + 20]:
                self._serve("", text.strip(b"^$").decode("utf-8", "replace"), row, "")
            return
        spoken = _WITH_VERB.match(text)
        if spoken and where and where.callee.lower() in _SERVED:
            self._serve(spoken[1].decode(), spoken[2].decode("utf-8", "replace"), row, where.on)
            return
        lead = _LEAD.match(text)
        route = text[lead.end() :] if lead else text
        absolute = bool(_ABSOLUTE.match(text))
        if not (absolute or _ROUTE.match(route)):
            if self._language == "ruby" and where and where.callee in _VERBS and where.bracket == " " and not where.on:
                self._ruby(end, row, text, where)
            elif where and where.callee.startswith("Map") and where.callee in _VERB_OF and _LOOSE.match(text):
                self._serve(_VERB_OF[where.callee], "/" + text.decode("utf-8", "replace"), row, where.on)
            return
        self._call(start, end, row, route.decode("utf-8", "replace"), where, absolute or bool(lead))

    def _annotation(self, index: int, start: int, row: int, text: bytes, where: Context | None) -> None:
        head = self._data[self._placed[index].start : start]
        argument = _ARGUMENT.search(head[-60:])
        callee = where.callee if where else ""
        if not callee:
            opened = _opened(self._data, start, self._placed[index].start)
            if not opened or (argument and argument[1] not in (b"value", b"path", b"Path", b"prefix", b"url")):
                return
            callee = opened[0]
            if not argument and not text.startswith(b"/"):
                return
        verb = _VERB_OF.get(callee, "")
        if not verb and callee not in _ANNOTATED:
            return
        if not _LOOSE.match(text) or len(text) > 200:
            return
        if not verb:
            rest = self._data[start : self._placed[index].name_start][:300]
            named = _VERB_NAMED.search(rest[len(text) :].split(b"\n@", 1)[0]) or (
                _VERB_NAMED.search(head[-120:]) if callee == "RequestMapping" else None
            )
            verb = (named[1] or named[2]).decode().upper() if named else ""
        self._above.setdefault(index, []).append((verb, text.decode("utf-8", "replace"), row))
        if callee.isupper() or callee.endswith("Exchange"):  # Retrofit and Spring's exchange interfaces are clients
            self._above[index][-1] = ("call:" + verb, *self._above[index][-1][1:])

    def _ruby(self, end: int, row: int, text: bytes, where: Context) -> None:
        if b"to:" in self._data[end : end + 60].split(b"\n")[0] or b"=>" in self._data[end : end + 6]:
            self._serve(where.callee.upper(), "/" + text.decode("utf-8", "replace"), row, "")

    def _call(self, start: int, end: int, row: int, route: str, where: Context | None, outward: bool) -> None:
        data = self._data
        if where:
            callee, on = where.callee, where.on
            if where.bracket == "[":
                return
        else:
            opened = _opened(data, start, 0)
            if opened is None:
                return
            callee, on = opened
        before = data[max(0, start - 120) : start]
        after = data[end : end + 160]
        lower = callee.lower()
        verb = _VERB_OF.get(callee, "") if not callee.startswith("Http") else ""
        if lower in _GROUPS:
            line = data[data.rfind(b"\n", 0, start) + 1 : start]
            assigned = _ASSIGNED.search(line)
            if assigned:
                self._prefixes[assigned[1].decode()] = self._prefixes.get(on, "") + route.rstrip("/")
            return
        option = _OPTION.search(before[-30:])
        if option:
            named = _VERB_NAMED.search(before.rpartition(b"{")[2]) or _VERB_NAMED.search(after.split(b"}", 1)[0])
            said = (named[1] or named[2]).decode().upper() if named else ""
            if b"handler" in after or lower == "route":
                self._serve(said, route, row, on)
            elif said or callee in _CALLED or _CLIENT.search(callee):
                self._out(said, route, row)
            return
        if where is None and before.rstrip()[-1:] not in (b",", b"+", b"("):
            return
        if verb:
            if outward or (on and _CLIENT.search(on) and not _SERVER.match(on)):
                self._out(verb, route, row)
            elif _HANDLER_SURE.match(after):
                self._serve(verb, route, row, on)
            elif on and _SERVER.match(on):
                if on.lower() == "api" and self._language in ("javascript", "typescript", "tsx"):
                    self._out(verb, route, row)
                elif _HANDLER.match(after) or self._language in ("kotlin", "ruby", "php", "csharp", "rust"):
                    self._serve(verb, route, row, on)
            elif not on and self._language in ("kotlin", "ruby", "scala"):
                self._serve(verb, route, row, on)
            elif on in ("Route", "Router"):
                self._serve(verb, route, row, on)
            elif not after.lstrip().startswith(b",") and before.rstrip()[-len(callee) - 1 :].startswith(callee.encode()):
                self._out(verb, route, row)
            return
        if callee in _CALLED:
            if callee in ("open", "URL", "uri", "Request") and not (outward or _VERB_NAMED.search(before[-40:]) or callee == "uri"):
                return
            named = _VERB_NAMED.search(before[-60:]) or _VERB_NAMED.search(after.split(b"\n\n")[0])
            self._out(_CALLED[callee] or ((named[1] or named[2]).decode().upper() if named else ""), route, row)
            return
        if lower in _SERVED and not outward:
            if lower in ("add", "all", "any", "match", "method", "resource", "handler", "map") and not _SERVER.match(on) and on not in ("Route", "web"):
                return
            axum = _AXUM.match(after)
            named = _VERB_NAMED.search(before.rpartition(b"(")[2]) or _VERB_NAMED.search(after.split(b"\n", 1)[0])
            said = axum[1].decode().upper() if axum else (named[1] or named[2]).decode().upper() if named else ""
            self._serve(said, route, row, on)

    def _serve(self, verb: str, route: str, row: int, on: str) -> None:
        route = _tidy(self._prefixes.get(on, "") + route)
        self._serves.setdefault((verb, route), Endpoint(verb, route, row + 1))

    def _out(self, verb: str, route: str, row: int) -> None:
        route = _tidy(route)
        if route != "/":
            self._calls.setdefault((verb, route), Endpoint(verb, route, row + 1))

    def done(self) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
        """Routes served and called, annotated ones joined with the prefix of their type."""
        self._bare()
        used: set[int] = set()
        for index, said in sorted(self._above.items()):
            place = self._placed[index]
            if place.symbol.kind in ("class", "interface"):
                continue
            parent = place.parent
            prefix = "" if parent < 0 else next((r for _, r, _ in self._above.get(parent, ())), "")
            feign = parent >= 0 and any(
                word in self._data[self._placed[parent].start : self._placed[parent].name_start] for word in _FEIGN
            )
            used.add(parent)
            verb = next((v for v, _, _ in said if v), "")
            routes = [(r, row) for _, r, row in said if r] or [("", said[0][2])]
            for route, row in routes:
                owner = self._placed[parent].symbol.name if parent >= 0 else ""
                full = _join(prefix, route, owner, place.symbol.name)
                if feign or verb.startswith("call:"):
                    self._out(verb.removeprefix("call:"), full, row)
                else:
                    self._serve(verb, full, row, "")
        for index, said in self._above.items():
            place = self._placed[index]
            if place.symbol.kind in ("class", "interface") and index not in used:
                verbs = [p for p in self._placed if p.parent == index and p.symbol.name.lower() in _VERBS]
                for child in verbs:
                    self._serve(child.symbol.name.upper(), _join("", said[0][1], "", ""), child.symbol.start - 1, "")
                if not verbs and said[0][1].strip("/"):
                    self._serve(said[0][0], _join("", said[0][1], place.symbol.name, ""), said[0][2], "")
        return tuple(self._serves.values()), tuple(self._calls.values())

    def _bare(self) -> None:
        """Annotations that name a verb and no route: `@GET`, `@PostMapping`, `[HttpGet]`."""
        data = self._data
        if not any(word in data for word in (b"Mapping", b"@GET", b"@POST", b"@PUT", b"@DELETE", b"[Http", b"@Get(", b"@Post(")):
            return
        for found in _BARE.finditer(data):
            near = bisect_right(self._starts, found.start()) - 1
            if near < 0 or found.start() >= self._placed[near].name_start:
                continue
            verb = (found[1] or found[2] or found[3] or found[4]).decode().upper()
            row = data.count(b"\n", 0, found.start())
            said = self._above.setdefault(near, [])
            said.append((verb, "", row))


def _opened(data: bytes, start: int, floor: int) -> tuple[str, str] | None:
    """The call whose parenthesis is still open at `start`: (name, what it is called on)."""
    window = data[max(floor, start - 300) : start]
    depth = 0
    for at in range(len(window) - 1, -1, -1):
        char = window[at]
        if char == 41:  # )
            depth += 1
        elif char == 40:  # (
            if depth == 0:
                found = _OPENED.search(window[max(0, at - 120) : at])
                if not found:
                    return None
                return found[2].decode("utf-8", "replace"), (found[1] or b"").decode("utf-8", "replace")
            depth -= 1
        elif char == 59 and depth == 0:  # ;
            return None
    return None


def _join(prefix: str, route: str, owner: str, name: str) -> str:
    if route.startswith("~/"):
        prefix, route = "", route[1:]
    if "[" in prefix or "[" in route:
        controller = owner.removesuffix("Controller").lower()
        prefix, route = (p.replace("[controller]", controller).replace("[action]", name) for p in (prefix, route))
    return "/" + "/".join(part.strip("/") for part in (prefix, route) if part.strip("/"))


def _tidy(route: str) -> str:
    """As written, but template placeholders as {x} and no doubled or trailing slash."""
    route = re.sub(r"[$#]\{", "{", route)
    if "://" not in route:
        route = re.sub(r"/{2,}", "/", route)
    return (route.rstrip("/") or "/")[:200]
