"""Routes that read: locate, search, and the tree of what is indexed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from msgspec.structs import replace
from starlette.responses import Response, StreamingResponse

from locator.access import Caller
from locator.answer import Answer, Step
from locator.damaged import answered
from locator.locate import Progress
from locator.modes import mode_of
from locator.search.search import Results, SearchOptions
from locator.server import tree
from locator.server.answering import ask, look_up
from locator.server.guard import log_detail
from locator.server.openapi import body, encoded_json, json, says, streams, takes
from locator.server.problems import Problem, ProblemError, status_of, without_paths
from locator.server.questions import EncodedAnswer, Lookup, encoded, encoded_results, nobody
from locator.server.service import Here, Reader, Service
from locator.server.shapes import FileLines, LocateRequest, Repositories, SystemMap, SystemSummary
from locator.tree.show import Node
from locator.tree.system import system_summary
from summaries.errors import BugatlasError, UsageError
from summaries.index.index import Index

router = APIRouter(prefix="/v1")
log = logging.getLogger("bugatlas")
BEAT = 10.0  # seconds between signs of life on a stream


class StoppedError(Exception):
    """Whoever asked has gone away."""


Wanted = Annotated[LocateRequest, Depends(body(LocateRequest))]
At = Annotated[
    str | None, Query(min_length=1, max_length=200, description="A ref, commit or date of the index.")
]
Where = Annotated[str, Query(max_length=4096)]


async def answer(
    service: Service, caller: Caller, question: LocateRequest, progress: Progress = nobody
) -> EncodedAnswer:
    """Answer one report from what the caller may see."""
    return await ask(
        service,
        caller,
        question.report,
        question.options(),
        encoded,
        mode=question.mode,
        title=question.title,
        attachments=[(a.name, a.content) for a in question.attachments],
        progress=progress,
    )


@router.post(
    "/locate",
    tags=["locate"],
    summary="Find where a reported bug lives",
    responses=says(Answer, 404, 409, 413, 415, 503),
    openapi_extra=takes(LocateRequest),
    response_class=Response,
)
async def post_locate(service: Here, caller: Reader, question: Wanted, request: Request) -> Response:
    """Repositories, directories, files and functions, best first, each with its evidence."""
    found = await answer(service, caller, question)
    _log(service, request, found)
    return encoded_json(found.json)


@router.post(
    "/locate/stream",
    tags=["locate"],
    summary="The same, with its progress",
    responses=streams(
        "Events: `progress` (a Step) while it works, then one `result` (an Answer) or `error` (a Problem).",
        {"progress": Step, "result": Answer, "error": Problem},
        404, 409, 413, 415, 503,
    ),
    openapi_extra=takes(LocateRequest),
    response_class=StreamingResponse,
)  # fmt: skip
async def post_stream(service: Here, caller: Reader, question: Wanted, request: Request) -> Response:
    """Server-sent events; a comment line every ten seconds keeps the connection open."""
    steps: asyncio.Queue[Step | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    gone = False

    def progress(step: Step) -> None:
        if gone:
            raise StoppedError
        loop.call_soon_threadsafe(steps.put_nowait, step)

    task = asyncio.ensure_future(answer(service, caller, question, progress))
    task.add_done_callback(lambda _: steps.put_nowait(None))

    async def events() -> AsyncIterator[bytes]:
        nonlocal gone
        try:
            while True:
                try:
                    step = await asyncio.wait_for(steps.get(), BEAT)
                except TimeoutError:
                    yield b": working\n\n"
                    continue
                if step is None:
                    break
                yield event("progress", step)
            yield _last(task, service, request)
        finally:
            gone = True
            task.cancel()

    return StreamingResponse(events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def event(name: str, data: Any, id_: str = "") -> bytes:
    """One server-sent event as bytes; bytes are JSON already."""
    head = f"id: {id_}\n" if id_ else ""
    sent = data if isinstance(data, bytes) else msgspec.json.encode(data)
    return f"{head}event: {name}\ndata: ".encode() + sent + b"\n\n"


def _last(task: asyncio.Task[EncodedAnswer], service: Service, request: Request) -> bytes:
    instance = str(request.scope.get("bugatlas.request", ""))
    try:
        found = task.result()
    except BugatlasError as e:
        return event(
            "error",
            _problem(
                status_of(e), without_paths(e.message, request), without_paths(e.hint, request), instance
            ),
        )
    except ProblemError as e:
        return event("error", _problem(e.status_code, e.detail, e.hint, instance))
    except Exception:
        log.exception("request %s", instance)
        return event("error", _problem(500, "internal error", "see the log of the service", instance))
    _log(service, request, found)
    return event("result", found.json)


def _problem(status: int, detail: str, hint: str, instance: str) -> Problem:
    return Problem(
        "urn:bugatlas:problem:stream", "The report was not answered", status, detail, hint, instance
    )


def _log(service: Service, request: Request, answer: EncodedAnswer) -> None:
    log_detail(request.scope, verdict=answer.verdict, searched=answer.searched)
    if service.settings.log_reports:
        log_detail(request.scope, title=answer.title[:200])


@router.get(
    "/search",
    tags=["locate"],
    summary="Search the code of all repositories",
    responses=says(Results, 404, 409, 503),
    response_class=Response,
)
async def get_search(
    service: Here,
    caller: Reader,
    q: Annotated[
        str,
        Query(
            min_length=1, max_length=2000, description="Words, filters: see docs/cli.md (bugatlas search)."
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    tests: bool = False,
    at: At = None,
    by: Annotated[Literal["words", "meaning", "both"], Query(description="What ranks.")] = "both",
) -> Response:
    """Words and meaning rank; exact texts in quotes and symbols are verified in the files themselves."""
    options = SearchOptions(at, limit, tests, by)
    question = Lookup(caller, q, options, service.asking.stale, encoded_results)
    return encoded_json(await look_up(service, question))


@router.get(
    "/repos",
    tags=["index"],
    summary="What is indexed",
    responses=says(Repositories, 503),
    response_class=Response,
)
async def get_repos(service: Here, caller: Reader) -> Response:
    """Repositories by name, with their size, languages and commit."""

    def work() -> Repositories:
        edition = service.live_index.edition()
        found = tree.repositories(edition.of(caller), edition.number)
        return replace(found, mode=mode_of(service.asking))

    return json(await service.queries.run(work))


@router.get(
    "/tree/{where:path}",
    tags=["index"],
    summary="A repository, directory or file, and what it holds",
    responses=says(Node, 404, 503),
    response_class=Response,
)
async def get_tree(
    service: Here,
    caller: Reader,
    where: str,
    at: At = None,
    depth: Annotated[int, Query(ge=0, le=3, description="Levels below.")] = 1,
) -> Response:
    """`where` is a repository's name, then a path in it: `/v1/tree/shop/orders/api/routes.py`."""

    def work(index: Index) -> Node:
        try:
            return tree.node(index, where, at, depth)
        except UsageError as e:
            raise ProblemError(404, e.message, e.hint) from None

    return await _read(service, caller, work)


@router.get(
    "/file",
    tags=["index"],
    summary="Lines of an indexed file",
    responses=says(FileLines, 404, 503),
    response_class=Response,
)
async def get_file(
    service: Here,
    caller: Reader,
    repo: Where,
    path: Where,
    start: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
    end: Annotated[int, Query(ge=1, le=10_000_000)] = 10_000_000,
    at: At = None,
    highlight: Annotated[
        bool, Query(description="Also which parts are keywords, strings, numbers, comments.")
    ] = False,
) -> Response:
    """2,000 lines at most, as they were indexed."""
    return await _read(
        service, caller, lambda index: tree.lines(index, repo, path, start, end, at, highlight=highlight)
    )


@router.get(
    "/system",
    tags=["index"],
    summary="What the system is as a whole",
    responses=says(SystemSummary, 503),
    response_class=Response,
)
async def get_system(service: Here, caller: Reader) -> Response:
    """Layers, a line for each repository, and which words mean which, of what the caller may see."""
    return await _read(service, caller, lambda index: SystemSummary(system_summary(index)))


@router.get(
    "/map",
    tags=["index"],
    summary="Repositories and who uses whom",
    responses=says(SystemMap, 503),
    response_class=Response,
)
async def get_map(service: Here, caller: Reader) -> Response:
    """Links come from routes, topics, imports and host names in the code."""

    def work() -> SystemMap:
        edition = service.live_index.edition()
        _, nodes, _ = answered(edition.of(caller), lambda sound: tree.nodes(edition, sound))
        there = {n.name for n in nodes}
        links = service.links.of(edition, caller)
        shown = tuple(x for x in links if x.source in there and x.target in there)
        return SystemMap(nodes, shown, service.links.looking)

    return json(await service.queries.run(work))


async def _read(service: Service, caller: Caller, work: Any) -> Response:
    with contextlib.suppress(tree.NotHereError):
        return json(await service.queries.run(lambda: answered(service.live_index.index(caller), work)[1]))
    raise ProblemError(404, "there is no such place in the index", "see /v1/repos and /v1/tree")
