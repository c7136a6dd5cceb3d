"""Strings in their context: routes served and called, topics, configuration keys, raised errors.

A literal is judged by the call or annotation that it stands in, whatever the language:
`get("/x"`, `@GetMapping("/x")`, `[HttpGet("x")]`, `os.environ["X"]`. Names decide, not types, so this errs to
silence: a literal whose context is not known is only a string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from indexer import parse_routes
from summaries.types import Endpoint, Topic

if TYPE_CHECKING:
    from indexer.extract import Placed

Spot = tuple[int, int, int, bytes]  # start, end, row, text

_MAX = 200


class Said(NamedTuple):
    """What the literals of a file say."""

    serves: tuple[Endpoint, ...]
    calls: tuple[Endpoint, ...]
    topics: tuple[Topic, ...]
    errors: tuple[str, ...]
    keys: tuple[str, ...]
    imports: tuple[str, ...]


# reversed text before a literal: blanks, the opening bracket, then the callee and what it is called on
_CALLEE = re.compile(rb"\s*([(\[])\s*(?:>[^<>()\[\]]{0,60}<)?!?([\w$]+)(?:\s*(?:\.\??|>-|::|>\?)\s*([\w$)\]]{1,60}))?([@#\[]?)")
_BARE = re.compile(rb"[ \t]+([\w!?]+)(?:\.([\w)]+))?")  # Ruby: get "/x"


class Context(NamedTuple):
    """The call a literal is the first argument of: `client.get("/x"` is get on client."""

    callee: str
    on: str
    bracket: str
    mark: str  # "@", "#" or "[" before an annotation's name


def context(data: bytes, start: int, language: str) -> Context | None:
    """The call or subscript that a literal opens, if it opens one."""
    before = data[max(0, start - 120) : start][::-1]
    found = _CALLEE.match(before)
    if found:
        return Context(
            found[2][::-1].decode("utf-8", "replace"),
            (found[3] or b"")[::-1].decode("utf-8", "replace"),
            found[1].decode(),
            found[4].decode(),
        )
    if language == "ruby":
        found = _BARE.match(before)
        if found:
            return Context(found[1][::-1].decode("utf-8", "replace"), (found[2] or b"")[::-1].decode("utf-8", "replace"), " ", "")
    return None


_GETTERS = frozenset("getenv Getenv LookupEnv environ env GetEnvironmentVariable setenv putenv getProperty Value".split())
_CONFIG_GETTERS = re.compile(
    r"(?:get|Get)(?:String|Int|Int32|Int64|Bool|Boolean|Float64|Duration|StringSlice|StringMap|Value|Property|"
    r"Required|RequiredProperty|Section|OrDefault|Or|OrElse)?$|fetch$|var$|var_os$|config$|ConfigurationProperties$|"
    r"BindEnv$|SetDefault$|IsSet$|has$|required$"
)
_CONFIG_ON = re.compile(r"(?:viper|config|configuration|cfg|conf|koanf|settings|env|environ|environment|ENV|_ENV|props|properties|AppSettings)$", re.IGNORECASE)
_KEY = re.compile(rb"^[A-Za-z_][\w.:\-]{1,119}$")
_PLACEHOLDER = re.compile(rb"\$\{([A-Za-z_][\w.\-]{1,119})")
_REQUIRES = frozenset({"require", "require_relative", "import", "source", "include", "require_once", "load"})

_TOPIC = re.compile(rb"^[\w.\-/#+*{}$:%]{2,120}$")
_PUBLISH = frozenset(
    "publish Publish PublishAsync publishAsync convertAndSend basicPublish basic_publish sendToQueue BasicPublish "
    "send_message xadd XAdd PublishMsg publishMessage".split()
)
_SUBSCRIBE = frozenset(
    "subscribe Subscribe SubscribeAsync QueueSubscribe psubscribe PSubscribe KafkaListener RabbitListener JmsListener "
    "StreamListener SqsListener basicConsume basic_consume BasicConsume consume SubscribeSync EventPattern "
    "MessagePattern Incoming".split()
)
_PUBLISH_MARKED = frozenset({"Outgoing", "SendTo"})
_SENDERS = re.compile(r"(?:producer|kafka\w*|jms\w*|rabbit\w*|amqp\w*|\w*template|publisher|queue|nats|nc|broker|mqtt\w*)$", re.IGNORECASE)
_NAMED_TOPIC = re.compile(rb"(?:^|[\W_]|[a-z])(?:[Tt]opics?|[Qq]ueues?|TOPIC|QUEUE)(?:_?[Nn]ame)?\"?'?\s*(?::=|[:=])\s*[\[{(]?\s*$")

_THROW = re.compile(
    rb"\bthrow\s+(?:new\s+)?\\?((?:[A-Za-z_]\w*(?:\.|::|\\))*[A-Za-z_]\w*)\s*[({.]"
    rb"|\braise\s+((?:[A-Za-z_]\w*(?:\.|::))*[A-Z]\w*)"
    rb"|\bErr\(\s*(?:\w+::)*([A-Z]\w*(?:::[A-Z]\w*)?)"
)
_SENTINEL = re.compile(rb"\b(Err[A-Z]\w*)\b")
_PROCESS_ENV = re.compile(rb"\b(?:process\.env|import\.meta\.env|ENV)(?:\.|\[\s*['\"])([A-Za-z_]\w*)")


def read(data: bytes, language: str, spots: Sequence[Spot], placed: Sequence[Placed]) -> Said:
    """What the literals of a file, and its throw statements, say."""
    keys: dict[str, None] = {}
    topics: dict[tuple[str, str], Topic] = {}
    imports: dict[str, None] = {}
    routes = parse_routes.Routes(data, language, placed)
    for start, end, row, text in spots:
        where = context(data, start, language)
        if where:
            if where.callee in _REQUIRES and where.bracket != "[" and text:
                imports[text[:200].decode("utf-8", "replace")] = None
                continue
            if _is_key(where, text):
                keys.update(dict.fromkeys(k.decode() for k in _keys_in(text)))
                continue
            role = _role(where)
            if role and _TOPIC.match(text):
                name = text.decode("utf-8", "replace")
                topics.setdefault((name, role), Topic(name, role, row + 1))
                continue
        elif _TOPIC.match(text) and _NAMED_TOPIC.search(data[max(0, start - 40) : start]):
            name = text.decode("utf-8", "replace")
            role = _role_around(data, start)
            if role or not any(known == name for known, _ in topics):
                topics.setdefault((name, role), Topic(name, role, row + 1))
            continue
        routes.see(start, end, row, text, where)
    if b"process.env" in data or b"import.meta.env" in data:
        keys.update(dict.fromkeys(m[1].decode() for m in _PROCESS_ENV.finditer(data)))
    served, called = routes.done()
    return Said(
        served[:_MAX],
        called[:_MAX],
        tuple(topics.values())[:_MAX],
        _errors(data, language),
        tuple(keys)[:_MAX],
        tuple(imports)[:_MAX],
    )


def _is_key(where: Context, text: bytes) -> bool:
    if where.callee == "Value" and where.mark == "@":
        return b"${" in text or b"#{" in text
    if where.bracket == "[":
        return bool(_CONFIG_ON.match(where.callee)) and bool(_KEY.match(text)) and (
            where.callee.lower() in ("environ", "env", "_env", "appsettings") or text.isupper() or b":" in text
        )
    if not _KEY.match(text):
        return False
    if where.callee in _GETTERS and where.callee != "Value":
        return True
    if where.callee == "ConfigurationProperties":
        return True
    return bool(where.on) and bool(_CONFIG_ON.search(where.on)) and bool(_CONFIG_GETTERS.match(where.callee))


def _keys_in(text: bytes) -> list[bytes]:
    return _PLACEHOLDER.findall(text) or ([text] if _KEY.match(text) else [])


def _role(where: Context) -> str:
    if where.bracket == "[":
        return ""
    if where.callee in _SUBSCRIBE:
        return "subscribe"
    if where.callee in _PUBLISH or (where.mark == "@" and where.callee in _PUBLISH_MARKED):
        return "publish"
    if where.callee in ("send", "Send", "emit", "produce", "sendMessage") and _SENDERS.search(where.on):
        return "publish"
    return ""


def _role_around(data: bytes, start: int) -> str:
    near = data[max(0, start - 160) : start].lower()
    if b"listener" in near or b"consum" in near or b"subscri" in near or b"reader" in near:
        return "subscribe"
    return "publish" if b"produc" in near or b"publish" in near or b"writer" in near or b"send" in near else ""


_ERROR_LIKE = re.compile(r"(?:Error|Exception|Err|Fault|error|exception)")


def _errors(data: bytes, language: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    if b"throw" in data or b"raise" in data or b"Err(" in data:
        for found in _THROW.finditer(data):
            name = (found[1] or found[2] or found[3]).decode("utf-8", "replace").replace("::", ".").replace("\\", ".").lstrip(".")
            last = name.rpartition(".")[2]
            if last[:1].isupper() or _ERROR_LIKE.search(last):
                names[name] = None
    if language == "go":
        names.update(dict.fromkeys(m.decode() for m in _SENTINEL.findall(data)))
    return tuple(names)[:_MAX]
