"""What the parts of redaction share: spans, and what can be no secret."""

from __future__ import annotations

import re

Span = tuple[int, int, str]  # start, end, kind

HOLDER = re.compile(  # what stands where a secret would: placeholders, templates, types, names of settings
    r"(?i)\[?redacted.*|\$[a-z_]\w*|\$[({].*[)}]|\{.*\}|<.*>|%[a-z]{1,3}|%\w{1,40}%|%\(\w+\)s|[x*.•#_-]{3,}|"
    r"(?:your|my|the|some|an?|example|sample|test|dummy|fake|change|insert|enter|replace)[-_ ][a-z_ -]*|"
    r"null|none|nil|undefined|true|false|string|str|text|bool(?:ean)?|int(?:eger)?|number|any|bytes?|object|"
    r"required|optional|changeme|placeholder|todo|bearer|basic|digest|utf-?8|ascii|latin-?1|plain|hidden|empty|"
    r"(?:[a-z]{1,30}[_. -]){0,4}(?:password|passwd|passphrase|token|secret|key|credentials?|user(?:name)?)s?[:.]?"
)
PLACE = re.compile(
    r"(?:https?:/|\.{0,2}|~|[A-Za-z]:)?(?:/[\w.@$%{}-]{0,60}){2,20}|[\d.]{1,40}(?:/[\w.-]{0,60}){0,9}|[\w.-]{1,60}:\d{1,5}"
)
CODE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+[?!]?|[A-Za-z_]*(?i:password|pwd|secret|token)[A-Za-z_]*"
)


def mixed(value: str) -> bool:
    """Letters with digits or signs, as nobody writes a name or a word."""
    letters = sum(c.isalpha() for c in value)
    digits = sum(c.isdigit() for c in value)
    signs = sum(c in "!@#$%^*+/=~?" for c in value)
    return letters > 0 and (digits >= 2 or signs >= 2 or (digits > 0 and (signs > 0 or len(value) >= 16)))
