"""An OpenAI-compatible server for tests and rehearsals: real HTTP, no model, no bill.

    python -m summaries.llm.testing.server --port 8089 --fault 429:0.1 --answers recorded.jsonl

It speaks /v1/chat/completions (whole and streamed), /v1/embeddings and /v1/models. Answers come from a
function, from a recording (`--record`), or else fill the JSON schema that was asked for. Faults can be
queued for the next calls, given a share of all calls, or asked for by the caller in the model's name:
`any-model+429`. See docs/models.md.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from summaries.llm.testing.answers import Answer, answered, completion, embedded, fill, replayed, text_of

__all__ = ["FAULTS", "Answer", "TestServer", "fill", "replayed", "text_of"]

FAULTS = {
    "slow": "answers after `slow` seconds",
    "drip": "sends a byte now and then and never ends",
    "429": "too many requests, with a Retry-After of `retry_after` seconds",
    "quota": "429 that waiting does not help",
    "500": "internal server error",
    "503": "overloaded",
    "401": "wrong key",
    "drop": "closes the connection without an answer",
    "truncated": "closes the connection in the middle of the answer",
    "malformed": "200 with a body that is no JSON",
    "html": "200 with the page of some proxy",
    "refusal": "the model declines",
    "empty": "an answer without text",
    "wrong-schema": "JSON of another shape",
    "prose": "words instead of JSON",
    "fenced": "the right JSON in a Markdown fence, between words",
    "context": "400: the prompt is too long",
    "no-schema": "400: response_format is not supported (only where it was asked for)",
    "no-tools": "400: tools are not supported (only where some were offered)",
    "no-choice": "400: tool_choice is not supported (only where it was given)",
    "no-temperature": "400: temperature is not supported (only where it was given)",
    "invented": "names of files and numbers of candidates that nobody offered",
}


class TestServer:
    """The server in a thread; use it as a context manager. `url` is for `model_url`."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        port: int = 0,
        shares: Mapping[str, float] | None = None,
        slow: float = 5.0,
        retry_after: float = 1.0,
        dimension: int = 64,
        seed: int = 1,
    ) -> None:
        self.answer = answer or fill
        self.faults: deque[str] = deque()  # of the next calls, "" for none
        self.shares = dict(shares or {})
        self.slow, self.retry_after, self.dimension = slow, retry_after, dimension
        self.requests: list[dict[str, Any]] = []  # bodies of all calls
        self._random = random.Random(seed)  # noqa: S311
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.connections: set[socket.socket] = set()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        for connection in list(self.connections):  # those that clients keep open for later
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def fault(self, model: str) -> str:
        """The fault of the next call."""
        with self._lock:
            if self.faults:
                return self.faults.popleft()
            named = model.rpartition("+")[2]
            if "+" in model and named in FAULTS:
                return named
            roll = self._random.random()
            for name, share in self.shares.items():
                roll -= share
                if roll < 0:
                    return name
        return ""


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    owner: TestServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the rehearsal."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.owner.connections.add(self.connection)

    def finish(self) -> None:
        self.server.owner.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""

    def do_GET(self) -> None:
        models = {"object": "list", "data": [{"id": "test-model", "object": "model", "owned_by": "test"}]}
        self._json(200, models) if self.path == "/v1/models" else self._error(
            404, "no such path", "not_found"
        )

    def do_POST(self) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        except ValueError:
            return self._error(400, "the body is no JSON", "invalid_request_error")
        owner = self.server.owner
        owner.requests.append(body)
        fault = owner.fault(str(body.get("model", "")))
        if self._failed(fault, body):
            return None
        if self.path == "/v1/embeddings":
            return self._json(200, embedded(body, owner.dimension), cut=fault == "truncated")
        if self.path != "/v1/chat/completions":
            return self._error(404, "no such path", "not_found")
        text, refusal, calls = answered(owner.answer, body, fault)
        if body.get("stream"):
            return self._stream(body, text, calls, cut=fault == "truncated")
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if refusal else text,
            "refusal": refusal,
        }
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        return self._json(200, completion(body, text) | {"choices": [choice]}, cut=fault == "truncated")

    def _failed(self, fault: str, body: dict[str, Any]) -> bool:
        """Play a fault that leaves no answer to give; sleep for one that is only slow."""
        owner = self.server.owner
        if fault == "slow":
            owner.stopped.wait(owner.slow)
        elif fault in ("429", "quota"):
            code = "insufficient_quota" if fault == "quota" else "rate_limit_exceeded"
            self._error(429, "too many requests", code, {"Retry-After": f"{owner.retry_after:g}"})
        elif fault in ("500", "503"):
            self._error(int(fault), "the server had an error", "server_error")
        elif fault == "401":
            self._error(401, "incorrect API key", "invalid_api_key")
        elif fault == "context":
            said = "this model's maximum context length is 8192 tokens"
            self._error(400, said, "context_length_exceeded")
        elif fault == "no-schema" and "response_format" in body:
            self._error(
                400, "response_format is not supported", "unsupported_parameter", param="response_format"
            )
        elif fault == "no-tools" and "tools" in body:
            self._error(400, "this model does not support tools", "unsupported_parameter", param="tools")
        elif fault == "no-choice" and "tool_choice" in body:
            self._error(400, "tool_choice 'required' is not supported", "unsupported_value")
        elif fault == "no-temperature" and "temperature" in body:
            self._error(400, "'temperature' is not supported", "unsupported_value", param="temperature")
        elif fault == "drop":
            self.close_connection = True
        elif fault in ("malformed", "html"):
            page = fault == "html"
            data = b"<html><body>Sign in</body></html>" if page else b'{"id": "x", "choices": [{"mess'
            self._send(200, data, "text/html" if page else "application/json")
        elif fault == "drip":
            self._drip()
        else:
            return False
        return fault != "slow"

    def _drip(self) -> None:
        self._head(200, "application/json", None)
        while not self.server.owner.stopped.wait(0.05):
            self._chunk(b" ")

    def _stream(self, body: dict[str, Any], text: str, calls: Sequence[dict[str, Any]], *, cut: bool) -> None:
        self._head(200, "text/event-stream", None)
        pieces = list(_pieces(text, calls))
        whole = completion(body, text)
        usage = whole.pop("usage")
        whole["object"] = "chat.completion.chunk"
        for n, piece in enumerate(pieces):
            if cut and n >= len(pieces) // 2:
                self.close_connection = True
                return
            self._event(whole | {"choices": [{"index": 0, "delta": piece, "finish_reason": None}]})
        end = "tool_calls" if calls else "stop"
        self._event(whole | {"choices": [{"index": 0, "delta": {}, "finish_reason": end}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            self._event(whole | {"choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, data: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(data).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(
        self, status: int, told: Any, headers: Mapping[str, str] | None = None, *, cut: bool = False
    ) -> None:
        self._send(status, json.dumps(told).encode(), "application/json", headers, cut=cut)

    def _error(
        self,
        status: int,
        said: str,
        code: str,
        headers: Mapping[str, str] | None = None,
        param: str | None = None,
    ) -> None:
        error = {"message": said, "type": "invalid_request_error", "code": code, "param": param}
        self._json(status, {"error": error}, headers)

    def _send(
        self,
        status: int,
        data: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        self._head(status, kind, len(data), headers)
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection |= cut

    def _head(
        self, status: int, kind: str, length: int | None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()


def _pieces(text: str, calls: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """An answer as it is streamed: its text, then each call's name and its arguments, 40 characters at a time."""
    yield from ({"content": text[i : i + 40]} for i in range(0, len(text), 40))
    for n, call in enumerate(calls):
        arguments = call["function"]["arguments"]
        yield {"tool_calls": [call | {"index": n, "function": call["function"] | {"arguments": ""}}]}
        for i in range(0, len(arguments), 40):
            yield {"tool_calls": [{"index": n, "function": {"arguments": arguments[i : i + 40]}}]}


def main() -> None:
    """Run the server until it is interrupted."""
    import argparse

    parser = argparse.ArgumentParser(description="An OpenAI-compatible server without a model.")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--answers", type=Path, help="a recording of `--record`")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME[:SHARE]", help=", ".join(FAULTS)
    )
    parser.add_argument("--slow", type=float, default=5.0, metavar="SECONDS")
    given = parser.parse_args()
    shares = {name: float(share or 1) for name, _, share in (f.partition(":") for f in given.fault)}
    if unknown := [name for name in shares if name not in FAULTS]:
        parser.error(f"unknown fault {unknown[0]}; there are {', '.join(FAULTS)}")
    answer = replayed(given.answers) if given.answers else None
    with TestServer(answer, port=given.port, shares=shares, slow=given.slow) as server:
        print(f"model_url = {server.url!r}", flush=True)  # noqa: T201
        with suppress(KeyboardInterrupt):
            server.stopped.wait()


if __name__ == "__main__":
    main()
