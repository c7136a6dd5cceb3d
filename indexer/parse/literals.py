"""Strings in their context: routes served and called, topics, configuration keys, raised errors.

A literal is judged by the call or annotation that it stands in, whatever the language:
`get("/x"`, `@GetMapping("/x")`, `[HttpGet("x")]`, `os.environ["X"]`. Names decide, not types, so this errs to
silence: a literal whose context is not known is only a string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from indexer.parse.routes import Context, Routes
from indexer.parse.symbols import Placed
from indexer.parse.text import words
from summaries.types import Endpoint, Topic

Spot = tuple[int, int, int, bytes]  # start, end, row, text

_MAX: Final = 200


class LiteralFacts(NamedTuple):
    """What the literals of a file say."""

    serves: tuple[Endpoint, ...]
    calls: tuple[Endpoint, ...]
    topics: tuple[Topic, ...]
    errors: tuple[str, ...]
    keys: tuple[str, ...]
    imports: tuple[str, ...]


# what stands before a literal, read backwards: blanks, the opening bracket, the callee, what it is called on
_CALLEE = re.compile(
    rb"\s*([(\[])\s*(?:>[^<>()\[\]]{0,60}<)?!?([\w$]+)(?:\s*(?:\.\??|>-|::|>\?)\s*([\w$)\]]{1,60}))?([@#\[]?)"
)
_BARE = re.compile(rb"[ \t]+([\w!?]+)(?:\.([\w)]+))?")  # get "/x"
_WITHOUT_BRACKETS = frozenset({"ruby", "php"})


def context(data: bytes, start: int, language: str) -> Context | None:
    """The call or subscript that a literal opens, if it opens one."""
    if data[start - 1 : start] not in _MAY_OPEN:
        return None
    before = data[max(0, start - 120) : start][::-1]
    found = _CALLEE.match(before)
    if found:
        name, on, bracket, mark = found[2], found[3], found[1], found[4]
    elif language in _WITHOUT_BRACKETS and (found := _BARE.match(before)):
        name, on, bracket, mark = found[1], found[2], b" ", b""
    else:
        return None
    callee = name[::-1].decode("utf-8", "replace")
    if len(callee) > 1:
        callee = callee.removeprefix("$")
    return Context(callee, on[::-1].decode("utf-8", "replace") if on else "", bracket.decode(), mark.decode())


_MAY_OPEN = frozenset({b"(", b"[", b" ", b"\n", b"\t"})

_GETTERS: Final = words(
    "getenv secure_getenv Getenv LookupEnv environ env GetEnvironmentVariable setenv putenv "
    "getProperty ConfigurationProperties"
)
_CONFIG_GETTER = re.compile(
    r"(?:[gG]et(?:String|Int|Int32|Int64|Bool|Boolean|Float64|Duration|StringSlice|StringMap|Value|Property|"
    r"Required|RequiredProperty|Section|OrDefault|Or|OrElse)?|fetch|var|var_os|config|BindEnv|SetDefault"
    r"|IsSet|has|required)$"
)
_CONFIG_ON = re.compile(
    r"(?:viper|config|configuration|cfg|conf|koanf|settings|env|environ|environment|props|properties"
    r"|appsettings)$",
    re.IGNORECASE,
)
_SUBSCRIPTED: Final = frozenset({"environ", "ENV", "_ENV", "AppSettings"})
_KEY = re.compile(rb"[A-Za-z_][\w.:\-]{1,119}$")
_PLACEHOLDER = re.compile(rb"\$\{([A-Za-z_][\w.\-]{1,119})")
_REQUIRES: Final = frozenset(
    {"require", "require_relative", "require_once", "include", "include_once", "import", "load"}
)

_TOPIC = re.compile(rb"[\w.\-/#+*{}$:%]{2,120}$")
_PUBLISH: Final = words(
    "publish Publish PublishAsync publishAsync convertAndSend basicPublish basic_publish "
    "sendToQueue BasicPublish xadd XAdd PublishMsg publishMessage"
)
_SUBSCRIBE: Final = words(
    "subscribe Subscribe SubscribeAsync QueueSubscribe psubscribe PSubscribe KafkaListener "
    "RabbitListener JmsListener StreamListener SqsListener basicConsume basic_consume "
    "BasicConsume SubscribeSync EventPattern MessagePattern Incoming"
)
_PUBLISH_MARKED: Final = frozenset({"Outgoing", "SendTo"})
_SENDS: Final = frozenset({"send", "Send", "emit", "produce", "sendMessage", "Produce"})
_SENDER = re.compile(
    r"(?:producer|kafka\w*|jms\w*|rabbit\w*|amqp\w*|\w*template|publisher|queue|nats|nc|broker|mqtt\w*)$",
    re.IGNORECASE,
)
_NAMED_TOPIC = re.compile(
    rb"(?:[Tt]opics?|[Qq]ueues?|TOPIC|QUEUE)(?:_?[Nn]ame)?\"?'?\s*(?::=|[:=])\s*[\[{(]?\s*$"
)
_TOPIC_WORDS: Final = (b"opic", b"TOPIC", b"ueue", b"QUEUE")
_VERBS: Final = (b"GET ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"HEAD ")


def read(data: bytes, language: str, spots: Sequence[Spot], placed: Sequence[Placed]) -> LiteralFacts:
    """What the literals of a file, and its throw statements, say."""
    keys: dict[str, None] = {}
    topics: dict[tuple[str, str], Topic] = {}
    imports: dict[str, None] = {}
    routes = Routes(data, language, placed)
    mentions_topic = any(word in data for word in _TOPIC_WORDS)
    for start, end, row, text in spots:
        if not text or (b" " in text and not text.startswith(_VERBS)) or len(text) > 300:
            continue
        where = context(data, start, language)
        if where:
            if where.callee in _REQUIRES and where.bracket != "[" and not where.on:
                imports[text[:200].decode("utf-8", "replace")] = None
                continue
            if _is_key(where, text):
                keys.update((k.decode(), None) for k in _PLACEHOLDER.findall(text) or [text])
                continue
            role = _role(where)
            if role and _TOPIC.match(text):
                name = text.decode("utf-8", "replace")
                topics.setdefault((name, role), Topic(name, role, row + 1))
                continue
        if mentions_topic and len(topics) < _MAX and _NAMED_TOPIC.search(data[max(0, start - 40) : start]):
            if _TOPIC.match(text):
                name = text.decode("utf-8", "replace")
                role = _role_around(data, start)
                if role or not any(known == name for known, _ in topics):
                    topics.setdefault((name, role), Topic(name, role, row + 1))
            continue
        routes.see(start, end, row, text, where)
    if b"process.env" in data or b"import.meta.env" in data:
        keys.update((m[1].decode(), None) for m in _PROCESS_ENV.finditer(data))
    served, called = routes.done()
    return LiteralFacts(
        served[:_MAX],
        called[:_MAX],
        tuple(topics.values())[:_MAX],
        errors(data, language),
        tuple(keys)[:_MAX],
        tuple(imports)[:_MAX],
    )


_PROCESS_ENV = re.compile(rb"\b(?:process|import\.meta)\.env(?:\.|\[\s*['\"])([A-Za-z_]\w*)")


def _is_key(where: Context, text: bytes) -> bool:
    if where.callee == "Value" and where.mark == "@":
        return b"${" in text
    if not _KEY.match(text):
        return False
    if where.bracket == "[":
        return where.callee in _SUBSCRIPTED or (
            bool(_CONFIG_ON.match(where.callee)) and (text.isupper() or b":" in text)
        )
    if where.callee in _GETTERS:
        return True
    return bool(where.on and _CONFIG_GETTER.match(where.callee) and _CONFIG_ON.search(where.on))


def _role(where: Context) -> str:
    if where.bracket == "[":
        return ""
    if where.callee in _SUBSCRIBE:
        return "subscribe"
    if where.callee in _PUBLISH or (where.mark == "@" and where.callee in _PUBLISH_MARKED):
        return "publish"
    return "publish" if where.callee in _SENDS and _SENDER.search(where.on) else ""


def _role_around(data: bytes, start: int) -> str:
    """Whether a named topic is read or written, by the words just before it."""
    near = data[max(0, start - 160) : start].lower()
    if any(word in near for word in (b"listener", b"consum", b"subscri", b"reader")):
        return "subscribe"
    return "publish" if any(word in near for word in (b"produc", b"publish", b"writer", b"send")) else ""


_THROW = re.compile(
    rb"\bthrow\s+(?:new\s+)?\\?([A-Za-z_][\w.:\\]*)\s*[({]"
    rb"|\braise\s+([A-Za-z_][\w.:]*)"
    rb"|\bErr\(\s*([A-Za-z_][\w:]*)"
)
_SENTINEL = re.compile(
    rb"Err(?<=\bErr)[A-Z]\w*"
)  # a text in front is searched for twenty times as fast as a border
_NOT_NAMES = re.compile(r"[^\w.]+")


def errors(data: bytes, language: str) -> tuple[str, ...]:
    """Exception types thrown or raised, and Go's error values."""
    names: dict[str, None] = {}
    if b"throw" in data or b"raise" in data or b"Err(" in data:
        for found in _THROW.finditer(data):
            written = (found[1] or found[2] or found[3]).decode("utf-8", "replace")
            name = _error_name(written.replace("::", ".").replace("\\", ".").strip(".:"), bool(found[3]))
            if name:
                names[name] = None
    if language == "go":
        names.update((m.decode(), None) for m in _SENTINEL.findall(data))
    return tuple(names)[:_MAX]


def _error_name(name: str, variant: bool) -> str:
    """The type in `shop.Gone.new` or `ShopError.gone`; nothing where no part of a name looks like a type.

    Of an enum's `ShopError.Gone` the variant stays, if asked for.
    """
    parts = name.split(".")
    if parts[0] == "std" and len(parts) == 2:
        return name
    types = [index for index, part in enumerate(parts) if part[:1].isupper()]
    if not types:
        return (
            name
            if parts[-1].lower().endswith(("error", "exception")) and parts[-1] != parts[-1].lower()
            else ""
        )
    if variant:
        return ".".join(parts[types[0] : types[-1] + 1])
    return ".".join(parts[: types[-1] + 1])
