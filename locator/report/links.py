"""Links and paths in a report: code hosts, URLs, files with and without a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report import vocabulary as words
from summaries.patterns import pattern

Hit = tuple[str, str, int]  # kind, text, number

_METHOD = (
    r"(?:(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]{1,4}(?:[Rr]equests?[ \t])?(?:(?:to|on|for)[ \t])?)"
)
URL = pattern(_METHOD + r"?(?<![\w+.-])([A-Za-z][A-Za-z0-9+.-]{1,15})://([^\s<>\"'`|\\^\[\]]++)")
BARE_HOST = pattern(
    r"(?<![\w./:@-])(?:www\.)?((?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)"
    r"[:/][\w.-]++/[\w./@#-]++)"
    r"|(?<![\w./:@-])git@([\w.-]++:[\w./-]++)"
)
HOST_PORT = pattern(
    _METHOD
    + r"?(?<![\w.:/@-])([A-Za-z0-9][\w.-]*+|\{[\w.-]{1,60}\}):(\d{2,5})(?![\w.:])(/[^\s<>\"'`|\\,;)\]]*+)?"
)
FILE = pattern(
    r"(?<![\w@~+$./\\-])(?=[\w@~+$-]*+[./\\:])((?:[A-Za-z]:(?=[\\/]))?[\w@~+$./\\-]++)"
    r"(?:[\"'`]?(?:[,:]? (?:on |at |near |in )?[Ll]ines? #?(\d{1,7})\b|:(?:line )? ?(\d{1,7})(?::\d+)?\b(?!\.\d)"
    r"|\((\d{1,7})(?:, ?\d+)?\)|#L(\d{1,7})))?"
)
ENDPOINT = pattern(
    rf"(?<![\w/])(?:{_METHOD}([^\s<>\"'`|\\,;()\[\]]++)"
    r"|(?<![\w.:~<>}/)-])(?:\.{3})?(/[\w{}$:*%-][^\s<>\"'`|\\,;()\[\]]*+)"
    r"|(?<![\w/.-])((?>(?:[\w-]++/)+)\{[^\s<>\"'`|\\,;()\[\]]++))"
)
ISSUE = pattern(
    r"(?<![\w/&.-])(?:([\w.-]{1,60}+/[\w.-]{1,80}+)?#([1-9]\d{0,5})|GH-(\d{1,6})"
    r"|([A-Z][A-Z0-9]{1,9}-\d{1,6}))(?![\w-])"
)

_BLOB = pattern(
    r"(?P<repo>[^/]+(?:/[^/]+){1,4}?)/(?:-/)?"
    r"(?:blob|blame|raw|src/branch|src/commit|src/tag|src)/(?P<ref>[^/]+)/(?P<path>[^?#]+)"
)
_AT_VERSION = pattern(r"([\w.-]+)@v?\d")
_NAMESPACED = pattern(r"\\?(?:[A-Z]\w*\\){2,12}[A-Z]\w*")  # a class of PHP: Shop\Orders\Basket
_LINE = pattern(r"(?:^|[^A-Za-z])(?:L|lines-|l)(\d{1,7})")
_TAIL = ".,;:!?)'\"*_>"


def url(m: re.Match[str]) -> Iterator[Hit]:
    """What a URL names: a file or repository on a code host, or a host and an endpoint."""
    method, scheme, rest = m[1], m[2].lower(), _trim(m[3])
    if scheme in ("file", "webpack", "webpack-internal"):
        yield "path", tidy(rest), 0
        return
    host, _, path = rest.partition("/")
    host, _, port = host.rpartition("@")[2].partition(":")
    if code := list(code_host(host.lower(), path)):
        yield from code
        return
    if host.lower() in words.CODE_HOSTS or host.lower().endswith(".githubusercontent.com"):
        yield "", "", 0  # a page, a picture or a snippet there is no part of any system
        return
    if host and host[0] not in "{$*":
        yield "host", host.lower(), int(port) if port.isdecimal() and len(port) < 6 else 0
    yield from _called(method, path)


def code_host(host: str, path: str) -> Iterator[Hit]:
    """Repository, file and issue of a link to a code host; nothing for other hosts."""
    host = host.removeprefix("www.")
    path, _, fragment = path.partition("#")
    if host == "raw.githubusercontent.com" and path.count("/") > 2:
        owner, repo, _ref, file = path.split("/", 3)
        path = f"{owner}/{repo}/blob/{_ref}/{file}"
    elif not host.startswith(("github.", "gitlab.", "bitbucket.", "codeberg.", "git.", "gitea.")):
        return
    if m := _BLOB.match(path):
        line = _LINE.search(fragment)
        yield "repository", m["repo"], 0
        yield "url_file", f"{m['repo']}:{tidy(m['path'])}", int(line[1]) if line else 0
        return
    parts = [p for p in path.split("?")[0].split("/") if p]
    if len(parts) > 2 and (
        m := _AT_VERSION.match(parts[1])
    ):  # a Go module: github.com/acme/shop@v1.4.2/pkg/x.go
        yield "repository", f"{parts[0]}/{m[1]}", 0
        yield "url_file", f"{parts[0]}/{m[1]}:{'/'.join(parts[2:])}", 0
        return
    if len(parts) < 2 or parts[0].lower() in words.NOT_OWNERS or host == "gist.github.com":
        return
    yield "repository", f"{parts[0]}/{parts[1].removesuffix('.git')}", 0
    if parts[2:3] == ["-"]:
        del parts[2]
    if len(parts) > 3 and parts[2] in ("issues", "pull", "merge_requests") and parts[3].isdecimal():
        yield "issue", f"#{parts[3][:6]}", 0
    elif len(parts) > 2 and extension(parts[-1]):
        yield "path", "/".join(parts[2:]), 0


def bare_host(m: re.Match[str]) -> Iterator[Hit]:
    """`github.com/owner/repo/...` without scheme, as Go modules have it, and `git@host:owner/repo`."""
    host, _, path = _trim(m[1] or m[2]).replace(":", "/", 1).partition("/")
    yield from code_host(host.lower(), path)


def host_port(m: re.Match[str]) -> Iterator[Hit]:
    """`orders:8080/api/v1/x`; without a path only where the host can be nothing else."""
    host, path = m[2].lower(), m[4] or ""
    plain = host == "localhost" or "-" in host or bool(re.fullmatch(r"[\d.]+", host)) or len(path) > 1
    if extension(host) or host.isdecimal() or not (plain or host.rpartition(".")[2] in words.TOP_LEVEL):
        return
    if not host.startswith("{"):
        yield "host", host, int(m[3])
    yield from _called(m[1], _trim(path))


def file(m: re.Match[str]) -> Iterator[Hit]:
    """A path with a known extension, with or without a line; a directory of three segments or more."""
    token = m[1].rstrip(".-$@")
    if m.end(1) < len(m.string) and m.string[m.end(1)] == "(" and not m[4]:
        return  # a call: order.json()
    if m.string.startswith(" import ", m.end()) or m.string.endswith("import ", 0, m.start()):
        return  # a module that is called like a file: from shop.conf import Settings
    number = next((int(g) for g in m.groups()[1:] if g), 0) if len(token) == len(m[1]) else 0
    if "\\" in token and not re.match(r"[A-Za-z]:|\.|\w{2,}\\\w{2}", token):
        return  # an escape sequence
    if _NAMESPACED.fullmatch(token):
        yield "dotted", token.strip("\\").replace("\\", "."), 0
        return
    name = tidy(token)
    last = name.rpartition("/")[2]
    if extension(last) or last.lower() in words.FILE_NAMES:
        stem = last.rpartition(".")[0].lower()
        if stem in words.PRODUCTS or (
            not number and "/" not in name and (len(stem) < 2 or last[0].isdigit())
        ):
            return
        if ".." not in name:
            yield ("position" if number else "path"), name, number
    elif _is_directory(name.rstrip("/")) and m.string[m.end(1) : m.end(1) + 1] != "{":
        yield "path", name.rstrip("/") + "/", 0


def _is_directory(name: str) -> bool:
    parts = name.split("/")
    deep = len(parts) > 2 or (len(parts) == 2 and parts[0] in words.ROOTS and len(parts[1]) > 1)
    return (
        deep
        and parts[0] not in ("", "..", "...")
        and "." not in parts[-1]
        and bool(re.search(r"[a-z]{3}", name))
    )


def route(m: re.Match[str]) -> Iterator[Hit]:
    """`GET /api/v1/x` or a bare `/api/v1/x`."""
    method, raw = m[1], _trim(m[2] or m[3] or m[4])
    if method and not raw.startswith("http") and "/" not in raw:
        return
    yield from _called(method, re.sub(r"^(?:\.{3}|\{[^{}/]*\}(?::\d+)?)(?=/)", "", raw))


def _called(method: str | None, raw: str) -> Iterator[Hit]:
    if path := endpoint(raw, bool(method)):
        yield "endpoint", f"{method} {path}" if method else path, 0


def endpoint(path: str, sure: bool = False) -> str:
    """The path of a route with one leading slash, without query; "" if it is none."""
    path = "/" + path.split("?", 1)[0].split("#", 1)[0].strip("/")
    if len(path) < 3 or len(path) > 300 or not re.search(r"[^\W\d_]{2}", path):
        return ""
    if not sure and (path.split("/")[1] in words.SYSTEM_ROOTS or extension(path.rpartition("/")[2])):
        return ""
    return path


def issue(m: re.Match[str]) -> Iterator[Hit]:
    """#12, GH-12, owner/repo#12, SHOP-123."""
    if m[4]:
        if m[4].partition("-")[0] not in words.NOT_TRACKERS:
            yield "issue", m[4], 0
        return
    if m[1]:
        yield "repository", m[1], 0
    yield "issue", f"#{m[2] or m[3]}", 0


def tidy(path: str) -> str:
    """A path with "/" and without "./" in front."""
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def extension(name: str) -> str:
    """The known file extension of a name, lower-cased, or ""."""
    ext = name.rpartition(".")[2].lower() if "." in name else ""
    return ext if ext in words.CODE_EXTENSIONS or ext in words.DATA_EXTENSIONS else ""


def _trim(token: str) -> str:
    token = token.rstrip(_TAIL)
    return token.rstrip("}") if token.count("}") > token.count("{") else token
