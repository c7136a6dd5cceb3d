"""Routing tables in YAML, TOML and properties: what a gateway serves and what it passes requests on to.

Kubernetes Ingress and Gateway API, Envoy, Traefik, Kong, Spring Cloud Gateway and Istio. Lines are read, not
documents: templated manifests still give their routes. A file is asked only if one of the marks stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from summaries.types import Endpoint

_MAX: Final = 300
_LONG: Final = 1_000  # bytes of a line that are read

_MARKS = re.compile(
    rb"kind:[ \t]*[\"']?(?:Ingress|IngressRoute|HTTPRoute|GRPCRoute|VirtualService|KongIngress|Middleware)\b"
    rb"|virtual_hosts[\"']?:|route_config[\"']?:|PathPrefix\(|\bPath\(`|_format_version:|strip_path:"
    rb"|predicates(?:\[\d{1,4}\])?\s{0,4}[:=.]|spring\.cloud\.gateway|lb://|zuul\.routes"
)
_PARTS = (  # one of them stands in every mark: to look for plain bytes takes a thirtieth of the time
    *(
        b"kind:",
        b"virtual_hosts",
        b"route_config",
        b"Path",
        b"_format_version:",
        b"strip_path:",
        b"predicates",
    ),
    *(b"spring.cloud.gateway", b"lb://", b"zuul.routes"),
)

_DESCRIPTION = re.compile(
    rb"^[ \t{]{0,20}[\"']?(?:openapi|swagger|asyncapi)[\"']?\s{0,4}:", re.MULTILINE
)  # routes nothing
_RULE = re.compile(r"Path(?:Prefix|Regexp)?\(\s{0,4}([^()]{1,300})\)")
_QUOTED_ROUTE = re.compile(r"[`\"'](/[^`\"'\s]{0,200})[`\"']")
_PREDICATE = re.compile(r"\bPath\s{0,4}=\s{0,4}(/[^\s\"'#]{0,300})")
_PAIR = re.compile(
    r"(?:^|[\s{,\-.\"'])(prefix|path|path_separated_prefix|exact|regex|value|pathPrefix|paths)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(\^?/[^\s\"',}\]#]{1,200})"
)
_ITEM = re.compile(r"^\s{0,60}-\s{1,4}[\"']?(?:~\*?\s?)?(/[^\s\"'#,]{1,200})[\"']?\s{0,20}(?:#.*)?$")
_PATHS = re.compile(r"^(\s{0,60})(?:-\s)?[\"']?paths[\"']?\s{0,4}:\s{0,4}(\[[^\]]{0,500}\])?\s{0,20}$")
_TARGET = re.compile(
    r"(?:^|[\s{,\-.\"'])(?:uri|url|serviceName|backend_uri|upstream_url|address)[\"']?\s{0,4}[:=]\s{0,4}[\"']?([a-z][a-z0-9+.-]{0,10}://[^\s\"',}#]{1,200})"
)
_NAMED = re.compile(
    r"(?:^|[\s{,\-\"'])(?:serviceName|cluster|address|service)[\"']?\s{0,4}:\s{0,4}[\"']?([A-Za-z][\w.-]{0,100})[\"']?\s{0,20}[,}]?\s{0,20}(?:#.*)?$"
)
_BACKEND = re.compile(
    r"^\s{0,60}(?:-\s)?(?:backend|service|backendRefs|services|destination)[\"']?\s{0,4}:\s{0,20}$"
)
_NAME = re.compile(
    r"^\s{0,60}(?:-\s)?[\"']?(?:name|host)[\"']?\s{0,4}:\s{0,4}[\"']?([A-Za-z][\w.-]{0,100})[\"']?\s{0,20}$"
)
_REGEX_SIGNS = re.compile(r"^\^|\(/\|\$\)|\([^()]{0,60}\)|\.\*|\*{1,2}|\\[dw][+*]?|\$$")


def read(data: bytes, lines: Sequence[bytes]) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """Routes that a gateway's configuration serves, and services that it calls; nothing of any other file."""
    if (
        _DESCRIPTION.search(data[:2_000])
        or not any(part in data for part in _PARTS)
        or not _MARKS.search(data)
    ):
        return (), ()
    serves: dict[Endpoint, None] = {}
    calls: dict[Endpoint, None] = {}
    for row, route in islice(_routes(lines), _MAX):
        for endpoint in _endpoints(route, row + 1):
            serves[endpoint] = None
    for row, url in islice(_targets(lines), _MAX):
        calls[Endpoint("", url, row + 1)] = None
    return tuple(serves), tuple(calls)


def _text(line: bytes) -> str:
    return line[:_LONG].decode("utf-8", "replace").rstrip()


def _routes(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    listing = False  # whether the lines are items of `paths:`
    for row, raw in enumerate(lines):
        if b"/" not in raw and b"paths" not in raw:
            listing = listing and raw.lstrip()[:1] in (b"-", b"", b"#")
            continue
        line = _text(raw)
        if line.lstrip().startswith("#"):
            continue
        if found := _PATHS.match(line):
            listing = True
            for route in re.findall(r"/[^\s\"',\]]{1,200}", found[2] or ""):
                yield row, route
            continue
        if item := _ITEM.match(line):
            if listing:
                yield row, item[1]
            continue
        listing = False
        for rule in _RULE.findall(line):
            for route in _QUOTED_ROUTE.findall(rule):
                yield row, route
        for predicate in _PREDICATE.findall(line):
            for route in predicate.split(","):
                yield row, route.strip()
        for _, route in _PAIR.findall(line):
            yield row, route


def _targets(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    below = -9  # row of a backend whose name is still to come
    for row, raw in enumerate(lines):
        if b":" not in raw and b"=" not in raw:
            continue
        line = _text(raw)
        if line.lstrip().startswith("#"):
            continue
        for url in _TARGET.findall(line):
            yield row, re.sub(r"^lb(?::ws)?://", "http://", url)
        if found := _NAMED.search(line):
            if found[1].lower() not in ("true", "false", "null"):
                yield row, "http://" + found[1]
        elif _BACKEND.match(line):
            below = row
        elif row - below <= 3 and (found := _NAME.match(line)):
            yield row, "http://" + found[1]


def _endpoints(route: str, line: int) -> Iterator[Endpoint]:
    """As written, regular expressions as parameters; a prefix also serves what lies below it."""
    bare = _REGEX_SIGNS.sub("{path}", route).replace("{path}{path}", "{path}").strip("'\"")
    bare = bare.removeprefix("{path}") or "/"
    if not bare.startswith("/") or bare.strip("/") in ("", "{path}"):
        return
    yield Endpoint("", bare, line)
    if not bare.rstrip("/").endswith("}"):
        yield Endpoint("", bare.rstrip("/") + "/{path}", line)
