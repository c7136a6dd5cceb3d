"""What a report names: paths, links, calls, identifiers, messages, endpoints, services, keys, versions.

Each stage reads a region's text with one pattern and may blank what it has explained, so that the host of a
link is not taken for a module. Strings and messages are read first and blank nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from locator import report_links as links
from locator import report_words as words
from locator.frames import Found
from locator.report_links import Hit
from locator.report_types import Mention, Region

MAX_MENTIONS = 400
_ONCE = ("identifier", "dotted", "call", "config")  # not said again of a name that is an exception's
_PER_KIND = {"identifier": 120, "quoted": 80, "call": 60, "dotted": 60, "config": 40}  # others 40
_TRUST = {"prose": 0, "trace": 1, "log": 2, "code": 3}

_DOUBLE = re.compile(r"(?<![\w\\\"])(?:[rbfuRBFU]{1,2})?\"((?:[^\"\\\n]|\\[^\n])*+)\"(:)?")
_SINGLE = re.compile(r"(?<![\w'\\])(?:[rbfuRBFU]{1,2})?'((?:[^'\n]|(?<=\w)'(?=\w))++)'(?!\w)(:)?")
_CURLY = re.compile(r"[“„«「‘]([^“”„«»「」‘\n]++)[”“»」’]")
_TICKS = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,300}+)\1(?!`)")
_ERROR_NAME = (
    r"(?<![\w.$\\])((?:[\w$]++(?:\.|::|\\))*+)"
    r"([A-Z][\w$]*(?:Error|Exception|Warning|Failure|Fault|Interrupt|Panic|Exit)|panic|fatal error)(?![\w.$])"
)
_ERROR = re.compile(_ERROR_NAME + r"(?:[ \t]*\([^()\n]{0,80}\))?(?:(?=:[ \t]+([^\n]{3,600}+)))?")
_END = re.compile(r"(?:, | \[)?(?:SIGSEGV|goroutine \d|signal SIG)|\\n")  # where a message runs into a trace
_SENTENCE = re.compile(r"\. (?=[A-Z])")
_LOG_MESSAGE = re.compile(
    r"(?:^|[\s\[|(])(?:ERROR|ERR|WARN|WARNING|FATAL|SEVERE|CRITICAL|PANIC|INFO|DEBUG|NOTICE)\]?"
    r"[\s:|-]{1,8}([^\n]{4,600}+)",
    re.IGNORECASE,
)
_LOG_LEAD = re.compile(
    r"(?:\[[^\[\]\n]{0,120}\]|\([^()\n]{0,80}\)"
    r"|\S{0,120}=\S{1,200}|[\w.$/-]+(?=(?: ?:| -) )|\d+|---|[-:|])[\s:|]+"
)
_MSG = re.compile(r"(?<![\w.])(?:msg|message|error|err|reason|cause)=([^\s\"'=]++(?: [^\s=\"']++(?!=))*+)")
_KEY_VALUE = re.compile(r"(?<![\w.$/@&?-])([A-Za-z_][\w.-]*+)=(?=[^=\s])(\"[^\"\n]*+\"|[^\s,;)\]}\"']*+)")
_KEY_COLON = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]*+): (?:true|false|\d[\w.]*+|\"[^\"\n]{0,80}\")(?![\w/])")
_YAML = re.compile(r"(?m)^[ \t-]*+([A-Za-z][\w.-]*+):(?=[ \t]|$)")
_FLAG = re.compile(r"(?<![\w-])--([a-z][\w-]*+)")
_ENV = re.compile(r"(?<![\w.$-])\$?\{?([A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)++)(?!\w)")
_PREFIXED = re.compile(r"(?m)^([A-Za-z][\w.-]{1,60}?)[ \t]{1,20}\| ")
_KEBAB = re.compile(r"(?<![\w./@$+=-])([a-z][a-z0-9]*+(?:[-][a-z0-9]++)++)(?![\w-]|\.\w)")
_VERSION = re.compile(
    r"(?<![\w.,/=-])(v?\d{1,4}(?:\.\d{1,5}){1,3}"
    r"(?:-?(?:rc|alpha|beta|snapshot|dev|SNAPSHOT|RC|M)(?:[.\w]{0,11}\w)?)?)"
    r"(?![\w]|\.\d|[eE%])(?! ?(?:s|ms|sec|seconds|minutes|MB|GB|KB|%)\b)"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++")
_NAME = re.compile(r"(?<![\w.$@-])([A-Za-z_$][\w$]*+(?:(?:\.|::|->|#)[A-Za-z_$][\w$]*+)*+)(\((?!s\)|es\)))?")
_SHAPED = re.compile(
    r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]{2}|[^\W_]_[^\W_]|^__?[a-z]\w*[a-z0-9]$|^__\w+__$|[a-z]\$[a-z]", re.UNICODE
)
_SPLIT = re.compile(r"\.|::|->|#")


class _Scan:
    """A region's text on its way through the stages."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hits: list[tuple[int, Hit]] = []

    def take(
        self, pattern: re.Pattern[str], read: Callable[[re.Match[str]], Iterable[Hit]], blank: bool = False
    ) -> None:
        if not blank:
            for m in pattern.finditer(self.text):
                self.hits.extend((m.start(), hit) for hit in read(m))
            return

        def explain(m: re.Match[str]) -> str:
            hits = [(m.start(), hit) for hit in read(m)]
            self.hits.extend(hits)
            return " " * len(m[0]) if hits else m[0]

        self.text = pattern.sub(explain, self.text)


class Stage(NamedTuple):
    """One pattern, how it is read, whether what it explains is blanked, and the regions it applies to."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Iterable[Hit]]
    blank: bool = False
    only: tuple[str, ...] = ("prose", "code", "trace", "log")


def mentions_of(title: str, regions: Sequence[Region], found: Found) -> tuple[Mention, ...]:
    """All mentions, title first, without repetitions. Lines that print a call are left to the frames."""
    seen: dict[Hit, Mention] = {}
    for hit, _ in _read(title, "prose"):
        seen.setdefault(hit, Mention(hit[0], hit[1], 0, True, "prose", hit[2]))
    for region in regions:
        text = region.text
        if region.kind == "trace":
            rows = enumerate(text.split("\n"), region.line - 1)
            text = "\n".join("" if i in found.shown else row for i, row in rows)
        for hit, row in _read(text, region.kind):
            seen.setdefault(hit, Mention(hit[0], hit[1], region.line + row, False, region.kind, hit[2]))
    thrown = {kind_text[1] for kind_text in seen if kind_text[0] == "exception"}
    return _capped([m for m in seen.values() if not (m.kind in _ONCE and _SPLIT.split(m.text)[-1] in thrown)])


def _read(text: str, region: str) -> Iterator[tuple[Hit, int]]:
    """Mentions of one text and the 0-based row that each stands in, in reading order."""
    scan = _Scan(text)
    for stage in STAGES:
        if region in stage.only:
            scan.take(stage.pattern, stage.read, stage.blank)
    ends = [m.start() for m in re.finditer("\n", text)]
    for at, hit in sorted(scan.hits, key=lambda h: h[0]):
        if hit[1]:
            yield hit, bisect_right(ends, at)


def _capped(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """At most `MAX_MENTIONS`: each kind has its share, prose comes before traces, logs and code."""
    room: dict[str, int] = {}
    kept: list[int] = []
    order = sorted(range(len(mentions)), key=lambda i: (not mentions[i].title, _TRUST[mentions[i].region], i))
    for i in order:
        kind = mentions[i].kind
        left = room.setdefault(kind, _PER_KIND.get(kind, 40))
        if left and len(kept) < MAX_MENTIONS:
            room[kind] = left - 1
            kept.append(i)
    return tuple(mentions[i] for i in sorted(kept))


# --- how each stage reads its match ----------------------------------------------------------------------


def _quoted(m: re.Match[str]) -> Iterator[Hit]:
    text = m[1].strip()
    if m.re.groups > 1 and m[2] and " " not in text:
        return  # the key of a JSON object
    yield from _message(text)


def _message(text: str | None, limit: int = 400) -> Iterator[Hit]:
    text = (text or "").replace('\\"', '"').strip(" \t;,")
    if len(text) >= 3 and re.search(r"[^\W\d_]{2}", text):
        yield "quoted", text[:limit], 0


def _ticks(m: re.Match[str]) -> Iterator[Hit]:
    text = m[2].strip()
    if " " in text:
        yield from _message(text)
    elif text not in words.NOT_IDENTIFIERS and re.fullmatch(r"[^\W\d][\w$-]{1,79}", text):
        yield "identifier", text, 0


def _error(m: re.Match[str]) -> Iterator[Hit]:
    if m[2][0].isupper():
        yield "exception", m[2], 0
    yield from _message(_unquoted(m[3] or ""))


def _told_error(m: re.Match[str]) -> Iterator[Hit]:
    """An error told in a sentence, which goes on after the message."""
    yield from (hit for hit in _error(m) if hit[0] == "exception")
    yield from _message(_unquoted(_SENTENCE.split(m[3] or "", maxsplit=1)[0]))


def _unquoted(message: str) -> str:
    message = _END.split(message, maxsplit=1)[0].strip()
    for quote in '`"':
        if message.count(quote) % 2:
            message = message.partition(quote)[0]
    quote = message[:1]
    paired = quote in "'\"`" and quote == message[-1:] and quote not in message[1:-1]
    return message[1:-1] if paired else message


def _log_message(m: re.Match[str]) -> Iterator[Hit]:
    text = m[1]
    for _ in range(8):
        lead = _LOG_LEAD.match(text)
        if not lead or not lead[0]:
            break
        text = text[lead.end() :]
    if text and text[0] not in '"{' and " " in text and not re.match(r"\w+=", text):
        yield from _message(text)


def _key_value(m: re.Match[str]) -> Iterator[Hit]:
    key, value = m[1], m[2].strip('"')
    if key.lower() in words.SERVICE_KEYS:
        yield "service", value[:80], 0
    elif key.lower() not in words.LOG_KEYS and len(key) > 2:
        yield "config", key[:120], 0


def _log_pair(m: re.Match[str]) -> Iterator[Hit]:
    return (hit for hit in _key_value(m) if hit[0] == "service" or re.search(r"[._-]", hit[1]))


def _key(m: re.Match[str]) -> Iterator[Hit]:
    key = m[1]
    if key.lower() not in words.NOT_KEYS and (
        m.re is _FLAG
        or (m.re is _YAML and m.string[m.end() : m.end() + 1] in "\n")
        or re.search(r"[a-z][A-Z]|[._-]", key)
    ):
        yield "config", key[:120], 0


def _env(m: re.Match[str]) -> Iterator[Hit]:
    yield "config", m[1], 0
    yield "identifier", m[1], 0


def _service(m: re.Match[str]) -> Iterator[Hit]:
    name = m[1]
    parts = name.split("-")
    if m.re is _KEBAB:
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
    yield "service", name, 0
    while len(parts) > 1 and (parts[-1].isdigit() or re.fullmatch(r"(?=[a-z]*\d)[a-z0-9]{5,10}", parts[-1])):
        parts.pop()
    if len(parts) < name.count("-") + 1 and len("-".join(parts)) > 2:
        yield "service", "-".join(parts), 0


def _version(m: re.Match[str]) -> Iterator[Hit]:
    if m[1].count(".") < 3:
        yield "version", m[1], 0


def _name(m: re.Match[str]) -> Iterator[Hit]:
    parts = _SPLIT.split(m[1])
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


def _nothing(m: re.Match[str]) -> Iterator[Hit]:
    yield "", "", 0  # explained, and of no use


STAGES = (
    Stage(_DOUBLE, _quoted),
    Stage(_SINGLE, _quoted),
    Stage(_CURLY, _quoted, only=("prose", "log")),
    Stage(_TICKS, _ticks, only=("prose",)),
    Stage(_ERROR, _told_error, only=("prose",)),
    Stage(_ERROR, _error, only=("trace", "log", "code")),
    Stage(_LOG_MESSAGE, _log_message, only=("log",)),
    Stage(_MSG, lambda m: _message(m[1]), only=("log", "prose")),
    Stage(_PREFIXED, _service, only=("log",)),
    Stage(links.URL, links.url, blank=True),
    Stage(links.BARE_HOST, links.bare_host, blank=True),
    Stage(_EMAIL, _nothing, blank=True),
    Stage(links.HOST_PORT, links.host_port, blank=True),
    Stage(links.FILE, links.file, blank=True),
    Stage(links.ENDPOINT, links.route, blank=True, only=("prose", "log")),
    Stage(links.ISSUE, links.issue, blank=True, only=("prose",)),
    Stage(_VERSION, _version, only=("prose",)),
    Stage(_KEY_VALUE, _key_value, only=("prose",)),
    Stage(_KEY_VALUE, _log_pair, only=("log", "trace")),
    Stage(_KEY_COLON, _key, only=("prose",)),
    Stage(_YAML, _key, only=("code",)),
    Stage(_FLAG, _key),
    Stage(_ENV, _env, blank=True),
    Stage(_KEBAB, _service, only=("prose", "log", "code")),
    Stage(_NAME, _name),
)  # fmt: skip
