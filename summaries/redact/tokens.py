"""What is secret wherever it stands: tokens of known services, entropy, addresses and headers that let somebody in."""

# ruff: noqa: E501  (a pattern is read in one line)

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct

from summaries.errors import ModelError, with_extra
from summaries.redact.spans import CODE, HOLDER, Span, mixed

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin


def tokens(piece: str, strict: bool = True) -> Iterator[Span]:
    """Spans of all tokens. Raises ModelError where detect-secrets isn't installed, unless that isn't `strict`."""
    with suppress(*() if strict else (ModelError,)):
        yield from _services(piece)
    yield from _ruled(piece)
    yield from _ours(piece)
    yield from _marked(piece)


# --- the rules of gitleaks (MIT; see gitleaks.LICENSE) ------------------------------------------------------

WINDOW = 400  # characters behind a keyword that a rule may need; a guess: the longest tokens are of 300


class Rule(Struct, frozen=True):
    """A pattern that is tried near its keywords only."""

    id: str
    pattern: re.Pattern[str]
    group: int
    entropy: float  # bits for each character that a match must have


@cache
def _rules() -> tuple[re.Pattern[str], dict[str, tuple[Rule, ...]]]:
    """All keywords as one pattern, and the rules of each."""
    data = json.loads(files("summaries.redact").joinpath("gitleaks.json").read_text("utf-8"))
    by_keyword: dict[str, list[Rule]] = {}
    for id_, pattern, group, entropy, keywords in data["rules"]:
        rule = Rule(id_, re.compile(pattern), group, entropy)
        for keyword in keywords:
            by_keyword.setdefault(keyword.lower(), []).append(rule)
    every = "|".join(map(re.escape, sorted(by_keyword, key=lambda k: (-len(k), k))))
    return re.compile(f"(?=({every}))", re.IGNORECASE), {k: tuple(r) for k, r in by_keyword.items()}


def _ruled(piece: str) -> Iterator[Span]:
    every, by_keyword = _rules()
    done: dict[str, int] = {}  # where each rule has looked already
    for m in every.finditer(piece):
        for rule in by_keyword[m[1].lower()]:
            start = max(m.start() - 60, done.get(rule.id, 0))
            end = m.start() + WINDOW
            if end <= start:
                continue
            for found in rule.pattern.finditer(piece, start, end):
                group = rule.group if rule.group <= (rule.pattern.groups or 0) else 0
                at, to = found.span(group)
                marked = any(c.isdigit() for c in piece[at:to])
                if to - at >= 8 and marked and _entropy(piece[at:to]) >= rule.entropy:
                    yield at, to, rule.id.replace("-", " ")
            done[rule.id] = max(start, m.start() + 1)


def _entropy(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


# --- detect-secrets ---------------------------------------------------------------------------------------------

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
                if not (entropy and _digest(piece, at, secret)):
                    yield at, at + len(secret), "token" if entropy else kind
                at = piece.find(secret, at + len(secret))


_HEX = re.compile(r"[0-9a-fA-F]{32,128}")
_DIGEST = re.compile(
    r"(?i)(?:\b|_|[a-z])(?:ids?|sha\d{0,3}|md5|hash|digest|checksum|sum|commit|rev|revision|integrity|etag|uuid|guid|fingerprint|"
    r"oid|ref|version|tag)[\"'\]]{0,2}\s{0,4}[:=]{0,2}>?\s{0,4}[\"']?(?:sha\d{1,3}[-:])?$|[/@#]$"
)


def _digest(piece: str, at: int, secret: str) -> bool:
    """Whether hex digits name something rather than let somebody in."""
    return bool(_HEX.fullmatch(secret) and _DIGEST.search(piece, max(0, at - 40), at))


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
            r"(?i)\b(?:bearer|basic|token|digest)[ \t]{1,4}(?=[A-Za-z0-9._~+/=-]{0,400}\d)([A-Za-z0-9._~+/=-]{16,4000})",
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
        ("atlassian token", r"\bAT(?:ATT|BB|CTT|SCTT)[A-Za-z0-9_=-]{20,300}"),
        (
            "service token",
            r"\b(?:gl(?:rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-[\w-]{16,80}|secret_[A-Za-z0-9]{32,64}|glc_[\w+/=-]{20,400}|"
            r"sl\.[\w-]{20,300}|EAA[A-Za-z0-9]{20,300}|00[A-Za-z][\w-]{39}\b|sk_[a-z]{2,12}_[A-Za-z0-9]{16,100}|"
            r"(?:rnd|nfp|fo1|fm2|hvr|vc[abcpikt]?|prx|tfp|r8|pplx|gsk|xai|sk-or|fw|nvapi|cfut|pul|pscale|ptr|tskey|"
            r"doppler|dp\.[a-z]{2}|cs|ck|re|tvly|jina|lsv2_pt|lsv2_sk|phc|phx|ops|bkua|shp[a-z]{2}|snyk_uat)"
            r"[_-][A-Za-z0-9][\w.-]{18,300})",
        ),
        ("google key", r"\b1//0[\w-]{30,200}|\b4/0A[\w-]{30,200}"),
        ("encoded token", r"\beyJ[A-Za-z0-9_+/-]{38,8000}={0,2}"),
        (
            "password hash",
            r"\$(?:apr1|1|2x|7|md5|sha1|pbkdf2[\w-]{0,20}|scrypt|argon2[a-z]{0,2}|P|H|S|gy)\$[\w./,=$+-]{8,300}",
        ),
        ("password hash", r"\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT|PBKDF2[\w-]{0,12})\}[\w./+=$,-]{8,200}"),
        ("password hash", r"\bpbkdf2(?:_|:)sha\d{1,3}[$:]\d{1,8}\$[\w./+=-]{2,100}\$[\w./+=-]{16,200}"),
        # addresses that let in whoever knows them
        ("token in a URL", r"\b[a-z][a-z0-9+.-]{1,30}://([^\s/@:\"'<>]{16,300})@(?=[\w\[.-])"),
        (
            "token in a URL",
            r"\b[a-z][a-z0-9+.-]{1,30}://[^\s/@:\"'<>]{0,100}:([^\s\"'<>@]{1,200})@(?=[\w\[.-])",
        ),
        (
            "webhook address",
            r"(?i)\b(?:discord(?:app)?\.com/api/webhooks/\d{5,25}/|webhook\.office\.com/webhookb2/|"
            r"hooks\.zapier\.com/hooks/catch/|hooks\.slack\.com/(?:services|workflows|triggers)/|"
            r"maker\.ifttt\.com/(?:trigger/[\w-]{1,60}/(?:json/)?with|use)/(?:key/)?|webhook\.site/|"
            r"open\.(?:feishu|larksuite)\.(?:cn|com)/open-apis/bot/v2/hook/|api\.telegram\.org/bot|"
            r"hook(?:\.[a-z0-9]{2,6})?\.(?:make|integromat)\.com/|[\w.-]{1,100}/hooks/(?=[a-z0-9]{24,30}\b)|"
            r"events\.pagerduty\.com/integration/|alert\.victorops\.com/integrations/generic/\d{1,12}/alert/|"
            r"outlook\.office(?:365)?\.com/webhook/|hooks\.airtable\.com/workflows/v1/genericWebhook/|"
            r"hc-ping\.com/|cronitor\.link/p/|betteruptime\.com/api/v1/heartbeat/)([\w@:/.-]{12,400})",
        ),
        (
            "secret in a URL",
            r"(?i)[?&;](?:amp;)?(?:x-amz-(?:signature|credential|security-token)|x-goog-signature|sig|signature|key|api[_-]?key|"
            r"apikey|(?:access|auth|id|refresh|session|csrf|reset|verify|invite|private|sas)[_-]?token|token|code|"
            r"client[_-]?secret|secret|pass(?:word|wd)?|pwd|auth|session(?:id)?|sid|hash|jwt|assertion|hmac)"
            r"(?:=|%3D)(?=[\w%+/.~=-]{0,300}\d|[\w%+/.~=-]{20})([\w%+/.~=-]{8,4000})",
        ),
        (
            "secret in a URL",
            r"(?i)(?<![A-Za-z])(?:password|passwd|pwd|secret|token|api_?key)(?:%22)?(?:%3D|%3A)(?:%22)?([\w+/.~-]{3,300})",
        ),
        # headers
        (
            "cookie",
            r"(?i)\b(?:set-)?cookie[\"'\\]{0,3}[ \t]{0,4}[:=,][ \t]{0,4}[\"'\\]{0,3}(?=[^\n;=\"']{1,100}=[^\s;\"']{8})"
            r"[^\n;=\"'\s]{1,100}=([^\s;\"'\\]{8,4000}(?:;[ ]?(?!(?i:path|domain|expires|max-age|samesite|secure|httponly))"
            r"[\w.-]{1,60}=[^\s;\"'\\]{1,4000}){0,40})",
        ),
        (
            "authorization header",
            r"(?i)\b(?:proxy-)?authorization[\"'\\]{0,4}[ \t]{0,4}[:=,][ \t]{0,4}[\"'`\\]{0,4}"
            r"(?!(?:bearer|basic|token|digest|negotiate|apikey)[ \t])(?=[^\s\"'\\]{0,300}\d)([\w.~+/=:!@#$%^*-]{8,4000})",
        ),
        (
            "authorization header",
            r"(?i)\b(?:bearer|basic|negotiate|apikey|aws4-hmac-sha256)[ \t]{1,4}(?=[\w.~+/=-]{0,300}\d)([\w.~+/=-]{12,4000})",
        ),
        (
            "header",
            r"(?i)\bx-(?:[a-z0-9]{1,20}-){0,4}(?:key|token|secret|auth|password|signature|apikey)[\"'\\]{0,3}[ \t]{0,4}[:=,]"
            r"[ \t]{0,4}[\"'`\\]{0,3}(?=[^\s\"'\\]{0,300}\d)([\w.~+/=:!@#$%^*-]{6,4000})",
        ),
        # commands
        (
            "password",
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mysqlimport)\b[^\n]{0,200}?[ \t]-p(?![ \t])[\"']?([^\s\"']{3,200})",
        ),
        ("password", r"\bsshpass[ \t]{1,4}-p[ \t]{0,4}[\"']?([^\s\"']{3,200})"),
        ("password", r"\bredis-cli\b[^\n]{0,200}?[ \t](?:-a|--pass)[ \t=]{1,4}[\"']?([^\s\"']{3,200})"),
        (
            "password",
            r"\b(?:docker|podman|helm|oras|buildah|skopeo|az|nerdctl|mongo|mongosh|mongodump|ldapsearch|ldapadd|ldapmodify|"
            r"bcp|sqlcmd|isql|zip|7z|7za|unzip|unrar|rar|ipmitool|svn|expect|lftp|ncftp|oc)\b[^\n]{0,200}?"
            r"[ \t]-(?:p|w|P|pw)[ \t]{0,4}(?=[\"']?[^\s\"'$-])[\"']?(?=[^\s\"']{0,200}[\d!@#%^*+=~?])([^\s\"']{4,200})",
        ),
        (
            "password",
            r"\bhtpasswd\b[^\n|;&]{0,200}?[ \t]-\w{0,5}b\w{0,5}\b[^\n|;&]{0,200}?[ \t][\"']?([^\s\"'|;&>]{3,200})[\"']?[ \t]{0,4}(?=$|[\n|;&>])",
        ),
        (
            "password",
            r"(?<!\w)--?[\w-]{0,24}(?:pass|passwd|pwd|passwort|passin|passout)[ =][\"']?(?![-$<{])([^\s\"']{4,300})",
        ),
        (
            "service token",
            r"\b(?:access_token|sandbox_token)\$\w{4,20}\$[a-z0-9]{8,40}\$[0-9a-f]{16,80}|\bAKID[A-Za-z0-9]{20,40}",
        ),
        (
            "password",
            r"\bsmb(?:client|map|get)\b[^\n]{0,200}?[ \t]-U[ \t]{0,4}[\"']?[^\s%\"']{1,100}%([^\s\"']{3,200})",
        ),
        ("password", r"\b(?:pass|env|stdin)?:?pass:([^\s\"':]{4,200})(?=[\s\"']|$)"),
        (
            "password",
            r"\becho[ \t]{1,4}(?:-n[ \t]{1,4})?[\"']?([^\s\"'|$]{4,100})[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1,4}-\w{0,3}S|docker login|passwd|gh auth login|su\b)",
        ),
        (
            "password",
            r"\becho[ \t]{1,4}[\"']?[\w.-]{1,60}:([^\s\"'|$]{4,100})[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo )?chpasswd",
        ),
        (
            "password",
            r"\b(?:vault login|gh auth login --with-token|heroku auth:token|npm token|doctl auth init -t|flyctl auth token)[ \t]{1,4}([\w.-]{16,300})",
        ),
        (
            "password",
            r"(?i)\bnet[ \t]{1,4}use?r?\b[^\n]{0,200}?[ \t]/user:\S{1,100}[ \t]{1,4}([^\s/]{4,100})",
        ),
        (
            "password",
            r"(?i)\bConvertTo-SecureString[ \t]{1,4}(?:-String[ \t]{1,4})?[\"']([^\"'\n$]{3,200})[\"']",
        ),
        (
            "password",
            r"(?i)\bNetworkCredential\([ \t]{0,4}[\"'][^\"'\n]{0,100}[\"'][ \t]{0,4},[ \t]{0,4}[\"']([^\"'\n]{3,200})[\"']",
        ),
        # SQL
        (  # "identified by pylint" is prose
            "password",
            r"(?i)\bidentified[ \t\n]{1,8}(?:with[ \t]{1,4}[\w'\"]{1,60}[ \t]{1,4})?(?:by|as)[ \t\n]{1,8}(?:password[ \t]{1,4})?"
            r"(?:[\"']|(?=[^\s\"';]{0,200}[\d!@#$%^*+=~?]))([^\s\"';]{3,200})",
        ),
        (
            "password",
            r"(?i)\b(?:user|role|login|grant)\b[^\n;]{0,200}?\sidentified[ \t]{1,8}(?:by|as)[ \t]{1,8}([^\s\"';]{3,200})(?=[ \t]{0,4}(?:;|$))",
        ),
        (
            "password",
            r"(?i)\b(?:with|encrypted|set|for|login|role|user)[ \t\n]{1,8}(?:[^\n;]{0,120}[ \t]{1,4})?password[ \t]{0,4}(?:=|for[^\n=]{1,100}=|to)?[ \t]{0,4}(?:n?e?)[\"']([^\"'\n]{3,200})[\"']",
        ),
        ("password", r"(?i)\bpassword[ \t]{0,4}\([ \t]{0,4}'([^'\n]{3,200})'[ \t]{0,4}\)"),
        # files
        (
            "password",
            r"(?m)^[\w.*-]{1,100}:(?:\d{1,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:(?=[^\s:]{0,100}[\d!@#%^*+=~?])([^\s:]{4,200})$",
        ),
        (
            "client key",
            r"(?i)\b(?:client-key-data|client-certificate-data|id-token|refresh-token)[\"']?:[ \t]{0,4}[\"']?([\w.+/=-]{20,8000})",
        ),
        (
            "password",
            r"(?i)[\"'](?:auth|identitytoken|registrytoken)[\"'][ \t]{0,4}:[ \t]{0,4}[\"']([\w+/=.-]{8,4000})[\"']",
        ),
        ("private key", r"[\"'](?:d|p|q|dp|dq|qi|k)[\"'][ \t]{0,4}:[ \t]{0,4}[\"']([\w-]{32,2000})[\"']"),
        (
            "wireless key",
            r"(?i)\b(?:psk|wpa_passphrase|wep_key\d|PreSharedKey|PrivateKey)[ \t]{0,4}[=:][ \t]{0,4}[\"']?([^\s\"']{8,100})",
        ),
        # prose
        (
            "password",
            r"(?i)\b(?:pass(?:word|phrase|code|wd)|passwort|kennwort|mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|pin(?=[ \t]{0,2}(?:is|was|:|=))|token|api key|secret)"
            r"(?:[ \t]{1,2}(?:is|was|are|ist|es|est|é|for[ \t]{1,2}\S{1,60}[ \t]{1,2}is|to|now|again|of)){0,2}[ \t]{0,2}[:=]?[ \t]{1,2}"
            r"[\"'`]?(?=[^\s\"'`]{0,100}\d)(?=[^\s\"'`]{0,100}[A-Za-z!@#$%])([^\s\"'`,;()<>\[\]{}]{6,200})",
        ),
        (
            "password",
            r"(?i)\b(?:my|the|our|admin|root|his|her|whose|default|with|using|mein|das|mi|la|mon|le)[ \t]{1,2}(?:\w{1,20}[ \t]{1,2})?"
            r"(?:pass(?:word|phrase|code)|passwort|kennwort|contrase(?:ñ|n)a|mot de passe|senha)[ \t]{1,2}"
            r"(?:(?:is|was|to|ist|es|est)[ \t]{1,2}|:[ \t]{1,2}|(?=[\"'`]))[\"'`]?(?=\S{0,100}[\d!@#$%^*+=~?\"'`])([^\s\"'`,;]{4,200})",
        ),
        ("password", r"(?i)\b(?:machine|login)[ \t]{1,4}\S{1,100}[ \t]{1,4}password[ \t]{1,4}(\S{3,200})"),
    )
)


# A short word, a line and much that is random: how services have marked their tokens since GitHub did.
_MARKED = re.compile(
    r"\b(?:[A-Za-z]{2,10}[0-9]?[_-])(?:[a-z]{2,10}[_-]){0,2}(?P<random>[A-Za-z0-9]{28,300})(?![\w-])"
)


def _marked(piece: str) -> Iterator[Span]:
    """Tokens that no rule knows yet."""
    for m in _MARKED.finditer(piece):
        random = m["random"]
        digits = sum(c.isdigit() for c in random)
        if digits >= 4 and len(random) - digits >= 4 and _entropy(random) > 3.0 and not _WORDY.search(random):
            yield *m.span(), "token"


def _ours(piece: str) -> Iterator[Span]:
    for kind, pattern in _OURS:
        for m in pattern.finditer(piece):
            group = m.lastindex or 0
            value = m.group(group)
            if group and kind == "token in a URL" and not mixed(value):
                continue
            if group and kind in ("wireless key", "header", "client key") and CODE.fullmatch(value):
                continue
            if m.end(group) - m.start(group) > 2 and not (group and HOLDER.fullmatch(m.group(group))):
                yield *m.span(group), kind
