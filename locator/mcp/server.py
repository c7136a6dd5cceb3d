"""Tools for coding agents over the Model Context Protocol: read-only, typed, small enough for a context window."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from locator.answer import Answer, Step
from locator.damaged import answered
from locator.locate import Options, Progress
from locator.mcp import texts
from locator.modes import look_up
from locator.search.query import parse
from locator.search.search import Results, SearchOptions
from locator.tree.worktree import worktrees
from summaries import __version__
from summaries.config_models import Mode
from summaries.errors import BugatlasError
from summaries.index.index import Index
from summaries.redact import redact

T = TypeVar("T")
REMEMBERED = 128  # answers that explain_result knows

INSTRUCTIONS = """Bugatlas knows the team's repositories and finds where a reported bug lives.

Give locate_bug the bug report whole: title, text, stack trace, log, error messages, exactly as they were
reported. Don't shorten it, don't turn it into keywords: frames, quoted strings, paths and identifiers in it are
read one by one. Read the files it names before you trust them, with read_file or where they lie; explain_result shows
why a file was chosen. search_code is for words, exact strings and symbols that you already know."""

WORKTREE = "Also read files that are not committed, of repositories that are checked out beside you."
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
Ask = Callable[[Context[Any, Any], str, Options, Mode, Progress], Awaitable[tuple[Answer, Index]]]
Search = Callable[[Context[Any, Any], str, SearchOptions], Awaitable[Results]]


class Answers:
    """The newest answers, each for those who may see the same repositories as whoever asked."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[frozenset[str], Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, index: Index, answer: Answer) -> str:
        """Remember an answer; its id."""
        id_ = secrets.token_hex(4)
        with self._lock:
            self._kept[id_] = (frozenset(index.repos), answer)
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return id_

    def get(self, index: Index, id_: str) -> Answer:
        """The answer of an id. Raises ToolError."""
        with self._lock:
            repos, answer = self._kept.get(id_, (frozenset(), None))
        if answer is None or repos != index.repos.keys():
            raise ToolError("this answer is no longer kept: call locate_bug again")
        return answer


def server(
    index_of: Callable[[Context[Any, Any]], Index],
    ask: Ask,
    search: Search,
    run: Run,
    *,
    local: bool = False,
    redacting: bool = False,
) -> MCPServer[Any]:
    """The server. `index_of` gives what whoever asks may see; `run` does work beside the event loop.

    `ask` answers a report in a mode, "" being the one that is set, and gives the index that it is about; `search` looks
    words up. A `local` server tells where clones lie, and reads what is not committed. With `redacting`, secrets are taken
    out of all that is answered.
    """
    made: MCPServer[Any] = MCPServer(
        "bugatlas", title="Bugatlas", instructions=INSTRUCTIONS, version=__version__
    )
    answers = Answers()

    async def raising_tool_errors(work: Awaitable[T]) -> T:
        try:
            return await work
        except BugatlasError as e:
            raise ToolError(texts.failure(e)) from None

    def here_only(worktree: bool) -> None:
        if worktree and not local:
            raise ToolError("a service has no working trees: leave out `worktree`")

    async def answering(work: Callable[[], str]) -> str:
        def done() -> str:
            text = work()
            return redact(text).text if redacting else text

        return await raising_tool_errors(run(done))

    async def within(ctx: Context[Any, Any], work: Callable[[Index], str]) -> str:
        return await answering(lambda: answered(index_of(ctx), work)[1])

    @made.tool(annotations=READ_ONLY, structured_output=False, title="Find where a bug lives")
    async def locate_bug(
        ctx: Context[Any, Any],
        report: Annotated[
            str,
            Field(
                min_length=1,
                max_length=1_000_000,
                description="The bug report, whole and unchanged: title first, then text, stack traces, logs, messages.",
            ),
        ],
        repo: Annotated[
            str | None, Field(description="Only this repository. Leave out unless you are sure.")
        ] = None,
        at: Annotated[
            str | None, Field(description="The version it was seen in: a tag, commit or date.")
        ] = None,
        limit: Annotated[int, Field(ge=1, le=20, description="Files.")] = 8,
        include_tests: Annotated[bool, Field(description="Rank tests as well.")] = False,
        nearest: Annotated[bool, Field(description="List the nearest files where nothing matches.")] = False,
        max_snippet_lines: Annotated[int, Field(ge=0, le=20, description="Lines of code for each file.")] = 0,
        worktree: Annotated[bool, Field(description=WORKTREE)] = False,
        mode: Annotated[
            Literal["", "offline", "judge"],
            Field(
                description="Who orders the files: `offline` is fast, `judge` asks the team's language model where "
                "one is set. Leave out for what the team has set."
            ),
        ] = "",
    ) -> str:
        """Find the repository, file and function where a reported bug most probably has to be fixed.

        Searches every indexed repository of the team, by stack frames, quoted messages, identifiers, routes, words,
        summaries and the history of changes. Use it first when you are given a bug report, an error message, a stack
        trace or a failing log, before you search by hand.
        """
        options = Options(
            at=at,
            worktree=worktree,
            repos=(repo,) if repo else (),
            limit=limit,
            tests=include_tests,
            nearest=nearest,
        )
        here_only(worktree)
        steps: asyncio.Queue[Step | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def progress(step: Step) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        async def tell() -> None:
            while (step := await steps.get()) is not None:
                await ctx.report_progress(step.done, step.total or None, texts.stage(step))

        teller = asyncio.ensure_future(tell())
        try:
            found, index = await raising_tool_errors(ask(ctx, report, options, mode, progress))
        finally:
            steps.put_nowait(None)
            await asyncio.wait({teller}, timeout=2)
            teller.cancel()
        id_ = answers.keep(index, found)
        return await answering(lambda: texts.located(id_, found, index, max_snippet_lines, local=local))

    @made.tool(annotations=READ_ONLY, structured_output=False, title="Why this file?")
    async def explain_result(
        ctx: Context[Any, Any],
        answer_id: Annotated[str, Field(description="From locate_bug.")],
        rank: Annotated[int, Field(ge=1, le=20, description="Of the file in that answer.")] = 1,
        max_lines: Annotated[int, Field(ge=0, le=200, description="Lines of code.")] = 40,
    ) -> str:
        """Everything that speaks for one file of an answer, with the lines of code that the evidence points at."""

        def work(index: Index) -> str:
            answer = answers.get(index, answer_id)
            if rank > len(answer.files):
                raise ToolError(f"that answer has {len(answer.files)} files")
            file = answer.files[rank - 1]
            dirty = any(r.changed for r in answer.routes if r.repo == file.repo)
            return texts.explained(index, file, max_lines, uncommitted=dirty)

        return await within(ctx, work)

    @made.tool(annotations=READ_ONLY, structured_output=False, title="Search the code")
    async def search_code(
        ctx: Context[Any, Any],
        query: Annotated[
            str,
            Field(
                min_length=1,
                max_length=2000,
                description="Words and their meaning rank; near:REPO/PATH finds code like that. "
                '"exact text" in quotes and symbol:Name are verified. Narrow with repo:, lang:, path:, file:; '
                "- in front excludes.",
            ),
        ],
        limit: Annotated[int, Field(ge=1, le=30, description="Files.")] = 10,
        at: Annotated[str | None, Field(description="As it was at a tag, commit or date.")] = None,
        include_tests: bool = False,
        worktree: Annotated[bool, Field(description=WORKTREE)] = False,
        by: Annotated[Literal["words", "meaning", "both"], Field(description="What ranks.")] = "both",
    ) -> str:
        """Search the code of all indexed repositories for words, exact strings or symbols that you already know.

        For a bug report or an error message use locate_bug instead.
        """

        here_only(worktree)

        options = SearchOptions(at, limit, include_tests, by)
        if not worktree:
            found = await raising_tool_errors(search(ctx, query, options))
            return await answering(lambda: texts.searched(found))

        def work(index: Index) -> str:
            with worktrees(index, (), at) as (here, notes):
                found = look_up(here, parse(query), options, "ignore")
            return "\n".join([texts.searched(found), *notes])

        return await within(ctx, work)

    @made.tool(annotations=READ_ONLY, structured_output=False, title="Read a file")
    async def read_file(
        ctx: Context[Any, Any],
        repo: Annotated[str, Field(min_length=1, max_length=400, description="As locate_bug names it.")],
        path: Annotated[str, Field(min_length=1, max_length=4096, description="In the repository.")],
        start: Annotated[int, Field(ge=1, description="First line.")] = 1,
        end: Annotated[int, Field(ge=0, description="Last line, 400 lines at most; 0: 200 lines.")] = 0,
        at: Annotated[str | None, Field(description="As it was at a tag, commit or date.")] = None,
    ) -> str:
        """Numbered lines of a file as it was indexed, for repositories that you have no files of."""
        return await within(
            ctx, lambda index: texts.read_file(index, repo, path, start, end, at, local=local)
        )

    @made.tool(annotations=READ_ONLY, structured_output=False, title="Read a summary")
    async def read_summary(
        ctx: Context[Any, Any],
        place: Annotated[
            str,
            Field(max_length=4096, description="repository, or repository/path; empty: all repositories."),
        ] = "",
        at: Annotated[str | None, Field(description="As it was at a tag, commit or date.")] = None,
    ) -> str:
        """What a repository, directory or file is for, in words, with what is in it: an overview before reading code."""
        return await within(ctx, lambda index: texts.summary(index, place, at))

    @made.tool(annotations=READ_ONLY, structured_output=False, title="What is indexed?")
    async def index_status(
        ctx: Context[Any, Any],
        repo: Annotated[
            str | None, Field(max_length=400, description="Only names that contain this.")
        ] = None,
    ) -> str:
        """Which repositories are indexed, at which commits, and which older versions can be asked with `at`."""
        return await within(ctx, lambda index: texts.status(index, repo or "", local=local))

    return made
