"""What the service takes and gives, beside the answer itself (`locator.answer`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from locator.live_index import MapPart
from locator.locate import Options

Words = Annotated[str, Meta(min_length=1, max_length=400)]
Few = Annotated[tuple[Words, ...], Meta(max_length=100)]
At = Annotated[str, Meta(min_length=1, max_length=200)]


class Attachment(Struct, frozen=True, forbid_unknown_fields=True):
    """A log, HAR, Sentry event, OTLP or Jaeger trace, JUnit report or `kubectl describe`, as text."""

    name: Words
    content: Annotated[str, Meta(min_length=1, max_length=1_000_000)]


class LocateRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A bug report, whole, and what to narrow the search to."""

    report: Annotated[
        str, Meta(min_length=1, max_length=1_000_000)
    ]  # Markdown or plain text, traces and logs included
    title: Annotated[str, Meta(max_length=2000)] | None = None  # where it isn't the report's first line
    attachments: Annotated[tuple[Attachment, ...], Meta(max_length=20)] = ()
    at: At | None = None  # a ref, commit or date that the index holds
    repos: Few = ()  # names, or their ends; empty: all
    languages: Few = ()
    paths: Few = ()  # only paths that contain one of these, or match it as a glob
    limit: Annotated[int, Meta(ge=1, le=100)] = 10  # files
    tests: bool = False  # also rank tests
    nearest: bool = False  # list the nearest files where nothing matches
    explain: bool = False  # all evidence of each file, not only the strongest
    details: bool = True  # evidence, functions and lines of code of each file
    mode: Literal["", "offline", "judge", "dig", "paper"] = (
        ""  # who orders the files; empty: as the service is set
    )

    def options(self) -> Options:
        """As the locator takes them."""
        given = {name: getattr(self, name) for name in Options.__struct_fields__ if hasattr(self, name)}
        return Options(**given)


class IndexedRepository(Struct, frozen=True):
    """A repository of the index."""

    name: str
    url: str  # where it was cloned from; "" for a local one
    branch: str
    commit: str
    time: int  # the commit's, UTC seconds
    generation: int  # grows by one with every change of the index
    files: int
    languages: Mapping[str, int]  # files by language, most first
    lines: int
    symbols: int
    skipped: Mapping[str, int]  # files left out, by reason
    snapshots: tuple[str, ...]  # what `at` may name beside the head


class Repositories(Struct, frozen=True):
    """What is indexed, by name."""

    repositories: tuple[IndexedRepository, ...]
    edition: int  # grows by one whenever the service has re-opened the index
    files: int
    lines: int
    mode: str = "offline"  # how questions are answered unless they say: offline, judge or paper


class FileLines(Struct, frozen=True):
    """Lines of an indexed file."""

    repo: str
    path: str
    commit: str
    language: str
    start: int  # of the first line given, 1-based
    lines: tuple[str, ...]
    total: int  # lines of the file
    url: str = ""  # the same lines at the code host
    spans: tuple[tuple[tuple[int, int, str], ...], ...] = ()  # if asked: (start, end, "k|s|n|c") of each line


class MapNode(Struct, frozen=True):
    """A repository on the map."""

    name: str
    files: int
    lines: int
    language: str  # most of its files are in it
    parts: tuple[MapPart, ...]  # largest first


class Site(Struct, frozen=True):
    """Where a repository says that it uses another."""

    detail: str  # the route, topic, module or host name
    path: str
    line: int  # 0: the whole file says it


class MapLink(Struct, frozen=True):
    """One repository uses another."""

    source: str
    target: str
    kind: str  # "http", "topic", "import" or "host"
    count: int
    sites: tuple[Site, ...]  # one for each route, topic or name; the first few


class SystemSummary(Struct, frozen=True):
    """What the system is as a whole: its layers, who uses whom, and which words mean which repository."""

    summary: str  # lines; "" where nothing is indexed


class SystemMap(Struct, frozen=True):
    """Repositories and who uses whom."""

    nodes: tuple[MapNode, ...]
    links: tuple[MapLink, ...]
    looking: bool = False  # whether links are being worked out still: ask again


State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Repositories of the index to bring up to date; empty: all that the token may see."""

    repos: Annotated[tuple[Words, ...], Meta(max_length=1000)] = ()


class JobOutcome(Struct, frozen=True):
    """What a job did with one repository."""

    repo: str
    reason: str  # "unchanged", "changed", or what went wrong
    failed: bool = False
    parsed: int = 0  # files parsed anew
    changed: int = 0  # files added, changed or removed


class Job(Struct, frozen=True):
    """A run of the indexer."""

    id: str
    state: State
    repos: tuple[str, ...]
    created: float  # UTC seconds
    started: float = 0.0
    ended: float = 0.0
    done: int = 0  # files parsed
    total: int = 0  # files to parse, an estimate until all repositories have begun
    settled: tuple[JobOutcome, ...] = ()
    error: str = ""


class Jobs(Struct, frozen=True):
    """The newest hundred jobs, newest first."""

    jobs: tuple[Job, ...]


class Health(Struct, frozen=True):
    """Whether the service can answer."""

    status: Literal["ok", "unready"]
    version: str
    detail: str = ""
