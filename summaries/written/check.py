"""Held against what a file has: names that a model invented are struck from its summary.

A name is what looks like code: `quoted`, called(), dotted.paths, snake_case, camelCase, CamelCase, file names and
routes. It must stand in the text that the model saw. Words are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

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
    struck: tuple[str, ...] = ()

    @property
    def useful(self) -> bool:
        """Whether enough is left."""
        return len(self.text.split()) >= LEAST


def check(text: str, known: Sequence[str]) -> Checked:
    """Strike every sentence that has a name which none of the `known` texts has."""
    there = _Known(known)
    kept: list[str] = []
    struck: list[str] = []
    for sentence in _SENTENCE.split(" ".join(text.split())):
        odd = [n for n in names(sentence) if not there.has(n)]
        struck += odd
        if not odd:
            kept.append(sentence)
    return Checked(" ".join(kept), tuple(dict.fromkeys(struck)))


def names(text: str) -> list[str]:
    """What looks like a name of code, in order."""
    return [next(g for g in m.groups() if g) for m in _NAME.finditer(text)]


class _Known:
    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join(texts).lower()
        self.squeezed = re.sub(r"[\W_]+", "", self.text)

    def has(self, name: str) -> bool:
        """Exactly, or spelled apart: `order_id` where the text says orderId or "order id"."""
        low = name.lower().strip("`() .")
        if not low or low in self.text or low in _PRODUCTS:
            return True
        squeezed = re.sub(r"[\W_]+", "", low)
        if squeezed in self.squeezed or squeezed in _PRODUCTS:
            return True
        parts = _WORD.findall(low)
        return len(parts) > 2 and all(p in self.text for p in parts) and " " in low  # a quoted phrase
