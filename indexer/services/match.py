"""The look-up tables behind `indexer.services.links`: which repository a name, a route or a topic belongs to."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from summaries.types import Endpoint
from summaries.words import route_key


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_GENERIC_ROUTE = _words(
    "ping pong health healthz healthcheck live livez liveness ready readyz readiness version metrics info",
    "status config docs swagger openapi.json api v1 v2 v3 actuator prometheus favicon.ico robots.txt",
    "index.html login logout static assets .well-known {}",
)
_GENERIC_NAME = _words(
    "app api web server client service common core lib test tests main src build docker demo example bin cmd",
    "examples scripts tools utils ui frontend backend localhost database db redis postgres mysql kafka nginx",
    "rabbitmq worker proxy deploy deployment deployments ci images image template templates config base",
    "dockerfile dockerfiles docker-compose compose container containers dev prod production staging local package",
    "packaging packages release chart charts helm k8s kubernetes manifests infra infrastructure ops root project",
    "website site docs parent shared core-lib utilities zookeeper consul vault mongo mongodb elasticsearch grafana",
    "prometheus nats minio mariadb memcached keycloak traefik envoy",
    # what containers are built from: https://hub.docker.com/search?badges=official
    "alpine debian ubuntu busybox fedora centos archlinux scratch python node golang rust ruby php openjdk",
)
# What a language brings along, so that no repository is meant: https://nodejs.org/api/module.html#modulebuiltinmodules
_NODE = _words(
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain",
    "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl",
    "sea sqlite stream string_decoder sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib",
)
_FAMILIES: Mapping[str, str] = {
    language: languages.split()[0]
    for languages in (
        "javascript typescript tsx vue svelte",
        "python cython",
        "java kotlin scala groovy clojure",
        "csharp fsharp",
        "c cpp objc",
        "elixir erlang",
        *"go rust ruby php swift dart lua haskell perl r julia zig".split(),
    )
    for language in languages.split()
}
_HOST = re.compile(r"[a-z][a-z0-9+.-]{0,20}://(?:[^/@\s]{0,80}@)?([A-Za-z0-9][\w.-]{0,120})")
_ADDRESS = re.compile(r"([A-Za-z][\w.-]{0,120}):\d{2,5}(?:/\S{0,200})?")
_LITERAL_ROUTE = re.compile(
    r"(?:[a-z]{2,6}://[^/\s]{1,120}|\{\}|%s)?"
    r"(/[A-Za-z][\w.-]{0,60}(?:/[\w.:$%{}()<>\[\]-]{1,80}){1,10})/?(?:\?\S{0,200})?"
)


def normal(name: str) -> str:
    """A name in the form in which names are compared: 'Shop_Orders' and 'shop-orders' are one."""
    return name.strip().lower().replace("_", "-")


def generic(name: str) -> bool:
    """Whether any repository could bear a name: it names none."""
    return normal(name).rsplit("/", 1)[-1] in _GENERIC_NAME and "/" not in name.strip("/")


def family(language: str) -> str:
    """Languages whose code can import each other's, by one of them; "" for what imports no code."""
    return _FAMILIES.get(language, "")


def supplied(module: str, language: str) -> bool:
    """Whether a module comes with the language that imports it."""
    first = re.split(r"[./]", module, maxsplit=1)[0]
    match family(language):
        case "javascript":
            return module.startswith("node:") or first in _NODE
        case "python":
            return first in sys.stdlib_module_names
        case "rust":
            return module.split("::", 1)[0] in ("std", "core", "alloc", "crate", "self", "super")
    return False


def is_copy(path: str, modules: Mapping[str, str]) -> bool:
    """Whether a Go module within another is that of somebody else's repository, kept here with changes."""
    folder = path.rpartition("/")[0]
    if not path.endswith("go.mod") or folder not in modules:
        return False
    outer = [m for f, m in modules.items() if f != folder and (not f or folder.startswith(f + "/"))]
    code_host = modules[folder].split("/")[:3]
    return len(code_host) == 3 and bool(outer) and all(m.split("/")[:3] != code_host for m in outer)


class Book:
    """Whose name is it? A name that several claim belongs to the one that is called so, or to nobody."""

    def __init__(self, names: Mapping[str, Collection[str]]) -> None:
        claims: dict[str, set[str]] = defaultdict(set)
        for repo, known in names.items():
            for name in (repo, repo.rsplit("/", 1)[-1], *known):
                claims[normal(name)].add(repo)
        self._owners: dict[str, str] = {}
        for name, owners in claims.items():
            called = [o for o in owners if normal(o.rsplit("/", 1)[-1]) == name]
            chosen = called if len(called) == 1 else list(owners)
            if len(chosen) == 1 and len(name) > 2 and name not in _GENERIC_NAME:
                self._owners[name] = chosen[0]

    def owner(self, name: str) -> str | None:
        """The repository of that name."""
        return self._owners.get(normal(name))

    def of_host(self, text: str) -> str | None:
        """The repository that a URL or "host:port" points at; 'shop-orders.prod.svc' is shop-orders."""
        found = _HOST.match(text) if "://" in text else _ADDRESS.fullmatch(text)
        if found is None:
            return None
        host = found[1]
        return self.owner(host) or self.owner(host.split(".", 1)[0])

    def of_import(self, text: str) -> tuple[str, str] | None:
        """The repository whose module or package an import is of, and its name: the longest prefix counts."""
        name = normal(text.strip("'\"<>; "))[:300]
        while name:
            if owner := self._owners.get(name):
                return owner, name
            cut = max(name.rfind(sign) for sign in "/.:\\")
            name = name[:cut].rstrip("/.:\\") if cut > 0 else ""
        host, _, path = text.strip("'\"<>; ").partition("/")
        parts = normal(path).split("/")
        if "." in host and len(parts) > 1 and (owner := self._owners.get("/".join(parts[:2]))):
            return owner, "/".join(parts[:2])  # where the code is hosted: github.com/OWNER/NAME
        return None


class Routes:
    """Which repositories serve a route. Parameters stand for any one segment."""

    def __init__(self, repositories: int) -> None:
        self._served: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._many = max(3, repositories // 5)

    def serve(self, repo: str, endpoint: Endpoint) -> None:
        """Note that a repository serves a route."""
        key = route_key(endpoint.route)
        if any(part not in _GENERIC_ROUTE for part in key.split("/") if part):
            self._served[key].setdefault(repo, endpoint)

    def find(self, source: str, called: Endpoint, *, prefixes: bool = True) -> dict[str, Endpoint]:
        """Who serves a called route: of all routes that fit, those with the fewest parameters.

        Nobody where the caller serves it itself, and nobody where so many do that it says nothing. A prefix
        that a proxy would strip is tried last, if enough of the route is left to tell it from others.
        """
        key = route_key(called.route)
        parts = key.strip("/").split("/")
        for dropped in range(min(3, len(parts)) if prefixes else 1):
            rest = parts[dropped:]
            telling = sum(p not in _GENERIC_ROUTE for p in rest)
            if dropped and telling < 2 and (telling < 1 or len(rest) < 3):
                return {}
            for tried in _generalised(rest):
                found = self._served.get(tried, {})
                fitting = {r: e for r, e in found.items() if _agree(e.method, called.method)}
                if fitting:
                    return {} if source in fitting or len(fitting) > self._many else fitting
        return {}


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.upper() == other.upper()


def _generalised(parts: list[str]) -> Iterator[str]:
    """The route with no, one, two ... of its fixed segments taken for parameters; the first stays."""
    fixed = [i for i, p in enumerate(parts) if p != "{}" and i > 0][-6:]
    for many in range(min(len(fixed), 3) + 1):
        for chosen in combinations(fixed, many):
            yield "/" + "/".join("{}" if i in chosen else p for i, p in enumerate(parts))


def literal_route(text: str) -> str | None:
    """The route in a string literal, '${base}/v1/orders/${id}' for instance; None for other texts."""
    if len(text) > 300 or text.count("/") < 2:
        return None
    flat = re.sub(r"\$?\{[^{}]{0,120}\}", "{}", text)
    found = _LITERAL_ROUTE.fullmatch(flat)
    return found[1] if found else None


def distinctive(topic: str) -> bool:
    """Whether a topic's name says enough to be known by as a bare string: two words or more, no spaces."""
    words = re.findall(r"[a-zA-Z]{2,}", topic)
    return 5 <= len(topic) <= 120 and len(words) >= 2 and " " not in topic and "$" not in topic


def topic_fits(pattern: str, topic: str) -> bool:
    """Whether a subscription covers a topic: '*' and '+' are one word, '#' and '>' all that follow."""
    if pattern == topic:
        return True
    asked, given = re.split(r"[./]", pattern), re.split(r"[./]", topic)
    for i, part in enumerate(asked):
        if part in ("#", ">", "**"):
            return i > 0
        if i >= len(given) or (part not in ("*", "+") and part != given[i]):
            return False
    return len(asked) == len(given)
