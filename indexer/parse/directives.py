"""Configuration of proxies and web servers by directives: nginx, Apache, HAProxy, Caddy and Varnish.

Such a file is a system's routing table: places are the routes that are served, and what they are passed on to is
called. Every directive is a key with its line, every block a symbol with its extent. One pass over the text,
whose dialects differ only in how a block begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from posixpath import basename
from typing import Final, NamedTuple

from indexer.parse.limits import limit
from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Endpoint, Facts, Literal, Symbol

_MAX: Final = 2_000  # directives of a file
_MAX_SYMBOLS: Final = 600
_MAX_STRINGS: Final = 400
_DEPTH: Final = 8  # blocks within blocks whose names a key keeps
_ARGUMENTS: Final = 40  # words of a directive


class Directive(NamedTuple):
    """A directive: its first and last row (0-based), the blocks around it, its name and its arguments."""

    row: int
    end: int
    around: tuple[str, ...]
    name: str
    arguments: tuple[str, ...]
    block: bool


def read(data: bytes, language: str) -> Facts:
    """Keys, blocks, routes and upstreams of a file of directives."""
    lines = data.split(b"\n")
    rows = line_count(data)
    found = sorted(d for d in islice(_READERS[language](data, lines), _MAX) if d.name)
    symbols = []
    for d in found[:_MAX_SYMBOLS]:
        name = " ".join((d.name, *d.arguments))[:100] if d.block else d.name
        written = lines[d.row].strip()[:200].decode("utf-8", "replace").rstrip(" {")
        kind = "block" if d.block else "key"
        path = ".".join((*d.around, name))[:300]
        doc = doc_above(lines, d.row, "properties") or ("" if d.block else limit(d.name, *d.arguments[:1]))
        symbols.append(Symbol(name, path, kind, d.row + 1, min(max(d.end, d.row) + 1, rows), written, doc))
    serves, calls = _traffic(found)
    strings = (
        Literal(d.row + 1, a[:300]) for d in found for a in d.arguments if len(a) > 2 and _TEXT.search(a)
    )
    return Facts(
        language,
        rows,
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        strings=tuple(islice(strings, _MAX_STRINGS)),
        imports=tuple(
            dict.fromkeys(d.arguments[0] for d in found if d.name.lower() in _INCLUDES and d.arguments)
        ),
        serves=tuple(dict.fromkeys(serves)),
        calls=tuple(dict.fromkeys(calls)),
        keys=tuple(dict.fromkeys(".".join((*d.around, d.name)) for d in found))[:500],
    )


_TEXT = re.compile(r"[^\W\d_]")
_INCLUDES: Final = frozenset({"include", "includeoptional", "import"})


# --- what dialect it is -------------------------------------------------------------------------------------

_NGINX = re.compile(
    r"^[ \t]*(?:(?:server|http|events|upstream[ \t]+[\w.-]{1,100}|location[ \t]+[^\n{]{1,200})[ \t]*\{"
    r"|proxy_pass[ \t]+[^\n;]{1,300};|add_header[ \t]+[^\n;]{1,300};|fastcgi_pass[ \t]+[^\n;]{1,300};)",
    re.MULTILINE,
)
_APACHE = re.compile(
    r"^[ \t]*(?:<(?:VirtualHost|Location|LocationMatch|Directory|IfModule|Proxy|Files|FilesMatch)\b[^\n>]{0,200}>"
    r"|(?:ProxyPass|ProxyPassMatch|RewriteRule|RewriteEngine|LoadModule|DocumentRoot)[ \t]+\S)",
    re.MULTILINE | re.IGNORECASE,
)
_HAPROXY = re.compile(
    r"^(?:frontend|backend|listen)[ \t]+[\w.{}$%-]{1,100}[ \t]*(?:#[^\n]{0,200})?$", re.MULTILINE
)


def dialect(path: str, text: str) -> str | None:
    """Which of the dialects a `.conf` or `.cfg` is in, None if in none of them."""
    if (
        path.endswith((".service", ".socket", ".timer", ".ini", ".env", ".properties"))
        or basename(path) == ".env"
    ):
        return None
    for language, sign in (("nginx", _NGINX), ("apache", _APACHE), ("haproxy", _HAPROXY)):
        if sign.search(text):
            return language
    return None


# --- readers ------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    rb"#[^\n]{0,5000}|\"(?:[^\"\\]|\\.){0,4000}\"|'(?:[^'\\]|\\.){0,4000}'|\$\{\w{1,100}\}|\{\{[^\n{}]{0,300}\}\}|\{%[^\n%]{0,300}%\}"
    rb"|\n|[{};]|(?:[^\s{};\"'#$]|\$(?!\{\w{1,100}\})|(?<=[^\s])#)+",
    re.DOTALL,
)


def _braces(data: bytes, _: list[bytes]) -> Iterator[Directive]:
    """nginx and its like: `name arguments;` and `name arguments { ... }`."""
    row = 0
    words: list[str] = []
    began = 0
    glued = False  # whether the last token ended where this one begins
    open_: list[Directive] = []
    at = 0
    for found in _TOKEN.finditer(data):
        token = found[0]
        glued, at = found.start() == at, found.end()
        if token == b"\n":
            row += 1
        elif token[:1] == b"#" and not (glued and words):
            continue
        elif token == b"{":
            if words:
                open_.append(
                    Directive(began, began, _around(open_), words[0], tuple(words[1:_ARGUMENTS]), True)
                )
            else:
                open_.append(Directive(row, row, _around(open_), "", (), True))
            words = []
        elif token in (b";", b"}"):
            if words:
                yield Directive(began, row, _around(open_), words[0], tuple(words[1:_ARGUMENTS]), False)
            words = []
            if token == b"}" and open_:
                closed = open_.pop()
                if closed.name:
                    yield closed._replace(end=row)
        else:
            text = token[:1_000].decode("utf-8", "replace")
            if text[:1] in "\"'" and len(text) > 1:
                text = text[1:-1]
            if not words:
                began = row
            if words and glued and len(words[-1]) < 1_000:
                words[-1] += text
            elif len(words) < _ARGUMENTS:
                words.append(text)
            row += token.count(b"\n")
    for left in open_:
        if left.name:
            yield left._replace(end=row)


def _around(open_: list[Directive]) -> tuple[str, ...]:
    return tuple(d.name for d in open_[:_DEPTH] if d.name)


_WORD = re.compile(r"\"((?:[^\"\\]|\\.){0,1000})\"|`([^`]{0,1000})`|(\S{1,1000})")
_LONG: Final = 4_000  # bytes of a line that are read


def _split(line: bytes) -> list[str]:
    text = line[:_LONG].decode("utf-8", "replace")
    return [m[1] or m[2] or m[3] or "" for m in islice(_WORD.finditer(text), _ARGUMENTS)]


def _tags(_: bytes, lines: list[bytes]) -> Iterator[Directive]:
    """Apache: a directive a line, and sections between `<Name arguments>` and `</Name>`."""
    open_: list[Directive] = []
    for row, begun, line in _joined(lines):
        if line.startswith(b"</"):
            name = line[2:100].rstrip(b"> \t").decode("utf-8", "replace").lower()
            if any(d.name.lower() == name for d in open_[-_DEPTH:]):
                while open_:
                    closed = open_.pop()
                    yield closed._replace(end=row)
                    if closed.name.lower() == name:
                        break
        elif line.startswith(b"<"):
            words = _split(line.strip(b"<> \t"))
            if words and words[0][0].isalpha():
                open_.append(Directive(begun, begun, _around(open_), words[0], tuple(words[1:]), True))
        elif words := _split(line):
            yield Directive(begun, row, _around(open_), words[0], tuple(words[1:]), False)
    for left in open_:
        yield left._replace(end=len(lines) - 1)


def _joined(lines: list[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Lines that say something, stripped, those that a backslash continues as one: last row, first row, text."""
    pieces: list[bytes] = []
    for row, line in enumerate(lines):
        bare = line[:_LONG].strip()
        if not pieces and (not bare or bare.startswith(b"#")):
            continue
        if bare.endswith(b"\\") and len(pieces) < _ARGUMENTS:
            pieces.append(bare[:-1])
            continue
        yield row, row - len(pieces), b" ".join([*pieces, bare])
        pieces = []


_SECTIONS: Final = frozenset(
    "global defaults frontend backend listen peers resolvers userlist program cache http-errors ring".split()
)


def _sections(_: bytes, lines: list[bytes]) -> Iterator[Directive]:
    """HAProxy: sections begin with a word of their own and end where the next begins."""
    section: Directive | None = None
    last = 0
    for row, begun, line in _joined(lines):
        words = _split(line.split(b" #")[0])
        if not words:
            continue
        if words[0] in _SECTIONS and lines[begun][:1] not in (b" ", b"\t"):
            if section:
                yield section._replace(end=last)
            section = Directive(begun, row, (), words[0], tuple(words[1:]), True)
        else:
            compound = (
                words[0] in ("timeout", "option", "http-request", "http-response", "stick") and len(words) > 1
            )
            name = " ".join(words[:2]) if compound else words[0]
            around = (section.name,) if section else ()
            yield Directive(begun, row, around, name, tuple(words[2 if compound else 1 :]), False)
        last = row
    if section:
        yield section._replace(end=last)


def _caddy(_: bytes, lines: list[bytes]) -> Iterator[Directive]:
    """Caddy: a directive a line, and blocks that a brace at the end of a line opens."""
    open_: list[Directive] = []
    for row, line in enumerate(lines):
        bare = line[:_LONG].strip()
        if not bare or bare.startswith(b"#"):
            continue
        if bare == b"}":
            if open_:
                closed = open_.pop()
                if closed.name:
                    yield closed._replace(end=row)
            continue
        words = _split(bare.split(b" #")[0])
        opens = bool(words) and words[-1] == "{"
        if opens:
            words = words[:-1]
            first = words[0] if words else ""
            open_.append(Directive(row, row, _around(open_), first, tuple(words[1:]), True))
        elif words:
            yield Directive(row, row, _around(open_), words[0], tuple(words[1:]), False)
    for left in open_:
        if left.name:
            yield left._replace(end=len(lines) - 1)


_READERS: Final[dict[str, Callable[[bytes, list[bytes]], Iterator[Directive]]]] = {
    "nginx": _braces,
    "vcl": _braces,
    "apache": _tags,
    "haproxy": _sections,
    "caddyfile": _caddy,
}
DIALECTS: Final = frozenset(_READERS)


# --- what goes through it -----------------------------------------------------------------------------------

_PLACES: Final = frozenset(
    "location locationmatch handle handle_path handle_errors route redir rewrite proxypass proxypassmatch "
    "rewriterule redirect redirectmatch alias scriptalias".split()
)
_PASSES: Final = frozenset(
    "proxy_pass grpc_pass fastcgi_pass uwsgi_pass scgi_pass memcached_pass proxypass proxypassmatch reverse_proxy "
    "php_fastcgi balancermember rewriterule forward_auth".split()
)
_UPSTREAMS: Final = frozenset({"upstream", "backend", "listen", "proxy"})
_PATH_ACL: Final = frozenset(
    {"path", "path_beg", "path_reg", "path_end", "path_dir", "path_sub", "url_beg", "url"}
)
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,20}://)?[A-Za-z$\[][\w.${}\[\]-]{0,200}(?::[\w${}]{1,20})?(?:/\S{0,300})?$"
)


def _traffic(directives: list[Directive]) -> tuple[list[Endpoint], list[Endpoint]]:
    """Routes served and services called, in order of lines."""
    serves: list[Endpoint] = []
    calls: list[Endpoint] = []
    servers: dict[str, list[str]] = {}  # by upstream
    pool = ""
    for d in directives:
        name = d.name.lower()
        if d.block and name in _UPSTREAMS and d.arguments:
            pool = d.arguments[0]
        if name == "server" and not d.block and d.arguments and (set(d.around) & _UPSTREAMS):
            address = (
                d.arguments[1]
                if d.around[-1] in ("backend", "listen") and len(d.arguments) > 1
                else d.arguments[0]
            )
            servers.setdefault(pool, []).append(address)
            if _ADDRESS.match(address):
                calls.append(Endpoint("", _url(address), d.row + 1))
        if name in _PLACES:
            route = next((r for a in d.arguments if (r := _route(a))), "")
            serves += (
                [Endpoint("", route, d.row + 1)]
                if route and "=" in d.arguments[:1]
                else _served(route, d.row + 1)
            )
        if name == "reverse_proxy" and d.arguments and d.arguments[0][:1] in "/@":
            serves += _served(_route(d.arguments[0]), d.row + 1)
        if name == "acl" or name.startswith("@") or name in ("use_backend", "http-request"):
            after = [i for i, a in enumerate(d.arguments) if a.split(",")[0] in _PATH_ACL]
            if name.startswith("@") and d.arguments[:1] and d.arguments[0][:1] == "/":
                after.append(-1)
            for i in after[:1]:
                for a in d.arguments[i + 1 :][:20]:
                    serves += _served(_route(a), d.row + 1)
        if name == ".host" and d.arguments[1:]:  # Varnish
            calls.append(Endpoint("", _url(d.arguments[1]), d.row + 1))
        if name in _PASSES:
            for address in d.arguments[-1:] if name in ("proxypass", "proxypassmatch") else d.arguments:
                called = _called(name, address, d.arguments, servers)
                if called:
                    calls.append(Endpoint("", called, d.row + 1))
    return serves, calls


def _called(name: str, address: str, arguments: tuple[str, ...], servers: dict[str, list[str]]) -> str:
    """A URL for what is passed on to; the first server of an upstream where that is known by then."""
    if name == "rewriterule" and "://" not in address:
        return ""
    scheme, sep, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    if servers.get(host):
        return f"{scheme or 'http'}://{servers[host][0].rpartition('://')[2]}{slash}{path}"
    if address[:1] in "/@-" or not _ADDRESS.match(address) or not (sep or ":" in host or "." in host):
        return address if sep and _ADDRESS.match(rest) else ""
    return _url(address)


def _url(address: str) -> str:
    return address if "://" in address else "http://" + address


_REGEX_SIGNS = re.compile(r"^\^|\\(?=[/.\-])|\$$")
_GROUP = re.compile(
    r"\((?:\?[:<P][^()]{0,40}>?)?[^()/]{0,200}\)[*+?]?|\[[^\]]{0,60}\][*+?]?|\.[*+]\??|\\[dw][*+]?(?:\{\d{0,4},?\d{0,4}\})?"
)


def _route(argument: str) -> str:
    """The route that a place says: regular expressions become routes with parameters. "" if it is none."""
    text = _GROUP.sub("{}", argument[:300])
    text = _REGEX_SIGNS.sub("", text).rstrip("*")
    text = re.sub(r"[|()?]+", "", text)
    return text if text.startswith("/") and not text.startswith("//") else ""


def _served(route: str, line: int) -> list[Endpoint]:
    """A place serves itself and what lies below."""
    if not route or route == "/":
        return []
    bare = route.rstrip("/")
    below = (
        [] if bare.endswith("}") or "." in bare.rpartition("/")[2] else [Endpoint("", bare + "/{path}", line)]
    )
    return [Endpoint("", route, line), *below]
