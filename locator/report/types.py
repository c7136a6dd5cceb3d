"""What a report reader finds: the types that flow from a bug report to the rankers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class RegionKind(StrEnum):
    """What a run of lines is."""

    PROSE = "prose"
    CODE = "code"
    TRACE = "trace"
    LOG = "log"
    FORM = "form"  # an issue form's own words: nobody reported them
    ENVIRONMENT = "environment"  # of the reporter's set-up: manifests, versions, settings


class MentionKind(StrEnum):
    """The kinds of things that a report can name."""

    PATH = "path"  # directories end in "/"
    POSITION = "position"  # of a file; `number` is the line
    URL_FILE = "url_file"  # "owner/repo:path"
    REPOSITORY = "repository"  # "owner/repo"
    DOTTED = "dotted"
    CALL = "call"
    IDENTIFIER = "identifier"
    QUOTED = "quoted"
    ENDPOINT = "endpoint"  # "GET /orders" or "/orders"
    HOST = "host"  # `number` is the port
    SERVICE = "service"
    CONFIG = "config"
    VERSION = "version"
    EXCEPTION = "exception"
    ISSUE = "issue"


class Region(Struct, frozen=True):
    """A run of lines of one sort."""

    kind: RegionKind
    text: str
    line: int  # 1-based line of the report's body, or of the attachment, where it starts
    source: str = ""  # the attachment that it comes from; "" is the report itself


class Frame(Struct, frozen=True):
    """One call of a stack trace."""

    path: str  # as printed, with "/" and without "file://"; "" where the trace gives none
    line: int  # 0 where unknown
    symbol: str  # the function, cleaned: "OrderService.place"
    module: str  # "com.shop.orders.OrderService", "github.com/acme/orders/internal/app", or ""
    depth: int  # 0 is where the error was raised, whatever order the language prints in
    trace: int  # which trace of the report, from 0
    library: bool  # clearly not the reporter's own code
    source: str = ""  # the attachment that it comes from
    package: str = ""  # the library that the trace says it is of: `shop (1.2.0) lib/x.rb`


class Mention(Struct, frozen=True):
    """A thing that the report names."""

    kind: MentionKind
    text: str
    line: int  # 1-based line of the body; 0 in the title
    title: bool
    region: RegionKind  # that it stands in
    number: int = 0
    source: str = ""  # the attachment that it comes from


OWN = (
    RegionKind.PROSE,
    RegionKind.CODE,
    RegionKind.TRACE,
    RegionKind.LOG,
)  # what a reporter wrote of the fault


class Report(Struct, frozen=True):
    """A bug report, read. Lines count in `body`, whose text has LF line ends, no HTML comments and no pictures."""

    title: str
    body: str
    regions: tuple[Region, ...] = ()
    frames: tuple[Frame, ...] = ()  # by trace, innermost first
    mentions: tuple[Mention, ...] = ()  # in reading order, title first
    truncated: bool = False  # the middle of an over-long report was left out

    @property
    def own(self) -> str:
        """What was written or pasted of the fault: the body without a form's words and dumps of a set-up."""
        return "\n".join(r.text for r in self.regions if r.kind in OWN)
