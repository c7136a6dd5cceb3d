"""What a report names: paths, links, calls, identifiers, messages, endpoints, services, keys, versions.

Each stage reads a region's text with one pattern and may blank what it has explained, so that the host of a
link is not taken for a module. Strings and messages are read first and blank nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from locator.report import links, logs, messages, names
from locator.report.links import Hit
from locator.report.traces import TraceScan
from locator.report.types import Mention, MentionKind, Region, RegionKind

MAX_MENTIONS = 400
_ONCE = ("identifier", "dotted", "call", "config")  # not said again of a name that is an exception's
_PER_KIND = {"identifier": 120, "quoted": 80, "call": 60, "dotted": 60, "config": 40}  # others 40
_TRUST = {"prose": 0, "trace": 1, "log": 2, "code": 3, "environment": 4}


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


class MentionPattern(NamedTuple):
    """One pattern, how it is read, whether what it explains is blanked, and the regions it applies to."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Iterable[Hit]]
    blank: bool = False
    only: tuple[str, ...] = ("prose", "code", "trace", "log")  # besides: see _IN_SETUP


STAGES = (
    MentionPattern(messages.DOUBLE, messages.quoted),
    MentionPattern(messages.SINGLE, messages.quoted),
    MentionPattern(messages.SINGLE_CODE, messages.quoted, only=("code", "trace")),
    MentionPattern(messages.CURLY, messages.quoted, only=("prose", "log")),
    MentionPattern(messages.TICKS, messages.ticks, only=("prose",)),
    MentionPattern(messages.ERROR, messages.reported_error, only=("prose",)),
    MentionPattern(messages.ERROR, messages.error, only=("trace", "log", "code")),
    MentionPattern(messages.LOG_MESSAGE, messages.log_message, only=("log",)),
    MentionPattern(messages.MSG, messages.bare_message, only=("log", "prose")),
    MentionPattern(names.PREFIXED, names.service, only=("log",)),
    MentionPattern(names.JSON_SERVICE, names.json_service),
    MentionPattern(links.URL, links.url, blank=True),
    MentionPattern(links.BARE_HOST, links.bare_host, blank=True),
    MentionPattern(names.EMAIL, names.nothing, blank=True),
    MentionPattern(names.IMAGE, names.service, blank=True),
    MentionPattern(links.HOST_PORT, links.host_port, blank=True),
    MentionPattern(links.FILE, links.file, blank=True),
    MentionPattern(links.ENDPOINT, links.route, blank=True, only=("prose", "log")),
    MentionPattern(links.ISSUE, links.issue, blank=True, only=("prose",)),
    MentionPattern(names.VERSION, names.version, only=("prose",)),
    MentionPattern(names.KEY_VALUE, names.key_value, only=("prose",)),
    MentionPattern(names.KEY_VALUE, names.log_pair, only=("log", "trace")),
    MentionPattern(names.KEY_COLON, names.key, only=("prose",)),
    MentionPattern(names.YAML, names.key, only=("code",)),
    MentionPattern(names.FLAG, names.key),
    MentionPattern(names.ENV, names.env, blank=True),
    MentionPattern(names.MIXED_KEY, names.mixed_key, blank=True, only=("prose", "log")),
    MentionPattern(names.KEBAB, names.service, only=("prose", "log", "code")),
    MentionPattern(names.NAME, names.name),
)  # fmt: skip


# Of a set-up only what says which parts of a system are in play.
_IN_SETUP = frozenset((names.JSON_SERVICE, links.URL, links.BARE_HOST, names.EMAIL, names.IMAGE, links.HOST_PORT,
                       links.ENDPOINT))  # fmt: skip
_OF_SETUP = frozenset(("service", "host", "endpoint"))


def mentions_of(title: str, regions: Sequence[Region], traces: TraceScan) -> tuple[Mention, ...]:
    """All mentions, title first, without repetitions. Lines that print a call are left to the frames."""
    seen: dict[Hit, Mention] = {}
    for hit, _ in _read(title, "prose"):
        seen.setdefault(hit, Mention(MentionKind(hit[0]), hit[1], 0, True, RegionKind.PROSE, hit[2]))
    for region in regions:
        if region.kind == "form":
            continue
        text = region.text
        if region.kind == "trace":
            rows = enumerate(text.split("\n"), region.line - 1)
            text = "\n".join("" if i in traces.shown else row for i, row in rows)
        for hit, row in _read(text, region.kind):
            kind = MentionKind(hit[0])
            seen.setdefault(hit, Mention(kind, hit[1], region.line + row, False, region.kind, hit[2]))
    thrown = {kind_text[1] for kind_text in seen if kind_text[0] == "exception"}
    return _capped(
        [m for m in seen.values() if not (m.kind in _ONCE and names.SPLIT.split(m.text)[-1] in thrown)]
    )


def _read(text: str, region: str) -> Iterator[tuple[Hit, int]]:
    """Mentions of one text and the 0-based row that each stands in, in reading order."""
    scan = _Scan(text)
    for stage in STAGES:
        if region in stage.only or (region == "environment" and stage.pattern in _IN_SETUP):
            scan.take(stage.pattern, stage.read, stage.blank)
    if region == "log":
        scan.hits.extend(_logged(text))
    ends = [m.start() for m in re.finditer("\n", text)]
    for at, hit in sorted(scan.hits, key=lambda h: h[0]):
        if hit[1] and (region != "environment" or hit[0] in _OF_SETUP):
            yield hit, bisect_right(ends, at)


def _logged(text: str) -> Iterator[tuple[int, Hit]]:
    """Messages, loggers and containers of log lines in formats that no general pattern knows."""
    lines = text.split("\n")
    at = 0
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if service := logs.strip(line).service:
            yield from ((at, hit) for hit in names.pod(service))
        if said := logs.logged(line, below):
            yield from ((at, hit) for hit in messages.message(said.message))
        loggers = [*([said.logger] if said and said.logger else []), *logs.loggers(line)]
        for logger in loggers:
            yield at, ("dotted" if "." in logger else "service", logger, 0)
        at += len(line) + 1


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
