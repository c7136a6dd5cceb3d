"""What is secret by what stands before it: a name such as `password`, some link, and a value.

A name and its value stand in one assignment, or apart: in two fields of a record, two cells, two lines, two arguments,
on two sides of `||`. A password may be any word; a token is no word, path or address.
"""

# ruff: noqa: E501  (a pattern is read in one line)

from __future__ import annotations

import re
from collections.abc import Iterator

from summaries.redact.spans import CODE, HOLDER, PLACE, Span, mixed

_SURE = (
    r"pass(?:word|wd|phrase|code|wort|word_?hash)s?|pass(?![a-z])|pwd|passwort|kennw(?:ort|oerter)|kennung(?![a-z])|"
    r"contrase(?:ñ|n|ny)as?|mot[ _-]?s?de[ _-]?passe|mdp(?![a-z])|senhas?|palavra[ _-]?passe|has[łl]o|wachtwoord|"
    r"l(?:ö|o|oe)senord|adgangskode|kodeord|passord|salasana|parol(?:a|ă|e)?(?![a-z])|heslo|lozinka|geslo|"
    r"jelsz[óo]|(?:ş|s)ifre(?![a-z])|пароль|парола|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|"
    r"mật[ _-]?khẩu|mat_?khau|kata[ _-]?sandi|κωδικ[όο]ς|סיסמה|كلمة[ _]المرور|รหัสผ่าน"
)
_LIKELY = (
    r"secrets?|tokens?|credentials?|creds|clave|geheim(?:nis|wort)?|ключ|密钥|秘钥|"
    r"(?:api|access|auth|private|encryption|encrypt|decryption|signing|sign|master|account|session|license|licence|secret|"
    r"shared|client|app|application|storage|service|subscription|consumer|integration|webhook|deploy|hmac|jwt|cipher|aes|"
    r"des|rsa|crypto|hash|security|bot|write|read|admin|root|server|user|project|publishable|ingest|routing|instrumentation|"
    r"function|host|cookie|ssh|tls|ssl|pgp|gpg|wallet|seed|data|backup|vault|unseal|recovery|root)[ _-]?key|"
    r"auth(?![a-z])|salt(?![a-z])|pin(?![a-z])|bearer(?![a-z])|cookie(?![a-z])|session[ _-]?id|otp(?![a-z])|"
    r"mnemonic(?![a-z])|seed[ _-]?phrase|connection[ _-]?string|dsn(?![a-z])|passcode|signature(?![a-z])"
)
_NAME = re.compile(
    rf"(?:(?P<pass>(?i:{_SURE})|(?<![A-Za-z])pw(?![A-Za-z])|(?<=[a-z_])P[wW](?![a-z]))|(?i:{_LIKELY}))"
    r"(?P<affix>(?:[_.-][A-Za-z0-9]{1,24}|[A-Z0-9][a-z0-9]{0,24}){0,4})"
)
_CLOSE = r"(?:\\{0,3}[\"'`\]]|&quot;|%22|\*\*){0,2}(?:\[\d{0,6}\])?"
_SIGN = re.compile(  # one assignment, comparison, entry, argument or element
    _CLOSE + r"(?:\s?:\s?[A-Za-z<>\[\]?&.]{1,30}(?=\s{0,3}=))?"
    r"[ \t]{0,40}(?P<sign>:=|=>|->|\?\?=|\|\|=|={1,3}~?|!={1,2}|<-|:|>|\(|\.(?:equals|eq|is|toBe|toEqual)\w{0,20}\()[ \t]{0,40}"
)
_OR = re.compile(  # the value for want of another: os.getenv("X", "…"), X || "…", ${X:-…}
    _CLOSE
    + r"(?:[)\]]{0,2}[ \t]{0,4}(?P<sign>\|\||\?\?|\?:|\bor\b|\belse\b|:-|:=|\.(?:unwrap_or|orElse|getOrElse|or|fetch|"
    r"unwrap_or_else|getOrDefault|withDefault|default)\w{0,20}\()|(?<=[\"'`\]])[ \t]{0,4}(?P<comma>,))"
    r"[ \t]{0,10}(?:\|\|[ \t]|default[ \t]{0,2}=[ \t]{0,2}|\w{1,20}[ \t]{0,2}=[ \t]{0,2})?"
)
_APART = re.compile(  # a record of a name and a value, in JSON, YAML, XML and HTML
    r"\\{0,3}(?:[\"'`]|&quot;)?[ \t]{0,4}(?:</?\w{1,30}>\s{0,60}){0,2},?\s{0,80}(?:[-{,]\s{0,20})?"
    r"(?:[\"']?(?:type|encrypted|sensitive|secure|scope|description|id|env|kind)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?[\w .-]{1,60}[\"']?,?\s{1,80}){0,3}"
    r"\\{0,3}[\"'<]?\b(?:value|val|string|default|defaultValue|data|content|text|plaintext|secret)\\{0,3}[\"'>]?"
    r"(?:[ \t]{0,4}[:=][ \t]{0,4}|(?<=>))(?P<sign>)",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"[`*\"' \t]{0,10}(?:\|{1,2}|\t|</t[dh]>\s{0,20}<t[dh][^>]{0,60}>|</dt>\s{0,20}<dd>|</string>\s{0,20}<string>|</key>\s{0,20}<string>)[`*\"' \t]{0,10}(?P<sign>)"
)
_BELOW = re.compile(  # YAML: on the next line, or a block of lines
    r"[\"']?[ \t]{0,4}(?P<sign>:|=)[ \t]{0,4}(?:(?P<block>[|>][+-]?\d?)|\\)?[ \t]{0,4}\n(?P<indent>[ \t]{1,40})(?![-#\s])"
)
_SPACE = re.compile(r"[\"'\]]?(?P<sign>[ \t]{1,8})(?=[\"'])")  # gradle, Ruby, SQL: storePassword "…"
_ALONE = re.compile(r"[ \t]{0,40}[\w.]{4,60}[ \t]{1,4}([\"'])(?P<value>[^\s\"']{4,200})\1[ \t]{0,4}(?:$|\n)")
_LINE = re.compile(  # a shell's or Dockerfile's line: ENV NAME VALUE
    r"(?m)^[ \t]{0,20}(?:ENV|ARG|setenv|set|config|export|SetEnv|fastcgi_param|env|RUN export|password|passwd|requirepass|"
    r"masterauth|auth|secret|key)[ \t]{1,10}(?:[\w.-]{0,60})$"
)
_COMPARED = re.compile(r"[._](?:equals\w*|eq\w{0,10}|compare\w{0,20}|is|matches|toBe|toEqual)$")
_NOISE = re.compile(  # between a sign and its value: tags, anchors, conversions
    r"(?:&[\w-]{1,40}[ \t]{1,4}|!{1,2}[\w/]{0,40}[ \t]{1,4}|(?:new[ \t])?(?:\[\]byte|[\w.]{0,40}(?:[Ss]tring|Secret|String|bytes|Bytes|"
    r"from|encode|of|value|toCharArray|Buffer|literal|quote|b64\w{0,10}|base64|SecretStr|decode|text|str|byte\[\]))[ \t]?\([ \t]{0,4}"
    r"|\((?:string|char\*?|const \w+\*?)\)[ \t]{0,2}|\bb?raw[ \t]){1,2}"
)
_TRIPLE = re.compile(r"[bBrRuUfF]{0,2}(\"\"\"|''')\s{0,20}(?P<value>[^\"']{3,2000}?)\s{0,20}\1")
_MARK = r"(?:\\{1,3}[\"']|&quot;|&#39;|%22|&apos;)"
_ESCAPED = re.compile(rf"{_MARK}(?P<value>(?:(?!{_MARK})[^\s\"'\\]){{3,400}})(?={_MARK}|$)")
_QUOTED = re.compile(
    r"(?:[@$bBrRuUfFLN]{0,2}(?:\"(?P<a>(?:[^\"\n\\]|\\.){3,400})\"|'(?P<b>(?:[^'\n\\]|\\.){3,400})'|`(?P<c>[^`\n]{3,400})`)"
    r"|[«„“](?P<d>[^»“”\n]{3,400})[»“”])"
)
_MORE = re.compile(r"[ \t]{0,4}(?:\+|\.\.|\.|&|,|\|\||<>|\\)?\s{0,80}(?=[\"'`])")
_NEXT = re.compile(
    r"[ \t]{0,4}(?:[+.&]|\.\.|<>|\\)[ \t]{0,4}(?:\\?\n[ \t]{0,80})?(?=[\"'])|[ \t]{0,4}\\?\n[ \t]{1,80}(?=[\"'][^\"'\n]{1,400}[\"'][ \t]{0,4}[);\n])"
)
_LIST = re.compile(
    r"(?:new )?(?:\w{0,20}\[\])?(?:List\.of|Arrays\.asList|\[\]string|%w)?[\[({][ \t\n]{0,80}(?=[\"'`])"
)
_BARE = re.compile(r"([^\s\"'`,;&<>(){}\[\]|\\]{3,400})(?P<end>[\s,;&<\"'})\]|\\]|$)?")
_ABOUT = re.compile(  # names of what surrounds a secret: TOKEN_PORT, secretName
    r"(?i)(?:port|path|files?|dir|url|uri|host|name|type|length|len|timeout|count|ttl|expir\w*|size|format|header|"
    r"prefix|suffix|field|param|class|algorithm|policy|provider|store|id|ids|index|limit|version|kind|mode|label|title|"
    r"hint|help|text|placeholder|message|msg|error|desc|description|rule|regex|pattern|column|endpoint|method|scheme|"
    r"enabled|required|strength|min|max|manager|service|controller|view|page|form|input|type|types|reset|handler|ref)$"
)
_SAYS = re.compile(  # a sentence about passwords rather than one
    r"(?i)\b(?:password|passwort|passwd|passphrase|token|secret|key|credential|user|your|please|enter|must|should|cannot|can't|"
    r"is|are|the|a|an|of|for|to|not|no|new|old|current|confirm|change|reset|forgot|invalid|incorrect|wrong|missing|required|"
    r"too|at least|characters|show|hide|login|sign|with|from|and|or|in|type|ihr|das|le|la|el|de|votre|su|sua|tu)\b"
)
_STATE = re.compile(  # what is said of a password that was tried
    r"(?i)(?:in)?(?:correct|valid)|wrong|missing|required|fail(?:ed|s|ure|ing)|errors?|denied|expired|rejected|accepted|okay|"
    r"success(?:ful)?|mismatch|unexpected|unknown|unsupported|unable|cannot|returns?|empty|blank|changed|updated|removed|added"
)
_NEXT_WORD = re.compile(r"[ \t]([^\W\d_]{2,40})(?![\w:=])")  # "shared library"; in "bob host=…" none follows
_WORDS_ON = re.compile(r"(?:[ \t][^\W\d_]{2,40}){2}(?![\w:=])")
_SEED = re.compile(r"(?i)phrase|mnemonic")
_WORD_LIST = re.compile(
    r"[a-z]{3,10}(?: [a-z]{3,10}){3,24}(?=[ \t]{0,8}(?:$|\n))"
)  # four words or more, and nothing else
_ROW = re.compile(r"[ \t>]{0,40}\|")
_LABEL = re.compile(
    r"[\"'][^\W\d_][^\"'\n:=,()]{0,50}[ ]$"
)  # words of an interface, with a translation behind them
_WORDS = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,9}")
_NAMELIKE = re.compile(
    r"[A-Za-z]+(?:[._:/-][A-Za-z]+)+|[a-z]+(?:[A-Z][a-z]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+|[A-Z_]+|[\w-]+\.[a-z]{2,4}"
)


def named(piece: str) -> Iterator[Span]:
    """Spans of values whose name says that they are secret."""
    for m in _NAME.finditer(piece):
        if _ABOUT.search(m["affix"]) or _LABEL.search(piece, max(0, m.start() - 60), m.start()):
            continue
        yield from _value(piece, m)


def _value(piece: str, name: re.Match[str]) -> Iterator[Span]:
    """The value of one name, by the first link that fits."""
    strong, affix, at = name["pass"] is not None, name["affix"], name.end()
    if link := _BELOW.match(piece, at):
        yield from _below(piece, link, strong)
        return
    link = _SIGN.match(piece, at)
    compared = _COMPARED.search(affix) is not None
    if link and (compared or not (link["sign"] == "(" and "." in affix)):
        sign = "=" if compared or link["sign"].startswith(".") else link["sign"]
        if _SEED.search(name.group()) and (list_ := _WORD_LIST.match(piece, link.end())):
            if not _SAYS.search(list_.group()):
                yield *list_.span(), "password"
            return
        if sign == ":" and _prose(piece, name, link.end()):
            return
        found = list(_after(piece, link.end(), strong, sign, len(name.group()) > 4 and strong))
        if found:
            yield from found
            return
    for pattern, sign in ((_OR, ","), (_APART, "apart"), (_CELL, "|"), (_SPACE, " ")):
        link = pattern.match(piece, at)
        if (
            link
            and sign == "|"
            and "|" in link.group()
            and not _ROW.match(piece, piece.rfind("\n", 0, at) + 1)
        ):
            continue
        if link and not (sign == " " and not strong and "key" not in name.group().lower()):
            found = list(_after(piece, link.end(), strong, sign, strong))
            if found:
                yield from found
                return
    start = piece.rfind("\n", 0, name.start()) + 1
    if (
        strong and (alone := _ALONE.match(piece, start)) and alone.start("value") > at
    ):  # Gradle: keyPassword '…'
        yield *alone.span("value"), "password"
        return
    if piece[at : at + 1] in (" ", "\t") and _LINE.fullmatch(piece[start:at]):
        yield from _after(piece, at + 1, strong, " line", strong)


def _prose(piece: str, name: re.Match[str], at: int) -> bool:
    """Whether words follow a colon as in a message: "LoginWithPassword: connection refused", "password: fix its reset".

    A name that stands alone needs more of them: "password: hunter" may go on in a few words.
    """
    word = _BARE.match(piece, at)
    before = piece[name.start() - 1 : name.start()]
    part = before.isalnum() or before in ("_", ".", "…", "#", ":", ">")
    if not word:
        return False
    text = word.group(1)
    if _STATE.fullmatch(text) or (part and text.endswith(("Error", "Exception", ":"))):
        return True
    if not text.isalpha() or not (part or text[1:].islower()):
        return False
    follows = (_NEXT_WORD if part else _WORDS_ON).match(piece, word.end(1))
    if not follows:
        return False
    return part or not _SAYS.fullmatch(follows.group().split()[0])


def _after(piece: str, at: int, strong: bool, sign: str, word: bool) -> Iterator[Span]:
    """The value at a place, with the rest of a string that is joined, or all of a list."""
    if noise := _NOISE.match(piece, at):
        at = noise.end()
    for pattern in (_TRIPLE, _ESCAPED):
        if (found := pattern.match(piece, at)) and _secret(found["value"], strong, sign):
            yield *found.span("value"), "password"
            return
    if opened := _LIST.match(piece, at):
        yield from _items(piece, opened.end(), strong)
        return
    if found := _QUOTED.match(piece, at):
        if _secret(found.group(found.lastgroup or 0), strong, sign):
            yield *found.span(found.lastgroup or 0), "password"
            for _ in range(20):
                joined = _NEXT.match(piece, found.end())
                more = _QUOTED.match(piece, joined.end()) if joined else None
                if not more:
                    return
                found = more
                yield *found.span(found.lastgroup or 0), "password"
        return
    if sign in ("(", " ", ","):
        return
    if found := _BARE.match(piece, at):
        plain = (
            (word or found["end"] == ";")
            and strong
            and found["end"] is not None
            and sign in ("=", ":", ">", "|", "apart", " line")
        )
        if _bare(found.group(1), word=plain):
            yield *found.span(1), "password"


def _items(piece: str, at: int, strong: bool) -> Iterator[Span]:
    """The values that a list in the text holds."""
    for _ in range(200):
        found = _QUOTED.match(piece, at)
        if not found:
            return
        value = found.group(found.lastgroup or 0)
        if mixed(value) and _secret(value, strong, "["):
            yield *found.span(found.lastgroup or 0), "password"
        more = _MORE.match(piece, found.end())
        if not more:
            return
        at = more.end()


def _below(piece: str, link: re.Match[str], strong: bool) -> Iterator[Span]:
    """A value on the lines below: of a block all lines that are as far in."""
    at, indent = link.end(), len(link["indent"])
    first = True
    while at < len(piece):
        end = piece.find("\n", at)
        end = len(piece) if end < 0 else end
        value = piece[at:end].rstrip().strip("\"'\\ ")
        begin = piece.find(value, at) if value else at
        plain = (
            value and " " not in value and not re.search(r"[:({\[]", value) and not HOLDER.fullmatch(value)
        )
        if (
            plain
            and (mixed(value) or (link["block"] and (strong or len(value) >= 16)))
            and not PLACE.fullmatch(value)
        ):
            yield begin, begin + len(value), "password"
        elif not (link["block"] and value):
            return
        if not link["block"]:
            return
        line = piece[end + 1 : end + 1 + indent + 1]
        if not first and not line.strip():
            return
        first = False
        if len(line) - len(line.lstrip(" \t")) < indent:
            return
        at = end + 1 + indent


def _bare(value: str, *, word: bool) -> bool:
    """Whether a value without quotes is a secret; with `word` a plain word may be one."""
    value = value.rstrip(".:").lstrip("!$-*&")
    if len(value) < 3 or any(p.fullmatch(value) for p in (HOLDER, PLACE, CODE)):
        return False
    return (word and (len(value) > 3 or mixed(value))) or (len(value) > 3 and mixed(value))


def _secret(value: str, strong: bool, sign: str) -> bool:
    """Whether a quoted value is one."""
    value = value.strip()
    if len(value) < 3 or HOLDER.fullmatch(value) or _NAME.fullmatch(value) or re.fullmatch(r"\W*", value):
        return False
    if re.search(r"\$\{|\{\{|<%|%\(|#\{|\$\(", value) and not re.search(r"\}\S*\d\S*\d", value):
        return False
    if " " in value or "\t" in value:
        return (
            strong
            and sign not in ("(", ",", " ", "[")
            and len(value) >= 8
            and value.count(" ") <= 12
            and _phrase(value)
        )
    if sign in (",", "[", " "):
        return mixed(value) or (
            strong and sign != "[" and not _NAMELIKE.fullmatch(value) and not value.isalpha()
        )
    if strong and sign != "(":
        return True
    if PLACE.fullmatch(value):
        return False
    sized = len(value) in (16, 24, 32, 48, 64, 128) and value.isalpha() and not _NAMELIKE.fullmatch(value)
    long = len(value) >= 16 and value.isalnum() and not value.isalpha()
    return mixed(value) or long or sized or (strong and not _NAMELIKE.fullmatch(value))


def _phrase(value: str) -> bool:
    """Whether several words are a passphrase rather than a sentence about one."""
    if _SAYS.search(value) or (value.endswith((".", "!", "?", ":", "…")) and not mixed(value)):
        return False
    return mixed(value) or (_WORDS.fullmatch(value) is not None and value == value.lower())
