"""Which issues a commit message says it settles, and whether it speaks of a fix at all."""

from __future__ import annotations

import re

from msgspec import Struct

# GitHub's and GitLab's own words (docs: "Linking a pull request to an issue", "Closing issues automatically").
_CLOSING = r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing))"
_ONE = (
    r"(?:https?://(?P<host>[\w.-]{1,100})/(?P<url>[\w./-]{1,200}?)/(?:-/)?issues/(?P<urln>\d{1,9})"
    r"|(?P<repo>[\w.-]{1,100}(?:/[\w.-]{1,100}){1,4})?#(?P<number>\d{1,9})|GH-(?P<gh>\d{1,9})"
    r"|(?P<key>[A-Z][A-Z0-9_]{1,15}-[1-9]\d{0,7}))\b"
)
_TARGET = re.compile(_ONE)
_CLOSED = re.compile(_CLOSING + r"(?:\s+(?:issues?|bugs?|tickets?))?\s{0,3}:?\s{0,3}(?=[#\w])", re.IGNORECASE)
_SETTLES = re.compile(_CLOSED.pattern + _ONE, re.IGNORECASE)  # a closing word and what it closes
_AND = re.compile(r"[\s,;&]{0,4}(?:and\s{1,3})?(?:" + _CLOSING + r"\s{0,3}:?\s{1,3})?", re.IGNORECASE)
_SUBJECT_KEY = re.compile(r"(?<![A-Za-z0-9_-])([A-Z][A-Z0-9_]{1,15}-[1-9]\d{0,7})\b")
_TRAILER_KEY = re.compile(
    r"^(?:issue|bug|jira|ticket|task|refs?|key)s?(?:-id)?\s*[:=#]\s*([A-Z][A-Z0-9_]{1,15}-[1-9]\d{0,7})\b",
    re.IGNORECASE | re.MULTILINE,
)
_BARE = re.compile(r"(?<![\w/#&])#(\d{1,9})\b")

# Written like an issue key, but standards, encodings, licences and hardware.
_NO_PROJECT = frozenset(
    "UTF UCS ISO IEC RFC SHA MD AES DES RSA DSA TLS SSL HTTP HTTPS IPV CVE CWE GHSA BSD GPL LGPL MIT CC ARM X86 AMD "
    "UTC GMT HTML CSS ES ECMA JSR JEP PEP BIP EIP X64 I18N L10N COVID ASCII WINDOWS CP EBCDIC IEEE ANSI FIPS PKCS "
    "GH GB BIG EUC KOI H264 MPEG USB RS DDR PCI SSE AVX CUDA VT WIN MP RC V".split()
)

_FIX = re.compile(
    r"\b(?:fix(?:e[sd]|ing|up)?|bug(?:s|fix(?:es)?)?|hotfix|defects?|errors?|crash(?:e[sd]|ing)?|fail(?:s|ed|ing|ures?)?"
    r"|wrong(?:ly)?|incorrect(?:ly)?|broken|regressions?|exceptions?|npe|panics?|leak(?:s|ed|ing)?|deadlocks?|races?"
    r"|invalid|missing|prevent(?:s|ed)?|avoid(?:s|ed)?|correct(?:s|ed|ly)?|repair(?:s|ed)?|handle[sd]?|hangs?|stuck)\b",
    re.IGNORECASE,
)

_KIND = re.compile(r"(\w{2,12})(?:\([^)\n]{0,60}\))?!?:\s")  # conventionalcommits.org
_REPAIRS = frozenset(("fix", "bug", "bugfix", "hotfix", "perf", "security", "revert"))


class Reference(Struct, frozen=True, order=True):
    """An issue named by a commit. `repo` is "" for the commit's own, and for keys of a tracker beside the code."""

    repo: str
    key: str  # "ABC-12", or the number "12"
    closes: bool  # said to be settled, not just mentioned


def references(message: str) -> tuple[Reference, ...]:
    """Issues of a message, those it settles first. Keys count where the subject or a trailer has them."""
    found: dict[tuple[str, str], bool] = {}
    text = message[:4_000]
    for start in _CLOSED.finditer(text):
        at = start.end()
        while target := _TARGET.match(text, at):
            repo, key = _named(target)
            if key:
                found[repo, key] = True
            at = _next(text, target.end())
    subject = text.split("\n", 1)[0]
    for key in (*_SUBJECT_KEY.findall(subject), *_TRAILER_KEY.findall(text)):
        if is_key(key.upper()):
            found.setdefault(("", key.upper()), True)
    for number in _BARE.findall(text):
        found.setdefault(("", str(int(number))), False)
    return tuple(Reference(r, k, c) for (r, k), c in sorted(found.items(), key=lambda x: not x[1]))


def speaks_of_fix(message: str) -> bool:
    """Whether the first lines use the words of a repair, besides "fixes #12"; a conventional type decides alone."""
    kind = _KIND.match(message)
    if kind:
        return kind[1].lower() in _REPAIRS
    return bool(_FIX.search(_SETTLES.sub(" ", message[:600])))


def _named(target: re.Match[str]) -> tuple[str, str]:
    if target["key"]:
        return "", target["key"] if is_key(target["key"]) else ""
    if target["url"]:
        return target["url"].strip("/"), str(int(target["urln"]))
    return (target["repo"] or "").strip("/"), str(int(target["number"] or target["gh"]))


def _next(text: str, at: int) -> int:
    """Where the next target of a list may begin: "fixes #1, #2 and #3"."""
    gap = _AND.match(text, at)
    return gap.end() if gap and gap.end() > at else len(text)


def is_key(key: str) -> bool:
    """Whether what is written like a tracker's key is one: no encoding, standard or licence."""
    return key.rpartition("-")[0].upper() not in _NO_PROJECT
