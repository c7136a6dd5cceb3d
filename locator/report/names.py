"""Names in a report: services, configuration keys, versions, calls and identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report import vocabulary as words
from locator.report.links import Hit

KEY_VALUE = re.compile(r"(?<![\w.$/@&?-])([A-Za-z_][\w.-]*+)=(?=[^=\s])(\"[^\"\n]*+\"|[^\s,;)\]}\"']*+)")
KEY_COLON = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]*+): (?:true|false|\d[\w.]*+|\"[^\"\n]{0,80}\")(?![\w/])")
YAML = re.compile(r"(?m)^[ \t-]*+([A-Za-z][\w.-]*+):(?:$|[ \t]++(\S)?)")
FLAG = re.compile(r"(?<![\w-])--([a-z][\w-]*+)")
ENV = re.compile(r"(?<![\w.$-])\$?\{?([A-Z][A-Z0-9]*+(?>(?:_[A-Z0-9]++)+))(?!\w)")
MIXED_KEY = re.compile(r"(?<![\w./$@-])([a-zA-Z]\w*+(?:[.-]\w++){2,})(?![\w(/-])")
PREFIXED = re.compile(r"(?m)^([A-Za-z][\w.-]{1,60}?)[ \t]{1,20}\| ")
JSON_SERVICE = re.compile(r"\"(\w++)\" ?: ?\"([\w.-]{1,80}+)\"")
IMAGE = re.compile(r"(?<![\w./-])(?>(?:[\w.-]++(?::\d{1,5})?/)+)([a-z][\w-]*+):(?:v?\d[\w.-]*+|latest)(?!\w)")
KEBAB = re.compile(
    r"(?:(?<=\bpod/)|(?<=deployment/)|(?<=service/)|(?<=container/)|(?<![\w./@$+=-]))"
    r"([a-z][a-z0-9]*+(?>(?:[-][a-z0-9]++)+))(?![\w-]|\.\w)"
)
VERSION = re.compile(
    r"(?<![\w.,/=-])(v?\d{1,4}(?:\.\d{1,5}){1,3}"
    r"(?:-?(?:rc|alpha|beta|snapshot|dev|SNAPSHOT|RC|M)(?:[.\w]{0,11}\w)?)?)"
    r"(?![\w]|\.\d|[eE%])(?! ?(?:s|ms|sec|seconds|minutes|MB|GB|KB|%)\b)"
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@(?!v?\d+\.\d)[\w-]++\.[\w.-]++")  # not name@1.2.3
NAME = re.compile(
    r"(?<![\w.$@-])([A-Za-z_$][\w$]*+(?>(?:(?:\.|::|->|#)[A-Za-z_$][\w$]*+)*))(\((?!s\)|es\)))?"
)
_SHAPED = re.compile(
    r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]{2}|[^\W_]_[^\W_]|^__?[a-z]\w*[a-z0-9]$|^__\w+__$|[a-z]\$[a-z]", re.UNICODE
)
SPLIT = re.compile(r"\.|::|->|#")


def key_value(m: re.Match[str]) -> Iterator[Hit]:
    """`app=orders` names a service, `MaxRetryCount=2` a configuration key."""
    key, value = m[1], m[2].strip('"')
    if key.lower() in words.SERVICE_KEYS:
        yield "service", value[:80], 0
    elif key.lower() not in words.LOG_KEYS and len(key) > 2:
        yield "config", key[:120], 0


def json_service(m: re.Match[str]) -> Iterator[Hit]:
    """`"service": "orders"` in a JSON log line."""
    if m[1].lower() in words.SERVICE_KEYS:
        yield "service", m[2], 0


def log_pair(m: re.Match[str]) -> Iterator[Hit]:
    """The same in a log line, where plain keys are fields and not configuration."""
    return (hit for hit in key_value(m) if hit[0] == "service" or re.search(r"[._-]", hit[1]))


def key(m: re.Match[str]) -> Iterator[Hit]:
    """A key before a colon, or a command-line flag."""
    key = m[1]
    if key.lower() not in words.NOT_KEYS and (
        m.re is FLAG or (m.re is YAML and not m[2]) or re.search(r"[a-z][A-Z]|[._-]", key)
    ):
        yield "config", key[:120], 0


def mixed_key(m: re.Match[str]) -> Iterator[Hit]:
    """Keys such as orders.http-client.max-size: dots and hyphens are never in one code name."""
    if "-" in m[1] and re.search(r"[A-Za-z]\.[A-Za-z]", m[1]):
        yield "config", m[1][:120], 0


def env(m: re.Match[str]) -> Iterator[Hit]:
    """ALL_CAPS: an environment variable or a constant."""
    yield "config", m[1], 0
    yield "identifier", m[1], 0


def service(m: re.Match[str]) -> Iterator[Hit]:
    """A service or container, also without its replica's number or hash."""
    name = m[1] if m.re is KEBAB else re.sub(r"_\d+$", "", m[1])
    parts = name.split("-")
    if m.re is KEBAB:
        if sum(len(p) > 1 for p in parts) < 2 and not (len(parts[0]) > 2 and parts[-1].isdigit()):
            return
        if re.fullmatch(r"[0-9a-f-]{16,}", name):
            return
        if (
            parts[0] in words.ENGLISH_LEAD
            or parts[-1] in words.ENGLISH_TAIL
            or (len(parts) == 2 and parts[1].endswith("ed"))
            or (len(parts[-1]) < 2 and not parts[-1].isdigit())
        ):
            return
    elif name.isupper():
        return  # a level of a log: INFO | ...
    yield "service", name, 0
    while len(parts) > 1 and (parts[-1].isdigit() or re.fullmatch(r"(?=[a-z]*\d)[a-z0-9]{5,10}", parts[-1])):
        parts.pop()
    if len(parts) < name.count("-") + 1 and len("-".join(parts)) > 2:
        yield "service", "-".join(parts), 0


def pod(name: str) -> Iterator[Hit]:
    """A pod or container of a log's prefix, also without its replica's hash."""
    yield "service", name, 0
    parts = name.split("-")
    while len(parts) > 1 and (
        parts[-1].isdigit() or re.fullmatch(r"(?=[a-z]*\d)[a-z0-9]{5,10}|[a-z0-9]{5}", parts[-1])
    ):
        parts.pop()
    if len(parts) < name.count("-") + 1:
        yield "service", "-".join(parts), 0


def version(m: re.Match[str]) -> Iterator[Hit]:
    """v1.2.3, 2.4-rc1; four numbers are an address."""
    if m[1].count(".") < 3:
        yield "version", m[1], 0


def name(m: re.Match[str]) -> Iterator[Hit]:
    """A call, a dotted name, or a word that is shaped like an identifier."""
    parts = SPLIT.split(m[1])
    if parts[0] in ("self", "this", "cls") and len(parts) > 1:
        parts = parts[1:]
    name, last = ".".join(parts), parts[-1]
    if len(name) > 200 or name in words.NOT_IDENTIFIERS:
        return
    if len(parts) > 1 and parts[-1].lower() in words.TOP_LEVEL and "." in m[1] and not m[2]:
        yield "host", name.lower(), 0
    elif m[2]:
        if len(last) > 2 and name not in words.NOT_CALLS:
            yield "call", name, 0
    elif len(parts) > 1:
        if len(name) > 4 and max(map(len, parts)) > 2:
            yield "dotted", name, 0
    elif 2 < len(last) <= 80 and _SHAPED.search(last) and not re.fullmatch(r"[A-Z]+s", last):
        yield "identifier", last, 0


def nothing(_: re.Match[str]) -> Iterator[Hit]:
    """Explained, and of no use: an e-mail address."""
    yield "", "", 0
