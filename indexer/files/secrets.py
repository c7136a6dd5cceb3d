"""Files with passwords, keys and tokens: by name alone where that is sure, by what stands in them where it isn't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

_SECRET = re.compile(
    r"""(?:^|/)(?:
        [^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|pkcs12|ovpn|gpg|age|tfvars|tfvars\.json|tfstate(?:\.backup)?)
      | id_(?:rsa|dsa|ecdsa|ed25519)(?:[._-](?!pub$)[^/]*)?
      | (?:[^/]*[-_.])?service[-_]?account(?:[-_]key)?\.json | (?:[^/]*[-_.])?(?:gcp|gcloud|firebase)[-_.][^/]*key[^/]*\.json
      | \.envrc | \.npmrc | [._]netrc | \.?htpasswd | \.pypirc | \.pgpass | \.my\.cnf | \.dockercfg | \.git-credentials
      | \.s3cfg | \.boto | \.terraformrc | terraform\.rc | \.kube/[^/]+ | \.docker/config\.json | \.aws/(?:credentials|config)
      | \.?vault[-_]?(?:pass(?:word)?|token)(?:\.txt)? | (?:[^/]*[-_.])?vault\.ya?ml
      | (?:[^/]*[-_.])?kube[-_]?config(?:\.ya?ml)? | auth\.json | local\.settings\.json
      | (?:[^/]*[-_.])?passwords?(?:\.(?:txt|csv|json|ya?ml|ini|properties))? | (?:[^/]*[-_.])?passwd
      | (?:[^/]*[-_.])?creds(?:\.(?:json|ya?ml|txt|ini|csv|xml))?
      | (?:[^/]*[-_.])?(?:credentials?|secrets?)(?:\.(?:json|toml|ini|cfg|conf|csv|txt|enc))?
      )$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"""(?:^|/)(?:
        \.env(?:\.[^/]+)? | [^/]+\.env | gradle\.properties | settings\.xml
      | (?:[^/]*[-_.])?(?:credentials?|secrets?)\.(?:ya?ml|xml|properties|py|rb|js|ts|php|sh)
      | application-(?:prod(?:uction)?|live|staging)[^/]*\.(?:ya?ml|properties)
      | appsettings\.(?:prod(?:uction)?|live|staging)[^/]*\.json
      | (?:wp-config|local_settings|secret_settings)[^/]*\.(?:php|py)
      )$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?:^|/)templates/|[._-](?:example|sample|template|tmpl|dist|defaults?)(?:\.[a-z0-9]+)?$", re.IGNORECASE
)

_KEY = re.compile(
    r"""(?:^|[_.:\s-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key
      |auth|credential|dsn|(?:encryption|signing|account|secret)[_-]?key)s?(?:[_-](?:base|key|value|id|hash|salt|\d+))?$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASSIGNED = re.compile(
    r"^[ \t]{0,60}(?:-[ \t]{1,9})?(?:(?:export|const|let|var|set|final)[ \t]{1,9})?([\"'\w.$:-]{1,100})"
    r"[ \t]{0,60}(?:=>|:=|[:=])[ \t]{0,60}(\S[^\n]{0,300})",
    re.MULTILINE,
)
_MEMBER = re.compile(
    r"\"([\w.$:-]{1,100})\"[ \t]{0,9}:[ \t]{0,9}(\"[^\"\n]{1,300}\")"
)  # several may stand in a line
_ELEMENT = re.compile(r"<([\w.:-]{1,80})>([^<>\n]{1,300})</")
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'{$<]{1,80}:([^\s@/\"'{$<*]{3,100})@", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"""(?:|null|nil|none|~|true|false|yes|no|on|off|\d{1,5}|\*+|x{3,}.*|\.{3}|change[_-]?(?:me|it).*|replace.*|example.*
      |placeholder.*|dummy.*|fake.*|sample.*|test.*|todo.*|secret|passw(?:or)?d|token|admin|root|postgres|guest|user|foo|bar
      |redacted.*|removed.*|(?:your|my|some|the|insert|enter|put|add|fill|set)[\s_-].*|/[\w./-]*
      )$""",
    re.VERBOSE | re.IGNORECASE,
)
_FILLED: Final = (
    "$",
    "{{",
    "<",
    "%",
    "@",
    "{",
    "[",
    "(",
    "|",
    ">",
    "*",
    "&",
    "!",
)  # in what a value from elsewhere begins
_TOKEN = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[A-Za-z0-9-]{10,60}|sk-[A-Za-z0-9]{20,60}|AIza[0-9A-Za-z_-]{35}"
    r"|glpat-[\w-]{20}|eyJ[A-Za-z0-9_-]{20,400}\.eyJ)|\$ANSIBLE_VAULT|-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
)
_SECRET_KIND = re.compile(r"^kind:[ \t]{0,20}[\"']?Secret\b", re.MULTILINE)
_MOST_READ: Final = 200_000  # characters; a longer file of a doubtful name is no settings
_MOST_PAIRS: Final = 5_000


def is_secret(path: str) -> bool:
    """Whether a path is one at which people keep keys and passwords. Examples and templates are not."""
    return bool(_SECRET.search(path)) and not _HARMLESS.search(path)


def may_hold_secret(path: str) -> bool:
    """Whether only the content says if a file is secret: a committed `.env` is often nothing but settings."""
    return bool(_DOUBTFUL.search(path)) and not _HARMLESS.search(path)


def holds_secret(path: str, text: str) -> bool:
    """Whether a password, a key or a token is set to a value that is no placeholder and comes from nowhere else."""
    if len(text) > _MOST_READ or _TOKEN.search(text):
        return True
    code = path.lower().endswith((".py", ".rb", ".js", ".ts", ".php", ".sh"))
    manifest = bool(_SECRET_KIND.search(text))
    if any(_is_value(m[1]) for m in _IN_URL.finditer(text)):
        return True
    if manifest and any(_is_value(value) for value in islice(_data(text), _MOST_PAIRS)):
        return True
    pairs = [
        (m[1], m[2])
        for pattern in (_ASSIGNED, _MEMBER, _ELEMENT)
        for m in islice(pattern.finditer(text), _MOST_PAIRS)
    ]
    return any(_is_value(value, quoted=code) for key, value in pairs if _is_key(key))


def _is_key(key: str) -> bool:
    return bool(_KEY.search(_HUMP.sub("_", key.strip("\"'"))))


def _is_value(value: str, *, quoted: bool = False) -> bool:
    """Whether a value is one of its own; in code only a literal is."""
    value = value.strip().rstrip(";,")
    if quoted and value[:1] not in ("'", '"', "`"):
        return False
    if value[:1] in ("'", '"', "`"):
        value = value[1:].partition(value[0])[0]
    else:
        value = value.split(" #")[0]
    value = value.strip()
    return (
        not value.startswith(_FILLED)
        and "${" not in value
        and "{{" not in value
        and not _PLACEHOLDER.match(value)
    )


def _data(text: str) -> Iterator[str]:
    """What a manifest of kind Secret holds below `data:` and `stringData:`."""
    inside = False
    for line in text.split("\n"):
        if line[:1] not in ("", " ", "\t", "#"):
            inside = line.rstrip() in ("data:", "stringData:")
        elif inside and ":" in line and not line.lstrip().startswith("#"):
            yield line.partition(":")[2][:300]
