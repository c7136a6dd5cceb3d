"""What is asked of a language model, what comes back, and how one is reached."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Struct, UnsetType

from summaries.errors import ModelError


class BudgetSpent(ModelError):
    """The next call would cost more than what is left of the budget: nothing was sent."""


class ContextTooLong(ModelError):
    """The model cannot take a prompt of that length."""


class Refused(ModelError):
    """The model declined to answer."""


class Nonsense(ModelError):
    """The model answered with something that cannot be read."""


class Unavailable(ModelError):
    """A failure that may pass: time-out, lost connection, 429, 5xx. `after`: the wait asked for, seconds."""

    def __init__(self, message: str, hint: str = "", after: float | None = None) -> None:
        super().__init__(message, hint)
        self.after = after


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: str  # "system", "user" or "assistant"
    content: str


class Tool(Struct, frozen=True):
    """Something that a model may call."""

    name: str
    about: str
    schema: Mapping[str, Any]  # of its arguments


class Request(Struct, frozen=True):
    """One question. Equal questions have equal keys; `stage` is for the ledger and does not count.

    `tools` are another way to ask for what `schema` says, where the endpoint has them: they don't count either.
    """

    stage: str  # "judge", "file summary"
    model: str
    messages: tuple[Message, ...]
    shape: str = ""  # name of the JSON schema; "" asks for plain text
    schema: Mapping[str, Any] = {}
    most: int = 1000  # tokens that the answer may have
    temperature: float = 0.0
    options: Mapping[str, Any] = {}  # further parameters of the endpoint, as in `reasoning_effort`
    tools: tuple[Tool, ...] | UnsetType = UNSET

    @property
    def key(self) -> str:
        """32 hex digits (SHA-256, cut) of everything that makes the answer."""
        import hashlib

        return hashlib.sha256(encode(msgspec.structs.replace(self, stage="", tools=UNSET))).hexdigest()[:32]


class Reply(Struct, frozen=True):
    """An answer and what it took. Tokens as the endpoint counts them, or our estimate where it doesn't."""

    text: str  # of an answer that calls tools: see `summaries.llm.calls`
    read: int = 0  # tokens of the prompt
    cached: int = 0  # of those, the ones that the endpoint had in its own cache
    written: int = 0  # tokens of the answer
    money: float = 0.0  # by the configured prices
    seconds: float = 0.0
    source: str = "endpoint"  # "endpoint", "cache", "replay" or "file"
    redacted: int = 0  # secrets taken out of the prompt


class Price(Struct, frozen=True, array_like=True):
    """Money for a million tokens."""

    read: float = 0.0
    written: float = 0.0
    cached: float | None = None  # prompt tokens that the endpoint had cached; None: as `read`

    def of(self, read: int, written: int, cached: int = 0) -> float:
        """Price of one call by its tokens."""
        fresh = self.read if self.cached is None else self.cached
        return ((read - cached) * self.read + cached * fresh + written * self.written) / 1e6


class ModelSettings(Struct, frozen=True):
    """How a model is reached and what it may cost. No key is stored: `key` names an environment variable."""

    model: str = ""  # a model's name, or "file:DIR" for answers by file exchange
    url: str = ""  # of an OpenAI-compatible endpoint, as in http://localhost:11434/v1; "" is OpenAI's own
    key: str = ""  # environment variable with the key; "" is OPENAI_API_KEY for OpenAI's own, none for others
    timeout: float = 60.0  # seconds without an answer; for files, how long one is awaited, 0 for not at all
    attempts: int = 5
    jobs: int = 8  # calls at once
    rate: float = 0.0  # calls a minute at most; 0: no limit but the endpoint's
    budget: float = 0.0  # money of one run; 0: no limit
    tokens: int = 0  # tokens of one run; 0: no limit
    prices: Mapping[str, Price] = {}  # by model's name
    stream: bool = False  # read answers as they are written: keeps gateways from cutting long ones off
    options: Mapping[str, Any] = {}
    offline: bool = False

    @property
    def name(self) -> str:
        """Name of the model as requests give it: where a folder is does not count."""
        return "file" if self.model.startswith(FOLDER) else self.model

    @property
    def price(self) -> Price:
        """Price of the model; nothing where none is configured."""
        return self.prices.get(self.model, Price())


class ModelEndpoint(Protocol):
    """Something that answers one request, once. What is worth retrying raises Unavailable."""

    source: str

    def send(self, request: Request, timeout: float) -> Reply:
        """Send a request and return the reply. Raises ModelError."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


FOLDER = "file:"  # begins the name of a model that answers by file exchange
BYTES = 3.75  # of a token

encode = msgspec.json.Encoder(order="deterministic").encode


def tokens(text: str) -> int:
    """Tokens of a text, estimated without a vocabulary: a little too many for code and prose alike.

    Measured with o200k_base: 0.26 tokens a byte of Go, 0.25 of lists of files, 0.24 of prose.
    """
    return ceil(len(text.encode("utf-8", "replace")) / BYTES)


def prompt_tokens(request: Request) -> int:
    """Tokens of a prompt, estimated, in whichever of its two ways it is longer."""
    schema = tokens(encode(request.schema).decode()) if request.schema else 0
    tools = tokens(encode(request.tools).decode()) if request.tools else 0
    return max(schema, tools) + sum(tokens(m.content) + 4 for m in request.messages)
