"""HTTP schemas out of the structs that also make `--json`, and bodies read into them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from locator.server.problems import Problem, ProblemError

T = TypeVar("T", bound=Struct)
REF = "#/components/schemas/{name}"
Spec = dict[str, Any]
Specs = dict[int | str, dict[str, Any]]

_encode = msgspec.json.Encoder().encode
_spoken: set[type[Struct]] = {Problem}
_COMMENT = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A struct as a response."""
    return Response(_encode(value), status, headers, "application/json")


def encoded_json(body: bytes) -> Response:
    """What is JSON already as a response."""
    return Response(body, media_type="application/json")


def says(struct: type[Struct], *problems: int, status: int = 200, about: str = "") -> Specs:
    """`responses=` of a route that answers with a struct, or with a problem of one of these statuses."""
    out: Specs = {
        status: {"description": about or _first(struct), "content": {"application/json": _of(struct)}}
    }
    return out | refuses(*problems)


def streams(about: str, events: dict[str, type[Struct]], *problems: int) -> Specs:
    """`responses=` of a route that answers with server-sent events, each with a struct as JSON in `data`."""
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"oneOf": [_of(struct)["schema"] for struct in events.values()]},
    }
    fields = {"event": {"type": "string", "enum": list(events)}, "data": data, "id": {"type": "string"}}
    item = {"type": "object", "required": ["event", "data"], "properties": fields}
    content = {"text/event-stream": {"itemSchema": item}}
    return {200: {"description": about, "content": content}, **refuses(*problems)}


def refuses(*statuses: int) -> Specs:
    """`responses=` of the refusals that any route may give, and of these."""
    every = {400, 401, 403, 421, 422, 429, *statuses}
    return {
        s: {"description": HTTPStatus(s).phrase, "content": {"application/problem+json": _of(Problem)}}
        for s in sorted(every)
    }


def takes(struct: type[Struct], about: str = "") -> Spec:
    """`openapi_extra=` of a route whose body is a struct."""
    content = {"application/json": _of(struct)}
    return {"requestBody": {"required": True, "description": about or _first(struct), "content": content}}


def body(struct: type[T]) -> Callable[[Request], Any]:
    """Dependency that reads the body into a struct. Answers 400, 415 or 422 where it is none."""
    decode = msgspec.json.Decoder(struct).decode

    async def read(request: Request) -> T:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ProblemError(415, "the body is not JSON", "send Content-Type: application/json")
        try:
            data = await request.body()
        except ClientDisconnect:
            raise ProblemError(400, "the body ended early") from None
        try:
            return decode(data)
        except msgspec.ValidationError as e:
            raise ProblemError(422, str(e)) from None
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as e:
            raise ProblemError(400, f"the body is not JSON: {e}") from None

    return read


def as_any_release(schema: Any) -> None:
    """Irons out in place what releases of msgspec write differently: the indentation of texts, the place of null."""
    if isinstance(schema, list):
        for each in schema:
            as_any_release(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("description"), str):
        schema["description"] = inspect.cleandoc(schema["description"])
    if "anyOf" in schema:
        schema["anyOf"].sort(key=lambda one: one.get("type") == "null")
    for each in schema.values():
        as_any_release(each)


def describe(app: FastAPI) -> Spec:
    """The OpenAPI document of the application."""
    if not app.openapi_schema:
        spec = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        _, parts = msgspec.json.schema_components(sorted(_spoken, key=lambda s: s.__name__), ref_template=REF)
        known = {s.__name__: s for s in _below(_spoken)}
        for name, part in parts.items():
            as_any_release(part)
            for field, said in _comments(known[name]).items() if name in known else ():
                part.get("properties", {}).get(field, {}).setdefault("description", said)
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas.update(dict(sorted(parts.items())))
        spec["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = spec
    return app.openapi_schema


def _of(struct: type[Struct]) -> Spec:
    _spoken.add(struct)
    return {"schema": {"$ref": REF.format(name=struct.__name__)}}


def _first(struct: type[Struct]) -> str:
    return (inspect.getdoc(struct) or "").split("\n")[0]


def _comments(struct: type[Struct]) -> dict[str, str]:
    """Comments behind the fields of a struct: written once, read in the code and in the schema."""
    try:
        return dict(_COMMENT.findall(inspect.getsource(struct)))
    except OSError:
        return {}


def _below(structs: set[type[Struct]]) -> set[type[Struct]]:
    """These and all structs that their fields hold."""
    found: set[type[Struct]] = set()
    waiting: list[Any] = [msgspec.inspect.type_info(s) for s in structs]
    while waiting:
        info = waiting.pop()
        cls = getattr(info, "cls", None)
        if isinstance(info, msgspec.inspect.StructType):
            if cls in found:
                continue
            found.add(info.cls)
            waiting += [f.type for f in info.fields]
        for inner in ("item_type", "value_type", "type"):
            if isinstance(getattr(info, inner, None), msgspec.inspect.Type):
                waiting.append(getattr(info, inner))
        waiting += [t for many in ("types", "item_types") for t in getattr(info, many, ())]
    return found
