"""An OpenAI-compatible endpoint, through the `openai` package: one call, with its failures named."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from summaries.errors import ModelError, with_extra
from summaries.llm.calls import offered, text_of
from summaries.llm.types import (
    ContextTooLong,
    Message,
    ModelSettings,
    Nonsense,
    Refused,
    Reply,
    Request,
    Unavailable,
    encode,
    prompt_tokens,
    tokens,
)
from summaries.retry_after import retry_after

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletion

OPENAI = "https://api.openai.com/v1"
REFUSING = (
    400,
    404,
    422,
    501,
)  # statuses by which endpoints refuse a parameter; 404: "no endpoint with tools"
_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|maximum context|too many tokens|prompt is too long", re.I
)


def client(settings: ModelSettings) -> openai.OpenAI:
    """A client of the settings' endpoint. Raises ModelError where the package or the key is missing."""
    try:
        import openai
    except ImportError as e:
        raise ModelError("the package `openai` is not installed", with_extra("models")) from e
    url = settings.url or OPENAI
    if urlsplit(url).scheme not in ("http", "https"):
        raise ModelError(f"{url[:80]!r} is no URL of an endpoint", "set model_url to http://HOST:PORT/v1")
    variable = settings.key or ("" if settings.url else "OPENAI_API_KEY")
    key = os.environ.get(variable, "") if variable else "none"
    if not key:
        raise ModelError(
            f"the environment variable {variable} is not set", "it has to hold the endpoint's key"
        )
    return openai.OpenAI(api_key=key, base_url=url, max_retries=0, timeout=settings.timeout)


class ChatHttp:
    """An endpoint that is reached by HTTP. What it turns out not to support is left out from then on."""

    source = "endpoint"

    def __init__(self, settings: ModelSettings) -> None:
        """Raises ModelError where the endpoint cannot be configured; connects to nothing yet."""
        self.settings = settings
        self._client = client(settings)
        self._drop: set[str] = set()  # parameters that the endpoint refused
        self._shapes = ["json_schema", "json_object", ""]  # how structured answers are asked for, best first

    def close(self) -> None:
        """Close the HTTP connections."""
        self._client.close()

    def send(self, request: Request, timeout: float) -> Reply:
        """Ask once; again at once only with a parameter fewer. Raises a ModelError."""
        import openai

        began = time.monotonic()
        while True:
            try:
                text, usage = self._ask(request, timeout)
            except openai.APIStatusError as e:
                if e.status_code in REFUSING and self._without(e, request):
                    continue
                raise named(e) from e
            except (openai.OpenAIError, ValueError, OSError) as e:
                raise named(e) from e
            except Exception as e:  # transport errors while a stream is read belong to the HTTP package below
                if type(e).__module__.split(".")[0] not in (
                    "httpx",
                    "httpx2",
                    "httpcore",
                    "httpcore2",
                    "h11",
                ):
                    raise
                raise Unavailable(f"the connection broke: {e}") from e
            read = usage.get("read", 0) or prompt_tokens(request)
            written = usage.get("written", 0) or tokens(text)
            cached = min(read, usage.get("cached", 0))
            money = self.settings.price.of(read, written, cached)
            return Reply(text, read, cached, written, money, time.monotonic() - began)

    def _ask(self, request: Request, timeout: float) -> tuple[str, dict[str, int]]:
        arguments = self._arguments(request)
        create: Any = self._client.chat.completions.create
        if self.settings.stream:
            with create(**arguments, stream=True, timeout=timeout) as stream:
                return _streamed(stream, time.monotonic() + timeout)
        return _whole(create(**arguments, timeout=timeout))

    def _arguments(self, request: Request) -> dict[str, Any]:
        calls = bool(request.tools) and "tools" not in self._drop
        shape = self._shapes[0] if request.schema and not calls else ""
        messages = request.messages
        if request.schema and not calls and shape != "json_schema":
            wanted = encode(request.schema).decode()
            told = f"Answer with one JSON object of this schema and nothing else: {wanted}"
            messages = (*messages, Message("user", told))
        limit = "max_completion_tokens" if "max_tokens" in self._drop else "max_tokens"
        out: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            limit: request.most,
            "temperature": request.temperature,
        }
        if shape == "json_schema":
            out["response_format"] = {
                "type": shape,
                "json_schema": {"name": request.shape or "answer", "strict": True, "schema": request.schema},
            }
        elif shape:
            out["response_format"] = {"type": shape}
        if request.tools and calls:
            out |= {"tools": offered(request.tools), "tool_choice": "required"}
        if self.settings.stream:
            out["stream_options"] = {"include_usage": True}
        out["extra_body"] = dict(request.options)
        return {k: v for k, v in out.items() if k not in self._drop}

    def _without(self, error: openai.APIStatusError, request: Request) -> bool:
        """Whether the request is worth another try without what the endpoint complained of."""
        said = f"{error.param or ''} {error.message}".lower()
        if request.tools and "tool" in said and "tools" not in self._drop:
            named_choice = re.search(r"tool[ _]?choice", said) and "tool_choice" not in self._drop
            self._drop.add("tool_choice" if named_choice else "tools")
            return True
        if ("response_format" in said or "json_schema" in said or "json_object" in said) and len(
            self._shapes
        ) > 1:
            self._shapes.pop(0)
            return True
        for name in ("max_tokens", "temperature", "stream_options"):
            if name in said and name not in self._drop:
                self._drop.add(name)
                return True
        return False


def _whole(answer: ChatCompletion) -> tuple[str, dict[str, int]]:
    try:
        choice = answer.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        text, finish = choice.message.content or "", choice.finish_reason
        functions = [getattr(c, "function", None) for c in getattr(choice.message, "tool_calls", None) or ()]
        called = [(f.name or "", f.arguments or "") for f in functions if f is not None]
    except (AttributeError, IndexError, TypeError) as e:
        raise Unavailable("the endpoint's answer is no chat completion") from e
    return _checked(text, finish, refusal, called), _usage(answer)


def _streamed(stream: Any, deadline: float) -> tuple[str, dict[str, int]]:
    parts: list[str] = []
    refusals: list[str] = []
    called: dict[int, list[str]] = {}  # name and arguments, which come in pieces
    finish = None
    usage: dict[str, int] = {}
    for chunk in stream:
        if time.monotonic() > deadline:
            raise Unavailable("the answer was not complete in time")
        usage = _usage(chunk) or usage
        for choice in chunk.choices or ():
            parts.append(choice.delta.content or "")
            refusals.append(getattr(choice.delta, "refusal", None) or "")
            for call in getattr(choice.delta, "tool_calls", None) or ():
                piece = called.setdefault(call.index, ["", ""])
                if call.function is not None:
                    piece[0] += call.function.name or ""
                    piece[1] += call.function.arguments or ""
            finish = choice.finish_reason or finish
    if finish is None:
        raise Unavailable("the answer broke off in the middle")
    pieces = [(name, arguments) for _, (name, arguments) in sorted(called.items())]
    return _checked("".join(parts), finish, "".join(refusals), pieces), usage


def _checked(text: str, finish: str | None, refusal: str | None, called: Sequence[tuple[str, str]]) -> str:
    if refusal or finish == "content_filter":
        raise Refused(f"the model refused: {(refusal or 'content filter')[:200]}")
    if called:
        return text_of(text, called)
    if not text.strip():
        raise Nonsense(
            "the model's answer is empty" + (", it was cut at its length" if finish == "length" else "")
        )
    return text


def _usage(answer: Any) -> dict[str, int]:
    usage = getattr(answer, "usage", None)
    if usage is None:
        return {}
    details = getattr(usage, "prompt_tokens_details", None)
    return {
        "read": getattr(usage, "prompt_tokens", 0) or 0,
        "written": getattr(usage, "completion_tokens", 0) or 0,
        "cached": getattr(details, "cached_tokens", 0) or 0,
    }


def named(error: Exception) -> ModelError:
    """The error in our words; keys and headers never stand in it."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return Unavailable("the model did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return Unavailable(f"cannot reach the model: {error.__cause__ or error}"[:300])
    if isinstance(error, openai.APIStatusError):
        said = f"the endpoint says {error.status_code}: {error.message}"[:300]
        if error.status_code == 429 and error.code != "insufficient_quota":
            return Unavailable(said, after=retry_after(error.response.headers.get("retry-after")))
        if error.status_code in (408, 409) or error.status_code >= 500:
            return Unavailable(said, after=retry_after(error.response.headers.get("retry-after")))
        if error.code == "context_length_exceeded" or _TOO_LONG.search(error.message):
            return ContextTooLong(said)
        return ModelError(said, _HINTS.get(error.status_code, ""))
    return Unavailable(f"the endpoint's answer cannot be read: {error}"[:300])


_HINTS = {
    401: "check the key: model_key names the environment variable that holds it",
    404: "check model and model_url",
    429: "the account's quota is used up",
}
