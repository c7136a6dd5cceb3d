"""Secrets taken out of a text before it leaves: a maintained detector library, and what that misses.

`detect-secrets` finds the tokens of known services and strings of high entropy. Its rule for names such as
`password` works on files of known types; ours works on any text, and reads connection strings, key blocks
(cut ones too), headers, command lines and the tokens of further services. In doubt a value goes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from summaries.errors import ModelError, with_extra

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

PIECE, OVERLAP = 8_000, 600  # characters looked at in one go, so that no pattern meets a line of megabytes


class Redacted(Struct, frozen=True):
    """A text without secrets, and how many of each kind were in it."""

    text: str
    kinds: Mapping[str, int] = {}

    @property
    def total(self) -> int:
        """Secrets taken out."""
        return sum(self.kinds.values())


def redact(text: str) -> Redacted:
    """Replace every secret by `[redacted KIND]`. Raises ModelError where the detector isn't installed."""
    spans = sorted(_spans(text), key=lambda s: (s[0], -s[1]))
    parts: list[str] = []
    kinds: Counter[str] = Counter()
    at = 0
    for start, end, kind in spans:
        if end <= at:
            continue
        if start >= at:
            kinds[kind] += 1
            parts += [text[at:start], f"[redacted {kind}]"]
        at = end
    return Redacted("".join([*parts, text[at:]]), dict(kinds)) if kinds else Redacted(text)


Span = tuple[int, int, str]


def _spans(text: str) -> Iterator[Span]:
    for kind, pattern in _BLOCKS:
        yield from ((m.start(), m.end(), kind) for m in pattern.finditer(text))
    for offset, piece in _pieces(text):
        for start, end, kind in (*_services(piece), *_ours(piece), *_named(piece)):
            yield start + offset, end + offset, kind


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Runs of whole lines, and of longer lines pieces that overlap."""
    at = 0
    while at < len(text):
        end = min(len(text), at + PIECE)
        line = text.rfind("\n", at, end)
        if end < len(text) and line > at:
            yield at, text[at : line + 1]
            at = line + 1
            continue
        yield at, text[at:end]
        at = end if end == len(text) else end - OVERLAP


# --- blocks that span lines -----------------------------------------------------------------------------

_ROW = r"[ \t]{0,40}[\"'`]?(?:\\n)?[A-Za-z0-9+/=]{56,80}(?:\\r)?(?:\\n)?[\"'`]?[ \t]{0,8}[+,.\\]?[ \t]{0,8}"
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
        re.compile(rf"^{_ROW}\n(?:{_ROW}\n){{1,2000}}(?:[ \t\"'`]{{0,40}}[A-Za-z0-9+/=]{{4,80}})?", re.M),
    ),
)

# --- tokens of known services -----------------------------------------------------------------------------

_SERVICES = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}


@cache
def _plugins() -> tuple[BasePlugin, ...]:
    from importlib import import_module

    try:
        found = [getattr(import_module(f"detect_secrets.plugins.{m}"), n)() for m, n in _SERVICES.items()]
        entropy = import_module("detect_secrets.plugins.high_entropy_strings")
    except ImportError as e:
        hint = with_extra("models")
        raise ModelError("nothing is sent without `detect-secrets`, which is not installed", hint) from e
    return (*found, entropy.Base64HighEntropyString(limit=4.5), entropy.HexHighEntropyString(limit=3.0))


def _services(piece: str) -> Iterator[Span]:
    for plugin in _plugins():
        kind = plugin.secret_type.lower()
        entropy = kind.endswith("high entropy string")
        for secret in {s for s in plugin.analyze_string(piece) if isinstance(s, str) and len(s) >= 8}:
            if entropy and not _dense(plugin, secret):
                continue
            at = piece.find(secret)
            while at >= 0:
                yield at, at + len(secret), "token" if entropy else kind
                at = piece.find(secret, at + len(secret))


def _dense(plugin: BasePlugin, secret: str) -> bool:
    limit = getattr(plugin, "entropy_limit", 4.5)
    measure = getattr(plugin, "calculate_shannon_entropy", None)
    long = len(secret) >= 20 and any(c.isdigit() for c in secret)
    return long and measure is not None and measure(secret) > limit and not _WORDY.search(secret)


_WORDY = re.compile(r"[a-z]{9}|[./_-][a-z]{3,12}[./_-]|^[A-Za-z0-9+]{1,26}abcdefghij", re.IGNORECASE)

_OURS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "password in a URL",
            r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/@:\"'<>]{0,100}:([^\s\"'<>]{1,200}?)@(?=[\w\[.-])",
        ),
        ("web token", r"\beyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,4000})?"),
        (
            "authorization header",
            r"(?i)\b(?:bearer|basic|token|digest)[ \t]{1,4}([A-Za-z0-9._~+/=-]{16,4000})",
        ),
        (
            "authorization header",
            r"(?i)\bauthorization[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:[a-z]{1,20}[ \t]{1,4})([^\s\"']{8,4000})",
        ),
        ("google key", r"\bAIza[\w-]{30,60}|\bya29\.[\w-]{20,400}|\bGOCSPX-[\w-]{20,60}"),
        ("aws key", r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AKIA|ANPA|AROA|ASCA|ASIA)[A-Z0-9]{12,20}\b"),
        ("azure key", r"(?i)\b(?:AccountKey|SharedAccessKey|sig)=([A-Za-z0-9+/%=_-]{20,200})"),
        ("github token", r"\bgh[pousr]_\w{30,260}|\bgithub_pat_\w{30,260}"),
        ("api key", r"\bsk-[A-Za-z0-9_-]{16,260}|\b[rsp]k_(?:live|test)_\w{10,260}|\bwhsec_[\w+/=]{16,100}"),
        ("slack token", r"\bxox[a-z]-[\w-]{10,260}|https://hooks\.slack\.com/services/[\w/]{20,100}"),
        (
            "service token",
            r"\b(?:glpat-|gldt-|npm_|pypi-|hf_|dop_v1_|doo_v1_|dapi|hvs\.|hvb\.|shpat_|shpss_|lin_api_|ntn_|sntrys_|"
            r"AGE-SECRET-KEY-|SG\.|key-|dckr_pat_|rubygems_|figd_|PMAK-|NRAK-|glsa_|atlasv1\.)[\w.=-]{16,300}",
        ),
        ("bot token", r"\b\d{8,10}:[\w-]{35}\b|\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}\b"),
        ("password hash", r"\$(?:2[aby]|5|6|argon2id?|y)\$[\w./,=$+-]{20,300}"),
        ("user and password", r"(?:^|\s)(?:-u|--user)[ =][\"']?[^\s:\"']{1,100}:([^\s\"']{3,200})"),
        (
            "password",
            r"(?i)(?<!\w)--?(?:\w{1,24}-){0,4}(?:pass(?:word|wd|phrase)|token|secret|api-?key)[ =][\"']?(?![-$<{])"
            r"([^\s\"']{4,300})",
        ),
        # Behind a name such as get-token, which is no option, a plain word is only a word.
        (
            "password",
            r"(?i)\w-(?:pass(?:word|wd|phrase)|token|secret|api-?key)[ =][\"']?(?![-$<{])"
            r"(?=[^\s\"']{0,300}[\d!@#$%^*+/=~?])([^\s\"']{4,300})",
        ),
        ("password", r"(?i)\b(?:machine|login)[ \t]{1,4}\S{1,100}[ \t]{1,4}password[ \t]{1,4}(\S{3,200})"),
    )
)


def _ours(piece: str) -> Iterator[Span]:
    for kind, pattern in _OURS:
        for m in pattern.finditer(piece):
            group = m.lastindex or 0
            if m.end(group) - m.start(group) > 2 and not (group and _HOLDER.fullmatch(m.group(group))):
                yield *m.span(group), kind


# --- values of things called password -------------------------------------------------------------------

_NAME = re.compile(
    r"(?:(?P<pass>(?i:pass(?:word|wd|phrase|code)s?|pass(?![a-z])|pwd))|(?i:secrets?|tokens?|credentials?|creds|"
    r"(?:api|access|auth|private|encryption|signing|master|account|session|license|secret|shared|client|app)"
    r"[_-]?key|auth(?![a-z])|salt(?![a-z])))"
    r"(?P<affix>(?:[_.-][A-Za-z0-9]{1,24}|[A-Z0-9][a-z0-9]{0,24}){0,4})"
    r"[\"'\]`]{0,2}(?:\s?:\s?[A-Za-z<>\[\]]{1,20}(?=\s{0,3}=))?"
    r"[ \t]{0,40}(?P<sign>:=|=>|={1,3}|!={1,2}|:|>|\()[ \t]{0,40}"
)
_QUOTED = re.compile(r"[@bBrRuUfF]{0,2}(?:\"([^\"\n]{3,400})\"|'([^'\n]{3,400})'|`([^`\n]{3,400})`)")
_BARE = re.compile(r"([^\s\"'`,;&<>(){}\[\]]{4,400})(?P<end>[\s,;&<\"'})\]]|$)?")
_ABOUT = re.compile(  # names of what surrounds a secret: TOKEN_PORT, secretName
    r"(?i)(?:port|path|files?|dir|url|uri|host|name|type|length|len|timeout|count|ttl|expir\w*|size|format|header|"
    r"prefix|suffix|field|param|class|algorithm|policy|provider|store|id|ids|index|limit|version|kind|mode)$"
)
_HOLDER = re.compile(  # what stands where a secret would: placeholders, templates, types, names of settings
    r"(?i)\[?redacted.*|\$[a-z_]+|\$[({].*[)}]|\{.*\}|<.*>|%[a-z]{1,3}|%\w{1,40}%|%\(\w+\)s|x{3,}|\*+|\.{3,}|"
    r"(?:your|my|the|some|an?|example|sample|test|dummy|fake|change)[-_ ][a-z_ -]*|"
    r"null|none|nil|undefined|true|false|string|str|text|bool(?:ean)?|int(?:eger)?|number|any|bytes?|object|"
    r"required|optional|changeme|placeholder|todo|bearer|basic|digest|utf-?8|ascii|latin-?1|"
    r"(?:[a-z]{1,30}[_. -]){0,4}(?:password|passwd|token|secret|key|credentials?|user(?:name)?)s?[:.]?"
)
_PLACE = re.compile(
    r"(?:https?:/|\.{0,2}|~|[A-Za-z]:)?(?:/[\w.@$%{}-]{0,60}){2,20}|[\d.]{1,40}|[\w.-]{1,60}:\d{1,5}"
)
_CODE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+[?!]?|[A-Za-z_]*(?i:password|pwd|secret|token)[A-Za-z_]*"
)


def _named(piece: str) -> Iterator[Span]:
    for m in _NAME.finditer(piece):
        strong = m["pass"] is not None
        if _ABOUT.search(m["affix"]) or (m["sign"] == "(" and "." in m["affix"]):
            continue
        if found := _QUOTED.match(piece, m.end()):
            group = found.lastindex or 0
            if _secret(found.group(group), strong, m["sign"]):
                yield *found.span(group), "password"
        elif (found := _BARE.match(piece, m.end())) and m["sign"] != "(":
            word = (
                m["pass"] and len(m["pass"]) > 4 and found["end"] is not None and m["sign"] in ("=", ":", ">")
            )
            if _bare(found.group(1), word=bool(word)):
                yield *found.span(1), "password"


def _bare(value: str, *, word: bool) -> bool:
    """Whether a value without quotes is a secret; with `word` a plain word may be one."""
    if any(p.fullmatch(value) for p in (_HOLDER, _PLACE, _CODE)):
        return False
    return word or _mixed(value)


def _secret(value: str, strong: bool, sign: str) -> bool:
    """Whether a quoted value is one. A password may be any word; a token is no word, path or address."""
    if " " in value.strip() or _HOLDER.fullmatch(value):
        return False
    if strong and sign != "(":
        return True
    if _PLACE.fullmatch(value) or re.fullmatch(r"\W*", value):
        return False
    return _mixed(value) or (len(value) >= 16 and value.isalnum() and not value.isalpha()) or strong


def _mixed(value: str) -> bool:
    """Letters with digits or signs, as nobody writes a name or a word."""
    letters = sum(c.isalpha() for c in value)
    digits = sum(c.isdigit() for c in value)
    signs = sum(c in "!@#$%^*+/=~?" for c in value)
    return letters > 0 and (digits >= 2 or signs >= 2 or (digits > 0 and (signs > 0 or len(value) >= 16)))
