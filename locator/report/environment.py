"""What reporters paste of their set-up: manifests, version lists, dumps of settings. It says where, not what.

A block is known by marks that its tool always prints. Images, services and routes in it still count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from summaries.patterns import pattern

_KUBERNETES = (pattern(r"^(?:- )?apiVersion: ?\S"), re.compile(r"^(?:- )? {0,2}kind: ?\S"))
_COMPOSE = (pattern(r"^services:\s*$"), re.compile(r"^\s+image: ?\S"))
_HELM = pattern(
    r"^# Source: \S+/templates/|^(?:USER-SUPPLIED|COMPUTED) VALUES:|^(?:NAME|LAST DEPLOYED|NAMESPACE): \S"
)
_JSON = (  # docker inspect, image inspect, kubectl -o json, HAR, npm ls --json, package manifests
    ('"HostConfig"', '"Config"'), ('"RepoTags"', '"Id"'), ('"NetworkSettings"', '"Id"'), ('"apiVersion"', '"kind"'),
    ('"entries"', '"startedDateTime"'), ('"dependencies"', '"version"'),
)  # fmt: skip
_TABLE = pattern(
    r"^\s{0,4}(?:CONTAINER ID\s+IMAGE|NAME(?:SPACE)?\s+(?:NAME\s+)?(?:READY|STATUS|TYPE|REVISION|CHART)|REPOSITORY\s+TAG"
    r"|Package\s+Version)\b"
)
_SETTING = pattern(r"^\s{0,8}(?:export |set |declare -x |- )?[A-Z][A-Z0-9_]{2,60}=")
_VERSION_LINE = pattern(
    r"^[\s|>*+├└│─┬-]{0,40}[@\w][\w@/. ()+-]{0,60}?(?:\s{0,20}(?:[:=|@]|==|\s-\s|\s)\s{0,20})"
    r"\(?v?\d+(?:\.\d+)+[\w.+-]{0,40}\)?[\s|,]{0,20}$"
)
# What tools that examine an installation print: headings with a verdict, and points below them.
_VERDICT = pattern(r"^\s{0,6}\[[✓✔✗✘☠!]\] ")
_POINT = pattern(r"^\s{0,8}(?:\[[✓✔✗✘☠!]\]|[•✗✘!]) ")
_LEAST = 3  # lines of a list
_SHARE = 0.6  # of a block's lines; a guess
_LOOKED_AT = 400  # lines of a block


def is_environment(block: Sequence[str]) -> bool:
    """Whether a block of lines is a dump of somebody's set-up."""
    lines = [line[:300] for line in block[:_LOOKED_AT] if line.strip()]
    if not lines:
        return False
    if any(_HELM.match(line) for line in lines[:3]) or _TABLE.match(lines[0]):
        return True
    for marks in (_KUBERNETES, _COMPOSE):
        if all(any(m.match(line) for line in lines) for m in marks):
            return True
    if lines[0].lstrip()[:1] in ("{", "["):
        text = "\n".join(lines)
        if any(a in text and b in text for a, b in _JSON):
            return True
    if _VERDICT.match(lines[0]) and sum(map(bool, map(_POINT.match, lines))) >= max(_LEAST, len(lines) // 3):
        return True
    told = sum(is_version(line) or bool(_SETTING.match(line)) for line in lines)
    return told >= _LEAST and told >= _SHARE * len(lines)


def is_version(line: str) -> bool:
    """Whether a line says which version of something is installed: `- orders: 1.2.0`, `orders==1.2`, `| x | 1.2 |`."""
    return bool(_VERSION_LINE.match(line[:200]))


def mark(lines: Sequence[str], fenced: Sequence[int], kinds: list[str]) -> None:
    """Set the kinds of lines in dumps to "environment": fenced blocks, and runs of lines without a blank one."""
    i = 0
    while i < len(lines):
        if fenced[i] == 2 or not lines[i].strip():
            i += 1
            continue
        end = i
        while end < len(lines) and fenced[end] == fenced[i] and (fenced[i] or lines[end].strip()):
            end += 1
        if all(kinds[k] != "log" for k in range(i, end)) and is_environment(lines[i:end]):
            kinds[i:end] = ["environment"] * (end - i)
        elif not fenced[i]:
            _mark_lists(lines, kinds, i, end)
        i = max(end, i + 1)


def _mark_lists(lines: Sequence[str], kinds: list[str], first: int, end: int) -> None:
    """Runs of version lines within a paragraph."""
    run = first
    for i in range(first, end + 1):
        if i < end and kinds[i] != "log" and is_version(lines[i]):
            continue
        if i - run >= _LEAST:
            kinds[run:i] = ["environment"] * (i - run)
        run = i + 1
