"""Checked against what a file has: names that a model invented are struck from its summary.

A name is what looks like code: `quoted`, called(), dotted.paths, snake_case, camelCase, CamelCase, file names and
routes. It must stand in the text that the model saw; a dotted name, all of its parts. Words are not checked.

What is struck is the name alone where the sentence reads well without it (a member of a list, a remark in
parentheses, a name after the word for what it is), and else the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

MOST_REMOVED = 8  # invented names of one sentence that are struck one by one: a guess
MOST_REMARK = 12  # words of a remark in parentheses that goes as a whole: a guess
LEAST = 6  # words that a summary keeps after striking, or else it is written anew

_NAME = re.compile(
    r"`([^`\n]{1,80})`"
    r"|((?:[A-Za-z_]\w{0,60}(?:\.|::|->|#)){1,6}[A-Za-z_]\w{0,60})(?:\(\))?"
    r"|([A-Za-z_]\w{0,60})\(\)"
    r"|\b([a-z]\w{0,40}_\w{1,40}|_\w{2,60}|[A-Z][A-Z0-9]{1,30}_[A-Z0-9_]{1,40})\b"
    r"|\b([a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]+){1,8})\b"
    r"|\b((?:[A-Z][a-z0-9]+){2,8}[A-Z]{0,4})\b"
    r"|(?<![\w/])((?:/[\w{}.:-]{1,40}){2,8})"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"(])")
_WORD = re.compile(r"[^\W_]+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_JOINT = re.compile(r"\.|::|->|#")
_LAST = re.compile(r"(?:,? (and|or) )$")
_ENDS = re.compile(
    r"[.;,)]|$| (?:to|in|of|for|when|on|by|with|from|at|as|while|if|before|after)\b"
)  # of a list
_FIRST = re.compile(r", |,? (?:and|or) ")
_NOUN = re.compile(
    r"(?i)\b(?:the|its|their|an?) (?:[a-z]+ ){0,2}"
    r"(?:function|method|type|class|struct|interface|command|service|file|module|package|constant|variable|helper"
    r"|endpoint|route|field|option|flag|key|table|handler|constructor|call)s? $"
)
_FILE = re.compile(r"\w\.(?:[a-z]{1,5}|[a-z]{1,2}\d)$")  # the end of a name that may be a file's
_PRODUCTS = frozenset((
    "github gitlab javascript typescript postgresql mysql sqlite mongodb dynamodb rabbitmq activemq graphql "
    "websocket websockets oauth openid openapi openssl webassembly datadog cloudwatch cloudformation bigquery "
    "pubsub youtube linkedin paypal macos ios devops nodejs fastapi hashicorp letsencrypt e.g i.e etc.the "
    "powershell intellij kubernetes protobuf json yaml stackoverflow clickhouse couchdb influxdb timescaledb "
    "cassandradb elasticsearch opensearch opentelemetry zeromq nanomsg"
).split())  # fmt: skip


class Checked(Struct, frozen=True):
    """A summary without what was invented, and the names that were."""

    text: str
    removed: tuple[str, ...] = ()

    @property
    def useful(self) -> bool:
        """Whether the summary still has enough words to be worth storing."""
        return len(self.text.split()) >= LEAST


def check(text: str, known: Sequence[str]) -> Checked:
    """Strike every name that none of the `known` texts has: out of its sentence, or with it."""
    there = _Known(known)
    kept: list[str] = []
    struck: list[str] = []
    for sentence in _SENTENCE.split(" ".join(text.split())):
        rest, invented = _without_invented(sentence, there)
        struck += invented
        if rest:
            kept.append(rest)
    return Checked(" ".join(kept), tuple(dict.fromkeys(struck)))


def true_phrases(phrases: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The phrases without those that have an invented name."""
    there = _Known(known)
    return tuple(p for p in phrases if all(there.has(n) for n in names(p)))


def _without_invented(sentence: str, there: _Known) -> tuple[str, list[str]]:
    """What is left of a sentence ("" where it cannot do without an invented name), and the invented names."""
    invented = [n for n in names(sentence) if not there.has(n)]
    if len(invented) > MOST_REMOVED:
        return "", invented
    for _ in invented:
        spans = [m.span() for m in _NAME.finditer(sentence) if not there.has(_name(m))]
        if not spans:
            break
        shorter = next((s for a, b in spans if (s := _cut(sentence, a, b, there))), "")
        if not shorter:
            return "", invented
        sentence = shorter
    return sentence, invented


def _cut(sentence: str, start: int, end: int, there: _Known) -> str:
    """The sentence without the name at [start, end), where it reads well without it; else ""."""
    before, after = sentence[:start], sentence[end:]
    if (a := before.rfind("(")) > before.rfind(")") and (b := after.find(")")) >= 0:
        inside = before[a + 1 :] + sentence[start:end] + after[:b]
        if not any(there.has(n) for n in names(inside)) and len(_WORD.findall(inside)) <= MOST_REMARK:
            return (before[:a].rstrip() + after[b + 1 :]).strip()
    listed = before.endswith(", ")  # A, NAME, B
    if listed and _NAME.match(after.removeprefix(", ")) and after.startswith(", "):
        return before + after[2:]
    if listed and re.match(r",? (?:and|or) ", after):  # A, NAME and B
        return before[:-2] + after
    if (last := _LAST.search(before)) and _ENDS.match(after):  # A, B and NAME.
        rest = before[: last.start()]
        head, comma, item = rest.rpartition(", ")
        if comma and _NAME.fullmatch(item):
            rest = f"{head} {last[1]} {item}"
        return rest + after if names(rest) else ""
    first = _FIRST.match(after)  # NAME, B or NAME and B, of which B is a name
    if first and _NAME.match(after[first.end() :]) and re.search(r"[(:,]\s?$", before):
        return before + after[first.end() :]
    if _NOUN.search(before):  # the function NAME
        return before.rstrip() + after
    return ""


def names(text: str) -> list[str]:
    """What looks like a name of code, in order."""
    return [_name(m) for m in _NAME.finditer(text)]


def _name(match: re.Match[str]) -> str:
    return next(g for g in match.groups() if g)


class _Known:
    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join(texts).lower()
        self.squeezed = re.sub(r"[\W_]+", "", self.text)
        self.identifiers = frozenset(_IDENTIFIER.findall(self.text))

    def has(self, name: str) -> bool:
        """Exactly, spelled apart (`order_id` for orderId or "order id"), or by its parts (`Server.CheckUpgrade`)."""
        low = name.lower().strip("`() .")
        if not low or low in self.text or low in _PRODUCTS:
            return True
        squeezed = re.sub(r"[\W_]+", "", low)
        if squeezed in self.squeezed or squeezed in _PRODUCTS:
            return True
        dotted = [p for p in _JOINT.split(low) if p]
        if len(dotted) > 1 and not _FILE.search(name):  # a file's name stands as a whole or not at all
            return all(p in self.identifiers for p in dotted)
        parts = _WORD.findall(low)
        return len(parts) > 2 and all(p in self.text for p in parts) and " " in low  # a quoted phrase
