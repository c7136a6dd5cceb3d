"""Secrets that span lines: keys, vaults, Secrets of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from summaries.redact.spans import HOLDER, Span

_ROW = (  # with the number of its line, or without
    r"(?:[ \t]{0,6}\d{1,6}:?[ ])?[ \t]{0,40}[\"'`]?(?:\\n)?[A-Za-z0-9+/=]{56,80}(?:\\r)?(?:\\n)?[\"'`]?[ \t]{0,8}"
    r"[+,.\\]?[ \t]{0,8}"
)
_BLOCKS = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,20000}"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
    ("private key", re.compile(r"PuTTY-User-Key-File-\d.{0,4000}?Private-MAC: ?[0-9a-f]{1,80}", re.DOTALL)),
    (
        "base64 block",
        re.compile(
            rf"^{_ROW}\n(?:{_ROW}\n){{1,2000}}"
            rf"(?:[ \t]{{0,6}}\d{{1,6}}:?[ ]{{1,40}}[A-Za-z0-9+/=]{{8,80}}(?=[ \t\n\"'`]|$)|"
            rf"[ \t\"'`]{{0,40}}[A-Za-z0-9+/=]{{4,80}})?",
            re.M,
        ),
    ),
    ("vault", re.compile(r"\$ANSIBLE_VAULT;[^\n]{0,80}(?:\\?\n[ \t]{0,40}[0-9a-f]{2,80}){1,2000}")),
    ("vault", re.compile(r"\bENC\[AES256_GCM,[^\]\n]{1,8000}\]|\{cipher\}[\w+/=]{16,4000}")),
)
_SECRET = re.compile(
    r"^[ \t]{0,20}kind:[ \t]{1,4}[\"']?Secret\b|[\"']kind[\"']\s{0,4}:\s{0,4}[\"']Secret[\"']", re.M
)
_DOCUMENT = re.compile(r"^---[ \t]*$", re.M)
_DATA = re.compile(r"^([ \t]{0,40})(?:data|stringData):[ \t]*$", re.M)
_ENTRY = re.compile(r"([ \t]+)(?:- )?[\"']?[\w.-]{1,200}[\"']?:[ \t]*(?:[|>][+-]?\d?[ \t]*$|(\S[^\n]*))?")
_OBJECT = re.compile(r"[\"'](?:data|stringData)[\"']\s{0,4}:\s{0,4}\{([^{}]{1,20000})\}")
_FIELD = re.compile(r":\s{0,4}\"((?:[^\"\\\n]|\\.){3,8000})\"")


def blocks(text: str) -> Iterator[Span]:
    """Character spans of all blocks in a text."""
    for kind, pattern in _BLOCKS:
        yield from ((m.start(), m.end(), kind) for m in pattern.finditer(text))
    if _SECRET.search(text):
        yield from _kubernetes(text)


def _kubernetes(text: str) -> Iterator[Span]:
    """Values of every Secret: of `data` and `stringData`, in YAML and JSON."""
    ends = [m.start() for m in _DOCUMENT.finditer(text)] + [len(text)]
    begin = 0
    for end in ends:
        document = text[begin:end]
        if _SECRET.search(document):
            for m in _OBJECT.finditer(document):
                yield from (
                    (begin + m.start(1) + f.start(1), begin + m.start(1) + f.end(1), "kubernetes secret")
                    for f in _FIELD.finditer(m[1])
                )
            for m in _DATA.finditer(document):
                yield from (
                    (a + begin, b + begin, k) for a, b, k in _entries(document, m.end() + 1, len(m[1]))
                )
        begin = end


def _entries(text: str, at: int, indent: int) -> Iterator[Span]:
    """Values of lines that are further in than `indent`, from the line at `at` on."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                return
            found = _ENTRY.fullmatch(line)
            start = found.start(2) if found else len(line) - len(line.lstrip())
            value = line[start:].strip() if start >= 0 else ""
            bare = value.strip("\"'")
            if len(bare) > 2 and not HOLDER.fullmatch(bare) and "{{" not in bare:
                yield at + start, at + start + len(value), "kubernetes secret"
        at = end + 1
